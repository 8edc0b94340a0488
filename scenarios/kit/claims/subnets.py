"""Address plans and what packets really do: every question of every pair, heard where it arrives."""

from contextlib import ExitStack

from .. import tables
from ..capture import Packet, Tap, tap
from ..expect import Claim, claims
from ..plan import DIRECT, ROUTED, Fate, Pair, Plan, fates

ALL_PAIRS = 1.0  # seconds until a question counts as lost; those that are not take a few milliseconds
TTL = 64  # of a packet that no router has touched


@claims("neighbours speak directly and others through {router}, every pair as the plan computes", within=4)
def as_planned(net, plan: Plan, router: str) -> str | None:
    """Every host asks every other; each question is looked at where it arrives, and compared with the arithmetic."""
    return _differences(fates(plan.stations()), _observed(net, plan, router))


def wrong_mask(plan: Plan, host: str, length: int, router: str) -> Claim:
    """With another prefix length on one host, just those pairs change their fate that arithmetic names."""
    stations = [each.masked(length) if each.name == host else each for each in plan.stations()]
    computed = fates(stations)
    changed = sum(computed[pair] != fate for pair, fate in fates(plan.stations()).items())

    def probe(net) -> str | None:
        with tables.remasked(net, host, length):
            return _differences(computed, _observed(net, plan, router))

    return Claim(f"a /{length} on {host} changes {changed} of {len(computed)} pairs, the ones that arithmetic names",
                 probe, within=4)


@claims("{node} holds {routes} inside {block}, and no other")
def holds_routes(net, node: str, block: str, routes: tuple[str, ...]) -> str | None:
    """The node's kernel's own table."""
    held = tables.routes(net, node, block)
    return None if set(held) == set(routes) else f"it holds {', '.join(sorted(held)) or 'none'}"


def _observed(net, plan: Plan, router: str) -> dict[Pair, Fate]:
    names = [station.name for station in plan.stations()]
    with ExitStack() as stack:
        heard = {name: stack.enter_context(tap(net, name, "icmp[icmptype] == icmp-echo")) for name in names}
        answered = net.reach([net[name] for name in names], within=ALL_PAIRS)
        came = {name: _questions(net, plan, heard[name], router) for name in names}
    return {(src, dst): Fate(came[dst].get(src), answered[src, dst]) for src, dst in answered}


def _questions(net, plan: Plan, ear: Tap, router: str) -> dict[str, str]:
    """Who asked, and how the first question came."""
    owners = {str(station.interface.ip): station.name for station in plan.stations()}
    came: dict[str, str] = {}
    for packet in ear.packets():
        if not packet.sent:
            asker = owners[packet.src]
            came.setdefault(asker, _how(packet, net[asker].MAC(), {intf.MAC() for intf in net[router].intfList()}))
    return came


def _how(packet: Packet, sender: str, routers: set[str]) -> str:
    if (packet.ttl, packet.eth_src) == (TTL, sender):
        return DIRECT
    if packet.ttl == TTL - 1 and packet.eth_src in routers:
        return ROUTED
    return f"from {packet.eth_src} with TTL {packet.ttl}"


def _differences(computed: dict[Pair, Fate], seen: dict[Pair, Fate]) -> str | None:
    wrong = [f"{a} to {b} is {seen[a, b]} instead of {fate}" for (a, b), fate in computed.items() if seen[a, b] != fate]
    return "; ".join(wrong) or None
