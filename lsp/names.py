"""The part of the contract with editors that a session begins with: names, and what the client says of itself.

The rest is `lsp.contract`, which has these too; this module loads next to nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct

DIFF_SCHEME = "editsvc-diff"
"""The scheme of diffs that the server has in memory, for clients that ask for texts (LSP 3.18)."""


class Described(StrEnum):
    """An enumeration whose values each have a description."""

    description: str

    def __new__(cls, value: str, description: str) -> Described:  # noqa: PYI034 - an enum's members are its own
        """A member with `value`, which is what it equals."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member


class InitializationOptions(Struct, frozen=True, omit_defaults=True):
    """The object ``initializationOptions`` of ``initialize``; unknown or malformed values are ignored."""

    stream: Annotated[bool, Meta(description="send `editsvc/stream` while an edit streams")] = False
    hunks: Annotated[bool, Meta(description="send `editsvc/hunks` when open hunks change or move")] = False
    settings: Annotated[
        dict[str, Any] | None, Meta(description="the settings of the section `editsvc`, until others come")
    ] = None
    editsvc: Annotated[
        dict[str, Any] | None,
        Meta(description="the same, for editors that send their whole settings; `settings` comes first"),
    ] = None
    token: Annotated[
        str | None, Meta(description="over TCP and WebSocket: the token that the server printed")
    ] = None


class Command(Described):
    """The commands of ``workspace/executeCommand``."""

    EDIT = "editsvc.edit", "edit a document by an instruction"
    ACCEPT_HUNK = "editsvc.acceptHunk", "keep one hunk"
    REJECT_HUNK = "editsvc.rejectHunk", "take one hunk back"
    ACCEPT_EDIT = "editsvc.acceptEdit", "keep all hunks that are open"
    REJECT_EDIT = "editsvc.rejectEdit", "take all hunks back that are open"
    REJECT_UNEXPLAINED = (
        "editsvc.rejectUnexplained",
        "take back the open hunks that the instruction does not explain",
    )
    CANCEL = "editsvc.cancel", "stop a running edit"
    SHOW_DIFF = (
        "editsvc.showDiff",
        "show an edit as a diff: one that is open, one that waits to be put in, or one that a check refused",
    )
    SCOPES = "editsvc.scopes", "what can be rewritten from a selection or a cursor, to be shown while asking"
    REPORT = (
        "editsvc.report",
        "the object of `editsvc report --format json`; with `html`, the same as a page",
    )


class Notification(Described):
    """The notifications that the server sends to clients that ask for them."""

    STREAM = "editsvc/stream", "hunks that have become certain, while an edit streams"
    HUNKS = (
        "editsvc/hunks",
        "the hunks of an edit in review, when it arrives, when one is decided on, and when they have moved",
    )


class ActionKind(Described):
    """The kinds of code actions; each action's own kind begins with one of them."""

    REWRITE = "refactor.rewrite.editsvc", "presets, and instructions in comments"
    REVIEW = "quickfix.editsvc", "decisions on edits, showing them, and cancelling"
