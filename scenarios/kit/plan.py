"""An address plan: a block cut into subnets, who lives where, and what arithmetic says of who reaches whom."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from itertools import combinations, permutations
from math import ceil, log2
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from .addressing import Subnet
from .routing.data_file import Misfit, load

Pair = tuple[str, str]
DIRECT, ROUTED = "direct", "routed"


class Part(BaseModel):
    """One subnet; ``capacity`` is how many hosts it must have room for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    network: IPv4Network
    hosts: Mapping[str, IPv4Address]
    capacity: int = Field(default=1, ge=1)

    @property
    def subnet(self) -> Subnet:
        return Subnet(self.network)

    @property
    def gateway(self) -> IPv4Address:
        """The router's address: the first."""
        return self.network[1]

    @property
    def usable(self) -> int:
        """How many hosts can have an address: all but the network's own, the router's and the broadcast address."""
        return self.network.num_addresses - 3

    def numbers(self) -> dict[str, int]:
        """Each host's number in the subnet."""
        return {name: int(address) - int(self.network[0]) for name, address in self.hosts.items()}


class Plan(BaseModel):
    """The whole block."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    block: IPv4Network
    subnets: Mapping[str, Part]

    @classmethod
    def read(cls, path: Path) -> "Plan":
        """A plan from its YAML file. Raises BadData with file, line and remedy."""
        return load(path, cls)

    def check(self) -> None:
        """Raise Misfit where the plan contradicts itself."""
        for name, part in self.subnets.items():
            _check_size(name, part, self.block)
            for host, address in part.hosts.items():
                _check_address(name, part, host, address)
        for (one, first), (other, second) in combinations(self.subnets.items(), 2):
            if first.network.overlaps(second.network):
                place = ("subnets", other, "network")
                raise Misfit(place, f"{second.network} overlaps {one}'s {first.network}; move one of them")
            for host in first.hosts.keys() & second.hosts.keys():
                raise Misfit(("subnets", other, "hosts", host), f"{host} lives in {one}, too; rename one of them")

    def stations(self) -> list["Station"]:
        """Every host, with the mask of its subnet."""
        return [Station(host, name, IPv4Interface((address, part.network.prefixlen)), part.gateway)
                for name, part in self.subnets.items() for host, address in part.hosts.items()]

    def table(self) -> str:
        """The plan as people draw it up, a line for each subnet."""
        rows = [("subnet", "network", "mask", "gateway", "first", "last", "broadcast", "room")]
        rows += [(name, str(part.network), str(part.network.netmask), str(part.gateway), str(part.network[2]),
                  str(part.network[-2]), str(part.network.broadcast_address), str(part.usable))
                 for name, part in self.subnets.items()]
        return aligned(rows)


@dataclass(frozen=True)
class Station:
    """A host as its own kernel sees things: its address and mask, and its gateway; and the ``wire`` that it is on."""

    name: str
    wire: str
    interface: IPv4Interface
    gateway: IPv4Address

    def sends(self, other: "Station") -> str | None:
        """How a packet for another station gets there, or None if it does not: RFC 1122 section 3.3.1.1."""
        mine = self.interface.network
        if other.interface.ip in (mine.broadcast_address, mine.network_address) and mine.prefixlen < 31:
            return None
        if other.interface.ip in mine:
            return DIRECT if other.wire == self.wire else None
        return ROUTED if self.gateway in mine else None

    def masked(self, length: int) -> "Station":
        """The same host with another prefix length."""
        return Station(self.name, self.wire, IPv4Interface((self.interface.ip, length)), self.gateway)


@dataclass(frozen=True)
class Fate:
    """What becomes of a question: how it ``comes`` to whom it is for, if it does, and whether it is ``answered``."""

    comes: str | None
    answered: bool

    def __str__(self) -> str:
        return f"{self.comes or 'lost'}{'' if self.answered else ', unanswered'}"


def fates(stations: Iterable[Station]) -> dict[Pair, Fate]:
    """What arithmetic says, for every ordered pair: an answer needs the way there and the way back."""
    ways = {(a.name, b.name): a.sends(b) for a, b in permutations(stations, 2)}
    return {(a, b): Fate(way, bool(way and ways[b, a])) for (a, b), way in ways.items()}


def prefix_for(hosts: int) -> int:
    """The longest prefix length with room for so many hosts.

    >>> prefix_for(1000), prefix_for(62), prefix_for(63)
    (22, 26, 25)
    """
    return 32 - ceil(log2(hosts + 2))


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """A table in columns, with blanks between.

    >>> print(aligned([("a", "bb"), ("ccc", "d")]))
    a    bb
    ccc  d
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _check_size(name: str, part: Part, block: IPv4Network) -> None:
    place = ("subnets", name)
    if not part.network.subnet_of(block):
        raise Misfit((*place, "network"), f"{part.network} is not part of the block {block}; choose one within")
    if part.capacity > part.usable:
        raise Misfit((*place, "capacity"), f"{part.network} has room for {part.usable} hosts, not {part.capacity}; "
                     f"make it a /{prefix_for(part.capacity + 1)}")


def _check_address(name: str, part: Part, host: str, address: IPv4Address) -> None:
    taken: Iterator[str] = (f"the {what}" for what, it in (
        ("network's own", part.network[0]), ("router's", part.gateway), ("broadcast address", part.network[-1]))
        if address == it)
    problem = next(taken, None) or (None if address in part.network else f"not in {part.network}")
    if problem:
        raise Misfit(("subnets", name, "hosts", host), f"{address} is {problem}; choose one from {part.network[2]} "
                     f"to {part.network[-2]}")
