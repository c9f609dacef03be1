"""How long a server is waited for: for the connection, the first token, the next one, and the whole. Pure.

A server in a data centre that says nothing for a quarter of a minute is in trouble. One on a machine of one's own may
have to load its model first, reads a prompt at a few tokens a second, and writes no faster. So what is waited for
follows from where the server is, from the length of the request, and from how fast it was before; a setting has the
last word.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from editsvc import credible

if TYPE_CHECKING:
    from editsvc.usage import Usage

WHOLE_S: Final = 120.0
"""An edit by a server elsewhere takes no longer than this."""

BRISK_S: Final = 15.0
"""Silence of Cerebras, at any time."""

ELSEWHERE_FIRST_S: Final = 60.0
"""Until the first token of other servers elsewhere: some think before they write."""

ELSEWHERE_GAP_S: Final = 30.0
"""Silence of those in the middle of a reply."""

NEAR_FIRST_S: Final = 300.0
"""Until the first token of a server near by, beside what its prompt takes: it may load its model, or serve others."""

NEAR_GAP_S: Final = 60.0
"""Silence of those in the middle of a reply."""

LOADING_S: Final = 600.0
"""A server near by that says that it is loading its model is waited for."""

_ELSEWHERE_LOADING_S: Final = 20.0
_LONGEST_S: Final = 7_200.0
# The slowest that is waited for without having been seen: a large model on a processor.
_READS_A_S: Final = 10.0
_WRITES_A_S: Final = 1.0
# On a machine that does other things as well, or with others in the queue, it takes several times as long as before.
_TIMES_AS_SLOW: Final = 5.0
# Of a short prompt or reply the time says more about the way than about the server.
_TELLING_TOKENS: Final = 50


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a model was seen to read and to write, in tokens a second; None where that is not known."""

    reads: float | None = None
    writes: float | None = None

    def after(self, usage: Usage, first: float | None, total: float | None) -> Pace:
        """The pace with what a request showed, that took so many seconds to its first token and to its end.

        It is the slower of the two, or what is between them if it is faster now.
        """
        reads = writes = None
        if first and usage.prompt_tokens:
            fresh = usage.prompt_tokens - (usage.cached_tokens or 0)
            reads = credible.speed(fresh / first) if fresh >= _TELLING_TOKENS else None
        if first is not None and total is not None and total > first and usage.completion_tokens:
            tokens = usage.completion_tokens
            writes = credible.speed(tokens / (total - first)) if tokens >= _TELLING_TOKENS else None
        return Pace(_slower(self.reads, reads), _slower(self.writes, writes))

    def differs(self, other: Pace) -> bool:
        """Whether it is another pace, and not only another measurement."""
        pairs = ((self.reads, other.reads), (self.writes, other.writes))
        return any(a is not None and (b is None or not 1 / _NOTABLE < a / b < _NOTABLE) for a, b in pairs)


_NOTABLE: Final = 1.3


def _slower(known: float | None, seen: float | None) -> float | None:
    if known is None or seen is None:
        return known if seen is None else seen
    return seen if seen < known else math.sqrt(known * seen)


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds to wait in one request: to connect, for the first token, for each next one, for all of it.

    `loading_s` is for a server that says that it is not ready yet. With `grants` the edit's deadline begins anew with
    the request: nobody has set one, and this is what the server calls for.
    """

    connect_s: float = 5.0
    first_token_s: float = BRISK_S
    gap_s: float = BRISK_S
    whole_s: float = WHOLE_S
    loading_s: float = _ELSEWHERE_LOADING_S
    grants: bool = False


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one server is waited for.

    `near` tells that it is on this machine or in a network of one's own, `brisk` that its kind answers at once. The
    rest is what the user said, None for nothing.
    """

    near: bool = False
    brisk: bool = False
    connect_s: float = 5.0
    first_token_s: float | None = None
    gap_s: float | None = None
    whole_s: float | None = None

    def of(self, prompt_tokens: int, reply_tokens: int, pace: Pace | None = None) -> Waits:
        """What to wait in a request for so many tokens at most, of a server that was as fast as `pace` before."""
        pace = pace or Pace()
        reading = prompt_tokens / _slowest(_READS_A_S, pace.reads)
        writing = reply_tokens / _slowest(_WRITES_A_S, pace.writes)
        if self.near:
            first, gap, loading = NEAR_FIRST_S + reading, NEAR_GAP_S, LOADING_S
            whole = min(_LONGEST_S, first + writing)
        elif self.brisk:
            first, gap, loading = BRISK_S, BRISK_S, _ELSEWHERE_LOADING_S
            whole = WHOLE_S
        else:
            first, gap, loading = ELSEWHERE_FIRST_S, ELSEWHERE_GAP_S, _ELSEWHERE_LOADING_S
            whole = WHOLE_S
        if pace.writes is not None:
            gap = max(gap, _TIMES_AS_SLOW / pace.writes)
        told = Waits(
            connect_s=self.connect_s,
            first_token_s=first if self.first_token_s is None else self.first_token_s,
            gap_s=gap if self.gap_s is None else self.gap_s,
            whole_s=whole if self.whole_s is None else self.whole_s,
            loading_s=loading if self.first_token_s is None else self.first_token_s,
            grants=self.near and self.whole_s is None,
        )
        return replace(told, first_token_s=min(told.first_token_s, _LONGEST_S))

    @property
    def assumed_gap_s(self) -> float:
        """Seconds of silence, where the user has said nothing."""
        return NEAR_GAP_S if self.near else BRISK_S if self.brisk else ELSEWHERE_GAP_S

    @property
    def least_whole_s(self) -> float:
        """Seconds that an edit may take in any case."""
        return WHOLE_S if self.whole_s is None else self.whole_s


def _slowest(assumed: float, seen: float | None) -> float:
    return assumed if seen is None else min(assumed, seen / _TIMES_AS_SLOW)
