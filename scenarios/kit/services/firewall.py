"""Firewalls from a policy: a YAML file of who may open what, rendered to nft(8), with or without memory.

A rule allows TCP connections; what no rule allows is dropped, counted and logged. The order of rules does not matter.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ..catalogue import DATA
from ..command import ask, attempt, run
from ..routing import data_file
from ..routing.data_file import Misfit
from .nftables import Ruleset

ANYWHERE = "any"
OUTSIDE = "outside"  # the zone of everybody who is in no other
LOG_GROUP = 1  # of the kernel's netlink log, where our own daemon listens
DROP = f"log group {LOG_GROUP} queue-threshold 1 counter name dropped drop"
FIRST = "tcp flags & (fin | syn | rst | ack) == syn"
LATER = "tcp flags & (syn | ack) != syn"

Prefix = Annotated[IPv4Network, BeforeValidator(lambda text: IPv4Network(text))]
Port = Annotated[int, Field(ge=1, le=65535)]


class Rule(BaseModel):
    """Who may open which TCP ports where: ``source`` and ``target`` are zones, prefixes, or "any".

    ``limit``, "3/minute", is the rate of new connections that each source may open.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(ANYWHERE, alias="from")
    target: str = Field(ANYWHERE, alias="to")
    tcp: tuple[Port, ...] | Literal["all"]
    limit: Annotated[str, Field(pattern=r"^[1-9]\d*/(second|minute|hour)$")] | None = None


class Policy(BaseModel):
    """Zones by name, addresses that are let nowhere, and rules."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zones: dict[str, Prefix]
    blocked: tuple[Prefix, ...] = ()
    rules: tuple[Rule, ...]

    def check(self) -> None:
        """Raise Misfit for an end of a rule that is neither a zone nor a prefix."""
        for number, rule in enumerate(self.rules):
            for word, end in (("from", rule.source), ("to", rule.target)):
                if end not in (ANYWHERE, OUTSIDE, *self.zones) and not _is_prefix(end):
                    known = ", ".join((ANYWHERE, OUTSIDE, *self.zones))
                    raise Misfit(("rules", number, word), f"{end!r} is neither a prefix nor one of {known}; name one")


@dataclass(frozen=True)
class Firewall(Ruleset):
    """A policy in force on a node: for what passes through it (``hook`` "forward"), or for itself ("input")."""

    policy: Policy
    hook: Literal["forward", "input"] = "forward"
    stateful: bool = True
    replies: bool = True
    name: str = "firewall"

    def rules(self, node):
        return render(self.policy, self.hook, self.stateful, self.replies)

    def commands(self, node):
        return [["tcpdump", "-i", f"nflog:{LOG_GROUP}", "-n", "-l", "--immediate-mode", "-Z", "root"]]

    def ready(self, node):
        return any("listening on" in daemon.output for daemon in node.daemons if daemon.name == self.name)


def render(policy: Policy, hook: str, stateful: bool, replies: bool = True) -> str:
    """The policy as a ruleset. Without memory it needs rules for ``replies``, too."""
    lines = [f"type filter hook {hook} priority filter; policy drop", 'iifname "lo" accept',
             "ip saddr @blocked counter name blocked drop"]
    if stateful:
        lines += ["ct state { established, related } accept", f"ct state invalid {DROP}"]
    for number, rule in enumerate(policy.rules):
        lines += _stateful(policy, rule, number) if stateful else _stateless(policy, rule, number, replies)
    lines += [DROP]
    return "table inet firewall {\n" + _sets(policy) + _block(f"chain {hook}", lines) + "}\n"


def permits(policy: Policy, source: str, target: str, port: int) -> bool:
    """Whether the policy lets ``source`` open a TCP port of ``target``: thought through without nft(8)."""
    if any(IPv4Network(end).subnet_of(prefix) for prefix in policy.blocked for end in (source, target)):
        return False
    return any(_within(policy, source, rule.source) and _within(policy, target, rule.target)
               and (rule.tcp == "all" or port in rule.tcp) for rule in policy.rules)


def policy_from(file: str) -> Policy:
    """The policy in a file of scenarios/data, or at a path. Raises BadData, in one line."""
    beside = DATA / file
    return data_file.load(beside if beside.exists() else file, Policy)


def firewall_of(net, node: str) -> Firewall:
    """The firewall of a node, with the policy that it was made from."""
    return next(each for each in net[node].services if isinstance(each, Firewall))


def load(net, node: str, firewall: Firewall) -> None:
    """Put other rules in the place of a node's own."""
    run(net[node], "nft", "-f", "-", stdin=firewall.files(net[node])[firewall.file])


