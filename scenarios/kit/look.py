"""Tables of what a node knows, one look for all: interfaces, routes, neighbours, sockets, filters, conversations."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import conntrack
from .command import attempt
from .drawing import Drawing
from .errors import LabError, NoSuchThing
from .facts import Facts, gather

MOST_ROUTES = 60  # of a node; a border router has thousands


@dataclass(frozen=True)
class Table:
    """``columns`` and ``rows`` of words. ``node`` and ``title`` say what of whom."""

    node: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def json(self) -> dict:
        return {"node": self.node, "title": self.title,
                "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows]}


def tables(net, node: str | None = None) -> Iterator[Table]:
    """Those of one node, or of all; tables without rows are left out. Raises NoSuchThing."""
    drawing = Drawing.of(net)
    if node is not None and node not in drawing.kinds:
        raise NoSuchThing("host, router or switch", node, drawing.kinds)
    world = gather(net)
    for name in [node] if node else [*world, *(each for each in drawing.kinds if drawing.is_switch(each))]:
        made = _of_host(net, world[name]) if name in world else _of_switch(net, name)
        yield from (table for table in made if table.rows)


def _of_host(net, facts: Facts) -> Iterator[Table]:
    for make in _PURE:
        yield make(facts)
    yield _filters(net, facts)
    yield _translations(net, facts)


def interfaces(facts: Facts) -> Table:
    rows = ((row["ifname"], _state(facts, row), row.get("address", ""), str(row["mtu"]),
             " ".join(map(str, facts.addresses(row["ifname"])))) for row in facts.links)
    return Table(facts.node, "interfaces", ("interface", "state", "hardware", "MTU", "addresses"), tuple(rows))


def routes(facts: Facts) -> Table:
    chosen = [row for row in facts.routes if row.get("table", "main") != "local" and row.get("type") != "multicast"
              and not row["dst"].startswith(("fe80", "ff00"))]
    rows = [(row["dst"], row.get("gateway") or row.get("via", {}).get("host", ""), row.get("dev", ""),
             row.get("protocol", ""), str(row.get("metric", ""))) for row in chosen]
    title = "routes" if len(rows) <= MOST_ROUTES else f"routes (the first {MOST_ROUTES} of {len(rows)})"
    return Table(facts.node, title, ("to", "via", "interface", "by", "metric"), tuple(rows[:MOST_ROUTES]))


def neighbours(facts: Facts) -> Table:
    rows = ((row["dst"], row.get("lladdr", ""), row.get("dev", ""), " ".join(row.get("state", ())).lower())
            for row in facts.neighbours)
    return Table(facts.node, "neighbours", ("address", "hardware", "interface", "state"), tuple(rows))


def sockets(facts: Facts) -> Table:
    rows = sorted((each.protocol, each.address, str(each.port)) for each in facts.listeners)
    return Table(facts.node, "listeners", ("protocol", "address", "port"), tuple(rows))


def services(facts: Facts) -> Table:
    rows = ((row["name"], "runs" if row["runs"] else "does not run", row["last"]) for row in facts.daemons)
    return Table(facts.node, "services", ("service", "state", "last line"), tuple(rows))


_PURE: tuple[Callable[[Facts], Table], ...] = (interfaces, routes, neighbours, sockets, services)


def _filters(net, facts: Facts) -> Table:
    rows = []
    if any("rule" in row for row in facts.ruleset):
        where = ("", "")
        for line in attempt(net[facts.node], "nft", "list", "ruleset").stdout.splitlines():
            words = line.split()
            if words[:1] == ["table"]:
                where = (" ".join(words[1:3]), "")
            elif words[:1] == ["chain"]:
                where = (where[0], words[1])
            elif words and words[0] != "}" and where[1]:
                rows.append((*where, line.strip()))
    return Table(facts.node, "packet filter", ("table", "chain", "rule"), tuple(rows))


def _translations(net, facts: Facts) -> Table:
    rows: list[tuple[str, ...]] = []
    if any(facts.chains()):
        try:
            rows = [(each.protocol, *("{}:{}".format(*end) for end in (each.source, each.destination)),
                     "{}:{}".format(*each.mapped) if each.translated else "")
                    for each in conntrack.table(net, facts.node)]
        except LabError:
            pass  # no conntrack(8) on this machine
    return Table(facts.node, "conversations", ("protocol", "from", "to", "translated to"), tuple(rows))


def _of_switch(net, name: str) -> Iterator[Table]:
    switch = net[name]
    dump = attempt(switch, "ovs-ofctl", "-O", "OpenFlow13", "--names", "--no-stats", "dump-flows", name).stdout
    flows = (re.match(r"\s*(?:cookie=\S+, )?(?:table=(\d+),? ?)?(.*?)\s?actions=(.*)", line)
             for line in dump.splitlines())
    yield Table(name, "flows", ("table", "match", "actions"),
                tuple((found[1] or "0", found[2].strip(" ,"), found[3]) for found in flows if found))
    learned = attempt(switch, "ovs-appctl", "fdb/show", name).stdout.splitlines()[1:]
    yield Table(name, "learned", ("port", "VLAN", "hardware", "age (s)"),
                tuple(tuple(line.split()[:4]) for line in learned if len(line.split()) >= 4))


def _state(facts: Facts, row) -> str:
    if not facts.is_up(row["ifname"]):
        return "off"
    return "up" if facts.has_carrier(row["ifname"]) else "no carrier"
