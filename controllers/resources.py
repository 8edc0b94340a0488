"""What an application of ours shows: what it knows (`view`), and what its switches count."""

from typing import Any

from controllers import openflow, view
from controllers.application import Application
from controllers.journal import Journal
from controllers.view import Query, Resource, Resources, Row, resource

PORT_COUNTERS = "rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_dropped", "tx_dropped"


def of(applications: list[Any], journal: Journal) -> Resources:
    """What these applications show. Of one that is not ours only the journal is known."""
    found: Resources = {"events": Resource("What happened, in order.", lambda query: list(journal.events))}
    for application in applications:
        if isinstance(application, Application):
            found |= Shown(application).resources()
    return found


class Shown:
    """The resources of an application of ours."""

    def __init__(self, application: Application) -> None:
        self._application, self._bridge = application, application.bridge

    def resources(self) -> Resources:
        known = view.switches, view.ports, view.links, view.hosts, view.tables
        counted = {"flows": self._flows, "groups": self._groups, "counters": self._counters}
        return {
            **{look.__name__: resource(look, self._bridge) for look in known},
            "paths": Resource(view.first_line(view.paths), lambda query: view.paths(self._bridge, query)),
            **{name: Resource(view.first_line(ask), ask) for name, ask in counted.items()},
            **self._application.resources(),
        }

    def _flows(self, query: Query) -> list[Row]:
        """Each switch's rules: who made them, what they do, and what they have counted."""
        return [{"switch": name, **row} for name, dpid in self._chosen(query) for row in self._counted(dpid)]

    def _counted(self, dpid: int) -> list[Row]:
        ours = {rule.key: rule for rule in self._bridge.ledgers[dpid].flows}
        entries = [(openflow.read_flow(entry), entry)
                   for entry in self._application.inquire(dpid, openflow.flows_request)]
        entries.sort(key=lambda pair: (pair[0].table, -pair[0].priority))
        return [{**view.flow(ours.get(rule.key, rule)), "packets": entry.packet_count, "bytes": entry.byte_count,
                 "seconds": entry.duration_sec} for rule, entry in entries]

    def _groups(self, query: Query) -> list[Row]:
        """Each switch's groups: where it floods, and which ways it has to each other switch."""
        return [{"switch": name, **view.group(group)} for name, dpid in self._chosen(query)
                for group in self._bridge.ledgers[dpid].groups]

    def _counters(self, query: Query) -> list[Row]:
        """Each port's packets, bytes and drops."""
        return [{"switch": name, **row} for name, dpid in self._chosen(query) for row in self._ports(dpid)]

    def _ports(self, dpid: int) -> list[Row]:
        names = {port.number: port.name for port in self._bridge.topology.switches[dpid].ports.values()}
        return [{"port": names[entry.port_no], **{field: getattr(entry, field) for field in PORT_COUNTERS}}
                for entry in self._application.inquire(dpid, openflow.ports_request) if entry.port_no in names]

    def _chosen(self, query: Query) -> list[tuple[str, int]]:
        switches = self._bridge.topology.switches.values()
        return [(switch.name, switch.dpid) for switch in switches if query.get("switch", switch.name) == switch.name]
