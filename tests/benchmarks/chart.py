"""A plot of several curves on logarithmic axes, as SVG."""

from collections.abc import Mapping, Sequence
from math import floor, log10
from xml.sax.saxutils import escape

WIDTH, HEIGHT, MARGIN = 640, 400, 56  # pixels
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")  # told apart by colour-blind readers as well
MARKS = ("●", "■", "▲", "◆")

Curve = Sequence[tuple[float, float]]


def svg(title: str, across: str, upwards: str, curves: Mapping[str, Curve]) -> str:
    """The picture; every point must be above zero."""
    points = [point for curve in curves.values() for point in curve]
    x = _scale([px for px, _ in points], MARGIN, WIDTH - MARGIN)
    y = _scale([py for _, py in points], HEIGHT - MARGIN, MARGIN)
    parts = [_text(WIDTH / 2, 24, title, size=15), _text(WIDTH / 2, HEIGHT - 12, across), _text(60, 42, upwards)]
    parts += [part for value in _decades([py for _, py in points]) for part in _grid(y(value), f"{value:g}")]
    parts += [_text(x(value), HEIGHT - MARGIN + 18, f"{value:g}") for value in sorted({px for px, _ in points})]
    for number, (name, curve) in enumerate(curves.items()):
        parts += _curve(name, [(x(px), y(py)) for px, py in curve], COLOURS[number % 4], MARKS[number % 4])
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
            f'font-size="12"><rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n')


def _scale(values: Sequence[float], low: float, high: float):
    first, last = log10(min(values)), log10(max(values))
    return lambda value: low + (high - low) * ((log10(value) - first) / ((last - first) or 1))


def _decades(values: Sequence[float]) -> list[float]:
    exponents = range(floor(log10(min(values))), floor(log10(max(values))) + 1)
    return [10.0 ** exponent for exponent in exponents if min(values) <= 10.0 ** exponent <= max(values)]


def _grid(y: float, label: str) -> list[str]:
    line = f'<line x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
    return [line, _text(MARGIN - 18, y + 4, label)]


def _curve(name: str, points: Sequence[tuple[float, float]], colour: str, mark: str) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
    parts += [_text(x, y + 4, mark, colour) for x, y in points]
    return [*parts, _text(points[-1][0] - 8, points[-1][1] - 8, name, colour, anchor="end")]


def _text(x: float, y: float, text: str, colour: str = "#222", size: int = 12, anchor: str = "middle") -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size}" text-anchor="{anchor}">'
            f'{escape(text)}</text>')
