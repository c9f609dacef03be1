"""What the numbers say to do. Nothing is said that they do not bear out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.errors import Status
from editsvc.report.intervals import FLOOR
from editsvc.report.model import Recommendation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from editsvc.report.model import Summary

# Time is saved iff coverage exceeds f(s-1)/(1 + f(s-1)), with s the cost of a verifying pass against a plain
# one and f the share of passes that verify. The cheapest s that was measured is 1.13; at f = 1 that is 0.115.
BREAK_EVEN_COVERAGE: Final = 0.115
_MUCH_REJECTED: Final = 0.25
_MANY_FAILED: Final = 0.05


def recommendations(overall: Summary, by_model: Mapping[str | None, Summary]) -> list[Recommendation]:
    """What to do, or to know, about these requests; empty if there is nothing to say."""
    found = [*_offline(overall), *_failures(overall)]
    for model in sorted(by_model, key=lambda name: (-by_model[name].requests, name or "")):
        if model is not None:
            summary = by_model[model]
            found += (*_usage(model, summary), *_coverage(model, summary), *_cost(model, summary))
    return found


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
    numbers: dict[str, str | int | float | None] = {"model": model, "requests": prediction.sent}
    if prediction.accepted_tokens is None and prediction.rejected_tokens is None:
        yield Recommendation(
            "no-prediction-tokens",
            f"Model {model} reported no prediction tokens in {sent}: "
            "what predictions are worth there cannot be measured.",
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
        return  # the prediction is not used at all, and that is said elsewhere
    if coverage.value is None or coverage.high is None or coverage.high >= BREAK_EVEN_COVERAGE:
        return
    yield Recommendation(
        "coverage-below-break-even",
        f"Predictions covered {coverage.value:.1%} of what model {model} wrote in "
        f"{_requests(coverage.requests)}, at most {coverage.high:.1%} with 95 % confidence: "
        f"below {BREAK_EVEN_COVERAGE:.1%} they cost time even where verifying is cheap.",
        {"model": model, "requests": coverage.requests, "coverage": coverage.value, "high": coverage.high},
    )


def _cost(model: str, summary: Summary) -> Iterator[Recommendation]:
    rejected, cost = summary.prediction.rejected_cost_usd, summary.cost_usd
    if summary.prediction.sent < FLOOR or not rejected or not cost or rejected < _MUCH_REJECTED * cost:
        return
    yield Recommendation(
        "rejected-tokens-cost",
        f"Rejected prediction tokens cost ${rejected:.4f} with model {model}, "
        f"{rejected / cost:.0%} of ${cost:.4f} in {_requests(summary.requests)}.",
        {"model": model, "requests": summary.requests, "rejected_cost_usd": rejected, "cost_usd": cost},
    )


def _requests(count: int) -> str:
    return f"{count} request" if count == 1 else f"{count} requests"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
