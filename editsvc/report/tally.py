"""Counting: requests go in one by one, a Summary comes out."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from editsvc.errors import Status
from editsvc.report.intervals import proportion, quantiles, ratio
from editsvc.report.model import Latency, Prediction, Speed, Summary, Tokens, Verdicts
from editsvc.tokenlog.record import Verdict

if TYPE_CHECKING:
    from editsvc.tokenlog.record import RequestRecord

# The time of a request that was cut short says nothing about speed.
_CUT_SHORT: Final = frozenset({Status.CANCELLED, Status.FAILED})


def _floats() -> array[float]:
    return array("d")


@dataclass(slots=True)
class _Times:
    requests: int = 0
    ttft_s: array[float] = field(default_factory=_floats)
    total_s: array[float] = field(default_factory=_floats)
    tokens_per_s: array[float] = field(default_factory=_floats)
    completion_time_s: array[float] = field(default_factory=_floats)

    def add(self, record: RequestRecord) -> None:
        self.requests += 1
        for values, value in (
            (self.ttft_s, record.ttft_s),
            (self.total_s, record.total_s),
            (self.tokens_per_s, record.tokens_per_s),
            (self.completion_time_s, record.completion_time_s),
        ):
            if value is not None:
                values.append(value)

    def speed(self) -> Speed:
        return Speed(
            self.requests,
            quantiles(self.ttft_s),
            quantiles(self.total_s),
            quantiles(self.tokens_per_s),
            quantiles(self.completion_time_s),
        )


@dataclass(slots=True)
class _Total:
    """A sum of what was reported; None until something was."""

    value: int | None = None

    def add(self, value: int | None) -> None:
        if value is not None:
            self.value = (self.value or 0) + value


@dataclass(slots=True)
class Tally:
    """Counts one set of requests; memory is a few numbers per request."""

    requests: int = 0
    offline: int = 0
    sent: int = 0
    usage_reported: int = 0
    statuses: Counter[Status] = field(default_factory=Counter)
    errors: Counter[tuple[Status, str]] = field(default_factory=Counter)
    verdicts: Counter[Verdict | None] = field(default_factory=Counter)
    prompt: _Total = field(default_factory=_Total)
    cached: _Total = field(default_factory=_Total)
    completion: _Total = field(default_factory=_Total)
    reasoning: _Total = field(default_factory=_Total)
    accepted: _Total = field(default_factory=_Total)
    rejected: _Total = field(default_factory=_Total)
    costs: array[float] = field(default_factory=_floats)
    rejected_costs: array[float] = field(default_factory=_floats)
    acceptance: list[tuple[int, int]] = field(default_factory=list)
    coverage: list[tuple[int, int]] = field(default_factory=list)
    hunks: list[tuple[int, int]] = field(default_factory=list)
    with_prediction: _Times = field(default_factory=_Times)
    without_prediction: _Times = field(default_factory=_Times)
    times: _Times = field(default_factory=_Times)

    def add(self, record: RequestRecord) -> None:
        """Count one request."""
        self.requests += 1
        self.offline += record.offline
        self.sent += record.prediction_sent
        self.statuses[record.status] += 1
        if record.error is not None:
            self.errors[record.status, record.error] += 1
        self._add_usage(record)
        if record.prediction_sent:
            self._add_prediction(record)
        if record.status not in _CUT_SHORT and record.attempts:
            self.times.add(record)
            (self.with_prediction if record.prediction_sent else self.without_prediction).add(record)
        if record.status is Status.CHANGED:
            self._add_verdict(record)

    def _add_usage(self, record: RequestRecord) -> None:
        self.usage_reported += record.completion_tokens is not None
        self.prompt.add(record.prompt_tokens)
        self.cached.add(record.cached_tokens)
        self.completion.add(record.completion_tokens)
        self.reasoning.add(record.reasoning_tokens)
        self.accepted.add(record.accepted_prediction_tokens)
        self.rejected.add(record.rejected_prediction_tokens)
        if record.cost_usd is not None:
            self.costs.append(record.cost_usd)
        if record.rejected_cost_usd is not None:
            self.rejected_costs.append(record.rejected_cost_usd)

    def _add_prediction(self, record: RequestRecord) -> None:
        accepted, rejected = record.accepted_prediction_tokens, record.rejected_prediction_tokens
        if accepted is None:
            return
        if rejected is not None:
            self.acceptance.append((accepted, accepted + rejected))
        if record.completion_tokens is not None:
            self.coverage.append((accepted, record.completion_tokens))

    def _add_verdict(self, record: RequestRecord) -> None:
        self.verdicts[record.verdict] += 1
        if record.verdict is not None and record.hunks is not None and record.hunks_accepted is not None:
            self.hunks.append((record.hunks_accepted, record.hunks))

    def summary(self) -> Summary:
        """The numbers of everything counted so far."""
        return Summary(
            requests=self.requests,
            offline=self.offline,
            usage_reported=self.usage_reported,
            statuses={status: self.statuses[status] for status in Status},
            errors=self._errors(),
            tokens=Tokens(self.prompt.value, self.cached.value, self.completion.value, self.reasoning.value),
            cost_usd=_sum(self.costs),
            prediction=Prediction(
                sent=self.sent,
                acceptance=ratio(self.acceptance),
                coverage=ratio(self.coverage),
                accepted_tokens=self.accepted.value,
                rejected_tokens=self.rejected.value,
                rejected_cost_usd=_sum(self.rejected_costs),
            ),
            latency=Latency(
                self.times.speed(), self.with_prediction.speed(), self.without_prediction.speed()
            ),
            verdicts=self._verdicts(),
        )

    def _errors(self) -> dict[Status, dict[str, int]]:
        errors: dict[Status, dict[str, int]] = {}
        for (status, kind), count in self.errors.most_common():
            errors.setdefault(status, {})[kind] = count
        return errors

    def _verdicts(self) -> Verdicts:
        accepted, partial, rejected = (
            self.verdicts[verdict] for verdict in (Verdict.ACCEPTED, Verdict.PARTIAL, Verdict.REJECTED)
        )
        return Verdicts(
            accepted=accepted,
            partial=partial,
            rejected=rejected,
            open=self.verdicts[None],
            edits=proportion(accepted, accepted + partial + rejected),
            hunks=ratio(self.hunks),
        )


def _sum(values: array[float]) -> float | None:
    return math.fsum(values) if values else None
