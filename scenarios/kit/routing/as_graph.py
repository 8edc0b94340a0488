"""The picture of an Internet: tiers from top to bottom, who pays whom, who peers, and perhaps the way of a packet.

As SVG for a browser, as text for a terminal. Relations differ by line as well as by colour: solid for money, dashed
for peering, dotted for an exchange.
"""

from collections.abc import Sequence
from html import escape
from itertools import combinations, pairwise

from .internet import Internet

WIDTH, ROW, MARGIN, BOX = 960, 130, 60, (84, 34)  # pixels
MOST_IN_A_ROW = 10  # larger Internets are drawn wider
STYLES = {"transit": 'stroke="#444"', "peering": 'stroke="#06c" stroke-dasharray="8 5"',
          "exchange": 'stroke="#090" stroke-dasharray="2 5"'}
Spot = tuple[float, float]


def relations(internet: Internet) -> dict[frozenset[int], str]:
    """Each pair that is related, and how; a private relation hides a meeting at an exchange."""
    met = {frozenset(pair): "exchange" for ix in internet.exchanges.values() for pair in combinations(ix.members, 2)}
    peers = {frozenset(pair): "peering" for pair in internet.peering}
    paid = {frozenset((p, c)): "transit" for p, customers in internet.transit.items() for c in customers}
    return met | peers | paid


def tiers(internet: Internet) -> dict[int, list[int]]:
    """ASes by tier, those with many customers in the middle."""
    rows: dict[int, list[int]] = {}
    for asn in sorted(internet.ases, key=lambda asn: (internet.tier(asn), -len(internet.cone(asn)), asn)):
        row = rows.setdefault(internet.tier(asn), [])
        row.insert(len(row) if len(row) % 2 else 0, asn)
    return rows


def spots(internet: Internet) -> dict[int, Spot]:
    """Where each AS is drawn."""
    rows, width = tiers(internet), picture_width(internet)
    return {asn: ((n + 1) * width / (len(row) + 1), MARGIN + ROW * (tier - 1))
            for tier, row in rows.items() for n, asn in enumerate(row)}


def picture_width(internet: Internet) -> int:
    longest = max((len(row) for row in tiers(internet).values()), default=1)
    return WIDTH * max(1, -(-longest // MOST_IN_A_ROW))


def svg(internet: Internet, way: Sequence[int] = ()) -> str:
    """An SVG document; ``way`` is the chain of ASes that a packet crosses."""
    at, width = spots(internet), picture_width(internet)
    height = 2 * MARGIN + ROW * (max(tiers(internet), default=1) - 1)
    lines = [_line(at[a], at[b], STYLES[kind]) for (a, b), kind in
             ((sorted(pair), kind) for pair, kind in relations(internet).items())]
    steps = [_line(at[a], at[b], 'stroke="#d00" stroke-width="5" stroke-opacity="0.6"') for a, b in pairwise(way)]
    boxes = [_box(at[asn], f"AS {asn}", internet.ases[asn].name, asn in way) for asn in internet.ases]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">'
    return "\n".join([head, *lines, *steps, *boxes, "</svg>", ""])


def _line(a: Spot, b: Spot, style: str) -> str:
    """A straight line; within a tier a bow, so that it does not run through those between."""
    if a[1] == b[1]:
        bow = f"Q{(a[0] + b[0]) / 2:.0f} {a[1] - 12 - abs(a[0] - b[0]) / 8:.0f}"
    else:
        bow = "L"
    return f'<path d="M{a[0]:.0f} {a[1]:.0f} {bow} {b[0]:.0f} {b[1]:.0f}" fill="none" {style}/>'


def _box(spot: Spot, title: str, name: str, marked: bool) -> str:
    (x, y), (width, height), edge = spot, BOX, "#d00" if marked else "#444"
    return (f'<g><title>{escape(name or title)}</title><rect x="{x - width / 2:.0f}" y="{y - height / 2:.0f}" '
            f'width="{width}" height="{height}" rx="6" fill="#fff" stroke="{edge}"/>'
            f'<text x="{x:.0f}" y="{y + 5:.0f}" text-anchor="middle" font-size="13">{escape(title)}</text></g>')


def text(internet: Internet, way: Sequence[int] = ()) -> str:
    """For a terminal: a line for each AS, by tier, and what it is to whom; ``*`` marks the way of a packet."""
    rows = []
    for tier, row in tiers(internet).items():
        rows.append(f"tier {tier}")
        for asn in sorted(row):
            parts = [("pays", internet.providers(asn)), ("is paid by", internet.customers(asn)),
                     ("peers with", internet.peers(asn))]
            told = "; ".join(f"{verb} {', '.join(map(str, sorted(others)))}" for verb, others in parts if others)
            rows.append(f"  {'*' if asn in way else ' '} AS {asn:<6} {internet.ases[asn].name:<20} {told}".rstrip())
    if way:
        rows.append("way: " + " > ".join(map(str, way)))
    return "\n".join(rows) + "\n"
