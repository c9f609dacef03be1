"""What a server does otherwise than was asked of it, told from how a reply ended. Pure.

A server that takes no notice of a prediction, sends the reply at once, or reads only a part of the prompt says nothing
about it: it shows in the figures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from editsvc.errors import ContextExceeded, Means, Remedy
from editsvc.provider.base import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editsvc.provider.base import CompletionRequest
    from editsvc.provider.dialects import Dialect
    from editsvc.usage import Usage

FINISHES: Final = {
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "complete": "stop",
    "max_tokens": "length",
    "max_output_tokens": "length",
}
"""Other servers' words for why a reply ended, and those of the API."""

BROKEN: Final = "error"
"""The reason of a reply that a server broke off, and that some give with status 200."""

# Estimates are within 0.9 to 1.3 times the true count, and other tokenizers within twice that: half of one is not for
# want of counting.
_READ_SHARE: Final = 0.5
_LEAST_PROMPT: Final = 500
# What a server has read whole before, and a little more, it can read again.
_AS_LONG: Final = 1.05
# A prompt that is too long is cut to the context, or to half of it, and the context has held all that was read before.
_LEAST_LEFT: Final = 0.45
# A limit gives the same figure, whatever is sent; of what was cached since, much less is counted.
_SAME: Final = 0.005
# Of a short reply nothing may have been verified.
_LEAST_PREDICTED: Final = 64


class Read(StrEnum):
    """How much of a prompt a server has read, as far as its count tells."""

    WHOLE = "whole"
    APART = "apart"  # less was counted, and that is how it counts: what it had in its cache is left out
    UNSURE = "unsure"  # less was counted, for one reason or the other
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class PromptsSeen:
    """What was counted of the prompts that one model at one server got.

    `whole_sent` is the estimate of the longest one that was read whole, `whole_read` the greatest count of one;
    `low_sent` and `low_read` are those of the last one of which less than half was counted. `cuts` says that it is
    known to cut what is too long.
    """

    whole_sent: int = 0
    whole_read: int = 0
    low_sent: int = 0
    low_read: int = 0
    cuts: bool = False

    def judged(self, sent: int, usage: Usage) -> Read:
        """How much of a prompt of about `sent` tokens was read.

        Some servers count only what they had not cached. That can be told from a cut: nothing can come from the cache
        that was not sent before, a limit gives the same count each time, and what was read whole once can be read
        again.
        """
        read = _counted(usage)
        if not read or sent < _LEAST_PROMPT or read >= _READ_SHARE * sent:
            return Read.WHOLE
        least = max(_LEAST_PROMPT, _LEAST_LEFT * self.whole_read)  # no context is so short
        if read < least or sent <= _AS_LONG * self.whole_sent:
            return Read.APART
        if self.cuts or abs(read - self.low_read) <= _SAME * read:
            return Read.CUT
        new = sent - max(self.whole_sent, self.low_sent)
        return Read.CUT if read < _READ_SHARE * new else Read.UNSURE

    def after(self, sent: int, usage: Usage, how: Read) -> PromptsSeen:
        """The same with one more prompt."""
        read = _counted(usage)
        if not read or how is Read.APART:
            return self
        if how is Read.WHOLE:
            return replace(
                self,
                whole_sent=max(sent, self.whole_sent),
                whole_read=max(read, self.whole_read),
                cuts=self.cuts and sent < self.low_sent,
            )
        return replace(self, low_sent=sent, low_read=read, cuts=how is Read.CUT)


def _counted(usage: Usage) -> int:
    """The tokens of the prompt that were counted, if that is known; what was cached may be among them, or beside."""
    return usage.prompt_tokens + (usage.cached_tokens or 0) if usage.prompt_tokens else 0


def cut(request: CompletionRequest, usage: Usage, dialect: Dialect, server: str) -> ContextExceeded:
    """The error for a reply to a part of the prompt: the server cut what did not fit, and answered the rest."""
    read, sent = usage.prompt_tokens or 0, request.prompt_tokens
    # Half of the context is what such servers leave of a prompt.
    limit = 2 * read if dialect.cuts_prompts else read + request.max_completion_tokens
    return ContextExceeded(
        f"{server} has read only {read:,} of about {sent:,} tokens: its context is too short for this request.",
        hint=advice(dialect),
        remedies=(Remedy(Means.SMALLER_SCOPE),),
        limit=limit,
        length=sent + request.max_completion_tokens,
    )


def advice(dialect: Dialect) -> str:
    """What to do where the context of a server of one's own is too short."""
    return f"{dialect.longer_context[0].upper()}{dialect.longer_context[1:]}." if dialect.own else ""


def took_notice(request: CompletionRequest, usage: Usage, dialect: Dialect) -> bool | None:
    """Whether a server made anything of the prediction; None where that cannot be told."""
    if request.prediction is None or not dialect.reports_prediction:
        return None
    if (usage.completion_tokens or 0) < _LEAST_PREDICTED:
        return None
    return bool(usage.accepted_prediction_tokens or usage.rejected_prediction_tokens)


def notices(
    server: str,
    *,
    noticed: bool | None,
    whole: bool,
    doubtful: tuple[int, int] | None = None,
    advice: str = "",
) -> Iterator[Notice]:
    """What the user is told once; `doubtful` are the tokens that were counted of a prompt, and those that were sent."""
    if doubtful is not None:
        read, sent = doubtful
        text = (
            f"{server} counts {read:,} of the about {sent:,} tokens that were sent: either it leaves out what it had "
            "cached, or its context is too short, and the model did not see the beginning."
        )
        yield Notice("counts-less", f"{text} {advice}".rstrip())
    if noticed is False:
        yield Notice(
            "ignores-predictions",
            f"{server} takes no notice of predictions: they make its replies no faster.",
        )
    if whole:
        yield Notice(
            "whole", f"{server} does not stream: nothing can be shown before the whole reply is there."
        )
