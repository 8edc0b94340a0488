"""The kinds of node. Each sets itself up in ``config`` and undoes it in ``terminate``: any runner gets the same.

A node has no shell until somebody asks for one: ``h1.cmd()`` and ``h1.pid`` start it, ``run`` and daemons do not.
"""

import os
import signal
import subprocess
from collections.abc import Iterable, Sequence
from functools import partial
from ipaddress import ip_interface
from typing import Any

from mininet import link as mininet_link
from mininet import node as mininet_node

from . import capability, netlink, ovs, waiting
from .command import run
from .links import Intf, checksums_in_software, faces_userspace, place_of
from .namespace import Namespace, drawing, later
from .services import Daemon, Service, Supervisor

STOPPING = 1  # seconds that a shell gets to end before it is killed
SHELL = ("shell", "pid", "stdin", "stdout", "pollOut", "master", "slave")
LEAVES = chr(5)  # what a shell writes before the last prompt of its life


class Node(mininet_node.Node):
    """Mininet's Node in namespaces that are descriptors; its shell starts when it is first needed."""

    place: Namespace
    shell: Any  # Mininet's: a Popen, or None

    @classmethod
    def setup(cls):
        """Mininet looks for mnexec(1) and ifconfig(8) here; we need neither."""

    def startShell(self, mnopts=None):
        self.place = Namespace.new(self.name) if self.inNamespace else Namespace.here(self.name)
        self._forgetShell()

    def __getattr__(self, name):
        if name in SHELL and "place" in self.__dict__:
            self._startShellNow()
            return self.__dict__[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    @property
    def hasShell(self) -> bool:
        """Whether somebody asked for one, and it has not been stopped."""
        return self.__dict__.get("shell") is not None

    def _startShellNow(self) -> None:
        self.shell, self._leaves = None, False
        self.place.private()
        super().startShell()
        self.cmd(f"trap 'printf \\\\{ord(LEAVES):o}\\\\177' EXIT")

    def monitor(self, timeoutms=None, findPid=True):
        """What the shell has written since. One that has left (exit, or Ctrl-D) is followed by another when needed."""
        data = super().monitor(timeoutms, findPid)
        self._leaves |= LEAVES in data
        if self._leaves and not self.waiting:
            self.cleanup()
            self._forgetShell()
        return data.replace(LEAVES, "")

    def _forgetShell(self) -> None:
        for attribute in SHELL:
            self.__dict__.pop(attribute, None)

    def _popen(self, cmd, **params):
        """Start a command as mnexec(1) would, without it: the courier enters the namespaces instead."""
        if cmd[0] == "mnexec":
            cmd = ["setsid", "--ctty", *cmd[2:]]
        params["close_fds"] = True
        return self.place.spawn(cmd, **params)

    def popen(self, *args, **kwargs):
        """A process on this node; arguments as for Mininet's Node.popen."""
        words = _words(args, kwargs.pop("shell", False))
        kwargs.pop("mncmd", None)
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "start_new_session": True, **kwargs}
        return self.place.spawn(words, **options)

    def mountPrivateDirs(self):
        for directory in self.privateDirs:
            if isinstance(directory, tuple):
                self.place.binds[directory[0]] = directory[1] % self.__dict__
            else:
                self.place.directories.append(directory)

    def unmountPrivateDirs(self):
        """They go with the node's mount namespace."""

    def config(self, mac=None, ip=None, defaultRoute=None, lo="up", **_params):
        """Address the first interface, route, and raise the loopback interface, as Mininet's Node.config does."""
        results: dict = {}
        self.place.netlink(netlink.link_set(1, up=lo == "up"))
        self.setParam(results, "setMAC", mac=mac)
        self.setParam(results, "setIP", ip=ip)
        self.setParam(results, "setDefaultRoute", defaultRoute=defaultRoute)
        return results

    def setDefaultRoute(self, intf=None):
        """Send everything else by an interface, or by "via 192.0.2.1" or "dev h1-eth0 via 192.0.2.1"."""
        words = str(intf).split() if " " in str(intf) else ["dev", str(intf)]
        if set(words[::2]) <= {"via", "dev"}:
            facts = dict(zip(words[::2], words[1::2], strict=True))
            self._route("default", facts.get("via"), facts.get("dev"))
        else:
            later(lambda: run(self, "ip", "route", "replace", "default", *words))

    def setHostRoute(self, ip, intf):
        self._route(ip, None, str(intf))

    def setARP(self, ip, mac):
        self.place.netlink(lambda index: netlink.neighbour(index(self.defaultIntf().name), ip, mac))

    def _route(self, prefix: str, via: str | None, device: str | None) -> None:
        self.place.netlink(lambda index: netlink.route(prefix, via=via, index=index(device) if device else None))

    def askToEnd(self) -> None:
        """Tell the shell, and whatever runs in it, to end; ``terminate`` waits for it."""
        if self.hasShell and self.shell.poll() is None:
            os.killpg(self.shell.pid, signal.SIGHUP)

    def terminate(self):
        self.askToEnd()
        self.cleanup()
        self.__dict__.update(dict.fromkeys(SHELL))
        if self.__dict__.get("place"):
            self.place.close()

    def cleanup(self):
        """Wait for the shell; one that goes on, because what it runs does, is killed."""
        if self.hasShell:
            if not waiting.poll(lambda: self.shell.poll() is not None, within=STOPPING):
                os.killpg(self.shell.pid, signal.SIGKILL)
            super().cleanup()

    def attached(self, intf: Intf) -> None:
        """A cable was plugged in."""
        if faces_userspace(intf):
            checksums_in_software(intf)


