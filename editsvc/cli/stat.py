"""How many lines each file gains and loses, as ``git diff --stat`` shows it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, NamedTuple

import click
from rich.cells import cell_len

from editsvc import figures
from editsvc.cli import looks
from editsvc.cli.output import visible
from editsvc.cli.usage import columns

if TYPE_CHECKING:
    from collections.abc import Sequence

_USUAL: Final = 80
_LEAST_BAR: Final = 6
_ELLIPSIS: Final = "..."


class Changed(NamedTuple):
    """One file, and how many lines it gains and loses."""

    path: str
    added: int
    removed: int


def of_diff(path: str, diff: bytes) -> Changed:
    """What the unified diff of one file adds and removes."""
    from unidiff.patch import PatchSet

    # Whatever the file's encoding is, each byte is one character here.
    files = PatchSet(diff.decode("latin-1"), metadata_only=True)
    return Changed(path, files.added, files.removed)


def write(changed: Sequence[Changed]) -> None:
    """The table on stdout, as wide as the terminal, else 80 columns."""
    for line in lines(changed, columns() if sys.stdout.isatty() else _USUAL):
        name, bar, signs = line
        plus = signs.rstrip("-")
        if looks.coloured():
            signs = click.style(plus, fg="green") + click.style(signs[len(plus) :], fg="red")
        click.echo(f"{visible(name)}{bar}{signs}", color=looks.coloured())


def lines(changed: Sequence[Changed], width: int) -> list[tuple[str, str, str]]:
    """Each line in three parts: the name, the number, the signs; the last one is the sum."""
    changed = [one for one in changed if one.added or one.removed]
    most = max((one.added + one.removed for one in changed), default=0)
    digits = len(str(most))
    room = width - digits - len("  |  ")
    longest = max((cell_len(visible(one.path)) for one in changed), default=0)
    bar = min(most, max(_LEAST_BAR, room - longest))
    name_width = max(1, min(longest, room - bar))
    found = []
    for path, added, removed in changed:
        name = _end(visible(path), name_width)
        padded = name + " " * (name_width - cell_len(name))
        plus, minus = _scaled(added, removed, most, bar)
        found.append((f" {padded} ", f"| {added + removed:>{digits}} ", "+" * plus + "-" * minus))
    return [*found, (_sum(changed), "", "")]


def _scaled(added: int, removed: int, most: int, width: int) -> tuple[int, int]:
    """The signs for a file: one a line, or fewer where the longest bar would not fit; at least one of each kind."""
    if most <= width:
        return added, removed
    kinds = bool(added) + bool(removed)
    total = max(kinds, round((added + removed) * width / most))
    plus = min(max(bool(added), round(total * added / (added + removed))), total - bool(removed))
    return plus, total - plus


def _end(name: str, width: int) -> str:
    if cell_len(name) <= width:
        return name
    while name and cell_len(name) + len(_ELLIPSIS) > width:
        name = name[1:]
    return _ELLIPSIS + name


def _sum(changed: Sequence[Changed]) -> str:
    added, removed = sum(one.added for one in changed), sum(one.removed for one in changed)
    parts = [f" {figures.count(len(changed), 'file')} changed"]
    if added or not removed:
        parts.append(f"{figures.count(added, 'insertion')}(+)")
    if removed or not added:
        parts.append(f"{figures.count(removed, 'deletion')}(-)")
    return ", ".join(parts)
