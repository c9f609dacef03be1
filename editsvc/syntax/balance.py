"""Whether brackets, quotes, blocks and tags of a text pair: told by its `Lexis` alone, without a grammar."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from editsvc.syntax.lexis import Words

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.syntax.lexis import Lexis

_IF: Final = "#if"
_END: Final = "#endif"
_CODE: Final = "${"
_IN_TEMPLATE: Final = re.compile(r"\\.|`|\$\{", re.DOTALL)
_CLOSING: Final = {_CODE: "}", "(": ")", "[": "]", "{": "}", "then": "fi", "do": "done", "case": "esac"}
_CLOSERS: Final = frozenset(_CLOSING.values())
_BRACKETS: Final = r"[()\[\]{}]"
# Most pairs have nothing in them that could matter; passing over them as one is twice as fast.
_PLAIN: Final = r"[\w\s.,*&=+:;<>!?|%^~@-]*"
_PLAIN_PAIRS: Final = rf"\({_PLAIN}\)|\[{_PLAIN}\]|\{{{_PLAIN}\}}"
_WITH_BRACKETS: Final = frozenset({Words.NONE, Words.BRANCHES, Words.TEMPLATES})
_WORDS: Final = {
    Words.NONE: _BRACKETS,
    Words.BRANCHES: _BRACKETS + r"|^[ \t]*#[ \t]*(?:if|ifdef|ifndef|else|elif|elifdef|elifndef|endif)\b",
    Words.TEMPLATES: _BRACKETS + "|`",
    Words.SHELL: _BRACKETS + r"|(?<![\w$./=-])(?:then|fi|do|done|case|esac|elif)(?![\w./=-])",
    Words.TAGS: r"</?[A-Za-z][\w:.-]*(?:\"[^\"]*\"|'[^']*'|[^\"'<>])*>",
}
_TAG: Final = re.compile(r"<(?P<slash>/?)(?P<name>[\w:.-]+).*?(?P<empty>/?)>\Z", re.DOTALL)
# HTML Standard, "Void elements" and "Optional tags".
_VOID: Final = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img"),
        *("input", "link", "meta", "param", "source", "track", "wbr"),
    }
)
_OPTIONAL: Final = frozenset(
    {
        *("html", "head", "body", "p", "li", "dt", "dd", "option", "optgroup", "rt", "rp"),
        *("thead", "tbody", "tfoot", "tr", "td", "th", "colgroup", "caption"),
    }
)
# A word of the shell is one of its own only where a command may begin.
_COMMAND: Final = re.compile(r"(?:\A|[\n;&|({})\]`!]|\b(?:then|do|else))[ \t]*\Z")
_LOOK_BACK: Final = 80


@dataclass(frozen=True, slots=True)
class Unpaired:
    """Something that opens and is not closed, or closes what is not open: its offset, and itself."""

    offset: int
    text: str


@dataclass(slots=True)
class _Pairing:
    """What is open at a place of the text, and what went wrong before it."""

    open: list[Unpaired] = field(default_factory=list)
    closers: Counter[str] = field(default_factory=Counter)
    wrong: list[Unpaired] = field(default_factory=list)

    def opens(self, offset: int, text: str, closer: str) -> None:
        self.open.append(Unpaired(offset, text))
        self.closers[closer] += 1

    def closes(self, offset: int, closer: str, closer_of: Callable[[str], str]) -> None:
        if not self.closers[closer]:
            self.wrong.append(Unpaired(offset, closer))
            return
        while True:
            last = self.open.pop()
            expected = closer_of(last.text)
            self.closers[expected] -= 1
            if expected == closer:
                return
            self.wrong.append(last)


@cache
def _expression(lexis: Lexis) -> re.Pattern[str]:
    pairs = _PLAIN_PAIRS + "|" if lexis.words in _WITH_BRACKETS else ""
    groups = {"skipped": pairs + lexis.skipped, "word": _WORDS[lexis.words]}
    if lexis.open_ended:
        groups["open_ended"] = lexis.open_ended
    if lexis.unclosed:
        groups["unclosed"] = lexis.unclosed
    return re.compile(
        "|".join(f"(?P<{name}>{expression})" for name, expression in groups.items()), re.DOTALL | re.MULTILINE
    )


def unpaired(text: str, lexis: Lexis) -> list[Unpaired]:
    r"""All that does not pair in `text` (``\n`` only), in order."""
    pairing = _Pairing()
    reader = _READERS[lexis.words]()
    expression = _expression(lexis)
    place = 0
    while (match := expression.search(text, place)) is not None:
        place = match.end()
        match match.lastgroup:
            case "word":
                place = reader.word(pairing, match)
            case "unclosed":
                pairing.wrong.append(Unpaired(match.start(), match[0]))
            case "open_ended":
                pairing.wrong.append(Unpaired(match.start(), match[0]))
                break
            case _:
                pass
    left = [one for one in pairing.open if one.text not in _OPTIONAL]
    return sorted([*pairing.wrong, *left, *reader.left()], key=lambda one: one.offset)


def _closer(text: str) -> str:
    return _CLOSING[text]


class _Brackets:
    """How the words of a text pair; here, brackets alone."""

    def word(self, pairing: _Pairing, match: re.Match[str]) -> int:
        """Take `match` into account; where to read on."""
        text = match[0]
        if text in _CLOSERS:
            pairing.closes(match.start(), text, _closer)
        else:
            pairing.opens(match.start(), text, _CLOSING[text])
        return match.end()

    def left(self) -> list[Unpaired]:
        """What is open at the end beside what `_Pairing` knows."""
        return []


class _Branches(_Brackets):
    """Brackets, and C's conditional sections, the last branch of which is read on from."""

    def __init__(self) -> None:
        self._conditions: list[_Condition] = []

    def word(self, pairing: _Pairing, match: re.Match[str]) -> int:
        text = match[0].lstrip().removeprefix("#").lstrip()
        if len(text) == 1:
            return super().word(pairing, match)
        if text.startswith("if"):
            self._conditions.append(_Condition(match.start(), list(pairing.open), pairing.closers.copy()))
        elif self._conditions:
            condition = self._conditions[-1]
            if text != "endif":
                condition.ends.append(pairing.open)
                pairing.open, pairing.closers = list(condition.open), condition.closers.copy()
            else:
                self._conditions.pop()
                for branch in condition.ends:
                    self._compare(pairing, branch, match.start())
        return match.end()

    @staticmethod
    def _compare(pairing: _Pairing, branch: list[Unpaired], offset: int) -> None:
        """Branches that do not leave the same open are odd."""
        if [one.text for one in branch] != [one.text for one in pairing.open]:
            pairing.wrong.append(Unpaired(offset, _END))

    def left(self) -> list[Unpaired]:
        return [Unpaired(condition.offset, _IF) for condition in self._conditions]


