"""What makes two lines the same but for how they are written: one key for all such ways, and the name of each.

A fold takes one way of writing out of a line: typographic quotes, accents, no-break spaces. Two lines that have the
same `key` are one line in two dresses, and `difference` names the folds that it takes to make them equal.

All special characters are written as escapes here, so that this file shows what it says.
"""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from bisect import bisect_left
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable


class Dress(Enum):
    """A way in which a line may differ and still be the same; the value is what a message calls it."""

    NORMAL_FORM = "Unicode forms of letters"
    QUOTES = "quotes"
    DASHES = "dashes"
    SIGNS = "special characters"
    ACCENTS = "accents"
    INVISIBLE = "invisible characters"
    SPACES = "special spaces"
    ENTITIES = "entities"
    ESCAPES = "escapes"
    BACKSLASHES = "backslashes"
    HEX_CASE = "upper or lower case in hexadecimal digits"
    NUMBERS = "decimals"
    TRAILING = "white space at their ends"
    INDENTATION = "indentation"
    TABS = "tabs"
    COLUMNS = "gaps between words"
    SPACING = "spaces around signs"
    STRING_QUOTES = "quotes around strings"
    LINE_ENDS = "signs at their ends"
    LETTERS = "letters, or none, for those that were lost"
    ENCODING = "letters, read in the wrong encoding"


_SINGLE_QUOTES: Final = "\u2018\u2019\u201a\u201b\u2039\u203a\u2032\u02bc\u02bb\u00b4\uff07\u300e\u300f"
_DOUBLE_QUOTES: Final = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02\u300c\u300d\u301d\u301e\u301f"
_QUOTES: Final = str.maketrans(dict.fromkeys(_SINGLE_QUOTES, "'") | dict.fromkeys(_DOUBLE_QUOTES, '"'))
_SPECIAL_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
# A run of blanks is tried from its beginning alone: there may be thousands in it.
_DASH: Final = re.compile(rf"(?:(?<![ \t])[ \t]+)?[-{_SPECIAL_DASHES}]+[ \t]*")
_SPECIAL_DASH: Final = re.compile(rf"[{_SPECIAL_DASHES}]")
_SIGNS: Final = {
    "\u2026": "...",
    "\u00a9": "(c)",
    "\u00ae": "(r)",
    "\u2122": "(tm)",
    "\u2190": "<-",
    "\u2192": "->",
    "\u2194": "<->",
    "\u21d0": "<=",
    "\u21d2": "=>",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2260": "!=",
    "\u2248": "~",
    "\u00d7": "x",
    "\u00f7": "/",
    "\u2022": "*",
    "\u00b7": "*",
    "\u2713": "v",
    "\u2044": "/",
    "\u3002": ".",
    "\u3001": ",",
    "\u20ac": "EUR",
}
_SIGN: Final = re.compile("[" + "".join(_SIGNS) + "]")
_SIGN_OR_ASCII: Final = re.compile(r"[(\[](?:c|C)[)\]]|\((?:r|R)\)|\((?:tm|TM)\)")
_UMLAUTS: Final = str.maketrans(
    {
        "\u00e4": "a",
        "\u00f6": "o",
        "\u00fc": "u",
        "\u00c4": "A",
        "\u00d6": "O",
        "\u00dc": "U",
        "\u00df": "ss",
        "\u00f8": "o",
        "\u00d8": "O",
        "\u0142": "l",
        "\u0141": "L",
        "\u00e6": "a",
        "\u00c6": "A",
        "\u0153": "o",
        "\u0152": "O",
        "\u00e5": "a",
        "\u00c5": "A",
        "\u0111": "d",
        "\u0110": "D",
        "\u0131": "i",
        "\u0451": "\u0435",
        "\u0401": "\u0415",
    }
)
# An e that follows anyway must not tell one way of writing from the other.
_SPELT_OUT: Final = re.compile(r"([aouAOU])[eE]+|([aA])[aA]+")
_LATIN_MARK: Final = re.compile("(?<=[A-Za-z\u0370-\u03ff\u0400-\u04ff])[\u0300-\u036f]+")
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]+"
)
_SPACES: Final = re.compile("[\x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_NUMERIC_ESCAPE: Final = re.compile(
    r"\\u\{([0-9A-Fa-f]{1,6})\}|\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})|\\x([0-9A-Fa-f]{2})"
)
_PERCENT: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_BACKSLASHES: Final = re.compile(r"\\+(?=.)")
_HEX: Final = re.compile(
    r"#(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{3,4})\b|\b0[xX][0-9A-Fa-f_]+|\\[xu][0-9A-Fa-f]{2,4}"
    r"|%[0-9A-Fa-f]{2}|\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b|\b\d+(?:\.\d+)?[eE][+-]?\d+\b"
)
_DECIMALS: Final = re.compile(r"(?<![\d.])(\d+)\.(\d+)(?![\d.])")
_LEADING_ZERO: Final = re.compile(r"(?<![\w.])0(?=\.\d)")
_GROUPED: Final = re.compile(r"(?<=\d)[_,](?=\d{3})")
_BLANKS: Final = re.compile(r"[ \t]+")
_QUOTE: Final = re.compile(r"[\"'`]")


