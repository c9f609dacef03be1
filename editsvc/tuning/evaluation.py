"""What a policy would have been worth on the requests that are logged.

Only requests whose decision was a draw tell what a different policy would have got: those with a propensity
below 1. Costs are seconds a request, rejected tokens included at their price.

SNIPS is the self-normalised inverse propensity score (Swaminathan and Joachims, NeurIPS 2015); DR the doubly
robust estimate (Dudík, Langford and Li, ICML 2011) with a linear model of cost per token of the reply. That the
length of a reply is known only afterwards is no harm: a prediction does not change it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.tuning.estimates import effective_number, mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from editsvc.prediction.policy import Cell
    from editsvc.tuning.estimates import Estimate
    from editsvc.tuning.observation import Observation
    from editsvc.tuning.savings import Rates

LEAST_EFFECTIVE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The value of a policy, as seconds a request; `logged` is what the requests did cost.

    `requests` were decided at random, and `effective` of them speak about the policy. Where these are too few
    there are no estimates, and `refusal` says so; otherwise it is empty.
    """

    requests: int
    effective: float
    logged: Estimate | None = None
    snips: Estimate | None = None
    doubly_robust: Estimate | None = None
    refusal: str = ""


def evaluate(
    observations: Sequence[Observation], sends: Callable[[Cell], bool], rates: Mapping[Cell, Rates]
) -> Evaluation:
    """The value of the policy that sends a prediction in the cells that `sends` is true for.

    `rates` has an entry for each model; requests to others, and those without a time, are left out.
    """
    drawn = [
        (
            observation,
            observation.seconds + rates[observation.cell.whole_model].token_s * observation.rejected,
        )
        for observation in observations
        if 0 < observation.propensity < 1
        and observation.seconds is not None
        and observation.cell.whole_model in rates
    ]
    # A request that the policy would have treated otherwise has the weight 0.
    weights = [
        (observation.sent == sends(observation.cell)) / observation.propensity for observation, _ in drawn
    ]
    effective = effective_number(weights)
    if effective < LEAST_EFFECTIVE:
        return Evaluation(
            len(drawn),
            effective,
            refusal=f"Not enough data: {len(drawn)} requests were decided at random, and they say as much about "
            f"this policy as {effective:.0f} would; {LEAST_EFFECTIVE:.0f} are needed.",
        )
    return Evaluation(
        len(drawn),
        effective,
        logged=mean([cost for _, cost in drawn]),
        snips=mean([cost for _, cost in drawn], weights),
        doubly_robust=_doubly_robust(drawn, weights, sends),
    )


def _doubly_robust(
    drawn: Sequence[tuple[Observation, float]], weights: Sequence[float], sends: Callable[[Cell], bool]
) -> Estimate | None:
    per_token: dict[tuple[Cell, bool], float] = {}
    for key in {(observation.cell.whole_model, observation.sent) for observation, _ in drawn}:
        group = [(o, cost) for o, cost in drawn if (o.cell.whole_model, o.sent) == key]
        tokens = sum(o.reply_tokens for o, _ in group)
        per_token[key] = math.fsum(cost for _, cost in group) / tokens
    scores = []
    for (observation, cost), weight in zip(drawn, weights, strict=True):
        model = observation.cell.whole_model
        taken = per_token[model, observation.sent] * observation.reply_tokens
        # Where nothing was seen of an arm, the other one's cost is the best guess.
        proposed = (
            per_token.get((model, sends(observation.cell)), per_token[model, observation.sent])
            * observation.reply_tokens
        )
        scores.append(proposed + weight * (cost - taken))
    return mean(scores)
