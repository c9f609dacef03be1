"""What somebody most likely meant who misspelt a name: the one place that decides it, for every front end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def closest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that somebody who typed `name` most likely meant; None if none is near.

    Near is one slip for three letters: a letter too much, too few or wrong, two that changed places, or an end
    that was left out.
    """
    folded = name.casefold()
    ranked = sorted(
        (0 if len(folded) > 1 and name.startswith(folded) else _slips(folded, name), name) for name in names
    )
    return next((name for slips, name in ranked if slips <= max(len(name), len(folded)) // 3), None)


def _slips(typed: str, meant: str) -> int:
    """How many slips lead from one word to the other (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, have in enumerate(typed, 1):
        earlier, before, row = before, row, [i]
        for j, want in enumerate(meant, 1):
            slips = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (have != want))
            if i > 1 and j > 1 and (have, typed[i - 2]) == (meant[j - 2], want):
                slips = min(slips, earlier[j - 2] + 1)
            row.append(slips)
    return row[-1]
