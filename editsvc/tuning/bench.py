"""The quality of tuning on logs whose truth is known: regret, coverage of intervals, share of right decisions.

A run logs requests to each model under the built-in rule, with exploration, and learns a policy from that log. In
every fifth run as many requests follow under the learned policy, which is then learned anew from all of them. Regret
is measured on the writing of replies alone, rejected tokens at their price: the time to the first token is the same
for all policies and would only make regret look smaller.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from editsvc.prediction.policy import LearnedChoice, LearnedPolicy
from editsvc.prediction.verifier import Rejection
from editsvc.tuning.objective import Worth
from editsvc.tuning.savings import share_saved
from editsvc.tuning.simulation import (
    BETWEEN,
    MIN_TOKENS,
    START,
    SimulatedModel,
    SimulatedServer,
    cell_of,
    generate_log,
    outcomes,
)
from editsvc.tuning.tune import learn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from random import Random

    from editsvc.prediction.policy import Cell
    from editsvc.tuning.estimates import Estimate
    from editsvc.tuning.observation import Observation
    from editsvc.tuning.simulation import SimulatedEdit, SimulatedOutcome
    from editsvc.tuning.tune import Finding

# Verifiers that real edits were replayed through, costs of a pass and prices within the ranges that are known,
# servers for which a prediction never fits, and two that change in the middle of the log.
MODELS: Final = (
    SimulatedModel("resync", SimulatedServer("resync", 1.13)),
    SimulatedModel("adaptive-dear-pass", SimulatedServer("adaptive", 2.0, 1 / 2_500, reasoning_tokens=60)),
    SimulatedModel("forward-only", SimulatedServer("forward-only", 1.5)),
    SimulatedModel("prefix-only", SimulatedServer("prefix-only", 1.3)),
    SimulatedModel("near-tie", SimulatedServer("prefix-only", 1.5, mangles=True)),
    SimulatedModel(
        "never-fits", SimulatedServer("prefix-only", 1.5, rejection=Rejection.REMAINDER, mangles=True)
    ),
    SimulatedModel("slow-and-dear", SimulatedServer("resync", 1.7, 1 / 900, price=2.75, mangles=True)),
    SimulatedModel("rejects-a-lot", SimulatedServer("adaptive", 1.5, price=2.75, mangles=True)),
    SimulatedModel(
        "withers",
        SimulatedServer("resync", 1.13),
        SimulatedServer("prefix-only", 1.13, rejection=Rejection.REMAINDER, mangles=True),
    ),
    SimulatedModel(
        "thrives", SimulatedServer("prefix-only", 1.3), SimulatedServer("adaptive", 1.5, 1 / 2_500)
    ),
)
POLICIES: Final = ("learned", "always", "never", "size")
_IN_USE_EVERY: Final = 5
# Decisions count as right or wrong where the better choice is better by so much.
CLEAR: Final = 0.05
SIZE_THRESHOLD: Final = 1_000
QUANTITIES: Final = ("acceptance", "time of a token", "cost of a pass", "time saved", "net share")


@dataclass(frozen=True, slots=True)
class Truth:
    """The true values for a model at the end of its log, over the requests that could use a prediction."""

    acceptance: float
    token_s: float
    pass_cost: float
    saved_s: float
    net: float

    @property
    def values(self) -> tuple[float, ...]:
        """In the order of the quantities whose intervals are checked."""
        return self.acceptance, self.token_s, self.pass_cost, self.saved_s, self.net


@dataclass(slots=True)
class Score:
    """Counts over runs: intervals, those that covered the truth, and decisions."""

    covered: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    right: int = 0
    clear: int = 0
    undecided: int = 0
    noticed: int = 0
    drifts: int = 0
    false_alarms: int = 0
    steady: int = 0
    regrets: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def regret(self, policy: str) -> float | None:
        """The mean excess cost of a policy over the best choice for each model; None without runs."""
        found = self.regrets[policy]
        return math.fsum(found) / len(found) if found else None

    def coverage(self, quantity: str, model: str | None = None) -> float | None:
        """The share of intervals of `quantity` that held the truth; None if there were none."""
        counts = [
            count
            for (name, whose), count in self.covered.items()
            if name == quantity and model in {None, whose}
        ]
        total = sum(count[1] for count in counts)
        return sum(count[0] for count in counts) / total if total else None


@dataclass(frozen=True, slots=True)
class Result:
    """The scores after `requests` of each model under the rule, and after as many more under the policy."""

    requests: int
    runs: int
    learned: Score
    in_use: Score
    truths: Mapping[str, Truth]


def run_bench(
    edits: Sequence[SimulatedEdit],
    rng: Random,
    *,
    requests: int = 200,
    runs: int = 500,
    models: Sequence[SimulatedModel] = MODELS,
    worth: Worth | None = None,
    exploration: float = 0.03,
    progress: Callable[[int], None] = lambda _: None,
) -> Result:
    """Score tuning over so many runs; `progress` receives the number that are done."""
    worth = worth or Worth()
    bench = _Bench(edits, models, worth, exploration)
    learned, in_use = Score(), Score()
    for number in range(runs):
        bench.run(rng, requests, learned, None if number % _IN_USE_EVERY else in_use)
        progress(number + 1)
    return Result(requests, runs, learned, in_use, bench.truths)


class _Bench:
    """The pools of outcomes, computed once, and their true values."""

    def __init__(
        self,
        edits: Sequence[SimulatedEdit],
        models: Sequence[SimulatedModel],
        worth: Worth,
        exploration: float,
    ) -> None:
        self._models = models
        self._worth = worth
        self._exploration = exploration
        self._prices = {model.name: model.last.price for model in models}
        pools: dict[SimulatedServer, list[SimulatedOutcome]] = {}
        for model in models:
            for server in (model.server, model.last):
                if server not in pools:
                    pools[server] = outcomes(edits, server)
        self._pools = pools
        self.truths = {model.name: self._truth(model) for model in models}
        self._costs = {model.name: self._costs_by_cell(model) for model in models}

    def run(self, rng: Random, requests: int, learned: Score, in_use: Score | None) -> None:
        """One log, scored when it was made under the rule, and again when as much was added under the policy."""
        half = requests // 2
        log: list[Observation] = []
        for model in self._models:
            log += self._log(model, model.server, rng, range(half))
            log += self._log(model, model.last, rng, range(half, requests))
        policy = self._learn(log, requests, None, learned)
        if in_use is not None:
            for model in self._models:
                log += self._log(model, model.last, rng, range(requests, 2 * requests), policy)
            self._learn(log, 2 * requests, policy, in_use)

    def _log(
        self,
        model: SimulatedModel,
        server: SimulatedServer,
        rng: Random,
        numbers: range,
        learned: LearnedPolicy | None = None,
    ) -> Iterator[Observation]:
        return generate_log(
            self._pools[server], model.cell, rng, numbers, learned=learned, exploration=self._exploration
        )

    def _learn(
        self, log: Sequence[Observation], made: int, standing: LearnedPolicy | None, score: Score
    ) -> LearnedPolicy:
        now = START + made * BETWEEN
        found, _, shifted = learn(log, now=now, prices=self._prices, worth=self._worth, standing=standing)
        policy = LearnedPolicy(
            "learned-1", {finding.cell: LearnedChoice(finding.predict) for finding in found}
        )
        by_cell = {finding.cell: finding for finding in found}
        moved = {change.cell for change in shifted}
        for model in self._models:
            if model.later is None:
                score.steady += 1
                score.false_alarms += model.cell in moved
                self._score_intervals(model, by_cell[model.cell], score)
            else:
                score.drifts += 1
                score.noticed += model.cell in moved
            self._score_decision(model, policy, score)
        self._score_regret(policy, score)
        return policy

    def _score_intervals(self, model: SimulatedModel, finding: Finding, score: Score) -> None:
        savings = finding.savings
        net = None if savings.balance is None else share_saved(savings.balance)
        estimates: tuple[Estimate | None, ...] = (
            savings.acceptance,
            savings.token_s,
            savings.pass_cost,
            savings.saved_s,
            net,
        )
        for name, estimate, truth in zip(QUANTITIES, estimates, self.truths[model.name].values, strict=True):
            if estimate is not None:
                count = score.covered[name, model.name]
                count[0] += estimate.low <= truth <= estimate.high
                count[1] += 1

    def _score_decision(self, model: SimulatedModel, policy: LearnedPolicy, score: Score) -> None:
        if abs(self.truths[model.name].net) <= CLEAR:
            return
        score.clear += 1
        pays = policy.predicts(model.cell)
        score.undecided += pays is None
        score.right += (pays is not False) == (self.truths[model.name].net > 0)

    def _score_regret(self, policy: LearnedPolicy, score: Score) -> None:
        totals: dict[str, float] = defaultdict(float)
        for model in self._models:
            costs = self._costs[model.name]
            sums = {
                "learned": sum(
                    sent if policy.predicts(cell) is not False else plain
                    for cell, (sent, plain, _) in costs.items()
                ),
                "always": sum(sent for sent, _, _ in costs.values()),
                "never": sum(plain for _, plain, _ in costs.values()),
                "size": sum(by_size for _, _, by_size in costs.values()),
            }
            best = min(sums["always"], sums["never"])
            for name, cost in sums.items():
                # Each model counts the same, however slow it is.
                totals[name] += (cost - best) / best
        for name, total in totals.items():
            score.regrets[name].append(total / len(self._models))

    def _truth(self, model: SimulatedModel) -> Truth:
        pool = [case for case in self._pools[model.last] if case.target_tokens >= MIN_TOKENS]
        accepted = sum(case.accepted for case in pool)
        passes = sum(case.reply_tokens - case.reasoning_tokens - case.accepted for case in pool)
        sent = math.fsum(case.sent_s for case in pool)
        plain = math.fsum(case.plain_s for case in pool)
        reasoning = sum(case.reasoning_tokens for case in pool)
        rejected = sum(case.rejected for case in pool)
        token_s = model.last.token_s
        return Truth(
            acceptance=accepted / (accepted + rejected),
            token_s=token_s,
            pass_cost=(sent / token_s - reasoning) / passes,
            saved_s=(plain - sent) / len(pool),
            net=1 - (sent + self._token_cost(model) * rejected) / plain,
        )

    def _token_cost(self, model: SimulatedModel) -> float:
        return model.last.price / 1_000_000 / (self._worth.per_hour / 3600)

    def _costs_by_cell(self, model: SimulatedModel) -> dict[Cell, tuple[float, float, float]]:
        """The cost of a cell's requests: with a prediction, without, and with one above a size."""
        costs: dict[Cell, tuple[float, float, float]] = {}
        for case in self._pools[model.last]:
            if case.target_tokens < MIN_TOKENS:
                continue
            cell = cell_of(model.cell, case)
            sent = case.sent_s + self._token_cost(model) * case.rejected
            known = costs.get(cell, (0.0, 0.0, 0.0))
            by_size = sent if case.target_tokens >= SIZE_THRESHOLD else case.plain_s
            costs[cell] = (known[0] + sent, known[1] + case.plain_s, known[2] + by_size)
        return costs
