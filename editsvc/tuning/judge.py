"""The judge: whether predictions pay, for each model of each server, from what its edits cost since it last changed.

There is one answer for reports, tuning, `doctor` and the editors, so that they cannot contradict each other. An edit
counts for the arm that was drawn, with all that it cost: time at its value, rejected tokens at their price, repeated
requests, failures.

The built-in rule sends predictions; so does a model about which too little is known. A decision stands until the
opposite is shown: if both are nearly tied, switching back and forth gains nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from editsvc.prediction.policy import Cell
from editsvc.tuning.days import paced, present
from editsvc.tuning.drift import ChangeKind, shifts
from editsvc.tuning.estimates import (
    LEAST_CLUSTERS,
    LEAST_REQUESTS,
    chance_below_zero,
    difference,
    effective_number,
    mean,
    shrunk,
)
from editsvc.tuning.objective import PriceOf, Worth, unknown_price
from editsvc.tuning.observation import by_model, weigh
from editsvc.tuning.savings import Rates, plain_speed, savings, share_saved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from editsvc.prediction.policy import LearnedPolicy
    from editsvc.tuning.days import Days
    from editsvc.tuning.drift import Change
    from editsvc.tuning.estimates import Estimate
    from editsvc.tuning.observation import Observation, Weighted
    from editsvc.tuning.savings import Plain, Savings

FLOOR: Final = 20
SHOWN: Final = 0.975
"""The certainty with which the opposite of a decision has to be better for that to change."""
FIRST_SHOWN: Final = 0.7
"""The same where nothing was decided before, and the built-in rule sends predictions: to wait longer costs more than it
spares, and the decision that follows is as hard to overturn."""
HALF_LIFE_DAYS: Final = 30.0
# What a pass with a prediction takes, in plain tokens, lies within these wherever it was measured.
LEAST_PASS: Final = 1.05
MOST_PASS: Final = 2.0


PassCostOf = Callable[[Cell], tuple[float, float] | None]
"""The least and the most that a pass of a model costs on average beside a prediction, in plain ones.

By the rule that was learned of its server; None where none was."""


def unknown_pass_cost(_: Cell) -> tuple[float, float] | None:
    """Of no server a rule was learned."""
    return None


class Basis(StrEnum):
    """Where the figure comes from.

    `MEASURED` has requests of which chance decided that they went without a prediction; `MODELLED` compares with
    requests that somebody chose, or with what is known of other servers.
    """

    MEASURED = "measured"
    MODELLED = "modelled"


@dataclass(frozen=True, slots=True)
class Check:
    """Seconds an edit that predictions save, money as time, by the randomised requests alone."""

    saved_s: Estimate
    requests: int
    disagrees: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """What a judgement depends on besides the log.

    `price_of` tells the price of output, and an unknown one counts as zero; `standing` is the policy in force; the
    models in `withdrawn` no longer take predictions. With `whole_models`, nothing is asked about cells or parts.
    `pass_cost_of` tells what the passes of a server cost whose rule is known.
    """

    now: datetime
    price_of: PriceOf = unknown_price
    worth: Worth = field(default_factory=Worth)
    standing: LearnedPolicy | None = None
    half_life_days: float = HALF_LIFE_DAYS
    withdrawn: frozenset[Cell] = frozenset()
    whole_models: bool = False
    pass_cost_of: PassCostOf = unknown_pass_cost


@dataclass(frozen=True, slots=True)
class Finding:
    """The findings about one cell, and the decision.

    `requests` is the number of its usable requests. `net` is the share of a plain request's time that a prediction
    saves, money counted as time, after shrinkage. `predict` is None if there is no decision, and `missing` says
    why. `standing` is the previous decision (None: the built-in rule). `certainty` is the probability that
    predictions pay. `unsupported` says that the server has withdrawn its support, `ignored` that it takes no
    notice of predictions: sending them costs nothing and gives nothing. `basis` says where the figure comes
    from, and `check` what the randomised requests alone say about it. `foretold` is the least and the most share of
    an edit's time that a prediction saves by what passes cost: by that of this server, `pass_cost`, if it is known.
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
    ignored: bool = False
    basis: Basis | None = None
    check: Check | None = None
    foretold: tuple[float, float] | None = None
    pass_cost: tuple[float, float] | None = None
    since: datetime | None = None
    scope_min_tokens: int | None = None
    price_known: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """The findings about models, each followed by its cells, the rates of each, and the latest changes."""

    findings: tuple[Finding, ...]
    rates: Mapping[Cell, Rates]
    changes: Sequence[Change]

    @property
    def models(self) -> list[Finding]:
        """The findings about whole models."""
        return [finding for finding in self.findings if finding.cell == finding.cell.whole_model]


