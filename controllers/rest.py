"""The JSON view over HTTP. Every resource is a list of rows.

`GET /` lists the resources; `GET /flows?switch=s1&table=LEARN` gives the rows that have these values in these columns.
"""

import json
import socket
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from controllers import view
from controllers.view import Resources


class Rest:
    """A WSGI application."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        name, query = environ["PATH_INFO"].strip("/"), dict(parse_qsl(environ.get("QUERY_STRING", "")))
        if environ["REQUEST_METHOD"] != "GET":
            return _reply(start_response, "405 Method Not Allowed", {"error": "only GET is understood"})
        if not name:
            index = [{"view": each, "shows": self._resources[each].shows} for each in sorted(self._resources)]
            return _reply(start_response, "200 OK", index)
        if name not in self._resources:
            found = f"there is no view {name!r}; choose from: {', '.join(sorted(self._resources))}"
            return _reply(start_response, "404 Not Found", {"error": found})
        return _reply(start_response, "200 OK", list(view.asked(self._resources[name].ask(query), query)))


def _reply(start_response: Callable, status: str, data: Any) -> list[bytes]:
    body = json.dumps(data, default=str, indent=1).encode() + b"\n"
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def serve(listener: socket.socket, application: Callable) -> None:
    """Have a WSGI application answer on a listening socket, for ever, without holding anything else up."""
    import eventlet.wsgi
    from eventlet.greenio import GreenSocket
    from ryu.lib import hub

    hub.spawn(eventlet.wsgi.server, GreenSocket(listener), application, log_output=False, debug=False)
