"""Applies edits to the client's buffer, and verifies that they arrived.

A client's word is not enough. Neovim answers ``applied: true`` to an edit of an old version and skips it, and
Emacs to one that its user declined; VS Code refuses without a reason while somebody types; Emacs tells its
changes half a second late. What counts is the text that the client reports with its didChange. The order of
messages gives the rest: what a client applied before it answered is in the next change that it reports.

Worse, Emacs makes an edit over text that it has not reported, and clients without versions always do: then
the edit is where its lines and columns are by now. That can be seen, because the changes come in order: one
of the states between them, with the edit at its old positions, gives the text that is reported. It is
repaired by a second edit, from the wrong text to the right one.

And an editor that asks its user first, or stands at a prompt, may make an edit minutes later. Nobody waits so long;
but an edit whose end is not known can be `followed`, and is recognised when it arrives.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from editsvc.text.document import Edit, LineIndex, Snapshot, apply
from editsvc.text.rebase import Rebased, changes_between, rebase, rebase_by_text
from lsp.wire.convert import BufferEdit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from lsp.documents import Document, DocumentStore

ATTEMPTS: Final = 6
FOLLOWED_S: Final = 600.0
_REPAIRS: Final = 2
_STATES: Final = 32
_LARGEST_SEARCHED: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a client has.

    `answer`: to answer an edit. `report`: to report a change, after it said that it applied the edit (Emacs
    waits until its user pauses for half a second). `unwatched`: the same, where nobody waits for the end (Emacs
    tells of an edit that came while its user did nothing when the next key is pressed). `skipped`: the same, if it
    had changed the document before it answered. `rest`: to send what else belongs to a change that it has begun to
    report. `retry`: the pause before the second attempt; it doubles for each further one. `person`: what takes
    longer to refuse was asked, and is not asked again.
    """

    answer: float = 10.0
    report: float = 5.0
    unwatched: float = 60.0
    skipped: float = 0.7
    rest: float = 0.05
    retry: float = 0.05
    person: float = 1.0


_WRONG_PLACE: Final = (
    "The editor made the edit in the wrong place, over text it had not reported yet: undo it in the editor"
)


class Outcome(Enum):
    """How it ended."""

    APPLIED = "applied"
    CONFLICT = "conflict"
    REFUSED = "refused"
    LOST = "lost"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """The outcome of applying edits.

    If they landed, ``applied[k]`` is edit number ``indices[k]``, on the text `before`, and `on_top` are the
    changes that the text has had since, one after the other. `conflicts` are the numbers of the others.
    `reason` is a sentence without its stop, empty if all went well. `pending` is the edit as it was sent last,
    if the client may still make it.
    """

    outcome: Outcome
    applied: tuple[Edit, ...] = ()
    indices: tuple[int, ...] = ()
    conflicts: tuple[int, ...] = ()
    before: str = ""
    on_top: tuple[Edit, ...] = ()
    reason: str = ""
    pending: Pending | None = None


@dataclass(frozen=True, slots=True)
class _Way:
    """The way in which an edit is brought in."""

    label: str
    confirm: bool
    unwatched: bool


