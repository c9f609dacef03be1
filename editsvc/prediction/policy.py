"""Whether a prediction is sent, and why.

The built-in policy is a rule and no estimate: what the user said, what the model takes, and whether the text is
long enough for a prediction to pay. A learned policy (`editsvc.tuning` makes it from the token log) says for a
model, or for a cell of its requests, whether predictions pay; it has the last word where the rule has no fact
against sending. Where it has none, what is known of the server decides, if that is enough to foretell whether this
very prediction pays (`editsvc.prediction.servers`). A small share of requests does the opposite at random, so that
the next policy can be learned.
Every decision carries a reason, the propensity with which it was taken and the policy's version, so that the log
can be evaluated later whatever policy comes next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION: Final = "rule-1"
FORETOLD: Final = "foretold-1"
"""The version of decisions by what the server would do with this prediction."""
# Both arms must stay possible, and more than a coin's toss is no exploration any more.
_MOST_EXPLORATION: Final = 0.5
# In bytes: about 1,000 and 8,000 tokens of code.
_SMALL: Final = 4_000
_MEDIUM: Final = 32_000


class PredictionMode(StrEnum):
    """The user's setting for predictions."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class Reason(StrEnum):
    """The reason for sending a prediction or not.

    `HELD_OUT` and `EXPLORED` are draws: not sent though it would have been, and sent though it would not.
    `STRUCTURED` is the caller's: a reply in the form of structured edits takes no prediction.
    """

    ASKED = "asked"
    PREDICTABLE = "predictable"
    PAYS = "pays"
    EXPLORED = "explored"
    HELD_OUT = "held-out"
    DOES_NOT_PAY = "does-not-pay"
    STRUCTURED = "structured"
    DECLINED = "declined"
    TOO_SMALL = "too-small"
    MODEL_CANNOT = "model-cannot"
    MODEL_UNKNOWN = "model-unknown"
    SERVER_REFUSED = "server-refused"
    SERVER_IGNORES = "server-ignores"
    TOO_MANY_REJECTED = "too-many-rejected"
    NO_TEXT = "no-text"


class Size(StrEnum):
    """How large a document is: below 4,000 bytes, below 32,000, or more."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


def size_of(document_bytes: int | None) -> Size | None:
    """The bucket of a document of so many bytes; None if that is not known."""
    if document_bytes is None:
        return None
    return Size.SMALL if document_bytes < _SMALL else Size.MEDIUM if document_bytes < _MEDIUM else Size.LARGE


class Cell(msgspec.Struct, frozen=True):
    """Requests that are alike: one model of one provider, and, where they are known, the scope and the size."""

    provider: str | None
    model: str
    scope_kind: str | None = None
    size: Size | None = None

    @property
    def whole_model(self) -> Cell:
        """All requests to the model."""
        return Cell(self.provider, self.model)


class LearnedChoice(msgspec.Struct, frozen=True):
    """The learned choices for a cell; None if unknown.

    `scope_min_tokens` is the length of a document, in tokens, from which parts of it are offered for rewriting
    instead of the whole.
    """

    predict: bool | None = None
    scope_min_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class LearnedPolicy:
    """The policy learned from the log; a cell without an entry has the choice of its model."""

    version: str
    choices: Mapping[Cell, LearnedChoice]

    def predicts(self, cell: Cell) -> bool | None:
        """Whether predictions pay in `cell`; None if nothing was learned about it."""
        for known in (cell, cell.whole_model):
            choice = self.choices.get(known)
            if choice is not None and choice.predict is not None:
                return choice.predict
        return None

    def scope_min_tokens(self, cell: Cell, default: int) -> int:
        """From how many tokens of a document on parts are offered; `default` if nothing was learned."""
        choice = self.choices.get(cell.whole_model)
        return default if choice is None or choice.scope_min_tokens is None else choice.scope_min_tokens


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a prediction goes along.

    `propensity` is the probability of what was drawn. That is what is sent, unless the request had to be made again
    without a prediction: then `drawn` still says that it began with one.
    """

    send: bool
    reason: Reason
    propensity: float = 1.0
    policy_version: str = VERSION
    drawn: bool | None = None

    @property
    def arm(self) -> bool:
        """What was drawn, whatever became of it: comparisons are by this."""
        return self.send if self.drawn is None else self.drawn

    def withdrawn(self, reason: Reason) -> Decision:
        """The same draw, now without a prediction, for another reason."""
        return replace(self, send=False, reason=reason, drawn=self.arm)


def decide(
    mode: PredictionMode,
    *,
    capable: bool | None,
    refused_lately: bool,
    ignored: bool = False,
    target_tokens: int,
    min_tokens: int,
    learned: LearnedPolicy | None = None,
    cell: Cell | None = None,
    exploration: float = 0.0,
    draw: float | None = None,
    foretold: bool | None = None,
) -> Decision:
    """Decide for one request.

    `capable` is the model table's word (None: not known), `refused_lately` whether the server answered that
    it does not support predictions a short while ago, `ignored` whether it took no notice of those that it got,
    `target_tokens` the length of what is rewritten. Under
    `min_tokens` a prediction gained nothing in measurements and cost a few milliseconds.

    `learned` is asked about `cell`; where it knows nothing, `foretold` counts: whether this prediction pays, by the
    rule of the server (None: not known). That predictions pay with a model also answers whether it takes them.
    `exploration` is the share of requests, at most a half, that do the opposite when `draw`, uniform in [0, 1),
    says so. What the user said, and facts that speak against a prediction, are never explored.
    """
    if mode is PredictionMode.OFF:
        return Decision(send=False, reason=Reason.DECLINED)
    if not target_tokens:
        return Decision(send=False, reason=Reason.NO_TEXT)
    if mode is PredictionMode.ON:
        return Decision(send=True, reason=Reason.ASKED)
    pays = learned.predicts(cell) if learned is not None and cell is not None else None
    version = VERSION if learned is None or pays is None else learned.version
    if pays is None and foretold is not None:
        pays, version = foretold, FORETOLD
    if capable is None and not pays:
        return Decision(send=False, reason=Reason.MODEL_UNKNOWN)
    if capable is False:
        return Decision(send=False, reason=Reason.MODEL_CANNOT)
    if refused_lately:
        return Decision(send=False, reason=Reason.SERVER_REFUSED)
    if ignored:
        return Decision(send=False, reason=Reason.SERVER_IGNORES)
    if target_tokens < min_tokens:
        return Decision(send=False, reason=Reason.TOO_SMALL)
    send = pays is not False
    reason = Reason.PREDICTABLE if pays is None else Reason.PAYS if pays else Reason.DOES_NOT_PAY
    share = min(max(exploration, 0.0), _MOST_EXPLORATION)
    if draw is None or not share:
        return Decision(send, reason, policy_version=version)
    if draw < share:
        return Decision(not send, Reason.HELD_OUT if send else Reason.EXPLORED, share, version)
    return Decision(send, reason, 1 - share, version)
