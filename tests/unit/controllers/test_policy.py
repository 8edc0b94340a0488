"""The policy compiler, against the same policy read naively."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers import inet
from controllers.inet import Ipv4, Udp
from controllers.policy import PolicyCompiler, masked
from controllers.router_settings import RouterSettings
from controllers.rules import VLAN_PRESENT, Table
from tests.unit.controllers.dataplane import TRACKED, matches
from tests.unit.controllers.network import FakeHost, FakeNetwork
from tests.unit.controllers.test_router import A, B, C, router, udp

NETWORKS = {
    "it": {"subnet": "192.168.1.0/24", "ports": ["s1"]},
    "finance": {"subnet": ["192.168.2.0/24", "2001:db8:2::/64"], "ports": ["s2"]},
    "hr": {"subnet": ["192.168.3.0/24", "2001:db8:3::/64"], "ports": ["s3"]},
}
ROUTER = "0e:00:00:00:00:01"
NAMES = [*NETWORKS, "any", "offices", "192.168.2.128/25", "10.0.0.0/8"]
TARGETS = {4: ["192.168.1.9", "192.168.2.9", "192.168.2.200", "192.168.3.9", "10.1.1.1", "8.8.8.8"],
           6: ["2001:db8:2::9", "2001:db8:3::9", "2001:db8:f::1"]}
GROUPS = {"offices": ["finance", "hr"]}


@given(st.integers(0, 65535), st.integers(0, 65535))
def test_a_range_of_ports_is_covered_exactly(one, other):
    first, last = sorted((one, other))
    pairs = list(masked(first, last))
    assert sum(0x10000 - mask for _, mask in pairs) == last - first + 1
    assert all(first <= value and value + 0xFFFF - mask <= last and value & mask == value for value, mask in pairs)


@st.composite
def policies(draw):
    rules = []
    for _ in range(draw(st.integers(0, 5))):
        protocol = draw(st.sampled_from(["any", "tcp", "udp", "icmp"]))
        choice = st.lists(st.sampled_from(["80", "443", "8000-8010"]), max_size=2 if protocol in ("tcp", "udp") else 0)
        rules.append({"from": draw(st.sampled_from(NAMES)), "to": draw(st.sampled_from(NAMES)), "protocol": protocol,
                      "ports": draw(choice), "action": draw(st.sampled_from(["allow", "deny"]))})
    return {"default": draw(st.sampled_from(["allow", "deny"])), "groups": GROUPS, "rules": rules}


@st.composite
def beginnings(draw):
    """The first packet of a conversation, as (network, source, target, protocol, port)."""
    network = draw(st.sampled_from(list(NETWORKS)))
    subnets = [ip_network(subnet) for subnet in NETWORKS[network]["subnet"]] if isinstance(
        NETWORKS[network]["subnet"], list) else [ip_network(NETWORKS[network]["subnet"])]
    subnet = draw(st.sampled_from(subnets))
    target = draw(st.sampled_from(TARGETS[subnet.version]))
    protocol, port = draw(st.sampled_from(["tcp", "udp", "icmp"])), draw(st.sampled_from([80, 443, 8005, 8011, 22]))
    return network, str(subnet[20]), target, protocol, port


def naive(policy: dict, network: str, source: str, target: str, protocol: str, port: int) -> bool:
    """What the policy says, rule by rule."""
    for rule in policy["rules"]:
        ports = [tuple(map(int, (text.split("-") * 2)[:2])) for text in rule["ports"]]
        if (is_in(rule["from"], source, network) and is_in(rule["to"], target, None)
                and rule["protocol"] in ("any", protocol) and (not ports or any(a <= port <= b for a, b in ports))):
            return rule["action"] == "allow"
    return policy["default"] == "allow"


def is_in(name: str, address: str, network: str | None) -> bool:
    if name == "any":
        return True
    if name in GROUPS:
        return any(is_in(each, address, network) for each in GROUPS[name])
    if name in NETWORKS:
        subnets = NETWORKS[name]["subnet"]
        prefixes = subnets if isinstance(subnets, list) else [subnets]
        inside = any(ip_address(address) in ip_network(prefix) for prefix in prefixes)
        return network == name if network else inside
    return ip_address(address) in ip_network(name)


def verdict(flows, fields: dict) -> bool:
    hits = [flow for flow in flows if matches(flow.match, fields)]
    return max(hits, key=lambda flow: flow.priority).goto == Table.LEARN


@settings(max_examples=100, deadline=None)
@given(policies(), beginnings(), st.booleans())
def test_rules_decide_about_new_conversations_as_the_policy_reads(policy, beginning, stateful):
    network, source, target, protocol, port = beginning
    chosen = RouterSettings.model_validate({"networks": NETWORKS, "policy": {**policy, "stateful": stateful}})
    flows = list(PolicyCompiler(chosen, lambda kind, number: number).flows())
    version = ip_address(source).version
    numbers = {"tcp": 6, "udp": 17, "icmp": 1 if version == 4 else 58}
    fields = {"eth_dst": ROUTER, "eth_type": 0x0800 if version == 4 else 0x86DD, "ip_proto": numbers[protocol],
              "vlan_vid": VLAN_PRESENT | chosen.vlan(network), f"ipv{version}_src": source, f"ipv{version}_dst": target,
              f"{protocol}_src": 40000, f"{protocol}_dst": port, "tcp_flags": 0x02, "ct_state": TRACKED | 1,
              f"icmpv{version}_type": 8 if version == 4 else 128}
    answers_to = [rule for rule in policy["rules"] if rule["protocol"] in ("any", "udp") and rule["action"] == "allow"]
    if not stateful and protocol == "udp" and answers_to:
        return  # without states, a datagram may be an answer to anything that is allowed

    assert verdict(flows, fields) == naive(policy, *beginning)


def office(policy: dict) -> tuple[FakeNetwork, FakeHost, FakeHost, FakeHost]:
    made = router(networks=NETWORKS, policy=policy)
    network = FakeNetwork(made, [((1, 9), (2, 9)), ((2, 8), (3, 9))], [(1, 1), (2, 1), (3, 1)])
    network.until_ready()
    hosts = [FakeHost(network, (number, 1), mac, f"192.168.{number}.10") for number, mac in enumerate((A, B, C), 1)]
    for one in hosts:
        one.announce()
    network.received()
    return network, *hosts


ONE_WAY = {"default": "deny", "rules": [{"from": "it", "to": "any", "action": "allow"}]}


def test_answers_come_back_where_connections_are_tracked_and_nothing_else_does():
    network, it, finance, hr = office({**ONE_WAY, "stateful": True})
    for switch in network.switches.values():  # one machine's switches share a table of connections
        switch.tracked = network.switches[1].tracked
    finance.send(udp("192.168.2.10", "192.168.1.10", port=1000))
    assert not it.received()
    for _ in range(2):
        it.send(udp("192.168.1.10", "192.168.2.10", port=53))
    assert len(finance.received()) == 2
    answer = answer_to("192.168.2.10", "192.168.1.10")
    finance.send(answer)
    assert len(it.received()) == 1
    hr.send(answer_to("192.168.3.10", "192.168.1.10"))
    assert not it.received()


def answer_to(source: str, target: str) -> bytes:
    return inet.build_ipv4(Ipv4(source, target, inet.UDP, inet.build_udp(Udp(53, 1000, b"answer"), source, target)))


@pytest.mark.parametrize("stateful", [False, True])
def test_what_is_revoked_stops_at_once_in_both_directions(stateful):
    policy = {**ONE_WAY, "stateful": stateful}
    network, it, finance, _ = office(policy)
    for switch in network.switches.values():
        switch.tracked = network.switches[1].tracked
    it.send(udp("192.168.1.10", "192.168.2.10", port=53))
    finance.send(answer_to("192.168.2.10", "192.168.1.10"))
    assert finance.received()
    assert it.received()

    network.bridge.reconfigure(RouterSettings.model_validate(
        {"networks": NETWORKS, "loops": False, "policy": {**policy, "rules": []}}))
    network.run()

    it.send(udp("192.168.1.10", "192.168.2.10", port=53))
    finance.send(answer_to("192.168.2.10", "192.168.1.10"))
    assert not finance.received()
    assert not it.received()


def test_a_rule_with_a_limit_uses_a_meter_of_its_own():
    network, it, finance, _ = office({"rules": [{"from": "it", "to": "finance", "action": "allow", "limit": 500}]})
    assert [meter.rate for meter in network.switches[1].meters.values() if meter.unit == "kbps"] == [500]
    it.send(udp("192.168.1.10", "192.168.2.10"))
    assert finance.received()


def test_a_source_address_cannot_be_borrowed_from_another_department():
    _, it, _, hr = office({"default": "deny", "rules": [{"from": "finance", "to": "it", "action": "allow"}]})
    hr.send(udp("192.168.2.10", "192.168.1.10"))
    assert not it.received()
