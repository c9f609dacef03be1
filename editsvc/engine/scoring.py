"""Scores the candidate predictions after an edit, in the background."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from editsvc.tokenlog.errors import LogUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_WAITING = 64  # edits; further ones are not scored


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
    """Scores edits one after the other in a thread of its own; the texts are dropped when that is done.

    It waits until no edit is under way, whose reply would come more slowly beside it; it goes on meanwhile only where
    so many edits wait to be scored that the next one would be left out.
    """

    def __init__(self, log: _Log) -> None:
        self._log = log
        self._edits: deque[_ScoredEdit] = deque()
        self._changed = threading.Condition()
        self._under_way = 0
        self._closing = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def edit_under_way(self) -> Iterator[None]:
        """An edit is under way within."""
        with self._changed:
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def submit(self, record_id: str, candidates: Mapping[str, str], reply: str) -> None:
        """Score the candidates against the reply some time soon; never blocks."""
        with self._changed:
            if self._closing or len(self._edits) == _WAITING:
                return
            self._edits.append(_ScoredEdit(record_id, candidates, reply))
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="what-if", daemon=True)
                self._thread.start()

    def close(self, timeout_s: float) -> None:
        """Finish what was submitted, for at most `timeout_s` seconds."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    def _run(self) -> None:
        from editsvc.prediction.what_if import score
        from editsvc.tokens import tokenizer

        while (edit := self._next()) is not None:
            numbers = score({"none": None, **edit.candidates}, edit.reply, tokenizer())
            if numbers is not None:
                with suppress(LogUnavailable):  # the record itself was written, or its loss reported
                    self._log.set_what_if(edit.record_id, numbers)

    def _next(self) -> _ScoredEdit | None:
        """The next edit to score, once it is its turn; None at the end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closing or len(self._edits) == _WAITING or (self._edits and not self._under_way)
            )
            return self._edits.popleft() if self._edits else None
