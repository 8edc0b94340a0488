"""One contender's run, in a sandbox and a process of its own: ``python -m tests.benchmarks.contender WHO WHAT SIZE``.

Prints one line of JSON: seconds by phase, and bytes of memory.
"""

import json
import sys
import time
from pathlib import Path

from scenarios.kit import ovs, sandbox
from scenarios.kit.waiting import Stopwatch

from . import bare
from .campus import Campus, Row

APP = "learning_switch"


def main(who: str, what: str, size: int) -> None:
    sandbox.enter("benchmark")
    ovs.start()
    result = {"campus": campus, "pairs": pairs, "connect": connect}[what](who, size)
    print(json.dumps(result), flush=True)


def campus(who: str, size: int) -> dict[str, float]:
    """Start and stop a network. ``ending`` is the moment at which the stop began; the caller sees the end."""
    make = _mininet(who)
    before, programs = _memory(), _programs()
    watch = Stopwatch()
    if who == "bare":
        bare.build(size)
        start, stop = watch.seconds, ovs.stop
    else:
        net = make(Campus(n=size))
        net.start()
        start, stop = watch.seconds, net.stop
    memory, programs = (before - _memory()) * 1024, (_programs() - programs) * 1024
    ending, watch = time.monotonic(), Stopwatch()
    stop()
    return {"start": start, "stop": watch.seconds, "ending": ending, "memory": memory, "programs": programs}


def pairs(who: str, size: int) -> dict[str, float]:
    """pingAll, when nobody has learned anything yet and when everybody has."""
    net = _mininet(who)(Campus(n=size))
    net.start()
    times, lost = [], []
    for _ in range(2):
        watch = Stopwatch()
        lost.append(net.pingAll())
        times.append(watch.seconds)
    net.stop()
    return {"first": times[0], "again": times[1], "lost": max(lost)}


def connect(who: str, size: int) -> dict[str, float]:
    """From the return of ``start`` until all switches are connected to Ryu."""
    if who == "ours":
        from scenarios.kit.controller import RyuApp

        net = _mininet(who, bridge=False)(Row(n=size), controller=lambda name: RyuApp(name, APP, rest=None))
    else:
        net = _stock_with_ryu(size)
    net.start()
    watch = Stopwatch()
    everybody = net.waitConnected()
    seconds = watch.seconds
    net.stop()
    return {"connect": seconds, "everybody": everybody}


def _mininet(who: str, bridge: bool = True):
    """The class that builds a network from a topology, with switches that learn on their own, in userspace."""
    from functools import partial

    if who == "ours":
        from scenarios.kit import net, nodes

        kind = nodes.Bridge if bridge else nodes.Switch
        return partial(net.Net, switch=partial(kind, datapath="user"))
    from mininet import net, node

    kind = node.OVSBridge if bridge else node.OVSSwitch
    return partial(net.Mininet, switch=partial(kind, datapath="user"), controller=None)


def _stock_with_ryu(size: int):
    """Stock Mininet never started Ryu itself so that it worked; here it finds it running, by its class for that."""
    from mininet.node import RemoteController

    from scenarios.kit.controller import RyuApp

    running = RyuApp("ryu", APP, rest=None)
    running.start()
    net = _mininet("stock", bridge=False)(Row(n=size))
    net.addController("c0", RemoteController, ip="127.0.0.1", port=6653)
    for switch in net.switches:
        switch.protocols = "OpenFlow13"
    return net


def _memory() -> int:
    """What is available on the machine, in KiB."""
    line = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable"))
    return int(line.split()[1])


def _programs() -> int:
    """What the sandbox's programs have to themselves, and their share of what several have, in KiB (proc_pid_smaps(5)).

    The rest of ``memory`` is the kernel's: namespaces, cables, ports, which are the same for everybody.
    """
    lines = (line for file in Path("/proc").glob("[0-9]*/smaps_rollup") for line in _lines(file))
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except ProcessLookupError:  # one that has ended has no memory
        return []


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
