"""Reasoning about a packet that was lost: facts go in, the broken layer comes out; no network is needed."""

from dataclasses import replace
from ipaddress import ip_interface

import dpkt
import pytest

from scenarios.kit.capture import Packet
from scenarios.kit.diagnosis import drift, losses
from scenarios.kit.diagnosis.case import Case
from scenarios.kit.diagnosis.finding import Finding
from scenarios.kit.diagnosis.reasons import explain
from scenarios.kit.diagnosis.sizes import black_hole
from scenarios.kit.drawing import HOST, ROUTER, Drawing, End
from scenarios.kit.facts import Facts, Listener
from scenarios.kit.journey import Ask, Journey, Mark
from scenarios.kit.verdicts import Ruling

A, B, R1, R2 = (End("a", "a-eth0", ip_interface("10.0.1.2/24")), End("b", "b-eth0", ip_interface("10.0.2.2/24")),
                End("r", "r-eth1", ip_interface("10.0.1.1/24")), End("r", "r-eth2", ip_interface("10.0.2.1/24")))
DRAWING = Drawing({"a": HOST, "r": ROUTER, "b": HOST}, ((A, R1), (R2, B)), {"a": "10.0.1.1", "b": "10.0.2.1"})
MACS = {"a-eth0": "02:00:00:00:00:0a", "b-eth0": "02:00:00:00:00:0b", "r-eth1": "02:00:00:00:00:01",
        "r-eth2": "02:00:00:00:00:02"}
LO = {"ifname": "lo", "flags": ["UP"], "mtu": 65536, "addr_info": [{"local": "127.0.0.1", "prefixlen": 8}]}


def link(name, *addresses, flags=("UP",), mtu=1500):
    return {"ifname": name, "flags": list(flags), "mtu": mtu, "address": MACS[name],
            "addr_info": [{"local": each.split("/")[0], "prefixlen": int(each.split("/")[1])} for each in addresses]}


def routes(*pairs, gateway=None, dev=None):
    rows = [{"dst": dst, "dev": dev, "protocol": "kernel"} for dst, dev in pairs]
    return (*rows, *([{"dst": "default", "gateway": gateway, "dev": dev}] if gateway else []))


WORLD = {
    "a": Facts("a", (LO, link("a-eth0", "10.0.1.2/24")),
               routes(("10.0.1.0/24", "a-eth0"), gateway="10.0.1.1", dev="a-eth0")),
    "b": Facts("b", (LO, link("b-eth0", "10.0.2.2/24")),
               routes(("10.0.2.0/24", "b-eth0"), gateway="10.0.2.1", dev="b-eth0"),
               listeners=(Listener("tcp", "0.0.0.0", 80),)),
    "r": Facts("r", (LO, link("r-eth1", "10.0.1.1/24"), link("r-eth2", "10.0.2.1/24")),
               routes(("10.0.1.0/24", "r-eth1"), ("10.0.2.0/24", "r-eth2")), settings={"net/ipv4/ip_forward": "1"}),
}
PLACES = {"a>": ("a:eth0", True, "r-eth1"), "r<": ("r:eth1", False, "r-eth1"), "r>": ("r:eth2", True, "b-eth0"),
          "b<": ("b:eth0", False, "b-eth0"), "b>": ("b:eth0", True, "r-eth2"), "r<<": ("r:eth2", False, "r-eth2"),
          "r>>": ("r:eth1", True, "a-eth0")}
ASK = Ask("a", "10.0.2.2", name="b")


def frame(place, mark=b"m", back=False, **changes):
    where, sent, to = PLACES[place]
    src, dst = ("10.0.2.2", "10.0.1.2") if back else ("10.0.1.2", "10.0.2.2")
    echo = dpkt.icmp.ICMP(type=0 if back else 8, data=dpkt.icmp.ICMP.Echo(id=1, seq=1, data=mark))
    packet = dpkt.ip.IP(src=bytes(map(int, src.split("."))), dst=bytes(map(int, dst.split("."))), p=1, data=echo)
    packet.len = len(packet)
    mac = bytes.fromhex(changes.get("mac", MACS[to]).replace(":", ""))
    return Packet(0, where, sent, mac + bytes(6) + b"\x08\x00" + bytes(packet))


