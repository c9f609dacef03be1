"""The answers to commands, and the words and diffs in them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec
from lsprotocol.types import MessageType

from editsvc import figures
from editsvc.engine.edit import result_json
from editsvc.files.diff_names import DiffName, diff_name
from editsvc.guard.findings import Mark
from editsvc.text.diff import unified_diff
from editsvc.text.document import Snapshot
from editsvc.usage import Timing, Usage
from lsp import remedies
from lsp.contract import AnswerStatus, DecisionAnswer, EditAnswer, ResultFields, ShownFigures
from lsp.editing.apply_edits import Outcome
from lsp.settings import ApplyMode
from lsp.wire.convert import filename_of, path_of

if TYPE_CHECKING:
    from pathlib import Path

    from editsvc.engine.edit import EditResult
    from editsvc.errors import Remedy
    from lsp.contract import Hunk
    from lsp.documents import Document
    from lsp.editing.apply_edits import ApplyResult
    from lsp.editing.open_edit import OpenEdit, Proposal
    from lsp.editing.running import Running


def offline_note(result: EditResult) -> str:
    """A sentence if the offline engine made the edit, else empty."""
    return "Edited by the offline engine: there is no API key." if result.offline else ""


def name_in_diff(uri: str, document: Document | None, root: Path | None) -> DiffName:
    """As for a diff that is applied in the folder that the editor has open; without one, in the file's."""
    path = path_of(uri)
    if path is None:
        return DiffName(filename_of(document) if document else "untitled")
    return diff_name(path, here=root or path.parent, environ=os.environ)


def diff_of(before: str, after: str, name: DiffName) -> str:
    """The unified diff of two texts that are valid Unicode."""
    old, new = Snapshot(before).encode(), Snapshot(after).encode()
    return unified_diff(old, new, name.path, from_top=name.from_top).decode("utf-8", "replace")


_NOT_APPLIED: Final = {
    Outcome.CONFLICT: AnswerStatus.CONFLICT,
    Outcome.REFUSED: AnswerStatus.REFUSED,
    Outcome.LOST: AnswerStatus.FAILED,
    Outcome.CLOSED: AnswerStatus.REFUSED,
}


def loudness(status: AnswerStatus) -> MessageType:
    """How a message about a command that ended so is shown."""
    return MessageType.Warning if status in remedies.WRONG else MessageType.Info


_PLAIN: Final = {
    AnswerStatus.UNCHANGED: "There is nothing to change.",
    AnswerStatus.CANCELLED: "The edit was cancelled.",
}

SEE_ACTIONS: Final = "see the code actions"


def status_of(result: ApplyResult) -> AnswerStatus:
    """The status of a command that has applied edits."""
    if result.outcome is Outcome.APPLIED:
        return AnswerStatus.CONFLICT if result.conflicts else AnswerStatus.CHANGED
    return _NOT_APPLIED[result.outcome]


def applied_message(result: ApplyResult, total: int) -> str:
    """A sentence for those of `total` hunks that did not get into the buffer; empty if all did."""
    whole = result.outcome is Outcome.APPLIED
    if whole and not result.conflicts:
        return ""
    count = len(result.conflicts)
    left_out = (
        f"{count} of {figures.count(total, 'hunk')} {'was' if count == 1 else 'were'} left out, because the same lines "
        "were changed while the edit was made."
    )
    if whole or not result.reason:
        return left_out
    return f"{result.reason}."


def kept_message(result: ApplyResult) -> str:
    """A sentence for an edit that the editor did not make, and that is kept."""
    if result.outcome is Outcome.CONFLICT:
        return (
            f"The edit no longer fits, because its lines were changed meanwhile; it is kept, {SEE_ACTIONS}."
        )
    reason = result.reason or "The edit was not made"
    return f"{reason}; the edit is kept, {SEE_ACTIONS}."


