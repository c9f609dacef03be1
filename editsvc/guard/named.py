"""Words of an instruction that are names in the document, and so say nothing of how its lines look.

"Rename the target lint to check" does not ask for other formatting, nor "set spaces to 4" for other spaces in a file
with a line ``spaces: 2``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from editsvc.instruction.intent import intent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editsvc.instruction.intent import Intent

_LONGEST: Final = 300  # what is longer describes, and has too many words to look for
# Blanks stand between words only in some languages, so that a letter of another script ends a name too.
_ALONE: Final = r"(?<![A-Za-z0-9_]){}(?![A-Za-z0-9_])"
_OPENING: Final = "`\"'\u201c\u201e\u2018\u00ab\u300c"
_CLOSING: Final = "`\"'\u201d\u201c\u2019\u00bb\u300d"
_WORD: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_NAME: Final = re.compile(_ALONE.format(_WORD))
# A word beside a name that tells what it is the name of.
_WHAT: Final = (
    r"(?:target|recipe|rule|task|job|function|method|class|variable|constant|field|key|option|setting|parameter|"
    r"argument|property|attribute|ziel|funktion|methode|klasse|feld|cible|fonction|champ|objetivo|funci\u00f3n|campo|"
    r"\u0446\u0435\u043b\u044c|\u0444\u0443\u043d\u043a\u0446\w+|\u76ee\u6807|\u51fd\u6570|\u95a2\u6570)"
)
_CALLED: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![A-Za-z]){_WHAT}(?![A-Za-z])\s*(?=({_WORD}))",
        rf"(?<![A-Za-z0-9_])(?=({_WORD})\s*{_WHAT}(?![A-Za-z0-9_]))",
        rf"[{_OPENING}](?=({_WORD})(?:\(\))?[{_CLOSING}])",
    )
)
_DEFINED: Final = (
    r"^[ \t]*(?:[\w.]+[ \t]+)*[\"']?{0}[\"']?[ \t]*(?::|:?=(?!=))|"
    r"\b(?:def|fn|fun|func|function|class|let|const|var|local)\s+{0}(?![A-Za-z0-9_])"
)
_ABOUT_DRESS: Final = ("rewrites", "reindents", "retabs", "requotes", "respaces", "respells")
_PRONOUN: Final = "it"


def without_names(intent: Intent, before: str, after: str) -> Intent:
    """`intent` as it is without the names of the document `before` in it: what is left may speak of how lines look.

    A word is a name if the one change that the instruction states in full was made to it, or if the document defines
    it and the instruction calls it a name, in marks or by a word for what it is.
    """
    text = intent.literal
    names = [] if len(text) > _LONGEST else sorted(set(_names(intent, before, after)), key=len, reverse=True)
    if not names:
        return intent
    choice = "|".join(map(re.escape, names))
    plain = re.sub(_ALONE.format(f"(?:{choice})"), _PRONOUN, text)
    rest = intent_of(plain)
    flags = {flag: getattr(intent, flag) and getattr(rest, flag) for flag in _ABOUT_DRESS}
    return replace(intent, literal=plain, **flags)


def _names(intent: Intent, before: str, after: str) -> Iterator[str]:
    if (
        intent.narrow
        and intent.wanted
        and all(after.count(name) > before.count(name) for name in intent.wanted)
    ):
        yield from intent.wanted
        for word in dict.fromkeys(_NAME.findall(intent.literal)):
            count = _count(word, before)
            if count and (word in intent.named or _count(word, after) < count):
                yield word
    for pattern in _CALLED:
        for word in pattern.findall(intent.literal):
            if word in before and re.search(_DEFINED.format(word), before, re.MULTILINE):
                yield word


def _count(word: str, text: str) -> int:
    return len(re.findall(_ALONE.format(word), text)) if word in text else 0
