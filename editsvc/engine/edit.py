"""The interface of an edit for front ends: request, events, result, and the result as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from editsvc.credible import LARGEST_DOCUMENT
from editsvc.errors import DocumentRefused, ExitCode, UsageError
from editsvc.scope import scopes
from editsvc.text.document import LineIndex, half_character
from editsvc.usage import ServerTimes, Timing, Usage

if TYPE_CHECKING:
    from collections.abc import Collection

    from editsvc.engine.arms import Drawn
    from editsvc.errors import Remedy, Status
    from editsvc.guard.findings import Check, Handled, Mark
    from editsvc.prediction.candidates import PredictionKind
    from editsvc.prediction.policy import Decision, PredictionMode
    from editsvc.prompt.rendering import EditFormat
    from editsvc.provider.base import Attempt
    from editsvc.scope.scopes import Scope, ScopeRequest
    from editsvc.syntax import Extent
    from editsvc.text.document import Edit, Snapshot
    from editsvc.text.streaming_diff import Block
    from editsvc.tokenlog import Source


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was made of the same document before, by the beginning of an instruction that goes on.

    `text` is the document as it then was, None if there was none. `refused` is a sentence that says why it was not
    taken, "" if it was. `before` is the text that it was made of, where the document has changed since.
    """

    text: str | None = None
    refused: str = ""
    before: str | None = None


@dataclass(frozen=True, slots=True)
class EditRequest:
    """A front end's request.

    `filename` is the document's name without folders (it tells the language, and the model); `path` identifies
    the document in the log, where only a keyed hash of it is stored. `model`, `prediction` and `allow` are
    those of the settings where None, and so is `only_asked`: whether to leave out the hunks that the instruction does
    not explain. `id` names the edit, for a front end that must know it in advance. Edits of one `batch` carry out one
    instruction on many documents: the changes of the first ones draft the predictions of the next ones. With `earlier`
    the last paragraph of the instruction says what is to be different from that.
    """

    snapshot: Snapshot
    instruction: str
    filename: str
    source: Source
    path: str = ""
    scope: ScopeRequest = field(default_factory=scopes.ScopeRequest)
    prediction: PredictionMode | None = None
    allow: Collection[Check] | None = None
    only_asked: bool | None = None
    id: str | None = None
    batch: str | None = None
    earlier: Earlier | None = None


def check_text(request: EditRequest) -> None:
    """Refuse input that is not text, and so can neither be sent to a model nor written to a file.

    A shell hands on bytes that are not UTF-8, and JSON can hold halves of characters. Raises UsageError for the
    instruction, DocumentRefused for the document.
    """
    at = half_character(request.instruction)
    if at is not None:
        raise UsageError(
            f"The instruction is not valid Unicode: character {at + 1} is {_half(request.instruction[at])}.",
            hint="Pass it as UTF-8.",
        )
    text = request.snapshot.text
    if len(text) > LARGEST_DOCUMENT:
        raise DocumentRefused(
            f"The document has more than {LARGEST_DOCUMENT:,} characters, and none so large is edited."
        )
    if "\0" in text:
        raise DocumentRefused("The document is binary: it contains a NUL character.")
    at = half_character(text)
    if at is not None:
        line = LineIndex(text).line_of(at) + 1
        raise DocumentRefused(
            f"The document is not valid Unicode: line {line} contains {_half(text[at])}.",
            hint="Replace it: it cannot be saved in a file.",
        )


def _half(char: str) -> str:
    # Python's own way to hand on a byte that is not UTF-8 (PEP 383).
    if "\udc80" <= char <= "\udcff":
        return f"the byte 0x{ord(char) - 0xDC00:02x}"
    return f"U+{ord(char):04X}, an unpaired surrogate"


class Restart(StrEnum):
    """Why the model was asked again for the same edit.

    `LOCATED` is no fault: the request before asked where the edit is to be made. `MORE_SECTIONS` (the model needed
    others), `NEXT_PART` (not all went into one request) and these may happen several times, all others once.
    """

    LOCATED = "located"
    MORE_SECTIONS = "more-sections"
    NEXT_PART = "next-part"
    CONTEXT = "context"
    TOO_LONG = "too-long"
    WHOLE_FILE = "whole-file"
    MISFIT = "misfit"
    SYNTAX = "syntax"
    FINDINGS = "findings"
    SEARCH = "search"
    PREDICTION_UNSUPPORTED = "prediction-unsupported"
    TOO_MANY_REJECTED = "too-many-rejected"

    @property
    def planned(self) -> bool:
        """Whether it belongs to the way that was chosen, and nothing went wrong."""
        return self in {Restart.LOCATED, Restart.NEXT_PART}


