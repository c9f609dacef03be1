"""The quality of tuning on logs whose truth is known: regret, coverage of intervals, share of right decisions.

Two questions. How well does one log of each model teach? And how well does a user fare who tunes every week, whatever
the habits: one, two, four or eight edits of a file in a row, days that differ not at all, by a tenth, by three tenths?

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
from editsvc.tuning.judge import Terms, judge
from editsvc.tuning.objective import PriceOf, Worth
from editsvc.tuning.savings import share_saved
from editsvc.tuning.simulation import (
    A_DAY,
    MIN_TOKENS,
    Habits,
    SimulatedLog,
    SimulatedModel,
    SimulatedServer,
    cell_of,
    outcomes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from random import Random

    from editsvc.prediction.policy import Cell
    from editsvc.tuning.estimates import Estimate
    from editsvc.tuning.judge import Finding
    from editsvc.tuning.observation import Observation
    from editsvc.tuning.simulation import SimulatedEdit, SimulatedOutcome

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
WEEKS: Final = 10
WEEK: Final = 7 * A_DAY
HABITS: Final = tuple(Habits(edits, noise) for noise in (0.0, 0.1, 0.3) for edits in (1, 2, 4, 8))
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
    habits: Habits | None = None,
    progress: Callable[[int], None] = lambda _: None,
    first: Callable[[Result], None] = lambda _: None,
) -> Result:
    """Score tuning over so many runs; `progress` receives the number that are done, `first` what the first one says."""
    worth = worth or Worth()
    bench = _Bench(edits, models, worth, habits or Habits())
    learned, in_use = Score(), Score()
    for number in range(runs):
        bench.run(rng, requests, learned, None if number % _IN_USE_EVERY else in_use)
        progress(number + 1)
        if not number:
            first(Result(requests, 1, learned, in_use, bench.truths))
    return Result(requests, runs, learned, in_use, bench.truths)


@dataclass(slots=True)
class WeeklyScore:
    """Counts over logs of ten weeks; choices and changes are those of the `weekly` ones, which are tuned every week."""

    habits: Habits
    logs: int = 0
    weekly: int = 0
    alarms: int = 0
    choices: int = 0
    wrong: int = 0
    changes: int = 0
    covered: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def coverage(self, quantity: str) -> float | None:
        """The share of intervals that held the truth at the end; None if there were none."""
        held, of = self.covered[quantity]
        return held / of if of else None


def run_weeks(
    edits: Sequence[SimulatedEdit],
    rng: Random,
    *,
    logs: int = 100,
    weekly: int | None = None,
    models: Sequence[SimulatedModel] = MODELS,
    worth: Worth | None = None,
    habits: Sequence[Habits] = HABITS,
    progress: Callable[[int], None] = lambda _: None,
    done: Callable[[WeeklyScore], None] = lambda _: None,
) -> list[WeeklyScore]:
    """Score ten weeks of steady servers, so many logs for each of the `habits`; the models take turns.

    So many of the logs are tuned `weekly` (None: all), the others after the first week and at the end: what intervals
    hold is the same, for a fifth of the time. `done` receives each score.
    """
    steady = [model for model in models if model.later is None]
    bench = _Bench(edits, steady, worth or Worth(), Habits())
    clear = [model for model in steady if abs(bench.truths[model.name].net) > CLEAR]
    of = logs if weekly is None else weekly
    scores = []
    for place, habit in enumerate(habits):
        score = WeeklyScore(habit)
        for number in range(logs):
            each_week = (number + 1) * of // logs > number * of // logs
            bench.weeks(clear[number % len(clear)], rng, habit, score, each_week=each_week)
            progress(place * logs + number + 1)
        scores.append(score)
        done(score)
    return scores


def _policy(found: Sequence[Finding], standing: LearnedPolicy | None, number: int) -> LearnedPolicy:
    """What was decided, and what stands where nothing was."""
    choices = dict(standing.choices) if standing is not None else {}
    choices |= {
        finding.cell: LearnedChoice(finding.predict) for finding in found if finding.predict is not None
    }
    return LearnedPolicy(f"learned-{number}", choices)


def _could_choose(one: Observation) -> bool:
    """Whether the policy decided about the request, which it does unless the text is too short."""
    return one.propensity < 1


def _held(finding: Finding, truth: Truth) -> Iterator[tuple[str, bool]]:
    """For each interval that there is, whether it holds the truth."""
    found = finding.savings
    net = None if found.balance is None else share_saved(found.balance)
    estimates: tuple[Estimate | None, ...] = (
        found.acceptance,
        found.token_s,
        found.pass_cost,
        found.saved_s,
        net,
    )
    for name, estimate, value in zip(QUANTITIES, estimates, truth.values, strict=True):
        if estimate is not None and estimate.enough:
            yield name, estimate.low <= value <= estimate.high


class _Bench:
    """The pools of outcomes, computed once, and their true values."""

    def __init__(
        self,
        edits: Sequence[SimulatedEdit],
        models: Sequence[SimulatedModel],
        worth: Worth,
        habits: Habits,
    ) -> None:
        self._models = models
        self._worth = worth
        self._habits = habits
        prices = {model.name: model.last.price for model in models}
        self._price_of: PriceOf = lambda cell: prices.get(cell.model)
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
        makers = {model: SimulatedLog(model.cell, self._habits, rng) for model in self._models}
        for model, maker in makers.items():
            log += maker.made(self._pools[model.server], half)
            log += maker.made(self._pools[model.last], requests - half)
        policy = self._learn(log, makers[self._models[0]].now, None, learned)
        if in_use is not None:
            for model, maker in makers.items():
                log += maker.made(self._pools[model.last], requests, policy)
            self._learn(log, makers[self._models[0]].now, policy, in_use)

    def weeks(
        self, model: SimulatedModel, rng: Random, habits: Habits, score: WeeklyScore, *, each_week: bool
    ) -> None:
        """Ten weeks of one model, tuned after each week, or else after the first and the last."""
        log: list[Observation] = []
        maker = SimulatedLog(model.cell, habits, rng)
        policy: LearnedPolicy | None = None
        sends, better = True, self.truths[model.name].net > 0
        finding: Finding | None = None
        moved = False
        for number in range(WEEKS):
            made = list(maker.made(self._pools[model.last], WEEK, policy))
            log += made
            if each_week:
                chosen = [one for one in made if _could_choose(one)]
                score.choices += len(chosen)
                score.wrong += sum(one.sent is not better for one in chosen)
            elif 0 < number < WEEKS - 1:
                continue
            terms = Terms(maker.now, self._price_of, self._worth, policy)
            found = judge(log, terms)
            finding = found.models[0]
            moved = bool(found.changes)
            policy = _policy(found.findings, policy, number + 1)
            pays = policy.predicts(model.cell) is not False
            score.changes += each_week and pays is not sends
            sends = pays
        assert finding is not None  # noqa: S101 - there are weeks
        score.logs += 1
        score.weekly += each_week
        score.alarms += moved
        for name, holds in _held(finding, self.truths[model.name]):
            score.covered[name][0] += holds
            score.covered[name][1] += 1

    def _learn(
        self,
        log: Sequence[Observation],
        now: datetime,
        standing: LearnedPolicy | None,
        score: Score,
    ) -> LearnedPolicy:
        judged = judge(log, Terms(now, self._price_of, self._worth, standing))
        found, shifted = judged.findings, judged.changes
        policy = _policy(found, standing, 1)
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
        for name, holds in _held(finding, self.truths[model.name]):
            count = score.covered[name, model.name]
            count[0] += holds
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
