"""Cables and their ends: Mininet's Link and Intf, made and configured over netlink instead of by commands."""

import ctypes
import fcntl
import socket
import struct
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from pathlib import Path
from typing import Any

from mininet import link as mininet_link
from mininet.link import Intf as Plain
from mininet.link import TCIntf as Shaping

from . import netlink
from .command import addresses_here
from .errors import LabError
from .namespace import Namespace, Root, later

SIOCGIFFLAGS, SIOCETHTOOL = 0x8913, 0x8946
ETHTOOL_GLINK, ETHTOOL_STXCSUM = 0x0a, 0x17
IFF_UP = 0x1
LONGEST_NAME = 15
WIRES = 0x1ab  # the interface group of every cable of ours, so that all can be removed in one step


class Intf(Plain):
    """One end of a cable. ``ip6`` among its parameters gives it an IPv6 address beside the IPv4 one."""

    ip: str | None
    prefixLen: int | None
    link: "Link | None"

    def config(self, ip6=None, mtu=None, up=True, **params):
        results = Plain.config(self, up=up or None, **params)
        if not up:
            self.setDown()
        self.setParam(results, "setIP6", ip6=ip6)
        self.setParam(results, "setMTU", mtu=mtu)
        return results

    def setIP(self, ipstr, prefixLen=None):
        """Set the IPv4 address, "192.0.2.1/24" or with the prefix length apart."""
        if "/" not in ipstr and prefixLen is None:
            raise LabError(f"{self.name}: no prefix length set for IP address {ipstr}")
        address = self._parsed(ipstr if "/" in ipstr else f"{ipstr}/{prefixLen}")
        old, self.ip, self.prefixLen = (self.ip, self.prefixLen), str(address.ip), address.network.prefixlen
        if old[0] and old != (self.ip, self.prefixLen):
            self.place.soon(_remove_addresses, self.name)
        self._address(address)
        return ""

    def setIP6(self, address: str) -> str:
        """Switch IPv6 on for this interface and give it an address, "2001:db8::1/64"."""
        parsed = self._parsed(address)
        self.ip6 = str(parsed.ip)
        self.place.sysctl({f"net/ipv6/conf/{self.name}/disable_ipv6": 0})
        self._address(parsed)
        return ""

    def setMTU(self, size: int) -> str:
        """Set the largest packet, in bytes, that this end sends."""
        self.place.netlink(lambda index: netlink.link_set(index(self.name), mtu=size))
        return ""

    def setMAC(self, macstr):
        self.mac = macstr
        self.place.netlink(lambda index: netlink.link_set(index(self.name), up=False),
                           lambda index: netlink.link_set(index(self.name), mac=macstr, up=True))
        return ""

    def isUp(self, setUp=False):
        if setUp:
            place = self.place
            if self.name in place.born_up:
                place.born_up.remove(self.name)
            else:
                place.netlink(lambda index: netlink.link_set(index(self.name), up=True))
            return True
        return bool(self.place.run(_flags, self.name) & IFF_UP)

    def carrier(self) -> bool:
        """Whether the interface is up and sees its other end, now; IFF_RUNNING tells it up to a second later."""
        return bool(self.place.run(_ethtool, self.name, ETHTOOL_GLINK, 0))

    def setDown(self) -> None:
        """Switch the interface off; the far end sees its carrier go."""
        self.place.born_up.discard(self.name)
        self.place.netlink(lambda index: netlink.link_set(index(self.name), up=False))

    def ifconfig(self, *args):
        """ifconfig's words, the commonest without starting it."""
        if args == ("up",):
            self.isUp(setUp=True)
            return ""
        if args == ("down",):
            self.setDown()
            return ""
        return super().ifconfig(*args)

    def delete(self):
        """Remove the interface, and with it the far end of its cable."""
        self.place.soon(_delete, self.name)
        self.node.delIntf(self)
        self.link = None

    @property
    def place(self) -> Namespace:
        return place_of(self.node)

    @property
    def far(self) -> "Intf | None":
        """The other end of the cable, once it has both."""
        link = self.link
        if link is None or getattr(link, "intf2", None) is None:
            return None
        return link.intf2 if link.intf1 is self else link.intf1

    def _parsed(self, address: str) -> IPv4Interface | IPv6Interface:
        try:
            return ip_interface(address)
        except ValueError as error:
            raise LabError(f"{self.name}: {error}") from None

    def _address(self, address) -> None:
        self.place.netlink(lambda index: netlink.address(index(self.name), str(address.ip), address.network.prefixlen))


