"""A report as ``report --format json`` prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import datetime

    from editsvc.report.model import Quantiles, Rate, Report, Speed, Summary

SCHEMA: Final = 1


def to_json(report: Report) -> dict[str, Any]:
    """`report` as an object for JSON; null means "not reported" or "not enough data"."""
    return {
        "schema": SCHEMA,
        "since": _time(report.since),
        "first": _time(report.first),
        "last": _time(report.last),
        **_summary(report.summary),
        "groups": [{"key": dict(group.key), **_summary(group.summary)} for group in report.groups],
        "recommendations": [
            {"kind": each.kind, "sentence": each.sentence, "numbers": dict(each.numbers)}
            for each in report.recommendations
        ],
    }


def _summary(summary: Summary) -> dict[str, Any]:
    prediction, verdicts, tokens = summary.prediction, summary.verdicts, summary.tokens
    return {
        "requests": summary.requests,
        "offline": summary.offline,
        "usage_reported": summary.usage_reported,
        "statuses": {status.value: count for status, count in summary.statuses.items()},
        "errors": {status.value: dict(kinds) for status, kinds in summary.errors.items()},
        "tokens": {
            "prompt": tokens.prompt,
            "cached": tokens.cached,
            "completion": tokens.completion,
            "reasoning": tokens.reasoning,
        },
        "cost_usd": summary.cost_usd,
        "prediction": {
            "sent": prediction.sent,
            "acceptance": _rate(prediction.acceptance),
            "coverage": _rate(prediction.coverage),
            "accepted_tokens": prediction.accepted_tokens,
            "rejected_tokens": prediction.rejected_tokens,
            "rejected_cost_usd": prediction.rejected_cost_usd,
        },
        "latency": {
            **_speed(summary.latency.overall),
            "with_prediction": _speed(summary.latency.with_prediction),
            "without_prediction": _speed(summary.latency.without_prediction),
        },
        "verdicts": {
            "accepted": verdicts.accepted,
            "partial": verdicts.partial,
            "rejected": verdicts.rejected,
            "open": verdicts.open,
            "edits": _rate(verdicts.edits),
            "hunks": _rate(verdicts.hunks),
        },
    }


def _rate(rate: Rate) -> dict[str, float | None]:
    return {"value": rate.value, "low": rate.low, "high": rate.high}


def _speed(speed: Speed) -> dict[str, Any]:
    return {
        "requests": speed.requests,
        "ttft_s": _quantiles(speed.ttft_s),
        "total_s": _quantiles(speed.total_s),
        "tokens_per_s": _quantiles(speed.tokens_per_s),
        "completion_time_s": _quantiles(speed.completion_time_s),
    }


def _quantiles(quantiles: Quantiles) -> dict[str, float | None]:
    return {"median": quantiles.median, "p95": quantiles.p95}


def _time(time: datetime | None) -> str | None:
    return time.isoformat() if time is not None else None
