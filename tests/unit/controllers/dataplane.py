"""OpenFlow 1.3 switches in memory: they carry out our rules on real frames, and refuse what a switch does."""

from dataclasses import dataclass, field, replace
from ipaddress import ip_address

import dpkt

from controllers import inet, ndp, rules
from controllers.frames import Frame, build, parse


@dataclass
class Packet:
    """A frame on its way through the tables."""

    frame: Frame
    in_port: int
    metadata: int = 0
    ct_state: int = 0

    def fields(self) -> dict:
        frame = self.frame
        found = {"in_port": self.in_port, "eth_src": frame.source, "eth_dst": frame.destination,
                 "eth_type": frame.ethertype, "metadata": self.metadata, "ct_state": self.ct_state,
                 "vlan_vid": 0 if frame.vlan is None else rules.VLAN_PRESENT | frame.vlan}
        return {**found, **network_fields(frame)}


def network_fields(frame: Frame) -> dict:
    try:
        if frame.ethertype == 0x0806:
            arp = dpkt.arp.ARP(frame.payload)
            return {"arp_op": arp.op, "arp_tpa": address(arp.tpa), "arp_spa": address(arp.spa)}
        if frame.ethertype == 0x0800:
            return transport_fields("ipv4", dpkt.ip.IP(frame.payload))
        if frame.ethertype == 0x86DD:
            return transport_fields("ipv6", dpkt.ip6.IP6(frame.payload))
    except dpkt.UnpackError:
        pass
    return {}


def transport_fields(family: str, packet) -> dict:
    found = {f"{family}_src": address(packet.src), f"{family}_dst": address(packet.dst), "ip_proto": packet.p}
    above = packet.data
    if isinstance(above, dpkt.tcp.TCP):
        found |= {"tcp_src": above.sport, "tcp_dst": above.dport, "tcp_flags": above.flags}
    elif isinstance(above, dpkt.udp.UDP):
        found |= {"udp_src": above.sport, "udp_dst": above.dport}
    elif isinstance(above, dpkt.icmp.ICMP):
        found |= {"icmpv4_type": above.type}
    elif isinstance(above, dpkt.icmp6.ICMP6):
        found |= {"icmpv6_type": above.type}
        if above.type in (ndp.SOLICITATION, ndp.ADVERTISEMENT) and len(bytes(packet)) >= 64:
            found |= {"ipv6_nd_target": address(bytes(packet)[48:64])}
    return found


def address(packed: bytes) -> str:
    return str(ip_address(packed))


def matches(wanted: rules.Match, fields: dict) -> bool:
    return all(name in fields and equal(value, fields[name]) for name, value in wanted)


def equal(wanted, actual) -> bool:
    if not isinstance(wanted, tuple):
        return wanted == actual
    value, mask = (number(part) for part in wanted)
    return number(actual) & mask == value & mask


def number(value) -> int:
    if isinstance(value, int):
        return value
    if value.count(":") == 5 and "::" not in value:
        return int(value.replace(":", ""), 16)
    return int(ip_address(value))


