"""When a model changed: what it accepts, how fast it writes, whether it takes predictions, what it costs.

Acceptance, coverage and speed are scanned for the place where ranks before and after differ most. Coverage too,
because a server that loses its place proposes nothing, and so rejects nothing either. Ranks, because
these rates pile up near 1 and times have long tails; the greatest distance of the centred sum of ranks from 0,
over its standard deviation, is that of a Brownian bridge if nothing changed (Pettitt, Applied Statistics 28,
1979, with the variance of the ranks at hand, which ties lessen).

Requests to one file fare alike, so that a day spent on one looks like a change. What is ranked of counts is therefore
the mean of a session, the edits of a file on one day, and the variance is that of files; of speed it is a day.
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
from editsvc.tuning.days import work
from editsvc.tuning.estimates import LEAST_CLUSTERS, effective_number, summed
from editsvc.tuning.observation import by_model, observe, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from editsvc.tokenlog.evidence import LoggedRequest
    from editsvc.tokenlog.record import RequestRecord
    from editsvc.tuning.objective import PriceOf
    from editsvc.tuning.observation import Observation

ALPHA: Final = 0.005
# A change needs so many requests on either side, and so many refusals in a row are no accident.
_LEAST_SIDE: Final = 8
_LEAST_REFUSALS: Final = 3
# Nearer than that Kolmogorov's series converges slowly, to 1 within 1e-5.
_NEAR: Final = 0.3
_NOTHING: Final = 1e-9
_TINY: Final = 1e-300  # what a log may hold, and no clock ever measured, has a logarithm as well
# Acceptance, coverage, and the speed of either kind of request.
_SCANS: Final = 4
# What tells a change of the pass from one of the server: days on either side, standard errors, a part.
_LEAST_DAYS: Final = 3
_SURE: Final = 3.0
_LEAST_PASS: Final = 0.1


class ChangeKind(StrEnum):
    """What changed."""

    ACCEPTANCE = "acceptance"
    COVERAGE = "coverage"
    SPEED = "speed"
    PASS_COST = "pass-cost"  # noqa: S105 - no password, but the pass of a model
    SUPPORT = "support"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a model.

    `at` is when the first request after the change was made. `before` and `after` are the mean share of prediction
    tokens that were accepted, or of a reply that they made up, tokens a second without a prediction, how much
    longer a pass takes that goes with one, or US dollars for a million output tokens; None for support.
    `requests` is how many requests there are since.
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
            case ChangeKind.PASS_COST:
                what, form = (
                    "takes {} times a plain token for a pass with a prediction, and took {} before",
                    "{:.2f}".format,
                )
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
    kept = [logged_request(record) for record in records]
    observations = [observation for observation in map(observe, kept) if observation is not None]
    found = [*shifts(by_model(observations), alpha=alpha), *withdrawals(kept)]
    return sorted(found, key=lambda change: change.at)


def shifts(groups: Mapping[Cell, Sequence[Observation]], *, alpha: float = ALPHA) -> list[Change]:
    """The latest change of acceptance, coverage and speed of each model; `groups` are in the order of time."""
    found = []
    for cell, group in groups.items():
        counted = [each for each in group if each.sent and each.counted]
        found += _shift_of_counts(
            cell,
            ChangeKind.ACCEPTANCE,
            [(each, each.accepted, each.accepted + each.rejected) for each in counted],
            alpha / _SCANS,
        )
        found += _shift_of_counts(
            cell,
            ChangeKind.COVERAGE,
            [(each, each.accepted, each.reply_tokens) for each in counted if each.clean],
            alpha / _SCANS,
        )
        found += _shift_of_speed(cell, group, alpha / _SCANS)
    return found


@dataclass(slots=True)
class _Session:
    """The edits of one file on one day, in one cell."""

    cell: Cell
    file: Hashable
    at: datetime
    part: int = 0
    whole: int = 0
    requests: int = 0

    @property
    def value(self) -> float:
        return self.part / self.whole


def _shift_of_counts(
    cell: Cell, kind: ChangeKind, counts: Sequence[tuple[Observation, int, int]], alpha: float
) -> list[Change]:
    found: dict[tuple[Cell, Hashable, date], _Session] = {}
    for each, part, whole in counts:
        if whole:
            key = each.cell, each.file, each.day
            session = found.setdefault(key, _Session(each.cell, each.file, each.at))
            session.part += part
            session.whole += whole
            session.requests += 1
    sessions = list(found.values())
    places = change_points(_within_cells(sessions), [each.file for each in sessions], alpha=alpha)
    if not places:
        return []
    begin, place = [0, *places][-2:]
    before, after = (
        math.fsum(each.value for each in side) / len(side)
        for side in (sessions[begin:place], sessions[place:])
    )
    requests = sum(each.requests for each in sessions[place:])
    return [Change(cell, kind, sessions[place].at, before, after, requests)]


def _within_cells(sessions: Sequence[_Session]) -> list[float]:
    """Each value less the mean of its cell: editing other documents does not look like a change of the model."""
    cells: dict[Cell, list[float]] = defaultdict(list)
    for session in sessions:
        cells[session.cell].append(session.value)
    means = {cell: math.fsum(group) / len(group) for cell, group in cells.items()}
    return [session.value - means[session.cell] for session in sessions]


@dataclass(slots=True)
class _Pace:
    """The time that a day's requests of one kind took, and how much they wrote by themselves."""

    at: datetime
    seconds: float = 0.0
    work: int = 0
    requests: int = 0

    @property
    def value(self) -> float:
        return math.log(max(self.seconds, _TINY)) - math.log(max(self.work, _TINY))


