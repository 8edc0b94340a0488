"""What this machine can do: asked once, so that a scenario can say what it needs, and doctor how to get it.

Kernel features are asked of the kernel, by trying them in a namespace that is thrown away; a module that could be
loaded but is not does not count, for a lab may not load it.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .syscalls import CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUSER, MS_PRIVATE, MS_REC, mount, unshare

ZONED = "conntrack -I -s 10.0.0.1 -d 10.0.0.2 -p udp --sport 1 --dport 2 -t 9 -w 5"  # an entry of zone 5
NAME = "NAME"  # in a remedy: the scenario that somebody wants to run
IN_UML = f"a full kernel: ./lab run --kernel uml {NAME}"
IN_A_VM = "a virtual machine, as vagrant/Vagrantfile makes it: user-mode Linux has not got it"
PLACES = ("/usr/lib/frr", "/usr/lib/ipsec", "/usr/sbin", "/sbin")  # daemons outside an ordinary user's PATH


@dataclass(frozen=True)
class Capability:
    """Something a lab may need: ``present`` here or not, and the ``remedy`` if not."""

    name: str
    probe: Callable[[], bool]
    remedy: str

    @property
    def present(self) -> bool:
        return _asked(self)

    def __str__(self) -> str:
        return self.name


@cache
def _asked(capability: Capability) -> bool:
    return bool(capability.probe())


@cache
def program(name: str) -> Capability:
    """A program that must be installed; ``find`` gives its path."""
    return Capability(f"the program {name}", lambda: find(name) is not None, "run vagrant/provision.sh as root")


def find(name: str) -> str | None:
    """Where a program is, also when it is not on an ordinary user's PATH."""
    return shutil.which(name, path=path())


def path() -> str:
    """The PATH of a lab: the user's, and where the system's daemons and tools are."""
    own = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join([*own, *(place for place in PLACES if place not in own)])


@cache
def kernel_datapath() -> bool:
    """Whether Open vSwitch can forward in the kernel; else it forwards in its own process."""
    return Path("/sys/module/openvswitch").exists()


def module(name: str, what: str) -> Capability:
    """A kernel module that is loaded or built in."""
    return Capability(what, lambda: Path("/sys/module", name).exists(), _remedy(name))


def kernel_feature(what: str, modules: str, *trial: str, elsewhere: str = IN_UML) -> Capability:
    """Something of the kernel that commands use; they are tried, in turn, in a namespace that is thrown away."""
    return Capability(what, lambda: _in_a_scratch_namespace(lambda: _works(trial)), _remedy(modules, elsewhere))


def _remedy(modules: str, elsewhere: str = IN_UML) -> str:
    return f"sudo modprobe -a {modules}, or run the lab in {elsewhere}"


def _works(commands: tuple[str, ...]) -> bool:
    return all(subprocess.run(command.split(), capture_output=True).returncode == 0 for command in commands)


def _in_a_scratch_namespace(trial: Callable[[], bool]) -> bool:
    """Try something in a child that has namespaces of its own and ends at once."""
    child = os.fork()
    if child == 0:
        try:
            os.environ["PATH"] = path()
            _leave()
            mount("none", "/", None, MS_REC | MS_PRIVATE)
            os._exit(0 if trial() else 1)
        except BaseException:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _leave() -> None:
    """Leave the network and the mounts for new ones; who is not root becomes root of a user namespace."""
    user, group = os.geteuid(), os.getegid()
    unshare(CLONE_NEWNET | CLONE_NEWNS | (CLONE_NEWUSER if user else 0))
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")


def _neighbours() -> bool:
    """The kernel keeps one table for all namespaces; the limit is told in the first namespace only."""
    limit = Path("/proc/sys/net/ipv4/neigh/default/gc_thresh3")
    return not limit.exists() or int(limit.read_text()) >= 65536


NAMESPACES = Capability("namespaces of one's own", lambda: _in_a_scratch_namespace(lambda: True),
                        "sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=65536 "
                        "kernel.apparmor_restrict_unprivileged_userns=0 (those that exist), or run labs with sudo")
NEIGHBOURS = Capability("room for 65,536 neighbours (the kernel has one ARP table for all namespaces)", _neighbours,
                        "run vagrant/provision.sh as root, or: sudo sysctl -w net.ipv4.neigh.default.gc_thresh3=131072 "
                        "net.ipv6.neigh.default.gc_thresh3=131072")
PROGRAMS = ("ovs-vswitchd", "ovsdb-server", "tcpdump", "nginx", "dig", "curl")
ESSENTIAL = (NAMESPACES, *map(program, PROGRAMS))
OVS_KERNEL = module("openvswitch", "Open vSwitch's kernel datapath")
WIREGUARD = kernel_feature("WireGuard in the kernel", "wireguard", "ip link add t0 type wireguard",
                           elsewhere=IN_A_VM)
NETEM = kernel_feature("delay and loss by netem", "sch_netem", "tc qdisc add dev lo root netem delay 1ms")
VRF = kernel_feature("virtual routing and forwarding", "vrf", "ip link add t0 type vrf table 10")
VLAN = kernel_feature("VLAN devices", "8021q", "ip link add v0 type veth peer name v1",
                      "ip link add link v0 name t0 type vlan id 7")
GRE = kernel_feature("GRE tunnels", "ip_gre", "ip link add t0 type gre local 127.0.0.1 remote 127.0.0.2")
ESP = kernel_feature("IPsec's encryption (ESP) in the kernel", "esp4",
                     "ip xfrm state add src 127.0.0.1 dst 127.0.0.2 proto esp spi 1 mode tunnel "
                     f"aead rfc4106(gcm(aes)) 0x{'00' * 20} 128")
NFTABLES = kernel_feature("nftables in the kernel", "nf_tables", "nft add table ip t0", elsewhere=IN_A_VM)
OVS_ZONES = Capability("connection tracking in zones, by Open vSwitch's datapath",
                       lambda: not kernel_datapath() or _in_a_scratch_namespace(lambda: _works((ZONED,))),
                       "this kernel is built without CONFIG_NF_CONNTRACK_ZONES, as user-mode Linux is: run the lab on "
                       "the machine's own")
SIXLOWPAN = module("ieee802154_6lowpan", "6LoWPAN")
TUN = Capability("tunnel devices that an ordinary user may open", lambda: os.access("/dev/net/tun", os.R_OK | os.W_OK),
                 "sudo modprobe tun; sudo chmod 666 /dev/net/tun (vagrant/provision.sh does it)")
KERNEL_FEATURES = (NEIGHBOURS, TUN, OVS_KERNEL, OVS_ZONES, WIREGUARD, NETEM, NFTABLES, VRF, VLAN, GRE, ESP, SIXLOWPAN)
