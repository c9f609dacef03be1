"""The plan of one edit's request: scope, draft and form, and the messages and predictions made from them.

A plan is a value. When the model has to be asked again, the next plan is made from the last one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from editsvc.prediction.candidates import (
    Candidate,
    PredictionKind,
    candidates,
    drafted_sections,
)
from editsvc.prompt import rendering
from editsvc.prompt.rendering import EditFormat, Message
from editsvc.reply import ReplyParser
from editsvc.scope import scopes
from editsvc.scope.scopes import ScopeKind, ScopeReason
from editsvc.text.document import apply
from editsvc.tokens import estimate_from_length, estimate_from_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from editsvc.guard.original import Original
    from editsvc.guard.proposal import Piece, Proposal, Received
    from editsvc.guard.secrets import Masked
    from editsvc.instruction.intent import Intent
    from editsvc.prompt.contents import Hint
    from editsvc.prompt.rendering import EarlierEdit, Frame, Task
    from editsvc.reply import SectionsParser
    from editsvc.scope.scopes import Scope
    from editsvc.syntax import Language
    from editsvc.text.document import Edit
    from editsvc.text.section import Section


AROUND_AT_MOST: Final = 24_000
"""Tokens of a file that are shown around a part of it which alone may be rewritten."""

_AROUND_LOCATED: Final = 1_000  # likewise around sections that were found

# Languages whose texts show code between fences.
_HOLD_FENCES: Final = frozenset({"markdown", "mdx", "rst", "asciidoc"})


@dataclass(frozen=True, slots=True)
class RenderedRequest:
    """A request as text: its messages, the expected frame of the reply, and the candidate predictions.

    The tokens of the prompt, of the text that may be rewritten, and of what a reply holds at least, are estimates.
    """

    messages: list[Message]
    frame: Frame
    candidates: list[Candidate]
    prompt_tokens: int
    offered_tokens: int
    least_tokens: int


@dataclass(frozen=True, slots=True)
class Locating:
    """How far the place of an edit is known in a file that is not shown whole.

    `sections` are all of the file's. `messages` are the conversation so far: empty where the sections to rewrite
    were known without asking. `listed` are the numbers that it listed one by one, `among` those that the last question
    was about, `needed` those that the model asked for. `open` tells that the next reply is to say where; `unclear` that
    the last one did not. Where what is needed does not go into one request, `rest` are the sections that later ones are
    to rewrite, `done` the new texts so far, and `most_tokens` as much as one request may offer, where a reply to more
    was too long.
    """

    sections: tuple[Section, ...]
    hints: tuple[Hint, ...] = ()
    messages: tuple[Message, ...] = ()
    listed: frozenset[int] = frozenset()
    among: frozenset[int] = frozenset()
    needed: frozenset[int] = frozenset()
    open: bool = False
    unclear: bool = False
    rest: tuple[int, ...] = ()
    done: tuple[Section, ...] = ()
    most_tokens: int | None = None

    @property
    def tokens(self) -> int:
        """About how many tokens the conversation has."""
        return sum(estimate_from_length(len(message.content)) for message in self.messages)

    def texts(self, numbers: Iterable[int]) -> tuple[Section, ...]:
        """The sections with those numbers, in order."""
        wanted = set(numbers)
        return tuple(section for section in self.sections if section.number in wanted)


@dataclass(frozen=True, slots=True)
class Plan:
    r"""One request to be: `document` has ``\n`` only; `draft` are edits of it that the instruction plainly says.

    They are all that it says if `draft_is_complete`. `intent` is what the instruction asks for, before secrets were
    masked in it. `remarks` are what follows the task: a wrong reply, and what is wrong with it; `corrected` is that
    reply's text, which the next one will be much like.
    `earlier` is an edit that was made before, and is to be done in another way.
    `masked` tells which words of the document stand for secrets that are not sent. `growth` is how many times as
    much room for new text a reply has as usually. `known` gives what was worked out of the document for the checks of
    all replies, if anything was. `locating` is set where the file is not shown whole; else, of more than
    `shown_at_most` tokens, only what is around the scope is shown.
    """

    document: str
    language: Language | None
    instruction: str
    intent: Intent
    filename: str
    scope: Scope
    divide_above: int = scopes.DIVIDE_ABOVE
    shown_at_most: int = AROUND_AT_MOST
    draft: Sequence[Edit] = ()
    draft_is_complete: bool = False
    form: EditFormat = EditFormat.REWRITE
    remarks: tuple[Message, ...] = ()
    corrected: str | None = None
    earlier: EarlierEdit | None = None
    masked: Masked | None = None
    growth: float = 1.0
    locating: Locating | None = None
    known: Callable[[], Original] | None = field(default=None, compare=False, repr=False)

    @property
    def asks_where(self) -> bool:
        """Whether the reply is to say where the edit is to be made, and is no rewrite yet."""
        return self.locating is not None and self.locating.open

    @property
    def target(self) -> Scope:
        """The sections that this request may change; structured edits may be anywhere unless bounded."""
        if self.form is EditFormat.SEARCH_REPLACE and not self.scope.bounded:
            return scopes.whole(self.document, self.scope.reason)
        return self.scope

    @property
    def task(self) -> Task:
        """The task as the prompt has it."""
        scope, document = self.target, self.document
        if scope.kind is ScopeKind.FILE:
            return self._task()
        from editsvc.prompt.excerpts import excerpts

        most = self.shown_at_most
        if self.locating is not None:
            most = _AROUND_LOCATED + sum(
                estimate_from_length(len(section.text)) for section in scope.sections
            )
        return self._task(scope.sections, excerpts(document, scope.sections, most))

    def _task(
        self, sections: Sequence[Section] = (), shown: Sequence[Section] | None = None
    ) -> rendering.Task:
        fences = self.intent.fences or self._info in _HOLD_FENCES
        return rendering.Task(
            self.document,
            self.instruction,
            self.filename,
            self._info,
            sections,
            shown,
            about_fences=fences,
            located=self.locating is not None,
            others=self.locating is not None and bool(self.locating.rest or self.locating.done),
            earlier=self.earlier,
        )

    @property
    def _info(self) -> str:
        return self.language.name if self.language else ""

    @property
    def offered(self) -> str:
        """All text that may be rewritten, which a reply can be as long as."""
        return "".join(section.text for section in self.target.sections)

    def rendered(self) -> RenderedRequest:
        """The request's texts. Takes milliseconds for a long document."""
        if self.locating is not None and self.locating.open:
            return self._question(list(self.locating.messages))
        messages, frame = rendering.render(self.task, self.form)
        if self.locating is not None and self.locating.messages:
            messages = [*self.locating.messages, *messages[1:]]
        messages += self.remarks
        offered = estimate_from_text(self.offered)
        sections = [section.text for section in self.target.sections]
        alone = len(sections) == 1
        return RenderedRequest(
            messages,
            frame,
            self.candidates(frame),
            estimate_from_text("".join(message.content for message in messages)),
            offered,
            offered if alone else estimate_from_text(max(sections, key=len)),
        )

    def _question(self, messages: list[Message]) -> RenderedRequest:
        prompt = estimate_from_text("".join(message.content for message in messages))
        return RenderedRequest(messages, rendering.Frame(""), [], prompt, 0, 0)

    def candidates(self, frame: Frame) -> list[Candidate]:
        """The candidate predictions, the most promising first; empty for structured edits."""
        if self.form is EditFormat.SEARCH_REPLACE:
            return []
        sections = self.scope.sections
        found = candidates(
            frame,
            sections,
            whole_file=self.scope.kind is ScopeKind.FILE,
            drafted=drafted_sections(self.document, self.draft, sections) if self.draft else (),
            draft_is_complete=self.draft_is_complete,
            likely=self.locating.needed if self.locating is not None else (),
        )
        if self.corrected is not None:
            found.insert(0, Candidate(PredictionKind.DRAFT, self.corrected))
        return found

    def parser(self, frame: Frame) -> ReplyParser | SectionsParser:
        """The parser of the reply."""
        # Another section may go on where the last one that is offered ends.
        meant = self.intent.final_newline and self.target.sections[-1].end == len(self.document)
        located = self.locating is not None
        if len(self.scope.sections) > 1:
            from editsvc.reply import SectionsParser

            return SectionsParser(
                frame,
                self.offered if located else self.document,
                self.scope.sections,
                final_newline_meant=meant,
                may_need_more=located,
            )
        return ReplyParser(frame, self.offered, final_newline_meant=meant, may_need_more=located)

    def proposal(
        self,
        text: str,
        *,
        pieces: Sequence[Piece] = (),
        whole: bool = True,
        received: Received | None = None,
    ) -> Proposal:
        r"""What the gate is to examine: the document with `text` (``\n`` only), which `pieces` of a reply made."""
        from editsvc.guard.findings import Lines
        from editsvc.guard.proposal import Proposal

        target = self.target
        return Proposal(
            self.document,
            text,
            self.intent,
            language=self.language,
            filename=self.filename,
            pieces=tuple(pieces),
            whole=whole,
            offered=() if whole else tuple(target.sections),
            selected=Lines(target.first_line, target.last_line) if target.bounded else None,
            drafted=self._drafted(),
            received=received,
            known=None if self.known is None else self.known(),
        )

    def _drafted(self) -> str | None:
        """The document with the draft, if that is all of the instruction, as far as it may be rewritten."""
        if not self.draft_is_complete:
            return None
        target = self.target
        edits = self.draft
        if target.bounded or target.kind is ScopeKind.SYMBOL:
            reach = [(section.start, section.end) for section in target.sections]
            edits = [
                edit for edit in edits if any(start <= edit.start and edit.end <= end for start, end in reach)
            ]
        return apply(self.document, edits) if edits else None

    def rewriting(self) -> Plan:
        """The same edit as a rewrite, after structured edits did not apply."""
        return replace(self, form=EditFormat.REWRITE)

    def widened(self) -> Plan | None:
        """The same edit with more that may be rewritten; None if the user set the limits."""
        scope = scopes.widened(self.scope, self.document, self.language, divide_above=self.divide_above)
        return None if scope is None else replace(self, scope=scope, remarks=(), corrected=None)

    def undivided(self) -> Plan | None:
        """The same edit as a rewrite of the whole file; None if that is not allowed, or too long."""
        if self.scope.bounded or self.locating is not None:
            return None
        whole = scopes.whole(self.document, ScopeReason.WIDENED)
        return replace(self, scope=whole, remarks=(), corrected=None)

    def corrected_by(self, reply: str, complaint: str) -> Plan:
        """The same edit, with the wrong reply and a remark on its faults."""
        remarks = (Message("assistant", reply), Message("user", rendering.correction(complaint)))
        return replace(self, remarks=remarks, corrected=reply)
