"""A report as values. None means "not reported" or "not enough data", never zero.

Three rates stand side by side and are never mixed: acceptance (of the prediction's tokens, by the server),
coverage (of the reply's tokens, by the prediction), and the user's verdicts on edits and hunks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime, timedelta

    from editsvc.errors import Status
    from editsvc.report.parts import Missing


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
class TokenSums:
    """Sums of the tokens that were reported."""

    prompt: int | None
    cached: int | None
    completion: int | None
    reasoning: int | None


@dataclass(frozen=True, slots=True)
class Prediction:
    """The outcomes of predictions.

    `sent` counts requests with a prediction. `acceptance` is A/(A+R), `coverage` A/completion tokens, both
    over those of them whose usage was reported. The sums of tokens and of cost include every request that
    reports them.
    """

    sent: int
    acceptance: Rate
    coverage: Rate
    accepted_tokens: int | None
    rejected_tokens: int | None
    rejected_cost_usd: float | None


@dataclass(frozen=True, slots=True)
class SpeedQuantiles:
    """Times in seconds, measured by the client; `queue_time_s` and `completion_time_s` are the server's own."""

    requests: int
    ttft_s: Quantiles
    total_s: Quantiles
    tokens_per_s: Quantiles
    queue_time_s: Quantiles
    completion_time_s: Quantiles


@dataclass(frozen=True, slots=True)
class LatencyQuantiles:
    """Speed of the requests whose reply came to its end, cancelled and failed ones left out.

    The policy chose who got a prediction, so the difference of the two halves is not an effect of predicting.
    """

    overall: SpeedQuantiles
    with_prediction: SpeedQuantiles
    without_prediction: SpeedQuantiles


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure with and without prediction; `saved` is without minus with, with its 95 % interval.

    Without an interval there is not enough data, and `saved` is None.
    """

    with_prediction: float | None
    without_prediction: float | None
    saved: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of predicting on time, from randomised requests; seconds.

    Without a suffix a difference is that of medians. `more_requests` is about how many more it takes to tell
    whether predictions save time: 0 if that is known, None if no estimate is possible.
    """

    requests_with: int
    requests_without: int
    total_s: Difference
    total_p95_s: Difference
    completion_time_s: Difference
    completion_time_p95_s: Difference
    more_requests: int | None


@dataclass(frozen=True, slots=True)
class WhatIfSummary:
    """The score that one candidate prediction would have had, by one preset of the local verifier.

    Sums over the `requests` that were scored. `sent_*` are the tokens reported for the prediction that
    was actually sent.
    """

    candidate: str
    preset: str | None
    requests: int
    accepted: int
    rejected: int
    sent_requests: int
    sent_accepted: int
    sent_rejected: int

    @property
    def acceptance(self) -> float | None:
        """A/(A+R) of the candidate; None if it proposed nothing."""
        proposed = self.accepted + self.rejected
        return self.accepted / proposed if proposed else None


@dataclass(frozen=True, slots=True)
class Bin:
    """Requests with a similar predicted acceptance: the predicted and the actual value."""

    predicted: float
    actual: Rate


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well a preset of the local verifier predicts the server; `error` is the mean distance, 0 to 1."""

    preset: str
    requests: int
    error: float
    bins: Sequence[Bin]


@dataclass(frozen=True, slots=True)
class DayReport:
    """One day; sums are None where nothing was reported."""

    day: date
    requests: int
    completion: int | None
    accepted: int | None
    rejected: int | None
    acceptance: Rate


@dataclass(frozen=True, slots=True)
class ModelPoint:
    """Where a model stands against break-even.

    `share` is a = A/(completion - R): the share of the tokens that came from the prediction. `saved` is the judge's
    share of an edit's cost, time and money, that predicting saved, with its interval, if it was measured.
    """

    model: str
    requests: int
    share: float
    saved: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Sample:
    """The number of requests, out of `of`, that were examined individually; sums are exact in any case."""

    requests: int
    of: int


@dataclass(frozen=True, slots=True)
class VerdictCounts:
    """The users' verdicts on changed edits.

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

    `usage_reported` counts the requests with completion tokens, `cost_reported` those whose cost is known, `offline`
    those that the offline engine answered, `retried` those that took more than one attempt, `errors` the requests by
    status and kind of error, the most frequent kind first.
    """

    requests: int
    offline: int
    retried: int
    usage_reported: int
    statuses: Mapping[Status, int]
    errors: Mapping[Status, Mapping[str, int]]
    tokens: TokenSums
    cost_usd: float | None
    cost_reported: int
    prediction: Prediction
    latency: LatencyQuantiles
    verdicts: VerdictCounts


@dataclass(frozen=True, slots=True)
class Group:
    """The requests that share the values of `key` (dimension to value, None for unknown)."""

    key: Mapping[str, str | None]
    summary: Summary


@dataclass(frozen=True, slots=True)
class Spent:
    """What requests cost: `usd` of the `reported` ones among those that servers answered; None if that is of none.

    `unpriced` report tokens, but the price of their model is unknown.
    """

    requests: int
    reported: int
    unpriced: int
    usd: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the calendar month `month`, whose first day that is, costs: so far, and in the end with its 95 % range.

    It is from the costs of so many `days` before today. Without `expected_usd`, `missing` says why.
    """

    month: date
    so_far: Spent
    days: int
    expected_usd: float | None
    low: float | None
    high: float | None
    missing: str


