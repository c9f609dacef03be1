r"""Invisible characters that an edit adds, and letters that are not what they look like.

Code can be written so that a reviewer reads something else than the compiler: bidirectional controls reorder a
line on the screen (CVE-2021-42574), letters of another script look like Latin ones (CVE-2021-42694); both from
N. Boucher, R. Anderson: "Trojan Source: Invisible Vulnerabilities", 2021. Characters without a glyph hide text
from people, and not from the next model that reads the file. The invisible characters are those with the
property Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties), and the control characters besides the
usual white space.

Only additions of the edit count. Characters that the replaced or moved lines already held are not new.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

from editsvc.guard.confusable import OTHERS, latin
from editsvc.text.comparison import Comparison, Lined
from editsvc.text.document import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class HiddenCharacter:
    """A character that the edit added, `count` times in one line.

    `line` is the 1-based line of the new text, `name` the character's, such as ``U+202E RIGHT-TO-LEFT
    OVERRIDE``, `effect` what it does there, as the rest of a sentence that begins with the name. For a letter
    that looks like another, `word` is the word it stands in, `count` counts that; else `word` is empty.
    """

    line: int
    name: str
    effect: str
    count: int = 1
    word: str = ""


_REORDERS: Final = "changes the order in which the line is shown"
_JOINS: Final = "has no width, and can make two words look like one or one name like another"
_IGNORED: Final = "is not shown, and can hide text or make one name look like another"

# First and last code point of each range, and what its characters do.
_HIDDEN: Final = (
    (0x00, 0x08, "is a control character, which most editors do not show"),
    (0x0B, 0x0B, "is a control character, which some tools treat as a line end"),
    (0x0E, 0x1A, "is a control character, which most editors do not show"),
    (0x1B, 0x1B, "begins a command to the terminal that shows the file"),
    (0x1C, 0x1E, "is a control character, which some tools treat as a line end"),
    (0x1F, 0x1F, "is a control character, which most editors do not show"),
    (0x7F, 0x84, "is a control character, which most editors do not show"),
    (0x85, 0x85, "is a control character, which some tools treat as a line end"),
    (0x86, 0x9A, "is a control character, which most editors do not show"),
    (0x9B, 0x9B, "begins a command to the terminal that shows the file"),
    (0x9C, 0x9F, "is a control character, which most editors do not show"),
    (0xAD, 0xAD, "is shown only where a line is broken"),
    (0x034F, 0x034F, _IGNORED),
    (0x061C, 0x061C, _REORDERS),
    (0x115F, 0x1160, "is a letter without a glyph: a whole name can be made of it"),
    (0x17B4, 0x17B5, _IGNORED),
    (0x180B, 0x180F, "selects a variant of the letter before it and is not shown itself"),
    (0x200B, 0x200D, _JOINS),
    (0x200E, 0x200F, _REORDERS),
    (0x2028, 0x2029, "is a line end to some tools and languages, but not to others"),
    (0x202A, 0x202E, _REORDERS),
    (0x2060, 0x2060, _JOINS),
    (0x2061, 0x2065, _IGNORED),
    (0x2066, 0x2069, _REORDERS),
    (0x206A, 0x206F, _IGNORED),
    (0x3164, 0x3164, "is a letter without a glyph: a whole name can be made of it"),
    (0xFE00, 0xFE0F, "selects a variant of the character before it; where there is none, it can hide data"),
    (0xFEFF, 0xFEFF, _JOINS),
    (0xFFA0, 0xFFA0, "is a letter without a glyph: a whole name can be made of it"),
    (0xFFF0, 0xFFFB, _IGNORED),
    (0x1BCA0, 0x1BCA3, _IGNORED),
    (0x1D173, 0x1D17A, _IGNORED),
    (0xE0000, 0xE007F, "is a tag: an invisible copy of an ASCII character, which models read"),
    (0xE0080, 0xE00FF, _IGNORED),
    (0xE0100, 0xE01EF, "selects a variant of the character before it; where there is none, it can hide data"),
    (0xE01F0, 0xE0FFF, _IGNORED),
)
_HIDDEN_CLASS: Final = "".join(rf"\U{first:08x}-\U{last:08x}" for first, last, _ in _HIDDEN)
_ANY_HIDDEN: Final = re.compile(f"[{_HIDDEN_CLASS}]")

# Scripts whose spelling needs joiners: those with cursive joining, and those with conjuncts (Unicode Standard
# Annex #31, section 2.3).
_JOINING: Final = (
    *("Arabic", "Syriac", "Mongolian", "Nko", "Mandaic"),
    *("Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam"),
    *("Sinhala", "Khmer", "Myanmar", "Tibetan"),
)
# The flags of England, Scotland and Wales: the only tag sequences that are recommended for interchange.
_FLAGS: Final = ("gbeng", "gbsct", "gbwls")

_WORD: Final = re.compile(r"[^\W\d]\w*")
_LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f]")
_MIN_TWIN: Final = 3  # shorter words of such letters are words of their own in Russian and Greek texts


def added(before: str, after: str, *, comparison: Comparison | None = None) -> list[HiddenCharacter]:
    """Invisible and deceptive characters in `after` that were not in `before`, line by line.

    Both are texts without their BOM; a U+FEFF that is still at the start counts as one inside. Fine are emoji
    with their joiners and selectors, joiners where a script's spelling needs them, and variants of ideographs.
    A word is reported if it hides letters of another script among Latin ones, or looks the same as another word
    of `after`, and `before` did not have it. `comparison` is that of the two, where the caller has it.
    """
    if before == after:
        return []
    if comparison is None:
        comparison = Comparison(Lined(normalise(before)), normalise(after))
    if not any(_is_odd(line) for line in _inserted(comparison)):
        return []
    known = _Words(comparison.before, comparison.after)
    findings: list[HiddenCharacter] = []
    for removed, inserted in _changes(comparison):
        allowance = Counter(character for line in removed for character in _hidden(line))
        for number, line in inserted:
            present = Counter(_hidden(line))
            findings += (_invisible(number, *item) for item in (present - allowance).items())
            allowance -= present
            findings += _disguised(number, line, known)
    return findings


def _inserted(comparison: Comparison) -> Iterator[str]:
    for span in comparison.spans:
        yield from comparison.new[span.new_start : span.new_end]


def _is_odd(line: str) -> bool:
    """Whether there may be anything to say of a line."""
    return not line.isascii() or _ANY_HIDDEN.search(line) is not None


def _changes(comparison: Comparison) -> Iterator[tuple[list[str], list[tuple[int, str]]]]:
    """Each change as the lines it removes, and those it inserts with their 1-based numbers.

    Lines that are removed in one place and inserted in another have moved, and are left out.
    """
    spans, old, new = comparison.spans, comparison.old, comparison.new
    moved = Counter(line for span in spans for line in old[span.old_start : span.old_end])
    moved &= Counter(_inserted(comparison))
    gone, come = moved.copy(), moved
    for span in spans:
        removed = [line for line in old[span.old_start : span.old_end] if not _taken(gone, line)]
        numbered = enumerate(new[span.new_start : span.new_end], span.new_start + 1)
        yield removed, [item for item in numbered if not _taken(come, item[1])]


def _taken(lines: Counter[str], line: str) -> bool:
    """Whether `line` is still in `lines`, which then has one less of it."""
    if not lines[line]:
        return False
    lines[line] -= 1
    return True


def _hidden(line: str) -> list[str]:
    """The characters of `line` that are not shown, but for those that belong where they are."""
    if not _ANY_HIDDEN.search(line):
        return []
    return [match.group(1) for match in _scanner().finditer(line) if match.group(1)]


@cache
def _scanner() -> Any:
    """Steps over sequences that are as they should be; group 1 is a hidden character anywhere else."""
    import regex  # type: ignore[import-untyped]  # noqa: PLC0415 - 20 ms that nearly no edit needs

    # Unicode Technical Standard #51, section 1.4.9, and Standard Annex #31, section 2.3 (joiners).
    emoji = r"(?:\p{Extended_Pictographic}(?:[\uFE0E\uFE0F]|\p{Emoji_Modifier})?)"
    flags = "|".join("".join(chr(0xE0000 + ord(letter)) for letter in flag) for flag in _FLAGS)
    letter = "[[" + "".join(rf"\p{{Script={script}}}" for script in _JOINING) + r"]&&[\p{L}\p{M}]]"
    return regex.compile(
        rf"\U0001F3F4(?:{flags})\U000E007F"
        rf"|{emoji}(?:\u200D{emoji})*"
        r"|[0-9#*]\uFE0F\u20E3"
        rf"|(?<={letter})[\u200C\u200D](?={letter})"
        r"|(?<=\p{Canonical_Combining_Class=Virama})[\u200C\u200D]"
        r"|(?<=\p{Script=Han})[\uFE00-\uFE02\U000E0100-\U000E01EF]"
        r"|(?<=[\p{Script=Mongolian}&&\p{L}])[\u180B-\u180F]"
        rf"|([{_HIDDEN_CLASS}])",
        regex.V1,
    )


def _invisible(line: int, character: str, count: int) -> HiddenCharacter:
    code = ord(character)
    effect = next(effect for first, last, effect in _HIDDEN if first <= code <= last)
    return HiddenCharacter(line, _name(character), effect, count)


def _name(character: str) -> str:
    # Control characters have no name in the Unicode Character Database, and neither have reserved ones.
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


class _Words:
    """The words of the texts before and after, read when the first suspicious word is met."""

    def __init__(self, before: str, after: str) -> None:
        self._before, self._after = before, after

    @cached_property
    def old(self) -> frozenset[str]:
        return frozenset(_WORD.findall(self._before))

    @cached_property
    def new(self) -> frozenset[str]:
        return frozenset(_WORD.findall(self._after))


def _disguised(number: int, line: str, known: _Words) -> Iterator[HiddenCharacter]:
    if line.isascii():
        return
    for word, count in Counter(_WORD.findall(line)).items():
        letter = _disguise(word, known)
        if letter and word not in known.old:
            effect = f"looks like the Latin letter {latin(letter)}"
            yield HiddenCharacter(number, _name(letter), effect, count, word)


def _disguise(word: str, known: _Words) -> str:
    """The first letter of `word` that passes for a Latin one, or ``""``."""
    runs = [run for run in OTHERS.finditer(word) if _looks_latin(run.group())]
    for run in runs:
        if _LATIN.match(word, run.end()) or (run.start() and _LATIN.match(word, run.start() - 1)):
            return run.group()[0]
    if runs and len(word) >= _MIN_TWIN:
        twin = latin(word)
        if twin.isascii() and twin in known.new:
            return runs[0].group()[0]
    return ""


def _looks_latin(letters: str) -> bool:
    return latin(letters).isascii()
