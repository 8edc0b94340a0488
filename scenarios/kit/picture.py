"""The network as SVG: nodes in layers, in colours that everybody can tell apart, tunnels as dashed bows; pure."""

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import cycle

import networkx

from .drawing import HOST, ROUTER, SWITCH, Drawing, End
from .facts import World
from .graph import address, system
from .overlay import Tunnel, tunnels

ACROSS, DOWN, MARGIN = 150, 130, 100  # pixels
HALF, LETTER, TALL = 24, 4.2, 17  # of a node: half its width at least, half a letter's, half its height
BOW, TUNNEL_BOW = 0.25, 0.4  # how far a bow leaves the straight line, in parts of its length
NEAR = (38, 50, 62)  # of an address to its node, one after the other, so that neighbours do not overlap
COLOURS = {HOST: "#56B4E9", ROUTER: "#E69F00", SWITCH: "#BBBBBB"}  # Okabe and Ito (2008), and grey
TUNNEL_COLOUR = "#AA4499"
SWEEPS = 8  # over the layers, to uncross the wires
Points = dict[str, tuple[float, float]]


def places(graph: networkx.Graph) -> dict[str, tuple[float, float]]:
    """Where each node goes: in layers by its distance from the middle, each layer ordered so that few wires cross."""
    placed: dict[str, tuple[float, float]] = {}
    left = 0.0
    for component in sorted(networkx.connected_components(graph), key=len, reverse=True):
        part = graph.subgraph(component)
        layers = _layers(part)
        width = max(map(len, layers))
        for depth, layer in enumerate(layers):
            inset = (width - len(layer)) * ACROSS / 2
            for number, node in enumerate(layer):
                placed[node] = (left + MARGIN + inset + number * ACROSS, MARGIN + depth * DOWN)
        left += width * ACROSS
    return placed


def _layers(graph: networkx.Graph) -> list[list[str]]:
    middle = max(sorted(graph), key=lambda node: (networkx.closeness_centrality(graph, node), graph.degree[node]))
    grouped = defaultdict(list)
    for node, distance in sorted(networkx.single_source_shortest_path_length(graph, middle).items()):
        grouped[distance].append(node)
    layers = [grouped[distance] for distance in sorted(grouped)]
    for sweep in range(SWEEPS):
        pairs = list(zip(layers, layers[1:], strict=False))
        for above, below in pairs if sweep % 2 == 0 else [(low, high) for high, low in reversed(pairs)]:
            below.sort(key=partial(_mean_rank, graph, {node: number for number, node in enumerate(above)}))
    return layers


def _mean_rank(graph: networkx.Graph, rank: dict[str, int], node: str) -> float:
    return _mean([rank[each] for each in graph[node] if each in rank])


