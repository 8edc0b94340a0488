"""The lab's own Open vSwitch: its database spoken to directly (RFC 7047).

A network's bridges, ports and controllers are one transaction, and one wait for ovs-vswitchd to have done it.
"""

import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mininet import log

from . import capability, vswitchd, waiting
from .errors import LabError
from .vswitchd import LOG, RUN, connections, log_since, log_size, start, stop

RECONFIGURE = 600  # seconds: a thousand ports take two, and ten times as long on a machine that does much else
LOOK_AGAIN = 2000  # milliseconds after which we see whether ovs-vswitchd lives at all

Operation = dict[str, Any]
wanted: dict[str, int] = {}  # the number of the configuration that we asked for last
born: dict[str, int] = {}  # how long the daemon's log was when a bridge was made


@dataclass(frozen=True)
class Bridge:
    """What Open vSwitch must know of a switch. ``ports`` maps interface names to OpenFlow port numbers."""

    name: str
    datapath_id: str
    ports: dict[str, int]
    controllers: tuple[str, ...] = ()
    fail_mode: str = "secure"
    datapath_type: str = "system"
    protocols: tuple[str, ...] = ()
    patches: dict[str, str] | None = None
    max_backoff: int = 1000
    stp: bool = False


def transact(operations: list[Operation], wait: bool = True) -> list[Any]:
    """Carry out operations in one transaction, then wait until ovs-vswitchd has configured it.

    Raises LabError with what the database or the switch daemon had to say.
    """
    if not operations:
        return []
    for operation in operations if log.lg.isEnabledFor(log.LEVELS["debug"]) else ():
        log.debug(f"*** ovsdb: {json.dumps(operation)}\n")
    results = _call("transact", ["Open_vSwitch", *operations, _next_configuration(), _current_configuration()])
    _check(results)
    wanted["configuration"] = results[-1]["rows"][0]["next_cfg"]
    if wait:
        settle()
    return results


def settle() -> None:
    """Wait until ovs-vswitchd has done all that it was asked for. Raises LabError when it has died."""
    number, patience = wanted.get("configuration", 0), waiting.Deadline(RECONFIGURE)
    while (done := select("Open_vSwitch", ["cur_cfg"])[0]["cur_cfg"]) < number:
        if not vswitchd.lives("ovs-vswitchd") or not patience.left:
            raise LabError(f"ovs-vswitchd does not answer; its log: {LOG}")
        _call("transact", ["Open_vSwitch", _change_from(done)])


def add_bridges(bridges: Iterable[Bridge]) -> None:
    """Create bridges, or replace those of the same name. Raises LabError when a port could not be attached."""
    bridges = list(bridges)
    start()
    settle()
    born.update(dict.fromkeys((bridge.name for bridge in bridges), log_size()))
    transact(delete_operations([bridge.name for bridge in bridges]))
    transact([operation for bridge in bridges for operation in operations(bridge)])
    _complain_of_lost_bridges()
    _complain_of_lost_ports()


def delete_bridges(names: Iterable[str]) -> None:
    """Remove those bridges that are there. With the last one goes the switch daemon: that is faster."""
    names, present = set(names), {row["name"] for row in select("Bridge", ["name"])}
    if present and present <= names and not capability.kernel_datapath():
        stop()
    if present & names:
        transact(delete_operations(names), wait=bool(present - names))


def select(table: str, columns: list[str], where: list | None = None) -> list[dict[str, Any]]:
    """Rows of a table, as the database has them now."""
    results = _call("transact", ["Open_vSwitch", _select(table, columns, where)])
    _check(results)
    return results[0]["rows"]


def operations(bridge: Bridge) -> list[Operation]:
    """The rows that make a bridge (ovs-vswitchd.conf.db(5)); pure.

    >>> [o["table"] for o in operations(Bridge("s1", "01", {"s1-eth1": 1}))]
    ['Interface', 'Port', 'Interface', 'Port', 'Bridge', 'Open_vSwitch']
    """
    local = {"name": bridge.name, "type": "internal"}
    ports = [local, *(_interface(bridge, name, number) for name, number in bridge.ports.items())]
    rows: list[Operation] = []
    for number, interface in enumerate(ports):
        rows += [_insert("Interface", f"i{number}_{_id(bridge.name)}", interface),
                 _insert("Port", f"p{number}_{_id(bridge.name)}", {
                     "name": interface["name"], "interfaces": _named(f"i{number}_{_id(bridge.name)}")})]
    rows += [_insert("Controller", f"c{number}_{_id(bridge.name)}", {
        "target": target, "max_backoff": bridge.max_backoff}) for number, target in enumerate(bridge.controllers)]
    return [*rows, _bridge_row(bridge, len(ports)), _join("insert", _named(f"b_{_id(bridge.name)}"))]