@dataclass(frozen=True, slots=True)
class EditResult:
    """How an edit ended. `after` and `edits` are set when `status` is CHANGED (or UNCHANGED, without edits).

    `message` is a sentence for people, empty if there is nothing to say; `remedies` are the possible remedies, for
    the front end to put into words. `restarts` tells why the model was asked again, in order; `findings` are what the
    gate found in all of its replies, and what was done about each. `marks` say of each of the `edits` whether the
    instruction explains it; empty if that was not asked. `refused` is the document as the reply would have
    it, where a check refused that; `EditService.retry` takes it. `scope` is what was rewritten, or, where it did not
    come so far, what was offered to the model: one part, or one of `parts_offered` of which it rewrote
    `parts_rewritten`. `attempts` are the HTTP requests that were sent, in the order in which they ended. `syntax_check`
    is how much of the new text was parsed; None where that was not to be done, or cannot be. `arm` is the named arm
    that was drawn for it; None where none was.
    """

    id: str
    status: Status
    before: Snapshot
    after: Snapshot | None = None
    edits: tuple[Edit, ...] = ()
    message: str = ""
    remedies: tuple[Remedy, ...] = ()
    error: str | None = None
    exit_code: ExitCode = ExitCode.DONE
    scope: Scope | None = None
    provider: str | None = None
    model: str | None = None
    request_id: str | None = None
    finish_reason: str | None = None
    decision: Decision | None = None
    prediction_kind: PredictionKind | None = None
    usage: Usage = Usage()
    server: ServerTimes = ServerTimes()
    timing: Timing = Timing()
    cost_usd: float | None = None
    restarts: tuple[Restart, ...] = ()
    findings: tuple[Handled, ...] = ()
    marks: tuple[Mark, ...] = ()
    refused: Snapshot | None = None
    parts_offered: int | None = None
    parts_rewritten: int | None = None
    edit_format: EditFormat | None = None
    syntax_check: Extent | None = None
    offline: bool = False
    arm: Drawn | None = None
    attempts: tuple[Attempt, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StreamUpdate:
    """The lines that became certain while the reply streams.

    Blocks name lines of the document, 0-based, and of `new_lines`, all lines of the reply so far (a list that
    grows: not to be changed). `reached` of `total` lines are done.
    """

    blocks: list[Block]
    reached: int
    total: int
    old_lines: list[str]
    new_lines: list[str]


class Listener(Protocol):
    """A front end that follows an edit; called on the event loop's thread, as often as data arrives."""

    @property
    def follows(self) -> bool:
        """Whether it shows the stream; if not, no blocks are computed for it."""
        ...

    def restarted(self) -> None:
        """Discard everything shown so far: the request is sent again."""
        ...

    def begun(self) -> None:
        """The first words of a reply have come; nothing of the new text need be certain yet, or ever be shown."""
        ...

    def streamed(self, update: StreamUpdate) -> None:
        """More of the reply has become certain."""
        ...

    def held(self, seconds: float | None) -> None:
        """The request waits, because of a server's limits, for about so long; None if unknown."""
        ...

    def released(self) -> None:
        """The request goes on that was held."""
        ...

    def locating(self) -> None:
        """The model is asked which sections of the file the edit needs."""
        ...


def result_json(result: EditResult | None) -> dict[str, Any]:
    """The metadata of an edit's request, under the names of ``rewrite --json``; null is "not reported".

    None stands for an edit that ended before there was a document.
    """
    usage = result.usage if result else Usage()
    timing = result.timing if result else Timing()
    decision = result.decision if result else None
    scope = result.scope if result else None
    return {
        "scope": {
            "kind": scope.kind,
            "start_line": scope.first_line,
            "end_line": scope.last_line,
            "reason": scope.reason,
            "parts_offered": result.parts_offered if result else None,
            "parts_rewritten": result.parts_rewritten if result else None,
        }
        if scope
        else None,
        "edit_format": result.edit_format if result else None,
        "restarts": list(result.restarts) if result else [],
        "findings": [found.json() for found in result.findings] if result else [],
        "marks": list(result.marks) if result else [],
        "syntax_check": result.syntax_check if result else None,
        "provider": result.provider if result else None,
        "model": result.model if result else None,
        "arm": result.arm.name if result and result.arm else None,
        "request_id": result.request_id if result else None,
        "finish_reason": result.finish_reason if result else None,
        "prediction": {
            "sent": decision.send if decision else False,
            "kind": result.prediction_kind if result else None,
            "reason": decision.reason if decision else None,
        },
        "usage": asdict(usage),
        "timing": asdict(timing),
        "attempts": [attempt.json() for attempt in result.attempts] if result else [],
        "cost_usd": result.cost_usd if result else None,
        "warnings": list(result.warnings) if result else [],
        "offline": result.offline if result else None,
    }
