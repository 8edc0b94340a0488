"""Address plans: what arithmetic says, and what is wrong with a plan that contradicts itself."""

import doctest
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.kit import plan as module
from scenarios.kit.catalogue import DATA
from scenarios.kit.plan import DIRECT, ROUTED, Fate, Plan, fates, prefix_for
from scenarios.kit.routing.data_file import BadData

PLAN = Plan.read(DATA / "subnetting.yaml")
BY_NAME = {station.name: station for station in PLAN.stations()}


def test_examples_in_docstrings():
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(("src", "dst", "way"), [
    ("anna", "ben", DIRECT), ("anna", "carl", ROUTED), ("ida", "kim", DIRECT), ("ida", "jon", DIRECT),
    ("gus", "hana", ROUTED), ("emil", "fay", ROUTED),
])
def test_the_plan_as_it_stands(src, dst, way):
    assert fates(PLAN.stations())[src, dst] == Fate(way, True)


@pytest.mark.parametrize(("length", "src", "dst", "fate"), [
    (24, "anna", "carl", Fate(None, False)),      # anna believes carl to be a neighbour, and asks in vain
    (24, "carl", "anna", Fate(ROUTED, False)),    # his question comes, her answer does not
    (24, "anna", "gus", Fate(ROUTED, True)),
    (27, "anna", "ben", Fate(ROUTED, True)),      # a detour over the router
    (27, "ben", "anna", Fate(DIRECT, True)),
    (30, "anna", "ben", Fate(None, False)),       # the gateway itself is out of sight
    (8, "anna", "server", None),
])
def test_a_wrong_mask(length, src, dst, fate):
    stations = [station.masked(length) if station.name == "anna" else station for station in PLAN.stations()]

    assert fates(stations).get((src, dst)) == fate


def test_an_address_that_looks_like_a_broadcast_is_not_spoken_to():
    """With a /24, jon's 192.168.5.255 is his subnet's broadcast address in everybody's eyes that share it."""
    other = module.Station("x", "hall", module.IPv4Interface("192.168.5.1/24"), ip_address("192.168.5.254"))

    assert other.sends(BY_NAME["jon"]) is None


@given(st.integers(1, 2**24))
def test_a_prefix_has_room_and_the_next_longer_one_has_not(hosts):
    length = prefix_for(hosts)

    assert 2 ** (32 - length) - 2 >= hosts
    assert 2 ** (32 - length - 1) - 2 < hosts


def test_the_table():
    assert PLAN.table().splitlines()[1].split() == ["desks", "192.168.1.0/26", "255.255.255.192", "192.168.1.1",
                                                    "192.168.1.2", "192.168.1.62", "192.168.1.63", "61"]


PART = "block: 10.0.0.0/8\nsubnets:\n  a:\n    network: 10.1.0.0/24\n    hosts: {x: 10.1.0.9}\n"


@pytest.mark.parametrize(("text", "complaint"), [
    (PART + "  b:\n    network: 11.0.0.0/24\n    hosts: {}\n",
     r"7: subnets\.b\.network: 11\.0\.0\.0/24 is not part of the block 10\.0\.0\.0/8; choose one within"),
    (PART + "  b:\n    network: 10.1.0.128/25\n    hosts: {}\n",
     r"7: subnets\.b\.network: .* overlaps a's 10\.1\.0\.0/24; move"),
    (PART + "  b:\n    network: 10.2.0.0/24\n    hosts: {x: 10.2.0.9}\n",
     r"8: subnets\.b\.hosts\.x: x lives in a, too; rename"),
    (PART.replace("10.1.0.9", "10.1.0.1"),
     r"5: subnets\.a\.hosts\.x: 10\.1\.0\.1 is the router's; choose one from 10\.1\.0\.2 to"),
    (PART.replace("10.1.0.9", "10.1.0.255"), r"is the broadcast address; choose"),
    (PART.replace("10.1.0.9", "10.1.1.9"), r"is not in 10\.1\.0\.0/24; choose"),
    (PART.replace("    hosts", "    capacity: 1000\n    hosts"),
     r"5: subnets\.a\.capacity: 10\.1\.0\.0/24 has room for 253 hosts, not 1000; make it a /22"),
    (PART.replace("10.1.0.0/24", "10.1.0.1/24"),
     r"4: subnets\.a\.network: Input is not a valid IPv4 network, but it is .10.1.0.1/24.; correct"),
    (PART.replace("hosts", "guests"), r"no such word here|missing; add it"),
])
def test_a_plan_that_contradicts_itself_is_told_in_one_line(tmp_path, text, complaint):
    path = tmp_path / "plan.yaml"
    path.write_text(text)

    with pytest.raises(BadData, match=complaint) as caught:
        Plan.read(path)

    assert str(caught.value).startswith(f"{path}:")
    assert "\n" not in str(caught.value)
