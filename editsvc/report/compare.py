"""One window of the log against the one before it: figure by figure, with the interval of each difference.

The unit is the same as everywhere: files for counts, files and days for times and costs. A week has seven days, so that
it takes both windows together to have ten of them. What predictions save is the judge's answer about each window.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from editsvc.errors import Status
from editsvc.report.accumulate import measured
from editsvc.report.model import Compared, ComparedGroup, ComparedModel, Comparison, Period, Unit
from editsvc.tokenlog.evidence import combined
from editsvc.tokenlog.values import Verdict
from editsvc.tuning.estimates import LEAST_CLUSTERS, difference, rate, rates_apart, ratio
from editsvc.tuning.judge import Basis, Terms
from editsvc.tuning.tune import judged, sampled

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from datetime import datetime, timedelta

    from editsvc.tokenlog.evidence import Evidence, LoggedRequest, Sums
    from editsvc.tuning.estimates import Estimate
    from editsvc.tuning.judge import Finding

    Key = tuple[str | None, ...]

# A window needs half of the clusters that a figure needs, so that both together have as many.
_LEAST_IN_ONE: Final = LEAST_CLUSTERS // 2


class _Told(NamedTuple):
    """A figure of one request: parts of a whole."""

    part: float
    whole: float


@dataclass(frozen=True, slots=True)
class _Figure:
    """What is compared: how a request tells it, and the exact sums where the log has them.

    A rate lies between 0 and 1. What the server's day has a part in has the days as clusters, too.
    """

    name: str
    unit: Unit
    of: Callable[[LoggedRequest], _Told | None]
    sums: Callable[[Sums], tuple[float | None, float | None]] | None = None
    by_day: bool = False


def _time(each: LoggedRequest) -> _Told | None:
    return _Told(each.total_s, 1) if each.whole and each.total_s is not None else None


def _cost(each: LoggedRequest) -> _Told | None:
    return _Told(1000 * each.cost_usd, 1) if each.cost_usd is not None else None


def _costs(sums: Sums) -> tuple[float | None, int]:
    return None if sums.cost_usd is None else 1000 * sums.cost_usd, sums.cost_reported


def _acceptance(each: LoggedRequest) -> _Told | None:
    return None if each.verified is None else _Told(each.verified[0], sum(each.verified))


def _coverage(each: LoggedRequest) -> _Told | None:
    taken, whole = each.accepted_prediction_tokens, each.completion_tokens
    return _Told(taken, whole) if each.predicted and taken is not None and whole is not None else None


def _kept(each: LoggedRequest) -> _Told | None:
    if each.status is not Status.CHANGED or each.verdict is None:
        return None
    return _Told(each.verdict is Verdict.ACCEPTED, 1)


def _failed(each: LoggedRequest) -> _Told:
    return _Told(each.status is Status.FAILED, 1)


_FIGURES: Final = (
    _Figure("Time of an edit", Unit.SECONDS, _time, by_day=True),
    _Figure(
        "Cost of 1,000 edits",
        Unit.DOLLARS,
        _cost,
        _costs,
        by_day=True,
    ),
    _Figure(
        "Acceptance", Unit.SHARE, _acceptance, lambda sums: (sums.verified_accepted, sums.verified_tokens)
    ),
    _Figure("Coverage", Unit.SHARE, _coverage, lambda sums: (sums.covered_accepted, sums.covered_completion)),
    _Figure("Edits accepted", Unit.SHARE, _kept),
    _Figure("Failed", Unit.SHARE, _failed),
)
_OF_GROUPS: Final = frozenset({"Time of an edit", "Cost of 1,000 edits", "Acceptance"})


def compared(
    now: Evidence, before: Evidence, *, span: timedelta, middle: datetime, terms: Terms | None = None
) -> Comparison:
    """The requests of two windows of the same length, `span`, which meet at `middle`."""
    sides = _Side.of(now), _Side.of(before)
    terms = terms or Terms(middle + span)
    return Comparison(
        span=span,
        now=_period(now, middle, middle + span),
        before=_period(before, middle - span, middle),
        figures=[_compared(figure, *sides) for figure in _FIGURES],
        models=_models(now, before, replace(terms, now=middle + span), replace(terms, now=middle)),
        groups=_groups(now, before),
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """One window: its requests, or a sample of them, and exact sums, of predictions and of everything."""

    sample: Sequence[LoggedRequest]
    everything: Sums
    predicted: Sums

    @classmethod
    def of(cls, evidence: Evidence, key: Key | None = None) -> _Side:
        cells = {
            facet: sums
            for facet, sums in evidence.cells.items()
            if facet.measures and (key is None or facet.key == key)
        }
        return cls(
            [
                each
                for each in measured(evidence.sample)
                if each.measures and (key is None or each.key == key)
            ],
            combined(cells.values()),
            combined(sums for facet, sums in cells.items() if facet.predicted),
        )


def _period(evidence: Evidence, since: datetime, until: datetime) -> Period:
    sums = combined(evidence.cells.values())
    return Period(since, until, sums.requests, sums.cost_usd, sums.cost_reported)


def _compared(figure: _Figure, now: _Side, before: _Side) -> Compared:
    found = []
    for side in (now, before):
        told = [(each, one) for each in side.sample if (one := figure.of(each)) is not None and one.whole > 0]
        found.append(_estimated(figure, told))
    now_told, before_told = found
    exact = [_exact(figure, side) for side in (now, before)]
    values = [
        each if each is not None else (estimate.value if estimate is not None else None)
        for each, estimate in zip(exact, (now_told.estimate, before_told.estimate), strict=True)
    ]
    counts = now_told.requests, before_told.requests
    if values[0] is None or values[1] is None:
        return Compared(figure.name, figure.unit, values[0], values[1], None, None, None, *counts)
    change = values[0] - values[1]
    enough = now_told.enough and before_told.enough
    if now_told.estimate is None or before_told.estimate is None or not enough:
        return Compared(figure.name, figure.unit, values[0], values[1], change, None, None, *counts)
    apart = (rates_apart if figure.unit is Unit.SHARE else difference)(
        now_told.estimate, before_told.estimate
    )
    # Sums are exact where requests are a sample, and only the spread comes from that.
    moved = change - apart.value
    return Compared(
        figure.name, figure.unit, values[0], values[1], change, apart.low + moved, apart.high + moved, *counts
    )


class _Estimated(NamedTuple):
    estimate: Estimate | None
    requests: int
    enough: bool


def _estimated(figure: _Figure, told: Sequence[tuple[LoggedRequest, _Told]]) -> _Estimated:
    parts, wholes = [one.part for _, one in told], [one.whole for _, one in told]
    files: list[Hashable] = [
        number if each.path is None else each.path for number, (each, _) in enumerate(told)
    ]
    ways: list[Sequence[Hashable]] = [files]
    if figure.by_day:
        ways.append([each.created_at.date() for each, _ in told])
    make = rate if figure.unit is Unit.SHARE else ratio
    found = make(parts, wholes, [1.0] * len(told), *ways, least=_LEAST_IN_ONE)
    return _Estimated(found, len(told), found is not None and found.enough)


def _exact(figure: _Figure, side: _Side) -> float | None:
    if figure.sums is None:
        return None
    part, whole = figure.sums(side.everything if figure.unit is Unit.DOLLARS else side.predicted)
    return part / whole if part is not None and whole else None


def _models(now: Evidence, before: Evidence, terms: Terms, earlier: Terms) -> list[ComparedModel]:
    """What predictions saved in both windows, model by model, the most used first."""
    judgements = [_judged(now, terms), _judged(before, earlier)]
    uses: dict[str | None, int] = {}
    for facet, sums in [*now.cells.items(), *before.cells.items()]:
        if facet.measures:
            uses[facet.model] = uses.get(facet.model, 0) + sums.requests
    names = sorted(
        {name for found, _ in judgements for name in found}, key=lambda name: (-uses.get(name, 0), name)
    )
    return [_model(name, *((found.get(name), days) for found, days in judgements)) for name in names]


def _judged(evidence: Evidence, terms: Terms) -> tuple[dict[str, Finding], Mapping[str, set[Hashable]]]:
    """The finding about each model, and its days."""
    requests, stands_for = sampled(evidence)
    found, observations, _ = judged(requests, replace(terms, whole_models=True), stands_for)
    days: dict[str, set[Hashable]] = {}
    for each in observations:
        days.setdefault(each.cell.model, set()).add(each.day)
    return {finding.cell.model: finding for finding in found.models}, days


def _model(
    name: str,
    now: tuple[Finding | None, Mapping[str, set[Hashable]]],
    before: tuple[Finding | None, Mapping[str, set[Hashable]]],
) -> ComparedModel:
    one, other = (finding.net if finding is not None else None for finding, _ in (now, before))
    missing = _missing(now[0]) if one is None else _missing(before[0])
    values = one.value if one is not None else None, other.value if other is not None else None
    found = (now[0], before[0])
    modelled = any(finding is not None and finding.basis is Basis.MODELLED for finding in found)
    if one is None or other is None:
        return ComparedModel(name, *values, None, None, None, modelled, missing)
    apart = difference(one, other)
    days = [len(each[1].get(name, ())) for each in (now, before)]
    files = [finding.savings.files for finding in found if finding is not None]
    if sum(days) < LEAST_CLUSTERS or min(*days, *files) < _LEAST_IN_ONE:
        few = f"not enough data: {sum(days)} days, {LEAST_CLUSTERS} are needed"
        return ComparedModel(name, *values, apart.value, None, None, modelled, few)
    return ComparedModel(name, *values, apart.value, apart.low, apart.high, modelled, "")


def _missing(finding: Finding | None) -> str:
    if finding is None:
        return "not enough data: no requests in one of the windows"
    return finding.missing or "not enough data"


def _groups(now: Evidence, before: Evidence) -> list[ComparedGroup]:
    """The groups of either window, those with the most requests first."""
    if not now.by:
        return []
    requests: dict[Key, list[int]] = {}
    for place, evidence in enumerate((now, before)):
        for facet, sums in evidence.cells.items():
            requests.setdefault(facet.key, [0, 0])[place] += sums.requests
    figures = [figure for figure in _FIGURES if figure.name in _OF_GROUPS]
    return [
        ComparedGroup(
            dict(zip(now.by, key, strict=True)),
            requests[key][0],
            requests[key][1],
            [_compared(figure, _Side.of(now, key), _Side.of(before, key)) for figure in figures],
        )
        for key in sorted(requests, key=lambda key: (-sum(requests[key]), [value or "" for value in key]))
    ]
