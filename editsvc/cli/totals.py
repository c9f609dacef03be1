"""What a run of many files came to, and how long it will still take."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from editsvc import figures
from editsvc.errors import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from editsvc.cli.outcomes import FileOutcome

# Before so many files have ended, nothing can be said about the others.
_FEWEST: Final = 5
_SHORT_S: Final = 10.0
_ORDER: Final = (Status.CHANGED, Status.UNCHANGED, Status.REFUSED, Status.FAILED, Status.CANCELLED)


class Totals:
    """Counts as files end. `sizes` has how much work each file is, in any unit; `clock` tells seconds."""

    def __init__(self, sizes: Mapping[str, int], clock: Callable[[], float]) -> None:
        self._sizes = sizes
        self._left = sum(sizes.values())
        self._done = 0
        self._clock = clock
        self._begun = clock()
        self.count = len(sizes)
        self.ended = 0
        self.statuses: Counter[Status] = Counter()
        self.cost_usd: float | None = None
        self.tokens = 0
        self.resumed = 0

    def add(self, outcome: FileOutcome) -> None:
        """One more file has ended; what an earlier part of the run has paid for costs nothing now."""
        self.ended += 1
        self.statuses[outcome.status] += 1
        size = self._sizes.get(outcome.path, 0)
        self._left -= size
        if outcome.earlier is not None:
            self.resumed += 1
            return
        self._done += size
        if outcome.result is not None and not outcome.result.offline:
            self.tokens += outcome.result.usage.completion_tokens or 0
            if outcome.result.cost_usd is not None:
                self.cost_usd = (self.cost_usd or 0.0) + outcome.result.cost_usd

    @property
    def took_s(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._begun

    def left_s(self) -> float | None:
        """Seconds until the end, if the rest goes like what has ended; None if too little has."""
        if self.ended - self.resumed < _FEWEST or not self._done or self.ended == self.count:
            return None
        return self.took_s * self._left / self._done

    def parts(self) -> list[str]:
        """How far the run is, in pieces, the most important one first."""
        parts = [f"{self.ended:,} of {self.count:,} done"]
        parts += [
            f"{self.statuses[status]:,} {status}"
            for status in (Status.FAILED, Status.REFUSED)
            if self.statuses[status]
        ]
        left = self.left_s()
        if left is not None:
            parts.append(f"{figures.duration(left)} left")
        if self.cost_usd is not None:
            parts.append(figures.dollars(self.cost_usd))
        return parts

    def sentence(self, *, written: bool) -> str:
        """The whole run in one line."""
        counts = [
            f"{self.statuses[status]:,} {'written' if written and status is Status.CHANGED else status}"
            for status in _ORDER
            if self.statuses[status]
        ]
        parts = [f"{figures.count(self.count, 'file')}: {', '.join(counts)}"]
        if self.resumed:
            parts.append(f"{self.resumed:,} of them asked for before")
        if self.tokens:
            parts.append(f"{self.tokens:,} tokens")
        if self.cost_usd is not None:
            parts.append(figures.dollars(self.cost_usd))
        took = figures.seconds(self.took_s) if self.took_s < _SHORT_S else figures.duration(self.took_s)
        return " · ".join([*parts, took])
