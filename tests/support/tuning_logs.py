"""Records of edits that say whether predictions pay."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from editsvc.errors import Status
from editsvc.tokenlog import RequestRecord, Source
from editsvc.tokenlog.rows import record_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_IDS = count()


def logged(requests: int, *, accepted: float, start: datetime) -> Iterator[RequestRecord]:
    """Edits every two hours, a quarter of them without a prediction; with one, a pass takes half as long again."""
    for number in range(requests):
        sent = number % 4 != 0
        reply = 300 + 37 * (number * 7 % 20)
        taken = round(reply * accepted) if sent else 0
        yield record_of(
            {
                "id": f"made-{next(_IDS)}",
                "created_at": start + number * timedelta(hours=2),
                "source": Source.LSP,
                "status": Status.CHANGED,
                "provider": "cerebras",
                "model": "gpt-oss-120b",
                "attempts": 1,
                "finish_reason": "stop",
                "prediction_sent": sent,
                "prediction_reason": "predictable" if sent else "held-out",
                "propensity": 0.75 if sent else 0.25,
                "completion_tokens": reply + (40 if sent else 0),
                "accepted_prediction_tokens": taken if sent else None,
                "rejected_prediction_tokens": 40 if sent else None,
                "completion_time_s": (reply - taken) / 1_500 * (1.5 if sent else 1.0) * (1 + number % 4 / 50),
            }
        )
