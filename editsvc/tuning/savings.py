"""What predictions save: acceptance, speed, the cost of verifying, and the balance of these.

The model of latency is ``t = (reasoning + passes·s)·τ``: τ is the time of a plain token, and `s` what a pass
that writes text takes, in plain ones, when a prediction went along. How many passes had something to propose is
not reported, so `s` is their average cost: 1 + f·(s' - 1) if a share f of them verified at a cost of s' each.

τ comes from requests without a prediction alone. Since the reply is the same with and without one, the time
that a predicted request would have taken is τ times the tokens of its reply.

The balance is between the arms that were drawn, with all that became of them: an edit that had to be repeated costs
what all attempts took and wrote, and one that failed costs that and another try. Times are compared as on a usual day
(`editsvc.tuning.days`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from editsvc.tuning.days import AS_USUAL
from editsvc.tuning.estimates import (
    LEAST_CLUSTERS,
    LEAST_FREEDOM,
    Estimate,
    combined,
    linear,
    mean,
    rate,
    ratio,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from datetime import date, datetime

    from editsvc.tuning.days import Days
    from editsvc.tuning.observation import Observation, Weighted

_SECONDS_AN_HOUR: Final = 3600
# A logarithm larger than any real difference, whose power is still finite.
_LARGEST: Final = 500.0
_LEAST_LEVER: Final = 0.1
_AS_USUAL: Final = linear(1.0, 0.0, LEAST_FREEDOM)


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

    `sent` and `plain` count requests with and without a prediction whose times are known, `files` what the former
    were made to; `repeated` and `failed` are shares of them. Times are seconds: `token_s` is τ, `saved_s` the
    time saved a request. `rejected_cost` is the price of rejected tokens a request. `sent_s` and `plain_s` are
    logarithms of what a token of the reply takes with and without a prediction, in seconds, rejected tokens
    included at their price; `balance` is the first minus the second, below 0 if predictions pay, and `net_s`
    the same in seconds an edit, above 0 then. The limits are where the balance is 0: predictions pay while the
    pass costs less than `pass_cost_limit`, and an hour is worth more than `hour_limit` (None: no value of time
    decides it).
    """

    sent: int
    plain: int
    files: int
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
    repeated: float = 0.0
    failed: float = 0.0
    net_s: float | None = None


@dataclass(frozen=True, slots=True)
class Plain:
    """What is known of the requests without a prediction, from so many `requests` whose times are known.

    `token_s` is their time for a token as it was measured; `usual_s` and `cost_s` are that of a usual day, whole
    replies at the first attempt alone, and everything that the arm cost.
    """

    requests: int
    token_s: Estimate | None
    usual_s: Estimate | None
    cost_s: Estimate | None
    costs: _Costs


def plain_speed(plain: Sequence[Weighted], rates: Rates, since: datetime | None = None) -> Plain:
    """The writing speed of the requests without a prediction in `plain`; of their present one only those `since`."""
    timed = _timed([each for each in plain if each.observation.clean])
    usual = ratio(timed.seconds, timed.reply, timed.weights, timed.files, timed.days, blurs=timed.blurs)
    recent = _timed(
        [
            replace(each, pace=1.0, blur=0.0)
            for each in plain
            if each.observation.clean and (since is None or each.observation.at >= since)
        ]
    )
    token = ratio(recent.seconds, recent.reply, recent.weights, recent.days)
    costs = _costs(plain, usual, rates)
    return Plain(len(timed.weights), token or usual, usual, costs.ratio(), costs)


def savings(
    sent: Sequence[Weighted],
    plain: Plain,
    rates: Rates,
    present: Estimate = _AS_USUAL,
    days: Days = AS_USUAL,
) -> Savings:
    """The savings of `sent` requests, compared with their model's speed without a prediction.

    `present` is how slow the server is at present, relative to the usual; `days` is what is known of days.
    """
    clean = [each for each in sent if each.observation.clean]
    timed = _timed(clean)
    weights = timed.weights
    counted = [each for each in sent if each.observation.counted]
    accepted = [each.observation.accepted for each in counted]
    rejected = [each.observation.rejected for each in counted]
    reply = [each.observation.reply_tokens for each in counted]
    every, files = [each.weight for each in counted], [each.observation.file for each in counted]
    costs = _costs(sent, plain.usual_s, rates)
    effective = costs.ratio()
    sent_s, plain_s = _logarithm(effective), _logarithm(plain.cost_s)
    saved = _saved(timed, plain.usual_s, present, days)
    rejected_tokens = _sum(timed.rejected, weights) / sum(weights) if weights else 0.0
    return Savings(
        sent=len(weights),
        plain=plain.requests,
        files=len({each.observation.file for each in sent}),
        acceptance=rate(accepted, [a + r for a, r in zip(accepted, rejected, strict=True)], every, files),
        coverage=rate(accepted, [n + r for n, r in zip(reply, rejected, strict=True)], every, files),
        token_s=plain.token_s,
        pass_cost=_pass_cost(timed, plain.usual_s, days),
        saved_s=saved,
        rejected_cost=rates.token * rejected_tokens,
        sent_s=sent_s,
        plain_s=plain_s,
        balance=_contrast(costs, plain.costs, sent_s, plain_s, days),
        pass_cost_limit=_pass_cost_limit(timed, plain.usual_s, rates),
        hour_limit=(
            _SECONDS_AN_HOUR * rates.token * rejected_tokens / saved.value
            if saved is not None and saved.value > 0
            else None
        ),
        repeated=_share(sent, lambda each: not each.clean and each.done),
        failed=_share(sent, lambda each: not each.done),
        net_s=_net(costs, plain, present.value),
    )


