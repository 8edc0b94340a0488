"""Many ports at once: connections tried side by side, and the port scanner nmap(1)."""

import errno
import selectors
import socket
from collections.abc import Iterable
from xml.etree import ElementTree

from . import probes
from .command import run
from .probes import Connect
from .waiting import Deadline

Attempt = tuple[str, str, int]  # source, destination, port
RATE = 4000  # packets a second: a thousand silent ports, asked twice, take half a second


def connect_all(net, attempts: Iterable[Attempt], wait: float = probes.ANSWER) -> dict[Attempt, Connect]:
    """Try to open many TCP connections at once, and name the outcome of each after ``wait`` seconds at most."""
    outcomes: dict[Attempt, Connect] = {}
    with selectors.DefaultSelector() as selector:
        for attempt in attempts:
            outcomes[attempt] = _begin(net, selector, attempt)
        deadline = Deadline(wait)
        while selector.get_map() and deadline.left:
            for key, _ in selector.select(deadline.left):
                attempt, client = key.data
                outcomes[attempt] = _end(selector, client)
        for key in list(selector.get_map().values()):
            _end(selector, key.data[1])
    return outcomes


def open_ports(net, src: str, dst: str, ports: str) -> set[int]:
    """The TCP ports of ``dst`` that nmap(1) on ``src`` finds open, of "1-1024,8080"."""
    found = run(net[src], "nmap", "-n", "-Pn", "-sS", "-p", ports, "--min-rate", RATE, "--max-retries", 1,
                "--initial-rtt-timeout", "200ms", "--max-rtt-timeout", "300ms", "-oX", "-", probes.address(net, dst))
    rows = ElementTree.fromstring(found).iter("port")
    return {int(row.get("portid", 0)) for row in rows if row.find("state[@state='open']") is not None}


def _begin(net, selector, attempt: Attempt) -> Connect:
    src, dst, port = attempt
    client = net[src].place.run(socket.socket, socket.AF_INET, socket.SOCK_STREAM)
    client.setblocking(False)
    error = client.connect_ex((probes.address(net, dst), port))
    if error not in (0, errno.EINPROGRESS):
        client.close()
        return _named(error)
    selector.register(client, selectors.EVENT_WRITE, (attempt, client))
    return Connect.FILTERED


def _end(selector, client: socket.socket) -> Connect:
    selector.unregister(client)
    with client:
        return _named(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))


def _named(error: int) -> Connect:
    return {0: Connect.OPEN, errno.ECONNREFUSED: Connect.REFUSED}.get(error, Connect.UNREACHABLE)
