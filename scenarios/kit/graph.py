"""The network drawn as text: link layer by link layer, with whoever is on it, and then the tunnels; pure."""

from functools import partial

import networkx

from .drawing import Drawing, End
from .facts import World
from .overlay import tunnels


def as_text(drawing: Drawing, world: World) -> list[str]:
    """A paragraph for each link layer: its subnet, its switches, who is on it, with which address now, of which AS."""
    lines, done = [], set()
    for end in drawing.ends.values():
        if end.name in done or drawing.is_switch(end.node):
            continue
        members = sorted([end, *drawing.segment(end)], key=partial(_rank, world))
        done |= {each.name for each in members}
        lines += [_title(drawing, members), *_members(drawing, members, world), ""]
    loose = [node for node in drawing.kinds if not drawing.ends_of(node)]
    lines += [f"without a cable: {', '.join(loose)}"] if loose else []
    return [*lines, *(f"tunnel {each}" for each in tunnels(world))]


def _rank(world: World, end: End) -> tuple[int, str]:
    have = world[end.node].addresses(end.interface) if end.node in world else []
    return int(have[0].ip) if have else 0, end.name


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
    rows = [(each.name, address(each, world), system(drawing, each.node)) for each in members]
    names, addresses, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
    return [f"  {'`' if row is rows[-1] else '|'}-- {row[0]:<{names}}  {row[1]:<{addresses}}  {row[2]}".rstrip()
            for row in rows]


def system(drawing: Drawing, node: str) -> str:
    """The AS that a node is in, "AS64500"; "" when it is in none."""
    return f"AS{drawing.ases[node]}" if node in drawing.ases else ""


def address(end: End, world: World) -> str:
    """What the interface has now; where the drawing says otherwise, that too."""
    have = world[end.node].addresses(end.interface) if end.node in world else []
    text = " ".join(str(each) for each in have)
    if end.node in world and not world[end.node].is_up(end.interface):
        text += " (off)"
    missing = [str(each) for each in end.addresses if each not in have]
    return text + (f" (drawn: {' '.join(missing)})" if missing else "")
