"""OpenVPN tunnels (openvpn(8)) with certificates: between two sites, and for users from anywhere."""

from dataclasses import dataclass, field
from ipaddress import ip_network

from ..keys import Keyring
from .service import Service, listening
from .site import Site

PORT = 1194
SITES = """\
dev tun0
dev-type tun
proto udp4
topology subnet
route {network.network_address} {network.netmask}
ca ca.crt
cert own.crt
key own.key
data-ciphers AES-256-GCM
tun-mtu 1420
mssfix 0
ping 1
ping-restart 5
verb 1
"""
LISTENS = f"""\
mode server
tls-server
port {PORT}
ifconfig 10.99.0.1 255.255.255.0
route-gateway 10.99.0.2
push "topology subnet"
push "route-gateway 10.99.0.1"
client-config-dir clients
ccd-exclusive
dh none
"""
CALLS = f"""\
client
remote {{there.public}} {PORT}
route-gateway 10.99.0.1
verify-x509-name {{there.gateway}} name
nobind
tls-timeout 1
connect-retry 1 1
auth-retry nointeract
"""
KNOWN = """\
ifconfig-push 10.99.0.2 255.255.255.0
iroute {network.network_address} {network.netmask}
"""


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
        own, network = self.keys.authority.issue(self.identity), ip_network(self.there.network)
        role = CALLS.format(there=self.there) if self.calls else LISTENS
        files = {"openvpn.conf": SITES.format(network=network) + role, "ca.crt": self.keys.authority.certificate,
                 "own.crt": own.certificate, "own.key": own.key}
        return files | ({} if self.calls else {f"clients/{self.there.gateway}": KNOWN.format(network=network)})

    def commands(self, node):
        return [["openvpn", "--cd", str(node.supervisor.directory), "--config", "openvpn.conf"]]

    def ready(self, node):
        """It listens; whether the other end answers is not for one end to say."""
        return self.calls or listening(node, PORT, "udp")
