"""From an instruction and a document to the new document: one transformation for each kind of instruction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc import late
from editsvc.instruction.commands import (
    AddDocstring,
    AddParameter,
    ChangeColour,
    Instruction,
    Remove,
    Rename,
    Replace,
    SortImports,
    describe,
    parse,
)
from editsvc.offline import colour, docstring, imports, parameter, remove, rename, replace
from editsvc.offline.errors import NotApplicable, NotUnderstood
from editsvc.offline.outcome import Outcome
from editsvc.syntax import ParseBudget, language_of, syntax_errors
from editsvc.text.document import apply

if TYPE_CHECKING:
    from editsvc.syntax import Language
    from editsvc.text.document import Edit

# Nobody types while a file is rewritten, so a file of hundreds of thousands of lines may take seconds.
_PARSE_STEPS: Final = 300_000
_PARAGRAPHS: Final = late.pattern(r"\n[ \t]*\n\s*")
_AND: Final = late.pattern(r"(?i)\A(?:and|also|but)(?: also)?[ ,]+")


def rewrite(text: str, instruction: str, *, filename: str) -> str:
    """`text` as `instruction` wants it; `filename` (or a ``#!`` line) determines the language.

    The new text may equal the old one. Raises NotUnderstood for an instruction that is not one of
    `describe()`, and NotApplicable for one whose target is missing or ambiguous.
    """
    values = _steps(instruction)
    if not values:
        examples = ", ".join(f"“{example}”" for example, _ in describe())
        raise NotUnderstood(
            f"Without a model, only instructions of these forms are understood: {examples}.",
            hint="Set CEREBRAS_API_KEY to let a model carry out any other instruction.",
        )
    language = language_of(filename, text[:200])
    for value in values:
        text = rewrite_by(text, value, language)
    return text


def _steps(instruction: str) -> list[Instruction]:
    """An instruction, or one for each of its paragraphs, which are done in turn; none if one is not understood."""
    value = parse(instruction)
    if value is not None:
        return [value]
    found = [parse(_AND.sub("", part.strip())) for part in _PARAGRAPHS.split(instruction.strip())]
    return [value for value in found if value is not None] if None not in found else []


def rewrite_by(text: str, value: Instruction, language: Language | None) -> str:
    """Like `rewrite`, for a parsed instruction and a known language.

    An edit that would break the syntax of a sound file is refused (NotApplicable).
    """
    new = apply(text, edits(text, value, language))
    if new != text and language is not None and not isinstance(value, Replace):
        broken = syntax_errors(new, language, budget=ParseBudget(_PARSE_STEPS))
        if broken and syntax_errors(text, language, budget=ParseBudget(_PARSE_STEPS)) == []:
            raise NotApplicable(f"The edit would break the syntax of the file on line {broken[0] + 1}.")
    return new


def notes(text: str, instruction: str, language: Language | None) -> tuple[str, ...]:
    """What `rewrite` leaves as it is on purpose, in sentences for the user; empty where it raises."""
    found: tuple[str, ...] = ()
    try:
        for value in _steps(instruction):
            done = outcome(text, value, language)
            found, text = (*found, *done.notes), apply(text, done.edits)
    except NotApplicable:
        return ()
    return found


def edits(
    text: str, value: Instruction, language: Language | None, *, budget: ParseBudget | None = None
) -> list[Edit]:
    """The edits of `outcome`."""
    return outcome(text, value, language, budget=budget).edits


def outcome(
    text: str, value: Instruction, language: Language | None, *, budget: ParseBudget | None = None
) -> Outcome:
    """The edits that do what `value` says, and notes about what they leave out.

    Raises NotApplicable if its target is missing or ambiguous, or if parsing exceeds the budget.
    """
    budget = ParseBudget(_PARSE_STEPS) if budget is None else budget
    match value:
        case Rename():
            return rename.apply(text, value, language, budget=budget)
        case Replace():
            return Outcome(replace.apply(text, value, language))
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
