"""What devices have learned."""

from ..expect import claims
from .. import probes, tables
from ..openflow import mac_table


@claims("{switch} has learned {ports}")
def learned(net, switch: str, **ports: str) -> str | None:
    """The switch knows each host's address at the port that the host is plugged into: ``learned("s1", a="s1-eth1")``."""
    table = mac_table(net, switch)
    wrong = {host: table.get(net[host].MAC(), "nowhere") for host, port in ports.items()
             if table.get(net[host].MAC()) != port}
    return f"it knows {wrong}" if wrong else None


def has_address(net, node: str, address: str) -> bool:
    """Whether a node holds this address with this prefix length, by its own kernel's account."""
    return address in tables.addresses(net, node)


def loopback_up(net, node: str) -> bool:
    """Whether a node can talk to itself."""
    return probes.ping(net, node, "127.0.0.1", wait=0.5).answered
