"""What a running lab shows to other terminals: tables, drawings, traces, counters; each answer is a line of JSON."""

from collections.abc import Callable, Iterator
from typing import Any

from .control import Operation
from .errors import LabError
from .net import Net

Answers = Iterator[dict[str, Any]]


class Sights:
    """The requests that look at the network and change nothing. ``running`` gives it, or says that it is not there."""

    def __init__(self, title: str, running: Callable[[], Net]):
        self.title, self.running = title, running

    def operations(self) -> dict[str, Operation]:
        return {"show": self._show, "graph": self._graph, "trace": self._trace, "counters": self._counters,
                "record": self._record, "config": self._config, "routes": self._routes, "ases": self._ases,
                "controller": self._controller}

    def _show(self, node: str | None = None) -> Answers:
        from . import look

        for table in look.tables(self.running(), node):
            yield {**table.json(), "columns": list(table.columns)}

    def _graph(self, svg: bool = False) -> Answers:
        from . import graph, picture
        from .drawing import Drawing
        from .facts import gather

        net = self.running()
        drawing, world = Drawing.of(net), gather(net)
        yield {"svg": picture.as_svg(drawing, world, self.title)} if svg else {"lines": graph.as_text(drawing, world)}

    def _trace(self, src: str, dst: str) -> Answers:
        from .diagnosis import asks
        from .drawing import Drawing
        from .facts import gather
        from .trace import trace

        net = self.running()
        world = gather(net)
        ask = asks.of_words(src, dst, asks.Names(Drawing.of(net), world))
        if not ask.dst:
            raise LabError(f"{ask.name} is no address: name a node or an address")
        journey, hops = trace(net, ask, world)
        for hop in hops:
            yield hop.json()
        yield {"outcome": journey.outcome, "asked": str(ask)}

    def _record(self, filter: str = "") -> Iterator[dict[str, Any] | bytes]:
        """A pcapng file of all that crosses any interface, from now on, for as long as somebody takes it."""
        from .record import blocks

        net = self.running()
        file = blocks(net, filter)
        first = next(file)
        yield {"listening": True}
        yield first
        yield from file

    def _config(self, node: str) -> Answers:
        from .configuration import files

        yield from map(vars, files(self.running()[node]))

    def _routes(self, router: str, prefix: str | None = None) -> Answers:
        from .providers import sights

        yield from sights.glass(self.running(), router, prefix)

    def _ases(self, src: str | None = None, dst: str | None = None, svg: bool = False) -> Answers:
        from .providers import sights

        yield {"picture": sights.picture(self.running(), src, dst, svg)}

    def _controller(self, view: str = "", wanted: dict[str, str] | None = None) -> Answers:
        """The rows of one of the controller's views, and whose addresses they name."""
        from . import openflow

        net = self.running()
        yield {"rows": openflow.found(net, view, wanted), "stations": openflow.stations(net)}

    def _counters(self) -> Answers:
        from . import watch

        yield watch.counters(self.running())
