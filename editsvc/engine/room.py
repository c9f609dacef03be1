"""How much of a file a request can hold, and which way of asking costs less: to show all of it, or to ask where first.

What fits follows from the model and from what its server was found to take. What it costs is modelled: the time until
the first token and the price of the prompt, with the speeds that predictions are judged by, and an hour at the user's
value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from editsvc.prediction.verifier import Latency
    from editsvc.provider.models import Model
    from editsvc.tuning.objective import Worth

ASSUMED_CONTEXT: Final = 32_768
"""Tokens that a model takes of which that is not known."""

ASSUMED_REPLY: Final = 8_192
"""Tokens of its reply, likewise."""

CONTENTS_AT_MOST: Final = 12_000
"""Tokens of one list of contents; where it would be longer, it is asked twice."""

_LISTED: Final = 22  # tokens of a section's line in a list
_LEAST_REPLY: Final = 4_096
_INSTRUCTIONS: Final = 700  # the system message, the frames and what stands between
# Beside its text, a section that is offered has a frame in the prompt and one in the reply, and may grow by half.
_FRAMED: Final = 1.1
_GROWN: Final = 1.5
# What an edit was found to need, on commits: a few sections with what is shown around them, and a line that names them.
_NEEDED: Final = 2_500
_ANSWER: Final = 30
# So often, a model is reckoned to ask for more after it has seen the first sections.
_MISSED: Final = 0.2


@dataclass(frozen=True, slots=True)
class Room:
    """What one request can hold, in tokens: prompt and reply together, the reply, and of a file what may be shown.

    `assumed` tells that nothing is known of the context.
    """

    context: int = ASSUMED_CONTEXT
    reply: int = ASSUMED_REPLY
    shown: int = ASSUMED_CONTEXT
    assumed: bool = False

    @property
    def known_context(self) -> int | None:
        """The context, or None where nothing is known of it."""
        return None if self.assumed else self.context

    @classmethod
    def of(cls, model: Model, *, learned: int | None = None, shown_at_most: int | None = None) -> Room:
        """The room of `model` at a server that was found to take `learned` tokens; the user may want less shown.

        What was learned may be the tokens of a minute: it is a limit, and does not say that a model takes so much.
        """
        likely = ASSUMED_CONTEXT if model.context_tokens is None else model.context_tokens
        context = likely if learned is None else min(likely, learned)
        reply = min(model.max_output_tokens or ASSUMED_REPLY, context)
        if model.max_output_tokens is None and model.context_tokens is not None:
            reply = context
        shown = context if shown_at_most is None else min(context, shown_at_most)
        return cls(context, reply, shown, assumed=model.context_tokens is None and context == likely)

    def within(self, context: int) -> Room:
        """The same for a server that takes no more than `context`."""
        return replace(
            self,
            context=min(context, self.context),
            reply=min(context, self.reply),
            shown=min(context, self.shown),
            assumed=False,
        )

    def takes(self, document_tokens: int, sections: int) -> bool:
        """Whether a request can show a whole file with the list of its sections, and get a reply of some length."""
        prompt = _shown(document_tokens, sections)
        reply = min(self.reply, max(_LEAST_REPLY, document_tokens // 4))
        return document_tokens <= self.shown and prompt + reply <= self.context

    def offers(self, before: int) -> int:
        """How many tokens of sections one request can offer, behind `before` tokens of a conversation."""
        free = min(self.shown, self.context - before - _INSTRUCTIONS)
        return max(1, min(int(free / (_FRAMED + _GROWN)), int(self.reply / _GROWN)))

    @property
    def contents(self) -> int:
        """How many tokens of contents one request lists."""
        return min(CONTENTS_AT_MOST, self.context // 3)


def asks_first(
    document_tokens: int,
    sections: int,
    room: Room,
    model: Model,
    worth: Worth,
    *,
    latency: Latency | None = None,
) -> bool:
    """Whether to ask where first: because the file does not fit, or because that is the cheaper way."""
    if not room.takes(document_tokens, sections):
        return True
    from editsvc.prediction.verifier import Latency

    latency = latency or Latency()
    contents = min(_INSTRUCTIONS + _LISTED * sections, room.contents)
    found = contents + _ANSWER + _NEEDED
    more = _Cost(model, worth, latency).of(0, found + _NEEDED, answer=_ANSWER)
    cost = _Cost(model, worth, latency)
    located = cost.of(contents, contents, answer=_ANSWER) + cost.of(found - contents, found) + _MISSED * more
    shown = _shown(document_tokens, sections)
    return located < cost.of(shown, shown)


def _shown(document_tokens: int, sections: int) -> int:
    return _INSTRUCTIONS + document_tokens + _LISTED * sections


@dataclass(frozen=True, slots=True)
class _Cost:
    model: Model
    worth: Worth
    latency: Latency

    def of(self, uncached: int, prompt: int, *, answer: int = 0) -> float:
        """The seconds that a request takes up to its answer, and those that its price is worth."""
        seconds = self.latency.prompt_s(uncached) + answer * self.latency.token_s
        dollars = self.model.cost_usd(prompt, answer) or 0.0
        return seconds + dollars / (self.worth.per_hour / 3600)
