"""When a model changed: what it accepts, how fast it writes, whether it takes predictions, what it costs.

Acceptance, coverage and speed are scanned for the place where ranks before and after differ most. Coverage too,
because a server that loses its place proposes nothing, and so rejects nothing either. Ranks, because
these rates pile up near 1 and times have long tails; the greatest distance of the centred sum of ranks from 0,
over its standard deviation, is that of a Brownian bridge if nothing changed (Pettitt, Applied Statistics 28,
1979, with the variance of the ranks at hand, which ties lessen).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from editsvc.figures import percent
from editsvc.prediction.policy import Cell, Reason
from editsvc.tokenlog.evidence import logged_request
from editsvc.tuning.observation import by_model, observe, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from editsvc.provider.models import Model
    from editsvc.tokenlog.record import RequestRecord
    from editsvc.tuning.observation import Observation

ALPHA: Final = 0.01
# A change needs so many requests on either side, and so many refusals in a row are no accident.
_LEAST_SIDE: Final = 8
_LEAST_REFUSALS: Final = 3
# Nearer than that Kolmogorov's series converges slowly, to 1 within 1e-5.
_NEAR: Final = 0.3


class ChangeKind(StrEnum):
    """What changed."""

    ACCEPTANCE = "acceptance"
    COVERAGE = "coverage"
    SPEED = "speed"
    SUPPORT = "support"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a model.

    `at` is when the first request after the change was made. `before` and `after` are the mean share of prediction
    tokens that were accepted, or of a reply that they made up, tokens a second without a prediction, or US dollars
    for a million output tokens; None for support. `requests` is how many requests there are since.
    """

    cell: Cell
    kind: ChangeKind
    at: datetime
    before: float | None
    after: float | None
    requests: int

    @property
    def sentence(self) -> str:
        """The change in words."""
        since, before, after = f"{self.at:%Y-%m-%d %H:%M}", self.before, self.after
        form: Callable[[float], str]
        match self.kind:
            case ChangeKind.SUPPORT:
                return f"{self.cell.model} has refused predictions since {since} ({self.requests} in a row)."
            case ChangeKind.PRICE:
                return (
                    f"The output of {self.cell.model} costs {_number(after, '${:g}'.format)} for a million tokens, "
                    f"and cost {_number(before, '${:g}'.format)} when the policy was made."
                )
            case ChangeKind.SPEED:
                what, form = "writes {} tokens a second, and wrote {} before", _whole
            case ChangeKind.COVERAGE:
                what, form = "takes {} of its replies from predictions, and took {} before", percent
            case ChangeKind.ACCEPTANCE:
                what, form = "accepts {} of predictions, and accepted {} before", percent
        return (
            f"Since {since} {self.cell.model} {what.format(_number(after, form), _number(before, form))} "
            f"({self.requests} requests since)."
        )


def changes(records: Iterable[RequestRecord], *, alpha: float = ALPHA) -> list[Change]:
    """The latest change of each model's acceptance, coverage, speed and support, oldest first.

    `alpha` bounds the probability of reporting a shift in a model that did not change.
    """
    kept = list(records)
    observations = [
        observation for observation in map(observe, map(logged_request, kept)) if observation is not None
    ]
    found = [*shifts(by_model(observations), alpha=alpha), *withdrawals(kept)]
    return sorted(found, key=lambda change: change.at)


def shifts(groups: Mapping[Cell, Sequence[Observation]], *, alpha: float = ALPHA) -> list[Change]:
    """The latest change of acceptance, coverage and speed of each model; `groups` are in the order of time."""
    found = []
    for cell, group in groups.items():
        sent = [observation for observation in group if observation.sent]
        # A request without a value is left out of both series, so that the two stay aligned.
        scans: tuple[tuple[ChangeKind, list[tuple[Observation, float]]], ...] = (
            (
                ChangeKind.ACCEPTANCE,
                [
                    (observation, observation.accepted / (observation.accepted + observation.rejected))
                    for observation in sent
                    if observation.accepted + observation.rejected
                ],
            ),
            (
                ChangeKind.COVERAGE,
                [(observation, observation.accepted / observation.reply_tokens) for observation in sent],
            ),
            (
                ChangeKind.SPEED,
                [
                    (observation, observation.reply_tokens / observation.seconds)
                    for observation in group
                    if not observation.sent and observation.seconds
                ],
            ),
        )
        for kind, scanned in scans:
            series, values = [observation for observation, _ in scanned], [value for _, value in scanned]
            places = change_points(_within_cells(series, values), alpha=alpha / len(scans))
            if places:
                begin, place = [0, *places][-2:]
                found.append(
                    Change(
                        cell,
                        kind,
                        series[place].at,
                        math.fsum(values[begin:place]) / (place - begin),
                        math.fsum(values[place:]) / (len(values) - place),
                        len(values) - place,
                    )
                )
    return found


