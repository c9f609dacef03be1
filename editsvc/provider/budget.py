"""What a server's rate limit leaves, kept locally, so that many files at once do not run into 429. Pure.

A server tells with each reply what is left of its limits (``x-ratelimit-remaining-tokens-minute`` and its like),
and reserves a request's prompt and most completion tokens when it arrives. So what is left now is what it said
last, less what was sent since. All processes with one key share the server's limit: what others take shows in the
next reply.

Batch work leaves a share of each limit: `INTERACTIVE_SHARE` while somebody sits in front of a screen, else
`MARGIN_SHARE`. Interactive requests never wait here: they find what batch work has left for them, also in another
process, and the server has the last word.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc import credible
from editsvc.provider.base import Priority

if TYPE_CHECKING:
    from collections.abc import Mapping

INTERACTIVE_SHARE: Final = 0.25
"""Of each limit, kept free of batch work for whoever sits in front of a screen."""
MARGIN_SHARE: Final = 0.01
"""Of each limit, kept free of batch work in any case: servers count tokens in their own way."""
ATTENDED_S: Final = 300.0
"""For so long after an interactive edit somebody counts as sitting there."""
# What batch work may have under way before a server has said anything about limits; the smallest known limits are
# above 30,000 tokens a minute.
_UNTOLD_TOKENS: Final = 20_000
# Clocks and networks: a window that is said to be over now may last a moment longer.
_MARGIN_S: Final = 0.5
# Requests that are older belong to another window; a day's are as good as counted by the server's next word.
_FORGOTTEN_S: Final = 120.0
# The second is that of OpenAI, Azure and Groq.
# No window is longer than its name says, with some for clocks; one that says so would keep batch work waiting for good.
_LONGEST_S: Final = {"tokens-minute": 120.0, "requests-minute": 120.0, "requests-day": 2 * 86_400.0}
_MINUTES: Final = ("limit-tokens-minute", "limit-tokens")
_WINDOWS: Final = (("tokens", "tokens-minute"), ("requests", "requests-minute"), ("requests", "requests-day"))


@dataclass(frozen=True, slots=True)
class Window:
    """One limit as the server described it: `remaining` of `limit`, whole again at some time between the two.

    The server spoke after the request had been sent, and before its reply had ended.
    """

    limit: float
    remaining: float
    resets_from: float
    reset_at: float


@dataclass(eq=False, slots=True)
class Reservation:
    """A request that was sent, the `number`-th: `tokens` of it count, and one request."""

    number: int
    sent_at: float
    tokens: int
    under_way: bool = True


class Budget:
    """One server's limits; times are the caller's clock, in seconds."""

    def __init__(self) -> None:
        self._windows: dict[str, Window] = {}
        self._told_by = -1  # the number of the latest request whose reply told of the limits
        self._told = False
        self._count = 0
        self._sent: list[Reservation] = []

    def wait_s(
        self, tokens: int, priority: Priority, now: float, *, kept: float = INTERACTIVE_SHARE
    ) -> float:
        """Seconds until a request that reserves `tokens` should be sent; 0 for now.

        Infinity if that depends on a reply that has not come yet. Batch work leaves `kept` of each limit.
        """
        if priority is Priority.INTERACTIVE:
            return 0.0
        if not self._told:
            under_way = [reservation.tokens for reservation in self._sent if reservation.under_way]
            fits = not under_way or sum(under_way) + tokens <= _UNTOLD_TOKENS
            return 0.0 if fits else math.inf
        return max(
            (self._window_wait_s(unit, name, tokens, now, kept) for unit, name in _WINDOWS), default=0.0
        )

    def _window_wait_s(self, unit: str, name: str, tokens: int, now: float, share: float) -> float:
        window = self._windows.get(name)
        if window is None:
            return 0.0
        renewed = now >= window.reset_at
        remaining = window.limit if renewed else window.remaining
        counted = [
            reservation
            for reservation in self._sent
            if (reservation.sent_at >= window.resets_from if renewed else reservation.number > self._told_by)
        ]
        spent = sum(reservation.tokens for reservation in counted) if unit == "tokens" else len(counted)
        kept = window.limit * share
        wanted = min(tokens if unit == "tokens" else 1, window.limit - kept)
        if remaining - spent - kept >= wanted:
            return 0.0
        if not renewed:
            return window.reset_at - now
        # Nobody has said yet how long the new window lasts: the next reply will.
        return math.inf if any(reservation.under_way for reservation in counted) else 0.0

    def reserve(self, tokens: int, now: float) -> Reservation:
        """A request that reserves `tokens` is being sent."""
        self._sent = [
            reservation
            for reservation in self._sent
            if reservation.under_way or now - reservation.sent_at < _FORGOTTEN_S
        ]
        reservation = Reservation(self._count, now, tokens)
        self._count += 1
        self._sent.append(reservation)
        return reservation

    def finish(self, reservation: Reservation, headers: Mapping[str, str] | None, now: float) -> None:
        """The reply to a request has ended; `headers` (without their prefix) are what it said, None for no reply."""
        reservation.under_way = False
        if headers is None:
            return
        self._told = True
        if reservation.number < self._told_by:
            return  # a reply that was overtaken knows less
        windows = {
            name: found for _, name in _WINDOWS if (found := _window(headers, name, reservation.sent_at, now))
        }
        if windows:
            self._windows = windows
            self._told_by = reservation.number


def limit_reset_s(headers: Mapping[str, str]) -> float | None:
    """How long the limit lasts that a request ran into, by the headers of the refusal; None if they do not say."""
    resets = [
        reset
        for _, name in _WINDOWS
        if _number(headers.get(f"remaining-{name}")) == 0 and (reset := _reset_s(headers, name)) is not None
    ]
    return max(resets, default=None)


def tokens_a_minute(headers: Mapping[str, str]) -> int | None:
    """How many tokens a minute has, and so the most that one request can reserve; None if `headers` do not say."""
    limits = (_number(headers.get(name)) for name in _MINUTES)
    return next((int(limit) for limit in limits if limit is not None and 1 <= limit <= credible.MOST), None)


def _window(headers: Mapping[str, str], name: str, sent_at: float, now: float) -> Window | None:
    limit, remaining = (_number(headers.get(f"{what}-{name}")) for what in ("limit", "remaining"))
    reset = _reset_s(headers, name)
    if limit is None or remaining is None or reset is None or limit <= 0:
        return None
    return Window(limit, remaining, sent_at + reset, now + reset + _MARGIN_S)


def _reset_s(headers: Mapping[str, str], name: str) -> float | None:
    """Seconds until a window is over; None if `headers` do not say."""
    found = _number(headers.get(f"reset-{name}"))
    return None if found is None else min(found, _LONGEST_S[name])


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and math.isfinite(value) and value >= 0 else None
