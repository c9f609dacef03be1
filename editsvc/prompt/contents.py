"""The contents of a file that is not shown whole: a line for each of its sections, and the question which are needed.

The question begins a conversation: the reply says which sections the change needs, and the next message shows them
and asks for the rewrite. Both requests begin with the same messages, for the prompt cache; the hints, which the
instruction makes, come behind the list, which the file makes. A list that would be too long has a line for each group
of sections, and the next question lists those of the groups that were named.

`parse` is the inverse of `render`; the emulator uses it to play the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc import late
from editsvc.prompt.rendering import SECTIONS, SYSTEM, Message, file_named, instruction_in

if TYPE_CHECKING:
    from collections.abc import Sequence

SYSTEM_LONG: Final = f"""\
{SYSTEM}

A long file is not shown at once. Its contents are listed first: the numbers of its sections, their lines, and how \
they begin. Say then which sections the change needs, those to look at included, in one line and without fences: \
{SECTIONS} and their numbers, with commas between them and a dash between the first and the last of several in a row. \
They are shown to you, and you are asked to rewrite them. If the change needs others as well, reply with such a line \
again instead of a rewrite."""

_COUNT: Final = "The file has {lines} lines and is not shown at once. Its contents:"
_MORE: Final = "The contents of these sections:"
_HINTS: Final = "Places that have to do with the instruction:"
_QUESTION: Final = f"Which sections does the change need? Reply with one line: {SECTIONS} and their numbers."
BY_THEMSELVES: Final = "These are rewritten by themselves. Rewrite only the sections that are shown."
UNCLEAR: Final = (
    f"That names no section. Reply with one line: {SECTIONS} and the numbers of those that the change needs."
)
_ENTRY: Final = late.pattern(
    r"(?P<first>\d+)(?:-(?P<last>\d+))? \((?P<first_line>\d+)-(?P<last_line>\d+)\)(?: (?P<heading>.*))?"
)
_ANY_COUNT: Final = late.pattern(
    r"\A(?:File: (?P<filename>[^\n]*)\n\nThe file has \d+ lines and is not shown at once\. Its contents|"
    r"The contents of these sections):\n"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the contents: the sections `first` to `last`, their lines (1-based, inclusive), and what they are."""

    first: int
    last: int
    first_line: int
    last_line: int
    heading: str = ""

    @property
    def alone(self) -> bool:
        """Whether it is one section."""
        return self.first == self.last

    def __str__(self) -> str:
        numbers = str(self.first) if self.alone else f"{self.first}-{self.last}"
        return f"{numbers} ({self.first_line}-{self.last_line}) {self.heading}".rstrip()


@dataclass(frozen=True, slots=True)
class Hint:
    """A place that the instruction may be about: a line (1-based), its section, and what stands there."""

    section: int
    line: int
    text: str

    def __str__(self) -> str:
        return f"section {self.section}, line {self.line}: {self.text}".rstrip()


def render(
    filename: str, instruction: str, lines: int, entries: Sequence[Entry], hints: Sequence[Hint] = ()
) -> list[Message]:
    """The messages that ask which sections of a file of so many lines an edit needs."""
    head = f"{file_named(filename)}\n\n{_COUNT.format(lines=lines)}"
    return [Message("system", SYSTEM_LONG), Message("user", _asked(head, entries, hints, instruction))]


def render_more(instruction: str, entries: Sequence[Entry], hints: Sequence[Hint] = ()) -> Message:
    """The message that lists the sections of some groups, and asks again."""
    return Message("user", _asked(_MORE, entries, hints, instruction))


def _asked(head: str, entries: Sequence[Entry], hints: Sequence[Hint], instruction: str) -> str:
    blocks = ["\n".join((head, *map(str, entries)))]
    if hints:
        blocks.append("\n".join((_HINTS, *map(str, hints))))
    blocks += [_QUESTION, instruction_in(instruction)]
    return "\n\n".join(blocks)


@dataclass(frozen=True, slots=True)
class Question:
    """A message that asks for sections, as its reader sees it; `filename` is empty where an earlier message says it."""

    entries: Sequence[Entry]
    instruction: str
    filename: str


def parse(asked: str) -> Question | None:
    """The contents in a message that asks for sections, and the instruction; None if it is none."""
    begin = _ANY_COUNT.match(asked)
    last = asked.rfind(instruction_in(""))
    if begin is None or last < 0:
        return None
    found = [match for match in map(_ENTRY.fullmatch, asked[begin.end() : last].split("\n")) if match]
    entries = [
        Entry(
            int(match["first"]),
            int(match["last"] or match["first"]),
            int(match["first_line"]),
            int(match["last_line"]),
            match["heading"] or "",
        )
        for match in found
    ]
    return Question(entries, asked[last + len(instruction_in("")) :], begin["filename"] or "")
