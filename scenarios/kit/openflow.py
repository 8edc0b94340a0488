"""What a lab's controller and switches know, asked over HTTP and of Open vSwitch."""

import http.client
import json
from typing import Any

from . import ovs
from .errors import LabError
from .links import place_of


def controller_view(net, path: str) -> Any:
    """A document of the controller's JSON view. Raises LabError when it does not answer."""
    for controller in net.controllers:
        if getattr(controller, "rest", None):
            return place_of(controller).run(_get, controller.ip, controller.rest, path)
    raise LabError("no controller of this lab has a JSON view")


def mac_table(net, switch: str) -> dict[str, str]:
    """Where a switch has learned each MAC address: the name of the interface by which frames leave for it."""
    rows = controller_view(net, "/tables").get(switch, [])
    return {row["mac"]: ", ".join(row["ports"]) for row in rows}


def _get(host: str, port: int, path: str) -> Any:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    except (TimeoutError, OSError) as error:
        raise LabError(f"the controller's JSON view at {host}:{port} does not answer: {error}") from None
    finally:
        connection.close()
    if answer.status != 200:
        raise LabError(f"the controller answers {path} with {answer.status}: {body.decode(errors='replace').strip()}")
    return json.loads(body)


def port_number(interface: str) -> int:
    """The OpenFlow port number of an interface, as the switch's own database has it now."""
    return next((row["ofport"] for row in ovs.select("Interface", ["ofport"], [["name", "==", interface]])), -1)
