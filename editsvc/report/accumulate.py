"""Counts and single requests in, a Summary out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from editsvc.errors import Status
from editsvc.report.intervals import Totals, proportion, quantiles, ratio
from editsvc.report.model import (
    LatencyQuantiles,
    Prediction,
    Quantiles,
    Rate,
    SpeedQuantiles,
    Summary,
    TokenSums,
    VerdictCounts,
)
from editsvc.tokenlog.evidence import combined
from editsvc.tokenlog.values import Verdict

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from editsvc.report.parts import Parts
    from editsvc.tokenlog.evidence import Facet, LoggedRequest, Sums

    Cells = Mapping[Facet, Sums]

_DECIDED: Final = (Verdict.ACCEPTED, Verdict.PARTIAL, Verdict.REJECTED)
_NO_RATE: Final = Rate(None, None, None, 0)
_NO_QUANTILES: Final = Quantiles(None, None, 0)
_NO_SPEED: Final = SpeedQuantiles(0, *(_NO_QUANTILES,) * 5)
_NO_LATENCY: Final = LatencyQuantiles(_NO_SPEED, _NO_SPEED, _NO_SPEED)


def summary(cells: Cells, sample: Sequence[LoggedRequest], parts: Parts) -> Summary:
    """The numbers of one set of requests: sums from `cells`, everything else from `sample`."""
    sums = combined(cells.values())
    # Rates and times are of servers: what the offline engine models, and a benchmark makes up, is only counted. Where
    # there is nothing else, the offline engine's are shown, and said to be modelled.
    served = {facet: each for facet, each in cells.items() if facet.measures} or {
        facet: each for facet, each in cells.items() if facet.offline
    }
    sample = measured(sample)
    return Summary(
        requests=sums.requests,
        offline=sum(each.requests for facet, each in cells.items() if facet.offline),
        retried=sums.retried,
        usage_reported=sums.usage_reported,
        statuses=_statuses(cells),
        errors=_errors(cells),
        tokens=TokenSums(sums.prompt, sums.cached, sums.completion, sums.reasoning),
        cost_usd=sums.cost_usd,
        cost_reported=sums.cost_reported,
        prediction=_prediction(served, sample, sums, parts),
        latency=parts.part("Speed", lambda: _latency(sample), _NO_LATENCY),
        verdicts=_verdicts(cells, served, sample, parts),
    )


def measured(sample: Sequence[LoggedRequest]) -> list[LoggedRequest]:
    """The requests that servers answered; where there are none, those of the offline engine."""
    return [each for each in sample if each.measures] or [each for each in sample if each.offline]


def acceptance(requests: Iterable[LoggedRequest], totals: Totals | None = None) -> Rate:
    """A/(A+R) of the requests that sent a prediction and report both."""
    told = [(each, each.verified) for each in requests if each.verified is not None]
    return ratio([(taken, taken + dropped) for _, (taken, dropped) in told], totals, _files(told))


def _prediction(cells: Cells, sample: Sequence[LoggedRequest], sums: Sums, parts: Parts) -> Prediction:
    sent = combined(each for facet, each in cells.items() if facet.predicted)
    verified = Totals(sent.verified_accepted or 0, sent.verified_tokens or 0, sent.verified_requests)
    return Prediction(
        sent=sent.requests,
        acceptance=parts.part("Acceptance", lambda: acceptance(sample, verified), _NO_RATE),
        coverage=parts.part("Coverage", lambda: _coverage(sample, sent), _NO_RATE),
        accepted_tokens=sums.accepted,
        rejected_tokens=sums.rejected,
        rejected_cost_usd=sums.rejected_cost_usd,
    )


def _coverage(sample: Iterable[LoggedRequest], sent: Sums) -> Rate:
    told = [
        (each, (each.accepted_prediction_tokens, each.completion_tokens))
        for each in sample
        if each.predicted
        and each.accepted_prediction_tokens is not None
        and each.completion_tokens is not None
    ]
    totals = Totals(sent.covered_accepted or 0, sent.covered_completion or 0, sent.covered_requests)
    return ratio([pair for _, pair in told], totals, _files(told))


def _files(told: Iterable[tuple[LoggedRequest, object]]) -> list[Hashable]:
    """What tells the files apart; a request without one, such as standard input, counts by itself."""
    return [number if each.path is None else each.path for number, (each, _) in enumerate(told)]


def _latency(sample: Iterable[LoggedRequest]) -> LatencyQuantiles:
    measured = [each for each in sample if each.whole]
    return LatencyQuantiles(
        _speed(measured),
        _speed([each for each in measured if each.predicted]),
        _speed([each for each in measured if not each.predicted]),
    )


def _speed(requests: Sequence[LoggedRequest]) -> SpeedQuantiles:
    return SpeedQuantiles(
        len(requests),
        _quantiles(each.ttft_s for each in requests),
        _quantiles(each.total_s for each in requests),
        _quantiles(each.tokens_per_s for each in requests),
        _quantiles(each.queue_time_s for each in requests),
        _quantiles(each.completion_time_s for each in requests),
    )


def _quantiles(values: Iterable[float | None]) -> Quantiles:
    return quantiles([value for value in values if value is not None])


def _statuses(cells: Cells) -> dict[Status, int]:
    counts: Counter[Status] = Counter()
    for facet, each in cells.items():
        counts[facet.status] += each.requests
    return {status: counts[status] for status in Status}


def _errors(cells: Cells) -> dict[Status, dict[str, int]]:
    counts: Counter[tuple[Status, str]] = Counter()
    for facet, each in cells.items():
        if facet.error is not None:
            counts[facet.status, facet.error] += each.requests
    errors: dict[Status, dict[str, int]] = {}
    for (status, kind), count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        errors.setdefault(status, {})[kind] = count
    return errors


def _verdicts(cells: Cells, served: Cells, sample: Iterable[LoggedRequest], parts: Parts) -> VerdictCounts:
    counts, of_servers = _by_verdict(cells), _by_verdict(served)
    accepted, partial, rejected = (counts[verdict] for verdict in _DECIDED)
    judged = combined(
        each for facet, each in served.items() if facet.status is Status.CHANGED and facet.verdict is not None
    )
    return VerdictCounts(
        accepted=accepted,
        partial=partial,
        rejected=rejected,
        open=counts[None],
        edits=parts.part(
            "Edits accepted",
            lambda: proportion(of_servers[Verdict.ACCEPTED], sum(of_servers[each] for each in _DECIDED)),
            _NO_RATE,
        ),
        hunks=parts.part("Hunks accepted", lambda: _hunks(sample, judged), _NO_RATE),
    )


def _by_verdict(cells: Cells) -> Counter[Verdict | None]:
    counts: Counter[Verdict | None] = Counter()
    for facet, each in cells.items():
        if facet.status is Status.CHANGED:
            counts[facet.verdict] += each.requests
    return counts


def _hunks(sample: Iterable[LoggedRequest], judged: Sums) -> Rate:
    told = [
        (each, (each.hunks_accepted, each.hunks))
        for each in sample
        if each.status is Status.CHANGED
        and each.verdict is not None
        and each.hunks is not None
        and each.hunks_accepted is not None
    ]
    totals = Totals(judged.judged_accepted or 0, judged.judged_hunks or 0, judged.judged_requests)
    return ratio([pair for _, pair in told], totals, _files(told))
