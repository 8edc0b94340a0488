"""WireGuard tunnels (wg(8)): in the kernel where it has them, else by wireguard-go."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..capability import WIREGUARD, Capability, find
from ..command import attempt, run
from ..keys import Keyring
from .service import Service
from .site import Site

MTU = 1420  # bytes: 1500 less an IPv6 header (40), UDP (8) and WireGuard's own (32)
CAPABLE = Capability("WireGuard, in the kernel or as the program wireguard-go",
                     lambda: find("wg") is not None and (WIREGUARD.present or find("wireguard-go") is not None),
                     "run vagrant/provision.sh as root")


@dataclass(frozen=True)
class Peer:
    """Somebody at the other end: whose key it must have, which addresses are behind it, and where it is.

    Without an ``endpoint`` it must call first. ``keepalive`` is in seconds; it holds a mapping of a NAT open.
    """

    name: str
    allowed: Sequence[str]
    endpoint: str | None = None
    keepalive: int = 0


@dataclass
class WireGuard(Service):
    """One interface and its peers. ``identity`` is the name on the key in ``keys`` that it uses."""

    identity: str
    keys: Keyring = field(repr=False)
    peers: Sequence[Peer]
    address: str
    interface: str = "wg0"
    port: int = 51820
    name: str = "wireguard"

    @classmethod
    def between(cls, here: Site, there: Site, keys: Keyring, calls: bool = True) -> "WireGuard":
        """The end ``here`` of a tunnel between sites. Whoever has something to send calls."""
        peer = Peer(there.gateway, [there.network], f"{there.public}:51820")
        return cls(here.gateway, keys, [peer], f"{here.inside}/32", name="tunnel")

    def files(self, node):
        return {self.file: configuration(self)}

    def commands(self, node):
        return [] if WIREGUARD.present else [["wireguard-go", "-f", self.interface]]

    def ready(self, node):
        return WIREGUARD.present or attempt(node, "wg", "show", self.interface).returncode == 0

    def started(self, node):
        if WIREGUARD.present:
            run(node, "ip", "link", "add", self.interface, "type", "wireguard")
        run(node, "wg", "setconf", self.interface, node.supervisor.directory / self.file)
        run(node, "ip", "-batch", "-", stdin=plumbing(self))

    def stopped(self, node):
        if WIREGUARD.present:
            attempt(node, "ip", "link", "delete", self.interface)

    @property
    def file(self) -> str:
        return f"{self.interface}.secret"


def configuration(end: WireGuard) -> str:
    """What ``wg setconf`` reads."""
    lines = ["[Interface]", f"PrivateKey = {end.keys[end.identity].private}", f"ListenPort = {end.port}"]
    for peer in end.peers:
        lines += ["[Peer]", f"PublicKey = {end.keys[peer.name].public}", f"AllowedIPs = {', '.join(peer.allowed)}"]
        lines += [f"Endpoint = {peer.endpoint}"] if peer.endpoint else []
        lines += [f"PersistentKeepalive = {peer.keepalive}"] if peer.keepalive else []
    return "\n".join(lines) + "\n"


def plumbing(end: WireGuard) -> str:
    """The interface's address and routes, for ``ip -batch``."""
    lines = [f"address add {end.address} dev {end.interface}", f"link set {end.interface} mtu {MTU} up"]
    lines += [f"route replace {prefix} dev {end.interface}" for peer in end.peers for prefix in peer.allowed]
    return "\n".join(lines) + "\n"
