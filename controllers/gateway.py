"""What the router says in its own name: answers, errors and announcements, as packets. Pure."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network

from controllers import dhcp, inet, ndp
from controllers.frames import ARP, BROADCAST, IPV4, IPV6, Frame
from controllers.inet import Arp, Icmp, Ipv4, Udp
from controllers.ndp import Icmpv6, Ipv6
from controllers.router_settings import Network, RouterSettings

NOBODY = "00:00:00:00:00:00"
LIFETIME = 1800  # seconds a host may rely on an advertised router or prefix


class Gateway:
    """The router as hosts of one network see it."""

    def __init__(self, name: str, network: Network, settings: RouterSettings) -> None:
        self.name, self.mac, self.vlan = name, settings.mac, settings.vlan(name)
        self.addresses = [address for address, _ in network.gateways()]
        self.relay = str(network.dhcp_relay) if network.dhcp_relay else None
        self._advertise = network.advertise
        self._prefixes = [subnet for _, subnet in network.gateways() if isinstance(subnet, IPv6Network)]
        self._ipv4 = [address for address, subnet in network.gateways() if isinstance(subnet, IPv4Network)]
        self._link_local = ndp.link_local(settings.mac)

    def frame(self, destination: str, packet: bytes) -> Frame:
        """An IP packet as it leaves for a host."""
        return Frame(destination, self.mac, self.vlan, IPV4 if packet[0] >> 4 == 4 else IPV6, packet)

    def source(self, version: int) -> str | None:
        """The address that errors come from."""
        if version == 6:
            return next((address for address in self.addresses if ":" in address), self._link_local)
        return self._ipv4[0] if self._ipv4 else None

    def ask(self, address: str, known_mac: str | None) -> Frame:
        """"Who has `address`?"; asked of the one who had it, when that is known (RFC 1122, 2.3.2.1)."""
        if ":" in address:
            packet = ndp.solicitation(self.source(6) or self._link_local, self.mac, address)
            return self.frame(known_mac or ndp.multicast_mac(ndp.solicited_node(address)), packet)
        arp = Arp(inet.REQUEST, self.mac, self._ipv4[0], NOBODY, address)
        return Frame(known_mac or BROADCAST, self.mac, self.vlan, ARP, inet.build_arp(arp))

    def answer_arp(self, arp: Arp) -> Frame | None:
        if arp.operation != inet.REQUEST or arp.target_ip not in self._ipv4:
            return None
        reply = Arp(inet.REPLY, self.mac, arp.target_ip, arp.sender_mac, arp.sender_ip)
        return Frame(arp.sender_mac, self.mac, self.vlan, ARP, inet.build_arp(reply))

    def answer_neighbour(self, asker: str, asker_ip: str, target: str) -> Frame | None:
        """To a solicitation; one from :: checks for a duplicate, and is answered to all (RFC 4861, 7.2.4)."""
        if target not in (*self.addresses, self._link_local):
            return None
        if asker_ip == ndp.UNSPECIFIED:
            return self.frame(ndp.multicast_mac(ndp.ALL_NODES), ndp.advertisement(target, self.mac, ndp.ALL_NODES))
        return self.frame(asker, ndp.advertisement(target, self.mac, asker_ip))

    def advertisements(self) -> Iterator[Frame]:
        """What hosts learn about the router unasked."""
        if self._prefixes and self._advertise:
            packet = ndp.router_advertisement(self._link_local, self.mac, self._prefixes, LIFETIME)
            yield self.frame(ndp.multicast_mac(ndp.ALL_NODES), packet)

    def presence(self) -> Iterator[Frame]:
        """"These addresses are mine", when the router starts (RFC 5227, 3)."""
        for address in self._ipv4:
            claim = Arp(inet.REQUEST, self.mac, address, NOBODY, address)
            yield Frame(BROADCAST, self.mac, self.vlan, ARP, inet.build_arp(claim))
        yield from self.advertisements()

    def relay_request(self, packet: Ipv4) -> bytes | None:
        """A DHCP client's broadcast, as it goes on to the server."""
        udp = inet.parse_udp(packet.payload)
        message = dhcp.relayed(udp.payload, self._ipv4[0]) if udp and self._ipv4 else None
        if message is None or self.relay is None:
            return None
        onward = inet.build_udp(Udp(dhcp.SERVER_PORT, dhcp.SERVER_PORT, message), self._ipv4[0], self.relay)
        return inet.build_ipv4(Ipv4(self._ipv4[0], self.relay, inet.UDP, onward))

    def relay_reply(self, message: bytes) -> Frame | None:
        """A DHCP server's answer, as its client gets it (RFC 2131, 4.1)."""
        reply = dhcp.parse(message)
        if reply is None or reply.operation != dhcp.REPLY or reply.relay not in self._ipv4:
            return None
        everybody = reply.broadcast or reply.offered == "0.0.0.0"
        target = "255.255.255.255" if everybody else reply.offered
        udp = inet.build_udp(Udp(dhcp.SERVER_PORT, dhcp.CLIENT_PORT, message), reply.relay, target)
        packet = inet.build_ipv4(Ipv4(reply.relay, target, inet.UDP, udp))
        return self.frame(BROADCAST if everybody else reply.client_mac, packet)


