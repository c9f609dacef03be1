"""Hunk by hunk, as ``git add -p`` asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from editsvc.cli.output import coloured_line, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.text.diff import Hunk

_HELP: Final = """\
y - take this hunk
n - leave this hunk
a - take this hunk and all later ones of the file
d - leave this hunk and all later ones of the file
k - go back to the hunk before
q - leave this hunk and all that were not decided yet
? - show this help"""


def choose_hunks(name: str, hunks: Sequence[Hunk]) -> set[int]:
    """Ask about each hunk of one file, on stderr; returns the indices of those taken.

    Raises click.Abort if the input ends or is interrupted.
    """
    taken: set[int] = set()
    index = 0
    while index < len(hunks):
        _show(name, hunks[index], index, len(hunks))
        answer = click.prompt(
            click.style(f"({index + 1}/{len(hunks)}) Take this hunk [y,n,q,a,d,k,?]?", fg="blue", bold=True),
            prompt_suffix=" ",
            err=True,
        )
        taken.discard(index)
        match answer.strip().lower():
            case "y":
                taken.add(index)
                index += 1
            case "n":
                index += 1
            case "a":
                taken.update(range(index, len(hunks)))
                break
            case "d" | "q":
                taken.difference_update(range(index, len(hunks)))
                break
            case "k":
                index = max(0, index - 1)
            case _:
                click.echo(_HELP, err=True)
    return taken


def _show(name: str, hunk: Hunk, index: int, count: int) -> None:
    if index == 0:
        click.echo(
            click.style(visible(f"{name}: {count} hunk{'s' if count != 1 else ''}"), bold=True), err=True
        )
    head = f"@@ -{hunk.old_start},{hunk.old_lines} +{hunk.new_start},{hunk.new_lines} @@"
    for line in (head, *hunk.lines):
        click.echo(coloured_line(line.rstrip("\n")), err=True)
