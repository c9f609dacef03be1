"""A report, from a log or from records."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from editsvc.report import effect as effects
from editsvc.report.accumulate import acceptance, measured, summary
from editsvc.report.arms import arms
from editsvc.report.compare import compared
from editsvc.report.compare_words import comparing
from editsvc.report.drift import drifts
from editsvc.report.evidence import gather
from editsvc.report.forecast import month_forecast
from editsvc.report.intervals import Totals
from editsvc.report.model import DayReport, Group, ModelPoint, Recommendation, Report, Sample
from editsvc.report.parts import Parts
from editsvc.report.recommend import recommendations
from editsvc.report.what_if import calibrations, scores, what_if
from editsvc.tokenlog.dimensions import dimensions
from editsvc.tuning.judge import Terms
from editsvc.tuning.objective import Worth
from editsvc.tuning.tune import judged, sampled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, timedelta

    from editsvc.report.effect import Trial
    from editsvc.report.model import Effect, Summary
    from editsvc.tokenlog.evidence import Day, Evidence, Facet, LoggedRequest, Sums
    from editsvc.tokenlog.record import RequestRecord
    from editsvc.tokenlog.store import TokenLog
    from editsvc.tuning.judge import Finding, Judgement

    Key = tuple[str | None, ...]

_LONG_AGO: Final = datetime(1, 1, 1, tzinfo=UTC)
_UNMEASURED: Final = effects.effect([])
_NOTHING_SAID: Final = Recommendation(
    "not-worked-out", "Recommendations could not be computed; the numbers themselves are valid.", {}
)


def read(
    log: TokenLog,
    *,
    by: Sequence[str] = (),
    since: datetime | None = None,
    model: str | None = None,
    days: bool = False,
    terms: Terms | None = None,
    compare: timedelta | None = None,
    now: datetime | None = None,
) -> Report:
    """The report on the requests of `log` made at `since` or later, counted by the database.

    `by` names dimensions (see `editsvc.tokenlog.dimensions`); each combination of their values that occurs is a
    group, the largest first. With `model`, only the requests to it count. `days` also asks for the sums of each day.
    `terms` are what the judge goes by besides the log: prices, the value of time, the policy in force. With `compare`,
    the time of that length up to `now` is set against the one before; with `now`, there is a forecast for its month.
    Raises UsageError for an unknown or repeated dimension, LogUnavailable if the log cannot be read, ValueError for a
    comparison without `now`.
    """
    names = dimensions(by)
    made = report(log.evidence(by=names, since=since, model=model, days=days), terms)
    if now is None:
        if compare is not None:
            raise ValueError("a comparison needs to know what time it is")
        return made
    parts = Parts(made.missing)
    end = now
    forecast = parts.part(
        "The forecast",
        lambda: month_forecast(lambda begin, until: log.costs(begin, until, model=model), end, log.zone),
        None,
    )
    comparison = None
    said = list(made.recommendations)
    if compare is not None:
        middle = now - compare
        windows = [
            log.evidence(by=names, since=begin, until=until, model=model)
            for begin, until in ((middle, now), (middle - compare, middle))
        ]
        span = compare
        comparison = parts.part(
            "The comparison", lambda: compared(*windows, span=span, middle=middle, terms=terms), None
        )
        if comparison is not None:
            said.insert(0, comparing(comparison))
    return replace(
        made,
        recommendations=said,
        comparison=comparison,
        forecast=forecast,
        missing=tuple(parts.missing),
    )


def aggregate(
    records: Iterable[RequestRecord],
    *,
    by: Sequence[str] = (),
    since: datetime | None = None,
    terms: Terms | None = None,
) -> Report:
    """The report on the `records` made at `since` or later; `by` and `terms` as in `read`."""
    return report(gather(records, by=dimensions(by), since=since), terms)


def report(evidence: Evidence, terms: Terms | None = None) -> Report:
    """The report on `evidence`; a part that cannot be computed is empty, and named as missing."""
    parts, sample = Parts(), evidence.sample
    everything = summary(evidence.cells, sample, parts)
    models = _split(evidence, lambda facet: (facet.model,), lambda each: (each.model,), parts)
    summaries = {model: each for (model,), each in models.items()}
    scored = parts.some("The what-if scores", lambda: scores(measured(sample)))
    trials = parts.some("Time saved", lambda: _trials(evidence))
    effect_parts = parts.part("Time saved", lambda: _effects(trials), None)
    whole, by_model = effect_parts or (_UNMEASURED, {})
    judgement = parts.part("The judgement", lambda: _judged(evidence, terms), None)
    findings = _most_used(judgement.models, summaries) if judgement is not None else []
    said = parts.some(
        "The recommendations",
        lambda: recommendations(
            everything, whole, summaries, findings, by_model, sampled=evidence.sampled_every > 1
        ),
    )
    if parts.missing:
        said = [_NOTHING_SAID]  # a missing part must not count as zero
    return Report(
        since=evidence.since,
        first=evidence.first,
        last=evidence.last,
        by=evidence.by,
        sample=Sample(len(sample), everything.requests),
        summary=everything,
        effect=whole,
        restarts=evidence.restarts,
        what_if=parts.some("The what-if scores", lambda: what_if(scored)),
        calibrations=parts.some("The accuracy of the verifier", lambda: calibrations(scored)),
        points=parts.some("Break-even", lambda: _points(evidence, summaries, findings)),
        days=parts.some("The sums of each day", lambda: _days(evidence.days or (), sample)),
        times_with=parts.some("The times with a prediction", lambda: _times(trials, sent=True)),
        times_without=parts.some("The times without one", lambda: _times(trials, sent=False)),
        groups=parts.some("The groups", lambda: _groups(evidence, parts)),
        recommendations=[
            *said,
            *parts.some("The named arms", lambda: arms(sample, terms.worth if terms else Worth())),
            *parts.some("The changes of a model", lambda: drifts(judgement.changes if judgement else ())),
        ],
        missing=tuple(parts.missing),
    )


def _judged(evidence: Evidence, terms: Terms | None) -> Judgement:
    """What the judge says of both samples, each request with the number of those that it stands for."""
    now = evidence.last or evidence.since or _LONG_AGO
    requests, stands_for = sampled(evidence)
    found, _, _ = judged(requests, replace(terms or Terms(now), whole_models=True), stands_for)
    return found


def _most_used(findings: Sequence[Finding], summaries: Mapping[str | None, Summary]) -> list[Finding]:
    return sorted(findings, key=lambda each: -summaries[each.cell.model].requests)


def _trials(evidence: Evidence) -> list[Trial]:
    return effects.randomised(
        evidence.sample, evidence.sampled_every, evidence.explored, evidence.explored_every
    )


def _effects(trials: Sequence[Trial]) -> tuple[Effect, dict[str, Effect]]:
    """The effect of predicting in all requests, and in those of each model."""
    whole = effects.effect(trials)
    # If all requests went to one model, its figures are those of the whole.
    return whole, {
        model: whole if len(each) == len(trials) else effects.effect(each, tails=False)
        for model, each in _trials_by_model(trials).items()
    }


def _split(
    evidence: Evidence,
    of_facet: Callable[[Facet], Key],
    of_request: Callable[[LoggedRequest], Key],
    parts: Parts,
) -> dict[Key, Summary]:
    cells: defaultdict[Key, dict[Facet, Sums]] = defaultdict(dict)
    sample: defaultdict[Key, list[LoggedRequest]] = defaultdict(list)
    for facet, sums in evidence.cells.items():
        cells[of_facet(facet)][facet] = sums
    for each in evidence.sample:
        sample[of_request(each)].append(each)
    return {key: summary(each, sample[key], parts) for key, each in cells.items()}


def _groups(evidence: Evidence, parts: Parts) -> list[Group]:
    if not evidence.by:
        return []
    found = _split(evidence, lambda facet: facet.key, lambda each: each.key, parts)
    ordered = sorted(found.items(), key=lambda each: (-each[1].requests, [value or "" for value in each[0]]))
    return [Group(dict(zip(evidence.by, key, strict=True)), each) for key, each in ordered]


def _trials_by_model(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    found: defaultdict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        if trial.request.model is not None:
            found[trial.request.model].append(trial)
    return dict(found)


def _times(trials: Iterable[Trial], *, sent: bool) -> list[tuple[float, float]]:
    return [
        (trial.request.total_s, trial.weight)
        for trial in trials
        if trial.request.arm is sent and trial.request.total_s is not None
    ]


def _points(
    evidence: Evidence, summaries: Mapping[str | None, Summary], findings: Sequence[Finding]
) -> list[ModelPoint]:
    """The models that reported accepted tokens, the most used first, by what the judge says of them."""
    judged = {finding.cell.model: finding.net for finding in findings}
    points = []
    for model, each in summaries.items():
        share = _share(evidence, model)
        if model is None or share is None:
            continue
        net = judged.get(model)
        low, high = (net.low, net.high) if net is not None and net.enough else (None, None)
        points.append(ModelPoint(model, each.requests, share, net.value if net else None, low, high))
    return sorted(points, key=lambda point: (-point.requests, point.model))


def _share(evidence: Evidence, model: str | None) -> float | None:
    """A/(completion - R) of a model's predicted requests: the share of its output that came from the prediction."""
    accepted = kept = 0
    for facet, sums in evidence.cells.items():
        if (
            facet.model != model
            or not (facet.measures and facet.predicted)
            or sums.covered_completion is None
        ):
            continue
        accepted += sums.covered_accepted or 0
        kept += sums.covered_completion - (sums.rejected or 0)
    return min(1.0, accepted / kept) if kept > 0 else None


def _days(days: Iterable[Day], sample: Iterable[LoggedRequest]) -> list[DayReport]:
    requests: defaultdict[date, list[LoggedRequest]] = defaultdict(list)
    for each in sample:
        if each.measures:
            requests[each.created_at.date()].append(each)
    return [
        DayReport(
            each.day,
            each.requests,
            each.completion,
            each.accepted,
            each.rejected,
            acceptance(
                requests[each.day],
                Totals(each.verified_accepted or 0, each.verified_tokens or 0, each.verified_requests),
            ),
        )
        for each in days
    ]
