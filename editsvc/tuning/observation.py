"""The data that tuning takes from a record, and the records that are usable.

An edit counts if a server, and not the offline engine, answered it, and it counts for the arm that was drawn, whatever
became of it. How fast a server writes is told by whole replies at the first attempt alone: the tokens and times of
several attempts are logged as one sum. Repeated and failed edits count for what they cost.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from editsvc import credible
from editsvc.prediction.policy import Cell, Reason, size_of
from editsvc.tokens import CHARACTERS_PER_TOKEN

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence
    from datetime import date, datetime

    from editsvc.tokenlog.evidence import LoggedRequest

_SECONDS_A_DAY: Final = 86_400
# How an edit fails that a prediction may have made longer; the rest never came as far as a reply.
_LOST: Final = ("IncompleteReply", "EndlessReply", "PredictionUnsupported")


@dataclass(frozen=True, slots=True)
class Observation:
    """One edit; `sent` is what was drawn for it.

    `reply_tokens` is reasoning and text, without rejected tokens: the same with and without a prediction.
    `seconds` is the time for writing the reply, above 0; None if it was not reported. `propensity` is the
    probability of the draw, 1 if it was not randomised. `document_tokens` is an estimate. `path` tells files apart
    (None: a file of its own).

    An edit is `clean` if one request was enough. Where more were made, or one failed, `reply_tokens` is what all of
    them wrote, `seconds` what all of them took, and `counted` whether accepted and rejected tokens were reported; it is
    `done` if there was a whole reply in the end. It `refrained` from a prediction if the server had taken no notice of
    those before. It stands for `stands_for` edits, if it is one of a sample.
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
    path: str | None = None
    clean: bool = True
    done: bool = True
    counted: bool = True
    refrained: bool = False
    stands_for: int = 1

    @property
    def file(self) -> Hashable:
        """What tells the requests to one file from those to others."""
        return id(self) if self.path is None else self.path

    @property
    def day(self) -> date:
        """The day on which it was made, by the clock that its time is told by."""
        return self.at.date()

    @property
    def passes(self) -> int:
        """Passes that wrote text: each writes one token of its own besides those that it accepted."""
        return max(0, self.reply_tokens - self.reasoning_tokens - self.accepted)


@dataclass(frozen=True, slots=True)
class Weighted:
    """An observation and how much it counts.

    `exposure` is the length of its reply in tokens, as it is or, where several attempts are one sum, as it is to be
    expected. `pace` is how slow its day was: the time of a token then, relative to the usual one. `blur` is what its
    own file's noise adds to that, as a relative standard error.
    """

    observation: Observation
    weight: float
    exposure: float = 0.0
    pace: float = 1.0
    blur: float = 0.0


def observe(record: LoggedRequest, stands_for: int = 1) -> Observation | None:
    """The observation in `record`, which stands for so many of the log, or None if the record is not usable."""
    if not record.measures or record.model is None or not record.attempts:
        return None
    if record.prediction_reason == Reason.STRUCTURED:
        return None  # a grammar holds the model to its form, at a speed of its own
    if record.prediction_reason == Reason.MODEL_CANNOT and record.arm:
        return None  # another model answered than the one that the draw was for
    done = record.finish_reason == "stop"
    withdrawn = record.arm and not record.prediction_sent
    if done and record.attempts == 1 and not withdrawn:
        return _clean(record, stands_for)
    # A server that had no time, and a user who had none, say nothing about predictions.
    if not done and not (record.finish_reason == "length" or (record.error or "").startswith(_LOST)):
        return None
    return _troubled(record, stands_for, done=done)


def _clean(record: LoggedRequest, stands_for: int) -> Observation | None:
    if record.completion_tokens is None:
        return None
    accepted, rejected = record.accepted_prediction_tokens, record.rejected_prediction_tokens
    if record.prediction_sent and (accepted is None or rejected is None):
        return None
    reply_tokens = record.completion_tokens - (rejected or 0)
    # If a server does not count rejected tokens as completion, the length of its reply is unknown.
    if reply_tokens <= 0 or reply_tokens < (accepted or 0):
        return None
    return Observation(
        **_common(record),
        stands_for=stands_for,
        reply_tokens=reply_tokens,
        reasoning_tokens=min(record.reasoning_tokens or 0, reply_tokens),
        accepted=(accepted or 0) if record.prediction_sent else 0,
        rejected=(rejected or 0) if record.prediction_sent else 0,
        seconds=credible.writing(record.completion_time_s, record.ttft_s, record.total_s),
    )


def _troubled(record: LoggedRequest, stands_for: int, *, done: bool) -> Observation:
    accepted, rejected = record.accepted_prediction_tokens, record.rejected_prediction_tokens
    dropped = rejected or 0
    total = credible.duration(record.total_s)
    waited = credible.writing(None, record.ttft_s, record.total_s)
    return Observation(
        **_common(record),
        stands_for=stands_for,
        reply_tokens=max(0, (record.completion_tokens or 0) - dropped),
        reasoning_tokens=0,
        accepted=(accepted or 0) if record.arm else 0,
        rejected=dropped if record.arm else 0,
        seconds=total if waited is None else waited,
        clean=False,
        done=done,
        counted=accepted is not None and rejected is not None,
    )


def _common(record: LoggedRequest) -> dict[str, Any]:
    return {
        "at": record.created_at,
        "cell": Cell(record.provider, record.model or "", record.scope_kind, size_of(record.document_bytes)),
        "sent": record.arm,
        "propensity": 1.0 if record.propensity is None else record.propensity,
        "document_tokens": None
        if record.document_bytes is None
        else record.document_bytes / CHARACTERS_PER_TOKEN,
        "path": record.path,
        "refrained": record.prediction_reason == Reason.SERVER_IGNORES,
    }


def refused(record: LoggedRequest) -> bool:
    """Whether the server answered this request by saying that it does not support a prediction.

    For a while after such an answer no prediction is sent, for the same reason but at the first attempt.
    """
    answered = record.prediction_reason == Reason.SERVER_REFUSED and record.attempts > 1
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


def weigh(observations: Sequence[Observation], now: datetime, half_life_days: float) -> list[Weighted]:
    """Each observation counts half as much for every `half_life_days` that it is old."""
    expected = _Expected(observations)
    return [
        Weighted(
            observation,
            observation.stands_for
            * 0.5 ** (max(0.0, (now - observation.at).total_seconds()) / _SECONDS_A_DAY / half_life_days),
            float(observation.reply_tokens) if observation.clean else expected.reply(observation),
        )
        for observation in observations
    ]


class _Expected:
    """How long replies are, by the length of the document, which no draw changes."""

    def __init__(self, observations: Sequence[Observation]) -> None:
        clean = [each for each in observations if each.clean]
        sized = [each for each in clean if each.document_tokens]
        self._mean = sum(each.reply_tokens for each in clean) / len(clean) if clean else 1.0
        documents = sum(each.document_tokens or 0.0 for each in sized)
        self._share = sum(each.reply_tokens for each in sized) / documents if documents else None

    def reply(self, observation: Observation) -> float:
        """The tokens of the reply to be expected."""
        if self._share is None or not observation.document_tokens:
            return self._mean
        return self._share * observation.document_tokens