def _shift_of_speed(cell: Cell, group: Sequence[Observation], alpha: float) -> list[Change]:
    """A change of the speed of the server, told by either kind of request, or of what a pass with a prediction takes.

    If predicted requests became slower and others did not, it is the pass. Where only one kind tells, it is the speed.
    """
    days: dict[bool, dict[date, _Pace]] = {True: {}, False: {}}
    for each in group:
        if each.clean and each.seconds is not None:
            pace = days[each.sent].setdefault(each.day, _Pace(each.at))
            pace.seconds += each.seconds
            pace.work += work(each)
            pace.requests += 1
    found = {}
    for sent in (False, True):
        paces = list(days[sent].values())
        places = change_points([pace.value for pace in paces], alpha=alpha)
        if places:
            found[sent] = paces[places[-1]].at
    if not found:
        return []
    at = found.get(False) or found[True]
    moved = {sent: _moved(list(days[sent].values()), at) for sent in (False, True)}
    plain, predicted = moved[False], moved[True]
    if plain is not None and predicted is not None:
        error = math.hypot(plain.error, predicted.error)
        other = predicted.after - predicted.before - (plain.after - plain.before)
        if abs(other) > max(_SURE * error, _LEAST_PASS):
            before, after = (
                math.exp(getattr(predicted, side) - getattr(plain, side)) for side in ("before", "after")
            )
            return [Change(cell, ChangeKind.PASS_COST, at, before, after, predicted.requests)]
    told = plain or predicted
    if told is None:
        return []
    return [Change(cell, ChangeKind.SPEED, at, math.exp(-told.before), math.exp(-told.after), told.requests)]


@dataclass(frozen=True, slots=True)
class _Moved:
    before: float
    after: float
    error: float
    requests: int


def _moved(paces: Sequence[_Pace], at: datetime) -> _Moved | None:
    sides = [pace for pace in paces if pace.at < at], [pace for pace in paces if pace.at >= at]
    if min(map(len, sides)) < _LEAST_DAYS:
        return None
    means = [math.fsum(pace.value for pace in side) / len(side) for side in sides]
    squares = [
        math.fsum((pace.value - mean) ** 2 for pace in side) / (len(side) - 1) / len(side)
        for side, mean in zip(sides, means, strict=True)
    ]
    return _Moved(means[0], means[1], math.sqrt(sum(squares)), sum(pace.requests for pace in sides[1]))


def withdrawals(records: Iterable[LoggedRequest]) -> list[Change]:
    """The models whose last answers to predictions were all refusals, three or more."""
    runs: dict[Cell, list[datetime]] = defaultdict(list)
    for record in sorted(records, key=lambda record: record.created_at):
        if not record.measures or record.model is None:
            continue
        cell = Cell(record.provider, record.model)
        if refused(record):
            runs[cell].append(record.created_at)
        elif record.prediction_sent or record.prediction_reason == Reason.TOO_MANY_REJECTED:
            runs[cell].clear()
    return [
        Change(cell, ChangeKind.SUPPORT, run[0], None, None, len(run))
        for cell, run in runs.items()
        if len(run) >= _LEAST_REFUSALS
    ]


def price_changes(prices: Mapping[Cell, float | None], price_of: PriceOf, now: datetime) -> list[Change]:
    """The models whose output price differs from `prices`."""
    return [
        Change(cell, ChangeKind.PRICE, now, price, current, 0)
        for cell, price in prices.items()
        if (current := price_of(cell)) not in (price, None)
    ]


def change_points(
    values: Sequence[float], clusters: Sequence[Hashable] | None = None, *, alpha: float = ALPHA
) -> list[int]:
    """The indices at which a new level of `values` begins, ascending, by binary segmentation.

    Values of one of the `clusters` need not be independent; fewer than ten clusters' worth tell nothing.
    """
    names = range(len(values)) if clusters is None else clusters
    found: list[int] = []
    open_spans = [(0, len(values))]
    while open_spans:
        begin, end = open_spans.pop()
        place = _change_point(values[begin:end], names[begin:end], alpha)
        if place is not None:
            found.append(begin + place)
            open_spans += [(begin, begin + place), (begin + place, end)]
    return sorted(found)


def _change_point(values: Sequence[float], clusters: Sequence[Hashable], alpha: float) -> int | None:
    count = len(values)
    if count < 2 * _LEAST_SIDE or effective_number(summed([1.0] * count, clusters)) < LEAST_CLUSTERS:
        return None
    ranks = _ranks(values)
    centre = (count + 1) / 2
    variance = math.fsum(each * each for each in summed([rank - centre for rank in ranks], clusters))
    if variance <= _NOTHING:
        return None
    distance = max(map(abs, accumulate(rank - centre for rank in ranks))) / math.sqrt(variance)
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
