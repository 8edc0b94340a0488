"""The kernel's table of conversations: who started each, and how its packets are translated (conntrack(8))."""

from dataclasses import dataclass
from xml.etree import ElementTree

from .command import run

End = tuple[str, int]  # address and port


@dataclass(frozen=True)
class Conversation:
    """One row. Before translation ``source`` speaks to ``destination``; answers come from ``answerer`` to ``mapped``.

    Ports are 0 for protocols without any.
    """

    protocol: str
    source: End
    destination: End
    answerer: End
    mapped: End

    @property
    def translated(self) -> bool:
        return (self.source, self.destination) != (self.mapped, self.answerer)

    def __str__(self) -> str:
        return " ".join([self.protocol, *("{}:{}".format(*end) for end in (self.source, self.destination)),
                         "as", "{}:{}".format(*self.mapped)])


def table(net, node: str, *choose: object) -> list[Conversation]:
    """The rows of a node's table. ``choose`` narrows them down in conntrack(8)'s words: ``"-p", "tcp"``."""
    return parse(run(net[node], "conntrack", "-L", "-o", "xml", *choose))


def parse(text: str) -> list[Conversation]:
    """What ``conntrack -L -o xml`` prints; nothing at all when there is no row."""
    return [_row(flow) for flow in ElementTree.fromstring(text)] if text else []


def _row(flow: ElementTree.Element) -> Conversation:
    original, reply = flow.find("meta[@direction='original']"), flow.find("meta[@direction='reply']")
    protocol = original.find("layer4").get("protoname", "")  # type: ignore[union-attr]
    return Conversation(protocol, *_ends(original), *_ends(reply))


def _ends(meta) -> tuple[End, End]:
    return tuple((meta.findtext(f"layer3/{side}"), int(meta.findtext(f"layer4/{port}") or 0))  # type: ignore[return-value]
                 for side, port in (("src", "sport"), ("dst", "dport")))
