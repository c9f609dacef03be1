"""What predictions save: acceptance, speed, the cost of verifying, and the balance of these.

The model of latency is ``t = (reasoning + passes·s)·τ``: τ is the time of a plain token, and `s` what a pass
that writes text takes, in plain ones, when a prediction went along. How many passes had something to propose is
not reported, so `s` is their average cost: 1 + f·(s' - 1) if a share f of them verified at a cost of s' each.

τ comes from requests without a prediction alone. Since the reply is the same with and without one, the time
that a predicted request would have taken is τ times the tokens of its reply.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.tuning.estimates import Estimate, combined, mean, rate, ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.tuning.observation import Weighted

_SECONDS_AN_HOUR: Final = 3600
# A logarithm larger than any real difference, whose power is still finite.
_LARGEST: Final = 500.0


@dataclass(frozen=True, slots=True)
class Rates:
    """The value of a second of waiting and the price of an output token, in one currency; `second` is above 0."""

    second: float
    token: float

    @property
    def token_s(self) -> float:
        """A token's price in seconds of waiting."""
        return self.token / self.second


@dataclass(frozen=True, slots=True)
class Savings:
    """The measurements from the requests of one model, or of one cell; None if they are too few.

    `sent` and `plain` count requests with and without a prediction whose times are known. Times are
    seconds: `token_s` is τ, `saved_s` the time saved a request. `rejected_cost` is the price of rejected tokens a
    request. `sent_s` and `plain_s` are logarithms of what a token of the reply takes with and without a
    prediction, in seconds, rejected tokens included at their price; `balance` is the first minus the second,
    below 0 if predictions pay. The limits are where the balance is 0: predictions pay while the pass costs less
    than `pass_cost_limit`, and an hour is worth more than `hour_limit` (None: no value of time decides it).
    """

    sent: int
    plain: int
    acceptance: Estimate | None
    coverage: Estimate | None
    token_s: Estimate | None
    pass_cost: Estimate | None
    saved_s: Estimate | None
    rejected_cost: float
    sent_s: Estimate | None
    plain_s: Estimate | None
    balance: Estimate | None
    pass_cost_limit: float | None
    hour_limit: float | None


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds a token without a prediction, from so many `requests` whose times are known."""

    requests: int
    token_s: Estimate | None


def speed(plain: Sequence[Weighted]) -> Speed:
    """The writing speed of the requests without a prediction in `plain`."""
    timed = _timed(plain)
    return Speed(len(timed.weights), ratio(timed.seconds, timed.reply, timed.weights))


def savings(sent: Sequence[Weighted], plain: Speed, rates: Rates) -> Savings:
    """The savings of `sent` requests, compared with their model's speed without a prediction."""
    timed = _timed(sent)
    seconds, weights = timed.seconds, timed.weights
    accepted = [weighted.observation.accepted for weighted in sent]
    rejected = [weighted.observation.rejected for weighted in sent]
    reply = [weighted.observation.reply_tokens for weighted in sent]
    every = [weighted.weight for weighted in sent]
    effective = ratio(
        [second + rates.token_s * token for second, token in zip(seconds, timed.rejected, strict=True)],
        timed.reply,
        weights,
    )
    sent_s, plain_s = _logarithm(effective), _logarithm(plain.token_s)
    saved = _saved(timed, plain.token_s)
    rejected_tokens = _sum(timed.rejected, weights) / sum(weights) if weights else 0.0
    return Savings(
        sent=len(weights),
        plain=plain.requests,
        acceptance=rate(accepted, [a + r for a, r in zip(accepted, rejected, strict=True)], every),
        coverage=rate(accepted, [n + r for n, r in zip(reply, rejected, strict=True)], every),
        token_s=plain.token_s,
        pass_cost=_pass_cost(timed, plain.token_s),
        saved_s=saved,
        rejected_cost=rates.token * rejected_tokens,
        sent_s=sent_s,
        plain_s=plain_s,
        balance=difference(sent_s, plain_s) if sent_s is not None and plain_s is not None else None,
        pass_cost_limit=_pass_cost_limit(timed, plain.token_s, rates),
        hour_limit=(
            _SECONDS_AN_HOUR * rates.token * rejected_tokens / saved.value
            if saved is not None and saved.value > 0
            else None
        ),
    )


