"""Requests of a server whose every number is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)
START = datetime(2026, 9, 1, tzinfo=UTC)
TAU = 0.001


@dataclass(frozen=True)
class Made:
    """A request: reply tokens, how many of them came from the prediction (None: none was sent), rejected ones."""

    reply: int
    accepted: int | None = None
    rejected: int = 0
    pass_cost: float = 1.0
    seconds_factor: float = 1.0

    @property
    def seconds(self) -> float:
        plain = self.reply - (self.accepted or 0)
        return TAU * plain * (self.pass_cost if self.accepted is not None else 1.0) * self.seconds_factor
