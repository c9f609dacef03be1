"""From an instruction and a document to the new document: one transformation for each kind of instruction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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


def rewrite(text: str, instruction: str, *, filename: str) -> str:
    """`text` as `instruction` wants it; `filename` (or a ``#!`` line) determines the language.

    The new text may equal the old one. Raises NotUnderstood for an instruction that is not one of
    `describe()`, and NotApplicable for one whose target is missing or ambiguous.
    """
    value = parse(instruction)
    if value is None:
        examples = ", ".join(f"“{example}”" for example, _ in describe())
        raise NotUnderstood(
            f"Without a model, only instructions of these forms are understood: {examples}.",
            hint="Set CEREBRAS_API_KEY to let a model carry out any other instruction.",
        )
    return rewrite_by(text, value, language_of(filename, text[:200]))


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
    value = parse(instruction)
    try:
        return outcome(text, value, language).notes if value is not None else ()
    except NotApplicable:
        return ()


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
