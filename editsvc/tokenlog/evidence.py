"""The evidence for a report: exact sums over all requests, and the requests themselves if there are few.

Sums can be added up, so they are counted by the database. Medians, intervals and what-if counts need single
requests; of a large log these are a sample, one in so many, chosen by a hash.

None means "not reported", in sums too; it is never zero. Times are seconds, costs US dollars.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from editsvc.errors import Status
from editsvc.tokenlog.rows import column_of
from editsvc.tokenlog.values import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from editsvc.tokenlog.record import RequestRecord
    from editsvc.tokenlog.values import Verdict

# Up to so many requests are read one by one; of more, about so many.
SAMPLE: Final = 5_000
# The time of a request that was cut short says nothing about speed.
CUT_SHORT: Final = frozenset({Status.CANCELLED, Status.FAILED})


class Window(NamedTuple):
    """The requests made at `since` or later and before `until`, to one `model`; None leaves out a condition."""

    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None

    def holds(self, at: datetime, model: str | None) -> bool:
        """Whether a request that was made to `model` at this time is one of them."""
        return (
            (self.since is None or at >= self.since)
            and (self.until is None or at < self.until)
            and (self.model is None or model == self.model)
        )


class Costs(NamedTuple):
    """What requests cost.

    Of `requests` that servers answered `reported` have a known cost, which sums up to `usd` (None if there is none);
    `unpriced` report tokens, but the price of their model is unknown. What the offline engine did costs nothing, and is
    not counted.
    """

    requests: int = 0
    reported: int = 0
    unpriced: int = 0
    usd: float | None = None


class Averages(NamedTuple):
    """Sums over edits that report all of them: what an edit takes by the bytes of its document."""

    edits: int
    bytes: int
    prompt: int
    completion: int
    seconds: float
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over a set of requests.

    What is a part of another count is summed up where that is known too: `cached`, `reasoning` and
    `rejected_cost_usd`. Each of the three rates has its own sums: `verified_*` over requests that report accepted
    and rejected tokens, `covered_*` over those that report accepted and completion tokens, `judged_*` over those
    that tell how many of their hunks were accepted. Their counts of requests leave out those whose denominator is 0.
    `cost_reported` counts the requests whose cost is known.
    """

    requests: int = 0
    retried: int = 0
    usage_reported: int = 0
    prompt: int | None = None
    cached: int | None = None
    completion: int | None = None
    reasoning: int | None = None
    accepted: int | None = None
    rejected: int | None = None
    cost_usd: float | None = None
    rejected_cost_usd: float | None = None
    verified_requests: int = 0
    verified_accepted: int | None = None
    verified_tokens: int | None = None
    covered_requests: int = 0
    covered_accepted: int | None = None
    covered_completion: int | None = None
    judged_requests: int = 0
    judged_accepted: int | None = None
    judged_hunks: int | None = None
    cost_reported: int = 0


_VALUES: Final = attrgetter(*(each.name for each in fields(Sums)))


def combined(parts: Iterable[Sums]) -> Sums:
    """The sums over all requests of `parts`, which are disjoint."""
    rows = map(_VALUES, parts)
    reported = ([value for value in column if value is not None] for column in zip(*rows, strict=True))
    return Sums(*(sum(values) if values else None for values in reported))  # type: ignore[arg-type]  # counts are never None


class Facet(NamedTuple):
    """What sums are kept apart by: the values asked for, and what rates and recommendations depend on."""

    key: tuple[str | None, ...]
    model: str | None
    status: Status
    prediction_sent: bool
    prediction_drawn: bool | None
    verdict: Verdict | None
    offline: bool
    bench: bool
    error: str | None

    @property
    def predicted(self) -> bool:
        """Whether a prediction went out, even if it had to be withdrawn."""
        return self.prediction_sent or bool(self.prediction_drawn)

    @property
    def measures(self) -> bool:
        """Whether a server answered somebody's edit: the offline engine's figures are modelled, a benchmark's made."""
        return not self.offline and not self.bench


