"""Configurations against golden files, and against the daemons' own parsers where they are installed.

After a change on purpose: UPDATE_GOLDEN=1 pytest tests/unit/routing, and read the difference.
"""

import os
import subprocess
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

import pytest

from scenarios.kit.capability import find
from scenarios.kit.routing import bird, frr
from scenarios.kit.routing.relation import Role
from scenarios.kit.routing.speaker import Neighbour, Port, RpkiCache, Speaker

GOLDEN = Path(__file__).parent / "golden"


def ip(text):
    return IPv4Address(text)


BORDER = Speaker(
    "as120", 120, ip("0.0.0.120"),
    ports=(Port("as120-eth0", IPv4Interface("100.64.0.1/30")), Port("as120-eth1", IPv4Interface("20.0.120.1/24"))),
    neighbours=(
        Neighbour("as1200", ip("100.64.0.2"), 1200, Role.PROVIDER, (IPv4Network("20.0.200.0/24"),), limit=22),
        Neighbour("as1300", ip("100.64.0.22"), 1300, Role.PROVIDER, (), limit=20),
        Neighbour("as130", ip("100.64.0.6"), 130, Role.PEER, limit=24),
        Neighbour("as10", ip("100.64.0.10"), 10, Role.CUSTOMER),
        Neighbour("ix1", ip("23.0.0.1"), 64512, Role.RS_CLIENT),
    ),
    originates=(IPv4Network("20.0.120.0/24"),))
INSIDE = Speaker(
    "core1", 120, ip("20.0.0.1"),
    ports=(Port("core1-eth0", IPv4Interface("100.64.0.13/30"), cost=10),
           Port("lo", IPv4Interface("20.0.0.1/32"), 1, True)),
    neighbours=(Neighbour("core2", ip("20.0.0.2"), 120),), rpki=RpkiCache(ip("20.0.0.7")))
ROUTE_SERVER = Speaker(
    "ix1", 64512, ip("0.0.252.0"), ports=(Port("ix1-eth0", IPv4Interface("23.0.0.1/24")),),
    neighbours=(Neighbour("as120", ip("23.0.0.2"), 120, Role.RS, (IPv4Network("20.0.120.0/24"),)),
                Neighbour("as130", ip("23.0.0.3"), 130, Role.RS, (IPv4Network("20.0.130.0/24"),))))
OSPF_ONLY = Speaker("isp", None, ip("192.168.1.1"), ports=(
    Port("isp-eth0", IPv4Interface("192.168.1.1/24"), 10, passive=True),
    Port("isp-eth1", IPv4Interface("10.0.0.1/30"), 10)))
LEAKER = replace(BORDER, neighbours=tuple(
    replace(each, speaks_roles=False, leaks=True, accepts=None, limit=None) for each in BORDER.neighbours))
SPEAKERS = {"border": BORDER, "inside": INSIDE, "route_server": ROUTE_SERVER, "ospf_only": OSPF_ONLY, "leaker": LEAKER}


def texts(name):
    yield f"{name}.bird.conf", bird.config(SPEAKERS[name])
    yield from ((f"{name}.{daemon}.conf", text) for daemon, text in frr.config(SPEAKERS[name]).items())


@pytest.mark.parametrize("name", SPEAKERS)
def test_the_configuration_is_as_reviewed(name):
    for file, text in texts(name):
        golden = GOLDEN / file
        if os.environ.get("UPDATE_GOLDEN"):
            golden.write_text(text)
        assert text == golden.read_text(), f"{file} differs; see the docstring of this module"


@pytest.mark.parametrize("name", SPEAKERS)
def test_bird_accepts_its_configuration(name, tmp_path):
    if not find("bird"):
        pytest.skip("this machine lacks the program bird")
    (tmp_path / "bird.conf").write_text(bird.config(SPEAKERS[name]))

    done = subprocess.run([find("bird"), "-p", "-c", tmp_path / "bird.conf"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", SPEAKERS)
def test_frr_accepts_its_configuration(name, tmp_path):
    if not find("vtysh"):
        pytest.skip("this machine lacks the program vtysh")
    text = "".join(frr.config(SPEAKERS[name]).values())
    (tmp_path / "frr.conf").write_text(text)

    done = subprocess.run([find("vtysh"), "-C", "-f", tmp_path / "frr.conf"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_parsers_would_notice(tmp_path):
    if not find("bird"):
        pytest.skip("this machine lacks the program bird")
    (tmp_path / "bird.conf").write_text(bird.config(BORDER).replace("local role", "locale role"))

    assert subprocess.run([find("bird"), "-p", "-c", tmp_path / "bird.conf"], capture_output=True).returncode


def test_of_two_ends_just_one_calls():
    roles = [(Role.PROVIDER, Role.CUSTOMER), (Role.PEER, Role.PEER), (Role.RS, Role.RS_CLIENT)]
    for role, far in roles:
        a, b = Speaker("a", 1, ip("0.0.0.1")), Speaker("b", 2, ip("0.0.0.2"))
        assert a.calls(Neighbour("b", ip("10.0.0.2"), 2, role)) != b.calls(Neighbour("a", ip("10.0.0.1"), 1, far))
