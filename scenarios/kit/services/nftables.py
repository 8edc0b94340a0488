"""Packet filters: rulesets of nft(8), loaded in one transaction."""

import re
from dataclasses import dataclass

from ..command import ask, run
from .service import Service

TABLE = re.compile(r"^\s*table\s+(\w+)\s+(\w+)\s*\{", re.MULTILINE)


class Ruleset(Service):
    """Tables of nft(8) that a node loads: ``rules`` says which.

    They are loaded at once, or not at all: there is no moment with half of the rules. Loading again replaces the
    same tables, counters and all; tables of other rulesets on the node stay as they are.
    """

    def rules(self, node) -> str:
        """The ruleset, as nft(8) reads it."""
        raise NotImplementedError

    def files(self, node):
        return {self.file: _absent(self.rules(node)) + self.rules(node)}

    def commands(self, node):
        return []

    def started(self, node):
        run(node, "nft", "-f", node.supervisor.directory / self.file)

    def stopped(self, node):
        """Remove the tables; the connections that they let pass or translated are forgotten by and by."""
        run(node, "nft", "-f", "-", stdin=_absent(self.rules(node)))

    @property
    def file(self) -> str:
        return f"{self.name}.nft"


@dataclass(frozen=True)
class Nftables(Ruleset):
    """A ruleset written out: ``Nftables("table inet filter { … }")``.

    ``name`` tells apart several rulesets on one node, for ``supervisor.stop`` and ``restart``.
    """

    ruleset: str
    name: str = "nftables"

    def rules(self, node):
        return self.ruleset


def tables(ruleset: str) -> list[str]:
    """Family and name of each table of a ruleset.

    >>> tables("table ip nat { }  \\n table inet filter { }")
    ['ip nat', 'inet filter']
    """
    return [" ".join(found.groups()) for found in TABLE.finditer(ruleset)]


def rules(net, node: str, table: str) -> list[dict]:
    """The rules of a table that are in force on a node, as nft(8) gives them in JSON; none without such a table."""
    listed = ask(net[node], "nft", "-j", "list", "ruleset")["nftables"]
    return [each["rule"] for each in listed if "rule" in each and each["rule"]["table"] == table]


def without_rules(net, node: str, chain: str) -> None:
    """Empty a chain, named by family, table and chain: "ip nat postrouting"."""
    run(net[node], "nft", "flush", "chain", *chain.split())


def has_rules(net, node: str, chain: str) -> bool:
    """Whether the kernel has any rule in a chain."""
    family, table, name = chain.split()
    return any((rule["family"], rule["chain"]) == (family, name) for rule in rules(net, node, table))


def _absent(ruleset: str) -> str:
    """Statements after which none of the tables is there, whether or not they were."""
    return "".join(f"table {table}\ndelete table {table}\n" for table in tables(ruleset))
