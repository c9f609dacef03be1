"""Text as tokens, counted as the served models count them.

gpt-oss and its relatives use the o200k vocabulary, so counts made here are those that a server bills. Where
the vocabulary cannot be loaded, the pieces of its published split pattern stand in: each piece is taken for
one token, and `Tokenizer.exact` says that this is an approximation (about a fifth too few tokens for code).
Two estimates need no tokenizer at all.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# The alternatives of o200k's split pattern, in order, as published with the vocabulary: words with an English
# clitic, then numbers, punctuation, line ends and other white space.
_UPPER: Final = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_LOWER: Final = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_CLITIC: Final = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_O200K_SPLIT: Final = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_CLITIC}"
    rf"|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_CLITIC}"
    r"|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*"
    r"|\s*[\r\n]+"
    r"|\s+(?!\S)"
    r"|\s+"
)

_PIECE: Final = re.compile(r"[^\W\d_]+|\d{1,3}|_+|\s+|[^\w\s]+", re.ASCII)
_LETTERS_PER_TOKEN: Final = 7
_LONGEST_WORD: Final = 20  # what is longer is encoded data, of which a tokenizer knows no words
_NOISE_PER_TOKEN: Final = 2
_SIGNS_PER_TOKEN: Final = 3
_BLANKS_PER_TOKEN: Final = 24
_SAMPLES: Final = 64
_SAMPLE: Final = 256  # code points
_GOLDEN: Final = 0.618_033_988_749_895  # its multiples are spread evenly

O200K: Final = "o200k_base"
CL100K: Final = "cl100k_base"
VOCABULARIES: Final = (O200K, CL100K)
"""Those that servers may count in, the first of them by default; many others have the tokens of the second for code."""

CHARACTERS_PER_TOKEN: Final = 3.6
"""Of code, about; a tokenizer would cost a hundred times as much."""


def estimate_from_length(characters: int) -> int:
    """About how many tokens so many characters of code are: good enough to choose by, and free."""
    return math.ceil(characters / CHARACTERS_PER_TOKEN)


def estimate_from_text(text: str) -> int:
    """About how many tokens `text` has, from the shapes of its pieces; no tokenizer is loaded for it.

    Meant for budgets, so rather too high than too low: 0.9 to 1.3 times o200k_base on source code. Of a long text,
    samples are looked at, which gives the same to within a twentieth, at the cost of a short one.
    """
    if len(text) <= 2 * _SAMPLES * _SAMPLE:
        return _of_pieces(text)
    return math.ceil(_of_pieces("\n".join(_samples(text))) * len(text) / (_SAMPLES * _SAMPLE))


def _samples(text: str) -> Iterator[str]:
    """Pieces of `text`, one in each of as many equal parts of it, at a place that nothing in the text repeats with."""
    part = len(text) / _SAMPLES
    place = 0.0
    for number in range(_SAMPLES):
        place = (place + _GOLDEN) % 1
        start = int(number * part + place * (part - _SAMPLE))
        yield text[start : start + _SAMPLE]


def _of_pieces(text: str) -> int:
    ascii_only = text.isascii()
    count = 0
    for piece, times in Counter(_PIECE.findall(text)).items():
        first = piece[0]
        if first.isspace():
            tokens = 0 if piece == " " else math.ceil(len(piece) / _BLANKS_PER_TOKEN)
        elif first.isalpha() and (ascii_only or first.isascii()):
            per_token = _LETTERS_PER_TOKEN if len(piece) <= _LONGEST_WORD else _NOISE_PER_TOKEN
            tokens = math.ceil(len(piece) / per_token)
        elif first.isascii():
            tokens = math.ceil(len(piece) / _SIGNS_PER_TOKEN)
        else:
            tokens = len(piece)
        count += tokens * times
    return count


@dataclass(frozen=True, slots=True)
class Unit:
    """The least text that a server can stream, and how many tokens it holds.

    That is one token, or several where a character takes more than one.
    """

    text: str
    tokens: int


class Tokenizer(Protocol):
    """Text to tokens and back; every method raises UnicodeEncodeError for lone surrogates, or takes them."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    @property
    def exact(self) -> bool:
        """Whether the tokens are those of the vocabulary, and not an approximation."""
        ...

    def encode(self, text: str) -> Sequence[Hashable]:
        """The tokens of `text`, in order."""
        ...

    def units(self, text: str) -> list[Unit]:
        """`text` in streamable units; their texts joined are `text`, their tokens add up to `count(text)`."""
        ...

    def pieces(self, text: str) -> list[str]:
        """The texts of `units(text)`."""
        ...

    def count(self, text: str) -> int:
        """How many tokens `text` has."""
        ...

    def ends_line(self, token: Hashable) -> bool:
        """Whether `token`, as `encode` has it, ends with a line end."""
        ...


