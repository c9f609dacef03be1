"""What an instruction asks for, read once: what may go, move or look different, and which names it speaks of.

An instruction may be in any human language. What is not understood is `None` or not `understood`, never "no": whoever
reads an intent has to tell "does not ask for it" from "nobody knows".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from editsvc import late
from editsvc.instruction.commands import subject
from editsvc.instruction.narrow import narrow
from editsvc.instruction.vocabulary import grants_of, mentions


@dataclass(frozen=True, slots=True)
class Intent:
    """What one instruction asks for.

    `understood` tells that its verb is a known one of a known language; without it the other answers are only what the
    words show. `narrow` tells that it states one change in full (rename A to B, set X to 3), so that nothing else is
    meant. `removes`: lines may go. `rewrites`: much may become different (refactor, simplify, translate). `reindents`,
    `retabs`, `requotes`, `respaces` (blank lines, white space), `respells` (typography, accents, entities, invisible
    characters), `reorders`, `comments` (comments may come, go or change), `stubs`, `json`, `patches`, `fences` and
    `final_newline` tell that the instruction speaks of that. `wanted` are the names and values that a narrow one says
    the new text has, as they are written there, and `named` what it changes. `words` are the words and names in it that
    may occur in a document, in lower case, with the parts of compound names; `literal` is the instruction itself.
    """

    literal: str
    understood: bool = False
    narrow: bool = False
    removes: bool = False
    rewrites: bool = False
    reindents: bool = False
    retabs: bool = False
    requotes: bool = False
    respaces: bool = False
    respells: bool = False
    reorders: bool = False
    comments: bool = False
    stubs: bool = False
    json: bool = False
    patches: bool = False
    fences: bool = False
    final_newline: bool = False
    wanted: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()


# What the type of a commit says (https://www.conventionalcommits.org), as meanings of the vocabulary.
_BY_PREFIX: Final = {
    **dict.fromkeys(("feat", "feature", "fix", "bugfix", "hotfix", "test", "tests"), "known"),
    **dict.fromkeys(("doc", "docs"), "comments"),
    **dict.fromkeys(("format", "lint", "style"), "format"),
    **dict.fromkeys(("perf", "refactor", "revert"), "rewrite"),
    "cleanup": "shrink",
}
# What a narrow change does not do, whatever its words are about.
_WIDE: Final = frozenset({"removes", "rewrites", "reorders", "reindents", "retabs"})
# Spoken of anywhere, also in quotes and in names of files.
_ANYWHERE: Final = {
    "json": late.pattern(r"json|ipynb", re.IGNORECASE),
    "fences": late.pattern(r"```|~~~"),
}
# Text that comes from elsewhere in a newer version, or a file that is brought up to date: any of it may differ.
_BROUGHT_UP_TO_DATE: Final = late.pattern(
    r"\b(?:updat|upgrad|bump|sync|import|vendor)\w*\b.*\b(?:to|from)\b.*\d\.\d|\s*updat(?:e|es|ed|ing) \S+\s*$",
    re.IGNORECASE,
)
_NAME: Final = late.pattern(r"\w+")
_PARTS: Final = late.pattern(r"[^\W\d_]+|\d+")
_HUMP: Final = late.pattern(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# What stands behind this many characters is a specification; what it asks for was said before.
_LONGEST: Final = 10_000


def intent_of(instruction: str) -> Intent:
    """What `instruction` asks for. Linear in its length, deterministic; raises nothing."""
    text = instruction[:_LONGEST]
    known = _BY_PREFIX.get(subject(text)[0])
    found = mentions(text)
    granted = {grant for mention in found if not mention.denied for grant in grants_of(mention.meaning)}
    if known is not None:
        granted.update(grants_of(known))
    granted.update(name for name, pattern in _ANYWHERE.items() if pattern.search(text))
    if _BROUGHT_UP_TO_DATE.match(subject(text)[1]):
        granted.add("rewrites")
    one = narrow(text)
    if one is not None:
        granted -= _WIDE
        if one.removes:
            granted.add("removes")
    return Intent(
        literal=instruction,
        understood=known is not None or one is not None or any(mention.verb for mention in found),
        narrow=one is not None,
        wanted=one.wanted if one is not None else (),
        named=one.named if one is not None else (),
        words=words_of(text),
        **dict.fromkeys(granted, True),
    )


def words_of(text: str) -> frozenset[str]:
    """The words and names in `text`, in lower case, with the parts of compound names.

    >>> sorted(words_of("call getURL2"))
    ['2', 'call', 'get', 'geturl2', 'url']
    """
    result: set[str] = set()
    for name in _NAME.findall(unicodedata.normalize("NFC", text)):
        result.add(name.lower())
        result.update(part.lower() for part in _PARTS.findall(_HUMP.sub(" ", name)))
    return frozenset(result)
