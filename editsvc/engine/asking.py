"""One plan put to a model: with or without a prediction, and again without one where that is what failed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc import credible
from editsvc.engine.edit import Listener, Restart
from editsvc.engine.meanwhile import working_ahead
from editsvc.engine.receiving import ReplyReceiver
from editsvc.errors import IncompleteReply, Means, PredictionUnsupported, Remedy
from editsvc.prediction import policy
from editsvc.prediction.candidates import PredictionKind, completion_budget
from editsvc.prediction.policy import Cell, Decision, Reason
from editsvc.prompt.rendering import EditFormat
from editsvc.provider.base import Completion, CompletionRequest, Priority
from editsvc.provider.models import UNKNOWN
from editsvc.tokens import estimate_from_length

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from editsvc.engine.meanwhile import Meanwhile
    from editsvc.engine.plan import Plan
    from editsvc.engine.planning import Planner
    from editsvc.engine.ports import Foretells, ShownOnce
    from editsvc.engine.run import EditRun
    from editsvc.prediction.candidates import Candidate
    from editsvc.prediction.policy import LearnedPolicy
    from editsvc.provider.base import Completer
    from editsvc.provider.models import Model
    from editsvc.reply import Reply
    from editsvc.settings.schema import Settings

# Servers count the last tokens in ways of their own.
_LIMIT_REACHED: Final = 0.9
# If so much of the limit went to rejected tokens, it is worth asking again without a prediction.
_REJECTED_SHARE: Final = 0.1


class Asker:
    """Asks models for edits; one for a service."""

    def __init__(
        self,
        *,
        provider: Completer,
        settings: Settings,
        model: Model,
        served: Mapping[str, tuple[str, Model]],
        planner: Planner,
        shown_once: ShownOnce,
        learned: Callable[[], LearnedPolicy | None],
        foretells: Foretells,
        draw: Callable[[], float] | None,
        sent: Callable[[], None],
    ) -> None:
        self._provider = provider
        self._settings = settings
        self._model = model
        self._served = served
        self._planner = planner
        self._shown_once = shown_once
        self._learned = learned
        self._foretells = foretells
        self._draw = draw
        self._sent = sent

    async def ask(
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
                msgspec.structs.replace(self._model, context_tokens=self._planner.room(run).known_context),
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
        if done.finish_reason == "length":
            await asyncio.to_thread(receiver.cut_off)
        if done.finish_reason != "stop":
            raise _incomplete(done, asked.max_completion_tokens)
        return receiver.finish()

    def _on_its_way(self, meanwhile: Meanwhile | None) -> None:
        """Begin what was put off so that the request left early; called in some thread."""
        self._sent()
        if meanwhile is not None:
            meanwhile.begin()


def _without(decisions: Mapping[str, Decision], reason: Reason) -> dict[str, Decision]:
    """The same decisions, and nobody gets a prediction."""
    return {
        name: decision.withdrawn(reason) if decision.send else decision
        for name, decision in decisions.items()
    }


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
