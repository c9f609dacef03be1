"""Plots as SVG: numbers in, markup out, without scripts and without a library.

Colours come from the page's style sheet through classes: ``a`` and ``b`` are the two series (blue and orange,
distinguishable with any colour vision, and by their line or pattern), ``c`` belongs to neither. A plot is 440
units wide, so that its text is readable on a phone without zooming.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Final

from editsvc import figures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDTH: Final = 440
HEIGHT: Final = 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 20, 30, 38
_BINS: Final = 48
_LABEL_WIDTH: Final = 66  # the width of a date, with some space around it
_LABEL_HEIGHT: Final = 14
_LEAST_APART: Final = 12  # from one line of a label to another
_LEAST: Final = 0.001  # seconds; no edit is faster, and a logarithmic axis has no 0
_MANY_DAYS: Final = 45
_FEW: Final = 100  # so many make a density
_LETTER: Final = 6.6  # the width of one in a label
# The cost of a verifying pass relative to a plain one: the cheapest measured, and plausible others.
PASS_COSTS: Final = (1.13, 1.5, 2.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to places: `low` lies at `start`, `high` at `end`; logarithmic if `log`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of `value`, held inside of the scale."""
        value = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Band:
    """A value and its interval at one position of the x axis; None if unknown."""

    label: str
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Stack:
    """The parts of one bar, from the bottom up."""

    label: str
    parts: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Point:
    """A named point, with an interval of y if it was measured; y is None if it was not."""

    name: str
    x: float
    y: float | None
    low: float | None
    high: float | None


def over_time(identity: str, title: str, bands: Sequence[Band]) -> str:
    """Rates day by day: a line of values, with the band of their intervals."""
    x, y = _days_scale(len(bands)), Scale(0, 1, HEIGHT - _BOTTOM, _TOP)
    known = [(x(place), each) for place, each in enumerate(bands) if each.value is not None]
    body = [_axis_y(y, _steps(0, 1), _percent), _axis_days([each.label for each in bands], x)]
    for run in _runs(bands):
        upper = [f"{x(place):.1f},{y(bands[place].high or 0):.1f}" for place in run]
        lower = [f"{x(place):.1f},{y(bands[place].low or 0):.1f}" for place in reversed(run)]
        body.append(f'<polygon class="a band" points="{" ".join(upper + lower)}"/>')
        if len(run) == 1:
            place = x(run[0])
            body.append(
                _line("a whisker", place, y(bands[run[0]].low or 0), place, y(bands[run[0]].high or 0))
            )
    for run in _runs([replace(each, low=each.value, high=each.value) for each in bands]):
        points = " ".join(f"{x(place):.1f},{y(bands[place].value or 0):.1f}" for place in run)
        body.append(f'<polyline class="a line" points="{points}"/>')
    if len(known) <= _MANY_DAYS:
        body += [
            _dot("a", place, y(each.value or 0), f"{each.label}: {_percent(each.value or 0)}")
            for place, each in known
        ]
    description = "No day has an acceptance rate."
    if known:
        values = [each.value or 0 for _, each in known]
        description = (
            f"{len(known)} days; the lowest {_percent(min(values))}, the highest {_percent(max(values))}, "
            f"the last {_percent(values[-1])}. The band is the 95 % interval."
        )
    return _plot(identity, title, description, body, [])


def stacked(identity: str, title: str, names: tuple[str, str, str], stacks: Sequence[Stack]) -> str:
    """Amounts day by day: bars of three parts, in the classes a, b and c."""
    most = max((sum(each.parts) for each in stacks), default=0) or 1
    ticks = _steps(0, most)
    x, y = _days_scale(len(stacks)), Scale(0, max(most, ticks[-1]), HEIGHT - _BOTTOM, _TOP)
    width = min(28.0, 0.8 * (WIDTH - _LEFT - _RIGHT) / max(1, len(stacks)))
    body = [_axis_y(y, ticks, _short), _axis_days([each.label for each in stacks], x)]
    for place, each in enumerate(stacks):
        base = 0.0
        for kind, name, amount in zip("abc", names, each.parts, strict=True):
            if amount > 0:
                top, bottom = y(base + amount), y(base)
                body.append(
                    f'<rect class="{kind} fill" x="{x(place) - width / 2:.1f}" y="{top:.1f}" '
                    f'width="{width:.1f}" height="{bottom - top:.1f}">'
                    f"<title>{escape(each.label)}: {amount:,.0f} {escape(name)}</title></rect>"
                )
            base += amount
    totals = [sum(each.parts[place] for each in stacks) for place in range(3)]
    told = ", ".join(f"{total:,.0f} {name}" for total, name in zip(totals, names, strict=True))
    return _plot(
        identity, title, f"{len(stacks)} days; in all {told}.", body, list(zip("abc", names, strict=True))
    )