@dataclass(frozen=True, slots=True)
class _Arms:
    sent: list[Weighted]
    plain: Plain
    present: Estimate
    days: Days


def judge(observations: Sequence[Observation], terms: Terms) -> Judgement:
    """Judge each model by its `observations`."""
    groups = by_model(observations)
    shifted = shifts(groups)
    rates: dict[Cell, Rates] = {}
    arms: dict[Cell, _Arms] = {}
    found = []
    for cell, group in groups.items():
        price = terms.price_of(cell)
        known = terms.pass_cost_of(cell)
        rates[cell] = Rates(terms.worth.per_hour / 3600, (price or 0.0) / 1_000_000)
        valid, sent_since, speed_since = _valid(group, cell, shifted)
        recent, days = paced(weigh(valid, terms.now, terms.half_life_days))
        sent = [each for each in recent if each.observation.sent]
        plain = [each for each in recent if not each.observation.sent]
        arm = _Arms(sent, plain_speed(plain, rates[cell], speed_since), present(recent, speed_since), days)
        arms[cell] = arm
        measured = savings(sent, arm.plain, rates[cell], arm.present, days)
        found.append(
            Finding(
                cell,
                len(recent),
                measured,
                standing=_standing(terms.standing, cell),
                unsupported=cell in terms.withdrawn,
                ignored=_ignored(sent, plain),
                price_known=price is not None,
                basis=_basis(plain),
                check=_check(recent, measured, rates[cell]),
                foretold=_foretold(sent, rates[cell], known or (LEAST_PASS, MOST_PASS)),
                pass_cost=known,
                since=sent_since,
                scope_min_tokens=_threshold(terms.standing, cell),
            )
        )
    result: list[Finding] = []
    for finding in _decided(found):
        result.append(finding)
        if not terms.whole_models:
            result += _cells(finding, arms[finding.cell], rates[finding.cell], terms.standing)
    return Judgement(tuple(result), rates, shifted)


def _valid(
    group: Sequence[Observation], cell: Cell, shifted: Sequence[Change]
) -> tuple[list[Observation], datetime | None, datetime | None]:
    """The data still valid, since when predicted requests are, and since when the speed is what it is.

    A server that became faster is as good at predictions as it was: only the time of a token is measured anew.
    """
    mine = [change for change in shifted if change.cell == cell]
    speed = max((change.at for change in mine if change.kind is ChangeKind.SPEED), default=None)
    sent = max((change.at for change in mine if change.kind is not ChangeKind.SPEED), default=None)
    valid = [each for each in group if sent is None or not each.sent or each.at >= sent]
    return valid, sent, speed


def _foretold(
    sent: Sequence[Weighted], rates: Rates, pass_cost: tuple[float, float]
) -> tuple[float, float] | None:
    """The least and the most share of an edit that predictions save, where passes cost so much on average.

    It takes predicted requests alone, so it is there where nothing was ever sent without one; None below ten files.
    """
    timed = [each for each in sent if each.observation.clean and each.observation.seconds is not None]
    if len({each.observation.file for each in timed}) < LEAST_CLUSTERS:
        return None
    sums = dict.fromkeys(("seconds", "reply", "reasoning", "passes", "rejected"), 0.0)
    for each in timed:
        o = each.observation
        sums["seconds"] += each.weight * (o.seconds or 0.0)
        sums["reply"] += each.weight * o.reply_tokens
        sums["reasoning"] += each.weight * o.reasoning_tokens
        sums["passes"] += each.weight * o.passes
        sums["rejected"] += each.weight * o.rejected
    shares = []
    for cost in pass_cost:
        units = sums["reasoning"] + sums["passes"] * cost
        token_s = sums["seconds"] / units if units else 0.0
        plain = token_s * sums["reply"]
        shares.append(1 - (sums["seconds"] + rates.token_s * sums["rejected"]) / plain if plain else 0.0)
    return min(shares), max(shares)


def _ignored(sent: Sequence[Weighted], plain: Sequence[Weighted]) -> bool:
    """Whether a server neither accepts nor rejects anything, in enough requests to say so.

    After a few such requests no more predictions go out, and then those few are enough.
    """
    counted = [each.observation for each in sent if each.observation.counted]
    last = max((each.observation for each in plain), key=attrgetter("at"), default=None)
    enough = 1 if last is not None and last.refrained else FLOOR
    return len(counted) >= enough and not any(each.accepted or each.rejected for each in counted)


def _basis(plain: Sequence[Weighted]) -> Basis:
    chance = [each for each in plain if 0 < each.observation.propensity < 1]
    return Basis.MEASURED if len(chance) >= LEAST_REQUESTS else Basis.MODELLED