def _normal_form(line: str) -> str:
    return line if line.isascii() else unicodedata.normalize("NFC", line)


def _quotes(line: str) -> str:
    return line if line.isascii() else line.translate(_QUOTES)


def _dashes(line: str) -> str:
    if line.isascii() and "-" not in line:
        return line
    body = line.lstrip(" \t")
    return line[: len(line) - len(body)] + _DASH.sub("-", body)


def _signs(line: str) -> str:
    if line.isascii():
        if "(" not in line and "[" not in line:
            return line
        return _SIGN_OR_ASCII.sub(lambda match: match.group().lower(), line)
    line = _SIGN.sub(lambda match: _SIGNS[match.group()], line)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", line))


def _accents(line: str) -> str:
    if not line.isascii():
        line = _LATIN_MARK.sub("", unicodedata.normalize("NFD", line.translate(_UMLAUTS)))
    return _SPELT_OUT.sub(lambda match: match.group(1) or match.group(2), line)


def _invisible(line: str) -> str:
    return line if line.isascii() and line.isprintable() else _INVISIBLE.sub("", line)


def _spaces(line: str) -> str:
    return line if line.isascii() else _SPACES.sub(" ", line)


def _entities(line: str) -> str:
    return html.unescape(line) if "&" in line else line


def _escapes(line: str) -> str:
    if "%" in line:
        line = _PERCENT.sub(_percent_decoded, line)
    return _NUMERIC_ESCAPE.sub(_escaped_character, line) if "\\" in line else line


def _backslashes(line: str) -> str:
    return _BACKSLASHES.sub("", line) if "\\" in line else line


def _percent_decoded(match: re.Match[str]) -> str:
    try:
        return bytes.fromhex(match.group().replace("%", "")).decode()
    except UnicodeDecodeError:
        return match.group()


def _escaped_character(match: re.Match[str]) -> str:
    code = int(next(filter(None, match.groups())), 16)
    return chr(code) if code <= sys.maxunicode and chr(code) not in "\n\r" else match.group()


def _hex_case(line: str) -> str:
    return line if line.islower() else _HEX.sub(lambda match: match.group().lower(), line)


def _numbers(line: str) -> str:
    if "." not in line and "_" not in line and "," not in line:
        return line
    line = _GROUPED.sub("", line)
    line = _DECIMALS.sub(_without_last_zeros, line)
    return _LEADING_ZERO.sub("", line)


def _without_last_zeros(match: re.Match[str]) -> str:
    decimals = match[2].rstrip("0")
    return f"{match[1]}.{decimals}" if decimals else match[1]


def _trailing(line: str) -> str:
    return line.rstrip(" \t")


def _indentation(line: str) -> str:
    return line.lstrip(" \t")


def _body_tabs(line: str) -> str:
    body = line.lstrip(" \t")
    if "\t" not in body and "  " not in body:
        return line
    return line[: len(line) - len(body)] + _BLANKS.sub(" ", body)


def _columns(line: str) -> str:
    body = line.lstrip(" \t")
    return line if "  " not in body else line[: len(line) - len(body)] + re.sub(" +", " ", body)


def _spacing(line: str) -> str:
    body = line.lstrip(" \t")
    return line[: len(line) - len(body)] + body.replace(" ", "").replace("\t", "")


def _string_quotes(line: str) -> str:
    return _QUOTE.sub("'", line)


def _line_ends(line: str) -> str:
    body = line.rstrip(" \t")
    return body.rstrip(";,") + line[len(body) :]


FOLDS: Final[dict[Dress, Callable[[str], str]]] = {
    Dress.NORMAL_FORM: _normal_form,
    Dress.TRAILING: _trailing,
    Dress.INVISIBLE: _invisible,
    Dress.ENTITIES: _entities,
    Dress.HEX_CASE: _hex_case,
    Dress.ESCAPES: _escapes,
    Dress.BACKSLASHES: _backslashes,
    Dress.SPACES: _spaces,
    Dress.QUOTES: _quotes,
    Dress.SIGNS: _signs,
    Dress.DASHES: _dashes,
    Dress.ACCENTS: _accents,
    Dress.NUMBERS: _numbers,
    Dress.INDENTATION: _indentation,
    Dress.COLUMNS: _columns,
    Dress.TABS: _body_tabs,
    Dress.SPACING: _spacing,
    Dress.LINE_ENDS: _line_ends,
    Dress.STRING_QUOTES: _string_quotes,
}


def key(line: str) -> str:
    """What all dresses of `line` have in common; "" for a blank line."""
    line = line.rstrip("\n")
    for fold in FOLDS.values():
        line = fold(line)
    return line