def distributions(
    identity: str,
    title: str,
    names: tuple[str, str],
    samples: tuple[Sequence[tuple[float, float]], Sequence[tuple[float, float]]],
    medians: tuple[float | None, float | None],
) -> str:
    """The distributions of two weighted samples of (seconds, weight), on a logarithmic axis."""
    told = [[(value, weight) for value, weight in sample if value >= _LEAST] for sample in samples]
    values = sorted(value for sample in told for value, _ in sample)
    if not values:
        return _plot(identity, title, "No times were measured.", [], [])
    low, high = values[len(values) // 200], values[-1 - len(values) // 200]
    low, high = low / 1.3, high * 1.3
    x = Scale(low, high, _LEFT, WIDTH - _RIGHT, log=True)
    curves = [_density(sample, low, high) if len(sample) >= _FEW else [] for sample in told]
    y = Scale(0, max(max(curve, default=0) for curve in curves) or 1, HEIGHT - _BOTTOM, _TOP + 16)
    body = [_axis_times(x)]
    for row, (kind, sample, curve, median) in enumerate(zip("ab", told, curves, medians, strict=True)):
        if not any(curve):
            # A curve through a few would show humps that are none: each is a dot.
            body += [_dot(kind, x(value), y.start - 40 - 60 * row, _time(value)) for value, _ in sample]
            if median is not None and sample:
                body.append(_line(f"{kind} median", x(median), y.start, x(median), _TOP + 12))
            continue
        places = [
            (_LEFT + (number + 0.5) * (WIDTH - _LEFT - _RIGHT) / _BINS, y(share))
            for number, share in enumerate(curve)
        ]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in places)
        base = HEIGHT - _BOTTOM
        body.append(
            f'<polygon class="{kind} band" points="{places[0][0]:.1f},{base} {path} {places[-1][0]:.1f},{base}"/>'
            f'<polyline class="{kind} line" points="{path}"/>'
        )
        if median is not None:
            body.append(_line(f"{kind} median", x(median), base, x(median), _TOP + 12))
    facts = "; ".join(
        f"{name}: {len(sample):,} requests, median {_time(median)}"
        for name, sample, median in zip(names, told, medians, strict=True)
    )
    legend = [
        (kind, f"{name}, median {_time(median)}")
        for kind, name, median in zip("ab", names, medians, strict=True)
    ]
    return _plot(identity, title, f"{facts}.", body, legend)


