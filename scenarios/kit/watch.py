"""Counters of every interface (/proc/net/dev), and how fast they grow."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .drawing import Drawing
from .links import place_of

FIELDS = ("rx_bytes", "rx_packets", "rx_errors", "rx_drops", "tx_bytes", "tx_packets", "tx_errors", "tx_drops")
LOSSES = [field for field in FIELDS if field.endswith(("errors", "drops"))]
COLUMNS = (0, 1, 2, 3, 8, 9, 10, 11)  # of /proc/net/dev, after the name

Counters = dict[str, dict[str, int]]


def counters(net) -> Counters:
    """By the names of interfaces (``router:wan``), those of hosts and routers, tunnels included."""
    drawing = Drawing.of(net)
    found: Counters = {}
    for node in net.hosts:
        if node.inNamespace and not drawing.is_switch(node.name):
            text = place_of(node).run(Path("/proc/thread-self/net/dev").read_text)
            found |= {f"{node.name}:{name.removeprefix(f'{node.name}-')}": values for name, values in parse(text)}
    return found


def parse(text: str) -> Iterator[tuple[str, dict[str, int]]]:
    """Name and counters of each line of /proc/net/dev but the loopback's."""
    for line in text.splitlines()[2:]:
        name, _, numbers = line.strip().partition(":")
        values = [int(word) for word in numbers.split()]
        if name != "lo":
            yield name, {field: values[column] for field, column in zip(FIELDS, COLUMNS, strict=True)}


@dataclass(frozen=True)
class Rate:
    """What crossed an interface in a second: bits and packets, received and sent; errors and drops in all."""

    where: str
    rx_bits: float
    tx_bits: float
    rx_packets: float
    tx_packets: float
    lost: int


def rates(before: Counters, now: Counters, seconds: float) -> list[Rate]:
    """How fast they grew; interfaces that are new are left out."""
    def each(where: str, field: str) -> float:
        return (now[where][field] - before[where][field]) / seconds

    return [Rate(where, each(where, "rx_bytes") * 8, each(where, "tx_bytes") * 8, each(where, "rx_packets"),
                 each(where, "tx_packets"), sum(now[where][field] for field in LOSSES))
            for where in now if where in before]
