"""What a run of many files will take, before anything is sent; and a limit for what it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from editsvc import figures
from editsvc.errors import CostReached, UsageError
from editsvc.tokens import CHARACTERS_PER_TOKEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from editsvc.provider.models import Model
    from editsvc.settings.schema import Settings
    from editsvc.tokenlog.evidence import Averages

SINCE: Final = timedelta(days=28)
"""Edits that are older say nothing about the next ones."""
FEWEST: Final = 5
"""So many edits in the log say more than the sizes of the files."""
# Without them: what stands around a file in a prompt, and a usual server.
_AROUND: Final = 450  # tokens
_FIRST_S: Final = 0.3
_TOKENS_A_SECOND: Final = 1_500.0
_MINUTE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Share:
    """What one file takes: tokens, seconds, and US dollars if there is a price."""

    prompt: float
    completion: float
    seconds: float
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What all of them take, as far as can be said beforehand; `edits` of the log say so, 0 for none."""

    shares: Mapping[str, Share]
    edits: int
    jobs: int
    offline: bool
    minute: int | None = None

    @property
    def prompt(self) -> int:
        """Tokens that are sent."""
        return round(sum(share.prompt for share in self.shares.values()))

    @property
    def completion(self) -> int:
        """Tokens that come back."""
        return round(sum(share.completion for share in self.shares.values()))

    @property
    def cost_usd(self) -> float | None:
        """US dollars; None if there is no price."""
        costs = [share.cost_usd for share in self.shares.values() if share.cost_usd is not None]
        return sum(costs) if len(costs) == len(self.shares) else None

    @property
    def seconds(self) -> float:
        """Until the last file is done: side by side, and within the server's limit as far as that is known."""
        jobs = max(1, min(self.jobs, len(self.shares)))
        alone = sum(share.seconds for share in self.shares.values()) / jobs
        if self.minute is None:
            return alone
        return max(alone, _MINUTE_S * (self.prompt + self.completion) / self.minute)

    def sentence(self) -> str:
        """All of it in words."""
        files = figures.count(len(self.shares), "file")
        if self.offline:
            return f"{files}, which the offline engine edits: nothing is sent, and nothing is paid for."
        tokens = f"about {_rounded(self.prompt)} prompt and {_rounded(self.completion)} completion tokens"
        cost = "" if self.cost_usd is None else f", {figures.dollars(self.cost_usd)}"
        time = f"{figures.duration(self.seconds)} with {self.jobs} at a time"
        basis = (
            f"an estimate from {figures.count(self.edits, 'edit')} in the log"
            if self.edits
            else "an estimate from the sizes of the files alone"
        )
        return f"{files}: {tokens}{cost}, {time} ({basis})."

    def json(self) -> dict[str, Any]:
        """The same for programs; what is not known is null."""
        return {
            "files": len(self.shares),
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "cost_usd": self.cost_usd,
            "seconds": round(self.seconds, 1),
            "edits_in_log": self.edits,
            "offline": self.offline,
        }


def estimate(
    sizes: Mapping[str, int],
    model: Model,
    averages: Averages | None,
    *,
    jobs: int,
    whole_below: int,
    offline: bool = False,
    minute: int | None = None,
) -> Estimate:
    """An estimate for files of so many bytes, by what edits took before, or else by their sizes and the price list.

    Files with fewer than `whole_below` tokens are rewritten whole, of longer ones sections; `minute` is how many tokens
    the server takes a minute, if that is known.
    """
    known = averages if averages is not None and averages.edits >= FEWEST and averages.bytes > 0 else None
    shares = {}
    for path, size in sizes.items():
        if known is not None:
            part = size / known.bytes
            shares[path] = Share(
                part * known.prompt, part * known.completion, part * known.seconds, part * known.cost_usd
            )
            continue
        tokens = size / CHARACTERS_PER_TOKEN
        prompt, completion = _AROUND + tokens, min(tokens, float(whole_below))
        cost = 0.0 if offline else model.cost_usd(round(prompt), round(completion))
        shares[path] = Share(prompt, completion, _FIRST_S + completion / _TOKENS_A_SECOND, cost)
    return Estimate(shares, known.edits if known is not None else 0, jobs, offline, minute)


def of_run(settings: Settings, sizes: Mapping[str, int], *, offline: bool) -> Estimate:
    """The estimate for a run with these settings, by what the log and the table of models say."""
    from editsvc.app.servers import configured, for_the_first, limits_file
    from editsvc.provider import models

    servers = [] if offline else configured(settings)
    table = models.table(settings.models)
    minute = averages = None
    if servers:
        settings, table = for_the_first(settings, table, servers[0])
        averages = _averages(settings)
        limits = limits_file(settings).of(servers[0].origin).get(settings.model)
        minute = limits.minute if limits is not None else None
    return estimate(
        sizes,
        table.get(settings.model, models.UNKNOWN),
        averages,
        jobs=settings.jobs,
        whole_below=settings.scope_min_tokens,
        offline=not servers,
        minute=minute,
    )


def _averages(settings: Settings) -> Averages | None:
    from editsvc.app.composition import open_log
    from editsvc.tokenlog import LogUnavailable

    if not settings.log_enabled:
        return None
    try:
        with open_log(settings) as log:
            return log.averages(settings.model, datetime.now(UTC) - SINCE)
    except LogUnavailable:
        return None


class Purse:
    """What a run may cost: no file is started that would lead beyond it."""

    def __init__(self, most_usd: float, beforehand: Estimate) -> None:
        if beforehand.cost_usd is None:
            raise UsageError(
                "The price of this model is not known, so --max-cost cannot be kept.",
                hint="Add its prices to the setting models.",
            )
        self._most = most_usd
        self._shares = beforehand.shares
        self._spent = 0.0
        self._under_way = 0.0

    def take(self, path: str) -> None:
        """Begin with a file; raises CostReached if there is not enough left for it."""
        expected = self._expected(path)
        if self._spent + self._under_way + expected > self._most:
            raise CostReached(
                f"It was not started: the run has cost {figures.dollars(self._spent)}, and may cost no more than "
                f"{figures.dollars(self._most)}.",
                hint="Raise --max-cost, or go on later with --resume.",
            )
        self._under_way += expected

    def settle(self, path: str, paid_usd: float | None) -> None:
        """A file has ended, and cost so much; None if nobody said."""
        self._under_way = max(0.0, self._under_way - self._expected(path))
        self._spent += paid_usd or 0.0

    def _expected(self, path: str) -> float:
        share = self._shares.get(path)
        return (share.cost_usd if share is not None else None) or 0.0


def _rounded(tokens: int) -> str:
    """A number with two digits that count: more would promise more than an estimate holds."""
    digits = max(0, len(str(tokens)) - 2)
    return f"{round(tokens, -digits):,}"
