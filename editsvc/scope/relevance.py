"""Ranks texts by the words they share with an instruction: a guess, used for an order and never for a limit."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from editsvc import late

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD: Final = late.pattern(r"[^\W\d_]+|\d+")
_PARTS: Final = late.pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\x00-\x7f]+|\d+")
_SHORTEST: Final = 3
_ENDINGS: Final = ("ations", "ation", "ings", "ing", "ions", "ion", "ers", "ies", "ed", "er", "es", "s", "y")
_SHORTEST_STEM: Final = 3
_TELLING: Final = 5
# Words that instructions consist of, whatever they are about.
_COMMON: Final = late.pattern(
    "add|all|and|are|but|can|change|code|does|file|fix|for|from|function|have|into|make|new|not|now|only|remove|"
    "should|that|the|then|this|use|was|when|where|which|with|without"
)


def rank(instruction: str, texts: Sequence[str]) -> list[int]:
    """The numbers of the texts that share words with `instruction`, the best first.

    A word counts for more the fewer texts hold it (inverse document frequency), and less each time again.
    Names are taken apart (``getUserName``, ``get_user_name``), and endings off, in both.
    """
    wanted = words(instruction)
    if not wanted or not texts:
        return []
    lowered = [text.lower() for text in texts]
    found: list[dict[str, int]] = [{} for _ in texts]
    for word in wanted:
        # A short word occurs inside many others, a long one hardly ever.
        inside = None if len(word) >= _TELLING else re.compile(rf"(?<![^\W_]){re.escape(word)}")
        for number, text in enumerate(lowered):
            count = text.count(word) if inside is None else len(inside.findall(text)) if word in text else 0
            if count:
                found[number][word] = count
    holding = Counter(word for counts in found for word in counts)
    weight = {word: math.log(1 + len(texts) / holding[word]) for word in holding}
    scores = [
        sum(weight[word] * (1 + math.log(count)) for word, count in counts.items())
        / (1 + 0.1 * math.log1p(len(text)))
        for counts, text in zip(found, texts, strict=True)
    ]
    return sorted(
        (number for number, score in enumerate(scores) if score), key=lambda number: (-scores[number], number)
    )


def words(instruction: str) -> set[str]:
    """The words of `instruction` that may say what it is about, in small letters and without their endings."""
    return {_stem(word.lower()) for word in _parts(instruction) if not _COMMON.fullmatch(word.lower())}


def _parts(text: str) -> list[str]:
    """The words of `text`, and the parts of its names, that may say what it is about."""
    parts = [part for word in _WORD.findall(text) for part in _PARTS.findall(word)]
    return [part for part in parts if len(part) >= _SHORTEST or (len(part) > 1 and part.isdigit())]


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word
