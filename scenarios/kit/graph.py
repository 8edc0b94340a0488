"""The network drawn: as text by its links, and as SVG in layers, in colours that everybody can tell apart."""

from collections import defaultdict
from functools import partial
from html import escape

import networkx

from .drawing import HOST, ROUTER, SWITCH, Drawing, End
from .facts import World

ACROSS, DOWN, MARGIN, SIZE = 150, 120, 90, 17  # pixels
COLOURS = {HOST: "#56B4E9", ROUTER: "#E69F00", SWITCH: "#BBBBBB"}  # Okabe and Ito (2008), and grey
TUNNEL_COLOUR = "#CC79A7"
SWEEPS = 8  # over the layers, to uncross the wires
TUNNELS = {"wireguard", "tun", "gre", "ipip", "sit", "vxlan", "xfrm", "ip6tnl"}


def as_text(drawing: Drawing, world: World) -> list[str]:
    """A paragraph for each link layer: its subnet, its switches, who is on it, and with which address now."""
    lines, done = [], set()
    for end in drawing.ends.values():
        if end.name in done or drawing.is_switch(end.node):
            continue
        members = sorted([end, *drawing.segment(end)], key=lambda each: (_address(each, world), each.name))
        done |= {each.name for each in members}
        lines += [_title(drawing, members), *_members(drawing, members, world), ""]
    loose = [node for node in drawing.kinds if not drawing.ends_of(node)]
    lines += [f"without a cable: {', '.join(loose)}"] if loose else []
    return [*lines, *(f"tunnel {name}" for name in tunnels(drawing, world))]


def _title(drawing: Drawing, members: list[End]) -> str:
    subnets = sorted({str(each.address.network) for each in members if each.address})
    switches = sorted({node for end in members for node in networkx.node_connected_component(
        drawing.graph.subgraph([name for name in drawing.kinds if drawing.is_switch(name)] + [end.node]), end.node)
        if drawing.is_switch(node) and _on(drawing, end, node)})
    return " ".join(filter(None, [", ".join(subnets) or "a link without addresses",
                                  f"by {', '.join(switches)}" if switches else "by a wire"]))


def _on(drawing: Drawing, end: End, switch: str) -> bool:
    far = drawing.far[end.name].node
    return drawing.is_switch(far) and networkx.has_path(
        drawing.graph.subgraph([name for name in drawing.kinds if drawing.is_switch(name)]), far, switch)


def _members(drawing: Drawing, members: list[End], world: World) -> list[str]:
    width = max(len(each.name) for each in members)
    return [f"  {'|' if number < len(members) - 1 else '`'}-- {each.name:<{width}}  {_address(each, world)}"
            for number, each in enumerate(members)]


def _address(end: End, world: World) -> str:
    """What the interface has now; where the drawing says otherwise, that too."""
    have = world[end.node].addresses(end.interface) if end.node in world else []
    text = " ".join(str(each) for each in have)
    if end.node in world and not world[end.node].is_up(end.interface):
        text += " (off)"
    missing = [str(each) for each in end.addresses if each not in have]
    return text + (f" (drawn: {' '.join(missing)})" if missing else "")


def tunnels(drawing: Drawing, world: World) -> list[str]:
    """Interfaces that are tunnels' ends, with their addresses."""
    found = []
    for node, facts in world.items():
        for row in facts.links:
            if row.get("linkinfo", {}).get("info_kind") in TUNNELS and "UP" in row["flags"]:
                addresses = " ".join(map(str, facts.addresses(row["ifname"])))
                found.append(f"{node}:{row['ifname']}  {addresses}".rstrip())
    return found


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


def as_svg(drawing: Drawing, world: World, title: str) -> str:
    """A picture that stands on its own; shapes and words say what colours say."""
    at = places(drawing.graph)
    width = max((x for x, _ in at.values()), default=0) + MARGIN
    height = max((y for _, y in at.values()), default=0) + MARGIN
    inner = [_wire(a, b, at) for a, b in drawing.wires]
    inner += [_node(node, drawing.kinds[node], *at[node]) for node in at]
    inner += [_label(end, drawing, at, world) for end in drawing.ends.values() if end.node in world]
    inner += [_tunnel(name, at) for name in tunnels(drawing, world)]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'font-family="sans-serif" font-size="12" role="img"><title>{escape(title)}</title>\n'
            f'<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(filter(None, inner)) + "\n</svg>\n")


def _wire(a: End, b: End, at) -> str:
    (x1, y1), (x2, y2) = at[a.node], at[b.node]
    return f'<line x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}" stroke="#555"/>'


def _node(name: str, kind: str, x: float, y: float) -> str:
    style = f'fill="{COLOURS[kind]}" stroke="black"'
    if kind == ROUTER:
        shape = f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{SIZE}" {style}/>'
    else:
        half, tall, round_ = (SIZE * 1.4, SIZE * 0.7, 0) if kind == SWITCH else (SIZE, SIZE, 6)
        shape = f'<rect x="{x - half:.0f}" y="{y - tall:.0f}" width="{2 * half:.0f}" height="{2 * tall:.0f}" ' \
                f'rx="{round_}" {style}/>'
    return f'<g><title>{kind} {escape(name)}</title>{shape}' \
           f'<text x="{x:.0f}" y="{y - SIZE - 6:.0f}" text-anchor="middle" font-weight="bold">{escape(name)}</text></g>'


def _label(end: End, drawing: Drawing, at, world: World) -> str:
    """The address, beside the wire, a third of the way from the node."""
    text = _address(end, world)
    (x1, y1), (x2, y2) = at[end.node], at[drawing.far[end.name].node]
    x, y = x1 + (x2 - x1) * 0.3, y1 + (y2 - y1) * 0.3 + 14
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="middle" font-size="9">{escape(text)}</text>' if text else ""


def _tunnel(name: str, at) -> str:
    x, y = at[name.partition(":")[0]]
    return f'<text x="{x:.0f}" y="{y + SIZE + 26:.0f}" text-anchor="middle" font-size="9" fill="{TUNNEL_COLOUR}">' \
           f'tunnel {escape(name.partition(":")[2])}</text>'
