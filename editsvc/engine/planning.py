"""What is asked of a model for an edit, and what is asked next when that was too much, too little or did not fit."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from editsvc import syntax
from editsvc.engine.edit import EditRequest, Restart
from editsvc.engine.plan import AROUND_AT_MOST, Plan
from editsvc.engine.remembered import RememberedBatches, RememberedDocuments
from editsvc.engine.room import Room, asks_first
from editsvc.errors import ContextExceeded, DocumentRefused, IncompleteReply, Means, ModelRefused, Remedy
from editsvc.instruction.intent import intent_of
from editsvc.prediction import drafts
from editsvc.prediction.candidates import completion_budget, drafted_sections
from editsvc.prediction.policy import Cell
from editsvc.prompt.rendering import EditFormat
from editsvc.reply import Reply, ReplyKind
from editsvc.scope import scopes
from editsvc.scope.scopes import ScopeKind, ScopeReason
from editsvc.settings.schema import Locate, OnSecret
from editsvc.text.document import normalise, printable
from editsvc.tokens import estimate_from_length, estimate_from_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.engine.assembly import Misfit
    from editsvc.engine.run import EditRun
    from editsvc.guard.original import Original
    from editsvc.guard.secrets import Masked
    from editsvc.prediction.policy import LearnedPolicy
    from editsvc.provider.base import Completer
    from editsvc.provider.models import Model
    from editsvc.settings.schema import Settings
    from editsvc.text.document import Edit

# How often less is sent or asked for at once, after it was too much; each time it is about half.
_MOST_SHORTENED: Final = 6
_LESS: Final = 0.7
# An estimate from the length is not off by more.
_FAR: Final = 2
# A model that has lost its way fills whatever it is given; the sections that it asked for it knows.
_MORE_ROOM: Final = 8.0
_ALL_ROOM: Final = 64.0
# A model that has been given what it asked for so often, and asks on, has lost its way.
_MOST_ASKED: Final = 12


class Planner:
    """Makes the plans of edits; one for a service."""

    def __init__(
        self,
        *,
        provider: Completer,
        settings: Settings,
        model: Model,
        learned: Callable[[], LearnedPolicy | None],
        batches: RememberedBatches,
        offline: bool,
    ) -> None:
        self._provider = provider
        self._settings = settings
        self._model = model
        self._learned = learned
        self._batches = batches
        self._offline = offline
        self._documents = RememberedDocuments()

    def first(self, run: EditRun) -> Plan:
        """The first plan: language, scope, draft."""
        request = run.request
        original = normalise(request.snapshot.text)
        if request.scope.kind is ScopeKind.FILE:
            self._refuse_far_too_long(run, original)
        language = syntax.language_of(_name_of(request), original.partition("\n")[0])
        document, instruction, masked = self._without_secrets(run, original)
        divide_above = self._divide_above()
        scope = self._documents.scope(
            _identity(request), request.scope, document, language, divide_above=divide_above
        )
        draft, complete = self._draft(request, original, document, language, masked)
        earlier = None
        if request.earlier is not None:
            from editsvc.engine.earlier import shown, steps

            made = steps(original, request.earlier, masked)
            draft, complete = (made, False) if made and self._settings.drafts else (draft, False)
            may_hold_secrets = self._offline or self._settings.on_secret is OnSecret.SEND
            earlier = shown(document, made, request.earlier, may_hold_secrets=may_hold_secrets)
        form = self._settings.edit_format
        if not document or estimate_from_length(len(document)) > AROUND_AT_MOST:
            form = EditFormat.REWRITE  # hidden text cannot be searched
        plan = Plan(
            document=document,
            language=language,
            instruction=instruction,
            intent=intent_of(request.instruction),
            filename=printable(request.filename),
            scope=scope,
            divide_above=divide_above,
            shown_at_most=min(AROUND_AT_MOST, self.room(run).context // 2),
            draft=draft,
            draft_is_complete=complete,
            form=form,
            earlier=earlier,
            masked=masked,
            known=cache(partial(_original, document, language)),
        )
        return self._placed(run, plan)

    def _refuse_far_too_long(self, run: EditRun, document: str) -> None:
        """Raise DocumentRefused, before any work, for a file that cannot be written as a whole by far."""
        tokens = estimate_from_length(len(document))
        if tokens > _FAR * self.room(run).reply:
            completion_budget(self._model, prompt_tokens=0, target_tokens=tokens, predicts=False)

    def _placed(self, run: EditRun, plan: Plan, *, was_shown: bool = False) -> Plan:
        """The plan that asks where the edit is to be made, if the file does not fit or that is cheaper.

        `was_shown` tells that a request before showed all of the file.
        """
        if plan.scope.kind is not ScopeKind.SECTIONS or plan.scope.bounded or plan.locating is not None:
            return plan
        room = self.room(run)
        tokens = self._tokens(plan.document, room)
        fits = room.takes(tokens, len(plan.scope.sections))
        # Structured edits were chosen for what they cost; what has been shown costs nothing to show again.
        fixed = plan.form is EditFormat.SEARCH_REPLACE or was_shown or self._settings.locate is Locate.OFF
        if fits and fixed:
            return plan
        from editsvc.tuning.objective import Worth

        worth = Worth(self._settings.value_of_time, self._settings.objective)
        wanted = self._settings.locate is Locate.ON or asks_first(
            tokens, len(plan.scope.sections), room, self._model, worth
        )
        if not wanted:
            return plan
        if not fits and self._settings.locate is Locate.OFF:
            raise DocumentRefused(
                f"The file has about {tokens:,} tokens, and {room.context:,} go into a request.",
                hint="Set locate to auto.",
                remedies=(Remedy(Means.SMALLER_SCOPE),),
            )
        plan = replace(plan, form=EditFormat.REWRITE)
        if plan.draft_is_complete:
            from editsvc.engine import locating

            drafted = drafted_sections(plan.document, plan.draft, plan.scope.sections)
            if drafted:
                return locating.known(plan, {section.number for section in drafted}, room)
        return self._asking_where(run, plan)

    def _asking_where(self, run: EditRun, plan: Plan) -> Plan:
        from editsvc.engine import locating

        outline = syntax.outline_of(plan.document, plan.language)
        return locating.begin(
            plan,
            self.room(run),
            definitions=outline.definitions if outline is not None else (),
            cursor_line=run.request.scope.cursor_line,
        )

    def room(self, run: EditRun) -> Room:
        """What a request of this edit can hold, as far as that is known."""
        room = Room.of(
            self._model,
            learned=self._provider.context_tokens(self._settings.model),
            shown_at_most=self._settings.context_tokens or None,
        )
        return room if run.context_tokens is None else room.within(run.context_tokens)

    def _tokens(self, document: str, room: Room) -> int:
        """About how many tokens `document` has: counted only where that decides."""
        rough = estimate_from_length(len(document))
        return rough if rough > 2 * room.context else estimate_from_text(document)

    def _without_secrets(self, run: EditRun, document: str) -> tuple[str, str, Masked | None]:
        """The document and the instruction as they may be sent, with placeholders for keys and passwords."""
        instruction = run.request.instruction
        if self._offline or self._settings.on_secret is OnSecret.SEND:
            return document, instruction, None
        # One numbering for both: a secret that the instruction speaks of is the one in the document.
        instruction = instruction.replace("\0", " ")
        text = f"{document}\0{instruction}"
        found = self._documents.secrets(_identity(run.request), text)
        if not found:
            return document, instruction, None
        from editsvc.guard import secrets

        inside = found[0].start < len(document)
        place = f"Line {document.count(chr(10), 0, found[0].start) + 1}" if inside else "The instruction"
        if self._settings.on_secret is OnSecret.REFUSE:
            raise DocumentRefused(
                f"{place} seems to contain a secret ({found[0].kind}), which would be sent to {self._provider.name}.",
                hint="Remove it, or set on_secret to mask or send.",
            )
        masked = secrets.mask(text, found, nonce=run.id)
        document, _, instruction = masked.text.rpartition("\0")
        many = f"{len(found)} secrets are" if len(found) > 1 else f"A secret ({found[0].kind}) is"
        run.warnings.append(f"{many} not sent: placeholders take their place.")
        return document, instruction, masked

    def _divide_above(self) -> int:
        """From how many tokens on a file is divided."""
        learned = self._learned()
        if learned is None:
            return self._settings.scope_min_tokens
        cell = Cell(self._provider.name, self._settings.model)
        return learned.scope_min_tokens(cell, self._settings.scope_min_tokens)

    def _draft(
        self,
        request: EditRequest,
        original: str,
        document: str,
        language: syntax.Language | None,
        masked: Masked | None,
    ) -> tuple[tuple[Edit, ...], bool]:
        """The edits that the instruction states, or made in earlier documents, and whether they are all of it.

        An instruction speaks of the text as its user sees it, so that is what is drafted, and masked afterwards.
        """
        if not self._settings.drafts:
            return (), False
        said = drafts.draft(original, request.instruction, language)
        if said is not None and masked is not None:
            from editsvc.guard import secrets

            edits, whole = secrets.mask_edits(said.edits, masked)
            return tuple(edits), said.complete and whole
        if said is not None:
            return said.edits, said.complete
        if not request.batch:
            return (), False
        return self._batches.draft(request.batch, document, language), False

    def unmasked(self, run: EditRun) -> Plan:
        """A plan for the whole document as it is, from which nothing is to be sent."""
        document = normalise(run.request.snapshot.text)
        language = syntax.language_of(_name_of(run.request), document.partition("\n")[0])
        return Plan(
            document=document,
            language=language,
            instruction=run.request.instruction,
            intent=intent_of(run.request.instruction),
            filename=printable(run.request.filename),
            scope=scopes.whole(document, ScopeReason.ASKED),
        )

    def with_more(self, run: EditRun, plan: Plan, reply: Reply) -> Plan:
        """The plan in which more may be rewritten, as the model asked; raises ModelRefused where that cannot be."""
        room = self.room(run)
        if plan.locating is None:
            wider = plan.widened()
            if wider is None or Restart.WHOLE_FILE in run.restarts:
                raise self._out_of_bounds(plan, reply)
            run.restarts.append(Restart.WHOLE_FILE)
            was_shown = estimate_from_length(len(plan.document)) <= plan.shown_at_most
            return self._placed(run, wider, was_shown=was_shown)
        if run.restarts.count(Restart.MORE_SECTIONS) >= _MOST_ASKED:
            raise self._out_of_bounds(plan, reply)
        run.restarts.append(Restart.MORE_SECTIONS)
        from editsvc.engine import locating

        if not plan.locating.messages:
            return self._asking_where(run, plan)
        if reply.kind is ReplyKind.SECTIONS:
            return locating.more(plan, reply.reason, room)
        return locating.which(plan, reply.reason)

    def shorter(self, run: EditRun, plan: Plan, exc: IncompleteReply) -> Plan:
        """The plan with more room for a reply that did not fit, or for less of it; raises `exc` if there is none."""
        since = run.restarts[::-1].index(Restart.NEXT_PART) if Restart.NEXT_PART in run.restarts else None
        lately = run.restarts if since is None else run.restarts[len(run.restarts) - since :]
        if exc.finish_reason != "length" or lately.count(Restart.TOO_LONG) >= _MOST_SHORTENED:
            raise exc
        shorter: Plan | None = None
        growth = _MORE_ROOM if plan.locating is None else _ALL_ROOM
        grows = (run.budget or 0) < self.room(run).reply and plan.growth < growth
        if grows and not exc.context_was_full:
            shorter = replace(plan, growth=growth)
        elif plan.locating is not None:
            from editsvc.engine import locating

            shorter = locating.halved(plan)
        elif plan.scope.kind is ScopeKind.SECTIONS and not plan.scope.bounded:
            shorter = self._asking_where(run, replace(plan, form=EditFormat.REWRITE))
        elif grows:  # nothing is left to make shorter; some servers have more room the next time
            shorter = replace(plan, growth=growth)
        if shorter is None:
            raise exc
        run.restarts.append(Restart.TOO_LONG)
        return shorter

    def within(self, run: EditRun, plan: Plan, exc: ContextExceeded) -> Plan:
        """The plan for a server that takes less than was reckoned with; raises `exc` if there is none."""
        room = self.room(run)
        # A server that names a higher limit counts more tokens than were estimated.
        known = exc.limit if exc.limit is not None and exc.limit < room.context else None
        run.context_tokens = known if known is not None else int(room.context * _LESS)
        fixed = plan.scope.bounded or plan.scope.kind is ScopeKind.FILE
        if fixed or run.restarts.count(Restart.CONTEXT) >= _MOST_SHORTENED:
            raise exc
        run.restarts.append(Restart.CONTEXT)
        less = self.room(run)
        if plan.locating is not None:
            if plan.asks_where:
                return self._asking_where(run, plan)
            from editsvc.engine import locating

            halved = locating.halved(plan)
            if halved is None:
                raise exc
            return halved
        plan = replace(plan, shown_at_most=min(plan.shown_at_most // 2, less.context // 2))
        return self._placed(run, plan)

    def undivided(self, run: EditRun, plan: Plan, misfit: Misfit) -> Plan:
        """The plan after sections that do not fit: of the whole file, or where that is too long, with a remark.

        Raises `misfit` the second time, and where the user drew the limits.
        """
        if plan.scope.bounded or Restart.MISFIT in run.restarts:
            raise misfit
        run.restarts.append(Restart.MISFIT)
        undivided = plan.undivided()
        if undivided is None or estimate_from_length(len(plan.document)) > self.room(run).reply:
            return plan.corrected_by(run.reply, misfit.sentence())
        return undivided

    def _out_of_bounds(self, plan: Plan, reply: Reply) -> ModelRefused:
        reason = reply.reason.rstrip(".") or "no reason given"
        target = plan.target
        if target.kind is ScopeKind.FILE:
            where = "the file"
        elif target.bounded:
            where = f"lines {target.first_line} to {target.last_line}"
        else:
            from editsvc.engine import locating

            where = locating.named(target.sections)
        return ModelRefused(
            f"The change needs more than {where}: {reason}.",
            hint="Name the symbols in the instruction.",
            remedies=(Remedy(Means.LARGER_SCOPE),),
        )


def _original(document: str, language: syntax.Language | None) -> Original:
    from editsvc.guard.original import Original

    return Original(document, language)


def _name_of(request: EditRequest) -> str:
    """What tells the language: the path, if the document is that file; some names mean something in one folder only."""
    whole = request.path.replace("\\", "/")
    return whole if whole.endswith(f"/{request.filename}") else request.filename


def _identity(request: EditRequest) -> str:
    """What tells that it is the same document again."""
    return request.snapshot.uri or request.path or request.filename
