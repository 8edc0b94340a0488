"""How long an Internet takes to be built, to converge and to be checked, and how much memory it needs, by its size.

    python -m tests.benchmarks.internet_growth [SIZE ...]          50 100 200 500 1000

Every router runs BIRD with all policy; every AS's choice towards every other is compared with the computation. The
kernels' tables hold the routes to the networks in which hosts live: a kernel tells each change of any table to every
daemon of the machine, which for a million routes and a thousand daemons takes longer than BGP does.
"""

import json
import os
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scenarios.kit import sandbox
from scenarios.kit.net import Net
from scenarios.kit.nodes import Switch
from scenarios.kit.providers.claims import packets_follow
from scenarios.kit.providers.convergence import Convergence
from scenarios.kit.providers.layout import InternetTopo, any_internet
from scenarios.kit.routing.speaker import Timers
from scenarios.kit.waiting import Stopwatch, until

SIZES = (50, 100, 200, 500, 1000)
HOMES = 8
PATIENT = Timers(hold=180, keepalive=60, scan=60)  # a thousand routers that start at once keep each other waiting
LONGEST = 600  # seconds


class Grown(InternetTopo):
    def build(self, size):
        internet = any_internet(str(size))
        stubs = [asn for asn in internet.ases if not internet.customers(asn)]
        homes = stubs[::max(1, len(stubs) // HOMES)][:HOMES]
        fib = tuple(prefix for asn in homes for prefix in internet.ases[asn].prefixes)
        self.addInternet(internet, homes=homes, timers=PATIENT, fib=fib)


def measure(size: int) -> dict[str, float]:
    """Seconds by phase, seconds of processor time, and megabytes that the machine has less than before."""
    before, watch, marks = available(), Stopwatch(), [0.0]

    def lap() -> float:
        marks.append(watch.seconds)
        return round(marks[-1] - marks[-2], 2)

    Switch.checkSetup()
    net = Net(Grown(size=size), controller=None)
    net.start()
    figures = {"ases": size, "build": lap()}
    try:
        convergence = Convergence(net)
        until(convergence.reached, LONGEST, f"{size} ASes to converge")
        figures["converge"] = lap()
        wrong = list(convergence.wrong())
        packets_follow().verify(net)
        if wrong:
            raise SystemExit(f"{len(wrong)} ASes choose otherwise than computed")
        figures |= {"check": lap(), "total": round(watch.seconds, 2), "cpu": cpu_seconds(net),
                    "memory": before - available()}
    finally:
        net.stop()
    return figures


def cpu_seconds(net) -> float:
    """Processor time that we and the daemons have used."""
    ticks = 0
    for daemon in (daemon for node in net.hosts for daemon in node.daemons):
        stat = Path(f"/proc/{daemon.process.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(stat[11]) + int(stat[12])
    return round(ticks / os.sysconf("SC_CLK_TCK") + time.process_time(), 1)


def available() -> int:
    """Megabytes that programs could still have (MemAvailable, proc(5))."""
    rows = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return int(rows["MemAvailable"].split()[0]) // 1024


def main() -> None:
    sizes = sys.argv[1:]
    if not all(map(str.isdigit, sizes)):
        raise SystemExit(__doc__)
    sandbox.enter("growth")
    table = Table("ASes", "build s", "converge s", "check s", "total s", "CPU s", "memory MB", title="Internet growth")
    for size in map(int, sizes or SIZES):
        figures = measure(size)
        print(json.dumps(figures), flush=True)
        table.add_row(*map(str, figures.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
