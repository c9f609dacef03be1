"""Observations and records as a server would leave them whose every number is known."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tuning_cases import START, Made

from editsvc.errors import Status
from editsvc.prediction.policy import Cell
from editsvc.tokenlog import RequestRecord, Source
from editsvc.tokenlog.rows import record_of
from editsvc.tuning.observation import Observation, Weighted

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def make_observation() -> Callable[..., Observation]:
    """Observations an hour apart; any field can be set."""
    numbers = itertools.count()

    def make(made: Made, **fields: Any) -> Observation:
        defaults: dict[str, Any] = {
            "at": START + timedelta(hours=next(numbers)),
            "cell": Cell("cerebras", "gpt-oss-120b"),
            "sent": made.accepted is not None,
            "reply_tokens": made.reply,
            "reasoning_tokens": 0,
            "accepted": made.accepted or 0,
            "rejected": made.rejected,
            "seconds": made.seconds,
        }
        return Observation(**(defaults | fields))

    return make


@pytest.fixture
def weighted(make_observation: Callable[..., Observation]) -> Callable[..., list[Weighted]]:
    """Observations that all count fully."""

    def make(*made: Made, **fields: Any) -> list[Weighted]:
        found = [make_observation(one, **fields) for one in made]
        return [Weighted(one, 1.0, float(one.reply_tokens)) for one in found]

    return make


@pytest.fixture
def make_record() -> Callable[..., RequestRecord]:
    """Whole replies of a server, an hour apart; any field can be set."""
    numbers = itertools.count()

    def make(made: Made | None = None, **fields: Any) -> RequestRecord:
        number = next(numbers)
        made = made or Made(500)
        sent = made.accepted is not None
        defaults: dict[str, Any] = {
            "id": f"r{number}",
            "created_at": START + timedelta(hours=number),
            "source": Source.CLI,
            "status": Status.CHANGED,
            "provider": "cerebras",
            "model": "gpt-oss-120b",
            "attempts": 1,
            "finish_reason": "stop",
            "prediction_sent": sent,
            "prediction_reason": "predictable" if sent else "held-out",
            "propensity": 0.9 if sent else 0.1,
            "accepted_prediction_tokens": made.accepted,
            "rejected_prediction_tokens": made.rejected if sent else None,
            "completion_tokens": made.reply + made.rejected,
            "completion_time_s": made.seconds,
        }
        return record_of(defaults | fields)

    return make
