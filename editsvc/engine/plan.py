"""The plan of one edit's request: scope, draft and form, and the messages and predictions made from them.

A plan is a value. When the model has to be asked again, the next plan is made from the last one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from editsvc.guard.findings import Lines
from editsvc.guard.proposal import Proposal
from editsvc.prediction.candidates import (
    Candidate,
    PredictionKind,
    candidates,
    drafted_sections,
)
from editsvc.prompt import rendering
from editsvc.prompt.excerpts import excerpts
from editsvc.prompt.rendering import EditFormat, Message
from editsvc.reply import ReplyParser, SectionsParser
from editsvc.scope import scopes
from editsvc.scope.scopes import ScopeKind, ScopeReason
from editsvc.text.document import apply
from editsvc.tokens import estimate_from_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.guard.proposal import Piece, Received
    from editsvc.guard.secrets import Masked
    from editsvc.instruction.intent import Intent
    from editsvc.prompt.rendering import Frame, Task
    from editsvc.scope.scopes import Scope, ScopeLimits
    from editsvc.syntax import Language
    from editsvc.text.document import Edit
    from editsvc.text.section import Section


# Languages whose texts show code between fences.
_HOLD_FENCES: Final = frozenset({"markdown", "mdx", "rst", "asciidoc"})


@dataclass(frozen=True, slots=True)
class RenderedRequest:
    """A request as text: its messages, the expected frame of the reply, and the candidate predictions.

    The tokens of the prompt, and of the text that may be rewritten, are estimates.
    """

    messages: list[Message]
    frame: Frame
    candidates: list[Candidate]
    prompt_tokens: int
    offered_tokens: int


@dataclass(frozen=True, slots=True)
class Plan:
    r"""One request to be: `document` has ``\n`` only; `draft` are edits of it that the instruction plainly says.

    They are all that it says if `draft_is_complete`. `intent` is what the instruction asks for, before secrets were
    masked in it. `remarks` are what follows the task: a wrong reply, and what is wrong with it; `corrected` is that
    reply's text, which the next one will be much like.
    `masked` tells which words of the document stand for secrets that are not sent.
    """

    document: str
    language: Language | None
    instruction: str
    intent: Intent
    filename: str
    scope: Scope
    limits: ScopeLimits
    draft: Sequence[Edit] = ()
    draft_is_complete: bool = False
    form: EditFormat = EditFormat.REWRITE
    remarks: tuple[Message, ...] = ()
    corrected: str | None = None
    masked: Masked | None = None

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
        return self._task(scope.sections, excerpts(document, scope.sections, self.limits.show_at_most))

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
        messages, frame = rendering.render(self.task, self.form)
        messages += self.remarks
        return RenderedRequest(
            messages,
            frame,
            self.candidates(frame),
            estimate_from_text("".join(message.content for message in messages)),
            estimate_from_text(self.offered),
        )

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
        )
        if self.corrected is not None:
            found.insert(0, Candidate(PredictionKind.DRAFT, self.corrected))
        return found

    def parser(self, frame: Frame) -> ReplyParser | SectionsParser:
        """The parser of the reply."""
        meant = self.intent.final_newline
        if len(self.scope.sections) > 1:
            return SectionsParser(frame, self.document, self.scope.sections, final_newline_meant=meant)
        return ReplyParser(frame, self.offered, final_newline_meant=meant)

    def proposal(
        self,
        text: str,
        *,
        pieces: Sequence[Piece] = (),
        whole: bool = True,
        received: Received | None = None,
    ) -> Proposal:
        r"""What the gate is to examine: the document with `text` (``\n`` only), which `pieces` of a reply made."""
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
        scope = scopes.widened(
            self.scope, self.document, self.language, instruction=self.instruction, limits=self.limits
        )
        return None if scope is None else replace(self, scope=scope, remarks=(), corrected=None)

    def undivided(self) -> Plan | None:
        """The same edit as a rewrite of the whole file; None if that is not allowed, or too long."""
        if self.scope.bounded or self.scope.reason is ScopeReason.LIKELY:
            return None
        whole = scopes.whole(self.document, ScopeReason.WIDENED)
        return replace(self, scope=whole, remarks=(), corrected=None)

    def corrected_by(self, reply: str, complaint: str) -> Plan:
        """The same edit, with the wrong reply and a remark on its faults."""
        remarks = (Message("assistant", reply), Message("user", rendering.correction(complaint)))
        return replace(self, remarks=remarks, corrected=reply)
