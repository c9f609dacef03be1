"""A circuit breaker: whether a server is worth asking, from what it did lately. Pure; the caller has the clock.

::

              failures in a row                 its time is over
    CLOSED ─────────────────────▶ OPEN ◀──────────────────────────▶ HALF_OPEN
       ▲                            a failed probe, twice as long      │
       └───────────────────────────────────────────────────────────────┘ a successful probe

Only what a server is to blame for counts: 5xx, time-outs, stalls, broken streams, bytes of another protocol. A
4xx never does, nor does a request that its user took back. 429 is no failure: it is a cooldown, in any state. A server
that asks for a longer one than `LONGEST_COOLDOWN_S` gets that, and then one request that finds out.

Source: M. Nygard, *Release It!*, "Circuit Breaker".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

LONGEST_COOLDOWN_S: Final = 120.0
"""A server that says more may be right, as about the limit of a day; one request every so often finds out."""


class BreakerState(StrEnum):
    """What a breaker lets through: everything, nothing, or one request that finds out."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """When a breaker opens, and for how long; times in seconds.

    It opens after `failures` in a row, none more than `memory_s` after the one before, first for `open_s`, and
    for twice as long with every probe that fails, up to `longest_open_s`. A probe that nobody hears of again for
    `probe_s` counts as lost.
    """

    failures: int = 3
    memory_s: float = 120.0
    open_s: float = 5.0
    longest_open_s: float = 60.0
    probe_s: float = 60.0


DEFAULT: Final = BreakerLimits()


@dataclass(frozen=True, slots=True)
class Health:
    """What a breaker knows, as a value; times are the caller's clock, in seconds.

    `until` is when an open breaker lets a probe through, `cool_until` when a cooldown ends; `reason` is the kind
    of the latest failure.
    """

    failures: int = 0
    failed_at: float = -math.inf
    until: float | None = None
    open_s: float = 0.0
    cool_until: float = -math.inf
    reason: str = ""

    def moved(self, seconds: float) -> Health:
        """The same on a clock that is `seconds` ahead."""
        until = None if self.until is None else self.until + seconds
        return replace(
            self, failed_at=self.failed_at + seconds, until=until, cool_until=self.cool_until + seconds
        )


class Breaker:
    """One server's breaker. Every request it permits ends in exactly one of the four reports."""

    def __init__(self, limits: BreakerLimits = DEFAULT, health: Health | None = None) -> None:
        self._limits = limits
        self._health = health or Health()
        self._probe_at: float | None = None
        self._curbed = False  # the last cooldown was cut short

    @property
    def health(self) -> Health:
        """What is known."""
        return self._health

    def state(self, now: float) -> BreakerState:
        """The state at the time `now`."""
        if self._health.until is None:
            return BreakerState.CLOSED
        return BreakerState.HALF_OPEN if now >= self._health.until else BreakerState.OPEN

    def wait_s(self, now: float) -> float:
        """Seconds until a request would be permitted; 0 if it is now, infinity while a probe is under way."""
        cooling = max(0.0, self._health.cool_until - now)
        if not self._probes:
            return cooling
        if self._probe_at is not None and now - self._probe_at < self._limits.probe_s:
            return math.inf
        return max(cooling, 0.0 if self._health.until is None else self._health.until - now, 0.0)

    @property
    def _probes(self) -> bool:
        """Whether only one request at a time is let through, to find out."""
        return self._curbed or self._health.until is not None

    def permits(self, now: float) -> bool:
        """Whether the server may be asked."""
        return not self.wait_s(now)

    def asked(self, now: float) -> None:
        """A request goes out, permitted or not: while the breaker is not closed, it is the probe."""
        if self._probes:
            self._probe_at = now

    def succeeded(self) -> None:
        """A request ended well: the server works."""
        self._probe_at = None
        self._curbed = False
        self._health = Health(cool_until=self._health.cool_until)

    def failed(self, now: float, reason: str) -> None:
        """A request failed, and the server is to blame."""
        old, limits = self._health, self._limits
        probing, self._probe_at = self._probe_at is not None, None
        recent = now - old.failed_at <= limits.memory_s
        failures = old.failures + 1 if recent else 1
        until, open_s = old.until, old.open_s
        if until is None:
            if failures >= limits.failures:
                open_s = limits.open_s
                until = now + open_s
        elif probing or now >= until:
            open_s = min(2 * open_s, limits.longest_open_s)
            until = now + open_s
        self._health = Health(failures, now, until, open_s, old.cool_until, reason)

    def limited(self, now: float, seconds: float) -> None:
        """The server answered 429: it is alive, and not to be asked for so long, up to `LONGEST_COOLDOWN_S`."""
        self._probe_at = None
        self._curbed = seconds >= LONGEST_COOLDOWN_S
        cool_until = max(self._health.cool_until, now + min(seconds, LONGEST_COOLDOWN_S))
        self._health = replace(self._health, cool_until=cool_until)

    def abandoned(self) -> None:
        """A request was taken back, or refused for what it was: nothing was learned."""
        self._probe_at = None
