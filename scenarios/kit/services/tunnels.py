"""The kinds of tunnel between two sites; each class makes one end by ``between(here, there, keys, calls)``."""

from .ipsec import IPsec
from .openvpn import OpenVPN
from .wireguard import WireGuard

Tunnel = WireGuard | OpenVPN | IPsec
TUNNELS: dict[str, type[Tunnel]] = {"wireguard": WireGuard, "openvpn": OpenVPN, "ipsec": IPsec}


def end_of(net, gateway: str) -> Tunnel:
    """The gateway's end of its tunnel."""
    return next(each for each in net[gateway].services if isinstance(each, Tunnel))


def identify(net, gateway: str, identity: str) -> None:
    """Restart a gateway's end with the key of somebody else, or with its own again."""
    end = end_of(net, gateway)
    end.identity = identity
    net[gateway].supervisor.restart(end.name)
