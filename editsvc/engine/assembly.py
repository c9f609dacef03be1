"""From a reply back to a document: every section to its place, and a whole file recognised where one was asked for.

Models that are asked for a section sometimes answer with the whole file. Put into the place of the section, that
would double the file; so a reply that holds most of what stands around the section is taken for what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from editsvc.errors import GuardRefused, Means, Remedy
from editsvc.guard.telling import telling, tells
from editsvc.scope.scopes import ScopeKind
from editsvc.text.document import split_lines
from editsvc.text.section import Section

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from editsvc.reply import Reply
    from editsvc.scope.scopes import Scope

_MOSTLY: Final = 0.5
_RUNS_OVER: Final = 2


@dataclass(frozen=True, slots=True)
class Assembly:
    """The new document, and the sections of the old one that the reply rewrote: as they were, and their new texts.

    `whole` tells that the reply was all of the document, which is then the one section.
    """

    document: str
    sections: tuple[Section, ...]
    texts: tuple[str, ...]
    whole: bool = False


class Misfit(GuardRefused):
    """The reply's sections are not those that were offered; asked for the whole file, the model may do better."""

    def __init__(self, message: str) -> None:
        super().__init__(
            message, check="frame", hint="Run the edit again.", remedies=(Remedy(Means.LINES_SCOPE),)
        )


def assemble(document: str, scope: Scope, reply: Reply) -> Assembly:
    r"""The document (``\n`` only) with `reply` in the place of what `scope` offered.

    Raises Misfit for sections that were not offered, or came twice, and GuardRefused(scope) for a reply that goes
    beyond limits that the user drew.
    """
    if reply.sections is not None:
        return _numbered(document, scope, reply.sections)
    if scope.kind is ScopeKind.FILE:
        return _whole(document, reply.code)
    reach = _reach(document, scope, reply.code)
    if len(scope.sections) > 1:
        covers = sum(len(section.text) for section in scope.sections) == len(document)
        if covers or reach is _Reach.FILE:
            return _whole(document, reply.code)
        raise Misfit("The reply is not divided into the sections that were asked for.")
    (section,) = scope.sections
    before, after, new = document[: section.start], document[section.end :], reply.code
    if reach is _Reach.SECTION:
        return _placed(document, scope, {section.number: new})
    if len(new) >= len(before) + len(after) and new.startswith(before) and new.endswith(after):
        return _placed(document, scope, {section.number: new[len(before) : len(new) - len(after)]})
    if scope.bounded:
        raise GuardRefused(
            f"The reply changes more than lines {section.first_line} to {section.last_line}.",
            check="scope",
            remedies=(Remedy(Means.LARGER_SCOPE, when="if the change needs it"),),
        )
    if reach is _Reach.FILE:
        return _whole(document, new)
    raise Misfit("The reply goes beyond the part that was asked for, but is not the whole file.")


def _whole(document: str, new: str) -> Assembly:
    return Assembly(new, (Section(0, document, 1),), (new,), whole=True)


def _numbered(document: str, scope: Scope, sections: Collection[Section]) -> Assembly:
    new = {section.number: section.text for section in sections}
    if len(new) != len(sections):
        raise Misfit("The reply contains a section twice.")
    torn = [section.number for section in sections if section.deleted and section.text.strip()]
    if torn:
        raise Misfit(f"The reply says that section {torn[0]} is deleted, and contains a text for it.")
    offered = {section.number for section in scope.sections}
    unknown = [number for number in new if number not in offered]
    if unknown:
        raise Misfit(f"The reply contains section {unknown[0]}, which was not offered.")
    if len(new) == 1:
        (number,) = new
        alone = scope.narrowed({number})
        if _reach(document, alone, new[number]) is _Reach.FILE:
            # Blank lines that a section is to have behind it are none of the file's.
            end = document[len(document.rstrip("\n")) :]
            return _whole(document, new[number].rstrip("\n") + end)
    return _placed(document, scope, new)


def _placed(document: str, scope: Scope, new: Mapping[int, str]) -> Assembly:
    """`document` with the texts in `new` in the places of their sections.

    Where one is gone, the larger of the gaps around it is left; at the end of the file, none. Sections bring the
    gap behind them along.
    """
    parts: list[str] = []  # what stands behind `at`, the last first: to join them every time takes the square
    at = len(document)
    rewritten: list[tuple[Section, str]] = []
    end_gone = False
    for section in reversed(scope.sections):
        code = new.get(section.number)
        if code is None:
            continue
        parts.append(document[section.end : at])
        at = section.start
        if code:
            parts.append(code)
        elif scope.kind is not ScopeKind.SECTIONS or not any(parts):
            behind = "".join(reversed(parts))
            if behind.strip("\n"):
                below = len(behind) - len(behind.lstrip("\n"))
                behind = behind[min(_blank_lines_at_end(document[:at]), below) :]
            else:
                end_gone = True
                behind = ""
            parts = [behind]
        rewritten.append((section, code))
    text = "".join((document[:at], *reversed(parts)))
    if end_gone and text.strip("\n"):
        text = text.rstrip("\n") + document[len(document.rstrip("\n")) :]
    rewritten.reverse()
    return Assembly(text, tuple(section for section, _ in rewritten), tuple(code for _, code in rewritten))


def _blank_lines_at_end(text: str) -> int:
    return max(0, len(text) - len(text.rstrip("\n")) - 1)


class _Reach(Enum):
    SECTION = "what was asked for"
    MORE = "more than that"
    FILE = "the whole file"


def _reach(document: str, scope: Scope, reply: str) -> _Reach:
    """How much of the document `reply` is, by the lines around the sections that it holds.

    Only lines that say something, and are in no section, count. A reply that has most of them, before and behind,
    is the file; one that has most of them in all, or the two that follow the last section, is more than a section.
    """
    own = {line for section in scope.sections for line in telling(split_lines(section.text))}
    new = telling(split_lines(reply))
    known = set(new)
    starts, ends = [section.start for section in scope.sections], [section.end for section in scope.sections]
    # Of the lines around sections, how many the reply holds, and how many there are.
    asked: list[tuple[int, int]] = []
    below: list[str] = []
    for start, end in zip([0, *ends], [*starts, len(document)], strict=True):
        held = count = 0
        below = []
        for line in _lines(document, start, end):
            if line in own or not tells(line):
                continue
            held, count = held + (line in known), count + 1
            if count <= _RUNS_OVER:
                below.append(line)
        asked += [(held, count)] if count else []
    if asked and all(held >= _MOSTLY * count for held, count in asked):
        return _Reach.FILE
    if sum(held for held, _ in asked) >= max(1, _MOSTLY * sum(count for _, count in asked)) or (
        len(below) == _RUNS_OVER and " ".join(below) in " ".join(new)
    ):
        return _Reach.MORE
    return _Reach.SECTION


def _lines(document: str, start: int, end: int) -> Iterator[str]:
    """The lines from `start` to `end`, without the white space around them, one at a time: a list would be large."""
    while start < end:
        at = document.find("\n", start, end) + 1 or end
        yield document[start:at].strip()
        start = at
