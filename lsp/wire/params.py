"""The arguments of the commands, checked: one object each, as in docs/language-server.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import msgspec
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from editsvc.guard.checks import WAIVABLE
from editsvc.prediction.policy import PredictionMode  # noqa: TC001 - msgspec reads the annotations
from lsp.settings import ApplyMode  # noqa: TC001 - same

if TYPE_CHECKING:
    from collections.abc import Sequence

_Natural = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class Position(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A position, as LSP has it."""

    line: _Natural
    character: _Natural


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A range, as LSP has it."""

    start: Position
    end: Position

    def lsp(self) -> types.Range:
        """The same as LSP's type."""
        return types.Range(
            types.Position(self.start.line, self.start.character),
            types.Position(self.end.line, self.end.character),
        )


class EditArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Of ``editsvc.edit``.

    `comment` is the place of a comment that holds the instruction, and is to go away with the edit. With
    `notify`, which code actions set, the server itself tells the user how the edit ended, since no client shows
    the result of an action; and it does not wait with its answer for a client that is slow to report. `allow_path`
    vouches for a file that `editsvc.files.workspace` would refuse, and `allow` for an edit that those checks would
    refuse.
    """

    uri: str
    instruction: str
    range: Range | None = None
    scope: str | None = None
    mode: ApplyMode | None = None
    prediction: PredictionMode | None = None
    comment: Range | None = None
    notify: bool = False
    allow_path: bool = False
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for what is not a check, or one that nothing waives."""
        for name in self.allow:
            if name not in WAIVABLE:
                known = ", ".join(sorted(WAIVABLE))
                raise ValueError(f"allow takes any of {known}, not {name!r}")


class HunkArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Of ``editsvc.acceptHunk`` and ``editsvc.rejectHunk``."""

    edit_id: str
    hunk_id: int
    notify: bool = False


class EditIdArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Of the commands about a whole edit; without an id, the latest edit is meant."""

    edit_id: str | None = None
    notify: bool = False


class ReportArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of ``editsvc.report``."""

    format: Literal["json", "html"] = "json"


_T = TypeVar("_T", EditArguments, HunkArguments, EditIdArguments, ReportArguments)


def arguments(params: types.ExecuteCommandParams, kind: type[_T]) -> _T:
    """The one argument of a command; raises JsonRpcInvalidParams that says what is wrong.

    No argument at all counts as an empty object: Helix's command picker can pass none.
    """
    given: Sequence[Any] = params.arguments or ()
    if len(given) > 1:
        raise JsonRpcInvalidParams(f"{params.command} takes one object; it was given {len(given)} arguments.")
    try:
        return msgspec.convert(given[0] if given else {}, kind)
    except msgspec.ValidationError as exc:
        raise JsonRpcInvalidParams(f"The argument of {params.command} is wrong: {exc}.") from None
