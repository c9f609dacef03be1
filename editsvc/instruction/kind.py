"""What kind of change an instruction asks for, as one word, for reports and tuning.

The word is logged; the instruction is not, and cannot be told from it. Made for English: imperatives, as
people type them, and subjects of commits. The rules are few on purpose, and what they do not know is `OTHER`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final, assert_never

from editsvc import late
from editsvc.instruction.commands import (
    AddDocstring,
    AddParameter,
    ChangeColour,
    Remove,
    Rename,
    Replace,
    SetValue,
    SortImports,
    subject,
)
from editsvc.instruction.reading import parse

if TYPE_CHECKING:
    from editsvc.instruction.commands import Instruction


class InstructionClass(StrEnum):
    """The kinds of change, from the most to the least specific; the values are what is logged."""

    RENAME = "rename"
    IMPORTS = "imports"
    TYPES = "types"
    DOCUMENT = "document"
    TEST = "test"
    FORMAT = "format"
    PERFORMANCE = "performance"
    REPLACE = "replace"
    REMOVE = "remove"
    FIX = "fix"
    CONVERT = "convert"
    REFACTOR = "refactor"
    ADD = "add"
    OTHER = "other"


# What a kind is told by stands in the first words; the rest may be a whole specification.
_LONGEST_OPENING: Final = 200

# Types of conventional commits (https://www.conventionalcommits.org), and what projects write for them.
_BY_PREFIX: Final = {
    "bugfix": InstructionClass.FIX,
    "doc": InstructionClass.DOCUMENT,
    "docs": InstructionClass.DOCUMENT,
    "feat": InstructionClass.ADD,
    "feature": InstructionClass.ADD,
    "fix": InstructionClass.FIX,
    "hotfix": InstructionClass.FIX,
    "perf": InstructionClass.PERFORMANCE,
    "style": InstructionClass.FORMAT,
    "test": InstructionClass.TEST,
    "tests": InstructionClass.TEST,
    "types": InstructionClass.TYPES,
}
# Too wide to go by, as long as the sentence itself says more.
_BY_WIDE_PREFIX: Final = {"refactor": InstructionClass.REFACTOR, "cleanup": InstructionClass.REFACTOR}

_OPENING: Final = late.pattern(
    r"(?:please,? |(?:can|could|would) you (?:please )?|i(?: would|'d) like (?:you )?to |we (?:should|need to|must) "
    r"|let's |now |first,? |just )*",
    re.IGNORECASE,
)
_ENDING: Final = r"(?:e|e?s|e?d|ing|[a-z]ed|[a-z]ing|y|ies|ied|ying)?"
# What a verb is about ends where a preposition or a clause begins: "support for comments" is about support.
_PHRASE_END: Final = late.pattern(
    r" (?:and|as|at|by|for|from|in|into|of|on|so|that|than|then|to|under|when|where|which|while|with)\b"
    r"|[,;:.!?](?: |$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _KindRule:
    """A kind, by the verb at the beginning, what that is about, and what else the sentence has.

    `verbs` are stems, separated by blanks, with "_" for a blank inside; `about` and `later` are regular
    expressions for whole words, and match anything when empty.
    """

    kind: InstructionClass
    verbs: str
    about: str = ""
    later: str = ""

    def fits(self, sentence: str) -> bool:
        """True if `sentence` is of this kind."""
        match = _verb(self.verbs).match(sentence)
        if match is None:
            return False
        rest = sentence[match.end() :]
        end = _PHRASE_END.search(rest)
        phrase = rest[: end.start()] if end else rest
        return _has(phrase, self.about) and _has(rest, self.later)


@cache
def _verb(stems: str) -> re.Pattern[str]:
    """Any form of the verbs with these stems, at the beginning of a sentence."""
    alternatives = "|".join(stems.split()).replace("_", " ")
    return re.compile(rf"(?:{alternatives}){_ENDING}\b", re.IGNORECASE)


def _has(text: str, words: str) -> bool:
    return not words or re.search(rf"\b(?:{words})\b", text, re.IGNORECASE) is not None


_WRITE: Final = "add writ wrote creat includ insert generat put improv updat extend"
_MEND: Final = "fix correct clarif reword complet clean_up tid"
_DROP: Final = "remov delet drop eliminat strip purg get_rid_of"
_CHANGE: Final = f"{_WRITE} {_MEND} {_DROP}"
_ARRANGE: Final = "sort organi[sz] order group mov merg"

# In the order in which they are tried: what a sentence is about says more than its verb.
_RULES: Final = (
    _KindRule(InstructionClass.RENAME, "renam"),
    _KindRule(InstructionClass.IMPORTS, f"{_CHANGE} {_ARRANGE}", r"imports?|includes|use statements?"),
    _KindRule(InstructionClass.TYPES, f"{_CHANGE} us", r"typ(?:e|ing) (?:hint|annotation)s?|typings?|types"),
    _KindRule(InstructionClass.TYPES, "annotat"),
    _KindRule(InstructionClass.TYPES, "mak", r"typed|type[- ]safe"),
    _KindRule(
        InstructionClass.DOCUMENT,
        _CHANGE,
        r"docstrings?|docs?|doc comments?|documentation|comments?|jsdoc|javadoc|readme|changelog",
    ),
    _KindRule(InstructionClass.DOCUMENT, _MEND, r"typos?|spelling|grammar"),
    _KindRule(InstructionClass.DOCUMENT, "document comment explain"),
    _KindRule(InstructionClass.TEST, _WRITE, r"(?:unit |regression )?tests?|test cases?|assertions?"),
    _KindRule(InstructionClass.TEST, "test cover"),
    _KindRule(InstructionClass.FORMAT, "format reformat indent reindent dedent align wrap prettif lint"),
    _KindRule(
        InstructionClass.FORMAT,
        f"{_CHANGE} appl run",
        r"black|blank lines|formatting|gofmt|indentation|line ends?|lint(?:er)?|pep ?8|prettier|rustfmt|white ?space",
    ),
    _KindRule(InstructionClass.FORMAT, "convert chang replac", r"tabs|spaces|quotes"),
    _KindRule(
        InstructionClass.PERFORMANCE, "optimi[sz] speed_up sped_up accelerat cach memoi[sz] vectori[sz]"
    ),
    _KindRule(InstructionClass.PERFORMANCE, "mak", r"faster|quicker|efficient|performant"),
    _KindRule(
        InstructionClass.PERFORMANCE,
        "improv reduc avoid",
        r"performance|speed|memory|allocations?|latency|copies|copying",
    ),
    _KindRule(InstructionClass.REPLACE, "replac substitut swap"),
    _KindRule(InstructionClass.REPLACE, "us", later=r"instead of|rather than|in place of"),
    _KindRule(InstructionClass.REPLACE, "chang", later=r"to|into|from"),
    _KindRule(InstructionClass.REMOVE, _DROP),
    _KindRule(
        InstructionClass.FIX, "fix correct repair resolv prevent avoid ensur handl guard escap make_sure"
    ),
    _KindRule(InstructionClass.FIX, "do_not don't never"),
    _KindRule(InstructionClass.CONVERT, "convert migrat port translat moderni[sz] upgrad switch transform"),
    _KindRule(InstructionClass.CONVERT, "rewrit rewrot turn", later=r"in|to|into|as|with|using"),
    _KindRule(InstructionClass.CONVERT, "mak", r"async|asynchronous"),
    _KindRule(
        InstructionClass.REFACTOR, "refactor simplif extract inlin restructur reorgani[sz] mov split merg"
    ),
    _KindRule(InstructionClass.REFACTOR, "clean tid deduplicat rewrit reduc consolidat unif encapsulat"),
    _KindRule(InstructionClass.REFACTOR, "mak", r"simpler|cleaner|shorter|readable|private|public|reusable"),
    _KindRule(InstructionClass.ADD, "add implement introduc creat insert support allow enabl accept includ"),
    _KindRule(InstructionClass.ADD, "expos append extend log validat writ provid let"),
)


def classify(instruction: str) -> str:
    """The `InstructionClass` of `instruction`, as its value.

    What the offline engine understands is what it does; then the type of a conventional commit counts, then
    how the first sentence begins. Deterministic; raises nothing.
    """
    return _kind(instruction).value


def _kind(instruction: str) -> InstructionClass:
    opening = " ".join(instruction[: 2 * _LONGEST_OPENING].split())[:_LONGEST_OPENING]
    value = parse(opening)
    if value is not None:
        return _of(value)
    prefix, sentence = subject(opening)
    if prefix in _BY_PREFIX:
        return _BY_PREFIX[prefix]
    polite = _OPENING.match(sentence)
    sentence = sentence[polite.end() :] if polite else sentence
    for rule in _RULES:
        if rule.fits(sentence):
            return rule.kind
    return _BY_WIDE_PREFIX.get(prefix, InstructionClass.OTHER)


def _of(value: Instruction) -> InstructionClass:
    match value:
        case Rename():
            return InstructionClass.RENAME
        case Replace() | ChangeColour() | SetValue():
            return InstructionClass.REPLACE
        case Remove():
            return InstructionClass.REMOVE
        case AddDocstring():
            return InstructionClass.DOCUMENT
        case SortImports():
            return InstructionClass.IMPORTS
        case AddParameter():
            return InstructionClass.ADD
    assert_never(value)
