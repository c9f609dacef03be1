"""From an instruction and a document to the new document: one transformation for each kind of instruction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc import late
from editsvc.errors import Refused
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
)
from editsvc.instruction.reading import readings
from editsvc.offline import (
    colour,
    docstring,
    imports,
    parameter,
    refusals,
    remove,
    rename,
    replace,
    set_value,
)
from editsvc.offline.errors import NotApplicable
from editsvc.offline.outcome import Outcome
from editsvc.syntax import ParseBudget, language_of, syntax_errors
from editsvc.text.document import apply

if TYPE_CHECKING:
    from editsvc.offline.naming.links import Beside, Files
    from editsvc.syntax import Language
    from editsvc.text.document import Edit

# Nobody types while a file is rewritten, so a file of hundreds of thousands of lines may take seconds.
_PARSE_STEPS: Final = 300_000
_PARAGRAPHS: Final = late.pattern(r"\n[ \t]*\n\s*")
_AND: Final = late.pattern(r"(?i)\A(?:and|also|but)(?: also)?[ ,]+")


def rewrite(text: str, instruction: str, *, filename: str, files: Files | None = None) -> str:
    """`text` as `instruction` wants it; `filename` (or a ``#!`` line) determines the language.

    Of several files of a run, `files` are all of them: a name that one defines is renamed in those that import it.

    The new text may equal the old one. Raises NotUnderstood for an instruction that is not one of
    `describe()`, or may mean two things, and NotApplicable for one whose target is missing or ambiguous.
    """
    language = language_of(filename, text[:200])
    beside = files.beside(filename, text) if files is not None else None
    for part in _steps(instruction):
        text = rewrite_by(text, chosen(text, part, language, beside), language, beside)
    return text


def _steps(instruction: str) -> list[str]:
    """An instruction, or if it is only understood by paragraphs, each of them: they are done in turn."""
    parts = [_AND.sub("", part.strip()) for part in _PARAGRAPHS.split(instruction.strip())]
    by_parts = len(parts) > 1 and not readings(instruction) and all(map(readings, parts))
    return parts if by_parts else [instruction]


def chosen(
    text: str, instruction: str, language: Language | None, beside: Beside | None = None
) -> Instruction:
    """What `instruction` asks for in this document; raises NotUnderstood if that is nothing, or not plain.

    Of several meanings, it is the one that can be done here: "set color to blue" is about a colour in a style sheet,
    and about a name elsewhere.
    """
    found = readings(instruction)
    if not found:
        raise refusals.not_understood(instruction)
    if found[0].doubtful:
        raise refusals.doubtful(text, found[0], language)
    if len(found) == 1:
        return found[0].command
    recolours = next((each.command for each in found if isinstance(each.command, ChangeColour)), None)
    if recolours is not None and language is not None and language.name in ("css", "html"):
        return recolours
    commands = [each.command for each in found if each.command is not recolours]
    done: dict[str, Instruction] = {}
    for command in commands:
        try:
            new = apply(text, edits(text, command, language, beside=beside))
        except NotApplicable:
            continue
        if not _broken(text, new, language):
            done.setdefault(new, command)
    if len(done) > 1:
        raise refusals.several(list(done.values()))
    return next(iter(done.values()), commands[0])


def rewrite_by(text: str, value: Instruction, language: Language | None, beside: Beside | None = None) -> str:
    """Like `rewrite`, for a parsed instruction and a known language.

    An edit that would break the syntax of a sound file is refused (NotApplicable).
    """
    new = apply(text, edits(text, value, language, beside=beside))
    line = None if isinstance(value, Replace) else _broken(text, new, language)
    if line:
        raise NotApplicable(f"The edit would break the syntax of the file on line {line}.")
    return new


def _broken(text: str, new: str, language: Language | None) -> int | None:
    """The line, from 1, of a syntax error that `new` has and the sound `text` has not."""
    if new == text or language is None:
        return None
    broken = syntax_errors(new, language, budget=ParseBudget(_PARSE_STEPS))
    if not broken or syntax_errors(text, language, budget=ParseBudget(_PARSE_STEPS)) != []:
        return None
    return broken[0] + 1


def notes(
    text: str, instruction: str, language: Language | None, beside: Beside | None = None
) -> tuple[str, ...]:
    """What `rewrite` leaves as it is on purpose, in sentences for the user; empty where it raises."""
    found: tuple[str, ...] = ()
    try:
        for part in _steps(instruction):
            done = outcome(text, chosen(text, part, language, beside), language, beside=beside)
            found, text = (*found, *done.notes), apply(text, done.edits)
    except Refused:
        return ()
    return found


def refusal(
    text: str, instruction: str, language: Language | None, beside: Beside | None = None
) -> Refused | None:
    """Why `rewrite` refuses `instruction`; None if it does not."""
    try:
        for part in _steps(instruction):
            text = rewrite_by(text, chosen(text, part, language, beside), language, beside)
    except Refused as exc:
        return exc
    return None


def edits(
    text: str,
    value: Instruction,
    language: Language | None,
    *,
    budget: ParseBudget | None = None,
    beside: Beside | None = None,
) -> list[Edit]:
    """The edits of `outcome`."""
    return outcome(text, value, language, budget=budget, beside=beside).edits


def outcome(
    text: str,
    value: Instruction,
    language: Language | None,
    *,
    budget: ParseBudget | None = None,
    beside: Beside | None = None,
) -> Outcome:
    """The edits that do what `value` says, and notes about what they leave out.

    Raises NotApplicable if its target is missing or ambiguous, or if parsing exceeds the budget.
    """
    budget = ParseBudget(_PARSE_STEPS) if budget is None else budget
    match value:
        case Rename():
            return rename.apply(text, value, language, budget=budget, beside=beside)
        case Replace():
            return Outcome(replace.apply(text, value, language))
        case SetValue():
            return set_value.apply(text, value, language, budget=budget)
        case ChangeColour():
            return colour.apply(text, value, language, budget=budget)
        case Remove():
            return remove.apply(text, value, language, budget=budget)
        case AddDocstring():
            return Outcome(docstring.apply(text, value, language, budget=budget))
        case SortImports():
            return imports.apply(text, value, language, budget=budget)
        case AddParameter():
            return parameter.apply(text, value, language, budget=budget)
