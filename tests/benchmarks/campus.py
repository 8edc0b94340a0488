"""The network that all contenders build: a core switch, √n switches around it, and √n hosts at each of those."""

from itertools import count
from math import ceil, sqrt

from mininet.topo import Topo


class Campus(Topo):
    """``n`` hosts; at 64, 256 and 1,024 the same as Mininet's TreeTopo of depth 2."""

    def build(self, n=64):
        core, host = self.addSwitch("s1"), count(1)
        for number, size in enumerate(groups(n), 2):
            switch = self.addSwitch(f"s{number}")
            self.addLink(core, switch)
            for _ in range(size):
                self.addLink(switch, self.addHost(f"h{next(host)}"))


class Row(Topo):
    """``n`` switches one after another, a host at each end: what a controller has to connect."""

    def build(self, n=20):
        switches = [self.addSwitch(f"s{number}") for number in range(1, n + 1)]
        for left, right in zip(switches, switches[1:], strict=False):
            self.addLink(left, right)
        self.addLink(self.addHost("h1"), switches[0])
        self.addLink(self.addHost("h2"), switches[-1])


def groups(n: int) -> list[int]:
    """How many hosts at each switch.

    >>> groups(64), groups(10)
    ([8, 8, 8, 8, 8, 8, 8, 8], [4, 3, 3])
    """
    count = ceil(n / round(sqrt(n)))
    return [n // count + (number < n % count) for number in range(count)]
