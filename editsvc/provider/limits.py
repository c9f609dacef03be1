"""What a server was found to take in one request, of each model: learned from its refusals and headers. Pure.

A refusal that names the limit is believed, until a longer request succeeds, or for a week: accounts are upgraded, and
servers are started anew with more. So are the tokens of a minute that a server tells with every reply: a request that
reserves more can never be let through. A refusal without figures teaches nothing that would help the next request.

Lengths are estimated here before a request is sent, and counted there by another tokenizer. Where a server counted more
than was estimated, its limit counts for as much less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from editsvc.errors import ContextExceeded, ProviderRateLimited
from editsvc.provider import overflow
from editsvc.provider.base import Completion
from editsvc.provider.budget import tokens_a_minute

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editsvc.errors import ProviderError
    from editsvc.provider.base import CompletionRequest

FORGOTTEN_S: Final = 7 * 86_400.0
"""What is older says nothing."""

# What a server tells with every reply is noted again after so long.
_RENEWED_S: Final = 86_400.0
# A server that counted twice as much counted something else.
_LEAST_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out about one model at one server, and when; times are the caller's clock, in seconds.

    `context` is the most tokens of a prompt and its reply, as the server counts them, and `share` how many of ours
    one of them is; `minute` is how many tokens a minute has. None is for what is not known.
    """

    context: int | None = None
    share: float = 1.0
    context_at: float = -math.inf
    minute: int | None = None
    minute_at: float = -math.inf

    def tokens(self, now: float) -> int | None:
        """The most tokens that a request should reserve, by our count; None if nothing is known."""
        known = self.at(now)
        limits = [known.minute, None if known.context is None else int(known.context * known.share)]
        return min((limit for limit in limits if limit is not None), default=None)

    def at(self, now: float) -> Found:
        """What of it still counts."""
        found = self
        if found.context is not None and not 0 <= now - found.context_at < FORGOTTEN_S:
            found = replace(found, context=None, share=1.0, context_at=-math.inf)
        if found.minute is not None and not 0 <= now - found.minute_at < FORGOTTEN_S:
            found = replace(found, minute=None, minute_at=-math.inf)
        return found

    def moved(self, seconds: float) -> Found:
        """The same on a clock that is `seconds` ahead."""
        return replace(self, context_at=self.context_at + seconds, minute_at=self.minute_at + seconds)

    def after(
        self, request: CompletionRequest, outcome: Completion | ProviderError | None, now: float
    ) -> Found:
        """What is known when `request` has ended with `outcome`."""
        found = self.at(now)
        if isinstance(outcome, Completion | ProviderRateLimited):
            found = _told(found, tokens_a_minute(outcome.rate_limit), now)
        if isinstance(outcome, Completion):
            return _taken(found, outcome)
        if not isinstance(outcome, ContextExceeded) or outcome.limit is None:
            return found
        if outcome.a_minute:
            return _told(found, outcome.limit, now)
        return replace(found, context=outcome.limit, share=_share(request, outcome), context_at=now)


def _told(found: Found, minute: int | None, now: float) -> Found:
    if minute is None or (minute == found.minute and now - found.minute_at < _RENEWED_S):
        return found
    return replace(found, minute=minute, minute_at=now)


def _taken(found: Found, done: Completion) -> Found:
    taken = done.usage.total_tokens
    if found.context is None or taken is None or taken <= found.context:
        return found
    return replace(found, context=None, share=1.0, context_at=-math.inf)  # it takes more by now


def _share(request: CompletionRequest, refused: ContextExceeded) -> float:
    if not request.prompt_tokens or not refused.length:
        return 1.0
    return min(1.0, max(_LEAST_SHARE, request.reserved_tokens / refused.length))


class Limits:
    """What was found out about the models of one server."""

    def __init__(self, found: dict[str, Found] | None = None) -> None:
        self._found = dict(found or {})

    def known(self) -> Iterable[tuple[str, Found]]:
        """The models that something was found out about, with that."""
        return self._found.items()

    def tokens(self, model: str, now: float) -> int | None:
        """The most tokens that a request to `model` should reserve; None if nothing is known."""
        return self._found.get(model, Found()).tokens(now)

    def learn(
        self, request: CompletionRequest, outcome: Completion | ProviderError | None, now: float
    ) -> bool:
        """Note what the outcome of a request says, None for one that was cancelled; whether it says something new."""
        before = self._found.get(request.model, Found())
        after = before.after(request, outcome, now)
        if after != before:
            self._found[request.model] = after
        return after != before


def impassable(
    refused: ProviderRateLimited, request: CompletionRequest, server: str
) -> ContextExceeded | None:
    """The error for a request that no waiting lets through, since it alone reserves more than a minute has."""
    minute = tokens_a_minute(refused.rate_limit)
    if minute is None or request.reserved_tokens <= minute:
        return None
    found = overflow.Overflow(minute, request.reserved_tokens, a_minute=True)
    return overflow.error(found, server=server, request_id=refused.request_id, status=429)
