"""Packet filters and address translation: rulesets of nft(8), loaded in one transaction."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..command import ask, run
from .service import Service

TABLE = re.compile(r"^\s*table\s+(\w+)\s+(\w+)\s*\{", re.MULTILINE)


@dataclass(frozen=True)
class Nftables(Service):
    """The tables of a ruleset, written as in nft(8): ``Nftables("table ip nat { … }")``.

    They are loaded at once, or not at all: there is no moment with half of the rules. Loading again replaces the
    same tables, counters and all; tables of other rulesets on the node stay as they are. ``name`` tells apart
    several rulesets on one node, for ``supervisor.stop`` and ``restart``.
    """

    ruleset: str
    name: str = "nftables"

    def files(self, node):
        fresh = "".join(f"table {table}\ndelete table {table}\n" for table in self.tables())
        return {self.file: fresh + self.ruleset}

    def commands(self, node):
        return []

    def started(self, node):
        run(node, "nft", "-f", node.supervisor.directory / self.file)

    def stopped(self, node):
        """Remove the tables; the connections they tracked are forgotten by and by."""
        gone = "".join(f"table {table}\ndelete table {table}\n" for table in self.tables())
        run(node, "nft", "-f", "-", stdin=gone)

    def tables(self) -> Iterator[str]:
        """Family and name of each table: "ip nat"."""
        return (" ".join(found.groups()) for found in TABLE.finditer(self.ruleset))

    @property
    def file(self) -> str:
        return f"{self.name}.nft"


def rules(net, node: str, table: str) -> list[dict]:
    """The rules of a table that are in force on a node, as nft(8) gives them in JSON; none without such a table."""
    listed = ask(net[node], "nft", "-j", "list", "ruleset")["nftables"]
    return [each["rule"] for each in listed if "rule" in each and each["rule"]["table"] == table]
