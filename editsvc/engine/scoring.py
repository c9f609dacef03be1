"""Scores the candidate predictions after an edit, in the background."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from editsvc.tokenlog.errors import LogUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

_WAITING = 64  # edits in the queue; further ones are not scored


class _Log(Protocol):
    """The destination of the scores; raises LogUnavailable."""

    def set_what_if(self, record_id: str, what_if: dict[str, list[int]]) -> object:
        """Add numbers to a record."""
        ...


class _ScoredEdit(NamedTuple):
    record_id: str
    candidates: Mapping[str, str]
    reply: str


class BackgroundScorer:
    """Scores edits one after the other in a thread of its own; the texts are dropped when that is done."""

    def __init__(self, log: _Log) -> None:
        self._log = log
        self._edits: queue.Queue[_ScoredEdit | None] = queue.Queue(_WAITING)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def submit(self, record_id: str, candidates: Mapping[str, str], reply: str) -> None:
        """Score the candidates against the reply some time soon; never blocks."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="what-if", daemon=True)
                self._thread.start()
        with suppress(queue.Full):
            self._edits.put_nowait(_ScoredEdit(record_id, candidates, reply))

    def close(self, timeout_s: float) -> None:
        """Finish what was submitted, for at most `timeout_s` seconds."""
        with self._lock:
            thread = self._thread
        if thread is None:
            return
        with suppress(queue.Full):
            self._edits.put_nowait(None)
        thread.join(timeout_s)

    def _run(self) -> None:
        from editsvc.prediction.what_if import score
        from editsvc.tokens import tokenizer

        while (edit := self._edits.get()) is not None:
            numbers = score({"none": None, **edit.candidates}, edit.reply, tokenizer())
            if numbers is not None:
                with suppress(LogUnavailable):  # the record itself was written, or its loss reported
                    self._log.set_what_if(edit.record_id, numbers)
