"""What a router between networks is told to let pass, worked out anew: it shares nothing with the router but the file.

The file's ``networks`` and ``policy`` are read; the rest of it concerns the router alone.
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from .addressing import Subnet
from .plan import aligned
from .routing.data_file import Misfit, load

ANY = "any"
Verdict = Literal["allow", "deny"]


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Network(BaseModel):
    """A department: its subnet, of which the router has the first address, and the switches it is on."""

    model_config = ConfigDict(extra="allow", frozen=True)

    subnet: IPv4Network
    ports: tuple[str, ...]

    @property
    def plan(self) -> Subnet:
        return Subnet(self.subnet)

    @property
    def gateway(self) -> IPv4Address:
        return self.subnet[1]


class Rule(BaseModel):
    """Who may start what with whom."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    source: Names = Field(default=(ANY,), alias="from")
    to: Names = (ANY,)
    action: Verdict
    protocol: Literal["any", "tcp", "udp", "icmp"] = "any"
    ports: tuple[int, ...] = ()


class Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Verdict = "allow"
    stateful: bool = False
    groups: Mapping[str, Names] = {}
    rules: tuple[Rule, ...] = ()


class Policy(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="allow", frozen=True)

    networks: Mapping[str, Network]
    policy: Rules

    @classmethod
    def read(cls, path: Path) -> "Policy":
        """Raises BadData with file, line and remedy."""
        return load(path, cls)

    def check(self) -> None:
        """Raise Misfit for a name that nobody has."""
        known = {ANY, *self.networks, *self.policy.groups}
        for number, rule in enumerate(self.policy.rules):
            for side, names in (("from", rule.source), ("to", rule.to)):
                for name in names:
                    if name not in known and "/" not in name:
                        raise Misfit(("policy", "rules", number, side), f"{name} is no network; choose from "
                                     f"{', '.join(sorted(known))}, or write a prefix")

    def permits(self, src: str, dst: str, protocol: str, port: int = 0) -> bool:
        """Whether ``src`` may start this with ``dst``, both addresses: the first rule that fits decides."""
        if self.home(src) == self.home(dst):
            return True
        for rule in self.policy.rules:
            if self._fits(rule, src, dst) and rule.protocol in (ANY, protocol) and port in (rule.ports or (port,)):
                return rule.action == "allow"
        return self.policy.default == "allow"

    def home(self, address: str) -> str | None:
        """The network that an address is in."""
        return next((name for name, each in self.networks.items() if IPv4Address(address) in each.subnet), None)

    def changed(self, rules: Sequence[Mapping[str, Any]]) -> "Policy":
        """The same networks under other rules, as they would stand in the file."""
        return Policy.model_validate(self._document() | {
            "policy": self.policy.model_dump(mode="json", exclude={"rules"}) | {"rules": rules}})

    def rules(self) -> list[dict[str, Any]]:
        """The rules as they stand in the file."""
        return [rule.model_dump(mode="json", by_alias=True, exclude_defaults=True) for rule in self.policy.rules]

    def table(self) -> str:
        """Who may start what with whom, a line and a column for each department."""
        names = list(self.networks)
        rows = [("from \\ to", *names)]
        rows += [(src, *("neighbours" if src == dst else self._summary(src, dst) for dst in names)) for src in names]
        return aligned(rows)

    def text(self) -> str:
        """The file."""
        return yaml.safe_dump(self._document(), sort_keys=False)

    def _summary(self, src: str, dst: str) -> str:
        """In a word or two: "all", "nothing", "icmp tcp:80"."""
        here, there = (str(self.networks[name].subnet[2]) for name in (src, dst))
        named = {(rule.protocol, port) for rule in self.policy.rules for port in rule.ports}
        if all(self.permits(here, there, protocol, 1) for protocol in ("icmp", "tcp", "udp")):
            return "all"
        allowed = [protocol for protocol in ("icmp", "tcp", "udp") if self.permits(here, there, protocol, 1)]
        allowed += [f"{kind}:{port}" for kind, port in sorted(named) if self.permits(here, there, kind, port)]
        return " ".join(allowed) or "nothing"

    def _document(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def _fits(self, rule: Rule, src: str, dst: str) -> bool:
        return self._among(src, rule.source) and self._among(dst, rule.to)

    def _among(self, address: str, names: Sequence[str]) -> bool:
        return any(name == ANY or self.home(address) == name or self._among(address, self.policy.groups.get(name, ()))
                   or ("/" in name and IPv4Address(address) in ip_network(name)) for name in names)