class Loopback(Intf):
    """A node's interface to itself; it is there from the start and has no far end."""

    def __init__(self, node):
        self.name, self.node, self.link = "lo", node, None
        self.mac, self.ip, self.prefixLen, self.params = None, "127.0.0.1", 8, {}


class TCIntf(Intf, Shaping):
    """An end with traffic control: bandwidth, delay, loss, queue; see mininet.link.TCIntf."""

    def config(self, **params):
        results = Intf.config(self, **{name: params.get(name) for name in ("mac", "ip", "ip6", "mtu")},
                              up=params.get("up", True))
        later(lambda: self._shape(params))
        return results

    def _shape(self, params) -> None:
        offload = {"txo": False, "rxo": False} if faces_userspace(self) else {}
        Shaping.config(self, **{**offload, **params, "mac": None, "ip": None})


class Link(mininet_link.Link):
    """A cable between two nodes: a veth pair whose ends are born in the nodes' own namespaces."""

    intf1: Any  # an Intf, and None when the cable was removed
    intf2: Any

    def __init__(self, node1, node2, intf=Intf, **params):
        if intf is mininet_link.Intf:
            intf = Intf
        super().__init__(node1, node2, intf=intf, **params)
        for end in self.intf1, self.intf2:
            end.node.attached(end) if hasattr(end.node, "attached") else None

    @classmethod
    def makeIntfPair(cls, intfname1, intfname2, addr1=None, addr2=None, node1=None, node2=None, deleteIntfs=True):
        for name in intfname1, intfname2:
            if len(name) > LONGEST_NAME:
                raise LabError(f"interface name {name!r} is longer than the kernel's {LONGEST_NAME} characters; name "
                               "it yourself with intfName1= or intfName2=")
        first, second = (intfname1, addr1, place_of(node1)), (intfname2, addr2, place_of(node2))
        if isinstance(second[2], Root):
            first, second = second, first
        cls._lay(*first, *second)

    @staticmethod
    def _lay(name, mac, place, peer, peer_mac, peer_place) -> None:
        """The first end is born switched on, the second cannot be; a switch's end is best first."""
        _lab().netlink(netlink.veth(name, peer, netns=None if isinstance(place, Root) else place.net,
                                    peer_netns=None if isinstance(peer_place, Root) else peer_place.net,
                                    mac=mac, peer_mac=peer_mac, group=WIRES))
        place.born_up.add(name)

    def delete(self):
        """Remove the cable, if it was not; the kernel takes both ends at once."""
        if self.intf1:
            self.intf1.delete()
            self.intf2.node.delIntf(self.intf2)
            self.intf1 = self.intf2 = None


class TCLink(Link):
    """A cable with traffic control at both ends."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("cls1", TCIntf)
        kwargs.setdefault("cls2", TCIntf)
        super().__init__(*args, **kwargs)


def place_of(node) -> Namespace:
    """Where a node lives; a node that is Mininet's own lives in the namespaces of its shell, or in the lab's."""
    if node is None or not node.inNamespace:
        place = _lab()
    else:
        place = getattr(node, "place", None) or Namespace.of_process(node.name, node.pid)
    if node is not None and not hasattr(node, "place"):
        node.place = place
    return place


def faces_userspace(intf: Intf) -> bool:
    """Whether the other end is in a switch that forwards in a process of its own."""
    return intf.far is not None and getattr(intf.far.node, "datapath", None) == "user"


def checksums_in_software(intf: Intf) -> None:
    """Compute checksums before a packet leaves, as no hardware ever will.

    Open vSwitch's userspace datapath passes frames on as it finds them: a checksum left to be filled in later would
    never be, and TCP and UDP would be dropped while ping works.
    """
    intf.place.soon(_ethtool, intf.name, ETHTOOL_STXCSUM, 0)


_labs: dict[int, Namespace] = {}


def _lab() -> Namespace:
    if not _labs:
        _labs[0] = Namespace.here()
    return _labs[0]


def _flags(name: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sH14x", name.encode(), 0))
    return struct.unpack_from("16xH", answer)[0]


def _ethtool(name: str, command: int, value: int) -> int:
    data = ctypes.create_string_buffer(struct.pack("=II", command, value))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCETHTOOL, struct.pack("16sP16x", name.encode(), ctypes.addressof(data)))
    return struct.unpack_from("=I", data, 4)[0]


def _delete(name: str) -> None:
    if Path("/proc/thread-self/net/dev").read_text().find(f"{name}:") >= 0:
        netlink.send([netlink.link_delete(socket.if_nametoindex(name))])


def _remove_addresses(name: str) -> None:
    index = socket.if_nametoindex(name)
    netlink.send(netlink.address(index, ip, length, remove=True) for ip, length in addresses_here(name))
