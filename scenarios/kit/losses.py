"""A wire that loses packets, by count and not by chance: what is claimed of it is the same in every run.

Each end drops every so-manieth IP packet that comes in, before its kernel looks at it (nft(8), hook ingress). It
needs no netem, which not every kernel has.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from . import selector
from .command import run
from .services.nftables import rules

TABLE = "losses"
RULES = """\
table netdev losses {{
  chain ingress {{
    type filter hook ingress device "{card}" priority 0
    meta protocol {{ ip, ip6 }} numgen inc mod {every} == {last} counter drop
  }}
}}
"""


@contextmanager
def losing(net, wire: str, every: int) -> Iterator[None]:
    """Lose one in ``every`` packets, in each direction, for as long as the ``with`` block lasts.

    Large segments are cut before they are sent (no TSO), so that what counts as a packet is one on the wire.
    """
    ends = selector.interfaces(net, wire)
    for end in ends:
        run(end.node, "ethtool", "-K", end.name, "tso", "off")
        run(end.node, "nft", "-f", "-", stdin=RULES.format(card=end.name, every=every, last=every - 1))
    try:
        yield
    finally:
        for end in ends:
            run(end.node, "nft", "delete", "table", "netdev", TABLE)
            run(end.node, "ethtool", "-K", end.name, "tso", "on")


def lost(net, wire: str) -> int:
    """How many packets the wire has lost so far, by the kernels' own counters."""
    found = (rule for end in selector.interfaces(net, wire) for rule in rules(net, end.node.name, TABLE))
    return sum(part["counter"]["packets"] for rule in found for part in rule["expr"] if "counter" in part)
