"""The scope of an edit: the file, some of its lines, symbols, or any of its sections.

Less is cheaper: a symbol is about a tenth of its file, and a model bills what it writes. But a scope that
leaves out a line that the change needs costs a second request, so it is only narrowed by what is known: what
the user selected or named. Where nothing is known, a long file is divided into numbered sections, and the
model itself says which of them it rewrites.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc import late, syntax
from editsvc.errors import Means, Remedy, ScopeRefused, UsageError
from editsvc.nearest import closest
from editsvc.text.document import LineIndex
from editsvc.text.section import Section
from editsvc.tokens import estimate_from_length

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from editsvc.syntax import Definition, Language, Outline, ParseBudget

_LINES: Final = late.pattern(r"lines:(?P<first>\d+)(?:-(?P<last>\d+))?")
_NAMES_SHOWN: Final = 8


class ScopeKind(StrEnum):
    """The kind of a scope; AUTO occurs only in requests."""

    AUTO = "auto"
    FILE = "file"
    LINES = "lines"
    SYMBOL = "symbol"
    SECTIONS = "sections"


class ScopeReason(StrEnum):
    """Why a scope was chosen."""

    ASKED = "asked"
    CURSOR = "cursor"
    SMALL = "small"
    UNKNOWN_PLACE = "unknown-place"
    LOCATED = "located"
    WIDENED = "widened"


class ScopeRequest(msgspec.Struct, frozen=True):
    """The user's request; lines are 1-based and inclusive. With AUTO, `cursor_line` is the line of the cursor."""

    kind: ScopeKind = ScopeKind.AUTO
    name: str = ""
    first_line: int = 0
    last_line: int = 0
    cursor_line: int = 0


DIVIDE_ABOVE: Final = 1_000
"""Below so many tokens, a file is rewritten whole."""


@dataclass(frozen=True, slots=True)
class Scope:
    r"""Sections of one document (``\n`` only), in order, that do not overlap; at least one.

    `bounded` says that the user drew the limits, so that a model which asks for more is refused.
    """

    kind: ScopeKind
    reason: ScopeReason
    sections: tuple[Section, ...]
    bounded: bool = False

    @property
    def first_line(self) -> int:
        """The first line of the first section."""
        return self.sections[0].first_line

    @property
    def last_line(self) -> int:
        """The last line of the last section."""
        return self.sections[-1].last_line

    def narrowed(self, numbers: Collection[int]) -> Scope:
        """The same scope with only those of its sections; the scope itself if it has none of them."""
        wanted = frozenset(numbers)
        kept = tuple(section for section in self.sections if section.number in wanted)
        return replace(self, sections=kept) if kept else self

    def section(self, number: int) -> Section | None:
        """The section with that number."""
        return next((section for section in self.sections if section.number == number), None)


def parse(spec: str) -> ScopeRequest:
    """A scope given as text: ``auto``, ``file``, ``symbol:NAME`` or ``lines:A-B``; raises UsageError."""
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
        f"{spec!r} is not a scope.",
        hint="Use auto, file, symbol:NAME or lines:A-B (1-based, A <= B).",
    )


def choose(
    request: ScopeRequest,
    document: str,
    language: Language | None,
    *,
    divide_above: int = DIVIDE_ABOVE,
    budget: ParseBudget | None = None,
) -> Scope:
    r"""The scope of an edit in `document` (``\n`` only).

    Parses the document where its structure matters, within a `syntax.ParseBudget`: `budget` for a symbol that somebody
    named, who waits for it, and a smaller one otherwise. Raises ScopeRefused, with what there is, if `request` names no
    place or more than one, or if that cannot be told.
    """
    match request.kind:
        case ScopeKind.LINES:
            return _lines(request, document)
        case ScopeKind.SYMBOL:
            return _symbol(request.name, document, language, budget)
        case ScopeKind.AUTO:
            return _auto(request, document, language, divide_above)
        case _:
            return whole(document)


