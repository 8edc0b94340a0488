"""What each kind of tunnel costs: ``python -m tests.benchmarks.vpn [--seconds 3]``.

Throughput (iperf3(1), one TCP connection) and round trips from office to office, in one run on one machine, beside the
plain path: the same network with tunnels and kill switches off. Wires, gateways and both ends share the processors.
"""

import json
from contextlib import contextmanager
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from scenarios.kit import probes, sandbox, waiting
from scenarios.kit.actions import halt
from scenarios.kit.command import ask
from scenarios.kit.services import Service, listening
from scenarios.vpn_site_to_site import scenario

GATEWAYS = ("gw_a", "gw_b")
PORT = 5201
ROUND_TRIPS = 100
Figures = dict[str, float]


class Iperf(Service):
    """iperf3(1), waiting for tests."""

    def commands(self, node):
        return [["iperf3", "-s", "-p", str(PORT)]]

    def ready(self, node):
        return listening(node, PORT)


@click.command()
@click.option("--seconds", default=3, show_default=True, help="How long each transfer lasts.")
@click.option("--json", "as_json", is_flag=True, help="Print figures for programs.")
def main(seconds: int, as_json: bool) -> None:
    """Measure every kind of tunnel, and the path without one."""
    sandbox.enter("benchmark")
    rows = {"plain": measured("wireguard", seconds, plain=True)}
    rows |= {vpn: measured(vpn, seconds) for vpn in scenario.options["vpn"]}
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        Console().print(table(rows))


def measured(vpn: str, seconds: int, plain: bool = False) -> Figures:
    """Throughput in Mbit/s, round trips in ms, and seconds from an empty sandbox to the first answer."""
    with offices(vpn, plain) as (net, up):
        net["pc_b"].supervisor.start(Iperf())
        sent = ask(net["pc_a"], "iperf3", "-J", "-c", probes.address(net, "pc_b"), "-p", PORT, "-t", seconds)
        trips = probes.ping(net, "pc_a", "pc_b", count=ROUND_TRIPS, wait=ROUND_TRIPS * 0.1).times
    return {"Mbit/s": sent["end"]["sum_received"]["bits_per_second"] / 1e6,
            "median ms": 1000 * median(trips), "95 % ms": 1000 * sorted(trips)[int(0.95 * len(trips))], "up s": up}


@contextmanager
def offices(vpn: str, plain: bool):
    watch = waiting.Stopwatch()
    with scenario.running(vpn=vpn) as net:
        if plain:
            for service in "tunnel", "kill_switch":
                halt(net, service, *GATEWAYS)
        waiting.until(lambda: probes.ping(net, "pc_a", "pc_b", wait=0.2).answered, within=20, what="the first answer")
        yield net, watch.seconds


def table(rows: dict[str, Figures]) -> Table:
    plain = rows["plain"]
    shown = Table("path", "Mbit/s", "of plain", "round trip ms", "added ms", "95 % ms", "up s",
                  title="office to office")
    for name, row in rows.items():
        shown.add_row(name, f"{row['Mbit/s']:,.0f}", f"{row['Mbit/s'] / plain['Mbit/s']:.1%}",
                      f"{row['median ms']:.3f}", f"{row['median ms'] - plain['median ms']:+.3f}",
                      f"{row['95 % ms']:.3f}", f"{row['up s']:.2f}")
    return shown


if __name__ == "__main__":
    main()
