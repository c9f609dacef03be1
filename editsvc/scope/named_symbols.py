"""Finds the definitions that an instruction explicitly names, so that only these are rewritten.

Plainly: as code (in backticks or quotes, with parentheses behind it, as a path, of a shape that English words do
not have), beside a word for its kind ("the function fetch"), or in a place where only a name can stand ("rename
fetch to load", "get in Client"). "Fix the error" names no definition called ``error``. Names are compared exactly.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from editsvc import late
from editsvc.syntax import TYPE_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from editsvc.syntax import Definition

_STEP: Final = r"(?:\.prototype\.|\.|::|->|\#)"
_NAME: Final = r"[~\#]?[^\W\d][\w$]*|\$[\w$]*"
_PATH: Final = late.pattern(
    # An apostrophe before it makes it the rest of "Client's" or "don't".
    rf"(?<![\w$'’])(?:{_NAME})(?:{_STEP}(?:{_NAME}))*(?P<call>\((?!e?s\))[^()\n]*\))?"
)
_STEPS: Final = late.pattern(_STEP)
_TICKED: Final = late.pattern(r"(?P<mark>`+)(?P<code>(?:[^`\n]|(?!(?P=mark))`)+)(?P=mark)")
_QUOTED: Final = late.pattern(
    r"""(?<!\w)(?P<mark>["'])(?P<code>[^"'\n]+)(?P=mark)(?!\w)|[“\u2018](?P<curly>[^”’\n]+)[”’]"""
)
_POSSESSIVE: Final = late.pattern(r"['’]s?\s+")
# "parse_url", "HttpClient", "http2": an underscore, a capital after a small letter, a digit beside a letter.
_SHAPE: Final = late.pattern(r"_\w|\w_|[a-z]\w*[A-Z]|[A-Z]{2,}[a-z]{2,}|[^\W\d_]\d")
_CAPITALISED: Final = late.pattern(r"[A-Z]\w*[a-z]")
_NO_ENGLISH: Final = late.pattern(r"[^\w\s,]")
_SENTENCE_END: Final = late.pattern(r"(?:^|[.:;!?\n])\W*$")

_FUNCTIONS: Final = frozenset({"function", "method", "declaration", "macro"})
_TYPES: Final = (TYPE_KINDS | {"type"}) - {"impl"}
_MODULES: Final = frozenset({"module", "namespace"})
_KINDS: Final = {
    **dict.fromkeys(
        ("function", "method", "func", "fn", "def", "property", "coroutine", "generator"), _FUNCTIONS
    ),
    **dict.fromkeys(("macro", "fixture", "hook", "component", "test", "getter", "setter"), _FUNCTIONS),
    **dict.fromkeys(("class", "struct", "enum", "union", "trait", "interface", "record", "type"), _TYPES),
    **dict.fromkeys(("dataclass", "subclass", "exception", "protocol"), _TYPES),
    **dict.fromkeys(("module", "namespace"), _MODULES),
    "impl": frozenset({"impl"}),
    "rule": frozenset({"rule"}),
    "selector": frozenset({"rule"}),
}
_PLURALS: Final = {
    **{f"{word}s": kinds for word, kinds in _KINDS.items()},
    "classes": _TYPES,
    "dataclasses": _TYPES,
    "subclasses": _TYPES,
    "properties": _FUNCTIONS,
}
_WITHIN: Final = frozenset({"from", "in", "inside", "of", "on", "within"})
_ITSELF: Final = frozenset({"Self", "cls", "self", "super", "this"})
_AND: Final = frozenset({"and", "or"})
_CALLED: Final = frozenset({"called", "named"})
# What often stands behind "the function" and is no name there.
_FUNCTION_WORDS: Final = (
    _WITHIN
    | _AND
    | {
        "as",
        "at",
        "be",
        "by",
        "for",
        "has",
        "is",
        "must",
        "not",
        "so",
        "should",
        "that",
        "to",
        "when",
        "which",
        "with",
    }
)
# Sentences in which "*" can only be a name.
_FRAMES: Final[tuple[tuple[frozenset[str], ...], ...]] = tuple(
    tuple(frozenset(word.split("|")) for word in frame.split())
    for frame in (
        "rename * to|into|as *",
        "replace * with|by *",
        "use * instead of *",
        "call * in|inside|within|from|before|after *",
    )
)
_SLOT: Final = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class _Token:
    """A word of the instruction, or several that are joined as a path; `code` tells that it is marked as code."""

    start: int
    end: int
    path: tuple[str, ...]
    called: bool
    code: bool

    @property
    def word(self) -> str:
        """The word as English has it, or nothing if it is code."""
        return "" if self.code or self.called or len(self.path) > 1 else self.path[0].lower()


class _SymbolIndex:
    """The definitions of a file, found by name or by the end of a path."""

    def __init__(self, definitions: Sequence[Definition]) -> None:
        self.definitions = definitions
        self._by_name: defaultdict[str, list[int]] = defaultdict(list)
        for number, definition in enumerate(definitions):
            for name in _names(definition):
                self._by_name[name].append(number)

    def odd_names(self) -> Iterator[tuple[str, list[int]]]:
        """Names that no token can be: selectors, operators, names with a hyphen."""
        for name, numbers in self._by_name.items():
            if _NO_ENGLISH.search(name):
                yield name, numbers

    def exactly(self, path: tuple[str, ...]) -> list[int]:
        """The definitions whose qualified name is `path` or ends with it."""
        dotted = ".".join(path)
        found = self._by_name.get(path[-1], [])
        if len(path) == 1:
            return found
        return [number for number in found if f".{self.definitions[number].qualified}".endswith(f".{dotted}")]

    def meant(self, path: tuple[str, ...]) -> list[int]:
        """As `exactly`; of a longer path (``self.get``, ``httpx.Client``, ``client.get``), what it ends with."""
        found = self.exactly(path)
        if found or len(path) == 1:
            return found
        if path[0] in _ITSELF:
            return self.meant(path[1:])
        for length in range(len(path) - 1, 1, -1):
            whole = [number for number in self.exactly(path[-length:]) if self._steps(number) == length]
            if whole:
                return whole
        last = self.exactly(path[-1:])
        owner = path[-2].lower()
        owned = [number for number in last if self._owner(number).lower() == owner]
        if owned:
            return owned
        if last and (
            _SHAPE.search(path[-1]) or all(self.definitions[number].kind in _TYPES for number in last)
        ):
            return last
        # "Client.close", which is not there yet, is going to be in Client.
        return [number for number in self.meant(path[:-1]) if self.definitions[number].kind in _TYPES]

    def members(self, owners: Iterable[int], numbers: Iterable[int]) -> list[int]:
        """Those of `numbers` that lie in one of `owners`."""
        paths = tuple(f"{self.definitions[owner].qualified}." for owner in owners)
        return [number for number in numbers if self.definitions[number].qualified.startswith(paths)]

    def _steps(self, number: int) -> int:
        return self.definitions[number].qualified.count(".") + 1

    def _owner(self, number: int) -> str:
        return self.definitions[number].qualified.rpartition(".")[0].rpartition(".")[2]


def named(instruction: str, known: Sequence[Definition]) -> list[Definition]:
    """The definitions among `known` that `instruction` plainly names, in the order of `known`.

    A name with several definitions names all of them, unless a path, a word for the kind, or the class that the
    instruction is about ("in Client", "Client's") tells which. A class that is only said to be the place of
    something else that is named does not count.
    """
    if not known:
        return []
    index = _SymbolIndex(known)
    flat, code = _unquoted(instruction)
    tokens = _tokens(flat, code)
    owners, places = _places(flat, tokens, index)
    kinds = _beside_kinds(flat, tokens)
    framed = _framed(flat, tokens)
    about = [number for place in places for number in index.meant(tokens[place].path)]
    chosen: set[int] = set()
    only_places: set[int] = set()
    for position, token in enumerate(tokens):
        found = index.meant(token.path)
        if not found:
            continue
        if position in kinds:
            found = [number for number in found if known[number].kind in kinds[position]] or (
                found if token.code or token.called else []
            )
        plain = (
            position in kinds or position in framed or position in owners or _plain(token, found, index, flat)
        )
        if not plain:
            continue
        scope = index.meant(tokens[owners[position]].path) if position in owners else about
        if len(token.path) == 1:
            found = index.members(scope, found) or found
        (only_places if position in places else chosen).update(found)
    chosen.update(
        number for name, numbers in index.odd_names() if _stands_in(name, flat) for number in numbers
    )
    chosen.update(place for place in only_places if not index.members([place], chosen | only_places))
    return [definition for number, definition in enumerate(known) if number in chosen]


def _names(definition: Definition) -> set[str]:
    """The names that `definition` goes by: a CSS rule has every selector of its list."""
    if definition.kind != "rule":
        return {definition.name}
    return {definition.name, *(part.strip() for part in definition.name.split(","))} - {""}


def _stands_in(name: str, text: str) -> bool:
    """True if `name` stands in `text`, and not as a piece of a longer one."""
    return name in text and re.search(rf"(?<![\w.#-]){re.escape(name)}(?![\w-]|[.:#\[]\w)", text) is not None


def _unquoted(instruction: str) -> tuple[str, list[tuple[int, int]]]:
    """`instruction` with blanks for the marks of code, and the spans of the code.

    All that is in backticks is code. What is in quotes is code only if it is one name: else it is likely text of
    the program.
    """
    code: list[tuple[int, int]] = []
    marks: list[tuple[int, int]] = []
    for match in _TICKED.finditer(instruction):
        code.append(match.span("code"))
        marks.append(match.span())
    for match in _QUOTED.finditer(instruction):
        inside = match.span("code" if match["code"] is not None else "curly")
        if any(start < match.end() and match.start() < end for start, end in marks):
            continue
        if _PATH.fullmatch(instruction[slice(*inside)].strip()):
            code.append(inside)
            marks.append(match.span())
    flat = list(instruction)
    for (outer_start, outer_end), (start, end) in zip(marks, code, strict=True):
        for position in (*range(outer_start, start), *range(end, outer_end)):
            flat[position] = " "
    return "".join(flat), sorted(code)


def _tokens(flat: str, code: Sequence[tuple[int, int]]) -> list[_Token]:
    tokens = []
    for match in _PATH.finditer(flat):
        end = match.start("call") if match["call"] is not None else match.end()
        inside = any(start <= match.start() < stop for start, stop in code)
        path = tuple(_STEPS.split(match.string[match.start() : end]))
        # "#get" is a private name, and begins with what joins a path elsewhere.
        if len(path) > 1 and not path[0]:
            path = (f"#{path[1]}", *path[2:])
        tokens.append(_Token(match.start(), end, path, match["call"] is not None, inside))
    return tokens


def _plain(token: _Token, found: Sequence[int], index: _SymbolIndex, flat: str) -> bool:
    """True if the token cannot be an English word, whatever stands around it."""
    name = token.path[-1]
    if token.code or token.called or len(token.path) > 1 or _SHAPE.search(name):
        return True
    inside_a_sentence = not _SENTENCE_END.search(flat[: token.start])
    types = all(index.definitions[number].kind in _TYPES for number in found)
    return types and inside_a_sentence and _CAPITALISED.match(name) is not None


def _beside(flat: str, tokens: Sequence[_Token], left: int) -> bool:
    """True if nothing but blanks stands between token `left` and the next."""
    if not 0 <= left < len(tokens) - 1:
        return False
    between = flat[tokens[left].end : tokens[left + 1].start]
    return not between.strip() or (tokens[left].called and between.strip().endswith(")"))


def _beside_kinds(flat: str, tokens: Sequence[_Token]) -> dict[int, frozenset[str]]:
    """The tokens beside a word for a kind, and the kinds that the word allows."""
    result: dict[int, frozenset[str]] = {}
    for position, token in enumerate(tokens):
        several = token.word in _PLURALS
        kinds = _PLURALS.get(token.word) or _KINDS.get(token.word)
        if kinds is None:
            continue
        if _beside(flat, tokens, position - 1):
            for name in _list(flat, tokens, position - 1, -1, several=several):
                result.setdefault(name, kinds)
        first = position + 1
        if _beside(flat, tokens, position) and tokens[first].word in _CALLED and _beside(flat, tokens, first):
            first += 1
        if (
            first < len(tokens)
            and _beside(flat, tokens, first - 1)
            and tokens[first].word not in _FUNCTION_WORDS
        ):
            for name in _list(flat, tokens, first, 1, several=several):
                result[name] = kinds
    return {name: kinds for name, kinds in result.items() if tokens[name].word not in _KINDS}


def _list(flat: str, tokens: Sequence[_Token], first: int, step: int, *, several: bool) -> Iterator[int]:
    """The token `first`, and with `several` those joined to it by commas, "and" and "or" in direction `step`."""
    position = first
    yield position
    while several and 0 <= position + step < len(tokens):
        following = position + step
        conjunction = tokens[following].word in _AND
        if conjunction:
            following += step
        if not 0 <= following < len(tokens):
            return
        low, high = sorted((position, following))
        between = flat[tokens[low].end : tokens[high].start]
        if not re.fullmatch(r"\s*(?:,|,?\s(?:and|or)\s|\([^()]*\))\s*", between):
            return
        position = following
        yield position


def _framed(flat: str, tokens: Sequence[_Token]) -> set[int]:
    """The tokens in the slots of `_FRAMES`."""
    found: set[int] = set()
    for first in range(len(tokens)):
        for frame in _FRAMES:
            window = tokens[first : first + len(frame)]
            fits = len(window) == len(frame) and all(
                words == _SLOT or token.word in words for token, words in zip(window, frame, strict=True)
            )
            if fits and all(_beside(flat, tokens, first + shift) for shift in range(len(frame) - 1)):
                found.update(first + shift for shift, words in enumerate(frame) if words == _SLOT)
    return found


def _places(flat: str, tokens: Sequence[_Token], index: _SymbolIndex) -> tuple[dict[int, int], set[int]]:
    """Members with the token of the class that they are said to be in, and the tokens that are places."""
    owners: dict[int, int] = {}
    places: set[int] = set()
    for position, (token, following) in enumerate(pairwise(tokens)):
        between = flat[token.end : following.start]
        if _POSSESSIVE.fullmatch(between):
            owner = _over_kinds(flat, tokens, position, -1)
            member = _over_kinds(flat, tokens, position + 1, 1)
        elif token.word in _WITHIN and _beside(flat, tokens, position):
            start = position + 1
            if following.word in {"the", "a", "class"} and _beside(flat, tokens, start):
                start += 1
            owner = _over_kinds(flat, tokens, start, 1)
            beside = _beside(flat, tokens, position - 1)
            member = _over_kinds(flat, tokens, position - 1, -1) if beside else owner
        else:
            continue
        places.add(owner)
        if member != owner and index.members(
            index.meant(tokens[owner].path), index.meant(tokens[member].path)
        ):
            owners[member] = owner
    return owners, places


def _over_kinds(flat: str, tokens: Sequence[_Token], position: int, step: int) -> int:
    """`position`, or the token beyond it if it is a word for a kind."""
    following = position + step
    if tokens[position].word in _KINDS and _beside(flat, tokens, min(position, following)):
        return following
    return position
