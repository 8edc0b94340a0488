from contextlib import contextmanager

from scenarios.dhcp import HOME, KEPT, MAC, POOL, ROUTER, TOLD, scenario  # noqa: F401
from scenarios.kit.actions import halt, resume, substitute
from scenarios.kit.claims.dhcp import borrows, configured, offered_nothing, renews
from scenarios.kit.services import DhcpServer

WIDE = "192.168.1.100-192.168.1.103"


def test_claim(net, claim):
    claim.verify(net)


def test_without_a_server_questions_stay_open(net):
    halt(net, "dhcp", "router")
    try:
        assert set(borrows("laptop", "router").ask(net, 0).seen.split(" heard ")[1].split(", ")) == {"DISCOVER"}
    finally:
        resume(net, "dhcp", "router")
    borrows("laptop", "router").verify(net)


def test_without_a_reservation_the_printer_gets_any_address(net):
    with lending(net, WIDE):
        assert "it was told" in configured("printer", pool=KEPT, **TOLD).ask(net, 0).seen
    configured("printer", pool=KEPT, **TOLD).verify(net)


def test_a_larger_pool_has_an_address_for_the_guest(net):
    with lending(net, WIDE, {MAC: KEPT}):
        seen = offered_nothing("guest", "router", control="tv").ask(net, 0).seen
        assert "OFFER" in seen or "ACK" in seen  # a client that was lent one while the pool was larger requests it
    offered_nothing("guest", "router", control="tv").verify(net)


def test_a_lease_that_the_server_has_forgotten_is_not_renewed(net):
    halt(net, "dhcp", "router")
    (net["router"].supervisor.directory / "dnsmasq.leases").write_text("")
    net["router"].supervisor.start(DhcpServer("192.168.1.200-192.168.1.201"))
    try:
        assert "NAK" in renews("laptop", "router").ask(net, 0).seen
    finally:
        resume(net, "dhcp", "router")
    borrows("laptop", "router").verify(net)


@contextmanager
def lending(net, pool, reserved=None):
    substitute(net, DhcpServer(pool, reserved=reserved or {}), "router")
    try:
        yield
    finally:
        resume(net, "dhcp", "router")
