"""Whether a prediction is sent, and why.

The first policy is a rule and no estimate: what the user said, what the model takes, and whether the text is
long enough for a prediction to pay. Every decision carries a reason, the propensity with which it was taken
(1 for a rule) and the policy's version, so that the log can be evaluated later whatever policy comes next.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

VERSION: Final = "rule-1"


class PredictionMode(StrEnum):
    """What the user said about predictions."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class Reason(StrEnum):
    """Why a prediction was sent or not."""

    ASKED = "asked"
    PREDICTABLE = "predictable"
    DECLINED = "declined"
    TOO_SMALL = "too-small"
    MODEL_CANNOT = "model-cannot"
    MODEL_UNKNOWN = "model-unknown"
    SERVER_REFUSED = "server-refused"
    TOO_MANY_REJECTED = "too-many-rejected"
    NO_TEXT = "no-text"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a prediction goes along. `propensity` is the probability of this very choice."""

    send: bool
    reason: Reason
    propensity: float = 1.0
    policy_version: str = VERSION


def decide(
    mode: PredictionMode,
    *,
    capable: bool | None,
    refused_lately: bool,
    target_tokens: int,
    min_tokens: int,
) -> Decision:
    """Decide for one request.

    `capable` is the model table's word (None: not known), `refused_lately` whether the server answered that
    it does not support predictions a short while ago, `target_tokens` the length of what is rewritten. Under
    `min_tokens` a prediction gained nothing in measurements and cost a few milliseconds.
    """
    if mode is PredictionMode.OFF:
        return Decision(send=False, reason=Reason.DECLINED)
    if not target_tokens:
        return Decision(send=False, reason=Reason.NO_TEXT)
    if mode is PredictionMode.ON:
        return Decision(send=True, reason=Reason.ASKED)
    if capable is None:
        return Decision(send=False, reason=Reason.MODEL_UNKNOWN)
    if not capable:
        return Decision(send=False, reason=Reason.MODEL_CANNOT)
    if refused_lately:
        return Decision(send=False, reason=Reason.SERVER_REFUSED)
    if target_tokens < min_tokens:
        return Decision(send=False, reason=Reason.TOO_SMALL)
    return Decision(send=True, reason=Reason.PREDICTABLE)
