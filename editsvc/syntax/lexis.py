"""What hides brackets in a language: its comments, strings and other literals, as regular expressions.

Enough to pair brackets without a grammar (`balance`), also in new versions of a language and in its dialects, since
these invent keywords and constructs, and hardly ever another way to write a string. Nothing here has to be exact: an
odd literal is odd before an edit too, and then nothing is concluded.

Every expression is meant to be read with `re.DOTALL` and `re.MULTILINE`, and takes time in proportion to the text,
whatever it is.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

import msgspec


class Words(Enum):
    """What pairs in a language beside brackets."""

    NONE = auto()
    BRANCHES = auto()
    """C's ``#if``, ``#else``, ``#endif``: each branch begins with what was open before the first."""
    TEMPLATES = auto()
    """Backticks around text, with code in ``${`` and ``}``."""
    SHELL = auto()
    """``then … fi``, ``do … done``, ``case … esac``; a ``)`` ends a pattern of ``case``."""
    TAGS = auto()
    """Elements of HTML, instead of brackets."""


class Lexis(msgspec.Struct, frozen=True):
    """`skipped` matches what is not looked into; `open_ended`, tried behind it, the start of what has no end.

    What has no end on its line is one of `unclosed`: it is counted, and the next line is read as usual. What has no
    end in the text ends the reading.
    """

    skipped: str
    unclosed: str = ""
    open_ended: str = ""
    words: Words = Words.NONE


_LINE_COMMENT: Final = r"//[^\n]*"
_HASH_COMMENT: Final = r"#[^\n]*"
_BLOCK_COMMENT: Final = r"/\*.*?\*/"
_DOUBLE: Final = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
_SINGLE: Final = r"'[^'\\\n]*(?:\\.[^'\\\n]*)*'"
_TRIPLE_DOUBLE: Final = r'"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""'
_TRIPLE_SINGLE: Final = r"'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''"
_NOT_TRIPLE: Final = "(?!\"\"\"|''')"
# A slash begins an expression where a value may begin. The bounds keep a line of slashes from taking long.
_REGULAR_EXPRESSION: Final = (
    r"(?:(?<=[=(,:;!&|?\[{\n])|(?<==>)|(?<=return)|(?<=typeof)|(?<=case)|(?<=[=(,:;!&|?\[{>] ))[ \t]*"
    r"/(?![*/])(?:[^/\\\n\[]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n]){0,200}\]){1,100}/"
)
# In the text of an element ("Don't"), which no language has a literal like.
_APOSTROPHE: Final = r"(?<=[A-Za-z])'(?=[A-Za-z])"


def _any(*expressions: str) -> str:
    return "|".join(expressions)