def widened(
    scope: Scope,
    document: str,
    language: Language | None,
    *,
    divide_above: int = DIVIDE_ABOVE,
) -> Scope | None:
    """The scope after the model asked for more than `scope`: once, and only where the user drew no limits."""
    if scope.bounded or scope.kind is ScopeKind.FILE or scope.reason is ScopeReason.WIDENED:
        return None
    if scope.kind is ScopeKind.SYMBOL and estimate_from_length(len(document)) >= divide_above:
        outline = syntax.outline_of(document, language)
        divided = _divided(_Divider(document, language, outline), ScopeReason.WIDENED)
        if divided is not None:
            return divided
    return whole(document, ScopeReason.WIDENED)


def whole(document: str, reason: ScopeReason = ScopeReason.ASKED) -> Scope:
    """All of `document`."""
    return Scope(ScopeKind.FILE, reason, (Section(1, document, 1),))


def definition_at(line: int, document: str, language: Language | None) -> Definition | None:
    r"""The innermost definition around a line (1-based) of `document` (``\n`` only): what AUTO means with a cursor."""
    found = syntax.outline_of(document, language)
    return _around(line, document, found.definitions if found else ())


def is_long(document: str, divide_above: int = DIVIDE_ABOVE) -> bool:
    """Whether AUTO divides a document where it has no cursor, or nothing around it."""
    return estimate_from_length(len(document)) >= divide_above


def _auto(request: ScopeRequest, document: str, language: Language | None, divide_above: int) -> Scope:
    small = not is_long(document, divide_above)
    if small and not request.cursor_line:
        return whole(document, ScopeReason.SMALL)
    found = syntax.outline_of(document, language)
    known = found.definitions if found else ()
    if request.cursor_line:
        around = _around(request.cursor_line, document, known)
        if around is not None:
            return _of_definition(around, _Divider(document, language, found), divide_above)
    if small:
        return whole(document, ScopeReason.SMALL)
    divided = _divided(_Divider(document, language, found), ScopeReason.UNKNOWN_PLACE)
    return divided or whole(document, ScopeReason.UNKNOWN_PLACE)


@dataclass(frozen=True, slots=True)
class _Divider:
    """A document that was parsed once, or not in time (`outline` is then None), to be divided if needed."""

    document: str
    language: Language | None
    outline: Outline | None

    def sections(self) -> list[Section]:
        """The sections of the document."""
        # Where the parser was too slow, it is not asked again.
        language = self.language if self.outline is not None or _is_prose(self.language) else None
        from editsvc.scope import sections  # noqa: PLC0415 - most files are not divided

        return sections.divide(self.document, language, outline=self.outline)


def _is_prose(language: Language | None) -> bool:
    return language is not None and not language.grammar


def _around(line: int, document: str, known: Sequence[Definition]) -> Definition | None:
    """The innermost definition around a line (1-based)."""
    index = LineIndex(document)
    if line > index.line_count:
        return None
    start, end = index.line_span(line - 1)
    holding = [
        definition
        for definition in known
        if definition.start <= max(start, end - 1) and definition.end >= start
    ]
    return min(holding, key=lambda definition: definition.end - definition.start, default=None)


def _of_definition(found: Definition, divider: _Divider, divide_above: int) -> Scope:
    """The lines of a definition; a long one is divided."""
    index = LineIndex(divider.document)
    first, last = index.line_of(found.start), index.line_of(max(found.start, found.end - 1))
    alone = _section(1, index, first, last, found.qualified)
    inner: list[Section] = []
    if estimate_from_length(len(alone.text)) >= divide_above:
        inner = [
            section
            for section in divider.sections()
            if first < section.last_line and section.first_line <= last + 1
        ]
    chosen = (
        [
            _section(
                number,
                index,
                max(section.first_line - 1, first),
                min(section.last_line - 1, last),
                section.name,
            )
            for number, section in enumerate(inner, 1)
        ]
        if len(inner) > 1
        else [alone]
    )
    return Scope(ScopeKind.SYMBOL, ScopeReason.CURSOR, tuple(chosen))