def _mean(numbers: list[int]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


@dataclass(frozen=True)
class Line:
    """From one point to another, by way of the control point of a quadratic curve; in its middle, it is straight."""

    start: tuple[float, float]
    control: tuple[float, float]
    end: tuple[float, float]

    @classmethod
    def between(cls, start: tuple[float, float], end: tuple[float, float], bow: float = 0.0) -> "Line":
        (x1, y1), (x2, y2) = start, end
        return cls(start, ((x1 + x2) / 2 + (y2 - y1) * bow, (y1 + y2) / 2 - (x2 - x1) * bow), end)

    def at(self, part: float) -> tuple[float, float]:
        """The point after this part of it, from 0 to 1."""
        rest = 1 - part
        x, y = (rest * rest * self.start[axis] + 2 * part * rest * self.control[axis] + part * part * self.end[axis]
                for axis in (0, 1))
        return x, y

    @property
    def path(self) -> str:
        return "M {:.0f} {:.0f} Q {:.0f} {:.0f} {:.0f} {:.0f}".format(*self.start, *self.control, *self.end)

    @property
    def size(self) -> float:
        return abs(self.end[0] - self.start[0]) + abs(self.end[1] - self.start[1])


def as_svg(drawing: Drawing, world: World, title: str) -> str:
    """A picture that stands on its own; shapes and words say what colours say."""
    at = places(drawing.graph)
    width = max((x for x, _ in at.values()), default=0) + MARGIN
    height = max((y for _, y in at.values()), default=0) + MARGIN
    inner = [f'<path d="{_wire(at, *wire).path}" fill="none" stroke="#555"/>' for wire in drawing.wires]
    inner += [_tunnel(each, at) for each in tunnels(world)]
    inner += [_node(node, drawing.kinds[node], *at[node], system(drawing, node)) for node in at]
    inner += [label for node in at if node in world for label in _labels(node, drawing, at, world)]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'font-family="sans-serif" font-size="12" role="img"><title>{escape(title)}</title>\n'
            f'<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(filter(None, inner)) + "\n</svg>\n")


def _wire(at: Points, a: End, b: End) -> Line:
    """Straight, but around those who stand between two of the same layer; its ends as given."""
    (x1, y1), (x2, y2) = at[a.node], at[b.node]
    around = y1 == y2 and abs(x2 - x1) > ACROSS * 1.5
    return Line.between((x1, y1), (x2, y2), (BOW if x1 > x2 else -BOW) if around else 0.0)


def _node(name: str, kind: str, x: float, y: float, system: str) -> str:
    half, style = max(HALF, LETTER * len(name) + 6), f'fill="{COLOURS[kind]}" stroke="black"'
    if kind == ROUTER:
        shape = f'<ellipse cx="{x:.0f}" cy="{y:.0f}" rx="{half * 1.1:.0f}" ry="{TALL}" {style}/>'
    else:
        shape = f'<rect x="{x - half:.0f}" y="{y - TALL:.0f}" width="{2 * half:.0f}" height="{2 * TALL}" ' \
                f'rx="{8 if kind == HOST else 0}" {style}/>'
    name = f'<text x="{x:.0f}" y="{y + (0 if system else 4):.0f}" text-anchor="middle">{escape(name)}</text>'
    return f"<g><title>{kind}</title>{shape}{name}{_small(system, x, y + 11, halo=False)}</g>"


def _labels(node: str, drawing: Drawing, at: Points, world: World) -> list[str]:
    """The addresses of a node, each beside its wire, from left to right, at distances that take turns."""
    ends = sorted(drawing.ends_of(node), key=lambda end: at[drawing.far[end.name].node])
    return [_label(end, _wire(at, end, drawing.far[end.name]), address(end, world), near)
            for end, near in zip(ends, cycle(NEAR), strict=False)]


def _label(end: End, line: Line, text: str, near: int) -> str:
    level = line.start[1] == line.end[1]
    part = min(0.45, max(60.0, near * 1.2) / line.size if level else near / abs(line.end[1] - line.start[1]))
    x, y = line.at(part)
    return _small(text, x, y + (-4 if level and line.start < line.end else 11 if level else 3))


def _tunnel(tunnel: Tunnel, at: Points) -> str:
    """A dashed bow from end to end; a word beside an end that is alone."""
    x, y = at[tunnel.near.node]
    if tunnel.far is None:
        return _small(f"tunnel {tunnel.near.interface}", x, y + TALL + 12, TUNNEL_COLOUR)
    line = Line.between((x, y), at[tunnel.far.node], TUNNEL_BOW)
    return f'<path d="{line.path}" fill="none" stroke="{TUNNEL_COLOUR}" stroke-width="3" stroke-dasharray="8 4">' \
           f"<title>{escape(str(tunnel))}</title></path>" + _small("tunnel", *line.at(0.5), TUNNEL_COLOUR)


def _small(text: str, x: float, y: float, colour: str = "black", halo: bool = True) -> str:
    around = ' stroke="white" stroke-width="3" paint-order="stroke"' if halo else ""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="middle" font-size="9" fill="{colour}"{around}>' \
           f"{escape(text)}</text>" if text else ""
