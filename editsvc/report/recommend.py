"""Recommendations, made only if the numbers support them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.errors import Status
from editsvc.report.formatting import dollars, seconds, share
from editsvc.report.intervals import FLOOR
from editsvc.report.model import Recommendation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from editsvc.report.model import Difference, Effect, Summary

    Numbers = dict[str, str | int | float | None]

# Time is saved iff the accepted share exceeds f(s-1)/(1 + f(s-1)), with s the cost of a verifying pass relative to
# # a plain one and f the share of passes that verify. The cheapest s that was measured is 1.13; at f = 1 that is
# 0.115.
BREAK_EVEN_COVERAGE: Final = 0.115
_MUCH_REJECTED: Final = 0.25
_MANY_FAILED: Final = 0.05
# Correct whether exploration is on or off, so the setting need not be known.
_EXPLORE: Final = (
    "As long as the setting exploration is above 0, a random share of the requests is sent without a prediction: "
    "run the report again when the log has some hundreds of them"
)


def recommendations(
    overall: Summary,
    effect: Effect,
    by_model: Mapping[str | None, Summary],
    effects: Mapping[str, Effect],
) -> list[Recommendation]:
    """Recommendations for these requests; the first says whether predictions pay off."""
    found = [_verdict(overall, effect)]
    models = sorted(by_model, key=lambda name: (-by_model[name].requests, name or ""))
    for model in models:
        if model is not None and len(effects) > 1 and model in effects:
            found += _against(model, effects[model], effect)
    found += (*_offline(overall), *_failures(overall))
    for model in models:
        if model is not None:
            summary = by_model[model]
            found += (*_usage(model, summary), *_coverage(model, summary), *_cost(model, summary))
    return found


def _verdict(overall: Summary, effect: Effect) -> Recommendation:
    """Whether to predict: in plain words, with the figure and its confidence."""
    time = effect.total_s
    numbers: Numbers = {
        "requests_with": effect.requests_with,
        "requests_without": effect.requests_without,
        "saved_s": time.saved,
        "low_s": time.low,
        "high_s": time.high,
        "more_requests": effect.more_requests,
    }
    if not overall.requests:
        return Recommendation(
            "no-requests", "Not enough data: the log has no requests from this period.", numbers
        )
    if overall.offline == overall.requests:
        return Recommendation("not-enough-data", _too_few(overall, effect), numbers)
    if not overall.prediction.sent:
        return Recommendation(
            "no-predictions",
            f"Not enough data: none of {_requests(overall.requests)} sent a prediction, "
            "so their value is unknown.",
            numbers,
        )
    if time.saved is None or time.low is None or time.high is None:
        return Recommendation("not-enough-data", _too_few(overall, effect), numbers)
    if time.low > 0:
        return Recommendation("keep-predicting", f"Keep predictions on: {_figures(effect, time)}", numbers)
    if time.high < 0:
        return Recommendation("stop-predicting", f"Turn predictions off: {_figures(effect, time)}", numbers)
    return Recommendation("no-difference-yet", _undecided(effect, time), numbers)


def _too_few(overall: Summary, effect: Effect) -> str:
    told = "Not enough data to say whether predictions save time: "
    if overall.offline == overall.requests:
        return f"{told}the offline engine answered all requests, and its times are modelled."
    if not effect.requests_with and not effect.requests_without:
        return f"{told}no request was randomised. {_EXPLORE}."
    fewer, less = min((effect.requests_without, "without"), (effect.requests_with, "with"))
    more = (
        f"; about {_requests(effect.more_requests, 'more request')} will suffice"
        if effect.more_requests
        else ""
    )
    return f"{told}{FLOOR} requests that went out {less} prediction at random are needed, and there are {fewer}{more}."


def _figures(effect: Effect, time: Difference) -> str:
    """The time of the median edit with and without predictions, and the difference."""
    assert time.saved is not None and time.low is not None and time.high is not None  # noqa: PT018, S101
    faster = time.saved > 0
    low, high = sorted((abs(time.low), abs(time.high)))
    return (
        f"with them half of the edits are done in {seconds(time.with_prediction)}, without in "
        f"{seconds(time.without_prediction)}. That is {seconds(abs(time.saved))} {'saved' if faster else 'lost'} "
        f"(95 % sure: between {seconds(low)} and {seconds(high)}), "
        f"measured on {_requests(effect.requests_with + effect.requests_without)} chosen at random."
    )


def _undecided(effect: Effect, time: Difference) -> str:
    more = (
        f"About {_requests(effect.more_requests, 'more request')} should settle it."
        if effect.more_requests
        else "The difference, if there is one, is too small to matter; let the bill decide."
    )
    return (
        "Not enough data to say whether predictions save time: the median edit is between "
        f"{_either_way(time.low)} and {_either_way(time.high)} (95 % sure). {more}"
    )


def _either_way(saved: float | None) -> str:
    return f"{seconds(abs(saved or 0.0))} {'faster' if (saved or 0.0) > 0 else 'slower'} with them"


def _against(model: str, effect: Effect, overall: Effect) -> Iterator[Recommendation]:
    """Models whose answer differs from that for all together."""
    time, all_times = effect.total_s, overall.total_s
    if time.saved is None or time.low is None or time.high is None:
        return
    numbers: Numbers = {"model": model, "saved_s": time.saved, "low_s": time.low, "high_s": time.high}
    if time.high < 0 and not (all_times.high is not None and all_times.high < 0):
        yield Recommendation(
            "stop-predicting-for-model",
            f"With model {model}, turn predictions off: {_figures(effect, time)}",
            numbers,
        )
    if time.low > 0 and not (all_times.low is not None and all_times.low > 0):
        yield Recommendation(
            "keep-predicting-for-model",
            f"With model {model}, keep predictions on: {_figures(effect, time)}",
            numbers,
        )


def _offline(summary: Summary) -> Iterator[Recommendation]:
    if summary.offline:
        yield Recommendation(
            "offline-engine",
            f"The offline engine answered {summary.offline} of {_requests(summary.requests)}: "
            "their tokens, times and costs are modelled, not measured.",
            {"offline": summary.offline, "requests": summary.requests},
        )


def _failures(summary: Summary) -> Iterator[Recommendation]:
    failed = summary.statuses[Status.FAILED]
    if summary.requests < FLOOR or failed < _MANY_FAILED * summary.requests:
        return
    errors = summary.errors.get(Status.FAILED, {})
    kind = next(iter(errors), None)
    often = f", most often with {kind} ({_times(errors[kind])})" if kind is not None else ""
    yield Recommendation(
        "many-failures",
        f"{failed} of {_requests(summary.requests)} failed{often}.",
        {"failed": failed, "requests": summary.requests, "error": kind},
    )


def _usage(model: str, summary: Summary) -> Iterator[Recommendation]:
    prediction = summary.prediction
    if prediction.sent < FLOOR or prediction.accepted_tokens or prediction.rejected_tokens:
        return
    sent = f"{_requests(prediction.sent)} that sent a prediction"
    numbers: Numbers = {"model": model, "requests": prediction.sent}
    if prediction.accepted_tokens is None and prediction.rejected_tokens is None:
        yield Recommendation(
            "no-prediction-tokens",
            f"Model {model} reported no prediction tokens in {sent}: "
            "the value of predictions cannot be measured there.",
            numbers,
        )
    else:
        yield Recommendation(
            "prediction-ignored",
            f"Model {model} accepted no prediction token and rejected none in {sent}: "
            "it seems to ignore predictions.",
            numbers,
        )


def _coverage(model: str, summary: Summary) -> Iterator[Recommendation]:
    prediction, coverage = summary.prediction, summary.prediction.coverage
    if not prediction.accepted_tokens and not prediction.rejected_tokens:
        return  # the prediction is not used at all, which another recommendation says
    if coverage.value is None or coverage.high is None or coverage.high >= BREAK_EVEN_COVERAGE:
        return
    yield Recommendation(
        "coverage-below-break-even",
        f"Predictions covered {share(coverage.value)} of what model {model} wrote in "
        f"{_requests(coverage.requests)}, at most {share(coverage.high)} with 95 % confidence: "
        f"below {share(BREAK_EVEN_COVERAGE)} they cost time even where verifying is cheap.",
        {"model": model, "requests": coverage.requests, "coverage": coverage.value, "high": coverage.high},
    )


def _cost(model: str, summary: Summary) -> Iterator[Recommendation]:
    rejected, cost = summary.prediction.rejected_cost_usd, summary.cost_usd
    if summary.prediction.sent < FLOOR or not rejected or not cost or rejected < _MUCH_REJECTED * cost:
        return
    yield Recommendation(
        "rejected-tokens-cost",
        f"Rejected prediction tokens cost {dollars(rejected)} with model {model}, "
        f"{share(rejected / cost)} of {dollars(cost)} in {_requests(summary.requests)}.",
        {"model": model, "requests": summary.requests, "rejected_cost_usd": rejected, "cost_usd": cost},
    )


def _requests(count: int, noun: str = "request") -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