@dataclass
class FakeSwitch:
    dpid: int
    flows: dict = field(default_factory=dict)
    groups: dict = field(default_factory=dict)
    meters: dict = field(default_factory=dict)
    down: set = field(default_factory=set)
    tracked: dict = field(default_factory=dict)  # (zone, ends) -> where it was redirected to
    translations: dict = field(default_factory=dict)  # (zone, ends of an answer) -> whose name it bears
    cache: dict = field(default_factory=dict)  # table -> its rules, by descending priority

    def apply(self, message: rules.Message) -> None:
        """Do as told; an assertion fails where a switch would answer with an error."""
        self.cache.clear()
        match message:
            case rules.Flow():
                self._check(message)
                self.flows[message.key] = message
            case rules.Delete(flow):
                self.flows.pop(flow.key, None)
            case rules.Group(number):
                assert number not in self.groups, f"group {number} exists"
                self._store(message)
            case rules.ModifyGroup(group):
                assert group.number in self.groups, f"group {group.number} does not exist"
                self._store(group)
            case rules.DeleteGroup(number):
                users = [flow for flow in self.flows.values() if rules.ToGroup(number) in flow.actions]
                assert not users, f"group {number} is deleted under {users}"
                self.groups.pop(number, None)
            case rules.Meter(number):
                assert number not in self.meters, f"meter {number} exists"
                self.meters[number] = message
            case rules.ModifyMeter(meter):
                assert meter.number in self.meters, f"meter {meter.number} does not exist"
                self.meters[meter.number] = meter
            case rules.DeleteMeter(number):
                self.meters.pop(number, None)
                self.flows = {key: flow for key, flow in self.flows.items() if flow.meter != number}

    def _store(self, group: rules.Group) -> None:
        if group.kind == "indirect":
            assert len(group.buckets) == 1
        self.groups[group.number] = group

    def _check(self, flow: rules.Flow) -> None:
        for action in flow.actions:
            if isinstance(action, rules.ToGroup):
                assert action.group in self.groups, f"{flow} uses a group that is not there"
        assert flow.goto is None or flow.goto > flow.table
        assert flow.meter is None or flow.meter in self.meters, f"{flow} uses a meter that is not there"
        rivals = [other for other in self.flows.values()
                  if (other.priority, other.table) == (flow.priority, flow.table) and other.match != flow.match
                  and (other.actions, other.goto) != (flow.actions, flow.goto) and overlap(other.match, flow.match)]
        assert not rivals, f"{flow} is ambiguous with {rivals}"

    def process(self, data: bytes, in_port: int, choose: int = 0):
        """What leaves: ("port", number, frame) or ("controller", packet, rule)."""
        packet = Packet(parse(data), in_port)
        return list(self._table(packet, 0, choose))

    def _table(self, packet: Packet, table: int | None, choose: int):
        while table is not None:
            fields = packet.fields()
            flow = next((flow for flow in self._ordered(table) if matches(flow.match, fields)), None)
            if flow is None:
                return
            if any(isinstance(action, rules.DecTtl) for action in flow.actions) and ttl(packet.frame) <= 1:
                yield "controller", packet, flow, True, rules.NO_BUFFER
                return
            yield from self._act(packet, flow.actions, choose, flow)
            if flow.metadata is not None:
                value, mask = flow.metadata
                packet.metadata = packet.metadata & ~mask | value & mask
            table = flow.goto

    def _ordered(self, table: int) -> list[rules.Flow]:
        if table not in self.cache:
            self.cache[table] = sorted((flow for flow in self.flows.values() if flow.table == table),
                                       key=lambda flow: -flow.priority)
        return self.cache[table]

    def _act(self, packet: Packet, actions, choose: int, flow):
        for action in actions:
            match action:
                case rules.Output(rules.Port.CONTROLLER, length):
                    yield "controller", replace(packet), flow, False, length
                case rules.Output(rules.Port.IN_PORT):
                    yield "port", packet.in_port, build(packet.frame)
                case rules.Output(rules.Port.TABLE):
                    yield from self._table(packet, 0, choose)
                case rules.Output(port):
                    if port != packet.in_port:
                        yield "port", port, build(packet.frame)
                case rules.Resubmit(table):
                    yield from self._table(replace(packet), table, choose)
                case rules.Track():
                    yield from self._track(packet, action, choose)
                case rules.ToGroup(number):
                    yield from self._group(packet, self.groups[number], choose, flow)
                case _:
                    packet.frame = changed(packet.frame, action)

    def _group(self, packet: Packet, group: rules.Group, choose: int, flow):
        buckets = group.buckets
        if group.kind in ("ff", "select"):
            live = [bucket for bucket in buckets if self._alive(bucket)]
            buckets = live[:1] if group.kind == "ff" else live[choose % len(live):][:1] if live else []
        for bucket in buckets:
            yield from self._act(replace(packet), bucket.actions, choose, flow)

    def _alive(self, bucket: rules.Bucket) -> bool:
        if bucket.watch_group is not None:
            return any(map(self._alive, self.groups[bucket.watch_group].buckets))
        return bucket.watch_port not in self.down

    def _track(self, packet: Packet, action: rules.Track, choose: int):
        """Connection tracking with destination NAT, as far as it goes: connections never end here."""
        fields = packet.fields()
        forward, backward = conversation(fields), tuple(reversed(conversation(fields)))
        known, answered = (action.zone, forward) in self.tracked, (action.zone, backward) in self.tracked
        if action.commit and not known and not answered:
            self.tracked[action.zone, forward] = action.nat
            if action.nat:
                self.tracked[action.zone, (forward[0], action.nat)] = action.nat
                self.translations[action.zone, (action.nat, forward[0])] = forward[1]
                packet.frame = readdressed(packet.frame, "dst", action.nat)
        elif action.translate and known and self.tracked[action.zone, forward]:
            packet.frame = readdressed(packet.frame, "dst", self.tracked[action.zone, forward])
        elif action.translate and (action.zone, forward) in self.translations:
            packet.frame = readdressed(packet.frame, "src", self.translations[action.zone, forward])
        if action.table is not None:
            state = TRACKED | (ESTABLISHED if known or answered else NEW) | (REPLY if answered else 0)
            yield from self._table(replace(packet, ct_state=state), action.table, choose)