def _divided(divider: _Divider, reason: ScopeReason) -> Scope | None:
    """All sections of a file; None if it has only one."""
    found = divider.sections()
    if len(found) < 2:  # noqa: PLR2004 - one section is the file
        return None
    return Scope(ScopeKind.SECTIONS, reason, tuple(found))


def _lines(request: ScopeRequest, document: str) -> Scope:
    index = LineIndex(document)
    count = index.line_count - (1 if document.endswith("\n") else 0)
    if request.last_line > count:
        raise ScopeRefused(
            f"The scope is lines {request.first_line} to {request.last_line}, but the file ends at line {count}.",
            hint="Choose lines within the file.",
        )
    section = _section(1, index, request.first_line - 1, request.last_line - 1)
    return Scope(ScopeKind.LINES, ScopeReason.ASKED, (section,), bounded=True)


def _symbol(name: str, document: str, language: Language | None, budget: ParseBudget | None) -> Scope:
    if language is None or not language.grammar:
        raise ScopeRefused(
            "Symbols are not supported in this kind of file.", remedies=(Remedy(Means.LINES_SCOPE),)
        )
    outline = syntax.outline_of(document, language, budget=budget or syntax.ParseBudget(syntax.PATIENT_STEPS))
    if outline is None:
        raise ScopeRefused(
            f"Whether the file has a symbol {name!r} is not known: it is too large to be parsed, or nested too deeply.",
            remedies=(Remedy(Means.LINES_SCOPE),),
        )
    known = outline.definitions
    found = [definition for definition in known if name in {definition.qualified, definition.name}]
    exact = [definition for definition in found if definition.qualified == name]
    if exact:
        found = exact
    # A prototype, or an overload's signature, only announces the body that is meant.
    bodies = [definition for definition in found if definition.kind != "declaration"]
    if len(bodies) == 1:
        found = bodies
    index = LineIndex(document)
    if not found:
        names = list(dict.fromkeys(definition.qualified for definition in known))
        shown = ", ".join(names[:_NAMES_SHOWN]) + (", …" if len(names) > _NAMES_SHOWN else "")
        has = f"The file has {shown}." if names else "The file has no symbols."
        meant = closest(name, names) or closest(name, (definition.name for definition in known))
        if meant is not None:
            has = f"Did you mean {meant}? {has}"
        first = next(iter(syntax.error_lines(outline.tree)), None)
        if first is None:
            raise ScopeRefused(f"The file has no symbol {name!r}.", hint=has)
        raise ScopeRefused(
            f"No symbol {name!r} was found in the file, of which some cannot be parsed (line {first + 1}).",
            hint=has if names else "",
            remedies=(Remedy(Means.LINES_SCOPE),),
        )
    if len(found) > 1:
        places = [f"{definition.qualified} ({_lines_of(definition, index)})" for definition in found]
        raise ScopeRefused(
            f"{name!r} is ambiguous: it matches {', '.join(places)}.",
            hint="Use a qualified name.",
            remedies=(Remedy(Means.LINES_SCOPE),),
        )
    start, end = found[0].start, found[0].end
    section = _section(1, index, index.line_of(start), index.line_of(max(start, end - 1)), found[0].qualified)
    return Scope(ScopeKind.SYMBOL, ScopeReason.ASKED, (section,))


def _lines_of(definition: Definition, index: LineIndex) -> str:
    first, last = index.line_of(definition.start), index.line_of(max(definition.start, definition.end - 1))
    return f"lines {first + 1}-{last + 1}"


def _section(number: int, index: LineIndex, first: int, last: int, name: str = "") -> Section:
    """The lines `first` to `last`, 0-based and inclusive."""
    start = index.starts[first]
    end = index.starts[last + 1] if last + 1 < len(index.starts) else len(index.text)
    return Section(number, index.text[start:end], first + 1, start, name)
