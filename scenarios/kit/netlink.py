"""rtnetlink(7) requests in batches: links, addresses and routes of a whole network in a few system calls.

Encoding is pure: each function returns the bytes of one request. ``send`` puts any number of them on a socket of
the namespace it is called in. A general library needs 0.3–0.7 ms for each request and 0.2 s to be imported; at a
thousand hosts that would be the greater part of building them.
"""

import os
import socket
import struct
from collections.abc import Iterable
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR, RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWNEIGH = (
    16, 17, 20, 21, 24, 25, 28)
NLM_F_REQUEST, NLM_F_ACK, NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE = 1, 4, 0x100, 0x200, 0x400
NLMSG_ERROR = 2
IFF_UP = 1
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINKINFO, IFLA_GROUP, IFLA_NET_NS_FD = 1, 3, 4, 18, 27, 28
IFLA_NUM_TX_QUEUES, IFLA_NUM_RX_QUEUES = 31, 32
IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER = 1, 2, 1
IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST = 1, 2, 4
IFA_F_NODAD = 2
RTA_DST, RTA_OIF, RTA_GATEWAY = 1, 4, 5
RT_TABLE_MAIN, RTPROT_STATIC, RTN_UNICAST, RT_SCOPE_UNIVERSE, RT_SCOPE_LINK = 254, 4, 1, 0, 253
NDA_DST, NDA_LLADDR, NUD_NONE, NUD_PERMANENT = 1, 2, 0, 0x80
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11
NLM_F_ACK_TLVS = 0x200
NLMSGERR_ATTR_MSG = 1
CHUNK = 128  # requests for one sendmsg(2): their acknowledgements fit the smallest receive buffer
SUBJECTS = {RTM_NEWLINK: "the interface", RTM_DELLINK: "to remove an interface", RTM_NEWADDR: "an address",
            RTM_DELADDR: "to remove an address", RTM_NEWROUTE: "a route", RTM_DELROUTE: "to remove a route",
            RTM_NEWNEIGH: "a neighbour"}


class Refused(OSError):
    """The kernel refused a request. ``place`` is its index in what was sent, ``why`` what the kernel said of it."""

    def __init__(self, error: int, place: int, subject: str = "a request", why: str = ""):
        super().__init__(error, os.strerror(error))
        self.place, self.subject, self.why = place, subject, why

    def __str__(self) -> str:
        return f"the kernel refused {self.subject}: {self.strerror}" + (f" ({self.why})" if self.why else "")


def veth(name: str, peer: str, *, netns: int | None = None, peer_netns: int | None = None,
         mac: str | None = None, peer_mac: str | None = None, up: bool = True, group: int = 0) -> bytes:
    """A cable: two Ethernet interfaces, each in the namespace of its descriptor (veth(4)).

    The peer starts down: the kernel sets its state before it has the other end, and refuses (ENOTCONN).
    """
    flags = IFF_UP if up else 0
    far = _ifinfo(0) + _link_attributes(peer, peer_netns, peer_mac, group) + _one_queue()
    info = _nest(IFLA_LINKINFO, _attribute(IFLA_INFO_KIND, b"veth")
                 + _nest(IFLA_INFO_DATA, _nest(VETH_INFO_PEER, far)))
    return _request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
                    _ifinfo(flags) + _link_attributes(name, netns, mac, group) + _one_queue() + info)


def link_set(index: int = 0, *, up: bool | None = None, mac: str | None = None, name: str | None = None,
             mtu: int | None = None, netns: int | None = None, group: int = 0) -> bytes:
    """Change an interface: state, hardware address, name, MTU (bytes), namespace, group.

    Without an index, the name tells which.
    """
    change = 0 if up is None else IFF_UP
    body = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, IFF_UP if up else 0, change)
    if mtu is not None:
        body += _attribute(IFLA_MTU, struct.pack("=I", mtu))
    return _request(RTM_NEWLINK, 0, body + _link_attributes(name, netns, mac, group))


def link_delete(index: int = 0, *, group: int | None = None) -> bytes:
    """Remove one interface, or every one of a group in a single step."""
    body = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, 0, 0)
    if group is not None:
        body += _attribute(IFLA_GROUP, struct.pack("=I", group))
    return _request(RTM_DELLINK, 0, body)


def address(index: int, ip: str, prefixlen: int, *, remove: bool = False) -> bytes:
    """Give an interface an address, or take it. IPv6 addresses skip duplicate address detection."""
    number = ip_address(ip)
    family = socket.AF_INET if number.version == 4 else socket.AF_INET6
    flags = 0 if number.version == 4 else IFA_F_NODAD
    body = struct.pack("=BBBBI", family, prefixlen, flags, 0, index)
    body += _attribute(IFA_LOCAL, number.packed) + _attribute(IFA_ADDRESS, number.packed)
    if number.version == 4 and prefixlen < 31:
        broadcast = int(number) | (1 << 32 - prefixlen) - 1
        body += _attribute(IFA_BROADCAST, struct.pack("!I", broadcast))
    return _request(RTM_DELADDR if remove else RTM_NEWADDR, 0 if remove else NLM_F_CREATE | NLM_F_REPLACE, body)


def route(dst: str, *, via: str | None = None, index: int | None = None, remove: bool = False) -> bytes:
    """A route to ``dst`` (a prefix, or "default"), by a gateway or an interface."""
    family, length, prefix = _destination(dst, via)
    scope = RT_SCOPE_UNIVERSE if via or family == socket.AF_INET6 else RT_SCOPE_LINK
    body = struct.pack("=BBBBBBBBI", family, length, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, scope, RTN_UNICAST, 0)
    if length:
        body += _attribute(RTA_DST, prefix)
    if via:
        body += _attribute(RTA_GATEWAY, ip_address(via).packed)
    if index:
        body += _attribute(RTA_OIF, struct.pack("=i", index))
    return _request(RTM_DELROUTE if remove else RTM_NEWROUTE, 0 if remove else NLM_F_CREATE | NLM_F_REPLACE, body)


