"""Both meshes by the same claims; and which way they go with another NAT, or without the one in the middle."""

import pytest

from scenarios.kit.actions import forwarding, install, resume, uninstall
from scenarios.kit.claims.mesh import direct, relayed
from scenarios.kit.command import run
from scenarios.kit.services import Nat, Nftables
from scenarios.vpn_mesh import PEERS, scenario

BY_ADA = relayed("cat", "dan", hub="ada", within=1)
FRIENDLY = Nat()


@pytest.fixture(scope="module", params=scenario.options["mesh"])
def net(request):
    with scenario.running(mesh=request.param) as running:
        running.mesh = request.param
        yield running


def begin_anew(net):
    """The box forgets its translations, and both peers their conversations."""
    run(net["box_d"], "conntrack", "-F")
    for peer in "cat", "dan":
        resume(net, "mesh", peer)


def test_claim(net, claim):
    claim.verify(net)


def test_two_who_are_hidden_need_somebody_to_introduce_them(net):
    """With a NAT that keeps its ports, nebula's peers meet directly; plain WireGuard's never do."""
    own, = (each for each in net["box_d"].services if isinstance(each, Nat))
    net["box_d"].services.remove(own)
    install(net, FRIENDLY, "box_d")
    begin_anew(net)
    try:
        way = direct if net.mesh == "nebula" else relayed
        way("cat", "dan", hub="ada", within=20).verify(net)
    finally:
        uninstall(net, FRIENDLY, "box_d")
        install(net, own, "box_d")
        begin_anew(net)
    direct("dan", "ada", hub="ada").verify(net)
    direct("cat", "ada", hub="ada").verify(net)
    relayed("cat", "dan", hub="ada").verify(net)


@pytest.mark.parametrize("net", ["wireguard"], indirect=True)  # nebula passes on by itself, without the kernel
def test_the_detour_ends_where_nobody_passes_on(net):
    BY_ADA.verify(net)
    forwarding(net, "ada", on=False)
    try:
        assert BY_ADA.ask(net).seen == "cat gets no answer"
    finally:
        forwarding(net, "ada")

    BY_ADA.verify(net)


def test_a_direct_way_is_not_taken_for_a_detour(net):
    direct("cat", "ben", hub="ada").verify(net)

    assert "198.51.100.20" in relayed("cat", "ben", hub="ada", within=0).ask(net).seen
    assert direct("cat", "dan", hub="ada", within=0).ask(net).seen == "it goes by ada"


def test_whoever_is_silent_is_missed(net):
    silence = Nftables("table inet silence { chain output { type filter hook output priority filter\n"
                       "  meta l4proto icmp drop\n}\n}", "silence")
    install(net, silence, "ben")
    try:
        assert direct("cat", "ben", hub="ada", within=0).ask(net).seen == "cat gets no answer"
    finally:
        uninstall(net, silence, "ben")


def test_the_mesh_has_addresses_of_its_own(net):
    from scenarios.kit.claims.mesh import address

    assert {name: address(net, name) for name in PEERS} == PEERS
