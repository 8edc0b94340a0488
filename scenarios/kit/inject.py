"""Frames put on a wire by hand: packet sockets (packet(7)) that say anything, as an attacker would."""

import socket
from ipaddress import ip_address

import dpkt

from . import selector
from .capture import Packet


def send_frame(net, where: str, frame: bytes) -> None:
    """Put a frame, Ethernet header and all, on the wire from an interface (``node:interface``)."""
    intf = selector.interface(net, where)
    with intf.place.run(_packet_socket, intf.name) as sender:
        sender.send(frame)


def replay(net, packet: Packet, where: str) -> None:
    """Send a heard IPv4 packet again from another interface, as the router there would have passed it on.

    A UDP checksum that was left to hardware when the packet was heard is left out (RFC 768 allows that).
    """
    intf = selector.interface(net, where)
    heard = dpkt.ip.IP(bytes(packet.ip))
    if isinstance(heard.data, dpkt.udp.UDP):
        heard.data.sum = 0
    packed = bytearray(bytes(heard))
    if heard.p == dpkt.ip.IP_PROTO_UDP:
        packed[heard.hl * 4 + 6:heard.hl * 4 + 8] = b"\0\0"  # dpkt fills in what is zero
    send_frame(net, where, ethernet(intf.MAC(), intf.far.MAC(), bytes(packed)))


def segment(src: str, dst: str, sport: int, dport: int, flags: int = dpkt.tcp.TH_ACK, seq: int = 1, ack: int = 1
            ) -> bytes:
    """An IPv4 packet with a TCP segment (RFC 9293) that belongs to no connection; both checksums are right."""
    inner = dpkt.tcp.TCP(sport=sport, dport=dport, flags=flags, seq=seq, ack=ack)
    packet = dpkt.ip.IP(src=ip_address(src).packed, dst=ip_address(dst).packed, p=dpkt.ip.IP_PROTO_TCP, data=inner)
    packet.len = len(packet)
    return bytes(packet)


def ethernet(src: str, dst: str, packet: bytes) -> bytes:
    """A frame with an IPv4 packet, between two hardware addresses."""
    addresses = (bytes.fromhex(mac.replace(":", "")) for mac in (dst, src))
    return b"".join(addresses) + dpkt.ethernet.ETH_TYPE_IP.to_bytes(2, "big") + packet


def _packet_socket(interface: str) -> socket.socket:
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    opened.bind((interface, 0))
    return opened
