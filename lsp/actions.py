"""What a client without a plugin shows: code actions and code lenses.

Every action carries its command from the start: Helix says that it resolves commands, and then runs the one it
had before (seen in 25.01). Resolving is answered all the same, and never runs an edit: Helix waits for the answer
with its screen frozen, and VS Code resolves actions that are only looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types

from lsp.wire.convert import offsets, range_json, range_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lsp.documents import Document
    from lsp.editing.edits import Edits
    from lsp.editing.open_edit import OpenEdit
    from lsp.editing.reviews import Reviews

EDIT: Final = "editsvc.edit"
ACCEPT_HUNK: Final = "editsvc.acceptHunk"
REJECT_HUNK: Final = "editsvc.rejectHunk"
ACCEPT_EDIT: Final = "editsvc.acceptEdit"
REJECT_EDIT: Final = "editsvc.rejectEdit"
CANCEL: Final = "editsvc.cancel"
REPORT: Final = "editsvc.report"

REWRITE_KIND: Final = "refactor.rewrite.editsvc"
REVIEW_KIND: Final = "quickfix.editsvc"
KINDS: Final = (REWRITE_KIND, REVIEW_KIND)


def code_actions(
    document: Document, params: types.CodeActionParams, edits: Edits, reviews: Reviews
) -> list[types.CodeAction]:
    """What can be done at a place: decide on hunks, cancel, apply an instruction in a comment, presets."""
    only = params.context.only
    start, end = offsets(document, params.range)
    actions = [
        *_review_actions(document, reviews.of(document.uri), start, end),
        *_cancel_actions(edits.running_in(document.uri)),
        *_comment_actions(document, edits, start, end),
        *_preset_actions(document, edits, start, end),
    ]
    return [action for action in actions if only is None or _wanted(str(action.kind), only)]


def resolved(action: types.CodeAction) -> types.CodeAction:
    """The action with its command, which its data holds; anything else comes back as it is."""
    data = action.data
    if isinstance(data, dict) and isinstance(data.get("command"), str):
        action.command = types.Command(action.title, data["command"], arguments=[data.get("argument", {})])
    return action


def code_lenses(document: Document, reviews: Reviews) -> list[types.CodeLens]:
    """Accept · Reject · Accept all · Reject all, at the first line of each undecided hunk."""
    lenses = []
    for edit in reviews.of(document.uri):
        edit.review.refresh(document.text)
        for number, hunk in edit.undecided():
            place = range_of(document, hunk.start, hunk.start)
            one = {"editId": edit.id, "hunkId": number}
            whole = {"editId": edit.id}
            for title, command, argument in (
                ("Accept", ACCEPT_HUNK, one),
                ("Reject", REJECT_HUNK, one),
                ("Accept all", ACCEPT_EDIT, whole),
                ("Reject all", REJECT_EDIT, whole),
            ):
                lenses.append(types.CodeLens(place, types.Command(title, command, arguments=[argument])))
    return lenses


def _action(title: str, kind: str, command: str, argument: dict[str, Any]) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=kind,
        command=types.Command(title, command, arguments=[argument]),
        data={"command": command, "argument": argument},
    )


def _review_actions(
    document: Document, opened: Sequence[OpenEdit], start: int, end: int
) -> Iterator[types.CodeAction]:
    for edit in opened:
        edit.review.refresh(document.text)
        undecided = list(edit.undecided())
        for number, hunk in undecided:
            if _on_lines(document, hunk.start, hunk.end, start, end):
                one = {"editId": edit.id, "hunkId": number, "notify": True}
                yield _action("Accept this change", f"{REVIEW_KIND}.accept", ACCEPT_HUNK, one)
                yield _action("Reject this change", f"{REVIEW_KIND}.reject", REJECT_HUNK, one)
        if undecided:
            whole, count = {"editId": edit.id, "notify": True}, len(undecided)
            yield _action(f"Accept all changes ({count})", f"{REVIEW_KIND}.acceptAll", ACCEPT_EDIT, whole)
            yield _action(f"Reject all changes ({count})", f"{REVIEW_KIND}.rejectAll", REJECT_EDIT, whole)


def _cancel_actions(running: Sequence[str]) -> Iterator[types.CodeAction]:
    for edit_id in running:
        yield _action("Cancel the running edit", f"{REVIEW_KIND}.cancel", CANCEL, {"editId": edit_id})


def _comment_actions(document: Document, edits: Edits, start: int, end: int) -> Iterator[types.CodeAction]:
    for found in edits.instructions(document.uri, document.text):
        if not found.touches(start, end):
            continue
        argument = {
            "uri": document.uri,
            "instruction": found.words,
            "comment": range_json(document, found.start, found.end),
            "mode": edits.settings.mode.value,
            "notify": True,
        }
        if end > found.removed_end or start < found.removed_start:
            argument["range"] = range_json(document, start, end)
        yield _action(f"Apply this instruction: {found.words}", f"{REWRITE_KIND}.comment", EDIT, argument)


def _preset_actions(document: Document, edits: Edits, start: int, end: int) -> Iterator[types.CodeAction]:
    for preset in edits.settings.offered(document.language_id):
        argument = {
            "uri": document.uri,
            "instruction": preset.instruction,
            "range": range_json(document, start, end),
            "mode": edits.settings.mode.value,
            "notify": True,
        }
        yield _action(preset.title, f"{REWRITE_KIND}.{preset.id}", EDIT, argument)


def _on_lines(document: Document, start: int, end: int, from_: int, to: int) -> bool:
    """Whether a hunk and a selection share a line; a hunk that only deleted is on the line of its place."""
    first, last = document.position(start)[0], document.position(max(start, end - 1))[0]
    return first <= document.position(to)[0] and document.position(from_)[0] <= last


def _wanted(kind: str, only: Sequence[str | types.CodeActionKind]) -> bool:
    names = [str(getattr(name, "value", name)) for name in only]
    return any(kind == name or kind.startswith(f"{name}.") or not name for name in names)
