"""How much two texts have in common, by lines and by words."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS: Final = re.compile(r"\w+|[^\w\s]")


def line_similarity(old: Sequence[str], new: Sequence[str]) -> float:
    """The share of the shorter text's lines, blank ones left out, that the other has too: 0 to 1."""
    a = Counter(line.strip() for line in old if line.strip())
    b = Counter(line.strip() for line in new if line.strip())
    least = min(a.total(), b.total())
    return (a & b).total() / least if least else 0.0


def words(text: str) -> Counter[str]:
    """The words and signs of `text`, with how often each occurs."""
    return Counter(_WORDS.findall(text))


def similarity(one: Counter[str], other: Counter[str]) -> float:
    """Twice the words and signs in common, by those of both: 0 to 1."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0
