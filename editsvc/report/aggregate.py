"""Records to a report, in one pass."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC
from typing import TYPE_CHECKING, Final

from editsvc.errors import UsageError
from editsvc.report.model import Group, Report
from editsvc.report.recommend import recommendations
from editsvc.report.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from editsvc.tokenlog.record import RequestRecord

DIMENSIONS: Final[Mapping[str, Callable[[RequestRecord], str | None]]] = {
    "model": lambda record: record.model,
    "provider": lambda record: record.provider,
    "language": lambda record: record.language,
    "status": lambda record: record.status.value,
    "source": lambda record: record.source.value,
    "day": lambda record: record.created_at.astimezone(UTC).date().isoformat(),
    "prediction_kind": lambda record: record.prediction_kind,
    "prediction_sent": lambda record: "yes" if record.prediction_sent else "no",
    "scope_kind": lambda record: record.scope_kind,
    "policy_version": lambda record: record.policy_version,
    "error": lambda record: record.error,
}
"""What requests can be grouped by; days are UTC."""


def aggregate(
    records: Iterable[RequestRecord],
    *,
    by: Sequence[str] = (),
    since: datetime | None = None,
) -> Report:
    """The report on those of `records` that were made at `since` or later.

    `by` names dimensions; each combination of their values that occurs is a group, the largest first.
    Raises UsageError for an unknown or repeated dimension.
    """
    _check(by)
    everything = Tally()
    models: defaultdict[str | None, Tally] = defaultdict(Tally)
    groups: defaultdict[tuple[str | None, ...], Tally] = defaultdict(Tally)
    first: datetime | None = None
    last: datetime | None = None
    values = [DIMENSIONS[name] for name in by]
    for record in records:
        made = record.created_at
        if since is not None and made < since:
            continue
        first = made if first is None or made < first else first
        last = made if last is None or made > last else last
        everything.add(record)
        models[record.model].add(record)
        if by:
            groups[tuple(value(record) for value in values)].add(record)
    summary = everything.summary()
    advice = recommendations(summary, {model: tally.summary() for model, tally in models.items()})
    return Report(
        since=since,
        first=first,
        last=last,
        by=tuple(by),
        summary=summary,
        groups=[
            Group(dict(zip(by, key, strict=True)), tally.summary())
            for key, tally in sorted(groups.items(), key=_largest_first)
        ],
        recommendations=advice,
    )


def _check(by: Sequence[str]) -> None:
    known = ", ".join(DIMENSIONS)
    for name in by:
        if name not in DIMENSIONS:
            raise UsageError(f"A report cannot be grouped by {name!r}.", hint=f"Use any of: {known}.")
    if len(set(by)) < len(by):
        raise UsageError("A report cannot be grouped twice by the same thing.")


def _largest_first(group: tuple[tuple[str | None, ...], Tally]) -> tuple[int, list[str]]:
    key, tally = group
    return -tally.requests, [value or "" for value in key]
