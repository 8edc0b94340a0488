"""Tables of what a node knows, one look for all: the kernel's, those of its daemons, a switch's."""

from collections.abc import Iterator

from ..drawing import Drawing
from ..errors import NoSuchThing
from ..facts import gather
from . import daemons, kernel, switch
from .table import Table


def tables(net, node: str | None = None) -> Iterator[Table]:
    """Those of one node, or of all; tables without rows are left out. Raises NoSuchThing."""
    drawing = Drawing.of(net)
    if node is not None and node not in drawing.kinds:
        raise NoSuchThing("host, router or switch", node, drawing.kinds)
    world = gather(net)
    for name in [node] if node else [*world, *(each for each in drawing.kinds if drawing.is_switch(each))]:
        made = [*kernel.tables(net, world[name]), *daemons.tables(net, name)] if name in world else \
            switch.tables(net, name)
        yield from (table for table in made if table.rows)


__all__ = ["Table", "tables"]