def case(there="", back="", outcome="silence", ask=ASK, journey=None, **facts):
    world = {**WORLD, **facts}
    made = Journey(ask, outcome, tuple(frame(each) for each in there.split()),
                   tuple(frame(each, back=True) for each in back.split()), **(journey or {}))
    return Case(DRAWING, world, Facts(""), made)


def found(*args, **kwargs) -> Finding:
    finding = explain(case(*args, **kwargs))
    assert finding is not None
    return finding


def changed(node, **changes):
    return {node: replace(WORLD[node], **changes)}


def test_an_answer_needs_no_explanation():
    assert explain(case(outcome="answered")) is None


@pytest.mark.parametrize(("there", "back", "facts", "layer", "says"), [
    ("", "", changed("a", links=(LO, link("a-eth0", "10.0.1.2/24", flags=()))), "link", "a:eth0 is switched off"),
    ("", "", changed("r", links=(link("r-eth1", "10.0.1.1/24", flags=()), WORLD["r"].links[2])), "link", "r:eth1"),
    ("", "", changed("r", links=WORLD["r"].links[2:]), "link", "has no r-eth1 any more"),
    ("", "", changed("a", links=(LO, link("a-eth0", "10.0.1.2/32")), routes=()), "address", "prefix length /24"),
    ("", "", changed("r", links=(link("r-eth1", "10.0.9.1/24"), WORLD["r"].links[2])), "address", "10.0.1.1/24"),
    ("", "", changed("a", routes=routes(("10.0.1.0/24", "a-eth0"))), "route", "a has no route to 10.0.2.2"),
    ("", "", changed("a", routes=routes(("10.0.1.0/24", "a-eth0"), gateway="10.0.1.9", dev="a-eth0")), "route",
     "the gateway 10.0.1.9, which is nobody on its link; in the drawing it is 10.0.1.1"),
    ("a> r<", "", changed("r", settings={"net/ipv4/ip_forward": "0"}), "route", "forwarding is off"),
    ("a> r<", "", changed("r", routes=({"dst": "10.0.2.0/24", "type": "blackhole"},)), "route", "dead end"),
    ("a> r< r> b<", "", changed("b", routes=routes(("10.0.2.0/24", "b-eth0"))), "route", "b has no route to 10.0.1.2"),
    ("a> r< r> b<", "", changed("b", links=(LO, link("b-eth0", "10.0.7.2/24"))), "address", "10.0.2.2/24"),
    ("a> r< r> b<", "b> r<<", changed("r", routes=routes(("10.0.2.0/24", "r-eth2"))), "route",
     "r has no route to 10.0.1.2"),
    ("a> r< r> b<", "", changed("b", settings={"net/ipv4/icmp_echo_ignore_all": "1"}), "filter", "told not to answer"),
    ("a> r< r>", "", changed("b", links=(LO, link("b-eth0", "10.0.2.2/24", flags=()))), "link", "b:eth0"),
])
def test_the_layer_is_found_from_the_bottom_up(there, back, facts, layer, says):
    finding = found(there, back, **facts)

    assert finding.layer == layer
    assert says in finding.sentence
    assert finding.command


def test_a_stale_neighbour_is_told_from_the_frame_that_went_astray():
    stale = ({"dst": "10.0.2.2", "lladdr": "02:00:00:00:00:ff", "dev": "r-eth2"},)

    finding = found("a> r< r>", **changed("r", neighbours=stale))

    assert (finding.layer, "02:00:00:00:00:ff" in finding.sentence) == ("neighbour", True)


def test_a_drop_by_the_packet_filter_is_told_with_its_rule():
    ruling = Ruling("r", "inet wall", "forward", "drop", 7, "tcp dport 80 drop")

    finding = found("a> r<", journey={"rulings": (ruling,)})

    assert (finding.layer, finding.node) == ("filter", "r")
    assert "the rule 'tcp dport 80 drop' of chain forward in table inet wall" in finding.sentence


def test_a_rule_that_lets_the_packet_pass_is_not_to_blame():
    ruling = Ruling("r", "inet wall", "forward", "accept", 7, "accept")

    finding = found("a> r<", journey={"rulings": (ruling,)}, **changed("r", settings={"net/ipv4/ip_forward": "0"}))

    assert finding.layer == "route"


