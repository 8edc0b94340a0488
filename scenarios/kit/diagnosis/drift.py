"""What has changed since all claims held, for faults that stop no packet which anybody sends; pure."""

from collections.abc import Iterator

from ..facts import ROUTING, Facts, Row, World
from ..journey import Ask
from ..overlay import tips
from .finding import Finding

VOLATILE = {"handle", "packets", "bytes"}


def compare(before: World, now: World) -> Iterator[Finding]:
    """Differences, from the bottom up."""
    for layer in _links, _dead, _settings, _filters, _sessions, _routes, _configurations:
        for node, facts in now.items():
            if node in before:
                yield from layer(before[node], facts)


def tunnel_gone(before: World, now: World, ask: Ask) -> Finding | None:
    """Whoever asks used to send this into a tunnel that he no longer has."""
    had, has = before.get(ask.src, Facts(ask.src)), now[ask.src]
    device = (had.route_to(ask.dst) or {}).get("dev")
    gone = {tip.interface for tip in tips(had)} - {tip.interface for tip in tips(has)}
    if device not in gone:
        return None
    return _finding("tunnel", has, f"sent to {ask.dst} by its tunnel {device}, and has that no longer",
                    "ip", "route", "get", ask.dst)


def _finding(layer: str, facts: Facts, sentence: str, *command: str, shows: tuple[str, ...] = ()) -> Finding:
    return Finding(layer, f"{facts.node} {sentence}", facts.node, command, shows=shows, compared=True)


def _links(before: Facts, now: Facts) -> Iterator[Finding]:
    for row in before.links:
        name, other = row["ifname"], now.link(row["ifname"])
        if other is None:
            yield _finding("link", now, f"no longer has the interface {name}", "ip", "-br", "link", "show")
        elif before.is_up(name) != now.is_up(name):
            yield _finding("link", now, f"has switched {name} {'on' if now.is_up(name) else 'off'}",
                           "ip", "-br", "link", "show", "dev", name)
        elif row["mtu"] != other["mtu"]:
            yield _finding("MTU", now, f"sends at most {other['mtu']} bytes by {name}, not {row['mtu']}",
                           "ip", "link", "show", "dev", name)


def _settings(before: Facts, now: Facts) -> Iterator[Finding]:
    for name, value in before.settings.items():
        if now.settings.get(name, value) != value:
            layer = "filter" if "rp_filter" in name or "echo" in name else "route"
            dotted = name.replace("/", ".")
            yield _finding(layer, now, f"has {dotted} = {now.settings[name]}, which was {value}", "sysctl", dotted)


def _sessions(before: Facts, now: Facts) -> Iterator[Finding]:
    for neighbour, established in before.sessions.items():
        if established and not now.sessions.get(neighbour, False):
            yield _finding("service", now, f"no longer has a session of BGP with {neighbour}", "ss", "-tn",
                           "( dport = :179 or sport = :179 )")


def _routes(before: Facts, now: Facts) -> Iterator[Finding]:
    had, has = _static(before), _static(now)
    if had != has:
        gone, new = had - has, has - had
        yield _finding("route", now, f"had the route {_listed(gone)} and has {_listed(new)}", "ip", "route")


def _static(facts: Facts) -> set[str]:
    return {" ".join(str(row[key]) for key in ("type", "dst", "gateway", "dev") if key in row)
            for row in facts.routes if row.get("protocol") == "static" and row.get("table", "main") == "main"}


def _filters(before: Facts, now: Facts) -> Iterator[Finding]:
    had, has = (_rules_by_chain(facts) for facts in (before, now))
    for chain in sorted(set(had) | set(has)):
        if chain not in has:
            sentence = f"no longer has the packet filter's chain '{chain}'"
        elif chain not in had:
            sentence = f"has a new chain '{chain}' in its packet filter"
        elif had[chain] != has[chain]:
            sentence = f"has other rules in its chain '{chain}': {len(has[chain])} now, {len(had[chain])} then"
        else:
            continue
        shows = ("chain", *chain.split()) if chain in has else ("tables",)
        yield _finding("filter", now, sentence, "nft", "list", *shows)


def _rules_by_chain(facts: Facts) -> dict[str, list[str]]:
    chains: dict[str, list[str]] = {
        f"{row['chain']['family']} {row['chain']['table']} {row['chain']['name']}": []
        for row in facts.ruleset if "chain" in row}
    for row in facts.ruleset:
        if "rule" in row:
            rule = row["rule"]
            name = f"{rule['family']} {rule['table']} {rule['chain']}"
            chains.setdefault(name, []).append(str(_lasting(rule.get("expr", []))))
    return chains


def _lasting(value):
    """A rule without what changes by itself."""
    if isinstance(value, dict):
        return {key: _lasting(each) for key, each in value.items() if key not in VOLATILE}
    return [_lasting(each) for each in value] if isinstance(value, list) else value


def _dead(before: Facts, now: Facts) -> Iterator[Finding]:
    runs = {row["name"] for row in now.daemons if row["runs"]}
    for row in before.daemons:
        if row["runs"] and row["process"] and not row["filters"] and row["name"] not in runs:
            yield _finding("service", now, f"no longer runs {row['name']}", "ps", "-ef")


def _configurations(before: Facts, now: Facts) -> Iterator[Finding]:
    had, has = ({row["name"]: row for row in facts.daemons} for facts in (before, now))
    for name, row in had.items():
        if name in has and row.get("settings") != has[name].get("settings"):
            yield _other_settings(now, row["settings"], has[name]["settings"])
        elif name in has and row.get("files") != has[name].get("files"):
            yield _finding("route" if name in ROUTING else "service", now, f"runs {name} with another configuration",
                           "ps", "-ef")
    for name in set(has) - set(had):
        yield _finding("service", now, f"runs {name}, which it did not", "ps", "-ef")


def _other_settings(now: Facts, before: dict, after: dict) -> Finding:
    """A controller's settings: those of its policy are a filter's, the others are the switches'."""
    names = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    layer = "filter" if FILTERING & set(names) else "switch"
    return _finding(layer, now, f"has other settings than it had: {', '.join(names)}")


FILTERING = {"policy", "acl", "rules", "filters"}


def _listed(words) -> str:
    return ", ".join(sorted(words)) or "none"


def rows(world: World) -> dict[str, Row]:
    return {name: facts.json() for name, facts in world.items()}
