"""Records for reports."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from editsvc.errors import Status
from editsvc.tokenlog import RequestRecord, Source, Verdict
from editsvc.tokenlog.rows import record_of

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def make_record() -> Callable[..., RequestRecord]:
    """Records of changed edits an hour apart from 2026-11-01 on, one attempt each; any field can be set."""
    numbers = itertools.count()

    def make(**fields: Any) -> RequestRecord:
        number = next(numbers)
        defaults: dict[str, Any] = {
            "id": f"r{number}",
            "created_at": datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=number),
            "source": Source.CLI,
            "status": Status.CHANGED,
            "attempts": 1,
        }
        return record_of(defaults | fields)

    return make


@pytest.fixture
def predicted(make_record: Callable[..., RequestRecord]) -> Callable[..., RequestRecord]:
    """A record with a prediction: predicted(accepted, rejected, completion tokens)."""

    def make(
        accepted: int | None, rejected: int | None, completion: int | None, **fields: Any
    ) -> RequestRecord:
        return make_record(
            prediction_sent=fields.pop("prediction_sent", True),
            accepted_prediction_tokens=accepted,
            rejected_prediction_tokens=rejected,
            completion_tokens=completion,
            **fields,
        )

    return make


@pytest.fixture
def randomised(make_record: Callable[..., RequestRecord]) -> Callable[..., RequestRecord]:
    """A randomised request: randomised(sent, seconds)."""

    def make(sent: bool, total_s: float | None, chance: float | None = None, **fields: Any) -> RequestRecord:
        propensity = chance if chance is not None else (0.9 if sent else 0.1)
        return make_record(prediction_sent=sent, total_s=total_s, propensity=propensity, **fields)

    return make


@pytest.fixture
def busy_month(make_record: Callable[..., RequestRecord]) -> list[RequestRecord]:
    """Thirty days of two models, one request in eight held out at random, everything reported."""
    rng = random.Random(20261121)
    records = []
    for number in range(2_400):
        sent = rng.random() < 0.875
        size = 60 + int(rng.lognormvariate(5.8, 0.7))
        share = rng.betavariate(6, 1.3) if number % 3 else rng.betavariate(2, 2)
        accepted = int(size * share) if sent else 0
        rejected = int((size - accepted) * rng.uniform(0.2, 0.6)) if sent else 0
        writing = (size - accepted) * 1.15 / 900 * rng.lognormvariate(0, 0.15)
        ttft = rng.lognormvariate(-1.5, 0.25)
        failed = rng.random() < 0.02
        records.append(
            make_record(
                created_at=datetime(2026, 10, 22, tzinfo=UTC) + timedelta(minutes=18 * number),
                status=Status.FAILED if failed else Status.CHANGED,
                error="ProviderTimeout" if failed else None,
                source=Source.LSP if number % 4 else Source.CLI,
                provider="cerebras",
                model="gpt-oss-120b" if number % 3 else "qwen-3-235b",
                language=("python", "typescript", "go")[number % 3],
                scope_kind=("file", "symbol")[number % 2],
                document_bytes=size * 4,
                prediction_sent=sent,
                prediction_kind="file" if sent else None,
                prediction_reason="predictable" if sent else "held-out",
                propensity=0.875 if sent else 0.125,
                policy_version="rule-1",
                attempts=2 if number % 50 == 0 else 1,
                prompt_tokens=2 * size,
                cached_tokens=size // 2,
                completion_tokens=size + rejected,
                reasoning_tokens=0,
                accepted_prediction_tokens=accepted,
                rejected_prediction_tokens=rejected,
                ttft_s=ttft,
                total_s=ttft + writing,
                tokens_per_s=size / (ttft + writing),
                queue_time_s=0.002,
                completion_time_s=writing,
                cost_usd=size * 2e-6,
                rejected_cost_usd=rejected * 1e-6,
                hunks=3,
                hunks_accepted=rng.randrange(4),
                verdict=(None, *Verdict)[rng.randrange(4)],
                what_if={
                    "none": [0, 0],
                    "file:resync": [int(size * share), int(size * (1 - share) * 0.4)],
                    "file:prefix-only": [int(size * share * 0.4), int(size * 0.2)],
                    "scope:resync": [int(size * share * 0.8), int(size * (1 - share) * 0.3)],
                },
                instruction_class=("rename", "fix")[number % 2],
            )
        )
    return records