def _share(found: Sequence[Weighted], which: Callable[[Observation], bool]) -> float:
    total = sum(each.weight for each in found)
    return sum(each.weight for each in found if which(each.observation)) / total if total else 0.0


def _net(costs: _Costs, plain: Plain, present: float) -> float | None:
    """Seconds saved by the prediction of an edit on average, everything counted, money as time; below 0 lost."""
    own = costs.ratio()
    if own is None or plain.cost_s is None:
        return None
    tokens = _sum(costs.exposures, costs.weights) / sum(costs.weights)
    return (plain.cost_s.value - own.value) * tokens * present


def share_saved(balance: Estimate) -> Estimate:
    """A balance as the share of a plain request's time that is saved, money counted as time; below 0 it is lost."""
    value, low, high = (
        -math.expm1(min(bound, _LARGEST)) for bound in (balance.value, balance.high, balance.low)
    )
    return Estimate(value, low, high, balance.error * (1 - value), balance.freedom, balance.enough)


@dataclass(frozen=True, slots=True)
class _Timed:
    """The requests whose times are known, as columns; `text` is the reply without reasoning."""

    seconds: list[float]
    reply: list[int]
    text: list[int]
    passes: list[int]
    rejected: list[int]
    weights: list[float]
    files: list[Hashable]
    days: list[date]
    blurs: list[float]


def _timed(found: Sequence[Weighted]) -> _Timed:
    columns = _Timed([], [], [], [], [], [], [], [], [])
    for weighted in found:
        o = weighted.observation
        if o.seconds is not None:
            columns.seconds.append(o.seconds / weighted.pace)
            columns.reply.append(o.reply_tokens)
            columns.text.append(o.reply_tokens - o.reasoning_tokens)
            columns.passes.append(o.passes)
            columns.rejected.append(o.rejected)
            columns.weights.append(weighted.weight)
            columns.files.append(o.file)
            columns.days.append(o.day)
            columns.blurs.append(o.seconds / weighted.pace * weighted.blur)
    return columns


@dataclass(frozen=True, slots=True)
class _Costs:
    """What the edits of one arm cost, in seconds, as columns, beside the length of their replies."""

    seconds: list[float]
    exposures: list[float]
    weights: list[float]
    files: list[Hashable]
    days: list[date]
    blurs: list[float]

    def ratio(self) -> Estimate | None:
        return ratio(self.seconds, self.exposures, self.weights, self.files, self.days, blurs=self.blurs)


def _costs(found: Sequence[Weighted], usual: Estimate | None, rates: Rates) -> _Costs:
    costs = _Costs([], [], [], [], [], [])
    for weighted in found:
        o = weighted.observation
        if o.seconds is None:
            continue
        seconds = o.seconds / weighted.pace
        # What was written beside one reply is paid for nothing.
        wasted = float(o.rejected)
        if not o.clean:
            wasted += max(0.0, o.reply_tokens - (weighted.exposure if o.done else 0.0))
        if not o.done and usual is not None:
            seconds += usual.value * weighted.exposure
        costs.seconds.append(seconds + rates.token_s * wasted)
        costs.exposures.append(weighted.exposure)
        costs.weights.append(weighted.weight)
        costs.files.append(o.file)
        costs.days.append(o.day)
        costs.blurs.append(o.seconds / weighted.pace * weighted.blur)
    return costs