def test_the_kernels_own_count_tells_of_the_reverse_path_filter():
    finding = found("a> r<", journey={"counters": {"r": {"TcpExtIPReversePathFilter": 1}}})

    assert (finding.layer, "reverse path" in finding.sentence) == ("filter", True)


def test_a_port_at_which_nobody_listens_and_the_daemon_that_should():
    dead = {"name": "web", "process": True, "runs": False, "last": "out of paper"}
    ask = replace(ASK, protocol="tcp", port=80)

    finding = found(outcome="refused", ask=ask, **changed("b", listeners=(), daemons=(dead,)))

    assert (finding.layer, finding.sentence) == (
        "service", "nobody listens at tcp port 80 of b: web does not run (out of paper)")


def test_two_with_one_address():
    both = (*WORLD["r"].links[:2], link("r-eth2", "10.0.2.1/24", "10.0.2.2/24"))

    assert found("a> r< r> b<", **changed("r", links=both)).layer == "address"


def test_a_packet_that_goes_round_in_circles():
    finding = found("a> r< r> r> r> r> r>")

    assert (finding.layer, "round and round" in finding.sentence) == ("route", True)


def test_a_question_that_left_with_a_private_address():
    nat = ({"chain": {"hook": "postrouting", "type": "nat", "name": "post", "table": "nat", "family": "ip"}},)
    ask = replace(ASK, dst="93.184.216.34")
    facts = changed("b", routes=routes(("10.0.2.0/24", "b-eth0"))) | changed("r", ruleset=nat)

    finding = found("a> r< r> b<", "b>", ask=ask, **facts)

    assert (finding.layer, "r sends 10.0.1.2 out as it is" in finding.sentence) == ("filter", True)


def test_a_black_hole_names_the_narrow_interface_and_the_rule_that_silences_it():
    narrow = changed("r", links=(LO, WORLD["r"].links[1], link("r-eth2", "10.0.2.1/24", mtu=1400)))
    ruling = Ruling("r", "inet wall", "output", "drop", 7, "icmp code frag-needed drop")

    finding = black_hole(case("a> r<", journey={"rulings": (ruling,)}, **narrow))

    assert finding.layer == "MTU"
    assert "cannot send 1500 bytes by r-eth2, which takes 1400" in finding.sentence
    assert "frag-needed" in finding.sentence


@pytest.mark.parametrize(("changes", "layer"), [
    ({"links": WORLD["r"].links[:2]}, "link"),
    ({"links": (LO, WORLD["r"].links[1], link("r-eth2", "10.0.2.1/24", mtu=1400))}, "MTU"),
    ({"settings": {"net/ipv4/ip_forward": "0"}}, "route"),
    ({"ruleset": ({"chain": {"family": "inet", "table": "t", "name": "c", "hook": "input"}},)}, "filter"),
    ({"daemons": ()}, "service"),
])
def test_what_has_changed_since_all_was_well(changes, layer):
    web = {"name": "web", "process": True, "runs": True, "filters": False, "last": "", "files": "1"}
    before = {"r": replace(WORLD["r"], daemons=(web,))}

    assert list(drift.compare(before, before)) == []
    findings = list(drift.compare(before, {"r": replace(before["r"], **changes)}))
    assert [each.layer for each in findings] == [layer]


def test_counters_of_rules_are_no_change():
    def facts(packets):
        expression = [{"counter": {"packets": packets}}, {"drop": None}]
        rule = {"family": "inet", "table": "t", "chain": "c", "expr": expression}
        return {"r": replace(WORLD["r"], ruleset=({"rule": rule},))}

    assert list(drift.compare(facts(1), facts(2))) == []


def test_a_mark_tells_question_answer_and_error_apart():
    mark = Mark(b"lab-probe-1")

    assert mark.direction(frame("a>", mark.payload)) == "there"
    assert mark.direction(frame("b>", mark.payload, back=True)) == "back"
    assert mark.direction(frame("a>", b"another")) is None


