"""What devices have learned."""

from .. import probes, tables
from ..expect import claims
from ..openflow import mac_table


@claims("{switch} has learned {ports}")
def learned(net, switch: str, ports: dict[str, str]) -> str | None:
    """The switch knows each host at its port: ``learned("s1", {"a": "s1-eth1"})``."""
    table = mac_table(net, switch)
    wrong = {host: table.get(net[host].MAC(), "nowhere") for host, port in ports.items()
             if table.get(net[host].MAC()) != port}
    return f"it knows {wrong}" if wrong else None


@claims("{switch} has forgotten {host}", within=8)
def forgotten(net, switch: str, host: str) -> str | None:
    """A host that stays silent ages out of the switch's table."""
    port = mac_table(net, switch).get(net[host].MAC())
    return f"it still knows it at {port}" if port else None


def has_address(net, node: str, address: str) -> bool:
    """Whether a node holds this address with this prefix length, by its own kernel's account."""
    return address in tables.addresses(net, node)


def loopback_up(net, node: str) -> bool:
    """Whether a node can talk to itself."""
    return probes.ping(net, node, "127.0.0.1", wait=0.5).answered