def break_even(identity: str, title: str, points: Sequence[Point]) -> str:
    """What is saved over the accepted share a, for the models of which that is known.

    The lines are 1 - (1-a)(1 + f(s-1)) of the time to write, for some s at f = 1.
    """
    x, y = Scale(0, 1, _LEFT, WIDTH - _RIGHT), Scale(-1, 1, HEIGHT - _BOTTOM, _TOP)
    body = [
        _axis_y(y, [-1, -0.5, 0, 0.5, 1], _percent),
        *(_tick_x(x(tick), _percent(tick)) for tick in (0, 0.25, 0.5, 0.75, 1)),
        (
            f'<rect class="loss" x="{_LEFT}" y="{y(0):.1f}" width="{WIDTH - _LEFT - _RIGHT}" '
            f'height="{y(-1) - y(0):.1f}"/>'
        ),
        _line("zero", _LEFT, y(0), WIDTH - _RIGHT, y(0)),
    ]
    told: list[str] = []
    drawn: list[Point] = []
    labels = _Labels()
    for number, cost in enumerate(PASS_COSTS):
        name, beside = f"s = {cost:g}", x(0.2) - 4
        body.append(_line(f"c line dash{number}", x(0), y(1 - cost), x(1), y(1)))
        body.append(
            _text(
                "small", beside, labels.place(beside, y(1 - 0.8 * cost) - 4, name, on_left=True), name, "end"
            )
        )
    for each in points:
        if each.y is None:
            told.append(f"{each.name}: {_percent(each.x)} of the tokens accepted, not measured")
            continue
        if each.low is not None and each.high is not None:
            body.append(_line("a whisker", x(each.x), y(each.low), x(each.x), y(each.high)))
        said = f"saves {_percent(each.y)}" if each.y >= 0 else f"loses {_percent(-each.y)}"
        body.append(_dot("a", x(each.x), y(each.y), f"{each.name}: {said}"))
        drawn.append(each)
        told.append(f"{each.name}: {_percent(each.x)} of the tokens accepted, {said}")
    for each in drawn:
        labels.keep_free(x(each.x), y(each.y or 0))
    for each in drawn:
        place, middle = x(each.x), y(each.y or 0)
        on_left = each.x > 0.5  # noqa: PLR2004 - the half of the plot
        beside = place + (-14 if on_left else 14)
        height = labels.place(beside, middle + 4, each.name, on_left=on_left)
        if len(drawn) > 1:
            body.append(_line("leader", place, middle, beside + (2 if on_left else -2), height - 4))
        body.append(_text("name", beside, height, each.name, "end" if on_left else "start"))
    if not drawn:
        body.append(
            _text("small", (_LEFT + WIDTH - _RIGHT) / 2, y(0.72), "No model is measured yet", "middle")
        )
    limits = ", ".join(f"{_percent((cost - 1) / cost)} at s = {cost:g}" for cost in PASS_COSTS)
    return _plot(
        identity,
        title,
        f"Time is saved above {limits}. {'; '.join(told) or 'No model has a point'}.",
        body,
        [],
    )


def calibration(identity: str, title: str, points: Sequence[Point]) -> str:
    """Predicted acceptance (x) against the actual one (y); on the diagonal the two agree."""
    x, y = Scale(0, 1, _LEFT, WIDTH - _RIGHT), Scale(0, 1, HEIGHT - _BOTTOM, _TOP)
    body = [
        _axis_y(y, _steps(0, 1), _percent),
        *(_tick_x(x(tick), _percent(tick)) for tick in (0, 0.25, 0.5, 0.75, 1)),
        _line("c line dash0", x(0), y(0), x(1), y(1)),
    ]
    for each in points:
        if each.low is not None and each.high is not None:
            body.append(_line("a whisker", x(each.x), y(each.low), x(each.x), y(each.high)))
        body.append(
            _dot(
                "a",
                x(each.x),
                y(each.y or 0),
                f"{each.name}: {_percent(each.x)} predicted, {_percent(each.y or 0)} actual",
            )
        )
    told = "; ".join(f"predicted {_percent(each.x)}, actual {_percent(each.y or 0)}" for each in points)
    return _plot(identity, title, f"{told or 'Nothing to compare'}.", body, [])


