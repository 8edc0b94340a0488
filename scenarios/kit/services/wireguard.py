"""WireGuard tunnels (wg(8)): in the kernel where it has them, else by wireguard-go."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..capability import WIREGUARD, Capability, find
from ..command import attempt, run
from ..keys import Keyring
from .service import Service, listening_at
from .site import Site

MTU = 1420  # bytes: 1500 less an IPv6 header (40), UDP (8) and WireGuard's own (32)
PORT = 51820
KEEPALIVE = 5  # seconds: a NAT forgets a UDP mapping after 30 or more (RFC 4787)
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
    port: int = PORT
    name: str = "wireguard"

    @classmethod
    def between(cls, here: Site, there: Site, keys: Keyring, calls: bool = True) -> "WireGuard":
        """The end ``here`` of a tunnel between sites. Whoever has something to send calls."""
        peer = Peer(there.gateway, [there.network], f"{there.public}:{PORT}")
        return cls(here.gateway, keys, [peer], f"{here.inside}/32", name="tunnel")

    def files(self, node):
        return {self.file: configuration(self)}

    def commands(self, node):
        return [] if WIREGUARD.present else [["wireguard-go", "-f", self.interface]]

    def ready(self, node):
        """Never ask wg(8) too early: it removes a socket at which nobody listens yet."""
        return WIREGUARD.present or listening_at(node, f"/var/run/wireguard/{self.interface}.sock")

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


def full_mesh(addresses: Mapping[str, str], public: Mapping[str, str], relay: str, keys: Keyring
              ) -> dict[str, WireGuard]:
    """An end for each of the ``addresses``, by name, with every other as its peer. Only those with a ``public``
    address can be called; the others call them, and reach each other by the ``relay``."""
    hidden = [name for name in addresses if name not in public]

    def peers(own: str) -> Iterator[Peer]:
        for name in addresses:
            if name != own and not {own, name} <= set(hidden):
                beyond = [f"{addresses[each]}/32" for each in hidden if each != own] if name == relay else []
                beyond = beyond if own in hidden else []
                yield Peer(name, [f"{addresses[name]}/32", *beyond], public.get(name) and f"{public[name]}:{PORT}",
                           KEEPALIVE if own in hidden else 0)

    return {name: WireGuard(name, keys, list(peers(name)), f"{address}/32", "mesh0", name="mesh")
            for name, address in addresses.items()}


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
