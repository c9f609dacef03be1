"""From the log to a policy: the judge's findings, the changes of models, and what the policy would have been worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from editsvc.tokenlog.evidence import LoggedRequest, logged_request
from editsvc.tuning.drift import ChangeKind, price_changes, withdrawals
from editsvc.tuning.evaluation import evaluate
from editsvc.tuning.judge import HALF_LIFE_DAYS, Terms, judge
from editsvc.tuning.observation import observe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from editsvc.prediction.policy import Cell, LearnedPolicy
    from editsvc.tokenlog.evidence import Evidence
    from editsvc.tokenlog.record import RequestRecord
    from editsvc.tuning.drift import Change
    from editsvc.tuning.evaluation import Evaluation
    from editsvc.tuning.judge import Finding, Judgement
    from editsvc.tuning.objective import PriceOf, Worth
    from editsvc.tuning.observation import Observation


@dataclass(frozen=True, slots=True)
class Tuning:
    """The findings from a log: about models, each followed by its cells, and the changes.

    `evaluation` is the value of the policy that follows from the findings.
    """

    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    evaluation: Evaluation
    records: int
    usable: int
    worth: Worth


def tune(
    records: Iterable[RequestRecord],
    *,
    now: datetime,
    price_of: PriceOf,
    worth: Worth,
    standing: LearnedPolicy | None = None,
    prices: Mapping[Cell, float | None] | None = None,
    half_life_days: float = HALF_LIFE_DAYS,
) -> Tuning:
    """Judge and decide from `records`.

    `price_of` tells the price of output; `standing` is the policy in force, and `prices` are those that it was made at.
    An unknown price counts as zero, and the finding says so.
    """
    kept = [logged_request(record) for record in records]
    terms = Terms(now, price_of, worth, standing, half_life_days)
    return _tuned(kept, None, terms, prices or {})


def tune_sampled(
    evidence: Evidence,
    *,
    now: datetime,
    price_of: PriceOf,
    worth: Worth,
    standing: LearnedPolicy | None = None,
    prices: Mapping[Cell, float | None] | None = None,
) -> Tuning:
    """The same from `evidence`, which has a sample of a large log: for the time that it takes, there is a bound."""
    requests, stands_for = sampled(evidence)
    terms = Terms(now, price_of, worth, standing)
    return _tuned(requests, stands_for, terms, prices or {})


def sampled(evidence: Evidence) -> tuple[list[LoggedRequest], list[int]]:
    """The requests of both samples of `evidence`, and how many of the log each stands for."""
    usual = [each for each in evidence.sample if not each.explored]
    # Of a large log, the explored requests are what limits how sure anybody can be: half of the others will do.
    step = 2 if evidence.sampled_every > 1 else 1
    taken = usual[::step]
    stands_for = [evidence.sampled_every * step] * len(taken)
    return [*taken, *evidence.explored], [*stands_for, *[evidence.explored_every] * len(evidence.explored)]


def _tuned(
    kept: Sequence[LoggedRequest],
    stands_for: Sequence[int] | None,
    terms: Terms,
    prices: Mapping[Cell, float | None],
) -> Tuning:
    found, observations, gone = judged(kept, terms, stands_for)
    moved = price_changes(prices, terms.price_of, terms.now)
    decided = {finding.cell: finding.predict for finding in found.findings}

    def sends(cell: Cell) -> bool:
        choice = decided.get(cell)
        return (choice if choice is not None else decided.get(cell.whole_model)) is not False

    return Tuning(
        found.findings,
        tuple(sorted([*found.changes, *gone, *moved], key=lambda change: change.at)),
        evaluate(_settled_requests(observations, found.changes), sends, found.rates),
        len(kept) if stands_for is None else sum(stands_for),
        sum(observation.stands_for for observation in observations),
        terms.worth,
    )


def judged(
    requests: Sequence[LoggedRequest], terms: Terms, stands_for: Sequence[int] | None = None
) -> tuple[Judgement, list[Observation], list[Change]]:
    """The judgement of `requests`, the usable ones of them, and the models that no longer take predictions.

    `stands_for` says how many of the log each request represents; without it, itself.
    """
    weights = [1] * len(requests) if stands_for is None else stands_for
    told = (observe(request, weight) for request, weight in zip(requests, weights, strict=True))
    observations = [observation for observation in told if observation is not None]
    gone = withdrawals(requests)
    found = judge(observations, replace(terms, withdrawn=frozenset(change.cell for change in gone)))
    return found, observations, gone


def _settled_requests(observations: Sequence[Observation], shifted: Sequence[Change]) -> list[Observation]:
    """The requests since the last change of what predictions get, whether they were predicted or not."""
    begins: dict[Cell, datetime] = {}
    for change in shifted:
        if change.kind is not ChangeKind.SPEED:
            begins[change.cell] = max(change.at, begins.get(change.cell, change.at))
    return [
        observation
        for observation in observations
        if observation.at >= begins.get(observation.cell.whole_model, observation.at)
    ]