class Host(Node):
    """A host, and the services that run on it.

    ``services`` are started once the network is built; ``nameserver`` and ``names`` become its /etc/resolv.conf and
    /etc/hosts; ``sysctl`` maps kernel parameters to values.
    """

    def __init__(self, name, services: Sequence[Service] = (), **params):
        self.services = list(services)
        super().__init__(name, **params)
        self.supervisor = Supervisor(self)

    def config(self, nameserver=None, names=None, sysctl=None, routes=(), **params):
        results = super().config(**params)
        self.place.files |= _name_files(self.name, nameserver, names or {})
        if sysctl:
            self.place.sysctl(sysctl)
        for prefix, via in routes:
            self._route(prefix, via, None)
        for service in self.services:
            later(partial(self.supervisor.start, service))
        return results

    @property
    def daemons(self) -> list[Daemon]:
        return self.supervisor.daemons

    def askToEnd(self):
        super().askToEnd()
        for daemon in self.daemons:
            if daemon.alive:
                os.killpg(daemon.process.pid, signal.SIGTERM)

    def terminate(self):
        if "supervisor" in self.__dict__:
            self.supervisor.close()
        super().terminate()


class Router(Host):
    """A host that forwards IPv4 and IPv6, and drops nothing unless told to.

    ``loopback``, "192.0.2.1/32", is an address that is up as long as the router is, whatever becomes of its cables.
    """

    def config(self, loopback=None, **params):
        self.place.sysctl({"net/ipv4/ip_forward": 1, "net/ipv6/conf/all/forwarding": 1})
        if loopback:
            own = ip_interface(loopback)
            self.place.netlink(netlink.address(1, str(own.ip), own.network.prefixlen))
        return super().config(**params)


