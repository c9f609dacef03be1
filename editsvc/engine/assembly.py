"""From a reply back to a document: every part to its place, and a whole file recognised where a part was asked for.

Models that are asked for a part sometimes answer with the whole file. Put into the place of the part, that would
double the file; so a reply that holds most of what stands around the part is taken for what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from editsvc.errors import GuardRefused, Means, Remedy
from editsvc.scope.scopes import ScopeKind
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from editsvc.reply import Reply
    from editsvc.scope.scopes import Scope

WHOLE: Final = 0
"""The number of the whole document, if that is what was rewritten."""

_TELLING_LINE: Final = 8  # characters; shorter lines (braces, "else:") occur in any text
_MOSTLY: Final = 0.5
_RUNS_OVER: Final = 2


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A part that was rewritten: its number, the text as it was, and as the reply has it."""

    number: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Assembly:
    """The new document, and what of the old one the reply rewrote; `whole` if that is all of it."""

    document: str
    rewritten: tuple[Rewritten, ...]
    whole: bool = False


class Misfit(GuardRefused):
    """The reply's parts are not those that were offered; asked for the whole file, the model may do better."""

    def __init__(self, message: str) -> None:
        super().__init__(
            message, check="frame", hint="Run the edit again.", remedies=(Remedy(Means.LINES_SCOPE),)
        )


def assemble(document: str, scope: Scope, reply: Reply) -> Assembly:
    r"""The document (``\n`` only) with `reply` in the place of what `scope` offered.

    Raises Misfit for parts that were not offered, or came twice, and GuardRefused(scope) for a reply that goes
    beyond limits that the user drew.
    """
    if reply.parts is not None:
        return _numbered(document, scope, reply.parts)
    if scope.kind is ScopeKind.FILE:
        return _whole(document, reply.code)
    extent = _extent(document, scope, reply.code)
    if len(scope.parts) > 1:
        covers = sum(part.end - part.start for part in scope.parts) == len(document)
        if covers or extent is _Extent.FILE:
            return _whole(document, reply.code)
        raise Misfit("The reply is not divided into the sections that were asked for.")
    (part,) = scope.parts
    before, after, new = document[: part.start], document[part.end :], reply.code
    if extent is _Extent.PART:
        return _placed(document, scope, {part.number: new})
    if len(new) >= len(before) + len(after) and new.startswith(before) and new.endswith(after):
        return _placed(document, scope, {part.number: new[len(before) : len(new) - len(after)]})
    if scope.bounded:
        raise GuardRefused(
            f"The reply changes more than lines {part.first_line} to {part.last_line}.",
            check="scope",
            remedies=(Remedy(Means.LARGER_SCOPE, when="if the change needs it"),),
        )
    if extent is _Extent.FILE:
        return _whole(document, new)
    raise Misfit("The reply goes beyond the part that was asked for, but is not the whole file.")


def _whole(document: str, new: str) -> Assembly:
    return Assembly(new, (Rewritten(WHOLE, document, new),), whole=True)


def _numbered(document: str, scope: Scope, parts: Collection[tuple[int, str]]) -> Assembly:
    new = dict(parts)
    if len(new) != len(parts):
        raise Misfit("The reply contains a section twice.")
    unknown = [number for number in new if scope.part(number) is None]
    if unknown:
        raise Misfit(f"The reply contains section {unknown[0]}, which was not offered.")
    return _placed(document, scope, new)


def _placed(document: str, scope: Scope, new: Mapping[int, str]) -> Assembly:
    """`document` with the parts in `new` in their places.

    Where one is gone, the larger of the gaps around it is left; at the end of the file, none. Sections bring the
    gap behind them along.
    """
    behind = ""
    at = len(document)
    rewritten: list[Rewritten] = []
    end_gone = False
    for part in reversed(scope.parts):
        code = new.get(part.number)
        if code is None:
            continue
        behind = document[part.end : at] + behind
        at = part.start
        if code:
            behind = code + behind
        elif scope.kind is ScopeKind.SECTIONS and behind:
            pass
        elif behind.strip("\n"):
            below = len(behind) - len(behind.lstrip("\n"))
            behind = behind[min(_blank_lines_at_end(document[:at]), below) :]
        else:
            end_gone = True
            behind = ""
        rewritten.append(Rewritten(part.number, document[part.start : part.end], code))
    text = document[:at] + behind
    if end_gone and text.strip("\n"):
        text = text.rstrip("\n") + document[len(document.rstrip("\n")) :]
    return Assembly(text, tuple(reversed(rewritten)))


def _blank_lines_at_end(text: str) -> int:
    return max(0, len(text) - len(text.rstrip("\n")) - 1)


class _Extent(Enum):
    PART = "what was asked for"
    MORE = "more than that"
    FILE = "the whole file"


def _extent(document: str, scope: Scope, reply: str) -> _Extent:
    """How much of the document `reply` is, by the lines around the parts that it holds.

    Only lines that say something, and are in no part, count. A reply that has most of them, before and behind,
    is the file; one that has most of them in all, or the two that follow the last part, is more than a part.
    """
    starts, ends = [part.start for part in scope.parts], [part.end for part in scope.parts]
    around = [document[start:end] for start, end in zip([0, *ends], [*starts, len(document)], strict=True)]
    own = {line for part in scope.parts for line in _telling(document[part.start : part.end])}
    told = [[line for line in _telling(text) if line not in own] for text in around]
    new = _telling(reply)
    known = set(new)
    held = [sum(line in known for line in lines) for lines in told]
    asked = [(count, len(lines)) for count, lines in zip(held, told, strict=True) if lines]
    if asked and all(count >= _MOSTLY * total for count, total in asked):
        return _Extent.FILE
    below = told[-1][:_RUNS_OVER]
    if sum(held) >= max(1, _MOSTLY * sum(map(len, told))) or (
        len(below) == _RUNS_OVER and " ".join(below) in " ".join(new)
    ):
        return _Extent.MORE
    return _Extent.PART


def _telling(text: str) -> list[str]:
    return [line for line in map(str.strip, split_lines(text)) if len(line) >= _TELLING_LINE]
