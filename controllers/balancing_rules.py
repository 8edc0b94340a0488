"""The load balancer's rules: a service's front, its connections, and the group that switches spread them by."""

from collections.abc import Iterator

from controllers.balancer_settings import BalancerSettings, Service
from controllers.cookie import Kind
from controllers.frames import ARP, IPV4
from controllers.inet import TCP as TCP_PROTOCOL
from controllers.inet import UDP as UDP_PROTOCOL
from controllers.pipeline import PREFIX, TO_CONTROLLER, Pipeline, low_bits
from controllers.rules import Bucket, Flow, Group, Output, Port, SetField, Table, ToGroup, Track, match
from controllers.tcp import FIN, RST, End

SERVICE_GROUPS = 0x3000000  # + a service's number
ZONE = 0x5F  # connections that switches spread by themselves
TRACKED, NEW, ESTABLISHED, REPLY = 0x20, 0x01, 0x02, 0x08  # ct_state (ovs-fields(7))
PROTOCOLS = {"tcp": TCP_PROTOCOL, "udp": UDP_PROTOCOL}
TRACK_TABLE = Table.ROUTE4


class BalancingRules:
    def __init__(self, settings: BalancerSettings, pipeline: Pipeline) -> None:
        self._settings, self._cookie = settings, pipeline.cookie
        self._mac = settings.mac
        self._numbers = {name: number for number, name in enumerate(settings.services)}

    def always(self) -> Iterator[Flow]:
        base = self._cookie(Kind.PIPELINE, Table.CLASSIFY)
        yield Flow(Table.ADMIT, 400, match(in_port=Port.CONTROLLER), goto=Table.FORWARD, cookie=base)
        yield Flow(Table.CLASSIFY, 305, match(eth_dst=self._mac, eth_type=ARP), (TO_CONTROLLER,), cookie=base)
        yield Flow(Table.CLASSIFY, 150, match(eth_type=ARP), (Output(Port.CONTROLLER, PREFIX),), goto=Table.FORWARD,
                   cookie=base)
        yield Flow(Table.CLASSIFY, 0, goto=Table.FORWARD, cookie=base)
        yield Flow(TRACK_TABLE, 10, match(eth_dst=self._mac), cookie=base)
        yield Flow(TRACK_TABLE, 0, goto=Table.FORWARD, cookie=base)

    def front(self, name: str) -> Iterator[Flow]:
        """What is for a service's address, and what its servers say about connections."""
        service, cookie = self._settings.services[name], self._cookie(Kind.SERVICE, self._numbers[name])
        address = str(service.address)
        yield Flow(Table.CLASSIFY, 320, match(eth_type=ARP, arp_spa=address), (TO_CONTROLLER,), cookie=cookie)
        yield Flow(Table.CLASSIFY, 310, match(eth_type=ARP, arp_tpa=address), (TO_CONTROLLER,), cookie=cookie)
        yield Flow(Table.CLASSIFY, 180, match(eth_type=IPV4, ipv4_dst=address), (TO_CONTROLLER,), cookie=cookie)
        clients = match(**to(service, (address, service.port)))
        spread = Track(ZONE, table=TRACK_TABLE, translate=True) if service.spread == "hash" else TO_CONTROLLER
        yield Flow(Table.CLASSIFY, 200, clients, (spread,), cookie=cookie)
        for end in ends(service):
            yield from self._server(service, end, cookie)

    def _server(self, service: Service, end: End, cookie: int) -> Iterator[Flow]:
        sent = come(service, end)
        if service.protocol == "tcp":
            answers = match(**sent, ipv4_dst=str(service.address))
            yield Flow(Table.CLASSIFY, 240, answers, (TO_CONTROLLER,), cookie=cookie)
        if service.spread == "hash":
            yield Flow(Table.CLASSIFY, 200, match(**sent), (Track(ZONE, table=TRACK_TABLE, translate=True),),
                       cookie=cookie)
        elif service.protocol == "tcp":
            for priority, flag in ((231, RST), (230, FIN)):
                yield Flow(Table.CLASSIFY, priority, match(**sent, tcp_flags=(flag, flag)), (TO_CONTROLLER,),
                           cookie=cookie)

    # --- connections that the controller spreads ---

    def forward(self, service: Service, client: End, server: End, mac: str) -> Flow:
        """A client's packets, to the server it has got."""
        fields = to(service, (str(service.address), service.port)) | come(service, client)
        rewrite = (SetField("eth_dst", mac), SetField("ipv4_dst", server[0]),
                   SetField(f"{service.protocol}_dst", server[1]))
        return Flow(Table.CLASSIFY, 210, match(**fields), rewrite, goto=Table.FORWARD, idle_timeout=service.idle,
                    notify=True, cookie=self._cookie(Kind.CONNECTION, low_bits(mac)))

    def backward(self, service: Service, client: End, server: End, mac: str) -> Flow:
        """The server's answers, in the service's name."""
        fields = to(service, client) | come(service, server)
        rewrite = (SetField("eth_src", self._mac), SetField("ipv4_src", str(service.address)),
                   SetField(f"{service.protocol}_src", service.port))
        return Flow(Table.CLASSIFY, 220, match(**fields), rewrite, goto=Table.FORWARD,
                    cookie=self._cookie(Kind.CONNECTION, low_bits(mac)))

    # --- connections that switches spread ---

    def tracked(self, name: str, macs: dict[End, str]) -> Iterator[Flow]:
        """A new connection goes to the group; one that is known, to the server it was committed to."""
        service, cookie = self._settings.services[name], self._cookie(Kind.SERVICE, self._numbers[name])
        if macs:
            front = to(service, (str(service.address), service.port))
            yield Flow(TRACK_TABLE, 100, match(**front, ct_state=state(TRACKED | NEW)),
                       (ToGroup(SERVICE_GROUPS + self._numbers[name]),), cookie=cookie)
        for end, mac in macs.items():
            known = match(**to(service, end), eth_dst=self._mac, ct_state=state(TRACKED | ESTABLISHED))
            yield Flow(TRACK_TABLE, 90, known, (SetField("eth_dst", mac),), goto=Table.FORWARD, cookie=cookie)
        back = come(service, (str(service.address), service.port))
        yield Flow(TRACK_TABLE, 80, match(**back, ct_state=state(TRACKED | REPLY)), (SetField("eth_src", self._mac),),
                   goto=Table.FORWARD, cookie=cookie)

    def group(self, name: str, weighted: list[tuple[End, str, int]]) -> Group:
        """A bucket for each server that may get connections; a heavier one has several."""
        buckets = tuple(
            Bucket((SetField("eth_dst", mac), Track(ZONE, commit=True, table=Table.FORWARD, nat=end)))
            for end, mac, weight in weighted for _ in range(weight))
        return Group(SERVICE_GROUPS + self._numbers[name], "select", buckets, f"service {name}")


def ends(service: Service) -> list[End]:
    """Each server's address and port."""
    return [(str(server.address), server.port or service.port) for server in service.servers]


def to(service: Service, end: End) -> dict:
    return {"eth_type": IPV4, "ip_proto": PROTOCOLS[service.protocol], "ipv4_dst": end[0],
            f"{service.protocol}_dst": end[1]}


def come(service: Service, end: End) -> dict:
    return {"eth_type": IPV4, "ip_proto": PROTOCOLS[service.protocol], "ipv4_src": end[0],
            f"{service.protocol}_src": end[1]}


def state(bits: int) -> tuple[int, int]:
    return bits, bits


