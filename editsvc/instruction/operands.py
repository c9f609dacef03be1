"""What the operands of a form may be, and what they are as values. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from editsvc import late

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from editsvc.instruction.grammar import Token

# A name as programs, style sheets and shells write it: foo, $foo, @foo, --main-color, .btn, #main, a-b, r#type.
_NAME: Final = late.pattern(r"(?:--|[.#$@_%]|r#)?[^\W\d][\w$-]*(?:\(\))?[?!]?")
_PATH: Final = late.pattern(
    r"(?:--|[.#$@])?~?[^\W\d][\w$-]*(?:(?:\.|::|#|->|/(?=\w))~?[^\W\d][\w$-]*)*(?:\(\))?"
)
_WORD: Final = late.pattern(r"[\w$][\w$.:/@+-]*[\w$]|[\w$]|[-+*/%=!<>&|^~?]{1,4}")
LITERAL: Final = late.pattern(
    r"[-+]?(?:0[xob][\da-f_]+|(?:\d[\d_,']*)?\.?\d[\d_]*(?:e[-+]?\d+)?)(?:%|[a-zµ]{1,5}\d{0,3})?"
    r"|[-+]?\d+(?:\.\d+){2,}(?:[-+.]?\w+)*|v\d+(?:\.\d+)+"
    r"|true|false|none|null|nil|undefined|#(?:[\da-f]{3,4}|[\da-f]{6}|[\da-f]{8})",
    re.IGNORECASE,
)
_SWITCH: Final = frozenset({"on", "off", "yes", "no"})
# One word of text: not a mark, and no bracket that is left open.
_VALUE: Final = late.pattern(r"[^\s,;\"'`“”„«»()\[\]{}]+|[\w.:$-]+\([^()]*\)|[\[{(][^\s]*[\]})]")
_IDENTIFIER: Final = r"[^\W\d][\w$]*"
_DECLARATION: Final = late.pattern(
    rf"(?P<name>[*&]{{0,2}}{_IDENTIFIER})(?:\s*:\s*(?P<annotation>[^=:]+?))?(?:\s*=\s*(?P<default>.+))?"
)
_TYPED_FIRST: Final = late.pattern(
    rf"(?P<annotation>(?:const )?[\w:<>,*& \[\]]*[\w>*&\]]) ?(?<=[ *&])(?P<name>{_IDENTIFIER})"
    r"(?:\s*=\s*(?P<default>.+))?"
)
_TYPE: Final = late.pattern(r"[\w.:<>,*&|\[\]\"' ?-]+")
_LONGEST: Final = 12
# "#" in front of a word that is no colour is a mark of CSS.
_COLOUR: Final = late.pattern(
    r"#[0-9a-f]{3,8}|[a-z]{3,}|(?:rgba?|hsla?|hwb|(?:ok)?lab|(?:ok)?lch)\([^()]*\)", re.IGNORECASE
)
_CODE_QUOTES: Final = "`"
_PAIR: Final = 2


def code_shaped(text: str) -> bool:
    """True for what cannot be a word of a language: `MAX_SIZE`, `fetchAll`, `a.b`, `f()`, `x1`."""
    return (
        re.search(r"[_\d$@]|\(\)|\w(?:\.|::|#|->)\w|[^\W\d_A-Z][A-Z]|^--|^[.#]\w", text) is not None
        or (text.isupper() and len(text) > 1)
        or (text[:1].isupper() and text[1:2].isupper())
    )


def _one(fits: Callable[[Token], bool]) -> Callable[[str, list[Token], int], Iterator[int]]:
    def ends(_sentence: str, words: list[Token], position: int) -> Iterator[int]:
        if fits(words[position]):
            yield position + 1

    return ends


def _is(pattern: re.Pattern[str]) -> Callable[[Token], bool]:
    return lambda token: pattern.fullmatch(token.text) is not None


def _is_value(token: Token) -> bool:
    return bool(token.quote) or _VALUE.fullmatch(token.text) is not None


def is_literal(token: Token) -> bool:
    """True for a number, with its unit or without, a constant of the language, or what is quoted."""
    return bool(token.quote) or LITERAL.fullmatch(token.text) is not None or token.word in _SWITCH


def _is_number(token: Token) -> bool:
    return not token.quote and LITERAL.fullmatch(token.text) is not None


def _rows_of(pattern: re.Pattern[str]) -> Callable[[str, list[Token], int], Iterator[int]]:
    def ends(sentence: str, words: list[Token], position: int) -> Iterator[int]:
        for end in range(min(len(words), position + _LONGEST), position, -1):
            if pattern.fullmatch(_source(sentence, words, position, end)) is not None:
                yield end

    return ends


def _declarations(sentence: str, words: list[Token], position: int) -> Iterator[int]:
    for end in range(min(len(words), position + _LONGEST), position, -1):
        if declaration(_source(sentence, words, position, end)) is not None:
            yield end


def _source(sentence: str, words: list[Token], first: int, end: int) -> str:
    if end == first + 1 and words[first].quote == _CODE_QUOTES:
        return words[first].text
    return sentence[words[first].start : words[end - 1].end]


def _defaults(sentence: str, words: list[Token], position: int) -> Iterator[int]:
    """An expression: of several words only in brackets or quotes, unless a sign stands between."""
    del sentence
    yield position + 1
    end = position + 1
    while end + 1 < len(words) and words[end].text in {"+", "-", "*", "/", "or", "and", "|", "||"}:
        end += 2
        yield end


def declaration(text: str) -> tuple[str, str, str] | None:
    """The name, type and default of a parameter as code, empty where there is none; None if it is no parameter."""
    text = text.strip()
    if text.startswith("`") and text.endswith("`") and text.count("`") == _PAIR:
        text = text[1:-1]
    for pattern in (_DECLARATION, _TYPED_FIRST):
        found = pattern.fullmatch(text)
        if found is None:
            continue
        annotation, default = (found["annotation"] or "").strip(), (found["default"] or "").strip()
        if " " in default and not _closed(default):
            continue
        if pattern is _DECLARATION and " " in annotation and not _closed(annotation):
            continue
        return found["name"], annotation, default.strip("`")
    return None


def _closed(text: str) -> bool:
    """True if all blanks of `text` stand in brackets or quotes, or beside a sign."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"|`[^`]*`", "_", text)
    while (shorter := re.sub(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>", "_", bare)) != bare:
        bare = shorter
    return " " not in re.sub(r" (?:[-+*/|]|\|\|) ", "", bare)


def _is_colour(token: Token) -> bool:
    if _COLOUR.fullmatch(token.text) is None:
        return False
    from editsvc.instruction.palette import is_colour  # noqa: PLC0415 - a table that few instructions need

    return is_colour(token.text)


ASPECTS: Final = {
    "text": "color",
    "font": "color",
    "foreground": "color",
    "fill": "fill",
    "stroke": "stroke",
    "background": "background",
    "border": "border",
    "outline": "outline",
    "caret": "caret-color",
    "accent": "accent-color",
}
"""Words for what has a colour, and the property of CSS."""

_ASPECT: Final = late.pattern(rf"({'|'.join(ASPECTS)})(?:-colou?r)?", re.IGNORECASE)

OPERANDS: Final[dict[str, Callable[[str, list[Token], int], Iterator[int]]]] = {
    "OLD": _one(_is(_PATH)),
    "NEW": _one(_is(_PATH)),
    "NAME": _one(_is(_PATH)),
    "OWNER": _one(_is(_PATH)),
    "TEXT": _one(lambda token: bool(token.quote) and bool(token.text)),
    "WITH": _one(lambda token: bool(token.quote)),
    "WORD": _one(lambda token: not token.quote and _WORD.fullmatch(token.text) is not None),
    "BYWORD": _one(lambda token: not token.quote and _WORD.fullmatch(token.text) is not None),
    "VALUE": _one(_is_value),
    "FROM": _one(_is_value),
    "LITERAL": _one(is_literal),
    "LITERALFROM": _one(_is_number),
    "COLOUR": _one(_is_colour),
    "BY": _one(_is_colour),
    "ASPECT": _one(_is(_ASPECT)),
    "DECLARATION": _declarations,
    "TYPE": _rows_of(_TYPE),
    "DEFAULT": _defaults,
}
"""The operands of forms (`editsvc.instruction.wordings`), and where each may end."""


def source(sentence: str, words: list[Token], first: int, end: int) -> str:
    """The text of an operand as code: without backticks around it, but with other quotes."""
    return _source(sentence, words, first, end)


def aspect(text: str) -> str:
    """The property of CSS for a word such as "background" or "text"."""
    found = _ASPECT.fullmatch(text)
    return ASPECTS[found[1].lower()] if found is not None else ""
