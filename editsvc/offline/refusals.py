"""Why an instruction is not carried out: the reason first, then the forms that are nearest, one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.errors import Means, Remedy, listed
from editsvc.instruction.commands import wording
from editsvc.instruction.reading import corrected, nearest_actions, unread, with_a_name_marked
from editsvc.offline.errors import NotUnderstood
from editsvc.offline.outcome import lines_of
from editsvc.offline.rename import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.instruction.commands import Instruction
    from editsvc.instruction.reading import Reading
    from editsvc.syntax import Language

_MOST: Final = 5
_LONGEST: Final = 60
_KEY: Final = (Remedy(Means.ANY_KEY),)


def not_understood(instruction: str) -> NotUnderstood:
    """The refusal of an instruction that has none of the forms."""
    meant = corrected(instruction)
    if meant is not None:
        return NotUnderstood(
            f"The offline engine does not know the word “{meant.typed}”; did you mean “{meant.sentence}”?",
            remedies=_KEY,
        )
    meant = with_a_name_marked(instruction)
    if meant is not None:
        return NotUnderstood(
            f"The offline engine takes “{meant.typed}” for a word of the sentence.",
            hint=listed("If it is the name of something, write", [meant.sentence]),
            remedies=_KEY,
        )
    rest = unread(instruction)
    if rest is None:
        reason = "The offline engine knows no word at the beginning of this instruction"
    elif rest:
        reason = f"The offline engine does not understand “{_short(rest)}” in this instruction"
    else:
        reason = "The instruction ends before it says what should change"
    forms = nearest_actions(instruction)[:_MOST]
    return NotUnderstood(f"{reason}.", hint=listed("It understands", forms), remedies=_KEY)


def doubtful(text: str, reading: Reading, language: Language | None) -> NotUnderstood:
    """The refusal of an instruction with an operand that looks like a word of the sentence."""
    name = reading.doubtful[0]
    plain = name.rpartition(".")[2]
    places = [match.start() for match in word(plain, language).finditer(text)]
    if not places:
        return NotUnderstood(
            f"“{name}” describes something, and does not name it; the offline engine needs a name.",
            remedies=_KEY,
        )
    return NotUnderstood(
        f"“{name}” may describe something, or be the name on {lines_of(text, places)}.",
        hint=f"If the name is meant, write: {wording(reading.command)}",
    )


def several(commands: Sequence[Instruction]) -> NotUnderstood:
    """The refusal of an instruction that may mean two things in this file."""
    first, second, *_ = (wording(command) for command in commands)
    return NotUnderstood(f"This may mean “{first}” or “{second}”.", hint="Write the one that is meant.")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
