"""Every kind of tunnel by the same claims; and what becomes of them without tunnel, filter, or the right key."""

import json
from pathlib import Path

import pytest

from scenarios.kit import capability, reachable
from scenarios.kit.actions import halt, resume
from scenarios.kit.claims.secrecy import fails_closed, replayed, secret, unknown
from scenarios.kit.command import run
from scenarios.kit.services.tunnels import end_of, identify
from scenarios.vpn_site_to_site import X, scenario

GATEWAYS = ("gw_a", "gw_b")
TUNNEL, KILL_SWITCH = "tunnel", "kill_switch"
SECRET = secret("pc_a", "pc_b", inside="gw_b:lan", outside="isp", within=0)
ONCE = replayed("pc_a", "pc_b", sniffer="isp", entry="to_a", exit="to_b", within=0)
CLOSED = fails_closed("pc_b", "pc_a", gateway="gw_b", near="gw_b:lan", outside="isp")
STRANGER = unknown("pc_x", "pc_a", gateway="gw_x", at="gw_a:wan")


@pytest.fixture(scope="module", params=scenario.options["vpn"])
def net(request):
    with scenario.running(vpn=request.param) as running:
        yield running


@pytest.fixture
def plain(net):
    """No tunnel and no kill switch: the provider passes everything on, in clear."""
    for service in TUNNEL, KILL_SWITCH:
        halt(net, service, *GATEWAYS)
    yield
    for service in KILL_SWITCH, TUNNEL:
        resume(net, service, *GATEWAYS)
    reachable("pc_b", "pc_a").verify(net)


def test_claim(net, claim):
    claim.verify(net)


@pytest.mark.parametrize("net", ["wireguard"], indirect=True)
def test_wireguard_is_the_kernels_where_doctor_says_so(net):
    link, = json.loads(run(net["gw_a"], "ip", "-j", "-d", "link", "show", "wg0"))

    assert link["linkinfo"]["info_kind"] == ("wireguard" if capability.WIREGUARD.present else "tun")


@pytest.mark.parametrize("net", ["ipsec"], indirect=True)
def test_packets_are_encrypted_by_the_kernel_where_doctor_says_so(net):
    states = run(net["gw_a"], "ip", "xfrm", "state")

    assert ("proto esp" in states) == capability.ESP.present


def test_without_a_tunnel_the_provider_reads_along(net, plain):
    reachable("pc_a", "pc_b").verify(net)

    verdict = SECRET.ask(net)

    assert not verdict.held
    assert verdict.seen.startswith("it does: isp:")


def test_without_a_tunnel_a_packet_may_be_repeated(net, plain):
    reachable("pc_a", "pc_b").verify(net)

    assert ONCE.ask(net).seen == "it was heard 2 times"


def test_without_the_kill_switch_packets_leave_in_clear(net):
    halt(net, KILL_SWITCH, *GATEWAYS)
    try:
        assert CLOSED.ask(net).seen.startswith("it leaks: isp:")
    finally:
        resume(net, KILL_SWITCH, *GATEWAYS)

    CLOSED.verify(net)


def test_a_gateway_with_a_wrong_key_has_no_path(net):
    identify(net, "gw_b", "impostor")
    try:
        assert not reachable("pc_b", "pc_a", within=2).ask(net).held
    finally:
        identify(net, "gw_b", "gw_b")

    reachable("pc_b", "pc_a").verify(net)


@pytest.mark.parametrize("net", ["wireguard"], indirect=True)  # it alone takes a new peer while it runs
def test_a_stranger_who_is_let_in_gets_in(net):
    key = end_of(net, "gw_x").keys["gw_x"].public
    run(net["gw_a"], "wg", "set", "wg0", "peer", key, "allowed-ips", X.network)
    run(net["gw_a"], "ip", "route", "add", X.network, "dev", "wg0")
    try:
        assert STRANGER.ask(net).seen.startswith("it does")
    finally:
        run(net["gw_a"], "wg", "set", "wg0", "peer", key, "remove")

    STRANGER.verify(net)


def test_private_keys_are_in_files_of_mode_600_and_in_no_log(net):
    keys = end_of(net, "gw_a").keys
    private = [keys["gw_a"].private, keys["gw_b"].private, keys.shared("gw_a", "gw_b")]
    private += [keys.authority.issue(name).key.splitlines()[1] for name in GATEWAYS]

    written = {path for name in GATEWAYS for path in Path("/tmp", name).rglob("*") if path.is_file()}
    holding = {path for path in written if any(key in path.read_text(errors="replace") for key in private)}
    logs = "".join(path.read_text(errors="replace") for path in Path("/var/log").rglob("*.log"))

    assert holding
    assert {oct(path.stat().st_mode)[-3:] for path in holding} == {"600"}
    assert not [key for key in private if key in logs]
