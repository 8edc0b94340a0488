"""Mininet's Mininet, built in batches: one drawing of cables and addresses, one transaction of switches."""

import resource
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from weakref import WeakSet

from mininet import log
from mininet import net as mininet_net
from mininet import topo as mininet_topo
from mininet.node import Controller

from . import netlink, nodes, ovs, pinger, vswitchd, waiting
from .controller import RyuApp
from .courier import courier, send_courier
from .errors import NoSuchThing
from .links import WIRES, Intf, Link, place_of
from .namespace import Namespace, drawing, later
from .services import listening

CONNECT = 60  # seconds: Ryu needs about one to start, on an emulated processor that is kept busy thirty
IPERF = 20  # seconds until it listens, or has ended
running: WeakSet["Net"] = WeakSet()  # networks of this process that were not stopped
OWN_KINDS = (nodes.Host, nodes.Router, nodes.Node)


class Net(mininet_net.Mininet):
    """A network that runs. Everything of Mininet's class works; building, waiting, pinging and stopping are faster.

    ``onlooker`` is called with the network when its cables are laid, before anything runs on it.
    """

    onlooker: Callable[["Net"], object] | None = None

    def __init__(self, topo=None, switch=nodes.Switch, host=nodes.Host, controller=None, link=Link, intf=Intf,
                 **params):
        _raise_own_limits()
        running.add(self)
        super().__init__(topo, switch=switch, host=host, controller=controller, link=link, intf=intf, **params)

    def build(self):
        """Build the network: namespaces, cables and addresses in one drawing. If it fails, no cable is left."""
        others = {name for _, name in courier(socket.if_nameindex)}  # once those of the last network are gone
        try:
            with drawing(during=vswitchd.held):
                if self.onlooker:
                    later(partial(self.onlooker, self))
                super().build()
        except Exception:
            self._take_back_cables(others)
            running.discard(self)
            raise

    def _take_back_cables(self, others: set[str]) -> None:
        """All but those of other networks, which may be what is in the way."""
        for intf in [intf for switch in self.switches for intf in switch.intfs.values() if intf.name not in others]:
            intf.delete()

    def buildFromTopo(self, topo=None):
        if not self.controllers and self.controller:
            self._launch_controllers()
        super().buildFromTopo(topo or mininet_topo.Topo())

    def _launch_controllers(self) -> None:
        """Before anything else: a controller takes longer to start than the network to be built."""
        given = self.controller if isinstance(self.controller, list) else [self.controller]
        for number, one in enumerate(given):
            controller = self.addController(*((one,) if isinstance(one, Controller) else (f"c{number}", one)))
            if isinstance(controller, RyuApp):
                controller.launch()

    def configHosts(self):
        """Configure the hosts; those whose ``config`` is not ours when the rest is there, for it may look around."""
        for host in self.hosts:
            log.info(host.name + " ")
            configure = partial(host.configDefault, **({} if host.intfs else {"ip": None, "mac": None}))
            configure() if type(host) in OWN_KINDS else later(configure)
        log.info("\n")

    def start(self):
        """Start controllers, then all switches in one transaction, however they were made."""
        if not self.built:
            self.build()
        for switch in self.switches:
            if isinstance(switch, nodes.Switch):
                switch.batch = True
        super().start()

    def staticArp(self):
        """Every host knows every other's hardware address; nobody broadcasts."""
        later(self._static_arp)

    def _static_arp(self) -> None:
        with drawing():
            for src in self.hosts:
                for dst in self.hosts:
                    if src is not dst and dst.defaultIntf():
                        src.setARP(ip=dst.IP(), mac=dst.MAC())

    def waitConnected(self, timeout=CONNECT, delay=None):
        """Wait until every switch has a controller that is ready for it, or needs none; returns whether all have."""
        log.info("*** Waiting for switches to connect\n")
        remaining = {switch.name: switch for switch in self.switches}
        apps = [each for each in self.controllers if isinstance(each, RyuApp)]

        def all_connected() -> bool:
            for name, switch in list(remaining.items()):
                controlled = apps and not isinstance(switch, nodes.Bridge)
                if any(app.serves(switch) for app in apps) if controlled else switch.connected():
                    log.info(name + " ")
                    del remaining[name]
            if remaining:
                vswitchd.wake()
            return not remaining

        waiting.poll(all_connected, within=timeout or CONNECT)
        log.info("\n")
        for name in remaining:
            log.warn(f"Warning: {name} is not connected to a controller\n")
        return not remaining

    def ping(self, hosts=None, timeout=None):
        """Ping between all specified hosts at once; prints as Mininet does and returns the loss in percent."""
        if not hosts:
            hosts = self.hosts
            log.output("*** Ping: testing ping reachability\n")
        within = float(timeout) if timeout else pinger.PATIENCE
        answered = pinger.matrix([host for host in hosts if host.intfs], within=within)
        return pinger.report(hosts, answered)

    def iperf(self, hosts=None, l4Type="TCP", udpBw="10M", fmt=None, seconds=5, port=5001):
        """Measure the rate between two hosts, the first and the last if none are named, with iperf(1).

        Returns what the server and what the client say, "94.1 Mbits/sec", and for UDP the rate asked for before.
        """
        client, server = hosts or (self.hosts[0], self.hosts[-1])
        log.output(f"*** Iperf: testing {l4Type} bandwidth between {client} and {server}\n")
        words = ["iperf", "-p", str(port), *(["-u"] if l4Type == "UDP" else []), *(["-f", fmt] if fmt else [])]
        listener = server.popen([*words, "-s", "-P", "1"])
        place_of(server)
        waiting.until(lambda: listening(server, port, l4Type.lower()), IPERF, f"iperf on {server} to listen")
        rate = ["-b", udpBw] if l4Type == "UDP" else []
        said, _, _ = client.pexec([*words, "-t", str(seconds), "-c", server.IP(), *rate])
        waiting.poll(lambda: listener.poll() is not None, IPERF)  # it ends by itself once it has heard somebody
        listener.kill()
        heard = listener.communicate()[0].decode()
        result = [*([udpBw] if rate else []), self._parseIperf(heard), self._parseIperf(said)]
        log.output(f"*** Results: {result}\n")
        return result

    def reach(self, hosts=None, family: int = 4, within: float = pinger.PATIENCE) -> dict[tuple[str, str], bool]:
        """Who gets an answer from whom, for every ordered pair, over IPv4 or IPv6."""
        return pinger.matrix([host for host in hosts or self.hosts if host.intfs], family, within)

    def stop(self):
        """Stop everything, and wait only for processes; the kernel takes the rest apart behind us."""
        log.info(f"*** Stopping {len(self.controllers)} controllers\n")
        self._ask_to_end()
        for controller in self.controllers:
            controller.stop()
        if self.terms:
            self.stopXterms()
        log.info(f"*** Stopping {len(self.links)} links\n")
        self._stop_links()
        log.info(f"*** Stopping {len(self.switches)} switches\n")
        self._stop_switches()
        log.info(f"*** Stopping {len(self.hosts)} hosts\n")
        for host in self.hosts:
            host.terminate()
        log.info("\n*** Done\n")

    def _ask_to_end(self) -> None:
        """All processes at once, before each is waited for; not where somebody's own ``terminate`` needs a shell."""
        for node in (*self.hosts, *self.controllers):
            if type(node) in (*OWN_KINDS, RyuApp):
                node.askToEnd()

    def _stop_links(self) -> None:
        """Ours go together: switches let go of them first, then the kernel removes the whole group.

        Where another network of this process runs, whose cables are in that group too, they go one by one.
        """
        ours = [switch for switch in self.switches if isinstance(switch, nodes.Switch)]
        if ours:
            ovs.delete_bridges(switch.name for switch in ours)
        running.discard(self)
        with drawing():
            for link in self.links:
                if running or not isinstance(link, Link) or type(link).stop is not Link.stop:
                    link.stop()
        if self.links and not running:
            send_courier(_remove_wires, [switch.name for switch in ours if switch.datapath == "user"])

    def _stop_switches(self) -> None:
        for switch in self.switches:
            if not isinstance(switch, nodes.Switch):
                switch.stop()
            switch.terminate()

    def __getitem__(self, key):
        if key not in self.nameToNode:
            raise NoSuchThing("node", key, self.nameToNode)
        return self.nameToNode[key]

    def place(self, name: str) -> Namespace:
        return place_of(self[name])


def _raise_own_limits() -> None:
    """Our own, as far as they go; Mininet's would also write the kernel's, which are the machine's."""
    mininet_net.Mininet.inited = True
    for limit in resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC:
        _, hard = resource.getrlimit(limit)
        resource.setrlimit(limit, (hard, hard))


def _remove_wires(bridges: Iterable[str]) -> None:
    """Of every cable of ours, the end that lies in the lab's own namespace, and with it the other.

    A switch daemon that forwarded itself, and was killed, leaves its bridges' own interfaces; they go in the same step.
    """
    with suppress(netlink.Refused):  # there were none
        netlink.send([*(netlink.link_set(name=bridge, group=WIRES) for bridge in bridges),
                      netlink.link_delete(group=WIRES)])