TRACKED, NEW, ESTABLISHED, REPLY = 0x20, 0x01, 0x02, 0x08


def conversation(fields: dict) -> tuple:
    """Who talks to whom."""
    ends = []
    for end in ("src", "dst"):
        addresses = [fields[f"ipv{version}_{end}"] for version in (4, 6) if f"ipv{version}_{end}" in fields]
        ports = [fields[f"{protocol}_{end}"] for protocol in ("tcp", "udp") if f"{protocol}_{end}" in fields]
        ends.append((addresses[0], ports[0] if ports else 0))
    return tuple(ends)


def readdressed(frame: Frame, end: str, place: tuple[str, int]) -> Frame:
    protocol = "udp" if dpkt.ip.IP(frame.payload).p == inet.UDP else "tcp"
    frame = changed(frame, rules.SetField(f"ipv4_{end}", place[0]))
    return changed(frame, rules.SetField(f"{protocol}_{end}", place[1]))


def overlap(one: rules.Match, other: rules.Match) -> bool:
    """Whether some packet could match both."""
    first, second = dict(one), dict(other)
    return all(compatible(first[name], second[name]) for name in first.keys() & second.keys())


def compatible(one, other) -> bool:
    value, mask = map(number, one) if isinstance(one, tuple) else (number(one), -1)
    rival, cover = map(number, other) if isinstance(other, tuple) else (number(other), -1)
    return value & mask & cover == rival & mask & cover


def ttl(frame: Frame) -> int:
    return frame.payload[8] if frame.ethertype == 0x0800 else frame.payload[7]


def changed(frame: Frame, action) -> Frame:
    match action:
        case rules.PushVlan():
            return frame._replace(vlan=0)
        case rules.PopVlan():
            return frame._replace(vlan=None)
        case rules.SetField("vlan_vid", value):
            assert frame.vlan is not None, "a tag is set on a frame without one"
            return frame._replace(vlan=value & 0xFFF)
        case rules.SetField("eth_src", value):
            return frame._replace(source=value)
        case rules.SetField("eth_dst", value):
            return frame._replace(destination=value)
        case rules.SetField(name, value):
            return frame._replace(payload=rewritten(frame, name, value))
        case rules.DecTtl():
            return frame._replace(payload=older(frame))
    raise AssertionError(f"{action} is not simulated")


def older(frame: Frame) -> bytes:
    if frame.ethertype == 0x86DD:
        return frame.payload[:7] + bytes([frame.payload[7] - 1]) + frame.payload[8:]
    packet = dpkt.ip.IP(frame.payload)
    packet.ttl, packet.sum = packet.ttl - 1, 0
    return bytes(packet)


def rewritten(frame: Frame, name: str, value) -> bytes:
    packet = dpkt.ip.IP(frame.payload)
    if name in ("ipv4_src", "ipv4_dst"):
        setattr(packet, name[5:], ip_address(value).packed)
    else:
        setattr(packet.data, {"src": "sport", "dst": "dport"}[name[4:]], value)
    packet.sum = packet.data.sum = 0
    return bytes(packet)