def told(running: Running, answer: EditAnswer, *, progress: bool) -> str:
    """The sentence for the end of an edit whose answer nobody reads; empty if what is seen says it.

    `progress`: the client shows progress, and has heard the summary of a change by it.
    """
    if answer.status is not AnswerStatus.CHANGED:
        return answer.message or _PLAIN.get(answer.status, f"The edit ended: {answer.status}.")
    count = figures.count(len(answer.hunks), "change")
    verb = "is" if len(answer.hunks) == 1 else "are"
    if running.mode is ApplyMode.PREVIEW:
        return f"{count} {verb} ready to be shown or put in: {SEE_ACTIONS}."
    if progress:
        return ""
    if running.mode is ApplyMode.REVIEW:
        return f"{count} {verb} in the document, to be accepted or rejected: {SEE_ACTIONS}. {answer.message}".rstrip()
    return f"{count} {verb} in the document. {answer.message}".rstrip()


def unexpected(exc: BaseException) -> str:
    """A sentence for a defect of the server's own."""
    return f"Internal error of editsvc: {type(exc).__name__}. The editor's log of the language server says where."


def edit_answer(
    running: Running,
    status: AnswerStatus,
    message: str,
    result: EditResult | None = None,
    *,
    diff: str = "",
    hunks: tuple[Hunk, ...] = (),
    refused_diff: str = "",
    kept: bool = False,
    error: str | None = None,
    because_of: tuple[Remedy, ...] = (),
) -> EditAnswer:
    """The answer to ``editsvc.edit``; `error` is the kind of one that ended it before there was a result.

    `kept` tells that what was refused is kept, so that it can be had without asking a model again.
    """
    kind = result.error if result else error
    passed = remedies.anyway(because_of, running.argument, running.id if kept else None)
    return EditAnswer(
        edit_id=running.id,
        status=status,
        message=message,
        diff=diff,
        hunks=hunks,
        refused_diff=refused_diff,
        error=kind,
        anyway=passed,
        remedies=remedies.offered(
            status,
            kind,
            because_of,
            anyway=passed,
            reply=bool(refused_diff),
            offline=bool(result and result.offline),
        ),
        shown=shown(result),
        **msgspec.structs.asdict(result_fields(result)),
    )


def result_fields(result: EditResult | None) -> ResultFields:
    """The metadata of an edit's requests; None stands for one that ended before there was a document."""
    return msgspec.convert(result_json(result), ResultFields)


def decision(
    edit: OpenEdit | Proposal, document: Document, status: AnswerStatus, message: str
) -> DecisionAnswer:
    """The answer to accepting and rejecting, with the hunks as they are now."""
    return DecisionAnswer(edit_id=edit.id, status=status, message=message, hunks=edit.hunks(document))


def shown(result: EditResult | None) -> ShownFigures:
    """The figures of an edit in words, for status lines, so that all clients round in the same way."""
    usage = result.usage if result else Usage()
    timing = result.timing if result else Timing()
    cost = result.cost_usd if result else None
    tokens = usage.completion_tokens
    return ShownFigures(
        tokens=None if tokens is None else figures.count(tokens, "token"),
        acceptance=figures.accepted(usage.accepted_prediction_tokens, usage.rejected_prediction_tokens),
        total=None if timing.total_s is None else figures.seconds(timing.total_s),
        cost=None if cost is None else figures.dollars(cost),
    )


def reminding(answer: EditAnswer, sentence: str) -> EditAnswer:
    """The answer with a sentence about a policy that is old, if there is one."""
    if not sentence:
        return answer
    shown = msgspec.structs.replace(answer.shown, policy=sentence)
    return msgspec.structs.replace(answer, shown=shown)


def summary(result: EditResult, hunks: int) -> str:
    """The final message of the progress, in a few words, for an edit with so many hunks."""
    figure = shown(result)
    parts = [figures.count(hunks, "hunk")]
    unasked = result.marks.count(Mark.UNEXPLAINED)
    if unasked:
        parts.append(f"{unasked:,} not asked for")
    if figure.acceptance is not None:
        parts.append(f"{figure.acceptance} of the prediction accepted")
    if figure.total is not None:
        parts.append(figure.total)
    if result.offline:
        parts.append("by the offline engine")
    return " · ".join(parts)