def difference(one: Estimate, other: Estimate) -> Estimate:
    """`one` minus `other`, which are independent."""
    return combined(one.value - other.value, [(one.error, one.freedom), (other.error, other.freedom)])


def share_saved(balance: Estimate) -> Estimate:
    """A balance as the share of a plain request's time that is saved, money counted as time; below 0 it is lost."""
    value, low, high = (
        -math.expm1(min(bound, _LARGEST)) for bound in (balance.value, balance.high, balance.low)
    )
    return Estimate(value, low, high, balance.error * (1 - value), balance.freedom)


@dataclass(frozen=True, slots=True)
class _Timed:
    """The requests whose times are known, as columns; `text` is the reply without reasoning."""

    seconds: list[float]
    reply: list[int]
    text: list[int]
    passes: list[int]
    rejected: list[int]
    weights: list[float]


def _timed(found: Sequence[Weighted]) -> _Timed:
    columns = _Timed([], [], [], [], [], [])
    for weighted in found:
        o = weighted.observation
        if o.seconds is not None:
            columns.seconds.append(o.seconds)
            columns.reply.append(o.reply_tokens)
            columns.text.append(o.reply_tokens - o.reasoning_tokens)
            columns.passes.append(o.passes)
            columns.rejected.append(o.rejected)
            columns.weights.append(weighted.weight)
    return columns


def _sum(values: Sequence[float], weights: Sequence[float]) -> float:
    return sum([value * weight for value, weight in zip(values, weights, strict=True)])


def _logarithm(one: Estimate | None) -> Estimate | None:
    """The logarithm of a positive estimate, by the delta method."""
    if one is None or one.value <= 0:
        return None
    return combined(math.log(one.value), [(one.error / one.value, one.freedom)])


def _saved(timed: _Timed, token_s: Estimate | None) -> Estimate | None:
    """Seconds saved a request: the time of its reply at the plain speed, less its actual time."""
    if token_s is None:
        return None
    tau = token_s.value
    own = mean(
        [tau * tokens - seconds for tokens, seconds in zip(timed.reply, timed.seconds, strict=True)],
        timed.weights,
    )
    if own is None:
        return None
    tokens = _sum(timed.reply, timed.weights) / sum(timed.weights)
    return combined(own.value, [(own.error, own.freedom), (tokens * token_s.error, token_s.freedom)])


def _pass_cost(timed: _Timed, token_s: Estimate | None) -> Estimate | None:
    """`s`, from how much longer the passes took than plain tokens; None if no pass is left to measure."""
    if token_s is None or token_s.value <= 0:
        return None
    tau = token_s.value
    in_tokens = [
        seconds / tau - (reply - text)
        for seconds, reply, text in zip(timed.seconds, timed.reply, timed.text, strict=True)
    ]
    own = ratio(in_tokens, timed.passes, timed.weights)
    if own is None:
        return None
    slope = _sum(timed.seconds, timed.weights) / (_sum(timed.passes, timed.weights) * tau * tau)
    return combined(own.value, [(own.error, own.freedom), (slope * token_s.error, token_s.freedom)])


def _pass_cost_limit(timed: _Timed, token_s: Estimate | None, rates: Rates) -> float | None:
    passes = _sum(timed.passes, timed.weights)
    if token_s is None or token_s.value <= 0 or not passes:
        return None
    price = rates.token_s / token_s.value
    return (_sum(timed.text, timed.weights) - price * _sum(timed.rejected, timed.weights)) / passes
