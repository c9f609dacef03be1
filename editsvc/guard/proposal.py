"""What a check of an edit sees: the document before and after, where the new text came from, and what was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, cast

from editsvc import syntax
from editsvc.guard.changes import changes_of
from editsvc.guard.original import Original
from editsvc.guard.remarks import Gone, gone
from editsvc.reply import Framing
from editsvc.text.comparison import Comparison
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from editsvc.guard.changes import Change
    from editsvc.guard.findings import Lines
    from editsvc.instruction.intent import Intent
    from editsvc.text.diff import Span
    from editsvc.text.section import Section


_WORKED_OUT: Final = (
    *("comparison", "changes", "new_remarks", "comments_gone", "new_outline", "replied", "replied_lines"),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the document as it was, and the text of the reply that takes its place.

    `deleted` tells that the reply says that the part is to go; the text is "" then.
    """

    section: Section
    text: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """How a reply's text stood in it: its frame, whether that ended, and what followed."""

    framing: Framing = Framing.AGREED
    closed: bool = True
    behind: str = ""


@dataclass(frozen=True)
class Proposal:
    r"""A document that a reply would make of another; both texts have ``\n`` only, and no BOM.

    `pieces` are what the reply rewrote, in order; with `whole` that is one, all of the document. `offered` are the
    sections that it might have rewritten, where the document was divided. `selected` are the lines that the user drew
    as a limit, None where there was none. `drafted` is the document with a complete draft of the instruction: what the
    sentence plainly says, and nothing else; None where there is none. `filename` has no folders. `received` is None
    where the reply was not text in a frame, but edits as data. `known` is what was worked out of `before` already.
    """

    before: str
    after: str
    intent: Intent
    language: syntax.Language | None = None
    filename: str = ""
    pieces: tuple[Piece, ...] = ()
    whole: bool = True
    offered: tuple[Section, ...] = ()
    selected: Lines | None = None
    drafted: str | None = None
    received: Received | None = None
    known: Original | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Have one `Original` in all proposals that are made of this one."""
        if (
            self.known is None
            or self.known.text is not self.before
            or self.known.language is not self.language
        ):
            object.__setattr__(self, "known", Original(self.before, self.language))

    @property
    def original(self) -> Original:
        """What is known of `before`."""
        return cast("Original", self.known)  # see `__post_init__`

    @cached_property
    def comparison(self) -> Comparison:
        """Both texts, and what differs."""
        return Comparison(self.original, self.after)

    def forget(self) -> None:
        """Drop what was worked out of the two texts, which may be large; what is asked for again is made again."""
        for name in _WORKED_OUT:
            self.__dict__.pop(name, None)

    @property
    def old(self) -> list[str]:
        """The lines of `before`, with their ends."""
        return self.original.lines

    @property
    def new(self) -> list[str]:
        """The lines of `after`, with their ends; those that stayed are the same objects as in `old`."""
        return self.comparison.new

    @property
    def spans(self) -> list[Span]:
        """The changed lines, in order, as 0-based half-open ranges of `old` and `new`."""
        return self.comparison.spans

    @property
    def old_remarks(self) -> list[bool]:
        """For each of the lines of `old`, whether it is a comment; empty where the language is not known."""
        remarks = self.original.remarks
        return [] if remarks is None else remarks.flags

    @cached_property
    def new_remarks(self) -> list[bool]:
        """The same of `new`."""
        remarks = self.original.remarks
        return [] if remarks is None else remarks.changed(self.comparison).flags

    @cached_property
    def comments_gone(self) -> Gone:
        """The comments that are gone from code that stayed."""
        remarks = self.original.remarks
        if remarks is None:
            return Gone((), ())
        return gone(self.comparison, remarks, self.changes, lambda: self.new_remarks)

    @cached_property
    def changes(self) -> list[Change]:
        """The changed places, in order, with what is gone for good and what is new."""
        return changes_of(self.old, self.new, self.spans)

    @property
    def old_outline(self) -> syntax.Outline | None:
        """The definitions of `before`; None if it cannot be parsed within the budget, or has no grammar."""
        return self.original.outline

    @cached_property
    def new_outline(self) -> syntax.Outline | None:
        """The definitions of `after`; None as above."""
        return syntax.outline_of(self.after, self.language)

    @cached_property
    def replied(self) -> tuple[str, str]:
        """The old and the new text of what the reply rewrote, without the parts that it says are to go."""
        kept = [piece for piece in self.pieces if not piece.deleted]
        if not kept:
            return (self.before, self.after) if not self.pieces else ("", "")
        return "".join(piece.section.text for piece in kept), "".join(piece.text for piece in kept)

    @cached_property
    def replied_lines(self) -> tuple[list[str], list[str]]:
        """The same as lines, with their ends."""
        if self.replied == (self.before, self.after):
            return self.old, self.new
        before, after = self.replied
        return split_lines(before), split_lines(after)
