"""``./lab run``: build a network, ask its claims, and hand it over."""

import json
import sys
from textwrap import indent

import click

from scenarios.command_line import complete
from scenarios.kit import catalogue
from scenarios.kit.errors import LabError
from scenarios.kit.lines import drawing, hanging, outcome

NOT_HELD = 1


@click.command()
@click.argument("scenario", shell_complete=complete.scenarios)
@click.option("--check", is_flag=True, help="Ask the claims and end; exit code 0 when all hold, else 1.")
@click.option("--timings", is_flag=True, help="Tell how long each phase took.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document; implies --check.")
@click.option("--name", help="The lab's name for the other commands; the scenario's by default.")
@click.option("--option", "-o", "options", multiple=True, metavar="NAME=VALUE", help="Choose a variant.")
@click.option("--break", "fault", metavar="FAULT", help="Break it once its claims were asked; 'random' draws by lot.")
@click.option("--kernel", type=click.Choice(["own", "uml"]), default="own",
              help="Where: on this machine's kernel, or in user-mode Linux, a full one.")
@click.option("--capture", metavar="FILE", help="Write all packets of all interfaces to FILE (pcapng), from the first.")
@click.option("--seed", type=int, help="Draw the same fault again; implies --break random.")
def run(scenario: str, check: bool, timings: bool, as_json: bool, name: str | None, options: tuple[str, ...],
        fault: str | None, kernel: str, seed: int | None, capture: str | None) -> None:
    """Build a network, prove its claims, and hand it over.

    SCENARIO is a name of ./lab list, or a file of your own. On a terminal the prompt follows; Ctrl-D ends the lab,
    and with it everything that was built.
    """
    if kernel == "uml":
        sys.exit(_in_a_full_kernel(catalogue.find(scenario).name, name))

    from mininet.log import setLogLevel

    from scenarios.command_line.inside import open_for_packets
    from scenarios.kit.lab import Lab
    from scenarios.kit.prompt import prompt

    setLogLevel("warning")
    found = catalogue.find(scenario)
    choices = found.chosen(_pairs(options))
    fault = _fault(found, fault, seed)
    found.check_machine()
    output = open_for_packets(capture)
    lab = Lab(found, name)
    lab.enter()
    report = Report(lab, quiet=as_json, timings=timings)
    net = lab.build(output, **choices)
    report.up()
    for verdict in lab.ask():
        report.verdict(verdict)
    if fault:
        _break(lab, report, fault, seed)
    report.end()
    if sys.stdin.isatty() and not (check or as_json):
        prompt(lab, net)
    lab.end(0 if all(verdict.held for verdict in lab.verdicts) else NOT_HELD)


def _in_a_full_kernel(scenario: str, name: str | None) -> int:
    """The same command line, but for what is said of the place, in user-mode Linux. Raises CannotRun."""
    from scenarios.kit import uml

    words = sys.argv[sys.argv.index("run") + 1:]
    for option in "--kernel", "--name":
        words = without(option, words)
    return uml.run_lab(words, name or scenario)


def without(option: str, words: list[str]) -> list[str]:
    """A command line without an option and its value.

    >>> without("--name", ["lan", "--name", "mine", "--check", "--name=x"])
    ['lan', '--check']
    """
    kept = [word for word in words if not word.startswith(f"{option}=")]
    while option in kept:
        place = kept.index(option)
        del kept[place:place + 2]
    return kept


def _fault(scenario, name: str | None, seed: int | None) -> str | None:
    """The fault to come, checked before anything is built. Raises NoSuchThing."""
    from scenarios.kit.faults import named

    name = "random" if name is None and seed is not None else name
    if name not in (None, "random"):
        named(scenario.faults, name)
    return name


def _break(lab, report: "Report", name: str, seed: int | None) -> None:
    """Break it, and ask its claims again."""
    from scenarios.command_line.trouble import AT_ONCE

    report.count()
    search = lab.break_it(None if name == "random" else name, seed)
    report.broken(search)
    for verdict in lab.ask(AT_ONCE):
        report.verdict(verdict)


class Report:
    """What is said on the way."""

    def __init__(self, lab, quiet: bool, timings: bool):
        self.lab, self.quiet, self.timings = lab, quiet, timings
        self._say(click.style(hanging("", f"{lab.name}: {lab.scenario.lesson}"), bold=True))
        self._say("\n" + drawing(lab.scenario.drawing) + "\n")
        if lab.scenario.table:
            self._say(drawing(indent(lab.scenario.table, "  ")) + "\n")

    def up(self) -> None:
        net, seconds = self.lab.net, self.lab.timings["up"]
        parts = [(len(net.hosts), "node"), (len(net.switches), "switch"), (len(net.links), "wire")]
        self._say(f"up in {seconds:.1f} s: " + ", ".join(f"{n} {_plural(word, n)}" for n, word in parts if n))
        if self.timings:
            self._say("   " + ", ".join(f"{phase} {took:.2f} s" for phase, took in self.lab.timings.items()))
        self._say("")

    def verdict(self, verdict) -> None:
        took = f"  ({verdict.seconds:.2f} s)" if self.timings else ""
        self._say(hanging(f"  {outcome(verdict.outcome)}", f"{verdict.claim}{took}"))
        if verdict.seen:
            self._say(hanging(f"  {'':<19}", verdict.seen))

    def end(self) -> None:
        if self.quiet:
            print(json.dumps(self._document(), indent=2))
            return
        self.count()
        if self.lab.scenario.look:
            self._say("\nLook for yourself, from a second terminal:")
            for look in self.lab.scenario.look:
                self._say(f"  {look.command(self.lab.name)}\n" + hanging("      ", look.sees))

    def count(self) -> None:
        held = sum(verdict.held for verdict in self.lab.verdicts)
        total = sum(verdict.seconds for verdict in self.lab.verdicts)
        self._say(f"\n{held} of {len(self.lab.verdicts)} claims held" + (f" in {total:.1f} s" if self.timings else ""))

    def broken(self, search) -> None:
        from scenarios.command_line.trouble import announcement

        self._say("\n" + announcement(self.lab.name, search.fault.name, search.secret, search.seed) + "\n")

    def _document(self) -> dict:
        lab = self.lab
        return {"lab": lab.name, "scenario": lab.scenario.name,
                "timings": {phase: round(seconds, 4) for phase, seconds in lab.timings.items()},
                "claims": [{"claim": str(each.claim), "outcome": str(each.outcome), "seen": each.seen,
                            "seconds": round(each.seconds, 4)} for each in lab.verdicts],
                "held": all(each.held for each in lab.verdicts)}

    def _say(self, text: str) -> None:
        if not self.quiet:
            click.echo(text)
            sys.stdout.flush()


def _pairs(options: tuple[str, ...]) -> dict[str, str]:
    for option in options:
        if "=" not in option:
            raise LabError(f"--option {option}: write it as NAME=VALUE")
    return dict(option.split("=", 1) for option in options)


def _plural(word: str, number: int) -> str:
    if number == 1:
        return word
    return word + ("es" if word.endswith("ch") else "s")