class EditApplier:
    """Brings edits into buffers; one for a session.

    `send` asks the client to apply an edit, at once, and returns whether it says that it did, and a reason if
    not; it raises if the client answers with an error.
    """

    def __init__(
        self,
        documents: DocumentStore,
        send: Callable[[BufferEdit], Awaitable[tuple[bool, str]]],
        patience: Patience,
    ) -> None:
        self._documents = documents
        self._send = send
        self._patience = patience
        self._watches: dict[str, set[Pending]] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def awaits(self, uri: str) -> bool:
        """Whether an edit is being applied to a document, so that its text before a change is needed."""
        return any(watch.landed is None for watch in self._watches.get(uri, ()))

    def changed(self, uri: str, before: str = "", changes: Sequence[Edit] = ()) -> None:
        """The client has reported changes of a document, one after the other from `before` on, or closed it."""
        document = self._documents.get(uri)
        text = document.text if document else None
        for watch in tuple(self._watches.get(uri, ())):
            if watch.landed is None:
                watch.look(text, before, changes)
            elif text is None or watch.may_be_made_by(text, changes):
                self._look_late(uri, watch, text)

    def follow(self, uri: str, pending: Pending, landed: Callable[[ApplyResult], None]) -> None:
        """Go on looking for an edit whose end is not known, and call `landed` when it is in the document.

        Until it is, until the document is closed, `unfollow` is called, or `FOLLOWED_S` have passed.
        """
        pending.landed = landed
        self._watches.setdefault(uri, set()).add(pending)
        asyncio.get_running_loop().call_later(FOLLOWED_S, self.unfollow, uri, pending)

    def unfollow(self, uri: str, pending: Pending) -> None:
        """Look for it no longer."""
        pending.landed = None
        self._unwatch(uri, pending)

    def _look_late(self, uri: str, watch: Pending, text: str | None) -> None:
        # Without the changes: those between were not looked at, so they are no chain of states.
        fate, landed = watch.look(text), watch.landed
        if text is None or fate is _Fate.CLOSED:
            self.unfollow(uri, watch)
        elif fate is _Fate.PRESENT and landed is not None:
            self.unfollow(uri, watch)
            landed(watch.result(text))

    async def apply(
        self,
        base: Snapshot,
        edits: Sequence[Edit],
        *,
        label: str,
        confirm: bool = False,
        unwatched: bool = False,
    ) -> ApplyResult:
        """Apply `edits`, made for `base`, to the current document; `unwatched` if nobody waits for the end.

        What the user typed since is kept: edits that no longer fit are left out, and named. An edit that the
        client refuses is sent again, for the newest version, a few times.
        """
        turn = self._turns.get(base.uri)
        if turn is None:
            turn = self._turns[base.uri] = asyncio.Lock()
        async with turn:
            return await self._apply(base, edits, way=_Way(label, confirm, unwatched), repairs=_REPAIRS)

    async def _apply(self, base: Snapshot, edits: Sequence[Edit], *, way: _Way, repairs: int) -> ApplyResult:
        watch: Pending | None = None
        reason = ""
        for attempt in range(ATTEMPTS):
            document = self._documents.get(base.uri)
            if document is None:
                return ApplyResult(Outcome.CLOSED, reason="The document was closed")
            if watch is not None and watch.look(document.text) is _Fate.PRESENT:
                return watch.result(document.text)  # later than it was waited for
            rebased = carried(base, edits, document)
            if not rebased.applied:
                return ApplyResult(Outcome.CONFLICT, conflicts=rebased.conflicts)
            watch = Pending(document, rebased)
            sent = BufferEdit(document, rebased.applied, way.label, way.confirm)
            began = asyncio.get_running_loop().time()
            truth, reason = await self._truth(watch, sent, base.uri, way)
            document = self._documents.get(base.uri)
            if truth is Outcome.APPLIED and document is not None:
                return watch.result(document.text)
            if watch.misplaced is not None and repairs:
                return await self._repair(base, edits, watch.misplaced, way=way, repairs=repairs - 1)
            if truth is not Outcome.REFUSED or (way.confirm and watch.changes == 0):
                pending = watch if truth is Outcome.LOST and watch.misplaced is None else None
                return ApplyResult(truth, conflicts=rebased.conflicts, reason=reason, pending=pending)
            if asyncio.get_running_loop().time() - began > self._patience.person:
                return ApplyResult(truth, conflicts=rebased.conflicts, reason=_refused(attempt + 1, reason))
            await self._pause(watch, base.uri, self._patience.retry * 2**attempt)
        return ApplyResult(Outcome.REFUSED, reason=_refused(ATTEMPTS, reason))

    async def _repair(
        self, base: Snapshot, edits: Sequence[Edit], misplaced: _Misplaced, *, way: _Way, repairs: int
    ) -> ApplyResult:
        """Turn the text with the edit in the wrong place into the one that was meant."""
        rebased = rebase_by_text(edits, base.text, misplaced.over)
        meant = apply(misplaced.over, rebased.applied)
        corrections = changes_between(misplaced.text, meant)[::-1]
        if corrections:  # else what was typed stands behind the edit, which is where it belongs
            wrong = Snapshot(misplaced.text, base.uri)
            apply_result = await self._apply(
                wrong, corrections, way=replace(way, confirm=False), repairs=repairs
            )
            if apply_result.outcome is not Outcome.APPLIED or apply_result.conflicts:
                return ApplyResult(Outcome.LOST, reason=_WRONG_PLACE)
        document = self._documents.get(base.uri)
        if document is None:
            return ApplyResult(Outcome.CLOSED, reason="The document was closed")
        if not rebased.applied:
            return ApplyResult(Outcome.CONFLICT, conflicts=rebased.conflicts)
        return _applied_result(rebased, misplaced.over, meant, document.text)

    async def _truth(self, watch: Pending, sent: BufferEdit, uri: str, way: _Way) -> tuple[Outcome, str]:
        """Wait until it is certain whether the client has made the edit."""
        now = asyncio.get_running_loop().time
        answer = asyncio.ensure_future(self._send(sent))
        deadline = None if sent.confirm else now() + self._patience.answer
        seen: int | None = None  # how many changes had been reported when the client said that it applied
        with self._watching(uri, watch), _cancelled_at_the_end(answer):
            while True:
                if watch.misplaced is not None:
                    return Outcome.LOST, _WRONG_PLACE
                if watch.fate is _Fate.PRESENT:
                    return Outcome.APPLIED, ""
                if watch.fate is _Fate.CLOSED:
                    return Outcome.CLOSED, "The document was closed"
                if seen is None and answer.done():
                    applied, reason = _answer(answer)
                    if not applied:
                        return Outcome.REFUSED, reason
                    seen = watch.changes
                    unreported = self._patience.unwatched if way.unwatched else self._patience.report
                    deadline = now() + (self._patience.skipped if seen else unreported)
                if seen is not None and watch.changes > seen:
                    absent = watch.fate is _Fate.ABSENT
                    deadline = now() + (self._patience.rest if absent else self._patience.report)
                    seen = watch.changes
                if deadline is not None and now() >= deadline:
                    return _late(watch, answered=seen is not None)
                await watch.wait(None if answer.done() else answer, deadline)

    async def _pause(self, watch: Pending, uri: str, seconds: float) -> None:
        """Wait until the client reports a change, which is when it is worth trying again, or a moment."""
        with self._watching(uri, watch):
            await watch.wait(None, asyncio.get_running_loop().time() + seconds)

    @contextmanager
    def _watching(self, uri: str, watch: Pending) -> Iterator[None]:
        self._watches.setdefault(uri, set()).add(watch)
        try:
            yield
        finally:
            self._unwatch(uri, watch)

    def _unwatch(self, uri: str, watch: Pending) -> None:
        watches = self._watches.get(uri, set())
        watches.discard(watch)
        if not watches:
            self._watches.pop(uri, None)


