"""The JSON view over HTTP: what the controller knows (`view`), and what its switches count."""

import json
import socket
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from controllers import openflow, view
from controllers.application import Application, Resources
from controllers.journal import Journal

Query = dict[str, str]


class Rest:
    """A WSGI application. Each resource is a function of the query that returns data for JSON."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        name = environ["PATH_INFO"].strip("/")
        query = {key: values[0] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        if environ["REQUEST_METHOD"] != "GET":
            return _reply(start_response, "405 Method Not Allowed", {"error": "only GET is understood"})
        if not name:
            return _reply(start_response, "200 OK", sorted(self._resources))
        if name not in self._resources:
            found = f"there is no {name}; choose from: {', '.join(sorted(self._resources))}"
            return _reply(start_response, "404 Not Found", {"error": found})
        return _reply(start_response, "200 OK", self._resources[name](query))


class View:
    """The resources of an application of ours."""

    def __init__(self, application: Application) -> None:
        self._application, self._bridge = application, application.bridge

    def resources(self) -> Resources:
        return {
            "switches": lambda query: view.switches(self._bridge),
            "links": lambda query: view.links(self._bridge),
            "hosts": lambda query: view.hosts(self._bridge),
            "tables": lambda query: view.tables(self._bridge),
            "path": lambda query: view.path(self._bridge, query.get("from", ""), query.get("to", "")),
            "flows": self._flows,
            "groups": self._groups,
            "counters": self._counters,
            **self._application.resources(),
        }

    def _flows(self, query: Query) -> dict[str, list]:
        """Each switch's rules, with what they have counted; `?switch=s1` for one of them."""
        return {name: self._counted(dpid) for name, dpid in self._chosen(query)}

    def _counted(self, dpid: int) -> list[dict[str, Any]]:
        ours = {rule.key: rule for rule in self._bridge.ledgers[dpid].flows}
        entries = [(openflow.read_flow(entry), entry)
                   for entry in self._application.inquire(dpid, openflow.flows_request)]
        return [{**view.flow(ours.get(rule.key, rule)), "packets": entry.packet_count, "bytes": entry.byte_count,
                 "seconds": entry.duration_sec} for rule, entry in entries]

    def _groups(self, query: Query) -> dict[str, list]:
        ledgers = self._bridge.ledgers
        return {name: [view.group(group) for group in ledgers[dpid].groups] for name, dpid in self._chosen(query)}

    def _counters(self, query: Query) -> dict[str, dict[str, dict[str, int]]]:
        """Each port's packets, bytes and drops."""
        return {name: self._ports(dpid) for name, dpid in self._chosen(query)}

    def _ports(self, dpid: int) -> dict[str, dict[str, int]]:
        names = {port.number: port.name for port in self._bridge.topology.switches[dpid].ports.values()}
        return {names[entry.port_no]: {field: getattr(entry, field) for field in (
                    "rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_dropped", "tx_dropped")}
                for entry in self._application.inquire(dpid, openflow.ports_request) if entry.port_no in names}

    def _chosen(self, query: Query) -> list[tuple[str, int]]:
        switches = self._bridge.topology.switches.values()
        return [(switch.name, switch.dpid) for switch in switches if query.get("switch", switch.name) == switch.name]


def _reply(start_response: Callable, status: str, data: Any) -> list[bytes]:
    body = json.dumps(data, default=str, indent=1).encode() + b"\n"
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def of(applications: list[Any], journal: Journal) -> Rest:
    """The view of these applications. Of one that is not ours only the journal is known."""
    resources: Resources = {"events": lambda query: list(journal.events)}
    for application in applications:
        if isinstance(application, Application):
            resources |= View(application).resources()
    return Rest(resources)


def serve(listener: socket.socket, application: Callable) -> None:
    """Have a WSGI application answer on a listening socket, for ever, without holding anything else up."""
    import eventlet.wsgi
    from eventlet.greenio import GreenSocket
    from ryu.lib import hub

    hub.spawn(eventlet.wsgi.server, GreenSocket(listener), application, log_output=False, debug=False)