def neighbour(index: int, ip: str, mac: str) -> bytes:
    """A permanent entry of the neighbour table: static ARP, or its IPv6 counterpart."""
    return _request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, _neighbour(index, ip, NUD_PERMANENT)
                    + _attribute(NDA_LLADDR, mac_bytes(mac)))


def unknown_neighbour(index: int, ip: str) -> bytes:
    """An entry of the neighbour table without an address yet, which the kernel fills in from what it hears."""
    return _request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL, _neighbour(index, ip, NUD_NONE))


def creates(request: bytes) -> bool:
    """Whether a request makes an interface."""
    _, kind, flags = struct.unpack_from("=IHH", request)
    return kind == RTM_NEWLINK and bool(flags & NLM_F_CREATE)


def send(requests: Iterable[bytes]) -> None:
    """Carry out requests, in order, in the network namespace of the calling thread.

    Raises Refused for the first one that the kernel did not accept; the others are carried out all the same.
    """
    requests = list(requests)
    if not requests:
        return
    refused = None
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        kernel.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        for first in range(0, len(requests), CHUNK):
            chunk = requests[first:first + CHUNK]
            kernel.sendto(b"".join(_numbered(chunk, first)), (0, 0))
            complaint = _acknowledged(kernel, len(chunk), requests)
            refused = refused or complaint
    if refused:
        raise refused


@lru_cache(4096)
def parsed(ip: str) -> IPv4Address | IPv6Address:
    """An address as a number; a table of all pairs has each of them many times."""
    return ip_address(ip)


def mac_bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def _neighbour(index: int, ip: str, state: int) -> bytes:
    number = parsed(ip)
    family = socket.AF_INET if number.version == 4 else socket.AF_INET6
    return struct.pack("=BxHiHBB", family, 0, index, state, 0, 0) + _attribute(NDA_DST, number.packed)


def _destination(dst: str, via: str | None) -> tuple[int, int, bytes]:
    if dst == "default":
        version = ip_address(via).version if via else 4
        return (socket.AF_INET if version == 4 else socket.AF_INET6), 0, b""
    ip, _, length = dst.partition("/")
    number = ip_address(ip)
    family = socket.AF_INET if number.version == 4 else socket.AF_INET6
    return family, int(length or number.max_prefixlen), number.packed


def _ifinfo(flags: int) -> bytes:
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, 0, flags, flags)


def _link_attributes(name, netns, mac, group=0) -> bytes:
    out = b""
    if name:
        out += _attribute(IFLA_IFNAME, name.encode() + b"\0")
    if mac:
        out += _attribute(IFLA_ADDRESS, mac_bytes(mac))
    if netns is not None:
        out += _attribute(IFLA_NET_NS_FD, struct.pack("=I", netns))
    if group:
        out += _attribute(IFLA_GROUP, struct.pack("=I", group))
    return out


def _attribute(kind: int, value: bytes) -> bytes:
    padding = -len(value) % 4
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(padding)


def _nest(kind: int, attributes: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(attributes), kind) + attributes


@cache
def _one_queue() -> bytes:
    """Asked for one queue, the kernel makes one; not asked, it makes one for each processor, lets go of all but one,
    and waits twice for a grace period meanwhile."""
    return b"".join(_attribute(kind, struct.pack("=I", 1)) for kind in (IFLA_NUM_TX_QUEUES, IFLA_NUM_RX_QUEUES))


def _request(kind: int, flags: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | NLM_F_ACK | flags, 0, 0) + body


def _numbered(chunk: list[bytes], first: int) -> Iterable[bytes]:
    for number, request in enumerate(chunk, first):
        yield request[:8] + struct.pack("=I", number) + request[12:]


def _acknowledged(kernel: socket.socket, count: int, requests: list[bytes]) -> Refused | None:
    """Read ``count`` acknowledgements; the first refusal among them."""
    refused = None
    while count:
        data = memoryview(kernel.recv(1 << 16))
        while data:
            length, kind, flags, number, _ = struct.unpack_from("=IHHII", data)
            if kind == NLMSG_ERROR:
                count -= 1
                error = -struct.unpack_from("=i", data, 16)[0]
                if error and not refused:
                    refused = Refused(error, number, _subject(requests[number]), _said(bytes(data[:length]), flags))
            data = data[(length + 3) & ~3:]
    return refused


def _said(message: bytes, flags: int) -> str:
    """The kernel's own words in an extended acknowledgement; with our socket's options the request is not repeated."""
    said = _attributes(message[36:]).get(NLMSGERR_ATTR_MSG, b"") if flags & NLM_F_ACK_TLVS else b""
    return said.rstrip(b"\0").decode(errors="replace")


def _subject(request: bytes) -> str:
    """What a request was about; an interface by its name, if it was to get one."""
    kind, = struct.unpack_from("=H", request, 4)
    name = _attributes(request[32:]).get(IFLA_IFNAME, b"") if kind == RTM_NEWLINK else b""
    return " ".join([SUBJECTS.get(kind, "a request"), *filter(None, [name.rstrip(b"\0").decode()])])


def _attributes(data: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        found[kind] = data[at + 4:at + length]
        at += (length + 3) & ~3 or 4
    return found
