"""Similar names, for refusals that suggest a correction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST: Final = 3


def distance(a: str, b: str, limit: int) -> int:
    """The Levenshtein distance of `a` and `b`, or `limit` + 1 if it is larger than `limit`."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    previous = list(range(len(b) + 1))
    for row, left in enumerate(a, 1):
        current = [row]
        for column, right in enumerate(b, 1):
            change = previous[column - 1] + (left != right)
            current.append(min(change, previous[column] + 1, current[-1] + 1))
        if min(current) > limit:
            return limit + 1
        previous = current
    return min(previous[-1], limit + 1)


def near(name: str, candidates: Iterable[str]) -> list[str]:
    """At most three of `candidates` that `name` may be a misspelling of, nearest first.

    Case, underscores and hyphens are ignored; up to a third of the rest may differ.
    """
    limit = max(1, len(name) // 3)
    plain = _plain(name)
    ranked = ((distance(plain, _plain(candidate), limit), candidate) for candidate in set(candidates))
    return [candidate for far, candidate in sorted(ranked) if far <= limit and candidate != name][:_MOST]


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