def answer(packet: bytes) -> bytes | None:
    """What the router answers to a packet for an address of its own: echo, or that nobody listens here."""
    if packet[0] >> 4 == 4:
        return _answer4(packet)
    return _answer6(packet)


def _answer4(data: bytes) -> bytes | None:
    packet = inet.parse_ipv4(data)
    if packet is None:
        return None
    if packet.protocol != inet.ICMP:
        return inet.icmp_error(inet.UNREACHABLE, inet.PORT, packet.destination, data)
    message = inet.parse_icmp(packet.payload)
    if message is None or message.type != inet.ECHO_REQUEST or packet.fragment & 0x3FFF:
        return None
    reply = inet.build_icmp(Icmp(inet.ECHO_REPLY, 0, message.rest))
    return inet.build_ipv4(Ipv4(packet.destination, packet.source, inet.ICMP, reply))


def _answer6(data: bytes) -> bytes | None:
    packet = ndp.parse_ipv6(data)
    if packet is None:
        return None
    if packet.next_header != ndp.ICMPV6:
        return ndp.icmpv6_error(ndp.UNREACHABLE, ndp.PORT, packet.destination, data)
    message = ndp.parse_icmpv6(packet.payload)
    if message is None or message.type != ndp.ECHO_REQUEST:
        return None
    return ndp.icmpv6(packet.destination, packet.source, Icmpv6(ndp.ECHO_REPLY, 0, message.rest))


def error(kind: str, source: str | None, offender: bytes) -> bytes | None:
    """An ICMP error of either version; `kind` is "expired", "no route" or "no host"."""
    if source is None:
        return None
    if offender[0] >> 4 == 4:
        return inet.icmp_error(*ERRORS4[kind], source, offender)
    return ndp.icmpv6_error(*ERRORS6[kind], source, offender)


ERRORS4 = {"expired": (inet.TIME_EXCEEDED, 0), "no route": (inet.UNREACHABLE, inet.NET),
           "no host": (inet.UNREACHABLE, inet.HOST)}
ERRORS6 = {"expired": (ndp.TIME_EXCEEDED, 0), "no route": (ndp.UNREACHABLE, ndp.NO_ROUTE),
           "no host": (ndp.UNREACHABLE, ndp.ADDRESS)}


def older(packet: bytes) -> bytes | None:
    """A packet on its next hop: one less TTL; None when that was the last."""
    if packet[0] >> 4 == 6:
        parsed6: Ipv6 | None = ndp.parse_ipv6(packet)
        return packet[:7] + bytes([packet[7] - 1]) + packet[8:] if parsed6 and parsed6.hop_limit > 1 else None
    parsed = inet.parse_ipv4(packet)
    if parsed is None or parsed.ttl <= 1:
        return None
    size = (packet[0] & 0xF) * 4
    header = packet[:8] + bytes([packet[8] - 1, packet[9], 0, 0]) + packet[12:size]
    return header[:10] + inet.checksum(header).to_bytes(2) + header[12:] + packet[size:]