def forget_callers(net) -> None:
    """Have every firewall begin anew to count each source's connections."""
    for host in net.hosts:
        for firewall in (each for each in getattr(host, "services", ()) if isinstance(each, Firewall)):
            for number, rule in enumerate(firewall.policy.rules):
                if rule.limit:  # a firewall that is not in force has nothing to forget
                    attempt(host, "nft", "flush", "set", "inet", "firewall", f"callers{number}")


def counter(net, node: str, name: str) -> int:
    """How many packets a named counter of the firewall has seen."""
    listed = ask(net[node], "nft", "-j", "list", "counter", "inet", "firewall", name)["nftables"]
    return next(each["counter"]["packets"] for each in listed if "counter" in each)


def log(net, node: str) -> str:
    """What the firewall has logged: a line of tcpdump(1) for each packet it dropped."""
    return "".join(daemon.output for daemon in net[node].daemons if daemon.name == "firewall")


def _stateful(policy: Policy, rule: Rule, number: int) -> list[str]:
    match = _match(policy, rule, "d")
    return [f"{match} ct state new {_limit(rule, number)}counter accept"]


def _stateless(policy: Policy, rule: Rule, number: int, replies: bool) -> list[str]:
    match = _match(policy, rule, "d")
    lines = [f"{match} {FIRST} {_limit(rule, number)}counter accept", f"{match} {LATER} counter accept"]
    return lines + ([f"{_match(policy, rule, 's')} {LATER} counter accept"] if replies else [])


def _match(policy: Policy, rule: Rule, port_of: str) -> str:
    """The packets of a rule: those to its port ("d"), or those back from it ("s")."""
    here, there = ("s", "d") if port_of == "d" else ("d", "s")
    ports = "" if rule.tcp == "all" else f" tcp {port_of}port {{ {', '.join(map(str, rule.tcp))} }}"
    ends = _address(policy, f"ip {here}addr", rule.source) + _address(policy, f"ip {there}addr", rule.target)
    return f"{ends}meta l4proto tcp{ports}"


def _address(policy: Policy, field: str, end: str) -> str:
    if end == ANYWHERE:
        return ""
    if end == OUTSIDE:
        return f"{field} != {{ {', '.join(map(str, policy.zones.values()))} }} "
    return f"{field} {policy.zones.get(end, end)} "


def _limit(rule: Rule, number: int) -> str:
    if rule.limit is None:
        return ""
    burst = rule.limit.partition("/")[0]
    return f"update @callers{number} {{ ip saddr limit rate {rule.limit} burst {burst} packets }} "


def _sets(policy: Policy) -> str:
    elements = [f"elements = {{ {', '.join(map(str, policy.blocked))} }}"] if policy.blocked else []
    text = "  counter dropped { }\n  counter blocked { }\n"
    text += _block("set blocked", ["type ipv4_addr", "flags interval", *elements])
    for number, rule in enumerate(policy.rules):
        if rule.limit:
            text += _block(f"set callers{number}", ["type ipv4_addr", "flags dynamic", "size 65535", "timeout 1h"])
    return text


def _block(head: str, lines: list[str]) -> str:
    return f"  {head} {{\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"


def _within(policy: Policy, address: str, end: str) -> bool:
    here = IPv4Network(address)
    if end == ANYWHERE:
        return True
    if end == OUTSIDE:
        return not any(here.subnet_of(prefix) for prefix in policy.zones.values())
    return here.subnet_of(policy.zones.get(end) or IPv4Network(end))


def _is_prefix(text: str) -> bool:
    try:
        IPv4Network(text)
    except ValueError:
        return False
    return True