@contextmanager
def _cancelled_at_the_end(answer: asyncio.Future[tuple[bool, str]]) -> Iterator[None]:
    """Drop an answer that is no longer needed because the text has settled the question."""
    try:
        yield
    finally:
        answer.cancel()


class _Fate(Enum):
    UNKNOWN = "unknown"
    PRESENT = "present"
    ABSENT = "absent"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class _Misplaced:
    """The client made the edit over a text that it had not reported; `text` is what came of it."""

    over: str
    text: str


@dataclass(slots=True)
class _State:
    """A text that was reported on the way, and what the edit would make of it if it were misplaced.

    `begun` are the texts that can follow if the edit was made here, `leads_on` whether one of them did.
    """

    text: str
    made: str | None = None
    begun: tuple[str, ...] = ()
    leads_on: bool = False


class Pending:
    """One edit that was sent, and what the client's text says about it."""

    def __init__(self, document: Document, rebased: Rebased) -> None:
        self.fate = _Fate.UNKNOWN
        self.landed: Callable[[ApplyResult], None] | None = None  # set while it is followed
        self.misplaced: _Misplaced | None = None
        self.changes = 0
        self._before = document.text
        self._rebased = rebased
        self._after = apply(self._before, rebased.applied)
        self._changed = asyncio.Event()
        self._states: list[_State] = []
        self._encoding = document.encoding
        self._places = [
            (document.position(edit.start), document.position(edit.end), edit.new_text)
            for edit in rebased.applied
        ]

    def look(self, text: str | None, before: str = "", changes: Sequence[Edit] = ()) -> _Fate:
        """Compare the document's text with the expected one; None if the document was closed."""
        self.changes += 1
        self._changed.set()
        if text is None:
            self.fate = _Fate.CLOSED
        elif self.fate is _Fate.PRESENT:
            pass  # what was there once was made: if it is gone since, the user took it back
        elif text == self._after or self._passed(before, changes):
            self.fate = _Fate.PRESENT
        else:
            self.fate = _Fate.ABSENT if text == self._before else self._fate_by_hunks(text)
        return self.fate

    def may_be_made_by(self, text: str, changes: Sequence[Edit]) -> bool:
        """Whether changes that led to `text` could be the edit, and not a key that was pressed; cheap."""
        points = sum(len(change.new_text) + change.end - change.start for change in changes)
        return points > 1 or (len(text) == len(self._after) and text == self._after)

    def is_in(self, text: str) -> bool:
        """Whether some of the edit is in `text`, or that cannot be told apart."""
        return text != self._before and self._fate_by_hunks(text) is not _Fate.ABSENT

    async def wait(self, answer: asyncio.Future[tuple[bool, str]] | None, deadline: float | None) -> None:
        """Until something is reported, or answered, or the deadline passes."""
        self._changed.clear()
        change = asyncio.ensure_future(self._changed.wait())
        timeout = None if deadline is None else max(0.0, deadline - asyncio.get_running_loop().time())
        waited: set[asyncio.Future[Any]] = {change}
        if answer is not None:
            waited.add(answer)
        try:
            await asyncio.wait(waited, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            change.cancel()

    def result(self, text: str) -> ApplyResult:
        """The end of an edit that is in `text`."""
        return _applied_result(self._rebased, self._before, self._after, text)

    def _fate_by_hunks(self, text: str) -> _Fate:
        """The evidence of the hunks, if the user has typed as well.

        One is there if nobody touched what it wrote, and not if nobody touched what it was to replace; where
        both or neither is so, it says nothing.
        """
        since_after = changes_between(self._after, text)
        since_before = changes_between(self._before, text)
        present = absent = 0
        shift = 0
        for edit in self._rebased.applied:
            start = edit.start + shift
            written = not _touched(start, start + len(edit.new_text), since_after)
            unwritten = not _touched(edit.start, edit.end, since_before)
            present += written and not unwritten
            absent += unwritten and not written
            shift += len(edit.new_text) - (edit.end - edit.start)
        if present and not absent:
            return _Fate.PRESENT
        # If nothing of it can be seen, another try does no harm: what was overwritten then is a conflict.
        return _Fate.UNKNOWN if present else _Fate.ABSENT

    def _passed(self, before: str, changes: Sequence[Edit]) -> bool:
        """Whether one of the intermediate states is the expected text, or shows that the edit is misplaced.

        Exact evidence takes precedence over heuristics.
        """
        states = self._states
        if len(states) + len(changes) > _STATES or len(before) > _LARGEST_SEARCHED:
            return False
        if not states:
            states.append(_State(before))  # over this one, the edit is where it was meant to be
        for change in changes:
            text = apply(states[-1].text, [change])
            states[-1].leads_on = text in states[-1].begun
            if text == self._after:
                return True
            causes = [state for state in states if state.made == text]
            if causes:
                over = next((state for state in causes if state.leads_on), causes[0])
                self.misplaced = _Misplaced(over.text, text)
                return False
            states.append(self._state(text))
        return False

    def _state(self, text: str) -> _State:
        """A state, and what the edit, where it was sent to, would make of it: all of it, or one end of it."""
        index = LineIndex(text)
        edits = [
            Edit(index.offset(*start, self._encoding), index.offset(*end, self._encoding), new_text)
            for start, end, new_text in self._places
        ]
        try:
            made = apply(text, edits)
        except ValueError:  # they meet in a text that has become shorter
            return _State(text)
        return _State(text, made, (made, apply(text, edits[:1]), apply(text, edits[-1:])))


def _applied_result(rebased: Rebased, before: str, after: str, text: str) -> ApplyResult:
    return ApplyResult(
        Outcome.APPLIED,
        applied=rebased.applied,
        indices=rebased.indices,
        conflicts=rebased.conflicts,
        before=before,
        on_top=tuple(changes_between(after, text)) if text != after else (),
    )


def _touched(start: int, end: int, changes: Sequence[Edit]) -> bool:
    if start == end:
        return any(change.start <= start <= change.end for change in changes)
    return any(change.start < end and start < change.end for change in changes)


def _refused(times: int, reason: str) -> str:
    often = f" {times} times" if times > 1 else ""
    return f"The editor refused the edit{often}{': ' + reason if reason else ''}"


def carried(base: Snapshot, edits: Sequence[Edit], document: Document) -> Rebased:
    """`edits`, made for `base`, on the document as it is; conflicts are named."""
    text = document.text
    if text == base.text:
        numbers = tuple(range(len(edits)))
        return Rebased(tuple(edits), numbers, ())
    changes = document.history_since(base.version) if base.version is not None else None
    if changes is None:
        return rebase_by_text(edits, base.text, text)
    return rebase(edits, changes, before=base.text, after=text)


def _answer(answer: asyncio.Future[tuple[bool, str]]) -> tuple[bool, str]:
    exc = answer.exception()
    if exc is not None:
        return False, str(exc).rstrip(".")
    applied, reason = answer.result()
    return applied, reason.rstrip(".")


def _late(watch: Pending, *, answered: bool) -> tuple[Outcome, str]:
    if not answered:
        return Outcome.LOST, "The editor did not answer yet"
    if watch.fate is _Fate.ABSENT:
        return Outcome.REFUSED, "it skipped an edit of an older version"
    if watch.changes:
        return (
            Outcome.LOST,
            "The editor made only part of the edit, or made it over other text: undo it in the editor",
        )
    return Outcome.LOST, "The editor says that it made the edit, but has not reported the change"