def _check(recent: Sequence[Weighted], measured: Savings, rates: Rates) -> Check | None:
    """What the randomised requests say by themselves, by inverse probability, without any model of the server."""
    drawn = [
        each
        for each in recent
        if 0 < each.observation.propensity < 1 and each.observation.seconds is not None
    ]
    arms = []
    for sent in (True, False):
        side = [each for each in drawn if each.observation.sent is sent]
        if len({each.observation.day for each in side}) < LEAST_CLUSTERS:
            return None
        costs = [
            (each.observation.seconds or 0.0) / each.pace + rates.token_s * each.observation.rejected
            for each in side
        ]
        weights = [each.weight / each.observation.propensity for each in side]
        files, days = [each.observation.file for each in side], [each.observation.day for each in side]
        found = mean(costs, weights, files, days)
        if found is None:
            return None
        arms.append(found)
    with_, without = arms
    saved = difference(without, with_)
    told = measured.net_s
    disagrees = told is not None and ((saved.low > 0 and told < 0) or (saved.high < 0 and told > 0))
    return Check(saved, len(drawn), disagrees)


def _decided(found: Sequence[Finding]) -> list[Finding]:
    """Decide for each model; those with few requests lean towards the others."""
    ready = [
        (finding, finding.savings.balance)
        for finding in found
        if finding.savings.balance is not None
        and not _missing(finding.savings)
        and not finding.unsupported
        and not finding.ignored
    ]
    drawn = shrunk([balance for _, balance in ready])
    balances = {finding.cell: balance for (finding, _), balance in zip(ready, drawn, strict=True)}
    return [_settled(finding, balances.get(finding.cell)) for finding in found]


def _settled(finding: Finding, balance: Estimate | None) -> Finding:
    if finding.unsupported:
        return replace(finding, predict=False)
    if finding.ignored:
        return replace(finding, missing="the server takes no notice of predictions")
    if balance is None:
        return replace(finding, missing=_missing(finding.savings))
    certainty = chance_below_zero(balance)
    finding = replace(finding, net=share_saved(balance), certainty=certainty)
    if finding.standing is not None:
        flips = (1 - certainty if finding.standing else certainty) >= SHOWN
        return replace(finding, predict=finding.standing is not flips)
    if max(certainty, 1 - certainty) >= FIRST_SHOWN:
        return replace(finding, predict=certainty >= FIRST_SHOWN)
    return replace(finding, missing="it is not certain yet which is better")


def _missing(found: Savings) -> str:
    """Why the log says too little; empty if it says enough."""
    if found.sent + found.plain < FLOOR:
        count = found.sent + found.plain
        return f"not enough data: {count} requests with known times, {FLOOR} are needed"
    if found.plain_s is None:
        return (
            f"not enough data: {found.plain} requests without a prediction and with known times, "
            f"{LEAST_REQUESTS} are needed"
        )
    if found.sent_s is None:
        return (
            f"not enough data: {found.sent} requests with a prediction and with known times, "
            f"{LEAST_REQUESTS} are needed"
        )
    if found.files < LEAST_CLUSTERS:
        return f"not enough data: the requests are to {found.files} files, {LEAST_CLUSTERS} are needed"
    return ""


def _cells(
    model: Finding,
    arms: _Arms,
    rates: Rates,
    standing: LearnedPolicy | None,
) -> list[Finding]:
    """Decide for the cells of a model that have enough requests; they lean towards each other.

    The speed without a prediction is the model's: it is the server's, whatever is written.
    """
    if model.predict is None or model.unsupported or model.savings.plain_s is None:
        return []
    groups: dict[Cell, list[Weighted]] = defaultdict(list)
    for weighted in arms.sent:
        if weighted.observation.cell != model.cell:
            groups[weighted.observation.cell].append(weighted)
    known = []
    for cell, group in groups.items():
        if effective_number([weighted.weight for weighted in group]) >= FLOOR:
            found = savings(group, arms.plain, rates, arms.present, arms.days)
            if found.sent_s is not None and found.files >= LEAST_CLUSTERS:
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
                basis=model.basis,
            ),
            difference(sent_s, model.savings.plain_s),
        )
        for (cell, found, _), sent_s in zip(known, drawn, strict=True)
    ]


def _threshold(standing: LearnedPolicy | None, cell: Cell) -> int | None:
    """The length from which on parts are offered, as somebody wrote it into the policy: it is not learned."""
    old = standing.choices.get(cell) if standing is not None else None
    return old.scope_min_tokens if old is not None else None


def _standing(standing: LearnedPolicy | None, cell: Cell, *, otherwise: bool | None = None) -> bool | None:
    choice = standing.choices.get(cell) if standing is not None else None
    return otherwise if choice is None or choice.predict is None else choice.predict
