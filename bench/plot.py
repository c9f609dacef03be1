"""A plot of lines on logarithmic axes, as SVG that stands by itself: without scripts, in light and in dark pages."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Final

from editsvc.report.plots import HEIGHT, WIDTH, Scale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 58, 44
_LEGEND: Final = 15
# Told apart by their lines as well as by their colours.
_DASHES: Final = ("", "6 4", "2 3", "8 3 2 3")
_STYLE: Final = """
text { font: 11px system-ui, sans-serif; fill: #333 }
.title { font-size: 13px; font-weight: 600 }
.grid { stroke: #8884 }
.l0 { stroke: #1f6fb4 } .l1 { stroke: #c8590a } .l2 { stroke: #3a7d44 } .l3 { stroke: #7b4ea3 }
polyline { fill: none; stroke-width: 2 } circle { stroke-width: 4; fill: none }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .l0 { stroke: #6db3f2 } .l1 { stroke: #ff9f5a }
.l2 { stroke: #7cc98a } .l3 { stroke: #c39be6 } }
"""


def logarithmic(
    identity: str, title: str, x_title: str, y_title: str, lines: Mapping[str, Sequence[tuple[float, float]]]
) -> str:
    """Lines of positive points; every power of ten has a grid line."""
    points = [point for line in lines.values() for point in line]
    top = _TOP + _LEGEND * max(0, len(lines) - 2)
    x = _axis([place for place, _ in points], _LEFT, WIDTH - _RIGHT)
    y = _axis([value for _, value in points], HEIGHT - _BOTTOM, top)
    parts = [f'<text class="title" x="{_LEFT}" y="16">{escape(title)}</text>']
    for power in _powers(x):
        parts.append(_grid(x(power), top, x(power), HEIGHT - _BOTTOM))
        parts.append(_label(x(power), HEIGHT - _BOTTOM + 16, _short(power), "middle"))
    for power in _powers(y):
        parts.append(_grid(_LEFT, y(power), WIDTH - _RIGHT, y(power)))
        parts.append(_label(_LEFT - 6, y(power) + 4, _short(power), "end"))
    parts.append(_label((_LEFT + WIDTH - _RIGHT) / 2, HEIGHT - 8, x_title, "middle"))
    for number, (name, line) in enumerate(lines.items()):
        height = 32 + _LEGEND * number
        dash = f' stroke-dasharray="{_DASHES[number % 4]}"' if number % 4 else ""
        parts.append(
            f'<line class="l{number % 4}" stroke-width="2"{dash} x1="{_LEFT}" y1="{height}" x2="{_LEFT + 24}" '
            f'y2="{height}"/>'
        )
        parts.append(_label(_LEFT + 30, height + 4, f"{name}, {y_title}", "start"))
        places = " ".join(f"{x(place):.1f},{y(value):.1f}" for place, value in line)
        parts.append(f'<polyline class="l{number % 4}"{dash} points="{places}"/>')
        parts += [
            f'<circle class="l{number % 4}" cx="{x(place):.1f}" cy="{y(value):.1f}" r="1"><title>'
            f"{escape(name)}: {_short(place)} {escape(x_title)}, {value:.3g} {escape(y_title)}</title></circle>"
            for place, value in line
        ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-labelledby="{identity}-title"><title id="{identity}-title">{escape(title)}</title>'
        f"<style>{_STYLE}</style>{''.join(parts)}</svg>\n"
    )


def _axis(values: Sequence[float], start: float, end: float) -> Scale:
    """From the power of ten below all values to the one above."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return Scale(10.0**low, 10.0 ** max(high, low + 1), start, end, log=True)


def _powers(axis: Scale) -> list[float]:
    return [10.0**power for power in range(round(math.log10(axis.low)), round(math.log10(axis.high)) + 1)]


def _short(value: float) -> str:
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"


def _grid(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