def _within_cells(series: Sequence[Observation], values: Sequence[float]) -> list[float]:
    """Each value less the mean of its cell: editing other documents does not look like a change of the model."""
    cells: dict[Cell, list[float]] = defaultdict(list)
    for observation, value in zip(series, values, strict=True):
        cells[observation.cell].append(value)
    means = {cell: math.fsum(group) / len(group) for cell, group in cells.items()}
    return [value - means[observation.cell] for observation, value in zip(series, values, strict=True)]


def withdrawals(records: Iterable[RequestRecord]) -> list[Change]:
    """The models whose last answers to predictions were all refusals, three or more."""
    runs: dict[Cell, list[datetime]] = defaultdict(list)
    for record in sorted(records, key=lambda record: record.created_at):
        if record.offline or record.model is None:
            continue
        cell = Cell(record.provider, record.model)
        if refused(record):
            runs[cell].append(record.created_at)
        elif record.prediction.sent or record.prediction.reason == Reason.TOO_MANY_REJECTED:
            runs[cell].clear()
    return [
        Change(cell, ChangeKind.SUPPORT, run[0], None, None, len(run))
        for cell, run in runs.items()
        if len(run) >= _LEAST_REFUSALS
    ]


def price_changes(
    prices: Mapping[Cell, float | None], models: Mapping[str, Model], now: datetime
) -> list[Change]:
    """The models whose output price differs from `prices`."""
    return [
        Change(cell, ChangeKind.PRICE, now, price, current, 0)
        for cell, price in prices.items()
        if cell.model in models and (current := models[cell.model].usd_per_million_output) != price
    ]


def change_points(values: Sequence[float], *, alpha: float = ALPHA) -> list[int]:
    """The indices at which a new level of `values` begins, ascending, by binary segmentation."""
    found: list[int] = []
    open_spans = [(0, len(values))]
    while open_spans:
        begin, end = open_spans.pop()
        place = _change_point(values[begin:end], alpha)
        if place is not None:
            found.append(begin + place)
            open_spans += [(begin, begin + place), (begin + place, end)]
    return sorted(found)


def _change_point(values: Sequence[float], alpha: float) -> int | None:
    count = len(values)
    if count < 2 * _LEAST_SIDE:
        return None
    ranks = _ranks(values)
    centre = (count + 1) / 2
    deviation = math.sqrt(math.fsum((rank - centre) ** 2 for rank in ranks) / count)
    if not deviation:
        return None
    distance = max(map(abs, accumulate(rank - centre for rank in ranks))) / (deviation * math.sqrt(count))
    return _division(values) if _bridge_exceeds(distance) < alpha else None


def _division(values: Sequence[float]) -> int:
    """Where to divide `values` so that both sides are as close to their means as can be.

    Ranks tell that there is a change, but values tell where: low values from before the change may rank nearer to
    those after it.
    """
    count, mean = len(values), math.fsum(values) / len(values)
    sums = list(accumulate(value - mean for value in values))
    return max(
        range(_LEAST_SIDE, count - _LEAST_SIDE + 1),
        key=lambda place: sums[place - 1] ** 2 / (place * (count - place)),
    )


def _bridge_exceeds(distance: float) -> float:
    """The probability that the greatest distance of a Brownian bridge from 0 exceeds `distance` (Kolmogorov)."""
    if distance < _NEAR:
        return 1.0
    terms = ((-1) ** (k + 1) * math.exp(-2 * k * k * distance * distance) for k in range(1, 20))
    return min(1.0, 2 * math.fsum(terms))


def _ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value, from 1 on; equal values share the middle of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    begin = 0
    while begin < len(order):
        end = begin
        while end < len(order) and values[order[end]] == values[order[begin]]:
            end += 1
        for place in order[begin:end]:
            ranks[place] = (begin + end + 1) / 2
        begin = end
    return ranks


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _number(value: float | None, form: Callable[[float], str]) -> str:
    return "nothing known" if value is None else form(value)
