"""Code actions and code lenses, for clients without a plugin.

Every action carries its command from the start: Helix says that it resolves commands, and then runs the one it
had before (seen in 25.01). Resolving is answered all the same, and never runs an edit: Helix waits for the answer
with its screen frozen, and VS Code resolves actions that are only looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from lsprotocol import types

from editsvc import figures
from lsp.contract import EditArgument, EditIdArgument, HunkArgument
from lsp.names import ActionKind, Command
from lsp.settings import ApplyMode
from lsp.wire.convert import command_of, contract_range_of, offsets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lsp.documents import Document
    from lsp.editing.decisions import Decisions
    from lsp.editing.edits import Edits
    from lsp.editing.open_edit import OpenEdit, Proposal
    from lsp.editing.reviews import Reviews


def code_actions(
    document: Document,
    params: types.CodeActionParams,
    *,
    edits: Edits,
    reviews: Reviews,
    decisions: Decisions,
    by_model: bool,
    offline: bool,
) -> list[types.CodeAction]:
    """The actions at a position: decide on edits, cancel, apply an instruction in a comment, presets.

    `by_model`: edits are written by a model, which clients that know the tag for it are told. `offline`: certainly not,
    and presets that need one are left out.
    """
    only = params.context.only
    start, end = offsets(document, params.range)
    about = edits.client.about
    at_cursor = about.selects_at_cursor and _is_part_of_a_line(document, start, end)
    if at_cursor or (about.selects_line and _is_one_line(document, start, end)):
        end = start
    draws = about.hunks  # the client's plugin shows what was removed by itself
    actions = [
        *_review_actions(document, reviews.of(document.uri), start, end, shows=not draws),
        *_waiting_actions(document, decisions.proposed(document.uri), start, end),
        *_refused_actions(document, edits),
        *_cancel_actions(edits.running_in(document.uri)),
        *_comment_actions(document, edits, start, end),
        *_preset_actions(document, edits, start, end, offline=offline),
    ]
    if about.tags_actions and by_model:
        for action in actions:
            if action.command is not None and action.command.command == Command.EDIT:
                action.tags = [types.CodeActionTag.LlmGenerated]
    return [action for action in actions if only is None or _wanted(str(action.kind), only)]


def resolved(action: types.CodeAction) -> types.CodeAction:
    """The action with its command, which its data holds; anything else comes back as it is."""
    data = action.data
    if isinstance(data, dict) and isinstance(data.get("command"), str):
        action.command = types.Command(action.title, data["command"], arguments=[data.get("argument", {})])
    return action


def code_lenses(document: Document, reviews: Reviews, decisions: Decisions) -> list[types.CodeLens]:
    """Accept · Reject · Accept all · Reject all, at the first line of each undecided hunk.

    A hunk that the instruction does not explain asks whether it was meant, and one click takes back all of those.
    An edit that waits is shown, put in and dropped at the first line where it would change something.
    """
    lenses: list[types.CodeLens] = []
    for edit in reviews.of(document.uri):
        edit.review.refresh(document.text)
        unexplained = edit.unexplained()
        for number, hunk in edit.undecided():
            this_hunk = HunkArgument(edit.id, number, notify=True)
            whole_edit = EditIdArgument(edit.id, notify=True)
            commands = [
                command_of("Accept", Command.ACCEPT_HUNK, this_hunk),
                command_of("Reject", Command.REJECT_HUNK, this_hunk),
                command_of("Accept all", Command.ACCEPT_EDIT, whole_edit),
                command_of("Reject all", Command.REJECT_EDIT, whole_edit),
            ]
            if number in unexplained:
                commands[0] = command_of("Not asked for? Accept", Command.ACCEPT_HUNK, this_hunk)
                commands.insert(
                    2, command_of("Reject all not asked for", Command.REJECT_UNEXPLAINED, whole_edit)
                )
            lenses += _in_order(document, hunk.start, commands)
    for proposal in decisions.proposed(document.uri):
        fitting = proposal.fitting(document)
        if not fitting:
            continue
        whole_edit = EditIdArgument(proposal.id, notify=True)
        (first, *_) = proposal.hunks(document)[fitting[0] :]
        place = document.offset(first.range.start.line, 0)
        commands = [
            command_of(f"Put in {figures.count(len(fitting), 'change')}", Command.ACCEPT_EDIT, whole_edit),
            command_of("Show", Command.SHOW_DIFF, whole_edit),
            command_of("Drop", Command.REJECT_EDIT, whole_edit),
        ]
        lenses += _in_order(document, place, commands)
    return lenses


def _in_order(document: Document, offset: int, commands: Sequence[types.Command]) -> Iterator[types.CodeLens]:
    """The lenses of one line, in columns that go up: by these Neovim and VS Code sort them."""
    line = document.position(offset)[0]
    for column, command in enumerate(commands):
        place = types.Position(line, column)
        yield types.CodeLens(types.Range(place, place), command)


def _action(title: str, kind: str, command: Command, argument: msgspec.Struct) -> types.CodeAction:
    called = command_of(title, command, argument)
    (encoded,) = called.arguments or ()
    return types.CodeAction(
        title=title, kind=kind, command=called, data={"command": called.command, "argument": encoded}
    )


def _review_actions(
    document: Document, opened: Sequence[OpenEdit], start: int, end: int, *, shows: bool
) -> Iterator[types.CodeAction]:
    for edit in opened:
        edit.review.refresh(document.text)
        undecided = list(edit.undecided())
        for number, hunk in undecided:
            if _on_lines(document, hunk.start, hunk.end, start, end):
                this_hunk = HunkArgument(edit.id, number, notify=True)
                yield _action(
                    "Accept this change", f"{ActionKind.REVIEW}.accept", Command.ACCEPT_HUNK, this_hunk
                )
                yield _action(
                    "Reject this change", f"{ActionKind.REVIEW}.reject", Command.REJECT_HUNK, this_hunk
                )
        if undecided:
            whole_edit, count = EditIdArgument(edit.id, notify=True), len(undecided)
            yield _action(
                f"Accept all changes ({count})",
                f"{ActionKind.REVIEW}.acceptAll",
                Command.ACCEPT_EDIT,
                whole_edit,
            )
            unexplained = edit.unexplained()
            if unexplained:
                yield _action(
                    f"Reject the changes that were not asked for ({len(unexplained)})",
                    f"{ActionKind.REVIEW}.rejectUnexplained",
                    Command.REJECT_UNEXPLAINED,
                    whole_edit,
                )
            yield _action(
                f"Reject all changes ({count})",
                f"{ActionKind.REVIEW}.rejectAll",
                Command.REJECT_EDIT,
                whole_edit,
            )
            if shows:
                yield _action(
                    f"Show all changes as a diff ({count})",
                    f"{ActionKind.REVIEW}.show",
                    Command.SHOW_DIFF,
                    whole_edit,
                )


def _waiting_actions(
    document: Document, waiting: Sequence[Proposal], start: int, end: int
) -> Iterator[types.CodeAction]:
    """Put in, show or drop an edit that is in no buffer: a preview, or one that the editor did not make."""
    for proposal in waiting:
        fitting = proposal.fitting(document)
        which = "" if len(waiting) == 1 else f": {proposal.label.removeprefix('editsvc: ')}"
        whole_edit = EditIdArgument(proposal.id, notify=True)
        if fitting:
            yield _action(
                f"Put in the edit that is ready ({figures.count(len(fitting), 'change')}){which}",
                f"{ActionKind.REVIEW}.putIn",
                Command.ACCEPT_EDIT,
                whole_edit,
            )
        if len(fitting) > 1 and proposal.mode is ApplyMode.PREVIEW:
            hunks = proposal.hunks(document)
            for number in fitting:
                place = offsets(document, hunks[number].range)
                if _on_lines(document, *place, start, end):
                    this_hunk = HunkArgument(proposal.id, number, notify=True)
                    yield _action(
                        "Put in this change only",
                        f"{ActionKind.REVIEW}.putIn",
                        Command.ACCEPT_HUNK,
                        this_hunk,
                    )
                    yield _action(
                        "Drop this change", f"{ActionKind.REVIEW}.drop", Command.REJECT_HUNK, this_hunk
                    )
        state = "is ready" if fitting else "does not fit any more"
        yield _action(
            f"Show the edit that {state}{which}", f"{ActionKind.REVIEW}.show", Command.SHOW_DIFF, whole_edit
        )
        yield _action(
            f"Drop the edit that {state}{which}", f"{ActionKind.REVIEW}.drop", Command.REJECT_EDIT, whole_edit
        )


def _refused_actions(document: Document, edits: Edits) -> Iterator[types.CodeAction]:
    """The way to have what a check refused, for editors that show no answers and cannot ask."""
    for refused in edits.refused.of(document.uri, document.text):
        anyway, argument = refused.anyway, refused.argument
        if anyway is None or not argument.notify:
            continue
        again = msgspec.structs.replace(argument, allow=anyway.allow, retry=anyway.retry)
        title = f"Edit anyway, without {', '.join(anyway.allow)}: {argument.instruction}"
        yield _action(title, f"{ActionKind.REVIEW}.anyway", Command.EDIT, again)
        yield _action(
            f"Show what was refused: {argument.instruction}",
            f"{ActionKind.REVIEW}.show",
            Command.SHOW_DIFF,
            EditIdArgument(refused.id, notify=True),
        )


def _cancel_actions(running: Sequence[str]) -> Iterator[types.CodeAction]:
    for edit_id in running:
        yield _action(
            "Cancel the running edit",
            f"{ActionKind.REVIEW}.cancel",
            Command.CANCEL,
            EditIdArgument(edit_id, notify=True),
        )


def _comment_actions(document: Document, edits: Edits, start: int, end: int) -> Iterator[types.CodeAction]:
    for found in edits.instructions(document.uri, document.text):
        if not found.touches(start, end):
            continue
        # A cursor is on the line; only what was really selected can go beyond the comment.
        goes_beyond = end - start > 1 and (end > found.removed_end or start < found.removed_start)
        argument = EditArgument(
            uri=document.uri,
            instruction=found.words,
            range=contract_range_of(document, start, end) if goes_beyond else None,
            mode=edits.settings.mode,
            comment=contract_range_of(document, found.start, found.end),
            notify=True,
        )
        yield _action(
            f"Apply this instruction: {found.words}", f"{ActionKind.REWRITE}.comment", Command.EDIT, argument
        )


def _preset_actions(
    document: Document, edits: Edits, start: int, end: int, *, offline: bool
) -> Iterator[types.CodeAction]:
    for preset in edits.settings.offered(document.language_id, offline=offline):
        argument = EditArgument(
            uri=document.uri,
            instruction=preset.instruction,
            range=contract_range_of(document, start, end),
            mode=edits.settings.mode,
            notify=True,
        )
        yield _action(preset.title, f"{ActionKind.REWRITE}.{preset.id}", Command.EDIT, argument)


def _on_lines(document: Document, start: int, end: int, from_: int, to: int) -> bool:
    """Whether a hunk and a selection share a line; a hunk that only deleted is on the line of its place."""
    first, last = document.position(start)[0], document.position(max(start, end - 1))[0]
    return first <= document.position(to)[0] and document.position(from_)[0] <= last


def _is_part_of_a_line(document: Document, start: int, end: int) -> bool:
    """Whether a range is within one line, and leaves some of its text out."""
    (line, _), (last, _) = document.position(start), document.position(end)
    if line != last:
        return False
    whole = document.text_between(document.offset(line, 0), document.line_end(line))
    return document.text_between(start, end).strip() != whole.strip()


def _is_one_line(document: Document, start: int, end: int) -> bool:
    """Whether a range goes from the start of a line to that of the next one, or to the end of the last."""
    (line, column), (last, end_column) = document.position(start), document.position(end)
    ends = last == line + 1 and end_column == 0
    return column == 0 and (ends or (last == line == document.line_count - 1 and end == len(document)))


def _wanted(kind: str, only: Sequence[str | types.CodeActionKind]) -> bool:
    names = [str(getattr(name, "value", name)) for name in only]
    return any(kind == name or kind.startswith(f"{name}.") or not name for name in names)
