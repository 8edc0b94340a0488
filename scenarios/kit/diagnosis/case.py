"""All that is known of one failed question: the drawing, the facts of every node, and the packet's journey."""

from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address, ip_network

from ..drawing import Drawing, End
from ..facts import Facts, World
from ..journey import Ask, Journey

PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))  # RFC 1918, 6598


@dataclass(frozen=True)
class Case:
    """``lab`` are the facts of the namespace in which the switches live."""

    drawing: Drawing
    world: World
    lab: Facts
    journey: Journey

    @property
    def ask(self) -> Ask:
        return self.journey.ask

    @cached_property
    def there(self):
        """The packets of the way there, without what tunnels wrap."""
        return self.journey.there

    def end(self, node: str, interface: str | None) -> End | None:
        """The end in the drawing, by its short name or the kernel's."""
        return next((end for end in self.drawing.ends_of(node)
                     if interface in (end.interface, end.name.partition(":")[2])), None)

    def facts_of(self, end: End) -> Facts:
        """The facts of the namespace in which an end lies."""
        return self.lab if self.drawing.is_switch(end.node) else self.world[end.node]

    def holders(self, address: str) -> list[str]:
        """The nodes that have an address now, whoever has it in the drawing."""
        return [name for name, facts in self.world.items() if facts.holds(address)]

    def holders_near(self, end: End, address: str) -> list[End]:
        """Ends of the same segment whose nodes have the address there."""
        return [each for each in self.drawing.segment(end)
                if self.world[each.node].holds(address) == each.interface]


def is_private(address: str) -> bool:
    """Whether an address means nothing outside (RFC 1918)."""
    number = ip_address(address)
    return number.version == 4 and any(number in network for network in PRIVATE)