def test_a_packet_that_a_switch_shows_its_controller_is_not_on_its_way():
    mark = Mark(b"lab-probe-1")
    told = dpkt.tcp.TCP(sport=6653, dport=40000, data=bytes(frame("a>", mark.payload).data))
    packet = dpkt.ip.IP(src=bytes(4), dst=bytes(4), p=6, data=told)
    packet.len = len(packet)

    assert mark.direction(Packet(0, "s:lo", True, bytes(12) + b"\x08\x00" + bytes(packet))) is None


def test_a_layer_has_a_name():
    with pytest.raises(ValueError, match="is not a layer"):
        Finding("magic", "")


def test_who_took_the_address_of_another_refuses_in_his_place():
    taken = changed("r", links=(LO, WORLD["r"].links[1], link("r-eth2", "10.0.2.1/24", "10.0.2.2/24")))
    ask = replace(ASK, protocol="tcp", port=80)
    refused = case("a> r<", outcome="refused", ask=ask, **taken)
    answer = replace(refused.journey, back=(frame("r>>", back=True),))

    finding = explain(replace(refused, journey=answer))

    assert (finding.layer, "both have the address 10.0.2.2" in finding.sentence) == ("address", True)


@pytest.mark.parametrize(("daemons", "layer"), [
    ((), "route"),
    (({"name": "bird", "process": True, "runs": True},), "address"),
])
def test_a_router_that_is_told_its_routes_may_lack_one_because_of_a_line_further_on(daemons, layer):
    facts = changed("r", routes=(), daemons=daemons) | changed("b", links=(LO, link("b-eth0", "10.0.7.2/24")))

    assert found("a> r<", **facts).layer == layer


def test_a_tunnel_by_which_it_used_to_go_and_that_is_gone():
    tun = {"ifname": "tun0", "flags": ["UP"], "mtu": 1500, "linkinfo": {"info_kind": "tun"}, "addr_info": []}
    by_tunnel = {"dst": "10.0.2.0/24", "dev": "tun0"}
    before = changed("a", links=(*WORLD["a"].links, tun), routes=(*WORLD["a"].routes, by_tunnel))

    assert drift.tunnel_gone(before, WORLD, ASK).layer == "tunnel"
    assert drift.tunnel_gone(before, before, ASK) is None
    assert drift.tunnel_gone({}, WORLD, ASK) is None


def test_a_session_of_bgp_that_is_no_longer_established():
    before = changed("r", sessions={"as1": True, "as2": False})

    finding, = drift.compare(before, changed("r", sessions={"as1": False, "as2": False}))

    assert (finding.layer, "no longer has a session of BGP with as1" in finding.sentence) == ("service", True)
    assert list(drift.compare(before, before)) == []


class TestLosses:
    HERE, THERE, BACK = ("a:eth0", True), ("b:eth0", False), ("a:eth0", False)
    ALL, SOME = set(range(losses.BURST)), set(range(0, losses.BURST, 2))

    def judge(self, *numbers):
        places = [self.HERE, self.THERE, ("b:eth0", True), self.BACK]
        return losses.judged(ASK, list(zip(places, numbers, strict=False)))

    def test_none_or_all_lost_is_no_matter_of_a_bad_wire(self):
        assert self.judge(self.ALL, self.ALL, self.ALL, self.ALL) is None
        assert self.judge(self.ALL) is None
        assert losses.judged(ASK, []) is None

    def test_some_lost_between_two(self):
        finding = self.judge(self.ALL, self.SOME, self.SOME, self.SOME)

        assert (finding.layer, finding.sentence) == (
            "link", "of 20 packets on the way from a to b, 10 are lost between a:eth0 and b:eth0")

    def test_some_lost_where_they_came_in(self):
        finding = self.judge(self.ALL, self.ALL, self.SOME, self.SOME)

        assert "10 are lost at b:eth0, where they came in" in finding.sentence

    def test_sightings_are_counted_once_and_by_direction(self):
        mark = b"m"
        heard = [frame("a>", b"m0001"), frame("r<", b"m0001"), frame("r<", b"m0001"), frame("r>>", b"m0001", back=True)]

        assert losses.by_place(heard, mark) == [
            (("a:eth0", True), {1}), (("r:eth1", False), {1}), (("r:eth1", True), {1})]
