"""From the log to a policy: the decision for each model, its certainty, and the conditions that would change it.

The built-in rule sends predictions; so does a model about which too little is known. An existing decision is
changed only if the opposite is better with a probability of `FLIP_CERTAINTY`: if both are nearly tied,
switching back and forth gains nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from editsvc.tokenlog.evidence import logged_request
from editsvc.tuning.drift import ChangeKind, price_changes, shifts, withdrawals
from editsvc.tuning.estimates import LEAST_REQUESTS, chance_below_zero, effective_number, shrunk
from editsvc.tuning.evaluation import evaluate
from editsvc.tuning.observation import by_model, observe, weigh
from editsvc.tuning.savings import Rates, difference, savings, share_saved, speed
from editsvc.tuning.scopes import crossing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from editsvc.prediction.policy import Cell, LearnedPolicy
    from editsvc.provider.models import Model
    from editsvc.tokenlog.record import RequestRecord
    from editsvc.tuning.drift import Change
    from editsvc.tuning.estimates import Estimate
    from editsvc.tuning.evaluation import Evaluation
    from editsvc.tuning.objective import Worth
    from editsvc.tuning.observation import Observation, Weighted
    from editsvc.tuning.savings import Savings, Speed
    from editsvc.tuning.scopes import Crossing

FLOOR: Final = 20
FLIP_CERTAINTY: Final = 0.7
HALF_LIFE_DAYS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Finding:
    """The findings about one cell, and the decision.

    `requests` is the number of its usable requests. `net` is the share of a plain request's time that a prediction
    saves, money counted as time, after shrinkage. `predict` is None if there is no decision, and `missing` says
    why. `standing` is the previous decision (None: the built-in rule). `certainty` is the probability that
    predictions pay. `unsupported` says that the server has withdrawn its support.
    """

    cell: Cell
    requests: int
    savings: Savings
    net: Estimate | None = None
    certainty: float | None = None
    predict: bool | None = None
    standing: bool | None = None
    missing: str = ""
    unsupported: bool = False
    crossing: Crossing | None = None
    scope_min_tokens: int | None = None
    price_known: bool = True


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
    models: Mapping[str, Model],
    worth: Worth,
    standing: LearnedPolicy | None = None,
    prices: Mapping[Cell, float | None] | None = None,
    half_life_days: float = HALF_LIFE_DAYS,
) -> Tuning:
    """Estimate and decide from `records`.

    `standing` is the policy in force and `prices` are the US dollars for a million output tokens that it was made
    at. An unknown price counts as zero, and the finding says so.
    """
    kept = list(records)
    observations = [
        observation for observation in map(observe, map(logged_request, kept)) if observation is not None
    ]
    gone = withdrawals(kept)
    moved = price_changes(prices or {}, models, now)
    found, rates, shifted = learn(
        observations,
        now=now,
        prices={name: row.usd_per_million_output for name, row in models.items()},
        worth=worth,
        standing=standing,
        half_life_days=half_life_days,
        withdrawn=frozenset(change.cell for change in gone),
    )
    decided = {finding.cell: finding.predict for finding in found}

    def sends(cell: Cell) -> bool:
        choice = decided.get(cell)
        return (choice if choice is not None else decided.get(cell.whole_model)) is not False

    return Tuning(
        found,
        tuple(sorted([*shifted, *gone, *moved], key=lambda change: change.at)),
        evaluate(_settled_requests(observations, shifted), sends, rates),
        len(kept),
        len(observations),
        worth,
    )


def learn(
    observations: Sequence[Observation],
    *,
    now: datetime,
    prices: Mapping[str, float | None],
    worth: Worth,
    standing: LearnedPolicy | None = None,
    half_life_days: float = HALF_LIFE_DAYS,
    withdrawn: frozenset[Cell] = frozenset(),
) -> tuple[tuple[Finding, ...], dict[Cell, Rates], list[Change]]:
    """The findings, the rates of each model, and the shifts after which data count.

    `prices` are US dollars for a million output tokens by model; the models in `withdrawn` no longer take
    predictions.
    """
    groups = by_model(observations)
    shifted = shifts(groups)
    rates: dict[Cell, Rates] = {}
    sent: dict[Cell, list[Weighted]] = {}
    plain: dict[Cell, Speed] = {}
    found = []
    for cell, group in groups.items():
        price = prices.get(cell.model)
        rates[cell] = Rates(worth.per_hour / 3600, (price or 0.0) / 1_000_000)
        recent = weigh(_since(group, cell, shifted), now, half_life_days)
        sent[cell] = [weighted for weighted in recent if weighted.observation.sent]
        plain[cell] = speed([weighted for weighted in recent if not weighted.observation.sent])
        found.append(
            Finding(
                cell,
                len(recent),
                savings(sent[cell], plain[cell], rates[cell]),
                standing=_standing(standing, cell),
                unsupported=cell in withdrawn,
                crossing=crossing(recent, rates[cell]),
                price_known=price is not None,
            )
        )
    result: list[Finding] = []
    for finding in _decided(found):
        model = _with_threshold(finding, standing)
        result.append(model)
        result += _cells(model, sent[model.cell], plain[model.cell], rates[model.cell], standing)
    return tuple(result), rates, shifted


def _since(group: Sequence[Observation], cell: Cell, shifted: Sequence[Change]) -> list[Observation]:
    """The data still valid: a change of speed discards all before it, one of acceptance only predicted requests."""
    speed = [change.at for change in shifted if change.cell == cell and change.kind is ChangeKind.SPEED]
    accepts = [
        change.at for change in shifted if change.cell == cell and change.kind is ChangeKind.ACCEPTANCE
    ]
    if not speed and not accepts:
        return list(group)
    begin, begin_sent = max(speed, default=group[0].at), max(speed + accepts)
    return [
        observation for observation in group if observation.at >= (begin_sent if observation.sent else begin)
    ]


def _settled_requests(observations: Sequence[Observation], shifted: Sequence[Change]) -> list[Observation]:
    """The requests since the last shift of their model, whether they were predicted or not."""
    begins: dict[Cell, datetime] = {}
    for change in shifted:
        begins[change.cell] = max(change.at, begins.get(change.cell, change.at))
    return [
        observation
        for observation in observations
        if observation.at >= begins.get(observation.cell.whole_model, observation.at)
    ]


def _decided(found: Sequence[Finding]) -> list[Finding]:
    """Decide for each model; those with few requests lean towards the others."""
    ready = [
        (finding, finding.savings.balance)
        for finding in found
        if finding.savings.balance is not None
        and finding.savings.sent + finding.savings.plain >= FLOOR
        and not finding.unsupported
    ]
    drawn = shrunk([balance for _, balance in ready])
    balances = {finding.cell: balance for (finding, _), balance in zip(ready, drawn, strict=True)}
    return [_settled(finding, balances.get(finding.cell)) for finding in found]


def _settled(finding: Finding, balance: Estimate | None) -> Finding:
    if finding.unsupported:
        return replace(finding, predict=False)
    if balance is None:
        return replace(finding, missing=_missing(finding.savings))
    certainty = chance_below_zero(balance)
    pays = finding.standing is not False
    if (1 - certainty if pays else certainty) >= FLIP_CERTAINTY:
        pays = not pays
    return replace(finding, net=share_saved(balance), certainty=certainty, predict=pays)


def _missing(found: Savings) -> str:
    if found.sent + found.plain < FLOOR:
        count = found.sent + found.plain
        return f"not enough data: {count} requests with known times, {FLOOR} are needed"
    if found.plain_s is None:
        return (
            f"not enough data: {found.plain} requests without a prediction and with known times, "
            f"{LEAST_REQUESTS} are needed"
        )
    return (
        f"not enough data: {found.sent} requests with a prediction and with known times, "
        f"{LEAST_REQUESTS} are needed"
    )


def _with_threshold(finding: Finding, standing: LearnedPolicy | None) -> Finding:
    """Adopt the threshold if there is none yet, or if the old one is outside the plausible range."""
    old = standing.choices.get(finding.cell) if standing is not None else None
    threshold = old.scope_min_tokens if old is not None else None
    crossed = finding.crossing
    if crossed is not None and (
        threshold is None or not crossed.tokens.low <= threshold <= crossed.tokens.high
    ):
        threshold = crossed.threshold
    return replace(finding, scope_min_tokens=threshold)


def _cells(
    model: Finding,
    sent: Sequence[Weighted],
    plain: Speed,
    rates: Rates,
    standing: LearnedPolicy | None,
) -> list[Finding]:
    """Decide for the cells of a model that have enough requests; they lean towards each other.

    The speed without a prediction is the model's: it is the server's, whatever is written.
    """
    if model.predict is None or model.unsupported or model.savings.plain_s is None:
        return []
    groups: dict[Cell, list[Weighted]] = defaultdict(list)
    for weighted in sent:
        if weighted.observation.cell != model.cell:
            groups[weighted.observation.cell].append(weighted)
    known = []
    for cell, group in groups.items():
        if effective_number([weighted.weight for weighted in group]) >= FLOOR:
            found = savings(group, plain, rates)
            if found.sent_s is not None:
                known.append((cell, found, found.sent_s))
    drawn = shrunk([sent_s for _, _, sent_s in known])
    if len(known) <= 1:
        return []  # one cell alone is the model
    return [
        _settled(
            Finding(
                cell,
                found.sent,
                found,
                standing=_standing(standing, cell, otherwise=model.predict),
                price_known=model.price_known,
            ),
            difference(sent_s, model.savings.plain_s),
        )
        for (cell, found, _), sent_s in zip(known, drawn, strict=True)
    ]


def _standing(standing: LearnedPolicy | None, cell: Cell, *, otherwise: bool | None = None) -> bool | None:
    choice = standing.choices.get(cell) if standing is not None else None
    return otherwise if choice is None or choice.predict is None else choice.predict
