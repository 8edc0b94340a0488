"""A network of switches as one learning bridge (IEEE 802.1Q), with shortest paths instead of a spanning tree's.

Frames never wait for us: switches flood what they do not know, while we learn from a copy.
"""

from collections.abc import Iterable

from controllers import cookie, lldp
from controllers.cookie import Kind
from controllers.discovery import Record
from controllers.fabric import Fabric, toward_number
from controllers.frames import is_multicast, parse
from controllers.pipeline import Pipeline
from controllers.rules import VLAN_PRESENT, Flow, Table
from controllers.settings import FabricSettings
from controllers.stations import Address, StationTable
from controllers.topology import Endpoint, Role

QUARANTINE = 60  # seconds without learning


class Bridge(Fabric):
    def __init__(self, settings: FabricSettings, pipeline: Pipeline, key: bytes, now: float, record: Record) -> None:
        super().__init__(settings, pipeline, key, now, record)
        self.stations = StationTable()

    def frame_received(self, place: Endpoint, data: bytes, table: int = Table.LEARN, expired: bool = False) -> None:
        """A switch shows us a frame: an announcement, or the first of a station it does not know.

        `table` is where it met the rule that shows it; `expired` says that its TTL ran out there.
        """
        frame = parse(data)
        if frame is None or place.dpid not in self.topology.switches:
            return
        if frame.destination == lldp.DESTINATION:
            self.discovery.heard(place, data)
            self.finish_restoring()
        elif table == Table.LEARN and not is_multicast(frame.source) and self.topology.role(place) is Role.EDGE:
            self.learn(Address(frame.vlan if self.pipeline.vlans.aware else None, frame.source), place)

    # --- stations come, move and go ---

    def learn(self, address: Address, place: Endpoint) -> None:
        before = self.stations.place(address)
        if before == place or self.restoring:
            return
        if self.stations.population(place) >= self.settings.max_stations:
            self._quarantine(place)
            return
        self.stations.learn(address, place)
        self.record("station_moved" if before else "station_learned", **self.describe(address, place))
        self.enter_station(address, place)

    def forget(self, address: Address) -> None:
        place = self.stations.place(address)
        if place is None:
            return
        self.stations.forget(address)
        self.record("station_forgotten", **self.describe(address, place))
        for dpid, ledger in self.ledgers.items():
            self.send(dpid, ledger.replace(address, ()))

    def left(self, place: Endpoint) -> None:
        super().left(place)
        for address in self.stations.at(place):
            self.forget(address)

    def flow_expired(self, dpid: int, flow: Flow) -> None:
        """A switch has removed a rule whose time was up."""
        mark, fields = cookie.read(flow.cookie), dict(flow.match)
        if mark is None or "in_port" not in fields:
            return
        place = Endpoint(dpid, fields["in_port"])
        if mark.kind is Kind.STATION and self.stations.place(address_in(fields)) == place:
            self.forget(address_in(fields))
        elif mark.kind is Kind.QUARANTINE:
            self.ledgers[dpid].forget(("quarantine", place.port))

    def _quarantine(self, place: Endpoint) -> None:
        rule = self.pipeline.quarantine(place.port, QUARANTINE)
        self.send(place.dpid, self.ledgers[place.dpid].replace(("quarantine", place.port), [rule]))
        self.record("quarantine", **self.describe(None, place))

    # --- what switches hold about them ---

    def enter_station(self, address: Address, place: Endpoint) -> None:
        """Tell every switch where a station is."""
        self.need_way_to(place.dpid)
        for dpid, ledger in self.ledgers.items():
            self.send(dpid, ledger.replace(address, self.station_flows(dpid, address, place)))

    def station_flows(self, dpid: int, address: Address, place: Endpoint) -> Iterable[Flow]:
        """A switch's rules for a station."""
        if dpid != place.dpid:
            return [self.pipeline.station_there(address, toward_number(place.dpid))]
        port = self.topology.port(place)
        return self.pipeline.station_here(address, port, self.settings.idle_timeout) if port else ()

    def activated(self, dpid: int) -> None:
        for address, place in list(self.stations):
            self.enter_station(address, place)

    def restore(self, dpid: int, flow: Flow) -> None:
        mark, fields = cookie.read(flow.cookie), dict(flow.match)
        if mark is None or mark.kind is not Kind.STATION or "eth_src" not in fields:
            return
        address, place = address_in(fields), Endpoint(dpid, fields["in_port"])
        if (address.vlan is not None) == self.pipeline.vlans.aware and self.topology.role(place) is Role.EDGE:
            self.stations.learn(address, place)

    def describe(self, address: Address | None, place: Endpoint) -> dict:
        """For people."""
        who = {"mac": address.mac, "vlan": address.vlan} if address else {}
        return {**who, "switch": self.topology.switches[place.dpid].name, "port": self.discovery.name(place)}


def address_in(fields: dict) -> Address:
    """The station that a learning rule is about."""
    vlan = fields.get("vlan_vid")
    return Address(vlan & ~VLAN_PRESENT if vlan else None, fields["eth_src"])
