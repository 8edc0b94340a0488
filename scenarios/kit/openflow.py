"""What a lab's controller and switches know, asked over HTTP and of Open vSwitch."""

import http.client
import json
from urllib.parse import urlencode

from . import ovs
from .errors import LabError, NoSuchThing
from .links import place_of

Rows = list[dict]


def controller_view(net, view: str = "", **wanted: str) -> Rows:
    """The rows of one of the controller's views, those that have what is ``wanted`` in these columns.

    Without a name, the views that there are. Raises LabError when there is none of that name, or nobody to ask.
    """
    for controller in net.controllers:
        if getattr(controller, "rest", None):
            return place_of(controller).run(_get, controller.ip, controller.rest, f"/{view}?{urlencode(wanted)}")
    raise LabError("this lab has no controller with a JSON view; lan and departments have one")


def found(net, view: str = "", wanted: dict[str, str] | None = None) -> Rows:
    """What a person asks for: hosts may be called by name. Raises NoSuchThing for a column that a view has not."""
    macs = {name: mac for mac, name in reversed(stations(net).items())}
    rows = controller_view(net, view, **{column: macs.get(value, value) for column, value in (wanted or {}).items()})
    if wanted and not rows:
        columns = {column for row in controller_view(net, view) for column in row}
        for column in wanted.keys() - columns if columns else ():
            raise NoSuchThing("column", column, columns)
    return rows


def stations(net) -> dict[str, str]:
    """Whose each MAC address is: the name of a host or router."""
    return {mac: host.name for host in net.hosts for intf in host.intfList() if (mac := intf.MAC())}


def mac_table(net, switch: str) -> dict[str, str]:
    """Where a switch has learned each MAC address: the name of the interface by which frames leave for it."""
    return {row["mac"]: ", ".join(row["ports"]) for row in controller_view(net, "tables", switch=switch)}


def _get(host: str, port: int, path: str) -> Rows:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    except (TimeoutError, OSError) as error:
        raise LabError(f"the controller's JSON view at {host}:{port} does not answer: {error}") from None
    finally:
        connection.close()
    return rows(answer.status, body)


def rows(status: int, body: bytes) -> Rows:
    """An answer's rows; LabError for what is no answer, such as that of an app whose view is not ours."""
    try:
        told = json.loads(body)
    except ValueError:
        told = body[:60].decode(errors="replace").strip()
    if status == 200 and isinstance(told, list):
        return told
    raise LabError(f"the controller says: {told.get('error') if isinstance(told, dict) else repr(told)}")


def port_number(interface: str) -> int:
    """The OpenFlow port number of an interface, as the switch's own database has it now."""
    return next((row["ofport"] for row in ovs.select("Interface", ["ofport"], [["name", "==", interface]])), -1)
