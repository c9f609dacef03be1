"""Records of edits that say whether predictions pay."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from tuning_cases import TAU

from editsvc.errors import Status
from editsvc.tokenlog import RequestRecord, Source
from editsvc.tokenlog.rows import record_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_IDS = count()


def logged(
    requests: int,
    *,
    accepted: float,
    start: datetime,
    apart: timedelta = timedelta(hours=2),
) -> Iterator[RequestRecord]:
    """Edits so far apart, a fifth of them without a prediction; with one, a pass takes a tenth longer.

    A prediction gets the share `accepted` of the reply, or 5 % of that more or less.
    """
    for number in range(requests):
        sent = number % 5 != 0
        reply = 300 + 37 * (number * 7 % 20)
        taken = round(reply * accepted * (0.95 + number % 3 / 20)) if sent else 0
        yield record_of(
            {
                "id": f"made-{next(_IDS)}",
                "created_at": start + number * apart,
                "source": Source.LSP,
                "status": Status.CHANGED,
                "provider": "cerebras",
                "model": "gpt-oss-120b",
                "attempts": 1,
                "finish_reason": "stop",
                "prediction_sent": sent,
                "prediction_reason": "predictable" if sent else "held-out",
                "propensity": 0.8 if sent else 0.2,
                "completion_tokens": reply + (20 if sent else 0),
                "accepted_prediction_tokens": taken if sent else None,
                "rejected_prediction_tokens": 20 if sent else None,
                "completion_time_s": TAU * (reply - taken) * (1.1 if sent else 1.0) * (1 + number % 4 / 50),
            }
        )
