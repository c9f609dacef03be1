"""Scores the candidate predictions after an edit, in the background."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from editsvc.tokenlog.errors import LogUnavailable
from editsvc.tokens import tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from editsvc.prediction.servers import Asked, KnownServer
    from editsvc.prediction.what_if import Tokenised
    from editsvc.tokens import Tokenizer

_WAITING = 64  # edits; further ones are not scored


def load() -> None:
    """Load what scoring and learning need, before the first edit is made; blocks for as long as that takes."""
    from editsvc.prediction import fitting, servers, what_if  # noqa: F401
    from editsvc.tokens import LineEnds
    from editsvc.tuning import verification_file  # noqa: F401

    tokens = tokenizer()
    what_if.score({"none": None}, "a = 1", tokens)
    LineEnds(tokens)


class _Log(Protocol):
    """The destination of the scores; raises LogUnavailable."""

    def set_what_if(self, record_id: str, what_if: dict[str, list[int]]) -> object:
        """Add numbers to a record."""
        ...


class _ScoredEdit(NamedTuple):
    record_id: str
    candidates: Mapping[str, str]
    reply: str
    asked: Asked | None


class BackgroundScorer:
    """Scores edits one after the other in a thread of its own; the texts are dropped when that is done.

    It waits until no edit is under way, whose reply would come more slowly beside it; it goes on meanwhile only where
    so many edits wait to be scored that the next one would be left out.

    With the data folder in `servers`, it learns from each edit by which rule the server verifies predictions, and keeps
    that there; `wall` tells Unix time. Where `counted_by` has no vocabulary, scores are not known: its tokens are not
    those of a server. What comes `afterwards` is done when no edit is under way and none waits.
    """

    def __init__(
        self,
        log: _Log,
        *,
        servers: Path | None = None,
        wall: Callable[[], float] = time.time,
        counted_by: Callable[[], Tokenizer] = tokenizer,
        afterwards: Callable[[], None] | None = None,
    ) -> None:
        self._log = log
        self._counted_by = counted_by
        self._afterwards = afterwards
        self._servers = servers
        self._wall = wall
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

    def submit(
        self, record_id: str, candidates: Mapping[str, str], reply: str, asked: Asked | None = None
    ) -> None:
        """Score the candidates against the reply some time soon; never blocks.

        `asked` is what the server was asked and what it reported, if the reply is that of a single request.
        """
        with self._changed:
            if self._closing or len(self._edits) == _WAITING:
                return
            self._edits.append(_ScoredEdit(record_id, candidates, reply, asked))
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
        from editsvc.prediction.what_if import scores, tokenised

        counts = self._counted_by()
        while (edit := self._next()) is not None:
            tokens = tokenised(edit.candidates, edit.reply, counts) if counts.exact else None
            if tokens is not None:
                numbers = scores({"none": None, **edit.candidates}, tokens)
                if edit.asked is not None and self._servers is not None:
                    numbers |= self._learned(self._servers, edit, edit.asked, tokens)
                with suppress(LogUnavailable):  # the record itself was written, or its loss reported
                    self._log.set_what_if(edit.record_id, numbers)
            if self._afterwards is not None and self._is_idle():
                self._afterwards()

    def _is_idle(self) -> bool:
        with self._changed:
            return not self._edits and not self._under_way

    def _learned(
        self, folder: Path, edit: _ScoredEdit, asked: Asked, tokens: Tokenised
    ) -> dict[str, list[int]]:
        """Learn from an edit; what the server's own rule makes of each candidate, if it is known."""
        from editsvc.prediction.servers import LONGEST_LEARNED, KnownServer, learn_from
        from editsvc.tokens import LineEnds
        from editsvc.tuning.verification_file import VerificationFile

        file = VerificationFile(folder)
        servers = file.load()  # other processes learn as well
        known = [each for each in servers if (each.provider, each.model) == (asked.provider, asked.model)]
        if not known:
            known = [KnownServer(asked.provider, asked.model)]
            servers += known
        if known[0].rule is None and (asked.output or 0) > LONGEST_LEARNED:
            return {}
        counts, theirs = self._as_counted_by(known[0], edit, asked, tokens)
        found = learn_from(
            known[0],
            asked,
            {kind: theirs.predictions[text] for kind, text in edit.candidates.items()},
            theirs.output,
            line_ends=LineEnds(counts),
            at=self._wall(),
        )
        file.save(servers)
        return found

    def _as_counted_by(
        self, server: KnownServer, edit: _ScoredEdit, asked: Asked, tokens: Tokenised
    ) -> tuple[Tokenizer, Tokenised]:
        """The texts in the vocabulary of the server; which one that is, the lengths of its replies tell."""
        from editsvc.prediction.servers import counts_as, note_lengths
        from editsvc.prediction.what_if import tokenised
        from editsvc.tokens import VOCABULARIES, vocabulary

        ours = self._counted_by()

        def theirs() -> tuple[Tokenizer, Tokenised]:
            counts = None if server.vocabulary == ours.name else vocabulary(server.vocabulary)
            found = tokenised(edit.candidates, edit.reply, counts) if counts is not None else None
            return (ours, tokens) if counts is None or found is None else (counts, found)

        counts, found = theirs()
        if asked.output is not None and not counts_as(len(found.output), asked.output):
            known = {name: each for name in VOCABULARIES if (each := vocabulary(name)) is not None}
            lengths = {name: each.count(edit.reply) for name, each in known.items()}
            if note_lengths(server, lengths, asked.output):
                return theirs()
        return counts, found

    def _next(self) -> _ScoredEdit | None:
        """The next edit to score, once it is its turn; None at the end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closing or len(self._edits) == _WAITING or (self._edits and not self._under_way)
            )
            return self._edits.popleft() if self._edits else None