PYTHON: Final = Lexis(
    _any(_HASH_COMMENT, _TRIPLE_DOUBLE, _TRIPLE_SINGLE, _NOT_TRIPLE + _DOUBLE, _NOT_TRIPLE + _SINGLE),
    unclosed="[\"']",
    open_ended="\"\"\"|'''",
)
ECMASCRIPT: Final = Lexis(
    _any(_LINE_COMMENT, _BLOCK_COMMENT, _APOSTROPHE, _DOUBLE, _SINGLE, _REGULAR_EXPRESSION),
    unclosed="[\"']",
    open_ended=r"/\*",
    words=Words.TEMPLATES,
)
GO: Final = Lexis(
    _any(_LINE_COMMENT, _BLOCK_COMMENT, _DOUBLE, _SINGLE, "`[^`]*`"), unclosed="[\"']", open_ended=r"`|/\*"
)
RUST: Final = Lexis(
    _any(
        _LINE_COMMENT,
        _BLOCK_COMMENT,
        r'\bb?c?r(?P<hashes>#*)".*?(?:"(?P=hashes)|\Z)',
        r'"[^"\\]*(?:\\.[^"\\]*)*"',
        r"'(?:[^'\\\n]|\\(?:u\{\w*\}|x\w\w|.))'",
        r"'\w+",
    ),
    open_ended=r'"|/\*',
)
JAVA: Final = Lexis(
    _any(_LINE_COMMENT, _BLOCK_COMMENT, _TRIPLE_DOUBLE, _NOT_TRIPLE + _DOUBLE, _SINGLE),
    unclosed="[\"']",
    open_ended=r'"""|/\*',
)
C: Final = Lexis(
    _any(
        _LINE_COMMENT,
        _BLOCK_COMMENT,
        r"^[ \t]*#[ \t]*(?:error|warning|pragma)\b[^\n]*",
        r'\b(?:u8|[uUL])?R"(?P<delimiter>[^()\s\\]{0,16})\(.*?(?:\)(?P=delimiter)"|\Z)',
        r"\b\d[\w.]*(?:'\w+)+",
        _DOUBLE,
        _SINGLE,
    ),
    unclosed=r"[\"']|\b(?:u8|[uUL])?R\"",
    open_ended=r"/\*",
    words=Words.BRANCHES,
)
CSS: Final = Lexis(
    _any(_BLOCK_COMMENT, _DOUBLE, _SINGLE, r"\burl\(\s*[^)\"'\s]*\s*\)", r"\\."),
    unclosed="[\"']",
    open_ended=r"/\*",
)
JSON5: Final = Lexis(
    _any(_LINE_COMMENT, _BLOCK_COMMENT, _DOUBLE, _SINGLE), unclosed="[\"']", open_ended=r"/\*"
)
# A comma before a closing bracket, in JSON with comments; what is not `comma` is to stay.
TRAILING_COMMA: Final = (
    rf"{_DOUBLE}|{_LINE_COMMENT}|/\*.*?(?:\*/|\Z)|(?P<comma>,)(?=(?:\s|{_LINE_COMMENT}){{0,200}}[\]}}])"
)
TOML: Final = Lexis(
    _any(_HASH_COMMENT, _TRIPLE_DOUBLE, r"'''.*?'''", _NOT_TRIPLE + _DOUBLE, _NOT_TRIPLE + r"'[^'\n]*'"),
    unclosed="[\"']",
    open_ended="\"\"\"|'''",
)
SHELL: Final = Lexis(
    _any(
        r"\\.",
        r"(?:(?<=\s)|^)#[^\n]*",
        r"\$[#$?!*@-]",
        r"\$'[^'\\]*(?:\\.[^'\\]*)*'",
        "'[^']*'",
        r'"[^"\\]*(?:\\.[^"\\]*)*"',
        r"\$\{[^{}\n\"'`]*\}",
        r"\(\([^()\n]*\)\)",
        "<<<",
        r"<<-?[ \t]*(?P<quote>['\"\\]?)(?P<tag>[A-Za-z_]\w*)['\"]?[^\n]*\n(?:[^\n]*\n)*?[ \t]*(?P=tag)[ \t]*$",
    ),
    open_ended=r"['\"]|<<-?[ \t]*['\"\\]?[A-Za-z_]",
    words=Words.SHELL,
)
# What a page is made from, before it is one: the tags of template languages.
TEMPLATE_TAGS: Final = _any(
    r"<%(?:(?!<%).)*?%>",
    r"<\?(?:php\b|=)(?:(?!<\?).)*?(?:\?>|\Z)",
    r"\{\{(?:(?!\{\{).)*?\}\}\}?",
    r"\{%(?:(?!\{%).)*?%\}",
    r"\{#(?:(?!\{#).)*?#\}",
)
HTML: Final = Lexis(
    _any(
        r"<!--.*?-->",
        TEMPLATE_TAGS,
        r"<(?P<raw>script|style|textarea|title)\b[^>]*>.*?(?:</(?P=raw)\s*>|\Z)",
        r"<!\w[^<>]*>",
    ),
    open_ended="<!--",
    words=Words.TAGS,
)
