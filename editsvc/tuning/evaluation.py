"""The value that a policy would have had on the logged requests.

Only randomised requests, those with a propensity below 1, tell how a different policy would have done.
Costs are seconds a request, rejected tokens included at their price.

SNIPS is the self-normalised inverse propensity score (Swaminathan and Joachims, NeurIPS 2015); DR the doubly
robust estimate (Dudík, Langford and Li, ICML 2011) with a linear model of cost per token of the reply. It does
not matter that the length of a reply is known only afterwards: a prediction does not change it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.tuning.estimates import effective_number, mean

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from editsvc.prediction.policy import Cell
    from editsvc.tuning.estimates import Estimate
    from editsvc.tuning.observation import Observation
    from editsvc.tuning.savings import Rates

LEAST_EFFECTIVE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The value of a policy, as seconds a request; `logged` is the actual cost of the requests.

    `requests` is the number of randomised requests, `effective` the sample size that they amount to under the policy.
    If that is too small there are no estimates, and `refusal` says so; otherwise it is empty.
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
            refusal=f"Not enough data: the effective sample for this policy is {effective:.0f} of {len(drawn)} "
            f"randomised requests; {LEAST_EFFECTIVE:.0f} are needed.",
        )
    return Evaluation(
        len(drawn),
        effective,
        logged=mean([cost for _, cost in drawn], None, *_ways(drawn)),
        snips=mean([cost for _, cost in drawn], weights, *_ways(drawn)),
        doubly_robust=_doubly_robust(drawn, weights, sends),
    )


def _doubly_robust(
    drawn: Sequence[tuple[Observation, float]], weights: Sequence[float], sends: Callable[[Cell], bool]
) -> Estimate | None:
    per_token: dict[tuple[Cell, bool], float] = {}
    for key in {(observation.cell.whole_model, observation.sent) for observation, _ in drawn}:
        group = [(o, cost) for o, cost in drawn if (o.cell.whole_model, o.sent) == key]
        tokens = max(1, sum(o.reply_tokens for o, _ in group))
        per_token[key] = math.fsum(cost for _, cost in group) / tokens
    scores = []
    for (observation, cost), weight in zip(drawn, weights, strict=True):
        model = observation.cell.whole_model
        taken = per_token[model, observation.sent] * observation.reply_tokens
        # For an arm without data, the cost of the other one is the best guess.
        proposed = (
            per_token.get((model, sends(observation.cell)), per_token[model, observation.sent])
            * observation.reply_tokens
        )
        scores.append(proposed + weight * (cost - taken))
    return mean(scores, None, *_ways(drawn))


def _ways(drawn: Sequence[tuple[Observation, float]]) -> tuple[list[Hashable], list[Hashable]]:
    """The clusters of the requests: their files, and their days."""
    return [observation.file for observation, _ in drawn], [observation.day for observation, _ in drawn]
