"""People on the road; and what the claims say of tunnels that carry too little, too much, or anybody."""

import pytest

from scenarios.kit import fetches, never_carries, reachable, resolves
from scenarios.kit.actions import halt, resume
from scenarios.kit.claims.access import address, fixed, pooled, revoked
from scenarios.kit.claims.nat import seen_as
from scenarios.kit.errors import NoSuchThing
from scenarios.kit.expect import Outcome
from scenarios.kit.services.remote_access import AccessServer, Account, pushed, revoke, server_of
from scenarios.vpn_remote_access import COMPANY, HOTEL, INTRANET, POOL, WEBSITE, scenario  # noqa: F401

ARRIVAL = 10  # seconds: a user who has just lost his server calls again every second


class Lax(AccessServer):
    """An access server that reads no revocation list."""

    def files(self, node):
        files = super().files(node)
        return {**files, "openvpn.conf": files["openvpn.conf"].replace("crl-verify crl.pem\n", "")}


@pytest.fixture
def accounts(net):
    """Give users other accounts for a while: what the server reads when they call."""
    directory = net["gw"].supervisor.directory / "users"
    own = server_of(net, "gw").users

    def change(user, account):
        (directory / user).write_text(pushed(account))
        resume(net, "tunnel", user)
        reachable(user, INTRANET, within=ARRIVAL).verify(net)

    yield change
    for user, account in own.items():
        change(user, account)


def test_claim(net, claim):
    claim.verify(net)


def test_without_a_tunnel_nobody_is_in_the_office(net):
    halt(net, "tunnel", "alice")
    try:
        assert not fetches("alice", f"http://{INTRANET}/", within=0).ask(net).held
        assert not pooled(("alice", "bob"), POOL, within=0).ask(net).held
    finally:
        resume(net, "tunnel", "alice")

    reachable("alice", INTRANET, within=ARRIVAL).verify(net)


def test_a_full_tunnel_shows_the_company_and_a_split_one_the_hotel(net, accounts):
    accounts("alice", Account(full=True))
    accounts("bob", Account(full=False))

    seen_as("website", "alice", COMPANY, within=ARRIVAL).verify(net)
    seen_as("website", "bob", HOTEL, within=ARRIVAL).verify(net)
    leak = never_carries("hotel:wan", "tcp port 80", during=fetches("bob", f"http://{WEBSITE}/"), but_at="hotel:lan")
    assert "did, the first: hotel:wan" in leak.ask(net, 0).seen


def test_a_fixed_address_is_the_servers_doing(net, accounts):
    accounts("carol", Account())

    assert address(net, "carol").startswith("10.8.0.")
    assert not fixed("carol", "10.10.10.5", within=0).ask(net).held


def test_names_of_the_office_are_not_known_outside(net):
    resolves("alice", "intranet.example", INTRANET).verify(net)

    assert not resolves("alice", "intranet.example", INTRANET, server=WEBSITE, within=0).ask(net).held


def test_a_server_that_forgets_to_look_lets_everybody_in(net):
    """Without the list, the claim about revocation must not hold."""
    own, = (each for each in net["gw"].services if each.name == "tunnel")
    lax = Lax(**vars(own))
    swap(net, own, lax)
    try:
        verdict = revoked("carol", other="alice", server="gw", target=INTRANET).ask(net)
    finally:
        swap(net, lax, own)
    for user in "alice", "bob", "carol":
        reachable(user, INTRANET, within=ARRIVAL).verify(net)

    assert verdict.outcome is Outcome.NOT_HELD
    assert verdict.seen == "carol came back"


def test_only_users_can_be_revoked(net):
    with pytest.raises(NoSuchThing, match="no user is called 'mallory'; there are: alice, bob, carol"):
        revoke(net, "gw", "mallory")


def swap(net, old, new):
    services = net["gw"].services
    net["gw"].supervisor.stop("tunnel")
    services[services.index(old)] = new
    net["gw"].supervisor.start(new)
    for user in "alice", "carol":
        reachable(user, INTRANET, within=ARRIVAL).verify(net)
