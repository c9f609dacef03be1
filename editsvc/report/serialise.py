"""A report as JSON, for ``report --format json``."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from editsvc.report.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from editsvc.report.model import (
        Calibration,
        Compared,
        DayReport,
        Difference,
        Effect,
        Forecast,
        Period,
        Quantiles,
        Rate,
        Report,
        SpeedQuantiles,
        Summary,
        WhatIfSummary,
    )

SCHEMA: Final = 1


def to_json(report: Report, parts: Parts | None = None) -> dict[str, Any]:
    """`report` as an object for JSON; null means "not reported" or "not enough data".

    A part that fails is null, and named in ``missing`` and in `parts`.
    """
    parts = parts or Parts(report.missing)
    made: dict[str, Callable[[], Any]] = {
        "sample": lambda: {"requests": report.sample.requests, "of": report.sample.of},
        "time_saved": lambda: _effect(report.effect),
        "restarts": lambda: dict(report.restarts),
        "what_if": lambda: [_what_if(each) for each in report.what_if],
        "calibration": lambda: [_calibration(each) for each in report.calibrations],
        "days": lambda: [_day(each) for each in report.days],
        "comparison": lambda: _comparison(report),
        "forecast": lambda: _forecast(report.forecast),
        "groups": lambda: [{"key": dict(group.key), **_summary(group.summary)} for group in report.groups],
        "recommendations": lambda: [
            {
                "kind": each.kind,
                "sentence": each.sentence,
                "evidence": each.evidence,
                "numbers": dict(each.numbers),
            }
            for each in report.recommendations
        ],
    }
    return {
        "schema": SCHEMA,
        "since": _time(report.since),
        "first": _time(report.first),
        "last": _time(report.last),
        **_summary(report.summary),
        **{name: parts.part(name, make, None) for name, make in made.items()},
        "missing": [{"part": each.part, "sentence": each.sentence} for each in parts.missing],
    }


def _summary(summary: Summary) -> dict[str, Any]:
    prediction, verdicts, tokens = summary.prediction, summary.verdicts, summary.tokens
    return {
        "requests": summary.requests,
        "offline": summary.offline,
        "retried": summary.retried,
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
        "cost_reported": summary.cost_reported,
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


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "requests_with": effect.requests_with,
        "requests_without": effect.requests_without,
        "more_requests": effect.more_requests,
        "total_s": {"median": _difference(effect.total_s), "p95": _difference(effect.total_p95_s)},
        "completion_time_s": {
            "median": _difference(effect.completion_time_s),
            "p95": _difference(effect.completion_time_p95_s),
        },
    }


def _difference(difference: Difference) -> dict[str, float | None]:
    return {
        "value": difference.saved,
        "low": difference.low,
        "high": difference.high,
        "with_prediction": difference.with_prediction,
        "without_prediction": difference.without_prediction,
    }


def _comparison(report: Report) -> dict[str, Any] | None:
    found = report.comparison
    if found is None:
        return None
    return {
        "span_s": found.span.total_seconds(),
        "now": _period(found.now),
        "before": _period(found.before),
        "figures": [_compared(each) for each in found.figures],
        "models": [
            {
                "model": each.model,
                "now": each.now,
                "before": each.before,
                "change": {"value": each.change, "low": each.low, "high": each.high},
                "modelled": each.modelled,
                "missing": each.missing,
            }
            for each in found.models
        ],
        "groups": [
            {
                "key": dict(each.key),
                "requests_now": each.requests_now,
                "requests_before": each.requests_before,
                "figures": [_compared(figure) for figure in each.figures],
            }
            for each in found.groups
        ],
    }


def _period(period: Period) -> dict[str, Any]:
    return {
        "since": _time(period.since),
        "until": _time(period.until),
        "requests": period.requests,
        "cost_usd": period.cost_usd,
        "cost_reported": period.cost_reported,
    }


def _compared(each: Compared) -> dict[str, Any]:
    return {
        "name": each.name,
        "unit": each.unit.value,
        "now": each.now,
        "before": each.before,
        "change": {"value": each.change, "low": each.low, "high": each.high},
        "requests_now": each.requests_now,
        "requests_before": each.requests_before,
    }


def _forecast(found: Forecast | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "month": f"{found.month:%Y-%m}",
        "so_far_usd": found.so_far.usd,
        "cost_reported": found.so_far.reported,
        "requests": found.so_far.requests,
        "price_unknown": found.so_far.unpriced,
        "days": found.days,
        "expected_usd": {"value": found.expected_usd, "low": found.low, "high": found.high},
        "missing": found.missing,
    }


def _what_if(what_if: WhatIfSummary) -> dict[str, Any]:
    return {
        "candidate": what_if.candidate,
        "preset": what_if.preset,
        "requests": what_if.requests,
        "accepted_tokens": what_if.accepted,
        "rejected_tokens": what_if.rejected,
        "acceptance": what_if.acceptance,
        "sent": {
            "requests": what_if.sent_requests,
            "accepted_tokens": what_if.sent_accepted,
            "rejected_tokens": what_if.sent_rejected,
        },
    }


def _calibration(calibration: Calibration) -> dict[str, Any]:
    return {
        "preset": calibration.preset,
        "requests": calibration.requests,
        "error": calibration.error,
        "bins": [
            {"predicted": each.predicted, "actual": _rate(each.actual), "requests": each.actual.requests}
            for each in calibration.bins
        ],
    }


def _day(day: DayReport) -> dict[str, Any]:
    return {
        "day": day.day.isoformat(),
        "requests": day.requests,
        "completion_tokens": day.completion,
        "accepted_tokens": day.accepted,
        "rejected_tokens": day.rejected,
        "acceptance": _rate(day.acceptance),
    }


def _rate(rate: Rate) -> dict[str, float | None]:
    return {"value": rate.value, "low": rate.low, "high": rate.high}


def _speed(speed: SpeedQuantiles) -> dict[str, Any]:
    return {
        "requests": speed.requests,
        "ttft_s": _quantiles(speed.ttft_s),
        "total_s": _quantiles(speed.total_s),
        "tokens_per_s": _quantiles(speed.tokens_per_s),
        "queue_time_s": _quantiles(speed.queue_time_s),
        "completion_time_s": _quantiles(speed.completion_time_s),
    }


def _quantiles(quantiles: Quantiles) -> dict[str, float | None]:
    return {"median": quantiles.median, "p95": quantiles.p95}


def _time(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat() if time is not None else None
