"""Results as commands answer them: the names are those of ``rewrite --json``, what was not reported is null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from editsvc.diff import unified_diff
from editsvc.text import Snapshot

if TYPE_CHECKING:
    from editsvc.service import EditResult


def numbers(result: EditResult | None) -> dict[str, Any]:
    """What is known about the request: tokens, prediction, times, who answered."""
    usage = result.usage if result else None
    timing = result.timing if result else None
    decision = result.decision if result else None
    scope = result.scope if result else None
    return {
        "usage": {
            "prompt_tokens": usage.prompt_tokens if usage else None,
            "cached_tokens": usage.cached_tokens if usage else None,
            "completion_tokens": usage.completion_tokens if usage else None,
            "reasoning_tokens": usage.reasoning_tokens if usage else None,
            "accepted_prediction_tokens": usage.accepted_prediction_tokens if usage else None,
            "rejected_prediction_tokens": usage.rejected_prediction_tokens if usage else None,
        },
        "prediction": {
            "sent": decision.send if decision else False,
            "kind": result.prediction_kind if result else None,
            "reason": decision.reason if decision else None,
        },
        "timing": {
            "ttft_s": timing.ttft_s if timing else None,
            "total_s": timing.total_s if timing else None,
            "tokens_per_s": timing.tokens_per_s if timing else None,
        },
        "scope": {"kind": scope.kind, "start_line": scope.first_line, "end_line": scope.last_line}
        if scope
        else None,
        "provider": result.provider if result else None,
        "model": result.model if result else None,
        "request_id": result.request_id if result else None,
        "finish_reason": result.finish_reason if result else None,
        "cost_usd": result.cost_usd if result else None,
        "offline": result.offline if result else None,
        "warnings": list(result.warnings) if result else [],
    }


def diff_of(before: str, after: str, path: str) -> str:
    """The unified diff of two texts that are valid Unicode."""
    return unified_diff(Snapshot(before).encode(), Snapshot(after).encode(), path).decode()


def summary(result: EditResult) -> str:
    """What the end of the progress says, in a few words."""
    hunks = len(result.edits)
    parts = [f"{hunks} hunk{'' if hunks == 1 else 's'}"]
    accepted = result.usage.accepted_prediction_tokens
    rejected = result.usage.rejected_prediction_tokens
    if accepted is not None and rejected is not None and accepted + rejected:
        parts.append(f"{100 * accepted // (accepted + rejected)} % of the prediction accepted")
    if result.timing.total_s is not None:
        parts.append(f"{result.timing.total_s:.1f} s")
    if result.offline:
        parts.append("by the offline engine")
    return " · ".join(parts)
