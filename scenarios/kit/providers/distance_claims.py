"""What is claimed of a world of long cables: physics is computed from the map, and asked of packets."""

import statistics
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from .. import probes
from ..command import run
from ..expect import CONVERGENCE, Claim, Measured, claims
from .detours import cables, detour
from .world import quickest

PINGS = 5
AT_ONCE = 6  # cities that measure side by side
PROCESSING = 8.0  # milliseconds that routers and our own machine may add to a round trip
SLACK = 0.02  # and of the distance


@claims("{a} and {b} are as far apart as light in between: {least} to {most} ms and back", within=CONVERGENCE)
def round_trip(net, a: str, b: str, least: float, most: float) -> str | None:
    """The quickest of a few echoes; never below ``least``, for nothing outruns light."""
    answer = probes.ping(net, a, b, PINGS, wait=2.0)
    if not answer.answered:
        return str(answer)
    quickest_ms = min(answer.times) * 1000
    told = f"{quickest_ms:.1f} ms"
    return Measured(told) if least <= quickest_ms < most else f"it is {told}"


@claims("every two cities are as far apart as the quickest way of the map", within=CONVERGENCE)
def distances_match_the_map(net) -> str | None:
    """Round trips between all cities, against the map; nobody is nearer than physics allows."""
    cities = list(net.topo.world.cities)
    with ThreadPoolExecutor(AT_ONCE) as pool:  # one request at a time from each, for all hear all answers to their city
        rows = pool.map(lambda src: {(src, dst): milliseconds(net, src, dst) for dst in cities if src < dst}, cities)
        seen = dict(chain.from_iterable(row.items() for row in rows))
    for (src, dst), told in seen.items():
        least = 2 * quickest(net.topo.world, src, dst)[1]
        if told is None or not least <= told < least * (1 + SLACK) + PROCESSING:
            return f"{src} to {dst} is {f'{told:.1f}' if told else '?'} ms, and should be {least:.1f} ms"
    return Measured(f"the furthest are {max(filter(None, seen.values())):.0f} ms apart")


def milliseconds(net, src: str, dst: str) -> float | None:
    """The quickest of three echoes between two cities; None: no answer."""
    answer = probes.ping(net, src, str(net.topo.world.cities[dst].prefix[1]), 3, wait=3.0)
    return min(answer.times) * 1000 if answer.answered else None


def cable_cut(world, cable: str, src: str, dst: str) -> Claim:
    """Without the cable packets go the next quickest way of the map."""
    way, _ = quickest(world, src, dst, without=(cable,))
    return detour(f"the {cable} cable", cables(f"{cable}:eth0", f"{cable}:eth1"), *way)


@claims("{client} gets a page {times} times faster from {near} than from {far}", within=CONVERGENCE)
def nearer_is_faster(net, client: str, near: str, far: str, times: float) -> str | None:
    """The median of three fetches each, by curl's clock."""
    seconds = {server: statistics.median(fetch(net, client, server) for _ in range(3)) for server in (near, far)}
    told = f"{seconds[near] * 1000:.0f} ms from {near}, {seconds[far] * 1000:.0f} ms from {far}"
    return Measured(told) if seconds[far] >= times * seconds[near] else f"it took {told}"


def fetch(net, client: str, server: str) -> float:
    """Seconds that curl(1) needs for a page. Raises CommandFailed."""
    url = f"http://{net[server].IP()}/"
    return float(run(net[client], "curl", "-sS", "--fail", "-o", "/dev/null", "-w", "%{time_total}", url))
