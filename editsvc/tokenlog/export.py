"""A record as ``log export`` prints it: the names of ``rewrite --json``, and what only the log knows."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from editsvc.tokenlog.rows import logged

if TYPE_CHECKING:
    from editsvc.tokenlog.record import RequestRecord


def exported(record: RequestRecord) -> dict[str, Any]:
    """`record` as an object for JSON; unreported values are null.

    `path`, `repository` and `user` are HMACs, `message` and `error` the kind of the error, `diff` always null,
    `created_at` ISO 8601 in UTC.
    """
    return {
        "id": record.id,
        "created_at": record.created_at.astimezone(UTC).isoformat(),
        "source": record.source.value,
        "language": record.language,
        "path": record.path,
        "status": record.status.value,
        "message": record.error,
        "error": record.error,
        "diff": None,
        "scope": {
            **logged(record.scope),
            "parts_offered": record.parts.offered,
            "parts_rewritten": record.parts.rewritten,
        },
        "document": logged(record.document),
        "provider": record.provider,
        "model": record.model,
        "offline": record.offline,
        "request_id": record.request_id,
        "finish_reason": record.finish_reason,
        "attempts": record.attempts,
        "edit_format": record.edit_format,
        "restarts": record.restarts or [],
        "findings": record.findings or {},
        "route": record.route,
        "prediction": logged(record.prediction),
        "propensity": record.propensity,
        "policy_version": record.policy_version,
        "editsvc_version": record.editsvc_version,
        "prompt_version": record.prompt_version,
        "repository": record.repository_hmac,
        "user": record.user_hmac,
        "arm": record.named_arm,
        "arm_propensity": record.named_arm_propensity,
        "usage": logged(record.usage),
        "max_completion_tokens": record.max_completion_tokens,
        "timing": logged(record.timing),
        "server_timing": logged(record.server),
        "rate_limit": record.rate_limit,
        "cost_usd": record.cost_usd,
        "rejected_cost_usd": record.rejected_cost_usd,
        "verdict": record.verdict.value if record.verdict is not None else None,
        "verdict_by": record.verdict_by,
        "hunks": record.hunks,
        "hunks_accepted": record.hunks_accepted,
        "hunks_survived": record.hunks_survived,
        "hunks_harmless": record.hunks_harmless,
        "hunks_unexplained": record.hunks_unexplained,
        "what_if": record.what_if,
        "instruction_class": record.instruction_class,
    }
