"""What a node's kernel knows: interfaces, routes, neighbours, sockets, packet filters and conversations."""

from collections.abc import Callable, Iterator

from .. import conntrack
from .. import facts as facts_of
from ..command import attempt
from ..errors import LabError
from ..facts import Facts
from ..links import place_of
from .table import Table, cut

ESTABLISHED = "01"  # include/net/tcp_states.h


def tables(net, facts: Facts) -> Iterator[Table]:
    for make in _PURE:
        yield make(facts)
    yield connections(facts.node, place_of(net[facts.node]).run(lambda: list(facts_of.sockets())))
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
    return cut(facts.node, "routes", ("to", "via", "interface", "by", "metric"), rows)


def neighbours(facts: Facts) -> Table:
    rows = ((row["dst"], row.get("lladdr", ""), row.get("dev", ""), " ".join(row.get("state", ())).lower())
            for row in facts.neighbours)
    return Table(facts.node, "neighbours", ("address", "hardware", "interface", "state"), tuple(rows))


def sockets(facts: Facts) -> Table:
    rows = sorted((each.protocol, each.address, str(each.port)) for each in facts.listeners)
    return Table(facts.node, "listeners", ("protocol", "address", "port"), tuple(rows))


def connections(node: str, sockets: list) -> Table:
    """TCP's conversations, and datagram sockets that speak with one other alone; not those to oneself."""
    rows = sorted((protocol, _end(*local), _end(*remote)) for protocol, local, remote, state in sockets
                  if state == ESTABLISHED and remote[1] and local[0] != remote[0])
    return Table(node, "connections", ("protocol", "own end", "other end"), tuple(rows))


def _end(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


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


def _state(facts: Facts, row) -> str:
    if not facts.is_up(row["ifname"]):
        return "off"
    return "up" if facts.has_carrier(row["ifname"]) else "no carrier"
