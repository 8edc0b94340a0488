"""Turns a policy between networks into rules of the POLICY table. Pure: names, prefixes and matches, no packets.

Two bands of priorities, in the policy's order within each:

    replies   what answers a conversation that a rule allows (or denies, where connections are tracked)
    rules     what starts one

An answer is known by connection tracking (`ct_state` +rpl) or, without, by what an answer looks like: TCP with ACK,
ICMP of the answering types, UDP from the allowed port.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Literal

from controllers.cookie import Kind
from controllers.router_settings import ANY, RouterSettings, Rule
from controllers.routes import Prefix
from controllers.rules import VLAN_PRESENT, Flow, Meter, Table, Track, match

REPLIES, RULES, DEFAULT = 60000, 30000, 1000  # priorities; the first of a band counts down
TRACK, INVALID = 62000, 61000
NEW, REPLY_SIDE, INVALID_STATE, TRACKED = 0x01, 0x08, 0x10, 0x20  # ct_state (ovs-fields(7))
ZONE = 0x5E  # our connections, apart from others'
ACK = 0x10
ETHERTYPES = {4: 0x0800, 6: 0x86DD}
PROTOCOLS = {(4, "icmp"): 1, (6, "icmp"): 58, (4, "tcp"): 6, (6, "tcp"): 6, (4, "udp"): 17, (6, "udp"): 17}
ANSWERS = {4: ("icmpv4_type", (0, 3, 11)), 6: ("icmpv6_type", (129, 1, 2, 3, 4))}
RULE_METERS = 0x10000  # + line

Fields = dict[str, Any]
Verdict = Literal["allow", "deny"]


@dataclass(frozen=True)
class Side:
    """One end of a conversation: everybody in a VLAN, or everybody in a prefix, or (both None) everybody."""

    vlan: int | None = None
    prefix: Prefix | None = None


class PolicyCompiler:
    def __init__(self, settings: RouterSettings, cookie: Any) -> None:
        """`cookie(kind, number)` marks each rule with its line in the policy."""
        self._settings, self._policy, self._cookie = settings, settings.policy, cookie
        self._to_router = {"eth_dst": settings.mac}

    def flows(self) -> Iterator[Flow]:
        if self._policy.stateful:
            yield from self._tracking()
        for line, rule in enumerate(self._policy.rules):
            for fields in self._starts(rule):
                yield self._rule(RULES - line, fields, rule.action, line)
            for fields in self._replies(rule):
                yield self._rule(REPLIES - line, fields, rule.action, line)
        for version in (4, 6):
            yield self._rule(DEFAULT, self._evidence({"eth_type": ETHERTYPES[version]}, 0), self._policy.default,
                             len(self._policy.rules))
        yield Flow(Table.POLICY, 0, goto=Table.LEARN, cookie=self._cookie(Kind.PIPELINE, Table.POLICY))

    def meters(self) -> list[Meter]:
        return [Meter(RULE_METERS + line, rule.limit, "kbps", f"policy line {line}")
                for line, rule in enumerate(self._policy.rules) if rule.limit]

    def _tracking(self) -> Iterator[Flow]:
        cookie = self._cookie(Kind.PIPELINE, Table.POLICY)
        for ethertype in ETHERTYPES.values():
            base = {**self._to_router, "eth_type": ethertype}
            yield Flow(Table.POLICY, TRACK, match(**base, ct_state=(0, TRACKED)), (Track(ZONE, table=Table.POLICY),),
                       cookie=cookie)
            yield Flow(Table.POLICY, INVALID, match(**base, ct_state=_state(TRACKED | INVALID_STATE)), cookie=cookie)

    def _rule(self, priority: int, fields: Fields, verdict: Verdict, line: int) -> Flow:
        cookie = self._cookie(Kind.POLICY, line)
        matched = match(**self._to_router, **fields)
        if verdict == "deny":
            return Flow(Table.POLICY, priority, matched, cookie=cookie)
        commit = (Track(ZONE, commit=True),) if self._policy.stateful else ()
        limited = line < len(self._policy.rules) and self._policy.rules[line].limit
        return Flow(Table.POLICY, priority, matched, commit, goto=Table.LEARN, cookie=cookie,
                    meter=RULE_METERS + line if limited else None)

    def _starts(self, rule: Rule) -> Iterator[Fields]:
        for source in self._sides(rule.source):
            for target in self._sides(rule.to):
                for version in self._versions(source, target):
                    for above in _transport(rule, version, "dst"):
                        yield self._evidence({**_ends(source, target, version), **above}, 0)

    def _replies(self, rule: Rule) -> Iterator[Fields]:
        if rule.action == "deny" and not self._policy.stateful:
            return
        for source in self._sides(rule.source):
            for target in self._sides(rule.to):
                for version in self._versions(source, target):
                    ends = _ends(target, source, version)
                    yield from ({**ends, **above} for above in self._answers(rule, version))

    def _answers(self, rule: Rule, version: int) -> Iterator[Fields]:
        if self._policy.stateful:
            yield from (self._evidence(above, REPLY_SIDE) for above in _transport(rule, version, "src"))
            return
        if rule.protocol in (ANY, "tcp"):
            for above in _transport(rule.model_copy(update={"protocol": "tcp"}), version, "src"):
                yield {**above, "tcp_flags": (ACK, ACK)}
        if rule.protocol in (ANY, "udp"):
            yield from _transport(rule.model_copy(update={"protocol": "udp"}), version, "src")
        if rule.protocol in (ANY, "icmp"):
            field, kinds = ANSWERS[version]
            yield from ({"ip_proto": PROTOCOLS[version, "icmp"], field: kind} for kind in kinds)

    def _evidence(self, fields: Fields, state: int) -> Fields:
        return {**fields, "ct_state": _state(TRACKED | state)} if self._policy.stateful else fields

    def _versions(self, source: Side, target: Side) -> list[int]:
        """The IP versions in which two sides can talk."""
        return [version for version in ETHERTYPES
                if all(side.prefix is None or side.prefix.version == version for side in (source, target))]

    def _sides(self, names: tuple[str, ...]) -> Iterator[Side]:
        for name in names:
            if name == ANY:
                yield Side()
            elif name in self._settings.networks:
                network = self._settings.networks[name]
                yield from (Side(self._settings.vlan(name), subnet) for subnet in network.subnet)
            elif name in self._policy.groups:
                yield from self._sides(self._policy.groups[name])
            else:
                yield Side(prefix=ip_network(name))


def _ends(source: Side, target: Side, version: int) -> Fields:
    """A network as a source is known by its VLAN, which cannot be forged, and as a target by its prefix."""
    fields: Fields = {"eth_type": ETHERTYPES[version]}
    if source.vlan is not None:
        fields["vlan_vid"] = VLAN_PRESENT | source.vlan
    elif source.prefix is not None:
        fields |= prefix_match(source.prefix, "src")
    if target.prefix is not None:
        fields |= prefix_match(target.prefix, "dst")
    return fields


def prefix_match(prefix: Prefix, end: str) -> Fields:
    """An address or prefix as OpenFlow matches it; the prefix of length 0 needs no match."""
    name = f"ipv{prefix.version}_{end}"
    if prefix.prefixlen == prefix.max_prefixlen:
        return {name: str(prefix.network_address)}
    return {name: (str(prefix.network_address), str(prefix.netmask))} if prefix.prefixlen else {}


def _transport(rule: Rule, version: int, end: str) -> Iterator[Fields]:
    if rule.protocol == ANY:
        yield {}
        return
    fields: Fields = {"ip_proto": PROTOCOLS[version, rule.protocol]}
    if not rule.ports:
        yield fields
    for first, last in rule.port_ranges():
        for value, mask in masked(first, last):
            yield {**fields, f"{rule.protocol}_{end}": value if mask == 0xFFFF else (value, mask)}


def masked(first: int, last: int) -> Iterator[tuple[int, int]]:
    """A range of 16-bit numbers as the fewest (value, mask) pairs.

    >>> [(value, hex(mask)) for value, mask in masked(8000, 8010)]
    [(8000, '0xfff8'), (8008, '0xfffe'), (8010, '0xffff')]
    """
    while first <= last:
        size = first & -first or 0x10000
        while first + size - 1 > last:
            size //= 2
        yield first, 0x10000 - size & 0xFFFF
        first += size


def _state(bits: int) -> tuple[int, int]:
    return bits, bits
