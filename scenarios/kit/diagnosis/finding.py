"""What a diagnosis ends with: the broken layer, one sentence, and a command that shows it."""

import shlex
from dataclasses import dataclass, field

LAYERS = ("link", "address", "neighbour", "switch", "route", "filter", "tunnel", "MTU", "service", "name", "TLS",
          "HTTP")


@dataclass(frozen=True)
class Finding:
    """``command`` is to be run on ``node``; ``output`` are the lines of it that show what is wrong.

    ``compared`` tells that it was found not by following packets, but by comparing with the network as it was when
    all its claims held.
    """

    layer: str
    sentence: str
    node: str = ""
    command: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    shows: tuple[str, ...] = field(default=(), repr=False)
    compared: bool = False

    def json(self) -> dict:
        """For programs, and for the line between lab and terminal."""
        return {"layer": self.layer, "sentence": self.sentence, "node": self.node, "command": list(self.command),
                "output": list(self.output), "compared": self.compared}

    def shown_by(self, lab: str) -> str:
        """The command that shows it, as it is typed at a second terminal."""
        where = f"./lab exec {lab} {self.node} " if self.node else f"in the lab {lab}: "
        return where + shlex.join(self.command)

    def __post_init__(self):
        if self.layer not in LAYERS:
            raise ValueError(f"{self.layer} is not a layer")
