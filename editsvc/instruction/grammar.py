"""From the words of a sentence to the forms that it has, by a notation for forms. Pure.

A form is a row of words and operands, which a sentence must have from its first word to its last::

    rename+ [THE] [KIND] OLD to|as|-> NEW REST

``word`` is a word, whatever its case and accents, ``word+`` an English verb in all of its forms, ``two_words`` are two.
``a|b`` is one of several, ``[…]`` may be left out, ``(… | …)`` is one of several rows. Capitals are a set of words, a
part with a name (`Language`), or an operand, which a function recognises (`Operand`). ``!mark`` takes no word, and says
that this way through the form was taken.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

from editsvc import late

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PAIRS: Final = {
    "`": "`",
    '"': '"',
    "'": "'",
    "“": "”",
    "„": "“”",
    "”": "”",
    "«": "»",
    "»": "«",
    "\u2018": "\u2019",
    "\u201a": "\u2018\u2019",
    "「": "」",
}
"""The marks that open what is quoted, and those that close it."""

_NOTATION: Final = re.compile(r"[\[\]()]|[^\s\[\]()]+")
_ARROW: Final = late.pattern(r"(?:->|=>|→|⇒|:=)(?=\s|[\w`\"'“„«.#$-]|$)")
# A call, a colour or a path, as long as its brackets close.
_BRACKETS: Final = late.pattern(r"\((?:[^()\n]|\([^()\n]*\))*\)")
_STOPS: Final = late.pattern(r"[,;:.!?…]+$")
_ELIDED: Final = late.pattern(r"(?:[dlnmst]|qu)['\u2019](?=\w)", re.IGNORECASE)
_ELIDED_PART: Final = late.pattern(r"(?:^|(?<=_))(?:[dlnmst]|qu)'(?=\w)")
_APART: Final = late.pattern(r"(?P<name>[^\W\d][\w.$-]*)(?P<sign>=)(?P<value>[^=\s].*)")
_ACCENTS: Final = late.pattern(r"[\u0300-\u036f]")
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


class Token(NamedTuple):
    """A word, a mark, or what is quoted: where it stands, its text without the quotes, its first quote, and its word.

    `word` is the text without case and accents; empty for what is quoted, which is never a word of a form.
    """

    start: int
    end: int
    text: str
    quote: str
    word: str


class Found(NamedTuple):
    """An operand or a mark of a form, and the tokens that it is."""

    name: str
    first: int
    end: int


Operand = "Callable[[str, list[Token], int], Iterator[int]]"
"""Where an operand that begins with a token may end: the numbers of the tokens behind it, the longest first."""


class _Words(NamedTuple):
    heads: dict[str, list[tuple[str, ...]]]


class _Slot(NamedTuple):
    name: str
    ends: Callable[[str, list[Token], int], Iterator[int]]


class _Mark(NamedTuple):
    name: str


class _Either(NamedTuple):
    rows: tuple[Row, ...]
    repeated: bool = False


Row = tuple["_Words | _Slot | _Mark | _Either", ...]


class Form(NamedTuple):
    """A form that is ready: its row, and the words of which a sentence must have one."""

    row: Row
    needed: frozenset[str]


def fold(text: str) -> str:
    """`text` without case and accents."""
    if text.isascii():
        return text.lower()
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'")))


def tokens(sentence: str) -> list[Token]:
    """The words of `sentence`, marks apart from them; what is quoted, or stands in brackets, is one."""
    found: list[Token] = []
    position = 0
    while position < len(sentence):
        if sentence[position].isspace():
            position += 1
            continue
        quoted = _quoted(sentence, position)
        if quoted is not None:
            found.append(quoted)
            position = quoted.end
            continue
        position = _bare(sentence, position, found)
    return found


def _quoted(sentence: str, start: int) -> Token | None:
    mark = sentence[start]
    closing = PAIRS.get(mark)
    if closing is None:
        return None
    width = (
        2
        if mark == "`" and sentence.startswith("``", start) and sentence.find("``", start + 2) > start + 2
        else 1
    )
    position = start + width
    while position < len(sentence):
        ends = (
            sentence[position : position + width] == mark * width
            if width > 1
            else sentence[position] in closing
        )
        after = sentence[position + width : position + width + 1]
        # "it's" goes on, and so does 'it's': a quote closes in front of a blank or a mark.
        if ends and not (mark in "'\u2018" and after.isalnum()):
            inside = sentence[start + width : position]
            return Token(start, position + width, inside.strip() if mark in "«»" else inside, mark, "")
        position += 1
    return None


def _bare(sentence: str, start: int, found: list[Token]) -> int:
    elided = _ELIDED.match(sentence, start)
    if elided is not None:
        found.append(_token(sentence, start, elided.end()))
        return elided.end()
    arrow = _ARROW.match(sentence, start)
    if arrow is not None:
        found.append(_token(sentence, start, arrow.end()))
        return arrow.end()
    if sentence[start] == "=" and PAIRS.get(sentence[start + 1 : start + 2]):
        found.append(_token(sentence, start, start + 1))
        return start + 1
    end = start
    while end < len(sentence) and not sentence[end].isspace():
        brackets = _BRACKETS.match(sentence, end)
        if brackets is not None and end > start:
            end = brackets.end()
            continue
        if end > start and _ARROW.match(sentence, end):
            break
        if end > start and sentence[end] == "=" and PAIRS.get(sentence[end + 1 : end + 2]):
            break
        end += 1
    stops = _STOPS.search(sentence, start, end)
    word_end = stops.start() if stops is not None and stops.start() > start else end
    apart = _APART.fullmatch(sentence, start, word_end)
    if apart is not None:
        found += [_token(sentence, *apart.span(group)) for group in ("name", "sign", "value")]
    else:
        found.append(_token(sentence, start, word_end))
    if word_end < end:
        found.append(_token(sentence, word_end, end))
    return end


def _token(sentence: str, start: int, end: int) -> Token:
    text = sentence[start:end]
    return Token(start, end, text, "", fold(text))


class Notation:
    """Makes forms of their notation; `sets` and `parts` are what its capitals stand for, beside the operands."""

    def __init__(
        self,
        sets: Mapping[str, str],
        parts: Mapping[str, str],
        operands: Mapping[str, Callable[[str, list[Token], int], Iterator[int]]],
    ) -> None:
        self._sets, self._parts, self._operands = sets, parts, operands
        self._made: dict[str, _Words | _Either] = {}

    def form(self, notation: str) -> Form:
        """The form that `notation` describes."""
        row, rest = self._row(_NOTATION.findall(notation))
        if rest:
            raise ValueError(f"The form {notation!r} has a bracket too many.")
        return Form(row, _needed(row))

    def _row(self, symbols: list[str]) -> tuple[Row, list[str]]:
        nodes: list[_Words | _Slot | _Mark | _Either] = []
        while symbols and symbols[0] not in ("]", ")", "|"):
            symbol, *symbols = symbols
            if symbol in ("[", "("):
                rows = []
                while True:
                    inner, symbols = self._row(symbols)
                    rows.append(inner)
                    closing, *symbols = symbols
                    if closing != "|":
                        break
                nodes.append(_Either((*rows, ()) if symbol == "[" else tuple(rows)))
            elif symbol.startswith("!"):
                nodes.append(_Mark(symbol[1:]))
            elif symbol in self._operands:
                nodes.append(_Slot(symbol, self._operands[symbol]))
            else:
                nodes.append(self._made.get(symbol) or self._make(symbol))
        return tuple(nodes), symbols

    def _rows(self, symbols: list[str]) -> tuple[Row, ...]:
        rows = []
        while symbols:
            row, rest = self._row(symbols)
            rows.append(row)
            symbols = rest[1:]
        return tuple(rows)

    def _make(self, symbol: str) -> _Words | _Either:
        part = self._parts.get(symbol.rstrip("*"))
        if part is None:
            made: _Words | _Either = _words(symbol, self._sets)
        else:
            made = _Either(self._rows(_NOTATION.findall(part)), repeated=symbol.endswith("*"))
        self._made[symbol] = made
        return made


def needed(notation: str, sets: Mapping[str, str]) -> frozenset[str]:
    """The first words of the set or word in `notation` that no sentence of the form can do without."""
    depth, either, found = 0, 0, frozenset[str]()
    for symbol in _NOTATION.findall(notation):
        if symbol in ("[", "]"):
            depth += 1 if symbol == "[" else -1
        elif symbol in ("(", ")"):
            either += 1 if symbol == "(" else -1
        elif not depth and symbol != "|" and (symbol in sets or symbol[:1].islower() or "|" in symbol):
            found |= _words(symbol, sets).heads.keys()
        if found and not either:
            return found
    raise AssertionError(notation)


def _needed(row: Row) -> frozenset[str]:
    for node in row:
        if isinstance(node, _Words):
            return frozenset(node.heads)
        if isinstance(node, _Either) and node.rows and () not in node.rows and not node.repeated:
            return frozenset().union(*map(_needed, node.rows))
    return frozenset()


def _words(symbol: str, sets: Mapping[str, str]) -> _Words:
    heads: dict[str, list[tuple[str, ...]]] = {}
    for choice in symbol.split("|"):
        for word in sets[choice].split() if choice in sets else [choice]:
            for form in spellings(word):
                first, *rest = form.split("_")
                heads.setdefault(first, []).append(tuple(rest))
    return _Words({head: sorted(rests, key=len, reverse=True) for head, rests in heads.items()})


def spellings(word: str) -> set[str]:
    """The spellings of a word or several of the notation, folded; blanks are underscores."""
    word = _ELIDED_PART.sub(r"\g<0>_", word)
    verb, plus, rest = word.partition("+")
    if plus:
        from editsvc.instruction.vocabulary import english_forms  # noqa: PLC0415 - with the first sentence

        return {f"{form}{rest}" for form in english_forms(verb)}
    return {fold(word), fold(word.casefold().translate(_UMLAUTS))}


class _At(NamedTuple):
    """A place in a sentence: in front of the word of that number."""

    sentence: str
    words: list[Token]
    position: int = 0

    def moved(self, position: int) -> _At:
        """Another place of the same sentence."""
        return self._replace(position=position)

    def goes_on(self, rest: tuple[str, ...]) -> bool:
        """True if the words behind the one that is here are `rest`."""
        first = self.position + 1
        following = self.words[first : first + len(rest)]
        return len(following) == len(rest) and all(
            word == token.word for word, token in zip(rest, following, strict=True)
        )


def matches(form: Form, sentence: str, words: list[Token]) -> Iterator[tuple[Found, ...]]:
    """Each way in which `sentence` has `form`, from its first word to its last: its operands and marks."""
    for behind, found in _match(form.row, _At(sentence, words), ()):
        if behind.position == len(words):
            yield found


def reach(form: Form, sentence: str, words: list[Token]) -> int:
    """How many of the words `form` has, from the first, as far as it goes."""
    furthest = 0
    for length in range(1, len(form.row) + 1):
        ends = [behind.position for behind, _ in _match(form.row[:length], _At(sentence, words), ())]
        if not ends:
            break
        furthest = max(furthest, *ends)
    return furthest


def _match(row: Row, at: _At, found: tuple[Found, ...]) -> Iterator[tuple[_At, tuple[Found, ...]]]:
    if not row:
        yield at, found
        return
    for behind, more in _step(row[0], at, found):
        yield from _match(row[1:], behind, more)


def _step(
    node: _Words | _Slot | _Mark | _Either, at: _At, found: tuple[Found, ...]
) -> Iterator[tuple[_At, tuple[Found, ...]]]:
    match node:
        case _Mark(name):
            yield at, (*found, Found(name, at.position, at.position))
        case _Words(heads):
            if at.position < len(at.words):
                for rest in heads.get(at.words[at.position].word, ()):
                    if at.goes_on(rest):
                        yield at.moved(at.position + 1 + len(rest)), found
        case _Slot(name, ends):
            if at.position < len(at.words):
                for end in ends(at.sentence, at.words, at.position):
                    yield at.moved(end), (*found, Found(name, at.position, end))
        case _Either(rows, repeated):
            yield from _any_of(rows, at, found, repeated=repeated)


def _any_of(
    rows: tuple[Row, ...], at: _At, found: tuple[Found, ...], *, repeated: bool
) -> Iterator[tuple[_At, tuple[Found, ...]]]:
    if repeated:
        yield at, found
    for row in rows:
        for behind, more in _match(row, at, found):
            if not repeated:
                yield behind, more
            elif behind.position > at.position:
                yield from _any_of(rows, behind, more, repeated=True)
