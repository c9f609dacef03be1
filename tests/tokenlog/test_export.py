"""One exported record, in full."""

from __future__ import annotations

from datetime import UTC, datetime

from editsvc.errors import Status
from editsvc.tokenlog import Source, Verdict
from editsvc.tokenlog.export import exported
from editsvc.tokenlog.rows import record_of


def test_an_exported_record_has_the_names_of_rewrite_json_and_what_the_log_knows() -> None:
    record = record_of(
        {
            "id": "5f0c",
            "created_at": datetime(2026, 11, 21, 6, 30, tzinfo=UTC),
            "source": Source.LSP,
            "status": Status.CHANGED,
            "language": "python",
            "provider": "cerebras",
            "model": "gpt-oss-120b",
            "path": "0123456789abcdef0123456789abcdef",
            "scope_kind": "symbol",
            "scope_start_line": 10,
            "scope_end_line": 42,
            "document_lines": 300,
            "document_bytes": 9000,
            "prediction_sent": True,
            "prediction_drawn": True,
            "prediction_kind": "scope",
            "prediction_reason": "default",
            "propensity": 0.95,
            "policy_version": "builtin-1",
            "editsvc_version": "0.1.0",
            "prompt_version": "23eddd02",
            "repository_hmac": "0123456789ab",
            "user_hmac": "none",
            "named_arm": "mini",
            "named_arm_propensity": 0.2,
            "request_id": "chatcmpl-1",
            "finish_reason": "stop",
            "attempts": 1,
            "prompt_tokens": 900,
            "cached_tokens": 256,
            "completion_tokens": 400,
            "reasoning_tokens": 20,
            "accepted_prediction_tokens": 300,
            "rejected_prediction_tokens": 30,
            "max_completion_tokens": 700,
            "ttft_s": 0.2,
            "total_s": 0.5,
            "tokens_per_s": 800.0,
            "queue_time_s": 0.001,
            "prompt_time_s": 0.03,
            "completion_time_s": 0.2,
            "cost_usd": 0.0006,
            "rejected_cost_usd": 0.00002,
            "rate_limit": {"x-ratelimit-remaining-requests-day": "899"},
            "hunks": 3,
            "hunks_accepted": 2,
            "hunks_survived": 1,
            "hunks_harmless": 0,
            "hunks_unexplained": 2,
            "verdict": Verdict.PARTIAL,
            "what_if": {"scope:resync": [300, 30], "draft:resync": [310, 12]},
            "scope_reason": "named",
            "parts_offered": 2,
            "parts_rewritten": 1,
            "edit_format": "rewrite",
            "restarts": ["whole-file"],
            "findings": {"loss:asked-again": 1},
            "route": [{"provider": "cerebras", "why": "first", "outcome": "ProviderTimeout"}],
        }
    )
    assert exported(record) == {
        "id": "5f0c",
        "created_at": "2026-11-21T06:30:00+00:00",
        "source": "lsp",
        "language": "python",
        "path": "0123456789abcdef0123456789abcdef",
        "status": "changed",
        "message": None,
        "error": None,
        "diff": None,
        "scope": {
            "kind": "symbol",
            "start_line": 10,
            "end_line": 42,
            "reason": "named",
            "parts_offered": 2,
            "parts_rewritten": 1,
        },
        "document": {"lines": 300, "bytes": 9000},
        "provider": "cerebras",
        "model": "gpt-oss-120b",
        "offline": False,
        "request_id": "chatcmpl-1",
        "finish_reason": "stop",
        "attempts": 1,
        "edit_format": "rewrite",
        "restarts": ["whole-file"],
        "findings": {"loss:asked-again": 1},
        "route": [{"provider": "cerebras", "why": "first", "outcome": "ProviderTimeout"}],
        "prediction": {"sent": True, "drawn": True, "kind": "scope", "reason": "default"},
        "propensity": 0.95,
        "policy_version": "builtin-1",
        "editsvc_version": "0.1.0",
        "prompt_version": "23eddd02",
        "repository": "0123456789ab",
        "user": "none",
        "arm": "mini",
        "arm_propensity": 0.2,
        "usage": {
            "prompt_tokens": 900,
            "cached_tokens": 256,
            "completion_tokens": 400,
            "reasoning_tokens": 20,
            "accepted_prediction_tokens": 300,
            "rejected_prediction_tokens": 30,
        },
        "max_completion_tokens": 700,
        "timing": {"ttft_s": 0.2, "total_s": 0.5, "tokens_per_s": 800.0},
        "server_timing": {"queue_time_s": 0.001, "prompt_time_s": 0.03, "completion_time_s": 0.2},
        "rate_limit": {"x-ratelimit-remaining-requests-day": "899"},
        "cost_usd": 0.0006,
        "rejected_cost_usd": 0.00002,
        "verdict": "partial",
        "verdict_by": None,
        "hunks": 3,
        "hunks_accepted": 2,
        "hunks_survived": 1,
        "hunks_harmless": 0,
        "hunks_unexplained": 2,
        "what_if": {"scope:resync": [300, 30], "draft:resync": [310, 12]},
        "instruction_class": None,
    }


def test_what_was_not_reported_is_null_and_not_zero() -> None:
    record = record_of(
        {
            "id": "5f0d",
            "created_at": datetime(2026, 11, 21, 6, 30, tzinfo=UTC),
            "source": Source.CLI,
            "status": Status.FAILED,
            "error": "IncompleteReply:length",
        }
    )
    shown = exported(record)
    assert shown["message"] == "IncompleteReply:length"
    assert set(shown["usage"].values()) == {None}
    assert set(shown["timing"].values()) == {None}
    assert shown["cost_usd"] is None