class Unit(StrEnum):
    """What a figure counts; a share is between 0 and 1."""

    SECONDS = "s"
    DOLLARS = "usd"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of one window and of the one before, and the difference with its 95 % interval.

    Without an interval there is not enough data; without a value nothing was reported. `requests_*` are those that
    tell.
    """

    name: str
    unit: Unit
    now: float | None
    before: float | None
    change: float | None
    low: float | None
    high: float | None
    requests_now: int
    requests_before: int


@dataclass(frozen=True, slots=True)
class ComparedModel:
    """The share of an edit's cost, time and money, that predicting saved with a model, in both windows.

    It is the judge's. `modelled` says that chance decided nothing in one of them; `missing` says what is not known.
    """

    model: str
    now: float | None
    before: float | None
    change: float | None
    low: float | None
    high: float | None
    modelled: bool
    missing: str


@dataclass(frozen=True, slots=True)
class ComparedGroup:
    """The figures of the requests that share the values of `key`."""

    key: Mapping[str, str | None]
    requests_now: int
    requests_before: int
    figures: Sequence[Compared]


@dataclass(frozen=True, slots=True)
class Period:
    """One of two windows: its requests, and what they cost as far as `cost_reported` of them tell."""

    since: datetime
    until: datetime
    requests: int
    cost_usd: float | None
    cost_reported: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A window of the length `span`, and the one before."""

    span: timedelta
    now: Period
    before: Period
    figures: Sequence[Compared]
    models: Sequence[ComparedModel]
    groups: Sequence[ComparedGroup]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A sentence that the numbers support, its kind, the numbers behind it, and what it stands on.

    The first one of a report is short: at most fifteen words, names of models aside. Its `evidence` is a line; other
    recommendations may have none.
    """

    kind: str
    sentence: str
    numbers: Mapping[str, str | int | float | None]
    evidence: str = ""

    @property
    def text(self) -> str:
        """The sentence and its evidence."""
        return f"{self.sentence} {self.evidence}" if self.evidence else self.sentence


@dataclass(frozen=True, slots=True)
class Report:
    """The contents of one report; `first` and `last` are the times of its oldest and newest request.

    The first recommendation is the one to read if only one is read. `restarts` counts the reasons why requests
    were sent again. `missing` are the parts that could not be computed, and are empty here. `times_*` are the
    seconds of the randomised requests, for plots; `days` is empty unless the evidence has them. `comparison` and
    `forecast` are there if they were asked for.
    """

    since: datetime | None
    first: datetime | None
    last: datetime | None
    by: Sequence[str]
    sample: Sample
    summary: Summary
    effect: Effect
    restarts: Mapping[str, int]
    what_if: Sequence[WhatIfSummary]
    calibrations: Sequence[Calibration]
    points: Sequence[ModelPoint]
    days: Sequence[DayReport]
    times_with: Sequence[tuple[float, float]]
    times_without: Sequence[tuple[float, float]]
    groups: Sequence[Group]
    recommendations: Sequence[Recommendation]
    missing: Sequence[Missing] = ()
    comparison: Comparison | None = None
    forecast: Forecast | None = None
