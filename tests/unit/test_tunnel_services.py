"""What is written for the daemons of tunnels: pure text, from sites and keys."""

from scenarios.kit.keys import Keyring
from scenarios.kit.services.site import Site
from scenarios.kit.services.wireguard import Peer, WireGuard, configuration, plumbing

A = Site("gw_a", "198.51.100.2", "192.168.1.0/24", "192.168.1.1")
B = Site("gw_b", "203.0.113.2", "192.168.2.0/24", "192.168.2.1")


def test_wireguard_reads_who_its_peers_are():
    keys = Keyring()

    text = configuration(WireGuard.between(A, B, keys))

    assert text.splitlines() == [
        "[Interface]", f"PrivateKey = {keys['gw_a'].private}", "ListenPort = 51820",
        "[Peer]", f"PublicKey = {keys['gw_b'].public}", "AllowedIPs = 192.168.2.0/24",
        "Endpoint = 203.0.113.2:51820"]


def test_a_peer_behind_a_nat_is_kept_open_and_has_no_endpoint():
    keys = Keyring()
    end = WireGuard("hub", keys, [Peer("roamer", ["10.0.0.2/32"], keepalive=25)], "10.0.0.1/24")

    assert "PersistentKeepalive = 25" in configuration(end)
    assert "Endpoint" not in configuration(end)


def test_routes_follow_what_peers_are_allowed():
    assert plumbing(WireGuard.between(A, B, Keyring())).splitlines() == [
        "address add 192.168.1.1/32 dev wg0", "link set wg0 mtu 1420 up", "route replace 192.168.2.0/24 dev wg0"]


def test_an_end_does_not_print_its_keys():
    keys = Keyring()
    end = WireGuard.between(A, B, keys)

    assert keys["gw_a"].private not in repr(end)
