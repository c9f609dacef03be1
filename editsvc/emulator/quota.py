"""Rate limits: how the server enforces and reports them. The clock is the caller's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import Lock
from typing import Final

from editsvc.emulator.wire import WireError

_MINUTE_S: Final = 60
_DAY_S: Final = 86_400
REQUESTS_PER_DAY: Final = 1_000_000
NOMINAL_TOKENS_PER_MINUTE: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class QuotaReservation:
    """The remaining quota after a request; `headers` are the server's headers for it."""

    headers: dict[str, str]
    granted: bool
    retry_after_s: int

    def check(self) -> None:
        """Raise WireError (429) if the request was not granted."""
        if not self.granted:
            raise WireError(
                429, "Tokens per minute limit exceeded - too many tokens processed.", param="quota"
            )


class Quota:
    """Counts requests by day and tokens by minute, in fixed windows; 0 tokens a minute means no limit.

    Safe to use from several threads.
    """

    def __init__(self, tokens_per_minute: int) -> None:
        self._limit = tokens_per_minute or NOMINAL_TOKENS_PER_MINUTE
        self._kept = tokens_per_minute > 0
        self._minute = self._day = -1
        self._tokens = self._requests = 0
        self._lock = Lock()

    def reserve(self, tokens: int, now: float) -> QuotaReservation:
        """Reserve `tokens` (prompt and maximum completion tokens) at the Unix time `now`, if the quota has them."""
        with self._lock:
            minute, day = int(now // _MINUTE_S), int(now // _DAY_S)
            if minute != self._minute:
                self._minute, self._tokens = minute, 0
            if day != self._day:
                self._day, self._requests = day, 0
            self._requests += 1
            granted = not self._kept or self._tokens + tokens <= self._limit
            if granted:
                self._tokens += tokens
            reset_minute = _MINUTE_S - now % _MINUTE_S
            headers = {
                "x-ratelimit-limit-requests-day": str(REQUESTS_PER_DAY),
                "x-ratelimit-limit-tokens-minute": str(self._limit),
                "x-ratelimit-remaining-requests-day": str(max(0, REQUESTS_PER_DAY - self._requests)),
                "x-ratelimit-remaining-tokens-minute": str(max(0, self._limit - self._tokens)),
                "x-ratelimit-reset-requests-day": f"{_DAY_S - now % _DAY_S:.3f}",
                "x-ratelimit-reset-tokens-minute": f"{reset_minute:.3f}",
            }
            return QuotaReservation(headers, granted, math.ceil(reset_minute))
