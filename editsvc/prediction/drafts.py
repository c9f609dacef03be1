"""Drafts: the edits that an instruction plainly says, made before a model is asked.

A draft changes a prediction, never a document: the reply alone decides. Where the draft is right the reply is
nearly free, and where it is wrong it takes as long as without one. So, unlike the offline engine, which does
all of an instruction or nothing, a draft does the clauses that it understands; the edits are the engine's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc import late
from editsvc.instruction.commands import (
    AddDocstring,
    AddParameter,
    ChangeColour,
    Instruction,
    Remove,
    Rename,
    Replace,
    SetValue,
    SortImports,
    subject,
)
from editsvc.instruction.narrow import narrow
from editsvc.instruction.reading import parse
from editsvc.syntax import ParseBudget
from editsvc.text.document import Edit, apply

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from editsvc.syntax import Language

# A draft is made while somebody waits for the request to be sent.
_PARSE_STEPS: Final = 8_000

# Identifiers of a file this long take half a second to list, after parsing; no model rewrites it as a whole.
_LONGEST_DOCUMENT: Final = 1_000_000
# What is longer describes rather than says.
_LONGEST_INSTRUCTION: Final = 4_000
_MOST_PIECES: Final = 24
_LONGEST_RUN: Final = 6

_BULLET: Final = r"(?:[-*\u2022] |\d+[.)] )?"
_ADVERBS: Final = r"(?:(?:and|then|also|next|finally),? )*"
# What is quoted comes first, so that no separator is seen inside of it. An apostrophe opens nothing.
_SEPARATOR: Final = late.pattern(
    r"`[^`\n]*`|\"[^\"\n]*\"|\u201c[^\u201d\n]*\u201d|(?<!\w)'[^'\n]*'(?!\w)"
    rf"|(?P<separator>(?:[.!?]? ?\n[\n ]*{_BULLET}|[.!?] | ?; ?|, ?| (?=(?:and|then) )){_ADVERBS})",
    re.IGNORECASE,
)
_OPENING: Final = late.pattern(rf"{_BULLET}{_ADVERBS}(?:first,? )?", re.IGNORECASE)
_BLANKS: Final = late.pattern(r"[^\S\r\n]+")
_LINE_ENDS: Final = late.pattern(r"\r\n?")
# What goes without saying: a rename that reaches all uses, and manners.
_IMPLIED: Final = late.pattern(
    r"(?:please|thanks|thank you"
    r"|(?:updat(?:e|ing)|fix(?:ing)?|adjust(?:ing)?|chang(?:e|ing)) (?:all )?(?:of )?(?:the |its |their )?"
    r"(?:call ?sites?|callers?|references?|usages?|uses|occurrences)(?: to it| of it)?(?: accordingly| too)?)[.!]?",
    re.IGNORECASE,
)
_COMPOUND: Final = late.pattern(r"[^\W\d_][_\d]|[a-z\d][A-Z]")


class Draft(msgspec.Struct, frozen=True):
    """The edits of a draft, in order, not overlapping, in code points of the document.

    `complete` tells whether that is all of the instruction, as far as it concerns the document; if not, some
    clause was not understood, or could not be done.
    """

    edits: tuple[Edit, ...]
    complete: bool


def draft(
    document: str,
    instruction: str,
    language: Language | None,
    *,
    budget: ParseBudget | None = None,
) -> Draft | None:
    """What `instruction` plainly says, as edits of `document`; None if it says nothing that can be done there.

    Clauses are done in turn, each on the result of those before; those that are not understood or do not
    apply are left out. All parsing takes `budget`; what comes when that is used up is left out. Raises nothing.
    """
    if len(document) > _LONGEST_DOCUMENT or len(instruction) > _LONGEST_INSTRUCTION:
        return None
    values, complete = understood(instruction)
    if not values:
        return None
    # Most instructions say nothing that can be drafted, and nobody is to wait for the engine's tables then.
    from editsvc.offline import NotApplicable  # noqa: PLC0415
    from editsvc.offline.transform import outcome  # noqa: PLC0415

    budget = ParseBudget(_PARSE_STEPS) if budget is None else budget
    text = document
    made: list[Edit] = []
    for value in values:
        # A clause about what this file does not have is no reason to parse it, nor does it leave anything undone.
        if not _mentioned(value, text, language):
            continue
        try:
            done = None if budget.used_up else outcome(text, _as_models_do(value), language, budget=budget)
        except NotApplicable:
            done = None
        complete = complete and done is not None and not done.notes
        if done is not None:
            made = compose(made, done.edits, middle=text)
            text = apply(text, done.edits)
    changed = tuple(edit for edit in made if document[edit.start : edit.end] != edit.new_text)
    return Draft(changed, complete) if changed else None


def understood(instruction: str) -> tuple[list[Instruction], bool]:
    """The clauses of `instruction` that can be drafted, in order, and whether that is all of it.

    It is tried whole, without the prefix and the issue number of a commit's subject, also in other languages than
    English; else it is cut at
    sentence ends, line breaks, semicolons, commas, "and" and "then", outside of quotes, and the longest runs
    of pieces that have a meaning are clauses. "Rename a to b and c to d" has two.
    """
    _, sentence = subject(_LINE_ENDS.sub("\n", _BLANKS.sub(" ", instruction)))
    whole = parse(sentence)
    if whole is not None:
        return _draftable([whole])
    stated = narrow(sentence)
    if stated is not None and stated.command is not None:
        return [stated.command], stated.exact
    pieces = list(_pieces(sentence))
    complete = len(pieces) <= _MOST_PIECES
    pieces = pieces[:_MOST_PIECES]
    values: list[Instruction] = []
    first = 0
    while first < len(pieces):
        previous = values[-1] if values else None
        for end in range(min(len(pieces), first + _LONGEST_RUN), first, -1):
            run = sentence[pieces[first][0] : pieces[end - 1][1]]
            value = parse(run) or _continued(previous, run)
            if value is not None:
                values.append(value)
                first = end
                break
        else:
            start, stop = pieces[first]
            complete = complete and _IMPLIED.fullmatch(sentence, start, stop) is not None
            first += 1
    values, can_all = _draftable(values)
    return values, complete and can_all and bool(values)


def compose(first: Sequence[Edit], second: Sequence[Edit], *, middle: str) -> list[Edit]:
    """The edits that do what `first` does, which leads to the text `middle`, and then what `second` does there.

    In code points of the text before `first`, in order. Edits stay apart unless they touch: then one edit
    replaces all that they span.
    """
    # (start and end in the middle, by how much what follows has moved, the edit if it is still to be made)
    spans: list[tuple[int, int, int, Edit | None]] = [
        (edit.start, edit.end, 0, edit) for edit in sorted(second, key=lambda edit: (edit.start, edit.end))
    ]
    moved = 0
    for edit in sorted(first, key=lambda edit: (edit.start, edit.end)):
        growth = len(edit.new_text) - (edit.end - edit.start)
        start = edit.start + moved
        spans.append((start, start + len(edit.new_text), growth, None))
        moved += growth
    spans.sort(key=lambda span: span[:2])
    result: list[Edit] = []
    moved = position = 0
    while position < len(spans):
        start, end, growth, _ = spans[position]
        group = position + 1
        while group < len(spans) and spans[group][0] <= end:
            end = max(end, spans[group][1])
            growth += spans[group][2]
            group += 1
        inner = [
            Edit(edit.start - start, edit.end - start, edit.new_text)
            for _, _, _, edit in spans[position:group]
            if edit is not None
        ]
        result.append(Edit(start - moved, end - moved - growth, apply(middle[start:end], inner)))
        moved += growth
        position = group
    return result


def _pieces(sentence: str) -> Iterator[tuple[int, int]]:
    """Where the pieces of `sentence` between separators are; none is empty."""
    opening = _OPENING.match(sentence)
    start = opening.end() if opening else 0
    for match in _SEPARATOR.finditer(sentence, start):
        if match["separator"] is not None:
            if match.start() > start:
                yield start, match.start()
            start = match.end()
    if start < len(sentence):
        yield start, len(sentence)


def _continued(previous: Instruction | None, piece: str) -> Instruction | None:
    """The meaning of a clause that leaves out the verb of the clause before: "… and c to d"."""
    match previous:
        case Rename():
            verbs = ["rename"]
        case Replace() | ChangeColour():
            verbs = ["change"]
        case SetValue():
            verbs = ["set", "change"]
        case Remove(kind=kind):
            verbs = ["remove", f"remove {kind}"]
        case AddParameter():
            verbs = ["add"]
        case _:
            return None
    values = (parse(f"{verb} {piece}") for verb in verbs)
    return next((value for value in values if value is not None), None)


def _draftable(values: list[Instruction]) -> tuple[list[Instruction], bool]:
    # The engine writes documentation as a stub, which is not what a model writes.
    kept: list[Instruction] = [value for value in values if not isinstance(value, AddDocstring)]
    return kept, len(kept) == len(values)


def _as_models_do(value: Instruction) -> Instruction:
    """A name that is no word of English is renamed in comments too, where it cannot mean anything else.

    A model is asked about the files of a project together, so what is imported is renamed, not given an alias.
    """
    if isinstance(value, Rename):
        return msgspec.structs.replace(
            value, in_comments=bool(_COMPOUND.search(value.old)) or value.in_comments, across_files=True
        )
    return value


def _mentioned(value: Instruction, text: str, language: Language | None) -> bool:
    """False if `text` plainly does not have what `value` is about."""
    match value:
        case Rename(old=name):
            from editsvc.offline.rename import word  # noqa: PLC0415 - as above

            return word(name, language).search(text) is not None
        case Replace(old=old):
            return old in text
        case SetValue(name=name):
            # Words stand for a name in any case style.
            return all(part in text.lower() for part in name.lower().split())
        case Remove(name=name) | AddParameter(function=name):
            return name.rpartition(".")[2] in text
        case ChangeColour():
            return language is not None and language.name in ("css", "html")
        case SortImports() | AddDocstring():
            return True
