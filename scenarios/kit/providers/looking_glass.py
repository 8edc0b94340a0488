"""What a router knows, as data, the same for BIRD and FRR: what a provider's looking glass on the web shows."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from . import bird_socket
from .daemons import Bird, daemon_of
from .relation import Source

NOT_THERE = "Network not found"


@dataclass(frozen=True)
class Route:
    """A route that BGP knows: the next hop's address, and its attributes (RFC 4271, RFC 8092, RFC 9234)."""

    prefix: str
    best: bool
    via: str | None = None  # None: the AS's own
    path: tuple[int, ...] = ()
    local_pref: int | None = None
    communities: tuple[str, ...] = ()
    large_communities: tuple[str, ...] = ()
    otc: int | None = None

    def source(self, asn: int) -> Source | None:
        """Where the AS has it from, by the tag that it set itself."""
        tags = (tag.rpartition(":") for tag in self.large_communities)
        return next((Source(int(last)) for head, _, last in tags if head == f"{asn}:1"), None)


def routes(net, router: str, prefix: object = None) -> list[Route]:
    """The routes that a router has heard and accepted, or those for one prefix. Raises LabError: no answer."""
    daemon = daemon_of(net[router])
    if not isinstance(daemon, Bird):
        return list(read_frr(json.loads(daemon.ask(net[router], f"show bgp ipv4 unicast {prefix or 'json detail'}"
                                                                f"{' json' if prefix else ''}"))))
    try:
        return list(read_bird(daemon.ask(net[router], f"show route {f'{prefix} ' if prefix else ''}all")))
    except bird_socket.BirdSays as error:
        if NOT_THERE in str(error):
            return []
        raise


def best(net, router: str, prefix: object) -> Route | None:
    """The route that a router uses for a prefix; None: it has none."""
    return next((route for route in routes(net, router, prefix) if route.best), None)


def rows(net, router: str, prefix: object = None) -> list[dict]:
    """The same as plain rows, for JSON and tables; ``from`` is customer, peer, provider or own."""
    asn = net[router].params.get("asn", 0)
    return [asdict(route) | {"from": source.name.lower() if (source := route.source(asn)) is not None else None}
            for route in routes(net, router, prefix)]


def read_bird(lines: list[str]) -> Iterator[Route]:
    """Routes in the words of BIRD's ``show route all``: a line for each, then its attributes after a tab."""
    prefix, facts = "", {}
    for line in lines:
        if line.startswith("\t"):
            name, _, value = line.strip().partition(": ")
            facts |= {"via": name.split()[1]} if name.startswith("via ") else {name: value}
        elif "[" in line:
            if facts:
                yield _from_bird(prefix, facts)
            prefix = prefix if line[0].isspace() else line.split()[0]
            facts = {"best": "] * (" in line}
    if facts:
        yield _from_bird(prefix, facts)


def _from_bird(prefix: str, facts: dict) -> Route:
    def tags(name: str) -> tuple[str, ...]:
        return tuple(tag.replace(", ", ":").replace(",", ":") for tag in facts.get(name, "").strip("()").split(") (") if tag)

    def number(name: str) -> int | None:
        return int(facts[name]) if name in facts else None

    return Route(prefix, facts["best"], facts.get("via"), tuple(map(int, facts.get("BGP.as_path", "").split())),
                 number("BGP.local_pref"), tags("BGP.community"), tags("BGP.large_community"), number("BGP.otc"))


def read_frr(answer: dict) -> Iterator[Route]:
    """Routes in the words of FRR's ``show bgp ipv4 unicast`` as JSON, of a table or of one prefix."""
    table = answer.get("routes", {answer["prefix"]: answer["paths"]} if "paths" in answer else {})
    for prefix, entries in table.items():
        yield from (_from_frr(prefix, entry) for entry in entries if "aspath" in entry)


def _from_frr(prefix: str, entry: dict) -> Route:
    path = [asn for segment in entry["aspath"]["segments"] for asn in segment["list"]]
    hop = next((hop["ip"] for hop in entry.get("nexthops", ()) if not entry.get("local")), None)
    return Route(prefix, entry.get("bestpath", {}).get("overall", False), hop, tuple(path), entry.get("locPrf"),
                 tuple(entry.get("community", {}).get("list", ())),
                 tuple(entry.get("largeCommunity", {}).get("list", ())), entry.get("otc"))
