"""OpenVPN tunnels (openvpn(8)) with certificates: between two sites, and for users from anywhere."""

from dataclasses import dataclass, field
from ipaddress import ip_network

from ..command import attempt
from ..keys import Keyring
from .service import Service, listening
from .site import Site

PORT = 1194
ALIVE = "ping 1\nping-restart 5"  # seconds: told at once when the other end is gone

POINT_TO_POINT = """\
dev tun0
dev-type tun
proto udp4
{role}
ifconfig {here.inside} {there.inside}
route {network.network_address} {network.netmask}
ca ca.crt
cert own.crt
key own.key
dh none
data-ciphers AES-256-GCM
verify-x509-name {there.gateway} name
tls-timeout 1
tun-mtu 1420
mssfix 0
persist-tun
{alive}
verb 1
"""
LISTENS = f"tls-server\nport {PORT}"
CALLS = f"tls-client\nremote {{there.public}} {PORT}\nnobind\nconnect-retry 1 2"


@dataclass
class OpenVPN(Service):
    """The end ``here`` of a tunnel between two sites; one of them calls. ``identity`` is the name it shows a
    certificate for."""

    here: Site
    there: Site
    keys: Keyring = field(repr=False)
    calls: bool
    identity: str
    name: str = "openvpn"

    @classmethod
    def between(cls, here: Site, there: Site, keys: Keyring, calls: bool) -> "OpenVPN":
        return cls(here, there, keys, calls, here.gateway, "tunnel")

    def files(self, node):
        own = self.keys.authority.issue(self.identity)
        role = CALLS.format(there=self.there) if self.calls else LISTENS
        text = POINT_TO_POINT.format(here=self.here, there=self.there, network=ip_network(self.there.network),
                                     role=role, alive=ALIVE)
        return {"openvpn.conf": text, "ca.crt": self.keys.authority.certificate, "own.crt": own.certificate,
                "own.key": own.key}

    def commands(self, node):
        return [["openvpn", "--cd", str(node.supervisor.directory), "--config", "openvpn.conf"]]

    def ready(self, node):
        """The interface is there; whether the other end answers is not for one end to say."""
        there = attempt(node, "ip", "link", "show", "tun0", "up").returncode == 0
        return there and (self.calls or listening(node, PORT, "udp"))