def difference(old: str, new: str) -> frozenset[Dress] | None:
    """The folds that make `old` and `new`, lines without their ends, equal: no more than it takes; None if none do."""
    possible = [dress for dress in FOLDS if not _impossible(dress, old, new)]
    candidates = []
    for dress in possible:
        before, after = FOLDS[dress](old), FOLDS[dress](new)
        if before == after:
            return frozenset({dress})
        if before != old or after != new:
            candidates.append(dress)
    if not _equal(old, new, candidates):
        candidates = possible
        if not _equal(old, new, candidates):
            return None
    for dress in tuple(reversed(candidates)):
        fewer = [other for other in candidates if other is not dress]
        if _equal(old, new, fewer):
            candidates = fewer
    return frozenset(candidates)


def _equal(old: str, new: str, dresses: list[Dress]) -> bool:
    for dress in dresses:
        old, new = FOLDS[dress](old), FOLDS[dress](new)
    return old == new


def _impossible(dress: Dress, old: str, new: str) -> bool:
    """Whether `dress` cannot be what sets two lines apart, though its fold would hide it."""
    return dress is Dress.DASHES and not (_SPECIAL_DASH.search(old) or _SPECIAL_DASH.search(new))


# How UTF-8 looks if it is read as something else. Bytes that a code page leaves out are shown as control characters.
_CODE_PAGES: Final = (
    "cp1252",
    "latin-1",
    "cp1250",
    "cp1251",
    "iso8859_2",
    "iso8859_15",
    "cp437",
    "cp850",
    "cp866",
    "koi8_r",
    "mac_roman",
    "gbk",
    "shift_jis",
    "big5",
    "euc_kr",
    "euc_jp",
)
_SINGLE_BYTE: Final = _CODE_PAGES[:11]
_TRIED: Final = 3  # old lines with the same plain signs that a new one is compared with
_LOST: Final = "[?\ufffd\u25a1]"
_LOST_LETTER: Final = re.compile(_LOST)
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
_LETTER: Final = re.compile(r"[^\W\d_]")


def misread(text: str, code_page: str) -> str:
    """How `text` looks if its UTF-8 is read in `code_page`."""
    data = text.encode("utf-8", "surrogatepass")
    if code_page not in _SINGLE_BYTE:
        return data.decode(code_page, "replace")
    return data.decode("latin-1").translate(_table(code_page))


@cache
def _table(code_page: str) -> dict[int, str]:
    """What the bytes of a code page are, where it has them."""
    characters = {byte: bytes((byte,)).decode(code_page, "ignore") for byte in range(0x80, 0x100)}
    return {byte: character for byte, character in characters.items() if character}


def garbled(old: list[str], new: list[str]) -> list[tuple[int, int, Dress]]:
    """The indices of lines of `old` that stand in `new` with other or lost letters, in order.

    The dress is `ENCODING` where their UTF-8 was read in another code page, once or twice, and `LETTERS` where "?",
    U+FFFD or nothing stands in the place of letters.
    """
    rests: dict[str, list[int]] = {}
    for index, line in enumerate(old):
        if not line.isascii():
            rests.setdefault(_rest(line), []).append(index)
    found: list[tuple[int, int, Dress]] = []
    for there, line in enumerate(new) if rests else ():
        first = found[-1][0] + 1 if found else 0
        alike = rests.get(_rest(line), [])
        at = bisect_left(alike, first)
        for here in alike[at : at + _TRIED]:
            dress = _damage(old[here], line)
            if dress is not None:
                found.append((here, there, dress))
                break
    return found


def _damage(old: str, new: str) -> Dress | None:
    """How the letters of `old` were damaged so that they became those of `new`; None if that cannot be."""
    if not new.isascii():
        for code_page in _CODE_PAGES:
            once = misread(old, code_page)
            if new == once or (len(new) > len(once) and new == misread(once, code_page)):
                return Dress.ENCODING
    fewer = len(_NOT_ASCII.findall(new)) < len(_NOT_ASCII.findall(old))
    return Dress.LETTERS if (fewer or _LOST_LETTER.search(new)) and _is_lossy(old, new) else None


def _rest(line: str) -> str:
    return _LOST_LETTER.sub("", _NOT_ASCII.sub("", line)).strip()


def _is_lossy(old: str, new: str) -> bool:
    """Whether `new` is `old` with letters lost: each run of them is gone, or became a sign for what is unknown."""
    if not _LETTER.search(_rest(old)):
        return False
    pattern, end, runs = "", 0, []
    for run in _NOT_ASCII.finditer(old):
        length = len(run.group().encode("utf-8", "surrogatepass"))
        pattern += f"{re.escape(old[end : run.start()])}((?:{_LOST}|[^\\x00-\\x7f]){{0,{length}}})"
        runs.append(run.group())
        end = run.end()
    found = re.fullmatch(pattern + re.escape(old[end:]), new)
    return found is not None and all(map(_is_left_of, found.groups(), runs))


def _is_left_of(rest: str, run: str) -> bool:
    """Whether `rest` is what is left of `run`, some of it as it was, and signs for what is unknown."""
    characters = iter(run)
    left = all(character in characters for character in _LOST_LETTER.sub("", rest))
    return left and bool(rest or _LETTER.fullmatch(run[0]))
