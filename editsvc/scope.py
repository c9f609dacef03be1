"""What is rewritten: the file, some of its lines, or a symbol."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from editsvc import syntax
from editsvc.errors import ScopeRefused, UsageError
from editsvc.text import LineIndex

if TYPE_CHECKING:
    from editsvc.syntax import Language

_LINES: Final = re.compile(r"lines:(?P<first>\d+)(?:-(?P<last>\d+))?")
_NAMES_SHOWN: Final = 8


class ScopeKind(StrEnum):
    """How a scope was chosen."""

    AUTO = "auto"
    FILE = "file"
    LINES = "lines"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class ScopeRequest:
    """What the user said; lines are 1-based and inclusive."""

    kind: ScopeKind = ScopeKind.AUTO
    name: str = ""
    first_line: int = 0
    last_line: int = 0


@dataclass(frozen=True, slots=True)
class Scope:
    r"""A part of one document (``\n`` only): offsets, and the lines they cover, 1-based and inclusive.

    A scope always consists of whole lines.
    """

    kind: ScopeKind
    start: int
    end: int
    first_line: int
    last_line: int


def parse(spec: str) -> ScopeRequest:
    """What ``--scope`` says: ``auto``, ``file``, ``symbol:NAME`` or ``lines:A-B``; raises UsageError."""
    if spec in {ScopeKind.AUTO, ScopeKind.FILE}:
        return ScopeRequest(ScopeKind(spec))
    if spec.startswith("symbol:") and spec != "symbol:":
        return ScopeRequest(ScopeKind.SYMBOL, name=spec.removeprefix("symbol:"))
    if match := _LINES.fullmatch(spec):
        first = int(match["first"])
        last = int(match["last"] or first)
        if 1 <= first <= last:
            return ScopeRequest(ScopeKind.LINES, first_line=first, last_line=last)
    raise UsageError(
        f"{spec!r} is no scope.",
        hint="Expected auto, file, symbol:NAME or lines:A-B (1-based, A not above B).",
    )


def resolve(request: ScopeRequest, document: str, language: Language | None) -> Scope:
    r"""The scope that `request` names in `document` (``\n`` only).

    Raises ScopeRefused, with what there is, if it names no place or more than one.
    """
    match request.kind:
        case ScopeKind.LINES:
            return _lines(request, document)
        case ScopeKind.SYMBOL:
            return _symbol(request.name, document, language)
        case _:
            return whole(document)


def whole(document: str) -> Scope:
    """All of `document`."""
    return Scope(
        ScopeKind.FILE, 0, len(document), 1, max(1, document.count("\n") + (not document.endswith("\n")))
    )


def _lines(request: ScopeRequest, document: str) -> Scope:
    index = LineIndex(document)
    count = index.line_count - (1 if document.endswith("\n") else 0)
    if request.last_line > count:
        raise ScopeRefused(
            f"The scope is lines {request.first_line} to {request.last_line}, and the file has {count}.",
            hint="Choose lines within the file.",
        )
    return _cover(ScopeKind.LINES, index, request.first_line - 1, request.last_line - 1)


def _symbol(name: str, document: str, language: Language | None) -> Scope:
    if language is None or not language.grammar:
        raise ScopeRefused(
            "Symbols are not known in this kind of file.", hint="Use --scope lines:A-B or --scope file."
        )
    known = syntax.definitions(document, language)
    found = [one for one in known if name in {one.qualified, one.name}]
    exact = [one for one in found if one.qualified == name]
    if len(exact) == 1:
        found = exact
    index = LineIndex(document)
    if not found:
        names = list(dict.fromkeys(one.qualified for one in known))
        shown = ", ".join(names[:_NAMES_SHOWN]) + (", …" if len(names) > _NAMES_SHOWN else "")
        raise ScopeRefused(
            f"There is no symbol {name!r} in the file.",
            hint=f"It has {shown}." if names else "It has none at all.",
        )
    if len(found) > 1:
        places = ", ".join(f"{one.qualified} (line {index.line_of(one.node_start) + 1})" for one in found)
        raise ScopeRefused(
            f"{name!r} is the name of {len(found)} symbols: {places}.",
            hint="Name one by its qualified name, or use --scope lines:A-B.",
        )
    start, end = found[0].start, found[0].end
    return _cover(ScopeKind.SYMBOL, index, index.line_of(start), index.line_of(max(start, end - 1)))


def _cover(kind: ScopeKind, index: LineIndex, first: int, last: int) -> Scope:
    start = index.starts[first]
    end = index.starts[last + 1] if last + 1 < len(index.starts) else len(index.text)
    return Scope(kind, start, end, first + 1, last + 1)
