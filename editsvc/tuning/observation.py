"""The data that tuning takes from a record, and the records that are usable.

A request counts if a server, and not the offline engine, gave a whole reply at the first attempt: the tokens
and times of several attempts are logged as one sum, which belongs to neither arm.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from editsvc import credible
from editsvc.prediction.policy import Cell, Reason, size_of
from editsvc.scope.scopes import ScopeKind
from editsvc.tokens import CHARACTERS_PER_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from editsvc.tokenlog.evidence import LoggedRequest
    from editsvc.tokenlog.record import RequestRecord

_SECONDS_A_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Observation:
    """One request.

    `reply_tokens` is reasoning and text, without rejected tokens: the same with and without a prediction.
    `seconds` is the time for writing the reply, above 0; None if it was not reported. `propensity` is the
    probability of the decision, 1 if it was not randomised. `document_tokens` is an estimate; `parts` says
    whether parts of the document were offered instead of the whole (None: some other scope).
    """

    at: datetime
    cell: Cell
    sent: bool
    reply_tokens: int
    reasoning_tokens: int
    accepted: int
    rejected: int
    seconds: float | None
    propensity: float = 1.0
    document_tokens: float | None = None
    parts: bool | None = None

    @property
    def passes(self) -> int:
        """Passes that wrote text: each writes one token of its own besides those that it accepted."""
        return max(0, self.reply_tokens - self.reasoning_tokens - self.accepted)


@dataclass(frozen=True, slots=True)
class Weighted:
    """An observation and how much it counts, between 0 and 1."""

    observation: Observation
    weight: float


def observe(record: LoggedRequest) -> Observation | None:
    """The observation in `record`, or None if the record is not usable."""
    whole = record.finish_reason == "stop" and record.attempts <= 1
    if record.offline or record.model is None or record.completion_tokens is None or not whole:
        return None
    if record.prediction_reason == Reason.STRUCTURED:
        return None  # a grammar holds the model to its form, at a speed of its own
    accepted, rejected = record.accepted_prediction_tokens, record.rejected_prediction_tokens
    if record.prediction_sent and (accepted is None or rejected is None):
        return None
    reply_tokens = record.completion_tokens - (rejected or 0)
    # If a server does not count rejected tokens as completion, the length of its reply is unknown.
    if reply_tokens <= 0 or reply_tokens < (accepted or 0):
        return None
    return Observation(
        at=record.created_at,
        cell=Cell(record.provider, record.model, record.scope_kind, size_of(record.document_bytes)),
        sent=record.prediction_sent,
        reply_tokens=reply_tokens,
        reasoning_tokens=min(record.reasoning_tokens or 0, reply_tokens),
        accepted=(accepted or 0) if record.prediction_sent else 0,
        rejected=(rejected or 0) if record.prediction_sent else 0,
        seconds=credible.writing(record.completion_time_s, record.ttft_s, record.total_s),
        propensity=1.0 if record.propensity is None else record.propensity,
        document_tokens=None
        if record.document_bytes is None
        else record.document_bytes / CHARACTERS_PER_TOKEN,
        parts=_parts(record),
    )


def refused(record: RequestRecord) -> bool:
    """Whether the server answered this request by saying that it does not support a prediction.

    For a while after such an answer no prediction is sent, for the same reason but at the first attempt.
    """
    answered = record.prediction.reason == Reason.SERVER_REFUSED and record.attempts > 1
    return answered or record.error == "PredictionUnsupported"


def by_model(observations: Iterable[Observation]) -> dict[Cell, list[Observation]]:
    """The observations of each model, oldest first."""
    cells: dict[Cell, list[Observation]] = defaultdict(list)
    for observation in observations:
        cells[observation.cell].append(observation)
    groups: dict[Cell, list[Observation]] = defaultdict(list)
    for cell, group in cells.items():
        groups[cell.whole_model] += group
    return {model: sorted(group, key=attrgetter("at")) for model, group in groups.items()}


def weigh(observations: Iterable[Observation], now: datetime, half_life_days: float) -> list[Weighted]:
    """Each observation counts half as much for every `half_life_days` that it is old."""
    return [
        Weighted(
            observation,
            0.5 ** (max(0.0, (now - observation.at).total_seconds()) / _SECONDS_A_DAY / half_life_days),
        )
        for observation in observations
    ]


def _parts(record: LoggedRequest) -> bool | None:
    """Whether parts were offered, even if the model then asked for the whole; None for a named scope."""
    if record.scope_kind == ScopeKind.SECTIONS or (record.parts_offered or 0) > 1:
        return True
    return False if record.scope_kind == ScopeKind.FILE else None
