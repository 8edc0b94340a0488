"""Whether a large Internet has come to rest: next hops of all routers towards all ASes, against the computed ones.

Reading whole tables with their attributes would take longer than BGP needs to fill them. Next hops are enough: a
path is the next AS, and then that AS's own path (RFC 4271), so where all next hops are right, all paths are.
"""

from collections.abc import Iterator

from ..routing.gao_rexford import BestPaths
from . import ways
from .facts import far_ends
from .telling import internet_of


class Convergence:
    """What every router must choose; ``reached`` asks those that had not chosen it yet."""

    def __init__(self, net):
        self.net, self.internet = net, internet_of(net)
        self.expected = self._expected()
        self.waiting_for = list(self.internet.ases)

    def reached(self) -> bool:
        """Whether each router was once seen to be right. See ``wrong`` for whether all are now."""
        while self.waiting_for and self.is_right(self.waiting_for[-1]):
            self.waiting_for.pop()
        return not self.waiting_for

    def wrong(self) -> Iterator[int]:
        """The ASes that do not choose as computed."""
        return (asn for asn in self.internet.ases if not self.is_right(asn))

    def is_right(self, asn: int) -> bool:
        return ways.next_hops(self.net, f"as{asn}") == self.expected[asn]

    def _expected(self) -> dict[int, dict[str, str]]:
        """By AS: each prefix of the others, and the address of the router that must be next."""
        expected: dict[int, dict[str, str]] = {asn: {} for asn in self.internet.ases}
        address = {asn: next_addresses(self.net, asn) for asn in self.internet.ases}
        best = BestPaths(self.internet)
        for dst, system in self.internet.ases.items():
            prefixes = [str(prefix) for prefix in system.prefixes]
            for asn, hop in best.towards(dst).items():
                for prefix in prefixes if asn != dst else ():
                    expected[asn][prefix] = address[asn][hop.via]
        return expected


def next_addresses(net, asn: int) -> dict[int, str]:
    """The address at which an AS's router reaches each neighbouring AS."""
    ends = (far for intf in net[f"as{asn}"].intfList() if "role" in intf.params for far in far_ends(intf))
    return {far.node.params["asn"]: far.IP() for far in ends}
