"""One edit from end to end: the only place that knows the order of the steps.

Text comes in as a `Snapshot` and goes out as edits that have passed every check. Nothing here writes to a file
or to a buffer, and nothing here raises for what may happen to an edit: whatever it is, it becomes an
`EditResult` and one record in the log. Only cancellation is passed on, after its record is written.

What is needed only when a reply has ended is imported there: `editsvc.engine.rehearsal` loads it meanwhile.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from editsvc import credible, syntax
from editsvc.engine.assembly import Misfit, assemble
from editsvc.engine.edit import EditRequest, EditResult, Listener, Restart, check_text
from editsvc.engine.meanwhile import working_ahead
from editsvc.engine.plan import AROUND_AT_MOST, Plan
from editsvc.engine.receiving import ReplyReceiver
from editsvc.engine.remembered import RememberedDocuments
from editsvc.engine.room import Room, asks_first
from editsvc.engine.run import EditRun
from editsvc.errors import (
    Cancelled,
    ContextExceeded,
    Defect,
    DocumentRefused,
    EditsvcError,
    GuardRefused,
    IncompleteReply,
    Means,
    ModelRefused,
    PredictionUnsupported,
    ProviderTimeout,
    Refused,
    Remedy,
    Status,
)
from editsvc.guard.findings import WAIVABLE, Action, Check
from editsvc.instruction.intent import intent_of
from editsvc.prediction import drafts, policy
from editsvc.prediction.candidates import PredictionKind, completion_budget, drafted_sections
from editsvc.prediction.policy import Cell, Decision, Reason
from editsvc.prompt.rendering import EditFormat
from editsvc.provider.base import Completion, CompletionRequest, Priority
from editsvc.provider.models import UNKNOWN
from editsvc.provider.patience import WHOLE_S
from editsvc.reply import Reply, ReplyKind
from editsvc.scope import scopes
from editsvc.scope.scopes import ScopeKind, ScopeReason
from editsvc.settings.schema import Locate, OnSecret, OnSyntaxError
from editsvc.text.document import apply, normalise, printable
from editsvc.tokenlog.errors import LogUnavailable
from editsvc.tokens import estimate_from_length, estimate_from_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from editsvc.engine.assembly import Assembly
    from editsvc.engine.meanwhile import Meanwhile
    from editsvc.guard import gate
    from editsvc.guard.findings import Finding
    from editsvc.guard.original import Original
    from editsvc.guard.proposal import Proposal
    from editsvc.guard.secrets import Masked
    from editsvc.offline.naming.links import Beside, Files
    from editsvc.prediction.candidates import Candidate
    from editsvc.prediction.carry_over import CarryOver
    from editsvc.prediction.policy import LearnedPolicy
    from editsvc.prediction.servers import Asked
    from editsvc.provider.base import Completer
    from editsvc.provider.models import Model
    from editsvc.settings.schema import Settings
    from editsvc.text.diff import Span
    from editsvc.text.document import Edit, Snapshot
    from editsvc.tokenlog.record import RequestRecord
    from editsvc.tokenlog.values import Source

# Servers count the last tokens in ways of their own.
_LIMIT_REACHED: Final = 0.9
# If so much of the limit went to rejected tokens, it is worth asking again without a prediction.
_REJECTED_SHARE: Final = 0.1
_BATCHES_REMEMBERED: Final = 16
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
# Characters of a document of which nothing is kept that can be made again.
_LARGE: Final = 1_000_000


class Recorder(Protocol):
    """Where records go; `append` may block, and raises LogUnavailable."""

    def append(self, record: RequestRecord) -> None:
        """Store one record."""
        ...

    def set_outcome(self, record_id: str, status: Status, error: str | None) -> object:
        """Amend how an edit ended; raises LogUnavailable."""
        ...

    def digest(self, path: str) -> str:
        """The keyed hash of a path."""
        ...


class Scorer(Protocol):
    """Scores the candidate predictions after an edit; must not block."""

    def edit_under_way(self) -> AbstractContextManager[None]:
        """An edit is under way within, which scoring is not to slow down."""
        ...

    def submit(
        self, record_id: str, candidates: Mapping[str, str], reply: str, asked: Asked | None = None
    ) -> None:
        """Score the candidates against the reply, and add the numbers to the record; learn from what was `asked`."""
        ...


class Foretells(Protocol):
    """Foretells whether a prediction pays, by the rule of the server that it goes to."""

    def __call__(self, provider: str, model: str, kind: str, prediction_tokens: int, /) -> bool | None:
        """Whether a prediction of that kind and length pays; None if that is not known."""
        ...


class ShownOnce(Protocol):
    """Remembers the warnings already shown to the user."""

    def first_time(self, key: str) -> bool:
        """True on the first call for `key`."""
        ...


class EditService:
    """Carries out edits, side by side if asked to; one for a process."""

    def __init__(
        self,
        *,
        provider: Completer,
        settings: Settings,
        models: Mapping[str, Model],
        served: Mapping[str, tuple[str, Model]] | None = None,
        recorder: Recorder | None,
        shown_once: ShownOnce,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        scorer: Scorer | None = None,
        learned: Callable[[], LearnedPolicy | None] = lambda: None,
        foretells: Foretells = lambda *_: None,
        draw: Callable[[], float] | None = None,
        offline: bool = False,
        files: Files | None = None,
        warm_up: Callable[[], None] = lambda: None,
        sent: Callable[[], None] = lambda: None,
    ) -> None:
        self._provider = provider
        self._settings = settings
        self._models = models
        self._model = models.get(settings.model, UNKNOWN)
        # The model of each server, and what is known about it there; the first one's is that of the settings.
        self._served = {**(served or {}), provider.name: (settings.model, self._model)}
        self._recorder = recorder
        self._shown_once = shown_once
        self._clock = clock
        self._now = now
        self._new_id = new_id
        self._scorer = scorer
        self._learned = learned
        self._foretells = foretells
        self._draw = draw
        self.offline = offline
        self._files = files
        self._warm_up = warm_up
        self._sent = sent
        self._carry_overs: OrderedDict[str, CarryOver] = OrderedDict()
        self._learning = threading.Lock()
        self._documents = RememberedDocuments()

    async def warm_up(self) -> None:
        """Get ready for the first edit: connect to the server and to the log. Sends nothing, and never raises."""
        await asyncio.to_thread(self._warm_up)

    async def edit(self, request: EditRequest, listener: Listener | None = None) -> EditResult:
        """Carry out one edit; returns a result however it ends, and raises only CancelledError."""
        return await self._carried_out(request, lambda run, limit: self._edit(run, limit, listener))

    async def retry(self, request: EditRequest, refused: Snapshot) -> EditResult:
        """Carry out an edit with the text that a reply proposed, and that was refused: no model is asked.

        `request` is the same one with another `allow`, on the same document; `refused` is that of the result. What is
        not allowed is refused again. Returns and raises as `edit`.
        """
        return await self._carried_out(
            request, lambda run, _limit: asyncio.to_thread(self._retried, run, refused)
        )

    async def _carried_out(
        self, request: EditRequest, steps: Callable[[EditRun, asyncio.Timeout], Awaitable[EditResult]]
    ) -> EditResult:
        """The result of `steps`, or of whatever ends them, and its record."""
        with self._scorer.edit_under_way() if self._scorer is not None else nullcontext():
            return await self._ended_and_recorded(request, steps)

    async def _ended_and_recorded(
        self, request: EditRequest, steps: Callable[[EditRun, asyncio.Timeout], Awaitable[EditResult]]
    ) -> EditResult:
        run = EditRun(
            request.id or self._new_id(),
            request,
            self._settings.model,
            self._model,
            self._provider.name,
            self.offline,
        )
        started, created = self._clock(), self._now()
        try:
            run.allowed_s = self._settings.deadline_s or WHOLE_S
            async with asyncio.timeout(run.allowed_s) as limit:
                result = await steps(run, limit)
        except TimeoutError:
            late = ProviderTimeout(
                f"The edit took longer than {run.allowed_s:.4g} s.",
                hint="Raise the setting deadline_s.",
                remedies=(Remedy(Means.SMALLER_SCOPE),),
            )
            result = run.failed(late, self._clock() - started)
        except EditsvcError as exc:
            result = run.failed(exc, self._clock() - started)
        except asyncio.CancelledError:
            gone = run.failed(Cancelled("The edit was cancelled."), self._clock() - started)
            await asyncio.shield(self._record(run, created, gone))
            raise
        except Exception as exc:  # noqa: BLE001 - the last catch: whatever it is ends this edit, and nothing else
            result = run.failed(Defect(exc), self._clock() - started)
        recording = asyncio.ensure_future(self._record(run, created, result))
        try:
            return await asyncio.shield(recording)
        except asyncio.CancelledError:
            await asyncio.shield(self._mark_cancelled(run, recording))
            raise

    async def _mark_cancelled(self, run: EditRun, recording: asyncio.Future[EditResult]) -> None:
        """Let the log agree with the answer to the user: an edit cancelled right after its end counts as cancelled."""
        await recording
        if self._recorder is not None:
            with suppress(LogUnavailable):
                await asyncio.to_thread(
                    self._recorder.set_outcome, run.id, Cancelled.status, Cancelled.__name__
                )

    async def _edit(self, run: EditRun, limit: asyncio.Timeout, listener: Listener | None) -> EditResult:
        check_text(run.request)
        self._mention_model(run)
        plan: Plan | None = await asyncio.to_thread(self._plan, run)
        while plan is not None:
            self._follow(run, plan, listener)
            run.plan = plan
            try:
                reply = await self._ask(run, plan, limit, listener)
            except Misfit as exc:  # known before the reply ended, and so it was not read to its end
                plan = self._undivided(run, plan, exc)
                continue
            except IncompleteReply as exc:
                plan = await asyncio.to_thread(self._shorter, run, plan, exc)
                continue
            except ContextExceeded as exc:
                plan = await asyncio.to_thread(self._within, run, plan, exc)
                continue
            ended = await asyncio.to_thread(self._conclude, run, plan, reply)
            if isinstance(ended, EditResult):
                return ended
            plan = ended
        raise AssertionError("unreachable")

    def _follow(self, run: EditRun, plan: Plan, listener: Listener | None) -> None:
        """Tell the front end what comes next."""
        if listener is None:
            return
        if run.plan is not None and not run.plan.asks_where:
            listener.restarted()
        if plan.asks_where:
            listener.locating()

    def _retried(self, run: EditRun, refused: Snapshot) -> EditResult:
        """The edit that makes the document `refused`, if the gate lets it pass now."""
        check_text(run.request)
        plan = self._unmasked_plan(run)
        run.plan = plan
        run.asked_again = True
        ended = self._examined(run, plan, plan.proposal(normalise(refused.text)))
        if isinstance(ended, EditResult):
            return ended
        raise AssertionError("a model is asked at most once more")

    def _unmasked_plan(self, run: EditRun) -> Plan:
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

    def _plan(self, run: EditRun) -> Plan:
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
            may_hold_secrets = self.offline or self._settings.on_secret is OnSecret.SEND
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
            shown_at_most=min(AROUND_AT_MOST, self._room(run).context // 2),
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
        if tokens > _FAR * self._room(run).reply:
            completion_budget(self._model, prompt_tokens=0, target_tokens=tokens, predicts=False)

    def _placed(self, run: EditRun, plan: Plan, *, was_shown: bool = False) -> Plan:
        """The plan that asks where the edit is to be made, if the file does not fit or that is cheaper.

        `was_shown` tells that a request before showed all of the file.
        """
        if plan.scope.kind is not ScopeKind.SECTIONS or plan.scope.bounded or plan.locating is not None:
            return plan
        room = self._room(run)
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
            self._room(run),
            definitions=outline.definitions if outline is not None else (),
            cursor_line=run.request.scope.cursor_line,
        )

    def _room(self, run: EditRun) -> Room:
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
        if self.offline or self._settings.on_secret is OnSecret.SEND:
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
        carry_over = self._carry_overs.get(request.batch) if request.batch else None
        return (carry_over.draft(document, language), False) if carry_over else ((), False)

    async def _ask(
        self, run: EditRun, plan: Plan, limit: asyncio.Timeout, listener: Listener | None
    ) -> Reply | None:
        """The model's reply; None for structured edits, whose text is in the run.

        Asks again without a prediction if the server refuses one, or drowns in it.
        """
        rendered = await asyncio.to_thread(plan.rendered)
        candidates = rendered.candidates
        run.predicted = {candidate.kind: candidate.text for candidate in candidates}
        decisions = self._decisions(run, plan, rendered.offered_tokens, candidates)
        if Restart.TOO_MANY_REJECTED in run.restarts:
            decisions = _without(decisions, Reason.TOO_MANY_REJECTED)
        first = self._provider.name
        priority = Priority.BATCH if run.request.batch else Priority.INTERACTIVE
        while True:
            run.decision = decisions[first]
            sends = any(decision.send for decision in decisions.values())
            candidate = candidates[0] if sends and candidates else None
            run.prediction_kind = candidate.kind if candidate and run.decision.send else None
            run.budget = completion_budget(
                msgspec.structs.replace(self._model, context_tokens=self._room(run).known_context),
                prompt_tokens=rendered.prompt_tokens,
                target_tokens=rendered.offered_tokens,
                predicts=candidate is not None,
                least_tokens=rendered.least_tokens,
                growth=plan.growth,
            )
            structured = plan.form is EditFormat.SEARCH_REPLACE
            if structured:
                from editsvc.reply import search_replace
            asked = CompletionRequest(
                model=self._settings.model,
                messages=rendered.messages,
                max_completion_tokens=run.budget,
                prediction=candidate.text if candidate else None,
                reasoning_effort=self._settings.reasoning_effort if self._model.reasoning_effort else None,
                response_format=search_replace.RESPONSE_FORMAT if structured else None,
                prompt_tokens=rendered.prompt_tokens,
                priority=priority,
                unpredicted=frozenset(name for name, decision in decisions.items() if not decision.send),
            )
            receiver = ReplyReceiver(
                run, plan, rendered.frame, priority=priority, limit=limit, listener=listener
            )
            try:
                return await self._stream(run, plan, asked, receiver, decisions)
            except PredictionUnsupported:
                if not run.decision.send:
                    raise
                decisions = {**decisions, first: decisions[first].withdrawn(Reason.SERVER_REFUSED)}
                run.restarts.append(Restart.PREDICTION_UNSUPPORTED)
            except IncompleteReply as exc:
                # Tokens that the server proposed and dropped count against the limit: without them the reply fits.
                rejected = (run.completion.usage.rejected_prediction_tokens if run.completion else None) or 0
                lost = rejected / run.budget
                if not run.decision.send or exc.finish_reason != "length" or lost < _REJECTED_SHARE:
                    raise
                decisions = _without(decisions, Reason.TOO_MANY_REJECTED)
                run.restarts.append(Restart.TOO_MANY_REJECTED)
                if listener is not None:
                    listener.restarted()

    def _decisions(
        self, run: EditRun, plan: Plan, tokens: int, candidates: Sequence[Candidate]
    ) -> dict[str, Decision]:
        """Whether a prediction goes along, for each server that may be asked."""
        if plan.form is EditFormat.SEARCH_REPLACE:
            return dict.fromkeys(self._served, Decision(send=False, reason=Reason.STRUCTURED))
        asked, learned = run.request.prediction, self._learned()
        if run.draw is None and self._draw is not None:
            run.draw = self._draw()
        size = policy.size_of(len(run.request.snapshot.text.encode("utf-8", "surrogatepass")))
        first = self._provider.name
        return {
            name: policy.decide(
                self._settings.prediction if asked is None else asked,
                capable=model.prediction,
                refused_lately=name == first and self._provider.refuses_predictions,
                ignored=self._provider.ignores_predictions(name),
                target_tokens=tokens,
                min_tokens=self._settings.prediction_min_tokens,
                learned=learned,
                cell=Cell(name, model_name, plan.target.kind, size),
                exploration=self._settings.exploration,
                draw=run.draw,
                foretold=self._foretells(
                    name, model_name, candidates[0].kind, estimate_from_length(len(candidates[0].text))
                )
                if candidates
                else None,
            )
            for name, (model_name, model) in self._served.items()
        }

    async def _stream(
        self,
        run: EditRun,
        plan: Plan,
        asked: CompletionRequest,
        receiver: ReplyReceiver,
        decisions: Mapping[str, Decision],
    ) -> Reply | None:
        await asyncio.to_thread(receiver.begin)
        try:
            async with working_ahead(plan) as meanwhile:
                receiver.meanwhile = meanwhile
                asked = replace(asked, sent=partial(self._on_its_way, meanwhile))
                done = await self._provider.complete(asked, receiver)
        finally:
            run.reply = receiver.text
        answered = done.provider or self._provider.name
        run.decision = decisions.get(answered, run.decision)
        if done.predicted:
            run.prediction_kind = next(map(PredictionKind, run.predicted), None)
        _, model = self._served.get(answered, ("", UNKNOWN))
        run.answered(done, model)
        for notice in done.notices:
            if self._shown_once.first_time(f"{notice.kind}:{answered}:{done.requested_model}"):
                run.warnings.append(notice.sentence)
        if done.finish_reason != "stop":
            raise _incomplete(done, asked.max_completion_tokens)
        return receiver.finish()

    def _on_its_way(self, meanwhile: Meanwhile | None) -> None:
        """Begin what was put off so that the request left early; called in some thread."""
        self._sent()
        if meanwhile is not None:
            meanwhile.begin()

    def _conclude(self, run: EditRun, plan: Plan, reply: Reply | None) -> EditResult | Plan:
        """From the finished reply to edits that have passed every check, or to the next plan."""
        if plan.asks_where:
            from editsvc.engine import locating

            run.restarts.append(Restart.LOCATED)
            return locating.answered(plan, run.reply, self._room(run))
        if reply is None:
            from editsvc.reply import search_replace

            try:
                proposal = self._searched(run, plan, run.reply)
            except search_replace.NotApplied:
                run.restarts.append(Restart.SEARCH)
                return plan.rewriting()
        elif reply.kind in {ReplyKind.WHOLE_FILE, ReplyKind.SECTIONS}:
            return self._with_more(run, plan, reply)
        elif reply.kind is ReplyKind.CANNOT:
            raise self._refusal(run, plan, reply.reason)
        else:
            try:
                assembly = assemble(plan.document, plan.target, reply)
            except Misfit as exc:
                return self._undivided(run, plan, exc)
            from editsvc.engine import locating

            following = locating.next_part(plan, assembly, self._room(run)) if plan.locating else None
            if following is not None:
                run.restarts.append(Restart.NEXT_PART)
                return following
            if plan.locating is not None and plan.locating.done:
                plan, reply = locating.joined(plan, assembly)
                assembly = assemble(plan.document, plan.target, reply)
                run.plan, run.asked_again = plan, True
            proposal = self._rewritten(run, plan, reply, assembly)
        return self._examined(run, plan, proposal)

    def _with_more(self, run: EditRun, plan: Plan, reply: Reply) -> Plan:
        """The plan in which more may be rewritten, as the model asked; raises ModelRefused where that cannot be."""
        room = self._room(run)
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

    def _shorter(self, run: EditRun, plan: Plan, exc: IncompleteReply) -> Plan:
        """The plan with more room for a reply that did not fit, or for less of it; raises `exc` if there is none."""
        since = run.restarts[::-1].index(Restart.NEXT_PART) if Restart.NEXT_PART in run.restarts else None
        lately = run.restarts if since is None else run.restarts[len(run.restarts) - since :]
        if exc.finish_reason != "length" or lately.count(Restart.TOO_LONG) >= _MOST_SHORTENED:
            raise exc
        shorter: Plan | None = None
        growth = _MORE_ROOM if plan.locating is None else _ALL_ROOM
        grows = (run.budget or 0) < self._room(run).reply and plan.growth < growth
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

    def _within(self, run: EditRun, plan: Plan, exc: ContextExceeded) -> Plan:
        """The plan for a server that takes less than was reckoned with; raises `exc` if there is none."""
        room = self._room(run)
        # A server that names a higher limit counts more tokens than were estimated.
        known = exc.limit if exc.limit is not None and exc.limit < room.context else None
        run.context_tokens = known if known is not None else int(room.context * _LESS)
        fixed = plan.scope.bounded or plan.scope.kind is ScopeKind.FILE
        if fixed or run.restarts.count(Restart.CONTEXT) >= _MOST_SHORTENED:
            raise exc
        run.restarts.append(Restart.CONTEXT)
        less = self._room(run)
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

    def _examined(self, run: EditRun, plan: Plan, proposal: Proposal) -> EditResult | Plan:
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

    def _undivided(self, run: EditRun, plan: Plan, misfit: Misfit) -> Plan:
        """The plan after sections that do not fit: of the whole file, or where that is too long, with a remark.

        Raises `misfit` the second time, and where the user drew the limits.
        """
        if plan.scope.bounded or Restart.MISFIT in run.restarts:
            raise misfit
        run.restarts.append(Restart.MISFIT)
        undivided = plan.undivided()
        if undivided is None or estimate_from_length(len(plan.document)) > self._room(run).reply:
            return plan.corrected_by(run.reply, misfit.sentence())
        return undivided

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
        if self.offline and not plan.target.bounded:  # a reply of the engine has no place for notes
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
            proposal = self._unmasked_plan(run).proposal(normalise(less.after.text))
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
        from editsvc.prediction.carry_over import CarryOver
        from editsvc.text import diff

        if plan.masked is not None:
            brought = "".join(edit.new_text for edit in diff.edits(plan.document, document))
            if any(placeholder in brought for placeholder in plan.masked.placeholders):
                return  # a placeholder means nothing in the next document
        with self._learning:
            known = self._carry_overs.get(batch) or CarryOver()
            self._carry_overs[batch] = known.learn(plan.document, document, plan.language)
            while len(self._carry_overs) > _BATCHES_REMEMBERED:
                self._carry_overs.popitem(last=False)

    async def record_refusal(
        self, exc: EditsvcError, *, source: Source, path: str, record_id: str | None = None
    ) -> str | None:
        """Record an edit that ended before the engine had it; returns a warning if that failed."""
        if self._recorder is None:
            return None
        record = partial(self._refusal_record, self._recorder, exc, source, path, record_id or self._new_id())
        try:
            await asyncio.to_thread(record)
        except LogUnavailable as failed:
            return failed.warning("The edit was not logged.")
        return None

    def _refusal_record(
        self, recorder: Recorder, exc: EditsvcError, source: Source, path: str, record_id: str
    ) -> None:
        from editsvc.tokenlog.record import RequestRecord

        recorder.append(
            RequestRecord(
                id=record_id,
                created_at=self._now(),
                source=source,
                status=exc.status,
                error=exc.kind,
                path=recorder.digest(path) if path else None,
                offline=self.offline,
            )
        )

    def _beside(self, filename: str, document: str) -> Beside | None:
        """The files that a run renames in step with this one; None if there is no such run."""
        return self._files.beside(filename, document) if self._files is not None else None

    def _refusal(self, run: EditRun, plan: Plan, reason: str) -> Refused:
        reason = reason.rstrip(".") or "no reason given"
        if self.offline:
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

    def _mention_model(self, run: EditRun) -> None:
        name = self._settings.model
        model = self._models.get(name)
        if model is None:
            if self._shown_once.first_time(f"unknown-model:{name}"):
                run.warnings.append(
                    f"The model {name} is not in the model table: no prediction is sent unless prediction is set to on."
                )
        elif model.deprecated and self._shown_once.first_time(f"deprecated-model:{name}"):
            run.warnings.append(f"The model {name} is deprecated: {model.deprecated}.")

    async def _record(self, run: EditRun, created: datetime, result: EditResult) -> EditResult:
        """Write the record in a thread; a log that fails is a warning and nothing more."""
        if self._recorder is None:
            return result
        try:
            await asyncio.to_thread(self._append, self._recorder, run, created, result)
        except LogUnavailable as exc:
            if self._shown_once.first_time(f"log:{exc.kind}:{run.id}"):
                return replace(result, warnings=(*result.warnings, exc.warning("The edit was not logged.")))
        except Exception as exc:  # noqa: BLE001 - as above: a record that cannot be made is no reason to lose an edit
            missing = f"The edit was not logged. {Defect(exc).sentence()}"
            return replace(result, warnings=(*result.warnings, missing))
        return result

    def _append(self, recorder: Recorder, run: EditRun, created: datetime, result: EditResult) -> None:
        path = run.request.path
        recorder.append(run.record(result, created, recorder.digest(path) if path else None))
        if self._scorer is not None and result.after is not None and run.predicted:
            self._scorer.submit(run.id, run.predicted, run.reply, run.asked(result))


def _without(decisions: Mapping[str, Decision], reason: Reason) -> dict[str, Decision]:
    """The same decisions, and nobody gets a prediction."""
    return {
        name: decision.withdrawn(reason) if decision.send else decision
        for name, decision in decisions.items()
    }


def _original(document: str, language: syntax.Language | None) -> Original:
    from editsvc.guard.original import Original

    return Original(document, language)


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


def _name_of(request: EditRequest) -> str:
    """What tells the language: the path, if the document is that file; some names mean something in one folder only."""
    whole = request.path.replace("\\", "/")
    return whole if whole.endswith(f"/{request.filename}") else request.filename


def _identity(request: EditRequest) -> str:
    """What tells that it is the same document again."""
    return request.snapshot.uri or request.path or request.filename


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


def _context_was_full(done: Completion, limit: int) -> bool:
    """Whether a reply ended well before the limit that it was given, and so before one of the server's own."""
    used = done.usage.completion_tokens
    return used is not None and used < _LIMIT_REACHED * limit


def _incomplete(done: Completion, limit: int) -> IncompleteReply:
    """The error for a reply that ended, but not with "stop"."""
    reason = done.finish_reason
    full = reason == "length" and _context_was_full(done, limit)
    hint = "Nothing was changed; try again."
    remedies: tuple[Remedy, ...] = ()
    if reason is None:
        message = "The reply ended before it was complete."
    elif full:
        used = done.usage.completion_tokens
        message = f"The context was full after {used:,} tokens of the reply; {limit:,} were asked for."
        hint, remedies = "", (Remedy(Means.SMALLER_SCOPE),)
    elif reason == "length":
        message, hint = f"The reply did not fit into {limit:,} tokens and was cut off.", ""
        remedies = (Remedy(Means.SMALLER_SCOPE),)
    elif reason == "content_filter":
        message, hint = "The server withheld the reply (content_filter).", "Rephrase the instruction."
    else:
        message = f'The server ended the reply with finish_reason "{reason}", where "stop" was expected.'
    return IncompleteReply(
        message,
        finish_reason=credible.finish_reason(reason),
        hint=hint,
        remedies=remedies,
        request_id=done.request_id,
        context_was_full=full,
    )
