"""From a finished reply to edits that have passed every check, to a refusal, or to the next plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from editsvc import syntax
from editsvc.engine.assembly import Misfit, assemble
from editsvc.engine.edit import EditRequest, EditResult, Restart
from editsvc.errors import GuardRefused, Means, ModelRefused, Refused, Remedy, Status
from editsvc.guard.findings import WAIVABLE, Action, Check
from editsvc.reply import Reply, ReplyKind
from editsvc.scope import scopes
from editsvc.scope.scopes import ScopeKind
from editsvc.settings.schema import OnSyntaxError
from editsvc.text.document import apply, normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.engine.assembly import Assembly
    from editsvc.engine.plan import Plan
    from editsvc.engine.planning import Planner
    from editsvc.engine.remembered import RememberedBatches
    from editsvc.engine.run import EditRun
    from editsvc.guard import gate
    from editsvc.guard.findings import Finding
    from editsvc.guard.proposal import Proposal
    from editsvc.guard.secrets import Masked
    from editsvc.offline.naming.links import Beside, Files
    from editsvc.settings.schema import Settings
    from editsvc.text.diff import Span
    from editsvc.text.document import Snapshot

# Characters of a document of which nothing is kept that can be made again.
_LARGE: Final = 1_000_000


class Concluder:
    """Makes results of replies; one for a service."""

    def __init__(
        self,
        *,
        settings: Settings,
        planner: Planner,
        batches: RememberedBatches,
        files: Files | None,
        offline: bool,
    ) -> None:
        self._settings = settings
        self._planner = planner
        self._batches = batches
        self._files = files
        self._offline = offline

    def conclude(self, run: EditRun, plan: Plan, reply: Reply | None) -> EditResult | Plan:
        """From the finished reply to edits that have passed every check, or to the next plan."""
        if plan.asks_where:
            from editsvc.engine import locating

            run.restarts.append(Restart.LOCATED)
            return locating.answered(plan, run.reply, self._planner.room(run))
        if reply is None:
            from editsvc.reply import search_replace

            try:
                proposal = self._searched(run, plan, run.reply)
            except search_replace.NotApplied:
                run.restarts.append(Restart.SEARCH)
                return plan.rewriting()
        elif reply.kind in {ReplyKind.WHOLE_FILE, ReplyKind.SECTIONS}:
            return self._planner.with_more(run, plan, reply)
        elif reply.kind is ReplyKind.CANNOT:
            raise self._refusal(run, plan, reply.reason)
        else:
            try:
                assembly = assemble(plan.document, plan.target, reply)
            except Misfit as exc:
                return self._planner.undivided(run, plan, exc)
            from editsvc.engine import locating

            following = locating.next_part(plan, assembly, self._planner.room(run)) if plan.locating else None
            if following is not None:
                run.restarts.append(Restart.NEXT_PART)
                return following
            if plan.locating is not None and plan.locating.done:
                plan, reply = locating.joined(plan, assembly)
                assembly = assemble(plan.document, plan.target, reply)
                run.plan, run.asked_again = plan, True
            proposal = self._rewritten(run, plan, reply, assembly)
        return self.examined(run, plan, proposal)

    def examined(self, run: EditRun, plan: Plan, proposal: Proposal) -> EditResult | Plan:
        """What the gate makes of `proposal`: a result, or the plan with which the model is asked again."""
        from editsvc.guard import gate

        never_asked = {Check.SYNTAX} if self._settings.on_syntax_error is OnSyntaxError.REFUSE else ()
        verdict = gate.examine(
            proposal, allow=self._allowed(run), asked=run.asked_again, never_asked=never_asked
        )
        run.examined(verdict)
        if verdict.decision is gate.Decision.ASK:
            return self._asked_again(run, plan, verdict)
        if verdict.refused is not None:
            run.refused = self._proposed(run, plan, verdict.document)
            raise _refused(verdict.refused, asked=run.asked_again)
        if verdict.proposal is not proposal:
            proposal.forget()
        return self._edited(run, plan, verdict.proposal)

    def _asked_again(self, run: EditRun, plan: Plan, verdict: gate.Verdict) -> Plan:
        """The plan that names what was found; for what stands in the wrong place, that of the whole file."""
        kinds = {found.kind for found in verdict.handled if found.action is Action.ASKED_AGAIN}
        run.asked_again = True
        numbered = plan.target.kind is ScopeKind.SECTIONS
        undivided = plan.undivided() if numbered and Check.PLACE in kinds else None
        if undivided is not None:
            run.restarts.append(Restart.MISFIT)
            return undivided
        run.restarts.append(Restart.SYNTAX if kinds == {Check.SYNTAX} else Restart.FINDINGS)
        return plan.corrected_by(run.reply, verdict.complaint)

    def _searched(self, run: EditRun, plan: Plan, text: str) -> Proposal:
        """What structured edits make of the document; raises NotApplied if they do not say where."""
        from editsvc.guard.proposal import Piece
        from editsvc.reply import search_replace

        reply = search_replace.parse(text)
        if reply.cannot and not reply.edits:
            raise self._refusal(run, plan, reply.cannot)
        if not plan.target.bounded:
            return plan.proposal(search_replace.apply(plan.document, reply.edits))
        (section,) = plan.target.sections
        new = search_replace.apply(section.text, reply.edits)
        text = plan.document[: section.start] + new + plan.document[section.end :]
        return plan.proposal(text, pieces=(Piece(section, new),), whole=False)

    def _rewritten(self, run: EditRun, plan: Plan, reply: Reply, assembly: Assembly) -> Proposal:
        """What a rewrite makes of the document."""
        from editsvc.guard.proposal import Piece, Received

        run.rewritten = () if assembly.whole else tuple(section.number for section in assembly.sections)
        gone = {section.number for section in reply.sections or () if section.deleted}
        pieces = tuple(
            Piece(section, text, deleted=section.number in gone)
            for section, text in zip(assembly.sections, assembly.texts, strict=True)
        )
        received = Received(reply.framing, reply.closed, reply.after)
        return plan.proposal(assembly.document, pieces=pieces, whole=assembly.whole, received=received)

    def _allowed(self, run: EditRun) -> frozenset[Check]:
        asked = run.request.allow
        return frozenset(self._settings.allow if asked is None else asked)

    def _edited(self, run: EditRun, plan: Plan, proposal: Proposal) -> EditResult:
        """The result for a proposal that may replace the document."""
        from editsvc.engine.places import marks_of
        from editsvc.guard.identity import prove
        from editsvc.guard.unasked import judge
        from editsvc.text import diff

        request = run.request
        document = sent = proposal.after
        judged = judge(proposal)
        beyond = _beyond_the_symbol(request, plan, proposal.spans)
        # What is sent is the document itself, but for secrets and line ends.
        edits = proposal.comparison.edits() if request.snapshot.text == proposal.before else None
        if len(proposal.before) > _LARGE:  # its lines are several times as large
            proposal.forget()
            proposal.original.forget()
        if plan.masked is not None:
            document = self._with_secrets(run, plan, document, plan.masked)
        if edits is None:
            edits = diff.edits(request.snapshot.text, document)
        after = prove(request.snapshot, apply(request.snapshot.text, edits), edits, document)
        run.warnings += [*beyond, *_unchecked(run.syntax_check)]
        if self._offline and not plan.target.bounded:  # a reply of the engine has no place for notes
            from editsvc.offline import notes

            beside = self._beside(request.filename, plan.document)
            run.warnings += notes(plan.document, plan.instruction, plan.language, beside)
        if request.batch:
            self._learn(request.batch, plan, sent)  # with the placeholders: it becomes a prediction
        status = Status.CHANGED if edits else Status.UNCHANGED
        marks = marks_of(request.snapshot.text, edits, judged)
        result = replace(run.result(status), after=after, edits=tuple(edits), marks=marks)
        return self._only_asked(run, result)

    def _only_asked(self, run: EditRun, result: EditResult) -> EditResult:
        """The result without what the instruction does not explain, if that is wanted; raises GuardRefused.

        What is left is another document than the one that was examined.
        """
        wanted = run.request.only_asked
        if not (self._settings.only_asked if wanted is None else wanted):
            return result
        from editsvc.engine.places import without_unexplained
        from editsvc.guard import gate

        less = without_unexplained(result)
        if less is not result and less.edits and less.after is not None:
            proposal = self._planner.unmasked(run).proposal(normalise(less.after.text))
            verdict = gate.examine(proposal, allow=self._allowed(run), asked=True)
            if verdict.refused is not None:
                raise _refused(verdict.refused, asked=False)
        return less

    def _proposed(self, run: EditRun, plan: Plan, document: str) -> Snapshot | None:
        """The document as a refused reply would have it; None if it cannot be had with its secrets in place."""
        if plan.masked is not None:
            try:
                document = self._with_secrets(run, plan, document, plan.masked)
            except GuardRefused:
                return None
        from editsvc.text import diff

        before = run.request.snapshot
        return replace(before, text=apply(before.text, diff.edits(before.text, document)))

    def _with_secrets(self, run: EditRun, plan: Plan, document: str, masked: Masked) -> str:
        from editsvc.guard import secrets

        restored = secrets.restore(document, masked)
        if restored.unknown:
            raise GuardRefused(
                f"The reply changed the placeholder of a secret ({restored.unknown[0]}).",
                check=Check.SECRETS,
                hint="Run the edit again, or set on_secret to send.",
            )
        lost = secrets.losses(plan.document, document, masked, instruction=plan.instruction)
        replaced = next((loss for loss in lost if loss.replaced), None)
        if replaced is not None and Check.LOST_SECRET not in self._allowed(run):
            raise GuardRefused(
                f"The reply replaced a secret with something else ({replaced.kind}, line {replaced.line}).",
                check=Check.LOST_SECRET,
                hint="Run the edit again.",
                remedies=(Remedy(Means.WAIVE, Check.LOST_SECRET, "if the secret should be removed"),),
            )
        run.warnings += [
            f"The secret on line {loss.line} ({loss.kind}) is no longer in the new text." for loss in lost
        ]
        return restored.text

    def _learn(self, batch: str, plan: Plan, document: str) -> None:
        if plan.masked is not None:
            from editsvc.text import diff

            brought = "".join(edit.new_text for edit in diff.edits(plan.document, document))
            if any(placeholder in brought for placeholder in plan.masked.placeholders):
                return  # a placeholder means nothing in the next document
        self._batches.learn(batch, plan.document, document, plan.language)

    def _beside(self, filename: str, document: str) -> Beside | None:
        """The files that a run renames in step with this one; None if there is no such run."""
        return self._files.beside(filename, document) if self._files is not None else None

    def _refusal(self, run: EditRun, plan: Plan, reason: str) -> Refused:
        reason = reason.rstrip(".") or "no reason given"
        if self._offline:
            from editsvc.offline import refusal

            # The engine speaks for itself, in sentences; a reply has no place for what kind of refusal it is.
            beside = self._beside(run.request.filename, plan.document)
            for shown in (plan.document, *(section.text for section in plan.target.sections)):
                exc = refusal(
                    shown, plan.instruction, plan.language, beside if shown == plan.document else None
                )
                if exc is not None and reason.startswith(exc.message.rstrip(".")):
                    return exc
            return ModelRefused(f"{reason}.")
        return ModelRefused(f"The model cannot do this: {reason}.", hint="Rephrase the instruction.")


def _beyond_the_symbol(request: EditRequest, plan: Plan, spans: Sequence[Span]) -> list[str]:
    """The warning for an edit that goes beyond the symbol that the user named."""
    if request.scope.kind is not ScopeKind.SYMBOL:
        return []
    named = plan.scope
    if named.kind is not ScopeKind.SYMBOL:
        named = scopes.choose(request.scope, plan.document, plan.language, divide_above=plan.divide_above)
    outside = [
        span
        for span in spans
        if not (named.first_line <= span.old_start + 1 and span.old_end <= named.last_line)
        or span.old_start == span.old_end in {named.first_line - 1, named.last_line}
    ]
    if not outside:
        return []
    symbol = f"{request.scope.name} (lines {named.first_line} to {named.last_line})"
    places = f"{len(outside)} places" if len(outside) > 1 else "a place"
    first = outside[0].old_start + 1
    return [
        f"The edit goes beyond the symbol {symbol}: it changes {places} outside it, the first on line {first}."
    ]


def _unchecked(extent: syntax.Extent | None) -> list[str]:
    """The warning for a file whose syntax could not be checked as a whole."""
    if extent is syntax.Extent.AROUND_CHANGES:
        return ["The file is too large to parse as a whole: its syntax was checked only around the changes."]
    if extent is syntax.Extent.UNKNOWN:
        return [
            "The syntax of the new text was not fully checked: the file is too large to parse, or nested too deeply."
        ]
    return []


def _refused(finding: Finding, *, asked: bool) -> GuardRefused:
    """The refusal that `finding` calls for."""
    hint = "Asked again, the model did not mend it." if asked else "Run the edit again."
    waivable = finding.kind in WAIVABLE
    return GuardRefused(
        finding.message,
        check=finding.kind,
        line=finding.after.first if finding.after else None,
        hint=hint,
        remedies=(Remedy(Means.WAIVE, finding.kind, finding.when),) if waivable else (),
    )