def connected(bridge: Bridge) -> bool:
    """Whether one of its controllers has a bridge.

    The database learns of it up to five seconds late; the daemon's log knows at once.
    """
    told = connections(log_since(born.get(bridge.name, 0)))
    facts = [told[bridge.name, target] for target in bridge.controllers if (bridge.name, target) in told]
    if facts:
        return any(facts)
    rows = select("Controller", ["target"], [["is_connected", "==", True]])
    return any(row["target"] in bridge.controllers for row in rows)


def delete_operations(names: Iterable[str]) -> list[Operation]:
    """Take bridges out of the root row; the database collects what nobody refers to."""
    known = {row["name"]: row["_uuid"] for row in select("Bridge", ["name", "_uuid"])}
    return [_join("delete", known[name]) for name in names if name in known]


def _bridge_row(bridge: Bridge, ports: int) -> Operation:
    ident = _id(bridge.name)
    return _insert("Bridge", f"b_{ident}", {
        "name": bridge.name,
        "fail_mode": bridge.fail_mode,
        "datapath_type": bridge.datapath_type,
        "stp_enable": bridge.stp,
        "protocols": ["set", list(bridge.protocols)],
        "other_config": _map({"datapath-id": bridge.datapath_id, "disable-in-band": "true", "dp-desc": bridge.name}),
        "ports": ["set", [_named(f"p{number}_{ident}") for number in range(ports)]],
        "controller": ["set", [_named(f"c{number}_{ident}") for number in range(len(bridge.controllers))]],
    })


def _interface(bridge: Bridge, name: str, number: int) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "ofport_request": number}
    if bridge.patches and name in bridge.patches:
        row |= {"type": "patch", "options": _map({"peer": bridge.patches[name]})}
    return row


def _insert(table: str, uuid_name: str, row: dict[str, Any]) -> Operation:
    return {"op": "insert", "table": table, "uuid-name": uuid_name, "row": row}


def _join(change: str, bridge: list[str]) -> Operation:
    return {"op": "mutate", "table": "Open_vSwitch", "where": [],
            "mutations": [["bridges", change, ["set", [bridge]]]]}


def _named(uuid_name: str) -> list[str]:
    return ["named-uuid", uuid_name]


def _id(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def _map(pairs: dict[str, str]) -> list[Any]:
    return ["map", [[key, value] for key, value in pairs.items()]]


def _next_configuration() -> Operation:
    return {"op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": [["next_cfg", "+=", 1]]}


def _current_configuration() -> Operation:
    return _select("Open_vSwitch", ["next_cfg", "cur_cfg"])


def _select(table: str, columns: list[str], where: list | None = None) -> Operation:
    return {"op": "select", "table": table, "where": where or [], "columns": columns}


def _change_from(number: int) -> Operation:
    """The database itself waits, and answers the moment ovs-vswitchd reports another configuration done."""
    return {"op": "wait", "table": "Open_vSwitch", "where": [], "columns": ["cur_cfg"], "until": "!=",
            "rows": [{"cur_cfg": number}], "timeout": LOOK_AGAIN}


def _complain_of_lost_bridges() -> None:
    """A bridge without a datapath: the daemon logs why, and goes on as if nothing were."""
    lost = [row["name"] for row in select("Bridge", ["name", "datapath_id"]) if not isinstance(row["datapath_id"], str)]
    if lost:
        log = LOG.read_text().splitlines()
        errors = [line.split("|", 4)[-1] for line in log if "|ERR|" in line or "|WARN|" in line]
        raise LabError(f"Open vSwitch could not make {', '.join(lost)}: {errors[0] if errors else 'see its log'}")


def _complain_of_lost_ports() -> None:
    lost = select("Interface", ["name", "error"], [["error", "!=", ["set", []]]])
    if lost:
        raise LabError("Open vSwitch could not attach " + "; ".join(f"{row['name']}: {row['error']}" for row in lost))


def _call(method: str, params: list[Any]) -> Any:
    with socket.socket(socket.AF_UNIX) as database:
        database.settimeout(RECONFIGURE)
        database.connect(str(RUN / "db.sock"))
        database.sendall(json.dumps({"method": method, "params": params, "id": 0}).encode())
        data = b""
        while True:
            data += database.recv(1 << 20)
            try:
                answer = json.loads(data)
            except ValueError:
                continue
            if answer.get("error"):
                raise LabError(f"Open vSwitch's database refused: {answer['error']}")
            return answer["result"]


def _check(results: list[Any]) -> None:
    for result in results:
        if result and result.get("error"):
            raise LabError(f"Open vSwitch's database refused: {result['error']}: {result.get('details', '')}")


__all__ = ["Bridge", "add_bridges", "connected", "delete_bridges", "operations", "select", "settle", "start", "stop",
           "transact"]