@dataclass(frozen=True, slots=True)
class LineEnds:
    """The tokens of a tokenizer that end with a line end, as something to look tokens up in."""

    tokenizer: Tokenizer

    def __contains__(self, token: object) -> bool:
        return isinstance(token, Hashable) and self.tokenizer.ends_line(token)


class Vocabulary:
    """A published vocabulary; `bpe` is what ``rs_bpe.bpe.openai.o200k_base()`` returns, or its likes."""

    exact: Final = True

    def __init__(self, bpe: Any, name: str = O200K) -> None:
        self.name = name
        self._bpe = bpe
        self._texts: dict[int, str | None] = {}

    def encode(self, text: str) -> list[int]:
        """The vocabulary's numbers for `text`; what looks like a special token is plain text."""
        tokens: list[int] = self._bpe.encode(text)
        return tokens

    def units(self, text: str) -> list[Unit]:
        """One unit a token, except where a character is made of several."""
        units: list[Unit] = []
        partial: list[int] = []
        for token in self.encode(text):
            if not partial:
                whole = self._text(token)
                if whole is not None:
                    units.append(Unit(whole, 1))
                    continue
            partial.append(token)
            joined: str | None = self._bpe.decode(partial)
            if joined is not None:
                units.append(Unit(joined, len(partial)))
                partial = []
        return units

    def pieces(self, text: str) -> list[str]:
        """The texts of `units(text)`."""
        return [unit.text for unit in self.units(text)]

    def count(self, text: str) -> int:
        """How many tokens `text` has."""
        return len(self.encode(text))

    def ends_line(self, token: Hashable) -> bool:
        """Whether the number `token` stands for text that ends with a line end."""
        return isinstance(token, int) and (self._text(token) or "").endswith("\n")

    def _text(self, token: int) -> str | None:
        try:
            return self._texts[token]
        except KeyError:
            text: str | None = self._bpe.decode([token])
            self._texts[token] = text
            return text


class O200kPieces:
    """The pieces of o200k's split pattern, each taken for one token: an approximation."""

    name: Final = "o200k-pieces"
    exact: Final = False

    def __init__(self) -> None:
        import regex  # type: ignore[import-untyped]  # noqa: PLC0415 - only the fallback needs it

        self._split = regex.compile(_O200K_SPLIT)

    def encode(self, text: str) -> list[str]:
        """The pieces of `text`."""
        return self.pieces(text)

    def units(self, text: str) -> list[Unit]:
        """One unit a piece."""
        return [Unit(piece, 1) for piece in self.pieces(text)]

    def pieces(self, text: str) -> list[str]:
        """The pieces of `text`; the pattern takes every character, so that they join to it."""
        pieces: list[str] = self._split.findall(text)
        return pieces

    def count(self, text: str) -> int:
        """How many pieces `text` has."""
        return len(self.pieces(text))

    def ends_line(self, token: Hashable) -> bool:
        """Whether a piece ends with a line end."""
        return isinstance(token, str) and token.endswith("\n")


@cache
def tokenizer() -> Tokenizer:
    """The best tokenizer that is installed; loading it takes about 0.1 s, once a process."""
    try:
        from rs_bpe.bpe import openai  # noqa: PLC0415 - loaded when the first token is counted
    except ImportError:
        return O200kPieces()
    return Vocabulary(openai.o200k_base())


@cache
def vocabulary(name: str) -> Tokenizer | None:
    """One of `VOCABULARIES`, loaded once a process; None if it is not installed, or nobody knows it."""
    if name == O200K:
        known = tokenizer()
        return known if known.exact else None
    if name != CL100K:
        return None
    try:
        from rs_bpe.bpe import openai  # noqa: PLC0415 - 30 MB, for few servers
    except ImportError:
        return None
    return Vocabulary(openai.cl100k_base(), CL100K)
