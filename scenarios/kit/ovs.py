"""The lab's own Open vSwitch: its two daemons, and its database spoken to directly (RFC 7047).

A network's bridges, ports and controllers are one transaction, and one wait for ovs-vswitchd to have done it.
"""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import capability, waiting
from .errors import LabError
from .syscalls import duplicate_of

RUN = Path("/run/openvswitch")
LOGS = Path("/var/log")
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
START = 20  # seconds: a busy machine may take one or two
PROCESSORS_SEEN = 10  # seconds on the clock
RECONFIGURE = 120  # seconds: a thousand ports take about two
CLOSERS = 32  # threads; the kernel waits for all of them together
LOOK_AGAIN = 2000  # milliseconds after which we see whether ovs-vswitchd lives at all

Operation = dict[str, Any]
wanted: dict[str, int] = {}  # the number of the configuration that we asked for last


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


def start() -> None:
    """Start ovsdb-server and ovs-vswitchd in this lab, those of the two that do not run."""
    if not _lives("ovsdb-server"):
        wanted.clear()
        RUN.mkdir(parents=True, exist_ok=True)
        _run("ovsdb-tool", "create", RUN / "conf.db", SCHEMA)
        _run("ovsdb-server", RUN / "conf.db", f"--remote=punix:{RUN}/db.sock", *_daemon("ovsdb-server"))
        transact([{"op": "insert", "table": "Open_vSwitch", "row": {"other_config": _map(
            {"n-handler-threads": "1", "n-revalidator-threads": "1"})}}], wait=False)
    if not _lives("ovs-vswitchd"):
        _start_switch_daemon()


def _start_switch_daemon() -> None:
    """Open vSwitch 3.1 sees no processor, and so forwards nothing in the kernel, until its clock shows ten seconds.

    Where the machine (user-mode Linux, mostly) has only just booted, the clock is put on by its test interface.
    """
    young = capability.kernel_datapath() and time.monotonic() < PROCESSORS_SEEN
    _run("ovs-vswitchd", f"unix:{RUN}/db.sock", *_daemon("ovs-vswitchd"), *(["--enable-dummy"] if young else []))
    if young:
        control = f"{RUN}/ovs-vswitchd.{_pid('ovs-vswitchd')}.ctl"
        _run("ovs-appctl", "-t", control, "time/warp", PROCESSORS_SEEN * 1000)


def stop() -> None:
    """End ovs-vswitchd, at once, and wait for nothing.

    The kernel takes some 10 ms to close a packet socket, and the switch daemon has one for each port: on its own
    it would need seconds. They are closed for it side by side. ``start``, or the next bridge, starts it again.
    """
    pid = _pid("ovs-vswitchd")
    if pid and _alive(pid):
        sockets = _packet_sockets(pid)
        os.kill(pid, signal.SIGKILL)
        closers = ThreadPoolExecutor(CLOSERS, "closer")
        for descriptor in sockets:
            closers.submit(os.close, descriptor)
        closers.shutdown(wait=False)


def transact(operations: list[Operation], wait: bool = True) -> list[Any]:
    """Carry out operations in one transaction, then wait until ovs-vswitchd has configured it.

    Raises LabError with what the database or the switch daemon had to say.
    """
    if not operations:
        return []
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
        if not _lives("ovs-vswitchd") or not patience.left:
            raise LabError(f"ovs-vswitchd does not answer; its log: {LOGS}/ovs-vswitchd.log")
        _call("transact", ["Open_vSwitch", _change_from(done)])


def add_bridges(bridges: Iterable[Bridge]) -> None:
    """Create bridges, or replace those of the same name. Raises LabError when a port could not be attached."""
    bridges = list(bridges)
    start()
    settle()
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
        log = (LOGS / "ovs-vswitchd.log").read_text().splitlines()
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


def _lives(daemon: str) -> bool:
    pid = _pid(daemon)
    return pid is not None and _alive(pid)


def _pid(daemon: str) -> int | None:
    try:
        return int((RUN / f"{daemon}.pid").read_text())
    except (OSError, ValueError):
        return None


def _alive(pid: int) -> bool:
    """Whether a process exists and has not ended; nobody may have asked for its status yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def _packet_sockets(pid: int) -> list[int]:
    """Descriptors of our own for a process's packet sockets; none where the kernel does not let us."""
    inodes = {f"socket:[{row.split()[-1]}]" for row in Path("/proc/net/packet").read_text().splitlines()[1:]}
    found: list[int] = []
    with suppress(OSError):
        process = os.pidfd_open(pid)
        for entry in os.scandir(f"/proc/{pid}/fd"):
            if os.readlink(entry) in inodes:
                found.append(duplicate_of(process, int(entry.name)))
        os.close(process)
    return found


def _daemon(name: str) -> list[str]:
    return ["--detach", f"--pidfile={RUN}/{name}.pid", f"--log-file={LOGS}/{name}.log", "--no-chdir",
            "-vconsole:off", "-vsyslog:off"]


def _run(*argv: object) -> None:
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=START)
    if done.returncode:
        raise LabError(f"{argv[0]} did not start: {done.stderr.strip().splitlines()[-1:] or done.returncode}")
