"""Switches, wires and hosts in memory, around a bridge; time passes only when told to."""

from collections import defaultdict, deque
from collections.abc import Callable

from controllers import inet, ndp, rules
from controllers.bridge import Bridge
from controllers.fabric import Report
from controllers.frames import Frame, build, parse
from controllers.topology import Endpoint
from tests.unit.controllers.dataplane import FakeSwitch, Packet

STORM = 20_000
"""Frames carried for one event, after which a network counts as storming."""


class FakeNetwork:
    """Switches, wires and hosts around a bridge. Time passes only by `tick`."""

    def __init__(self, bridge: Bridge, wires=(), hosts=(), connect: bool = True) -> None:
        """`wires` are pairs of (dpid, port); `hosts` the (dpid, port) that a host is plugged into."""
        self.bridge, self.now = bridge, bridge.discovery.now
        self.wires: dict[Endpoint, Endpoint] = {}
        self.hosts = [Endpoint(*place) for place in hosts]
        self.inbox: dict[Endpoint, list[bytes]] = defaultdict(list)
        self.people: dict[Endpoint, Callable[[bytes], list[bytes]]] = {}  # hosts that answer
        self.switches: dict[int, FakeSwitch] = {}
        self.lost: set[int] = set()  # switches the controller cannot reach
        self.held: dict[int, list] = {}  # what slow switches have been told, and not done yet
        self.carried = 0
        for one, other in wires:
            self.wires[Endpoint(*one)], self.wires[Endpoint(*other)] = Endpoint(*other), Endpoint(*one)
        for end in [*self.wires, *self.hosts]:
            self.switches.setdefault(end.dpid, FakeSwitch(end.dpid))
        if connect:
            self.connect_all()

    def ports(self, dpid: int) -> dict[int, tuple[str, bool]]:
        ends = [end for end in [*self.wires, *self.hosts] if end.dpid == dpid]
        return {end.port: (f"s{dpid}-eth{end.port}", end.port not in self.switches[dpid].down) for end in sorted(ends)}

    def connect_all(self) -> None:
        for dpid in self.switches:
            self.connect(dpid)

    def connect(self, dpid: int) -> None:
        self.lost.discard(dpid)
        switch = self.switches[dpid]
        flows = tuple(rules.Flow(flow.table, flow.priority, flow.match, cookie=flow.cookie)
                      for flow in switch.flows.values())
        self.bridge.switch_connected(Report(dpid, f"s{dpid}", self.ports(dpid), flows, frozenset(switch.groups),
                                            frozenset(switch.meters)))
        self.run()

    def disconnect(self, dpid: int) -> None:
        self.lost.add(dpid)
        self.bridge.switch_disconnected(dpid)
        self.run()

    def take_over(self, bridge: Bridge) -> None:
        """The controller is killed, and started again with nothing in its head."""
        self.bridge = bridge
        self.now = bridge.discovery.now

    def set_wire(self, end: Endpoint, up: bool) -> None:
        """Cut a wire, or heal it; both its ends see the carrier."""
        for place in filter(None, (end, self.wires.get(end))):
            down = self.switches[place.dpid].down
            down.discard(place.port) if up else down.add(place.port)
            if place.dpid not in self.lost:
                self.bridge.port_changed(place, f"s{place.dpid}-eth{place.port}", up)
        self.bridge.settle()
        self.run()

    def expire(self, dpid: int, flow: rules.Flow) -> None:
        """A rule's time is up."""
        self.switches[dpid].apply(rules.Delete(flow))
        self.bridge.flow_expired(dpid, flow)
        self.run()

    def tick(self, times: int = 1) -> None:
        for _ in range(times):
            self.now += self.bridge.pace
            self.bridge.tick(self.now)
            self.run()

    def hold(self, dpid: int) -> None:
        """A switch does nothing it is told until it is released."""
        self.held[dpid] = []

    def release(self, dpid: int) -> None:
        self.carry([("told", dpid, message) for message in self.held.pop(dpid)])

    def until_ready(self) -> None:
        self.tick(8)

    def send(self, place, data: bytes, choose: int = 0) -> None:
        """A host sends a frame, and everything that follows from it happens."""
        self.carry([("frame", Endpoint(*place), data)], choose)

    def run(self) -> None:
        self.carry([])

    def carry(self, work, choose: int = 0) -> None:
        work, carried = deque(work), 0
        while True:
            self.bridge.settle()
            work.extend(self._told())
            if not work:
                return
            carried += 1
            assert carried < STORM, "a storm"
            work.extendleft(reversed(self._step(work.popleft(), choose)))  # frames are faster than the controller
            self.carried += 1

    def _told(self):
        """What the controller has to say, switch by switch and in order."""
        outbox, self.bridge.outbox = self.bridge.outbox, defaultdict(list)
        for dpid in self.held.keys() & outbox.keys():
            self.held[dpid] += outbox.pop(dpid)
        return [("told", dpid, message) for dpid, messages in outbox.items() for message in messages
                if dpid not in self.lost]

    def _step(self, event, choose: int):
        match event:
            case ("told", dpid, rules.Barrier(token)):
                self.bridge.barrier_passed(dpid, token)
            case ("told", dpid, rules.PacketOut(data, actions, in_port)):
                packet = Packet(parse(data), in_port)
                return self._leave(dpid, self.switches[dpid]._act(packet, actions, choose, None))
            case ("told", dpid, message):
                self.switches[dpid].apply(message)
            case ("frame", end, data):
                return self._leave(end.dpid, self.switches[end.dpid].process(data, end.port, choose))
        return []

    def _leave(self, dpid: int, outcomes):
        onward = []
        for kind, *what in outcomes:
            if kind == "controller" and dpid not in self.lost:
                self._show(dpid, *what)
            elif kind == "port" and what[0] not in self.switches[dpid].down:
                onward.extend(self._cross(Endpoint(dpid, what[0]), what[1]))
        return onward

    def _show(self, dpid: int, packet: Packet, flow, expired: bool, length: int) -> None:
        data = build(packet.frame) if length == rules.NO_BUFFER else build(packet.frame)[:length]
        self.bridge.frame_received(Endpoint(dpid, packet.in_port), data, flow.table, expired)

    def _cross(self, end: Endpoint, data: bytes):
        if end in self.wires:
            return [("frame", self.wires[end], data)]
        if parse(data).ethertype != 0x88CC:
            self.inbox[end].append(data)
        answers = self.people[end](data) if end in self.people else []
        return [("frame", end, answer) for answer in answers]

    def received(self) -> dict[Endpoint, list[bytes]]:
        """What each host has received since it was last asked."""
        inbox, self.inbox = self.inbox, defaultdict(list)
        return dict(inbox)