class Switch(mininet_node.OVSSwitch, Node):
    """An Open vSwitch speaking OpenFlow 1.3 and 1.0, on whichever datapath this kernel has.

    All switches of a network are started by one transaction, and are ready when it returns.
    """

    def __init__(self, name, datapath=None, protocols="OpenFlow10,OpenFlow13", **params):
        datapath = datapath or ("kernel" if capability.kernel_datapath() else "user")
        super().__init__(name, datapath=datapath, protocols=protocols, **params)

    @classmethod
    def setup(cls):
        """Start the lab's Open vSwitch."""
        ovs.start()
        super().setup()

    def attached(self, intf):
        """Frames that a switch sends were finished by others."""

    def cmd(self, *args, **kwargs):
        """Run a shell command; raising the loopback interface, which Mininet asks of every switch, needs none."""
        return "" if args == ("ifconfig", "lo", "up") else super().cmd(*args, **kwargs)

    def start(self, controllers):
        int(self.dpid, 16)
        self.bridge = self._describe(controllers)
        if not self.batch:
            ovs.add_bridges([self.bridge])
            self._restore_traffic_control()

    @classmethod
    def batchStartup(cls, switches, run=None):
        ovs.add_bridges(switch.bridge for switch in switches)
        for switch in switches:
            switch.batch = False
            switch._restore_traffic_control()
        return switches

    def stop(self, deleteIntfs=True):
        ovs.delete_bridges([self.name])
        mininet_node.Switch.stop(self, deleteIntfs)

    @classmethod
    def batchShutdown(cls, switches, run=None):
        ovs.delete_bridges(switch.name for switch in switches)
        for switch in switches:
            switch.terminate()
        return switches

    def attach(self, intf):
        """Plug an interface in while the switch runs; its OpenFlow port number is the node's port number."""
        intf = self.intf(intf)
        run(self, "ovs-vsctl", "add-port", self.name, intf.name, "--", "set", "Interface", intf.name,
            f"ofport_request={self.ports[intf]}")
        intf.isUp(setUp=True)
        self.TCReapply(intf)

    def detach(self, intf):
        run(self, "ovs-vsctl", "del-port", self.name, str(intf))

    def connected(self):
        """Whether a controller has this switch; without any, whether it forwards on its own."""
        return self.failMode == "standalone" or ovs.connected(self.bridge)

    def dpctl(self, *args):
        """Run ovs-ofctl(8) on this switch: ``s1.dpctl("dump-flows")``."""
        versions = ["-O", self.protocols] if self.protocols else []
        return self.cmd("ovs-ofctl", *versions, args[0], self, *args[1:])

    def _describe(self, controllers) -> ovs.Bridge:
        ports = {intf.name: port for intf, port in self.ports.items() if port and not intf.IP()}
        targets = [f"{each.protocol}:{each.IP()}:{each.port}" for each in controllers]
        if self.listenPort:
            targets.append(f"ptcp:{self.listenPort}")
        return ovs.Bridge(
            self.name, self.dpid, ports, tuple(targets), fail_mode=self.failMode,
            datapath_type="netdev" if self.datapath == "user" else "system",
            protocols=tuple((self.protocols or "").split(",")) if self.protocols else (),
            patches={intf.name: intf.far.name for intf in self.ports if isinstance(intf, mininet_link.OVSIntf)},
            max_backoff=self.reconnectms or 8000, stp=bool(self.stp and self.failMode == "standalone"))

    def _restore_traffic_control(self) -> None:
        for intf in self.intfList():
            self.TCReapply(intf)


class Bridge(Switch):
    """A switch that learns on its own, with no controller."""

    def __init__(self, name, **params):
        super().__init__(name, **{**params, "failMode": "standalone"})

    def start(self, controllers):
        super().start([])


def _words(args: tuple, shell: bool) -> list[str]:
    if len(args) == 1 and isinstance(args[0], str):
        words = [args[0]] if shell else args[0].split()
    else:
        words = [str(word) for word in (args[0] if len(args) == 1 else args)]
    return ["sh", "-c", " ".join(words)] if shell else words


def _name_files(name: str, nameserver, names: dict[str, object]) -> dict[str, str]:
    """The files by which a host knows names (hosts(5), resolv.conf(5))."""
    hosts = "".join(f"{address} {alias}\n" for alias, address in {"localhost": "127.0.0.1", **names}.items())
    files = {"/etc/hosts": hosts, "/etc/hostname": f"{name}\n"}
    servers: Iterable = nameserver if isinstance(nameserver, (list, tuple)) else filter(None, [nameserver])
    return files | {"/etc/resolv.conf": "".join(f"nameserver {server}\n" for server in servers)}


__all__ = ["Bridge", "Host", "Node", "Router", "Switch", "drawing", "place_of"]
