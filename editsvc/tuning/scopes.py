"""The document length from which it pays to offer parts instead of the whole.

A whole document costs in proportion to its length; parts cost more to request and less to write. The cost of a
request, in seconds with its output tokens at their price, is taken as linear in the document's length for each
of the two ways, and the threshold is where the lines cross.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.tuning.estimates import Estimate, combined, effective_number, linear

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.tuning.observation import Weighted
    from editsvc.tuning.savings import Rates

FLOOR: Final = 20
# Thresholds beyond these say "always" and "never" well enough.
LEAST_TOKENS: Final = 200
MOST_TOKENS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Crossing:
    """The length, in tokens, where both ways cost the same, with how many requests of each way say so."""

    tokens: Estimate
    parts: int
    whole: int

    @property
    def threshold(self) -> int:
        """The length as a setting: two digits, within the limits."""
        value = min(max(self.tokens.value, LEAST_TOKENS), MOST_TOKENS)
        unit = 10 ** (math.floor(math.log10(value)) - 1)
        return int(round(value / unit) * unit)


@dataclass(frozen=True, slots=True)
class _Line:
    """cost = level + slope · (length - centre); level and slope are then independent."""

    centre: float
    level: float
    slope: float
    level_error: float
    slope_error: float
    freedom: float


def crossing(observations: Sequence[Weighted], rates: Rates) -> Crossing | None:
    """The length at which parts begin to pay; None below 20 requests of either way, or if length is not decisive."""
    ways: dict[bool, list[tuple[float, float, float]]] = {True: [], False: []}
    for observation in observations:
        o = observation.observation
        if o.parts is not None and o.document_tokens is not None and o.seconds is not None:
            cost = o.seconds + rates.token_s * (o.reply_tokens + o.rejected)
            ways[o.parts].append((o.document_tokens, cost, observation.weight))
    parts, whole = (_line(ways[way]) if len(ways[way]) >= FLOOR else None for way in (True, False))
    if parts is None or whole is None:
        return None
    slope = whole.slope - parts.slope
    freedom = min(parts.freedom, whole.freedom)
    slope_error = math.hypot(whole.slope_error, parts.slope_error)
    if linear(slope, slope_error, freedom).low <= 0:
        return None
    at_zero = (parts.level - parts.slope * parts.centre) - (whole.level - whole.slope * whole.centre)
    place = at_zero / slope
    errors = [
        (1 / slope, linear(0.0, error, line.freedom))
        for line in (parts, whole)
        for error in (line.level_error, line.slope_error * (place - line.centre))
    ]
    return Crossing(combined(place, errors), len(ways[True]), len(ways[False]))


def _line(points: Sequence[tuple[float, float, float]]) -> _Line | None:
    """The weighted least-squares line through (length, cost, weight)."""
    weights = [weight for _, _, weight in points]
    total = math.fsum(weights)
    freedom = effective_number(weights) - 2
    if freedom <= 0:
        return None
    centre = math.fsum(w * x for x, _, w in points) / total
    level = math.fsum(w * y for _, y, w in points) / total
    spread = math.fsum(w * (x - centre) ** 2 for x, _, w in points)
    if not spread:
        return None
    slope = math.fsum(w * (x - centre) * (y - level) for x, y, w in points) / spread
    residuals = [(x, y - level - slope * (x - centre), w) for x, y, w in points]
    scale = (freedom + 2) / freedom
    level_error = math.sqrt(scale * math.fsum((w * e) ** 2 for _, e, w in residuals)) / total
    slope_error = math.sqrt(scale * math.fsum((w * e * (x - centre)) ** 2 for x, e, w in residuals)) / spread
    return _Line(centre, level, slope, level_error, slope_error, freedom)
