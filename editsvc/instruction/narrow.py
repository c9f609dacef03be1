"""Sentences that state one change in full: which they are, and what the new text must hold.

The sentences stand in ``vocabulary.toml``, as patterns with slots. A sentence must fit one from its first word to its
last: what says more than one change, or describes instead of naming, is not narrow.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc import late
from editsvc.instruction.commands import (
    AddParameter,
    ChangeColour,
    Remove,
    Rename,
    Replace,
    SetValue,
    subject,
)
from editsvc.instruction.reading import readings
from editsvc.instruction.vocabulary import describes, english_forms, fold, table

if TYPE_CHECKING:
    from editsvc.instruction.commands import Instruction
    from editsvc.instruction.reading import Reading

# What is longer describes rather than says.
_LONGEST: Final = 300
_PAIRS: Final = ('""', "''", "``", "“”", "„“", "„”", "«»", "「」", "『』", "\u2018\u2019")
_TEXT: Final = "|".join(rf"{first}[^{last}\n]+{last}" for first, last in _PAIRS)
_NAMED_VALUE: Final = (
    r"(?:true|false|none|null|nil|on|off|yes|no|\S*[\w)][._/:()-]\S*|(?-i:\S*[a-z][A-Z]\S*))"
)
_UNIT: Final = r"(?: ?(?:%|[^\W\d_]{1,12}))?"
_NUMBER: Final = rf"[-+]?[#\d][\w.,:%]*{_UNIT}"
_VALUE: Final = rf"(?:(?:the |a |an )?(?:{_TEXT}|{_NUMBER}|\S+))"
_WHAT: Final = rf"(?:{_TEXT}|[^\s,;:!?]+(?: [^\s,;!?]+){{0,5}}?)"
_JOINED_VALUE: Final = rf"(?:{_TEXT}|[^\s,\u3001\u3002\uff0c]+?)"
_JOINED_WHAT: Final = r"(?:[^,;!?\u3002\uff0c\uff1b]{1,40}?)"
_TAIL: Final = r"(?: ?,? (?:in|for|of|on|at|inside|throughout|everywhere|here|only|too|as well)\b.{0,50})?"
_SLOTS: Final = {
    "A": _WHAT,
    "O": _VALUE,
    "B": _VALUE,
    "M": _VALUE,
    "T": r"\S+(?: \S+){0,9}",
    "N": rf"(?:{_TEXT}|{_NUMBER}|{_NAMED_VALUE})",
    "D": rf"(?:{_TEXT}|{_NUMBER})",
}
_JOINED_SLOTS: Final = {
    "A": _JOINED_WHAT,
    "O": _JOINED_VALUE,
    "B": _JOINED_VALUE,
    "M": _JOINED_VALUE,
    "T": _JOINED_WHAT,
}
_JOINED_LANGUAGES: Final = frozenset({"zh", "ja", "ko"})
_MARKS: Final = "".join(sorted({*"".join(_PAIRS)}))
_QUOTES: Final = late.pattern(rf"^[{_MARKS}]+|[{_MARKS}]+$")
_ARTICLE: Final = late.pattern(r"^(?:the|an?) ", re.IGNORECASE)
_PLAIN: Final = late.pattern(r"[^\W\d_]+")
_LOWER: Final = late.pattern(r"[^\W\d_A-Z]+(?:[-/][^\W\d_A-Z]+)*")
_IDENTIFIER: Final = late.pattern(r"[^\W\d][\w$]*")
_STANDS_FOR_SEVERAL: Final = late.pattern(r"\w[.\w]*\{.*,.*\}|\*\.\w")  # "odb.{c,h}", "*.md"
_BARE_NUMBER: Final = late.pattern(r"\d+(?:\.\d+)*")
_SHORTEST_PLURAL: Final = 3
_CONSTANTS: Final = frozenset({"true", "false", "none", "null", "nil", "on", "off", "yes", "no"})
_STYLES: Final = frozenset({"camelcase", "snakecase", "kebabcase", "pascalcase", "titlecase", "async/await"})
_NEVER: Final = frozenset({"it", "that", "them", "this", "these", "those", "something", "work", "one", "now"})


class Narrow(msgspec.Struct, frozen=True):
    """One change, said in full.

    `wanted` are the names and values that the new text must hold, often none; `named` is what the change is made to.
    `command` is what it comes to, in any language; it is all of it if `exact`.
    """

    wanted: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    removes: bool = False
    command: Instruction | None = None
    exact: bool = False


def narrow(instruction: str) -> Narrow | None:
    """The one change that `instruction` states in full; None if it says more, less, or nothing of the kind."""
    if len(instruction) > _LONGEST:
        return None
    _, sentence = subject(" ".join(unicodedata.normalize("NFC", instruction).split()))
    sentence = _polished(sentence)
    stated = [found for each in readings(sentence) if (found := _stated(each)) is not None]
    if stated:
        # Of several meanings, what all of them say.
        return stated[0] if len(stated) == 1 else _common(stated)
    folded = fold(sentence)
    for words, template, joined in _templates():
        # Most sentences have not a word of most templates, which need not be compiled then.
        fit = _form(template, joined).fullmatch(sentence) if any(word in folded for word in words) else None
        if fit is not None and (result := _read(fit, joined=joined)) is not None:
            return result
    return None


def _stated(reading: Reading) -> Narrow | None:
    """What one meaning of a sentence says; None for what is not one change at one place."""
    if reading.wide:
        return None
    command = None if reading.doubtful else reading.command
    match reading.command:
        case Rename(old=old, new=new):
            return Narrow((new,), (old,), command=command, exact=True)
        case Replace(old=old, new=new):
            return Narrow((new,) if new else (), (old,), command=command, exact=True)
        case SetValue(name=name, new=new, old=old, quoted=quoted):
            wanted = (new,) if quoted else _wanted(new, certain=old is not None)
            named = tuple(each for each in (name, old) if each and " " not in each)
            return Narrow(wanted, named, command=command, exact=True)
        case ChangeColour(old=old, new=new):
            # A colour's word may be written as a number too.
            return Narrow(
                (new,) if new.startswith("#") else (), (old,) if old else (), command=command, exact=True
            )
        case Remove(kind=kind, name=name):
            # Without a kind, most sentences of this form are about something that has no name in the file.
            return Narrow(named=(name,), removes=True, command=command, exact=True) if kind else None
        case AddParameter(function=function, parameter=parameter):
            return Narrow((parameter,), (function,), command=command, exact=True)
        case _:
            return None


def _common(stated: list[Narrow]) -> Narrow:
    first, *others = stated
    return Narrow(
        tuple(each for each in first.wanted if all(each in other.wanted for other in others)),
        tuple(each for each in first.named if all(each in other.named for other in others)),
        removes=all(each.removes for each in stated),
    )


def _read(found: re.Match[str], *, joined: bool) -> Narrow | None:
    slots = {name: text.strip() for name, text in found.groupdict().items() if text is not None}
    if "T" in slots:
        return Narrow()
    if any(_describes(text) for name, text in slots.items() if name in "OB"):
        return None
    what = slots.get("A", "")
    if what.split(" ")[0].lower() in {"up", "everything", "all", *_NEVER} or " and " in what:
        return None
    value = next(slots[name] for name in "BMND" if name in slots)
    named = tuple(
        text for text in (_unquoted(what), _unquoted(slots.get("O", ""))) if text and " " not in text
    )
    certain = "M" in slots or "O" in slots or joined
    wanted = _wanted(value, certain=certain)
    return Narrow(wanted, named, command=_command(slots, named, wanted), exact="A" in slots)


def _command(
    slots: dict[str, str], named: tuple[str, ...], wanted: tuple[str, ...]
) -> Rename | Replace | SetValue | None:
    """What a sentence with these slots comes to, if one name is given and one that takes its place, or its value."""
    if len(wanted) != 1 or not named or named[0].casefold() == wanted[0].casefold():
        return None
    old, new = named[0], wanted[0]
    if "M" in slots:
        return Rename(old, new) if _IDENTIFIER.fullmatch(old) and _IDENTIFIER.fullmatch(new) else None
    if not _IDENTIFIER.fullmatch(old):
        return None
    # A name stays where it gets a number; where it gets a word, only "B instead of A" says that the name itself goes.
    if "A" in slots:
        return SetValue(old, new, old=slots.get("O")) if _BARE_NUMBER.fullmatch(new) else None
    return Replace(old, new, whole_parts=True) if _IDENTIFIER.fullmatch(new) else None


def _wanted(value: str, *, certain: bool) -> tuple[str, ...]:
    """What the new text has to hold of `value`, if it must hold it as it is written here.

    "30s", "5 %" and "1,000" may be written in other ways, and so may "ten" in "set the limit to ten"; `certain` tells
    that a word is meant as one.
    """
    plain = _unquoted(value)
    if _STANDS_FOR_SEVERAL.search(plain):
        return ()
    if value != plain and _QUOTES.search(value):
        return (plain,)
    if (
        " " in plain
        or plain.lower() in _CONSTANTS
        or (plain[:1].isdigit() and not _BARE_NUMBER.fullmatch(plain))
    ):
        return ()
    return (plain,) if certain or not _LOWER.fullmatch(plain) else ()


def _unquoted(text: str) -> str:
    name = _QUOTES.sub("", _ARTICLE.sub("", text)).removesuffix("()")
    return name.lstrip("-") or name


def _describes(text: str) -> bool:
    """True for a word that describes text, instead of being it: "use tabs instead of spaces"."""
    if _QUOTES.search(text):
        return False
    article = _ARTICLE.match(text)
    word = text[article.end() :] if article else text
    if word.lower() in _NEVER or word[-1:] in ",:;":
        return True
    if word.lower().replace("_", "").replace("-", "") in _STYLES:
        return True
    # "f-strings", "callbacks": several of a kind, none of them by its name.
    if _LOWER.fullmatch(word):
        several = len(word) > _SHORTEST_PLURAL and word.endswith("s") and not word.endswith("ss")
        return article is not None or several or any(describes(part) for part in re.split(r"[-/]", word))
    return _PLAIN.fullmatch(word) is not None and (article is not None or describes(word))


def _polished(sentence: str) -> str:
    sentence = sentence.strip().rstrip(" .!?\u3002\uff01\uff1f")
    before, after = _manners()
    for _ in range(3):
        sentence = before.sub("", sentence, count=1)
        sentence = after.sub("", sentence, count=1)
    return sentence


@cache
def _manners() -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = str(table()["manners"]["words"]).split()
    choice = "|".join(re.escape(word).replace("_", " ") for word in words)
    return re.compile(rf"^(?:{choice})\b[,\uff0c]? ?", re.IGNORECASE), re.compile(
        rf"[,\uff0c]? ?(?:{choice})$", re.IGNORECASE
    )


@cache
def _templates() -> tuple[tuple[tuple[str, ...], str, bool], ...]:
    """Each template with the words of which a sentence must have one, and whether its language has no blanks."""
    result = []
    for language, templates in table()["narrow"].items():
        for template in templates:
            first = next(part for part in template.split(" ") if part not in _SLOTS and part[0] not in "[*")
            words = tuple(fold(word.rstrip("+*")).removesuffix("e") for word in first.split("|"))
            result.append((words, template, language in _JOINED_LANGUAGES))
    return tuple(result)


@cache
def _form(template: str, joined: bool) -> re.Pattern[str]:  # noqa: FBT001 - a cache takes no keywords apart
    slots = _JOINED_SLOTS if joined else _SLOTS
    blank = r"\s*" if joined else " "
    pattern, begun = "", False
    for part in template.split(" "):
        gap = blank if begun else ""
        if part.startswith("["):
            choice = _choice(part.strip("[]"))
            pattern += f"(?:{gap}{choice})?" if begun else f"(?:{choice}{blank})?"
            continue
        if part == "*":
            pattern += r".{0,20}"
        else:
            pattern += gap + (f"(?P<{part}>{slots[part]})" if part in slots else _choice(part))
        begun = True
    return re.compile(pattern + ("" if joined else _TAIL), re.IGNORECASE)


def _choice(words: str) -> str:
    forms: list[str] = []
    for word in words.split("|"):
        if word.endswith("+"):
            forms += sorted(english_forms(word[:-1]))
        elif word.endswith("*"):
            forms += [rf"{re.escape(spelt)}\w*" for spelt in sorted({word[:-1], fold(word[:-1])})]
        else:
            forms += [re.escape(spelt) for spelt in sorted({word, fold(word)})]
    return f"(?:{'|'.join(forms)})"
