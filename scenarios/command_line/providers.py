"""``./lab looking-glass``, ``ases`` and ``config``: what routers know, whose they are, and what they were told."""

import json
from typing import Any

import click

from scenarios.command_line import complete
from scenarios.command_line.inside import relay
from scenarios.command_line.see import JSON, LAB, deliver
from scenarios.kit import control
from scenarios.kit.errors import LabError
from scenarios.kit.lines import aligned

COLUMNS = ("", "prefix", "via", "from", "preference", "path", "communities")


@click.command("looking-glass")
@LAB
@click.argument("router", shell_complete=complete.nodes)
@click.argument("prefix", required=False, metavar="[PREFIX|ADDRESS]")
@JSON
def looking_glass(lab: str, router: str, prefix: str | None, as_json: bool) -> None:
    """What a router has heard in BGP, the same for BIRD and FRR: path, preference, communities.

    \b
    ./lab looking-glass isp_tiers as110                 everything; > marks what it uses
    ./lab looking-glass isp_tiers as110 22.130.0.0/16   one prefix
    ./lab looking-glass isp_tiers as110 22.130.0.10     what matches an address best
    """
    relay(lab)
    routes = list(control.ask(lab, "routes", router=router, prefix=prefix))
    if as_json:
        click.echo(json.dumps(routes, indent=2))
    elif routes:
        click.echo("\n".join(aligned([COLUMNS, *map(_row, routes)])))
    else:
        click.echo(f"{router} knows no way to {prefix}" if prefix else f"{router} knows no route")


def _row(route: dict[str, Any]) -> tuple[str, ...]:
    tags = [*route["communities"], *route["large_communities"], *([f"otc {route['otc']}"] if route["otc"] else [])]
    return (">" if route["best"] else "", route["prefix"], route["via"] or "itself", route["from"] or "",
            str(route["local_pref"] or ""), " ".join(map(str, route["path"])), " ".join(tags))


@click.command()
@LAB
@click.argument("src", required=False, shell_complete=complete.nodes)
@click.argument("dst", required=False, shell_complete=complete.nodes)
@click.option("-w", "target", metavar="FILE.svg", help="Write a picture; - for standard output.")
def ases(lab: str, src: str | None, dst: str | None, target: str | None) -> None:
    """The ASes of an Internet, tier by tier: who pays whom, who peers, and the way of a packet from SRC to DST."""
    if src and not dst:
        raise LabError(f"from {src} to where? ./lab ases {lab} {src} DST")
    relay(lab)
    deliver(control.ask_once(lab, "ases", src=src, dst=dst, svg=target is not None)["picture"], target)


@click.command()
@LAB
@click.argument("node", shell_complete=complete.nodes)
@click.argument("file", required=False)
@JSON
def config(lab: str, node: str, file: str | None, as_json: bool) -> None:
    """The configuration with which a node's daemons run, as it was made from the drawing; without its keys."""
    relay(lab)
    files = list(control.ask(lab, "config", node=node))
    chosen = [each for each in files if file in (None, each["name"])]
    if not chosen:
        raise LabError(f"{node} has no {file}; it has: {', '.join(each['name'] for each in files) or 'no files'}")
    if as_json:
        click.echo(json.dumps(chosen, indent=2))
        return
    for each in chosen:
        if file is None:
            click.echo(click.style(f"{node}: {each['service']}, {each['name']}", bold=True))
        click.echo(each["text"].rstrip("\n") + ("" if file else "\n"))
