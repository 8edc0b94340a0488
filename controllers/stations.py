"""Where each station was last seen: IEEE 802.1Q's filtering database, for a whole network of switches."""

from collections import Counter
from typing import NamedTuple

from controllers.topology import Endpoint


class Address(NamedTuple):
    """A station's name to a bridge. `vlan` is None where VLANs are not told apart."""

    vlan: int | None
    mac: str


class StationTable:
    """
    >>> table = StationTable()
    >>> table.learn(Address(None, "00:00:00:00:00:01"), Endpoint(1, 3))
    >>> table.place(Address(None, "00:00:00:00:00:01"))
    Endpoint(dpid=1, port=3)
    """

    def __init__(self) -> None:
        self._places: dict[Address, Endpoint] = {}
        self._population: Counter[Endpoint] = Counter()

    def __iter__(self):
        return iter(self._places.items())

    def __len__(self) -> int:
        return len(self._places)

    def learn(self, address: Address, place: Endpoint) -> None:
        self.forget(address)
        self._places[address] = place
        self._population[place] += 1

    def forget(self, address: Address) -> None:
        place = self._places.pop(address, None)
        if place is not None:
            self._population[place] -= 1

    def place(self, address: Address) -> Endpoint | None:
        return self._places.get(address)

    def population(self, place: Endpoint) -> int:
        """How many stations live behind a port."""
        return self._population[place]

    def at(self, place: Endpoint) -> list[Address]:
        return [address for address, home in self._places.items() if home == place]
