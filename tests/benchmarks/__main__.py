"""Our engine, stock Mininet and a bare script, in turns: ``python -m tests.benchmarks [--short]``.

Every run is a process of its own in a sandbox of its own, on the same topology, with Open vSwitch in userspace. Tables
show medians, with how much less time or memory ours takes than stock Mininet, and than the bare script. JSON and a plot
are written beside.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import log
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from .chart import svg

Figures = dict[str, float]
LONGEST = 600  # seconds for one run: stock Mininet needs some 130 for a thousand hosts
MEASURES = {"campus": ("start", "stop", "gone", "memory", "programs"), "pairs": ("first", "again"),
            "connect": ("connect",)}
GROWTH = (64, 128, 256, 512, 1024, 2048)
SIDE_BY_SIDE = 4


@click.command()
@click.option("--short", is_flag=True, help="Small networks, once each: only to see that it runs.")
@click.option("--repeat", default=3, show_default=True, help="Runs of each contender.")
@click.option("--hosts", multiple=True, type=int, help="Sizes to compare; 64, 256 and 1024 if none are given.")
@click.option("--growth/--no-growth", "grows", default=True, help="Measure up to 2,048 hosts, too, or do not.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("benchmark"), show_default=True,
              help="Where figures and plots go.")
def main(short: bool, repeat: int, hosts: Sequence[int], grows: bool, out: Path) -> None:
    """Compare our engine with stock Mininet and with a bare script."""
    sizes, growth, pairs, switches = hosts or (64, 256, 1024), GROWTH if grows else GROWTH[:2], 64, 20
    if short:
        sizes, growth, pairs, switches, repeat = (4,), (4, 16), 4, 2, 1
    figures = {f"{what} {size}": compare(what, size, who, repeat) for what, size, who in [
        *(("campus", size, ("ours", "stock", "bare")) for size in sizes),
        ("pairs", pairs, ("ours", "stock")), ("connect", switches, ("ours", "stock"))]}
    show_comparison(figures)
    curves = {size: medians([run("ours", "campus", size) for _ in range(repeat)]) for size in growth}
    crowd = beside(4 if short else 64)
    show_growth(curves, crowd)
    save(out, figures, curves, crowd)


def compare(what: str, size: int, contenders: Sequence[str], repeat: int) -> dict[str, Figures]:
    """Medians of each contender; they take turns, so that what else the machine does meets all of them."""
    turns = [{who: run(who, what, size) for who in contenders} for _ in range(repeat)]
    return {who: medians([turn[who] for turn in turns]) for who in contenders}


def run(who: str, what: str, size: int) -> Figures:
    """One run; ``gone`` is how long after the beginning of the stop the process has ended, and the lab with it."""
    done = subprocess.run([sys.executable, "-m", "tests.benchmarks.contender", who, what, str(size)],
                          capture_output=True, text=True, timeout=LONGEST)
    ended = time.monotonic()
    if done.returncode:
        raise click.ClickException(f"{who}, {what}, {size}: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    figures = json.loads(done.stdout.splitlines()[-1])
    return figures | ({"gone": ended - figures.pop("ending")} if "ending" in figures else {})


def medians(runs: Sequence[Figures]) -> Figures:
    return {name: median(each[name] for each in runs) for name in runs[0]}


def exponent(curve: dict[float, float]) -> float:
    """The power of the size with which a figure grows: the slope of the line through it on logarithmic axes.

    >>> round(exponent({1: 3.0, 2: 12.0, 4: 48.0}), 6)
    2.0
    """
    xs, ys = [log(size) for size in curve], [log(max(value, 1e-9)) for value in curve.values()]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)


def beside(size: int) -> Figures:
    """How long one lab takes to start, and each of several that start at once."""
    alone = run("ours", "campus", size)["start"]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        together = list(pool.map(lambda _: run("ours", "campus", size)["start"], range(SIDE_BY_SIDE)))
    return {"alone": alone, "together": median(together), "labs": SIDE_BY_SIDE}


def show_comparison(figures: dict[str, dict[str, Figures]]) -> None:
    table = Table("network", "measure", "ours", "stock", "bare", "stock / ours", "ours / bare")
    for network, found in figures.items():
        for measure in MEASURES[network.split()[0]]:
            ours, stock, bare = (found.get(who, {}).get(measure) for who in ("ours", "stock", "bare"))
            table.add_row(network, measure, *(_value(measure, each) for each in (ours, stock, bare)),
                          _ratio(stock, ours), _ratio(ours, bare))
    Console().print(table)


def show_growth(curves: dict[int, Figures], crowd: Figures) -> None:
    console = Console()
    growth = Table("hosts", *MEASURES["campus"], title="ours, by size")
    for size, found in curves.items():
        growth.add_row(str(size), *(_value(measure, found[measure]) for measure in MEASURES["campus"]))
    growth.add_row("exponent", *(f"{exponent({size: found[measure] for size, found in curves.items()}):.2f}"
                                 for measure in MEASURES["campus"]))
    console.print(growth)
    console.print(f"{crowd['labs']} labs started at once take {crowd['together']:.2f} s each; one alone takes "
                  f"{crowd['alone']:.2f} s")


def save(out: Path, figures, curves: dict[int, Figures], crowd: Figures) -> None:
    out.mkdir(parents=True, exist_ok=True)
    facts = {"compared": figures, "by_size": curves, "side_by_side": crowd}
    (out / "figures.json").write_text(json.dumps(facts, indent=2) + "\n")
    lines = {f"ours: {measure}": [(size, found[measure]) for size, found in curves.items() if found[measure] > 0]
             for measure in ("start", "gone")}
    lines |= {f"{who}: start": [(int(name.split()[1]), found[who]["start"]) for name, found in figures.items()
                                if name.startswith("campus")] for who in ("stock", "bare")}
    (out / "growth.svg").write_text(svg("Time to start and to be gone", "hosts", "seconds", lines))
    click.echo(f"wrote {out}/figures.json and {out}/growth.svg")


def _value(measure: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value / 2**20:.0f} MiB" if measure in ("memory", "programs") else f"{value:.3f} s"


def _ratio(more: float | None, less: float | None) -> str:
    return f"{more / less:.1f}" if more and less else ""


if __name__ == "__main__":
    main()
