"""Hunk by hunk, as ``git add -p`` asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import click

from editsvc import figures
from editsvc.cli.output import coloured_line, visible
from editsvc.engine.places import places, spoken, without_unexplained
from editsvc.guard.findings import Lines, Mark
from editsvc.text.diff import hunks, keep_hunks, unified_diff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.engine.edit import EditResult
    from editsvc.text.diff import Hunk

_KEYS: Final = {
    "y": "take this hunk",
    "n": "leave this hunk",
    "q": "leave this hunk and all that were not decided yet",
    "a": "take this hunk and all later ones of the file",
    "d": "leave this hunk and all later ones of the file",
    "k": "go back to the hunk before",
    "u": "leave out whatever the instruction does not explain, and begin again with the rest",
    "?": "show this help",
}
_LEAVE_OUT: Final = "u"


@dataclass(frozen=True)
class Choice:
    """An edit to choose from: its hunks, and for each what the instruction does not explain in it, "" if nothing."""

    result: EditResult
    old: bytes
    new: bytes
    hunks: tuple[Hunk, ...]
    unexplained: tuple[str, ...]

    @classmethod
    def of(cls, result: EditResult) -> Self:
        """What there is to choose from a result that has a new text."""
        if result.after is None:
            raise ValueError("a result without a new text")
        old, new = result.before.encode(), result.after.encode()
        found = tuple(hunks(unified_diff(old, new, "x").decode()))
        return cls(result, old, new, found, tuple(_unexplained(result, hunk, found) for hunk in found))


@dataclass(frozen=True)
class Chosen:
    """How many of `count` hunks were taken, and the text with those alone."""

    taken: int
    count: int
    text: bytes


def choose(name: str, choice: Choice) -> Chosen:
    """Ask about each hunk of one file, on stderr.

    Raises click.Abort if the input ends or is interrupted.
    """
    count = len(choice.hunks)
    taken: set[int] = set()
    index = 0
    while index < len(choice.hunks):
        keys = [key for key in _KEYS if key != _LEAVE_OUT or any(choice.unexplained)]
        _show(name, choice, index)
        question = f"({index + 1}/{len(choice.hunks)}) Take this hunk [{','.join(keys)}]?"
        answer = click.prompt(click.style(question, fg="blue", bold=True), prompt_suffix=" ", err=True)
        taken.discard(index)
        match answer.strip().lower():
            case "y":
                taken.add(index)
                index += 1
            case "n":
                index += 1
            case "a":
                taken.update(range(index, len(choice.hunks)))
                break
            case "d" | "q":
                taken.difference_update(range(index, len(choice.hunks)))
                break
            case "k":
                index = max(0, index - 1)
            case "u" if _LEAVE_OUT in keys:
                choice = Choice.of(without_unexplained(choice.result))
                taken, index = set(), 0
            case _:
                click.echo("\n".join(f"{key} - {_KEYS[key]}" for key in keys), err=True)
    return Chosen(len(taken), count, keep_hunks(choice.old, choice.new, choice.hunks, taken))


def _show(name: str, choice: Choice, index: int) -> None:
    hunk, count = choice.hunks[index], len(choice.hunks)
    if index == 0:
        unasked = sum(map(bool, choice.unexplained))
        more = f", {unasked:,} of them with what the instruction does not explain" if unasked else ""
        click.echo(click.style(visible(f"{name}: {figures.count(count, 'hunk')}{more}"), bold=True), err=True)
    head = f"@@ -{hunk.old_start},{hunk.old_lines} +{hunk.new_start},{hunk.new_lines} @@"
    if choice.unexplained[index]:
        head += f" {choice.unexplained[index]}"
    for line in (head, *hunk.lines):
        click.echo(coloured_line(line.rstrip("\n")), err=True)


def _unexplained(result: EditResult, hunk: Hunk, hunks: Sequence[Hunk]) -> str:
    """What the instruction does not explain in a hunk, which has one place or more, in words."""
    first, last = hunk.new_start, hunk.new_start + max(hunk.new_lines, 1) - 1
    # A diff's lines end at \\n alone, so that of a file with other line ends is one hunk with numbers of its own.
    alone = len(hunks) == 1
    inside = [place for place in places(result) if alone or first <= place.new_at <= last + 1]
    found = [place for place in inside if place.mark is Mark.UNEXPLAINED]
    if not found:
        return ""
    if len(found) == len(inside):
        return "not explained by the instruction"
    lines = spoken(place.after or Lines(place.new_at, place.new_at) for place in found)
    return f"{lines} not explained by the instruction"
