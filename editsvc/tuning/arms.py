"""Named arms compared: what an edit costs in each, beside `control`, by what was drawn.

An edit costs what a judgement of predictions counts: the time that its user waited, and its price at the value of time.
One that ended without a result cost that, and another try as `control` makes it. Chance drew the arm, so the difference
of means is the effect of the arm, whatever became of its edits; each counts 1/propensity: shares may have changed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from editsvc import credible
from editsvc.errors import Status
from editsvc.tokenlog.values import CONTROL, NONE
from editsvc.tuning.estimates import LEAST_CLUSTERS, linear, mean

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence
    from datetime import date

    from editsvc.tokenlog.evidence import LoggedRequest
    from editsvc.tuning.estimates import Estimate

_SECONDS_AN_HOUR: Final = 3600
_DONE: Final = frozenset({Status.CHANGED, Status.UNCHANGED})


@dataclass(frozen=True, slots=True)
class ArmSize:
    """How much is known of an arm: its edits, the files that they were made to, and the days."""

    edits: int
    files: int
    days: int

    @property
    def enough(self) -> bool:
        """Whether that is enough to say how sure a difference is."""
        return min(self.files, self.days) >= LEAST_CLUSTERS


@dataclass(frozen=True, slots=True)
class ArmComparison:
    """An arm beside `control`.

    `saved_s` is how many seconds an edit costs less than in `control`, with its 95 % interval; None if there is not
    enough data. `share` is the same as a share of what it costs there. `priced` says that money is counted, as time;
    it is not where a price is unknown in either arm. `failed` are the shares of edits without a result: of the arm,
    and of `control`.
    """

    arm: str
    size: ArmSize
    control: ArmSize
    saved_s: Estimate | None
    share: float | None
    priced: bool
    failed: tuple[float, float]

    @property
    def certain(self) -> bool:
        """Whether the interval tells which of both costs less."""
        return self.saved_s is not None and (self.saved_s.low > 0 or self.saved_s.high < 0)


def compared(requests: Iterable[LoggedRequest], per_hour: float) -> list[ArmComparison]:
    """Each named arm that occurs beside `control`, by name; `per_hour` is what an hour of waiting is worth, in dollars.

    Edits that their users cancelled, and those that never came as far as a request, belong to none.
    """
    arms: defaultdict[str, list[LoggedRequest]] = defaultdict(list)
    for each in requests:
        if (
            each.named_arm not in {None, NONE}
            and each.measures
            and each.attempts
            and _waited(each) is not None
        ):
            arms[each.named_arm or NONE].append(each)
    control = arms.pop(CONTROL, [])
    return [_beside(name, arm, control, per_hour) for name, arm in sorted(arms.items())]


def _waited(each: LoggedRequest) -> float | None:
    return None if each.status is Status.CANCELLED else credible.duration(each.total_s)


def _beside(
    name: str, arm: Sequence[LoggedRequest], control: Sequence[LoggedRequest], per_hour: float
) -> ArmComparison:
    priced = per_hour > 0 and all(each.cost_usd is not None for each in (*arm, *control) if _done(each))
    second = per_hour / _SECONDS_AN_HOUR if priced else 0.0
    found = ArmComparison(
        name, _size(arm), _size(control), None, None, priced, (_failed(arm), _failed(control))
    )
    if not (found.size.enough and found.control.enough):
        return found
    again = _mean([_cost(each, second) for each in control if _done(each)])
    sides = [
        [_cost(each, second) + (0.0 if _done(each) else again) for each in side] for side in (arm, control)
    ]
    saved, cost = _difference((arm, control), sides)
    return replace(found, saved_s=saved, share=saved.value / cost if saved is not None and cost > 0 else None)


def _difference(
    arms: Sequence[Sequence[LoggedRequest]], costs: Sequence[Sequence[float]]
) -> tuple[Estimate | None, float]:
    """What the second costs more than the first, and what it costs.

    A day, and a file, has edits of both arms, which err together: each edit stands for what it adds to the difference,
    so that those of a cluster are set off against each other.
    """
    weights = [[1 / (each.named_arm_propensity or 1.0) for each in arm] for arm in arms]
    totals = [sum(each) for each in weights]
    means = [
        sum([w * cost for w, cost in zip(weight, cost_, strict=True)]) / total
        for weight, cost_, total in zip(weights, costs, totals, strict=True)
    ]
    difference, whole = means[1] - means[0], sum(totals)
    signs = (-1.0, 1.0)
    adds = [
        difference + sign * (cost - middle) * whole / total
        for sign, middle, total, side in zip(signs, means, totals, costs, strict=True)
        for cost in side
    ]
    both = [*arms[0], *arms[1]]
    found = mean(adds, [*weights[0], *weights[1]], _files(both), _days(both))
    alone = [
        mean(side, weight, _files(arm), _days(arm))
        for arm, side, weight in zip(arms, costs, weights, strict=True)
    ]
    if found is None or alone[0] is None or alone[1] is None:
        return None, means[1]
    # The smaller arm limits how well the spread is known.
    freedom = min(found.freedom, alone[0].freedom, alone[1].freedom)
    return replace(linear(difference, found.error, freedom, found.skew), enough=found.enough), means[1]


def _done(each: LoggedRequest) -> bool:
    return each.status in _DONE


def _cost(each: LoggedRequest, second: float) -> float:
    money = (each.cost_usd or 0.0) / second if second else 0.0
    return (_waited(each) or 0.0) + money


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _failed(arm: Sequence[LoggedRequest]) -> float:
    weights = [1 / (each.named_arm_propensity or 1.0) for each in arm]
    lost = sum(weight for each, weight in zip(arm, weights, strict=True) if not _done(each))
    return lost / sum(weights) if weights else 0.0


def _size(arm: Sequence[LoggedRequest]) -> ArmSize:
    return ArmSize(len(arm), len(set(_files(arm))), len(set(_days(arm))))


def _files(arm: Sequence[LoggedRequest]) -> list[Hashable]:
    return [id(each) if each.path is None else each.path for each in arm]


def _days(arm: Sequence[LoggedRequest]) -> list[date]:
    return [each.created_at.date() for each in arm]