class FakeHost:
    """A host in a FakeNetwork that answers questions for its addresses, and keeps what is for it."""

    def __init__(self, network: FakeNetwork, place, mac: str, *addresses: str, tag: int | None = None) -> None:
        self.network, self.place, self.mac, self.addresses, self.tag = network, Endpoint(*place), mac, addresses, tag
        self.packets: list[bytes] = []
        self.answering = True
        network.people[self.place] = self.receive

    def receive(self, data: bytes) -> list[bytes]:
        frame = parse(data)
        if frame.destination != self.mac and not int(frame.destination[:2], 16) & 1:
            return []
        if frame.ethertype == 0x0806:
            return self._arp(inet.parse_arp(frame.payload))
        if frame.destination == self.mac or frame.ethertype == 0x0800:
            self.packets.append(frame.payload)
        return self._solicited(frame) if frame.ethertype == 0x86DD else []

    def _arp(self, arp: inet.Arp) -> list[bytes]:
        if not self.answering or arp.operation != inet.REQUEST or arp.target_ip not in self.addresses:
            return []
        reply = inet.Arp(inet.REPLY, self.mac, arp.target_ip, arp.sender_mac, arp.sender_ip)
        return [build(Frame(arp.sender_mac, self.mac, self.tag, 0x0806, inet.build_arp(reply)))]

    def _solicited(self, frame: Frame) -> list[bytes]:
        packet = ndp.parse_ipv6(frame.payload)
        message = ndp.parse_icmpv6(packet.payload)
        told = ndp.parse_neighbour(message) if packet.next_header == ndp.ICMPV6 else None
        if not self.answering or told is None or message.type != ndp.SOLICITATION or told.target not in self.addresses:
            return []
        answer = ndp.advertisement(told.target, self.mac, packet.source)
        return [build(Frame(frame.source, self.mac, self.tag, 0x86DD, answer))]

    def announce(self) -> None:
        """A gratuitous ARP."""
        arp = inet.Arp(inet.REQUEST, self.mac, self.addresses[0], "00:00:00:00:00:00", self.addresses[0])
        self.send_frame(Frame("ff:ff:ff:ff:ff:ff", self.mac, self.tag, 0x0806, inet.build_arp(arp)))

    def send(self, packet: bytes, gateway: str = "0e:00:00:00:00:01", choose: int = 0) -> None:
        self.send_frame(Frame(gateway, self.mac, self.tag, 0x0800 if packet[0] >> 4 == 4 else 0x86DD, packet), choose)

    def send_frame(self, frame: Frame, choose: int = 0) -> None:
        self.network.send(self.place, build(frame), choose)

    def received(self) -> list[bytes]:
        """The packets since it was last asked."""
        packets, self.packets = self.packets, []
        return packets
