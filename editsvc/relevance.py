"""Which texts an instruction is about, by the words they share: a guess, for an order and never for a limit."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD: Final = re.compile(r"[^\W\d_]+|\d+")
_PARTS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\x00-\x7f]+|\d+")
_SHORTEST: Final = 3
_ENDINGS: Final = ("ations", "ation", "ings", "ing", "ions", "ion", "ers", "ies", "ed", "er", "es", "s", "y")
_SHORTEST_STEM: Final = 3
# Words that instructions consist of, whatever they are about.
_COMMON: Final = re.compile(
    "add|all|and|are|but|can|change|code|does|file|fix|for|from|function|have|into|make|new|not|now|only|remove|"
    "should|that|the|then|this|use|was|when|where|which|with|without"
)


def rank(instruction: str, texts: Sequence[str]) -> list[int]:
    """The numbers of the texts that share words with `instruction`, the best first.

    A word counts for more the fewer texts hold it (inverse document frequency), and less each time again.
    Names are taken apart (``getUserName``, ``get_user_name``), and endings off, in both.
    """
    wanted = _words(instruction)
    if not wanted or not texts:
        return []
    found = [
        Counter({word: count for word, count in _words(text).items() if word in wanted}) for text in texts
    ]
    holding = Counter(word for counts in found for word in counts)
    weight = {word: math.log(1 + len(texts) / holding[word]) for word in holding}
    scores = [
        sum(weight[word] * (1 + math.log(count)) for word, count in counts.items())
        / (1 + 0.1 * math.log1p(len(text)))
        for counts, text in zip(found, texts, strict=True)
    ]
    return sorted(
        (number for number, score in enumerate(scores) if score), key=lambda one: (-scores[one], one)
    )


def _words(text: str) -> Counter[str]:
    words: Counter[str] = Counter()
    for match in _WORD.finditer(text):
        for part in _PARTS.findall(match[0]):
            word = part.lower()
            if (len(word) >= _SHORTEST or (len(word) > 1 and word.isdigit())) and not _COMMON.fullmatch(word):
                words[_stem(word)] += 1
    return words


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word
