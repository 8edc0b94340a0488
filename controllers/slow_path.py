"""Packets the switches could not deal with by themselves: for the router, for nobody, or for somebody not found yet."""

from collections.abc import Callable
from typing import Protocol

from controllers import dhcp, gateway, inet, ndp
from controllers.frames import ARP, IPV4, IPV6, Frame
from controllers.gateway import Gateway
from controllers.neighbours import NeighbourTable, Origin, Waiting
from controllers.routes import RouteTable
from controllers.token_bucket import TokenBucket

MAX_NEIGHBOURS = 8192
"""Addresses asked for or known at a time, of all networks."""


class Surroundings(Protocol):
    """What the slow path needs to know of the router it works for."""

    gateways: dict[str, Gateway]
    routes: RouteTable
    neighbours: NeighbourTable

    def network_of(self, address: str) -> str | None: ...
    def heard(self, address: str, origin: Origin) -> None: ...
    def record(self, event: str, **facts: object) -> None: ...


class SlowPath:
    """`send(dpid, frame)` has a frame of ours leave by the tables of a switch."""

    def __init__(self, router: Surroundings, mac: str, rate: float, send: Callable[[int, Frame | None], None]) -> None:
        self._router, self._send = router, send
        self._mac, self._link_local = mac, ndp.link_local(mac)
        self._errors = TokenBucket(rate)
        self.now = 0.0

    def control(self, frame: Frame, network: Gateway, origin: Origin) -> None:
        """A frame by which hosts and routers get to know each other."""
        handler = {ARP: self._arp, IPV6: self._neighbour_discovery, IPV4: self._dhcp_request}.get(frame.ethertype)
        if handler:
            handler(frame, network, origin)

    def _arp(self, frame: Frame, network: Gateway, origin: Origin) -> None:
        arp = inet.parse_arp(frame.payload)
        if arp is None:
            return
        if arp.sender_ip in network.addresses:
            self._router.record("address_conflict", address=arp.sender_ip, mac=arp.sender_mac, network=network.name)
            return
        self._router.heard(arp.sender_ip, origin._replace(mac=arp.sender_mac))
        self._send(origin.dpid, network.answer_arp(arp))

    def _neighbour_discovery(self, frame: Frame, network: Gateway, origin: Origin) -> None:
        packet = ndp.parse_ipv6(frame.payload)
        message = ndp.parse_icmpv6(packet.payload) if packet and packet.next_header == ndp.ICMPV6 else None
        if packet is None or message is None or packet.hop_limit != ndp.ON_LINK:
            return
        if message.type == ndp.ROUTER_SOLICITATION:
            for advertisement in network.advertisements():
                self._send(origin.dpid, advertisement)
        elif message.type == ndp.SOLICITATION:
            self._solicited(frame.source, packet.source, ndp.parse_neighbour(message), network, origin)
        elif told := ndp.parse_neighbour(message):
            self._router.heard(told.target, origin._replace(mac=told.mac or frame.source))

    def _solicited(self, asker: str, asker_ip: str, asked: ndp.Neighbour | None, network: Gateway,
                   origin: Origin) -> None:
        if asked is None:
            return
        if asker_ip != ndp.UNSPECIFIED:
            self._router.heard(asker_ip, origin._replace(mac=asked.mac or asker))
        self._send(origin.dpid, network.answer_neighbour(asker, asker_ip, asked.target))

    def _dhcp_request(self, frame: Frame, network: Gateway, origin: Origin) -> None:
        packet = inet.parse_ipv4(frame.payload)
        onward = network.relay_request(packet) if packet else None
        if onward is not None:
            self.packet(onward, origin._replace(mac=self._mac))

    def packet(self, packet: bytes, origin: Origin, expired: bool = False) -> None:
        """A packet that was to be routed."""
        target = destination(packet)
        if target is None:
            return
        if expired:
            self.refuse("expired", Waiting(packet, origin))
        elif target == self._link_local or any(target in one.addresses for one in self._router.gateways.values()):
            self._deliver(packet, origin)
        else:
            self._route(target, Waiting(packet, origin))

    def _deliver(self, data: bytes, origin: Origin) -> None:
        """A packet for the router itself."""
        packet = inet.parse_ipv4(data)
        udp = inet.parse_udp(packet.payload) if packet and packet.protocol == inet.UDP else None
        if packet and udp and udp.destination == dhcp.SERVER_PORT:
            for one in self._router.gateways.values():
                if one.relay == packet.source:
                    self._send(origin.dpid, one.relay_reply(udp.payload))
        elif (answer := gateway.answer(data)) is not None:
            self._send(origin.dpid, self._router.gateways[origin.network].frame(origin.mac, answer))

    def _route(self, target: str, waiting: Waiting) -> None:
        route = self._router.routes.lookup(target)
        if route is None or gateway.older(waiting.packet) is None:
            self.refuse("expired" if route else "no route", waiting)
            return
        hops = [target] if route.network else list(route.hops)
        there = [hop for hop in hops if self._router.neighbours.mac(hop)]
        if there:
            self.forward(there[0], waiting)
        else:
            self._resolve(hops, waiting)

    def _resolve(self, hops: list[str], waiting: Waiting) -> None:
        if all(self._router.neighbours.absent(hop) for hop in hops):
            self.refuse("no host", waiting)
        for hop in hops:
            self.want(hop, waiting.origin.dpid, waiting if hop == hops[0] else None)

    def want(self, address: str, dpid: int, waiting: Waiting | None = None) -> None:
        """Find an address, unless it is known or being looked for."""
        network, neighbours = self._router.network_of(address), self._router.neighbours
        if network is None or len(neighbours) >= MAX_NEIGHBOURS:
            return
        if neighbours.want(address, network, self.now, waiting):
            self._send(dpid, self._router.gateways[network].ask(address, None))

    def forward(self, hop: str, waiting: Waiting) -> None:
        """Send a packet that has waited on to its next hop."""
        packet, mac = gateway.older(waiting.packet), self._router.neighbours.mac(hop)
        network = self._router.neighbours.network(hop)
        if packet is not None and mac is not None and network is not None:
            self._send(waiting.origin.dpid, self._router.gateways[network].frame(mac, packet))

    def refuse(self, why: str, waiting: Waiting) -> None:
        """Tell the sender of a packet that it went nowhere."""
        origin = waiting.origin
        if origin.mac == self._mac or not self._errors.take(self.now):
            return
        network = self._router.gateways[origin.network]
        packet = gateway.error(why, network.source(waiting.packet[0] >> 4), waiting.packet)
        if packet is not None:
            self._send(origin.dpid, network.frame(origin.mac, packet))


def destination(packet: bytes) -> str | None:
    """Where a packet is for; None when it is none."""
    if not packet:
        return None
    parsed = inet.parse_ipv4(packet) if packet[0] >> 4 == 4 else ndp.parse_ipv6(packet)
    return parsed.destination if parsed else None

