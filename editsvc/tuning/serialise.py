"""Tuning and its bench as JSON."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from editsvc.tuning.sentences import would_flip

if TYPE_CHECKING:
    from editsvc.prediction.policy import Cell
    from editsvc.tuning.drift import Change
    from editsvc.tuning.estimates import Estimate
    from editsvc.tuning.evaluation import Evaluation
    from editsvc.tuning.judge import Finding
    from editsvc.tuning.tune import Tuning


def to_json(tuning: Tuning) -> dict[str, Any]:
    """The findings and decisions; unknown values are null. Seconds, US dollars, shares between 0 and 1."""
    return {
        "schema": 1,
        "records": tuning.records,
        "usable": tuning.usable,
        "objective": tuning.worth.objective.value,
        "value_of_time": tuning.worth.value_of_time,
        "findings": [_finding(finding, tuning) for finding in tuning.findings],
        "changes": [_change(change) for change in tuning.changes],
        "evaluation": _evaluation(tuning.evaluation),
    }


def _finding(finding: Finding, tuning: Tuning) -> dict[str, Any]:
    found = finding.savings
    return {
        **_cell(finding.cell),
        "predict": finding.predict,
        "before": finding.standing,
        "missing": finding.missing or None,
        "unsupported": finding.unsupported,
        "requests": finding.requests,
        "with_prediction": found.sent,
        "without_prediction": found.plain,
        "acceptance": _estimate(found.acceptance),
        "coverage": _estimate(found.coverage),
        "token_s": _estimate(found.token_s),
        "pass_cost": _estimate(found.pass_cost),
        "saved_s": _estimate(found.saved_s),
        "rejected_cost_usd": found.rejected_cost if finding.price_known else None,
        "net_share": _estimate(finding.net),
        "certainty": finding.certainty,
        "basis": finding.basis,
        "ignored": finding.ignored,
        "net_s": found.net_s,
        "repeated": found.repeated,
        "failed": found.failed,
        "since": finding.since.astimezone(UTC).isoformat() if finding.since is not None else None,
        "randomised": {
            "requests": finding.check.requests if finding.check is not None else 0,
            "saved_s": _estimate(finding.check.saved_s if finding.check is not None else None),
            "disagrees": finding.check.disagrees if finding.check is not None else None,
        },
        "flips_at": {"pass_cost": found.pass_cost_limit, "value_of_time": _hour(finding, tuning)},
        "would_flip": would_flip(finding, tuning.worth) or None,
        "scope_min_tokens": finding.scope_min_tokens,
    }


def _hour(finding: Finding, tuning: Tuning) -> float | None:
    limit = finding.savings.hour_limit
    return None if limit is None else tuning.worth.in_users_terms(limit)


def _change(change: Change) -> dict[str, Any]:
    return {
        **_cell(change.cell),
        "kind": change.kind.value,
        "at": change.at.astimezone(UTC).isoformat(),
        "before": change.before,
        "after": change.after,
        "requests": change.requests,
        "sentence": change.sentence,
    }


def _evaluation(found: Evaluation) -> dict[str, Any]:
    return {
        "requests": found.requests,
        "effective": found.effective,
        "logged_s": _estimate(found.logged),
        "snips_s": _estimate(found.snips),
        "doubly_robust_s": _estimate(found.doubly_robust),
        "refusal": found.refusal or None,
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {"provider": cell.provider, "model": cell.model, "scope_kind": cell.scope_kind, "size": cell.size}


def _estimate(one: Estimate | None) -> dict[str, float | None]:
    if one is None:
        return {"value": None, "low": None, "high": None}
    if not one.enough:
        return {"value": one.value, "low": None, "high": None}
    return {"value": one.value, "low": one.low, "high": one.high}