class LoggedRequest(NamedTuple):
    """The fields of a single request that a report needs; the names are those of the log's columns."""

    key: tuple[str | None, ...]
    created_at: datetime
    source: Source
    path: str | None
    provider: str | None
    model: str | None
    status: Status
    finish_reason: str | None
    offline: bool
    attempts: int
    scope_kind: str | None
    document_bytes: int | None
    parts_offered: int | None
    error: str | None
    prediction_sent: bool
    prediction_drawn: bool | None
    prediction_kind: str | None
    prediction_reason: str | None
    propensity: float | None
    completion_tokens: int | None
    reasoning_tokens: int | None
    accepted_prediction_tokens: int | None
    rejected_prediction_tokens: int | None
    ttft_s: float | None
    total_s: float | None
    tokens_per_s: float | None
    queue_time_s: float | None
    completion_time_s: float | None
    cost_usd: float | None
    verdict: Verdict | None
    hunks: int | None
    hunks_accepted: int | None
    what_if: Mapping[str, Sequence[int]] | None
    named_arm: str | None = None
    named_arm_propensity: float | None = None

    @property
    def explored(self) -> bool:
        """Whether this request drew the rarer choice of a randomised decision."""
        return self.propensity is not None and 0 < self.propensity <= EXPLORED

    @property
    def predicted(self) -> bool:
        """Whether a prediction went out, even if it had to be withdrawn."""
        return self.prediction_sent or self.arm

    @property
    def arm(self) -> bool:
        """What was drawn, whatever became of it; of records without that, the reason tells."""
        if self.prediction_drawn is not None:
            return self.prediction_drawn
        withdrawn = self.prediction_reason == "too-many-rejected" or (
            self.prediction_reason == "server-refused" and self.attempts > 1
        )
        return self.prediction_sent or withdrawn

    @property
    def measures(self) -> bool:
        """Whether a server answered somebody's edit: the offline engine's figures are modelled, a benchmark's made."""
        return not self.offline and self.source is not Source.BENCH

    @property
    def verified(self) -> tuple[int, int] | None:
        """Accepted and rejected tokens of its prediction; None without a prediction, or if not reported."""
        accepted, rejected = self.accepted_prediction_tokens, self.rejected_prediction_tokens
        if not self.predicted or accepted is None or rejected is None:
            return None
        return accepted, rejected

    @property
    def whole(self) -> bool:
        """Whether a reply came to its end."""
        return bool(self.attempts) and self.status not in CUT_SHORT


COLUMNS: Final = LoggedRequest._fields[1:]
"""The columns that a logged request is read from, in this order; a key comes before them."""


def logged_request(record: RequestRecord, key: tuple[str | None, ...] = ()) -> LoggedRequest:
    """The fields of `record` that reports and tuning need."""
    return LoggedRequest(key, *(column_of(record, name) for name in COLUMNS))


# A policy explores with a small probability: at most this one.
EXPLORED: Final = 0.5


class Day(NamedTuple):
    """Sums of one day of a zone; those of acceptance are over what servers reported of both counts."""

    day: date
    requests: int
    completion: int | None
    accepted: int | None
    rejected: int | None
    verified_accepted: int | None
    verified_tokens: int | None
    verified_requests: int

    @classmethod
    def of(cls, day: date, sums: Sums, measured: Sums) -> Day:
        """The day with these sums, of which `measured` are those of the requests that measure acceptance."""
        return cls(
            day,
            sums.requests,
            sums.completion,
            sums.accepted,
            sums.rejected,
            measured.verified_accepted,
            measured.verified_tokens,
            measured.verified_requests,
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence for one report.

    `by` names the dimensions whose values stand in each key. Times are by the clock whose days it counts. `sample`
    holds one request in `sampled_every`, `explored` one in `explored_every` of those in which chance took the rarer
    way (see `LoggedRequest.explored`); 1 means all of them. `restarts` counts the reasons why requests were sent
    again. `days` is None if not asked for.
    """

    by: tuple[str, ...]
    since: datetime | None
    first: datetime | None = None
    last: datetime | None = None
    cells: Mapping[Facet, Sums] = field(default_factory=dict)
    sample: Sequence[LoggedRequest] = ()
    sampled_every: int = 1
    explored: Sequence[LoggedRequest] = ()
    explored_every: int = 1
    restarts: Mapping[str, int] = field(default_factory=dict)
    days: Sequence[Day] | None = None