class _Labels:
    """Labels that do not overlap: one that would is moved down, or up at the bottom of the plot."""

    def __init__(self) -> None:
        self._taken: list[tuple[float, float, float]] = []

    def keep_free(self, x: float, y: float) -> None:
        """No label may cover the dot there."""
        self._taken.append((x - 5, x + 5, y + 4))

    def place(self, beside: float, height: float, name: str, *, on_left: bool) -> float:
        """Where a label goes that ends, or begins, `beside` a point."""
        width = _LETTER * len(name)
        left = beside - width if on_left else beside
        for offset in range(2 * int((HEIGHT - _TOP - _BOTTOM) / _LABEL_HEIGHT)):
            # 0, one line down, one up, two down, …
            tried = height + _LABEL_HEIGHT * ((offset + 1) // 2) * (1 if offset % 2 else -1)
            if _TOP <= tried <= HEIGHT - _BOTTOM and not any(
                abs(tried - other) < _LEAST_APART and left < end and begin < left + width
                for begin, end, other in self._taken
            ):
                height = tried
                break
        self._taken.append((left, left + width, height))
        return height


def _density(sample: Sequence[tuple[float, float]], low: float, high: float) -> list[float]:
    """Shares of the weight in bins of equal ratio, smoothed over the neighbours (a binomial kernel)."""
    counts = [0.0] * _BINS
    for value, weight in sample:
        place = int(_BINS * math.log(value / low) / math.log(high / low))
        if 0 <= place < _BINS:
            counts[place] += weight
    total = sum(counts) or 1.0
    kernel = (1, 4, 6, 4, 1)
    return [
        sum(
            part * counts[number + offset]
            for offset, part in enumerate(kernel, -2)
            if 0 <= number + offset < _BINS
        )
        / (16 * total)
        for number in range(_BINS)
    ]


def _runs(bands: Sequence[Band]) -> list[list[int]]:
    """Consecutive places that all have an interval."""
    runs: list[list[int]] = []
    for place, each in enumerate(bands):
        if each.low is None or each.high is None:
            continue
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _days_scale(count: int) -> Scale:
    half = (WIDTH - _LEFT - _RIGHT) / max(1, count) / 2
    return Scale(
        0, max(1, count - 1), _LEFT + min(half, 40), WIDTH - _RIGHT - (min(half, 40) if count > 1 else 0)
    )


def _steps(low: float, high: float) -> list[float]:
    """Four to six round numbers that hold `low` to `high`."""
    unit = 10 ** math.floor(math.log10((high - low) / 4))
    step = next(unit * each for each in (1, 2, 2.5, 5, 10) if (high - low) / (unit * each) <= 5)  # noqa: PLR2004
    return [low + step * number for number in range(math.ceil((high - low) / step - 1e-9) + 1)]


def _axis_y(y: Scale, ticks: Sequence[float], label: Callable[[float], str]) -> str:
    return "".join(
        _line("grid", _LEFT, y(tick), WIDTH - _RIGHT, y(tick))
        + _text("tick", _LEFT - 6, y(tick) + 4, label(tick), "end")
        for tick in ticks
    )


def _axis_days(labels: Sequence[str], x: Scale) -> str:
    every = max(1, math.ceil(len(labels) * _LABEL_WIDTH / (WIDTH - _LEFT - _RIGHT)))
    return "".join(_tick_x(x(place), label) for place, label in enumerate(labels) if place % every == 0)


def _axis_times(x: Scale) -> str:
    ticks = [
        base * 10.0**power
        for power in range(-3, 5)
        for base in (1, 2, 5)
        if x.low <= base * 10.0**power <= x.high
    ]
    every = max(1, math.ceil(len(ticks) / 7))
    return _line("zero", _LEFT, HEIGHT - _BOTTOM, WIDTH - _RIGHT, HEIGHT - _BOTTOM) + "".join(
        _tick_x(x(tick), _time(tick)) for tick in ticks[::every]
    )


def _tick_x(place: float, label: str) -> str:
    return _text("tick", place, HEIGHT - _BOTTOM + 18, label, "middle")


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _dot(kind: str, x: float, y: float, told: str) -> str:
    return (
        f'<circle class="{kind} dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"><title>{escape(told)}</title></circle>'
    )


def _text(kind: str, x: float, y: float, text: str, anchor: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _plot(
    identity: str, title: str, description: str, body: Sequence[str], legend: Sequence[tuple[str, str]]
) -> str:
    entries, place = [], float(_LEFT)
    for kind, name in legend:
        entries.append(
            f'<rect class="{kind} fill" x="{place:.1f}" y="8" width="10" height="10"/>'
            + _text("legend", place + 15, 17, name, "start")
        )
        place += 30 + 6.2 * len(name)
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-labelledby="{identity}-title {identity}-desc">'
        f'<title id="{identity}-title">{escape(title)}</title>'
        f'<desc id="{identity}-desc">{escape(description)}</desc>'
        f"{''.join(entries)}{''.join(body)}</svg>"
    )


def _percent(value: float) -> str:
    return figures.percent(value)


def _short(value: float) -> str:
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g}"


def _time(value: float | None) -> str:
    if value is None:
        return "unknown"
    return f"{1000 * value:.0f} ms" if value < 0.1 else f"{value:.3g} s"  # noqa: PLR2004 - a tenth of a second
