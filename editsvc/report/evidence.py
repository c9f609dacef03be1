"""The evidence of a report from records in memory, as `editsvc.tokenlog.queries` gets it from a database."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from editsvc.tokenlog.dimensions import DIMENSIONS, shown, size
from editsvc.tokenlog.evidence import (
    Day,
    Evidence,
    Facet,
    LoggedRequest,
    Sums,
    Window,
    combined,
    logged_request,
)
from editsvc.tokenlog.rows import believed, column_of
from editsvc.tokenlog.values import Source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from editsvc.tokenlog.record import RequestRecord


def gather(
    records: Iterable[RequestRecord],
    *,
    by: tuple[str, ...],
    since: datetime | None,
    until: datetime | None = None,
    model: str | None = None,
) -> Evidence:
    """The evidence of the `records` made at `since` or later and before `until`, to `model`, without sampling.

    Days are those of their times.
    """
    window = Window(since, until, model)
    facets: defaultdict[Facet, list[Sums]] = defaultdict(list)
    days: defaultdict[date, list[Sums]] = defaultdict(list)
    measured: defaultdict[date, list[Sums]] = defaultdict(list)
    sample: list[LoggedRequest] = []
    restarts: Counter[str] = Counter()
    for record in map(believed, records):
        if not window.holds(record.created_at, record.model):
            continue
        key = tuple(_value(record, name) for name in by)
        sums = _sums(record)
        sample.append(logged_request(record, key))
        day = record.created_at.date()
        days[day].append(sums)
        if sample[-1].measures:
            measured[day].append(sums)
        facets[
            Facet(
                key,
                record.model,
                record.status,
                record.prediction.sent,
                record.prediction.drawn,
                record.verdict,
                record.offline,
                record.source is Source.BENCH,
                record.error,
            )
        ].append(sums)
        if record.attempts > 1:
            restarts.update(record.restarts or ())
    sample.sort(key=lambda each: each.created_at)
    return Evidence(
        by=by,
        since=since,
        first=sample[0].created_at if sample else None,
        last=sample[-1].created_at if sample else None,
        cells={facet: combined(parts) for facet, parts in facets.items()},
        sample=sample,
        explored=[each for each in sample if each.explored],
        restarts=dict(restarts),
        days=[Day.of(day, combined(parts), combined(measured[day])) for day, parts in sorted(days.items())],
    )


def _value(record: RequestRecord, dimension: str) -> str | None:
    if dimension == "size":  # a column that only databases have
        return size(record.document.bytes)
    column = DIMENSIONS[dimension]
    if column is None:
        return record.created_at.date().isoformat()
    return shown(dimension, column_of(record, column))


def _sums(record: RequestRecord) -> Sums:
    usage = record.usage
    accepted, rejected = usage.accepted_prediction_tokens, usage.rejected_prediction_tokens
    completion, kept, hunks = usage.completion_tokens, record.hunks_accepted, record.hunks
    verified = None if accepted is None or rejected is None else accepted + rejected
    covers = accepted is not None and completion is not None
    judged = kept is not None and hunks is not None
    return Sums(
        requests=1,
        retried=int(record.attempts > 1),
        usage_reported=int(completion is not None),
        prompt=usage.prompt_tokens,
        cached=None if usage.prompt_tokens is None else usage.cached_tokens,
        completion=completion,
        reasoning=None if completion is None else usage.reasoning_tokens,
        accepted=accepted,
        rejected=rejected,
        cost_usd=record.cost_usd,
        rejected_cost_usd=None if record.cost_usd is None else record.rejected_cost_usd,
        verified_requests=int(bool(verified)),
        verified_accepted=accepted if verified is not None else None,
        verified_tokens=verified,
        covered_requests=int(covers and completion != 0),
        covered_accepted=accepted if covers else None,
        covered_completion=completion if covers else None,
        judged_requests=int(judged and hunks != 0),
        judged_accepted=kept if judged else None,
        judged_hunks=hunks if judged else None,
        cost_reported=int(record.cost_usd is not None),
    )
