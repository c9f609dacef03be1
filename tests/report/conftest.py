"""Records for reports."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from editsvc.errors import Status
from editsvc.tokenlog import RequestRecord, Source

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
        return RequestRecord(**(defaults | fields))

    return make


@pytest.fixture
def predicted(make_record: Callable[..., RequestRecord]) -> Callable[..., RequestRecord]:
    """A record with a prediction: predicted(accepted, rejected, completion tokens)."""

    def make(
        accepted: int | None, rejected: int | None, completion: int | None, **fields: Any
    ) -> RequestRecord:
        return make_record(
            prediction_sent=True,
            accepted_prediction_tokens=accepted,
            rejected_prediction_tokens=rejected,
            completion_tokens=completion,
            **fields,
        )

    return make