def _contrast(
    sent: _Costs, plain: _Costs, sent_s: Estimate | None, plain_s: Estimate | None, days: Days
) -> Estimate | None:
    """The logarithm of what a token costs with a prediction, relative to one without.

    A day, and a file, has requests of both arms, which err together: their residuals are set off against each other
    within each cluster. What days leave open is added.
    """
    if sent_s is None or plain_s is None:
        return None
    found = combined(sent_s.value - plain_s.value, [(1.0, sent_s), (-1.0, plain_s)])
    shares: dict[str, defaultdict[Hashable, float]] = {
        "files": defaultdict(float),
        "days": defaultdict(float),
        "both": defaultdict(float),
        "hidden": defaultdict(float),
    }
    for costs, sign in ((sent, 1.0), (plain, -1.0)):
        weighted = [w * e for w, e in zip(costs.weights, costs.exposures, strict=True)]
        total = sum(weighted)
        value = _sum(costs.seconds, costs.weights) / total
        residuals = [
            sign * (w * s - value * e) / (value * total)
            for w, s, e in zip(costs.weights, costs.seconds, weighted, strict=True)
        ]
        for file, w, blur in zip(costs.files, costs.weights, costs.blurs, strict=True):
            shares["hidden"][file, sign] += w * blur / (value * total)
        both = list(zip(costs.files, costs.days, strict=True))
        ways: tuple[tuple[str, Sequence[Hashable]], ...] = (
            ("files", costs.files),
            ("days", costs.days),
            ("both", both),
        )
        for name, way in ways:
            sizes: defaultdict[Hashable, float] = defaultdict(float)
            for cluster, each in zip(way, weighted, strict=True):
                sizes[cluster] += each
            for cluster, residual in zip(way, residuals, strict=True):
                shares[name][cluster] += residual / max(1 - sizes[cluster] / total, _LEAST_LEVER)
    squares = {name: sum(each * each for each in cluster.values()) for name, cluster in shares.items()}
    errors = [squares["files"]]
    if len(shares["days"]) >= LEAST_CLUSTERS:
        errors += [squares["days"], squares["files"] + squares["days"] - squares["both"]]
    enough = len(shares["days"]) >= LEAST_CLUSTERS and len(shares["files"]) >= LEAST_CLUSTERS
    error = math.sqrt(max(errors) + squares["hidden"] + days.open)
    return replace(linear(found.value, error, found.freedom, found.skew), enough=enough)


def _sum(values: Sequence[float], weights: Sequence[float]) -> float:
    return sum([value * weight for value, weight in zip(values, weights, strict=True)])


def _logarithm(one: Estimate | None) -> Estimate | None:
    """The logarithm of a positive estimate, by the delta method."""
    if one is None or one.value <= 0:
        return None
    return replace(combined(math.log(one.value), [(1 / one.value, one)]), enough=one.enough)


def _saved(timed: _Timed, usual: Estimate | None, present: Estimate, days: Days) -> Estimate | None:
    """Seconds saved a request: the time of its reply at the plain speed, less its actual time, as things are now."""
    if usual is None:
        return None
    tau = usual.value
    own = mean(
        [tau * tokens - seconds for tokens, seconds in zip(timed.reply, timed.seconds, strict=True)],
        timed.weights,
        timed.files,
        timed.days,
        blurs=timed.blurs,
    )
    if own is None:
        return None
    tokens = _sum(timed.reply, timed.weights) / sum(timed.weights)
    took = _sum(timed.seconds, timed.weights) / sum(timed.weights)
    level = present.value
    found = combined(
        level * own.value,
        [
            (level, own),
            (level * tokens, usual),
            (own.value, present),
            (level * took, linear(0.0, math.sqrt(days.open), own.freedom)),
        ],
    )
    return replace(found, enough=own.enough and usual.enough and present.enough)


def _pass_cost(timed: _Timed, usual: Estimate | None, days: Days) -> Estimate | None:
    """`s`, from how much longer the passes took than plain tokens; None if no pass is left to measure."""
    if usual is None or usual.value <= 0:
        return None
    tau = usual.value
    in_tokens = [
        seconds / tau - (reply - text)
        for seconds, reply, text in zip(timed.seconds, timed.reply, timed.text, strict=True)
    ]
    own = ratio(in_tokens, timed.passes, timed.weights, timed.files, timed.days, blurs=timed.blurs)
    if own is None:
        return None
    slope = _sum(timed.seconds, timed.weights) / (_sum(timed.passes, timed.weights) * tau * tau)
    found = combined(
        own.value,
        [
            (1.0, own),
            (-slope, usual),
            (slope * tau, linear(0.0, math.sqrt(days.open), own.freedom)),
        ],
    )
    return replace(found, enough=own.enough and usual.enough)


def _pass_cost_limit(timed: _Timed, token_s: Estimate | None, rates: Rates) -> float | None:
    passes = _sum(timed.passes, timed.weights)
    if token_s is None or token_s.value <= 0 or not passes:
        return None
    price = rates.token_s / token_s.value
    return (_sum(timed.text, timed.weights) - price * _sum(timed.rejected, timed.weights)) / passes
