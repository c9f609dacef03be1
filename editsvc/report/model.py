"""A report as values. None means "nobody reported it" or "not enough data", never zero.

Three rates stand side by side and are never mixed: acceptance (of the prediction's tokens, by the server),
coverage (of the reply's tokens, by the prediction), and the user's verdicts on edits and hunks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from editsvc.errors import Status


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate with its 95 % interval, from `requests` requests; below 20 of them there is no interval."""

    value: float | None
    low: float | None
    high: float | None
    requests: int


@dataclass(frozen=True, slots=True)
class Quantiles:
    """The middle and the tail of `requests` measurements; below 20 of them there is no 95th percentile."""

    median: float | None
    p95: float | None
    requests: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """Sums of the tokens that were reported."""

    prompt: int | None
    cached: int | None
    completion: int | None
    reasoning: int | None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What became of predictions.

    `sent` counts requests with a prediction. `acceptance` is A/(A+R), `coverage` A/completion tokens, both
    over those of them whose usage was reported. The sums of tokens and of cost take in every request that
    reports them.
    """

    sent: int
    acceptance: Rate
    coverage: Rate
    accepted_tokens: int | None
    rejected_tokens: int | None
    rejected_cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Speed:
    """Times in seconds, seen from here; `completion_time_s` is the server's own."""

    requests: int
    ttft_s: Quantiles
    total_s: Quantiles
    tokens_per_s: Quantiles
    completion_time_s: Quantiles


@dataclass(frozen=True, slots=True)
class Latency:
    """Speed of the requests whose reply came to its end, cancelled and failed ones left out.

    The policy chose who got a prediction, so the difference of the two halves is no effect of predicting.
    """

    overall: Speed
    with_prediction: Speed
    without_prediction: Speed


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What users did with changed edits.

    `open` are those without a verdict; `edits` is the share of judged edits that were accepted whole, `hunks`
    the share of hunks accepted in judged edits.
    """

    accepted: int
    partial: int
    rejected: int
    open: int
    edits: Rate
    hunks: Rate


@dataclass(frozen=True, slots=True)
class Summary:
    """The numbers of one set of requests.

    `usage_reported` counts the requests with completion tokens, `offline` those that the offline engine
    answered, `errors` the requests by status and kind of error, the most frequent kind first.
    """

    requests: int
    offline: int
    usage_reported: int
    statuses: Mapping[Status, int]
    errors: Mapping[Status, Mapping[str, int]]
    tokens: Tokens
    cost_usd: float | None
    prediction: Prediction
    latency: Latency
    verdicts: Verdicts


@dataclass(frozen=True, slots=True)
class Group:
    """The requests that share the values of `key` (dimension to value, None for unknown)."""

    key: Mapping[str, str | None]
    summary: Summary


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A sentence that the numbers bear out, its kind, and the numbers behind it."""

    kind: str
    sentence: str
    numbers: Mapping[str, str | int | float | None]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one report says; `first` and `last` are the times of its oldest and newest request."""

    since: datetime | None
    first: datetime | None
    last: datetime | None
    by: Sequence[str]
    summary: Summary
    groups: Sequence[Group]
    recommendations: Sequence[Recommendation]