@dataclass(slots=True)
class _Condition:
    """What was open at an ``#if``, and at the end of each of its branches but the last."""

    offset: int
    open: list[Unpaired]
    closers: Counter[str]
    ends: list[list[Unpaired]] = field(default_factory=list)


class _Templates(_Brackets):
    """Brackets, and backticks around text with code in it."""

    def word(self, pairing: _Pairing, match: re.Match[str]) -> int:
        text = match[0]
        if text == "`":
            return self._body(pairing, match.string, match.start(), match.end())
        within = pairing.open[-1] if text == "}" and pairing.open else None
        place = super().word(pairing, match)
        if within is not None and within.text == _CODE:
            return self._body(pairing, match.string, match.start(), place)
        return place

    @staticmethod
    def _body(pairing: _Pairing, text: str, start: int, place: int) -> int:
        while (match := _IN_TEMPLATE.search(text, place)) is not None:
            place = match.end()
            if match[0] == "`":
                return place
            if match[0] == _CODE:
                pairing.opens(match.start(), _CODE, "}")
                return place
        pairing.wrong.append(Unpaired(start, "`"))
        return len(text)


class _Shell(_Brackets):
    """Brackets and reserved words of a shell."""

    def __init__(self) -> None:
        self._goes_on = False

    def word(self, pairing: _Pairing, match: re.Match[str]) -> int:
        text = match[0]
        if len(text) == 1:
            # The pattern of a case ends with a bracket that nothing opens.
            if text == ")" and pairing.open and pairing.open[-1].text == "case":
                return match.end()
            return super().word(pairing, match)
        if not _COMMAND.search(match.string, max(0, match.start() - _LOOK_BACK), match.start()):
            return match.end()
        if text == "elif":
            self._goes_on = True
        elif text == "then" and self._goes_on:
            self._goes_on = False
        else:
            super().word(pairing, match)
        return match.end()


class _Tags(_Brackets):
    """The tags of elements."""

    def word(self, pairing: _Pairing, match: re.Match[str]) -> int:
        parts = _TAG.match(match[0])
        name = "" if parts is None or parts["empty"] else parts["name"].lower()
        if parts is None or not name or name in _VOID:
            return match.end()
        if not parts["slash"]:
            pairing.opens(match.start(), name, name)
        elif name not in _OPTIONAL or pairing.closers[name]:
            wrong = len(pairing.wrong)
            pairing.closes(match.start(), name, str)
            pairing.wrong[wrong:] = [one for one in pairing.wrong[wrong:] if one.text not in _OPTIONAL]
        return match.end()


_READERS: Final[dict[Words, type[_Brackets]]] = {
    Words.NONE: _Brackets,
    Words.BRANCHES: _Branches,
    Words.TEMPLATES: _Templates,
    Words.SHELL: _Shell,
    Words.TAGS: _Tags,
}
