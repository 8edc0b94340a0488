"""What a router knows, as data, the same for BIRD and FRR: what a provider's looking glass on the web shows."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from ..routing import bird
from ..routing.relation import Source
from . import bird_socket
from .daemons import Bird, daemon_of

NOTHING = ("Network not found", "No valid tables")  # BIRD's words for no such route, and for a session that is down


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
    """The routes that a router has heard and accepted, or those for one prefix; those for an address are the ones
    that match it best. Raises LabError: no answer.
    """
    daemon = daemon_of(net[router])
    if not isinstance(daemon, Bird):
        return list(read_frr(json.loads(daemon.ask(net[router], f"show bgp ipv4 unicast {prefix or 'json detail'}"
                                                                f"{' json' if prefix else ''}"))))
    which = f"{prefix} all" if "/" in str(prefix) else f"for {prefix} all"
    return list(read_bird(shown(daemon, net[router], which if prefix else "all")))


def shown(daemon: Bird, node, which: str) -> list[str]:
    """BIRD's ``show route``; nothing to show is no error."""
    try:
        return daemon.ask(node, f"show route {which}")
    except bird_socket.BirdSays as error:
        if any(words in str(error) for words in NOTHING):
            return []
        raise


def best(net, router: str, prefix: object) -> Route | None:
    """The route that a router uses for a prefix; None: it has none."""
    return next((route for route in routes(net, router, prefix) if route.best), None)


def told(net, router: str, neighbour: str) -> set[str]:
    """The prefixes that a router announces to a neighbour."""
    daemon = daemon_of(net[router])
    if isinstance(daemon, Bird):
        lines = shown(daemon, net[router], f"export {bird.protocol(neighbour)}")
        return {line.split()[0] for line in lines if line[:1].isdigit()}
    far = next(each.address for each in daemon.speaker(net[router]).neighbours if each.name == neighbour)
    question = f"show bgp ipv4 unicast neighbors {far} advertised-routes json"
    return set(json.loads(daemon.ask(net[router], question)).get("advertisedRoutes", {}))


def sessions(net, router: str) -> dict[str, bool]:
    """A router's neighbours in BGP, and whether the session with each is established."""
    daemon = daemon_of(net[router])
    neighbours = daemon.speaker(net[router]).neighbours
    if isinstance(daemon, Bird):
        up = {words[0] for line in daemon.ask(net[router], "show protocols")
              if (words := line.split())[-1:] == ["Established"]}
        return {each.name: bird.protocol(each.name) in up for each in neighbours}
    peers = json.loads(daemon.ask(net[router], "show bgp ipv4 unicast summary json")).get("peers", {})
    return {each.name: peers.get(str(each.address), {}).get("state") == "Established" for each in neighbours}


def rows(net, router: str, prefix: object = None) -> list[dict]:
    """The same as plain rows, for JSON and tables; ``from`` is customer, peer, provider or own."""
    asn = net[router].params.get("asn", 0)
    return [asdict(route) | {"from": source.name.lower() if (source := route.source(asn)) is not None else None}
            for route in routes(net, router, prefix)]


def read_bird(lines: list[str]) -> Iterator[Route]:
    """Routes in the words of BIRD's ``show route all``: a line for each, then its attributes after a tab."""
    prefix = ""
    facts: dict[str, Any] = {}
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
        words = facts.get(name, "").strip("()").split(") (")
        return tuple(":".join(word.split(", ")) if ", " in word else word.replace(",", ":") for word in words if word)

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
