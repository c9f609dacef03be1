"""One edit from end to end: the only place that knows the order of the steps.

Text comes in as a `Snapshot` and goes out as edits that have passed every check. Nothing here writes to a file
or to a buffer, and nothing here raises for what may happen to an edit: whatever it is, it becomes an
`EditResult` and one record in the log. Only cancellation is passed on, after its record is written.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from editsvc import diff, guard, policy, prediction, prompt, syntax
from editsvc import scope as scopes
from editsvc.edit import EditRequest, EditResult, Listener, StreamUpdate, Timing
from editsvc.errors import (
    Cancelled,
    EditsvcError,
    IncompleteReply,
    ModelRefused,
    PredictionUnsupported,
    ProviderTimeout,
    Status,
)
from editsvc.models import UNKNOWN
from editsvc.policy import Decision, Reason
from editsvc.provider.base import Completion, CompletionRequest
from editsvc.reply import ReplyKind, ReplyParser
from editsvc.streaming_diff import StreamingDiff
from editsvc.text import apply, normalise, split_lines
from editsvc.tokenlog import LogUnavailable, RequestRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from editsvc.config import Settings
    from editsvc.models import Model
    from editsvc.prediction import PredictionKind
    from editsvc.provider.base import Provider
    from editsvc.reply import Reply
    from editsvc.scope import Scope
    from editsvc.tokenlog import Source

# How long a server's word that it supports no predictions for a model is believed.
_REFUSAL_REMEMBERED_S: Final = 600.0
# If so much of the limit went to rejected tokens, it is worth asking again without a prediction.
_REJECTED_SHARE: Final = 0.1
_ABOUT_FINAL_NEWLINE: Final = re.compile(
    r"\b(?:final|trailing|last|missing) (?:new ?line|line (?:end|break|feed))|new ?line at (?:the )?end|\beof\b",
    re.IGNORECASE,
)


__all__ = [
    "EditRequest",
    "EditResult",
    "EditService",
    "Listener",
    "Notices",
    "Recorder",
    "StreamUpdate",
    "Timing",
]


class Recorder(Protocol):
    """Where records go; `append` may block, and raises LogUnavailable."""

    def append(self, record: RequestRecord) -> None:
        """Store one record."""
        ...

    def digest(self, path: str) -> str:
        """The keyed hash of a path."""
        ...


class Notices(Protocol):
    """Remembers what the user was told already."""

    def first_time(self, key: str) -> bool:
        """True the first time that it is asked about `key`."""
        ...


@dataclass
class _Trace:
    """What is known about an edit so far; failed and cancelled ones are recorded from it too."""

    id: str
    request: EditRequest
    language: str | None = None
    scope: Scope | None = None
    decision: Decision | None = None
    prediction_kind: PredictionKind | None = None
    completion: Completion | None = None
    budget: int | None = None
    requests: int = 0
    escalated: bool = False
    warnings: list[str] = field(default_factory=list)


class EditService:
    """Carries out edits, side by side if asked to; one for a process."""

    def __init__(
        self,
        *,
        provider: Provider,
        settings: Settings,
        models: Mapping[str, Model],
        recorder: Recorder | None,
        notices: Notices,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        offline: bool = False,
    ) -> None:
        self._provider = provider
        self._settings = settings
        self._models = models
        self._recorder = recorder
        self._notices = notices
        self._clock = clock
        self._now = now
        self._new_id = new_id
        self.offline = offline
        self._refused_until: dict[str, float] = {}

    async def edit(self, request: EditRequest, listener: Listener | None = None) -> EditResult:
        """Carry out one edit; returns however it ends, and raises nothing but CancelledError."""
        trace = _Trace(request.id or self._new_id(), request)
        started, created = self._clock(), self._now()
        try:
            async with asyncio.timeout(self._settings.deadline_s):
                result = await self._edit(trace, listener)
        except TimeoutError:
            late = ProviderTimeout(
                f"The edit took longer than {self._settings.deadline_s:g} s.",
                hint="Choose a smaller scope, or raise deadline_s.",
            )
            result = self._failed(trace, late, self._clock() - started)
        except EditsvcError as exc:
            result = self._failed(trace, exc, self._clock() - started)
        except asyncio.CancelledError:
            gone = Cancelled("The edit was cancelled.")
            await asyncio.shield(
                self._record(trace, created, self._failed(trace, gone, self._clock() - started))
            )
            raise
        return await self._record(trace, created, result)

    async def _edit(self, trace: _Trace, listener: Listener | None) -> EditResult:
        request = trace.request
        document = normalise(request.snapshot.text)
        language = syntax.language_of(request.filename, document.partition("\n")[0])
        trace.language = language.name if language else None
        self._mention_model(trace)
        scope = scopes.resolve(request.scope, document, language)
        while True:
            trace.scope = scope
            target = document[scope.start : scope.end]
            reply = await self._reply(trace, document, target, language, listener)
            if reply.kind is not ReplyKind.WHOLE_FILE or target == document:
                break
            trace.escalated = True
            scope = scopes.whole(document)
            if listener is not None:
                listener.restarted()
        if reply.kind is not ReplyKind.CODE:
            raise self._refusal(reply)
        return await asyncio.to_thread(self._conclude, trace, document, target, reply, language)

    async def _reply(
        self,
        trace: _Trace,
        document: str,
        target: str,
        language: syntax.Language | None,
        listener: Listener | None,
    ) -> Reply:
        """Ask the model, with a prediction if the policy says so, and without if the server then refuses it."""
        scope = trace.scope or scopes.whole(document)
        task = prompt.Task(
            document=document,
            target=target,
            instruction=trace.request.instruction,
            filename=trace.request.filename.replace("\n", " "),
            info=language.name if language else "",
            first_line=scope.first_line,
            last_line=scope.last_line,
        )
        messages, frame = prompt.render(task)
        name = self._settings.model
        model = self._models.get(name, UNKNOWN)
        tokens = prediction.estimated_tokens(target)
        prompt_tokens = prediction.estimated_tokens("".join(message.content for message in messages))
        decision = policy.decide(
            self._settings.prediction if trace.request.prediction is None else trace.request.prediction,
            capable=model.prediction,
            refused_lately=self._refused_until.get(name, 0.0) > self._clock(),
            target_tokens=tokens,
            min_tokens=self._settings.prediction_min_tokens,
        )
        while True:
            trace.decision = decision
            candidate = (
                prediction.candidate(frame, target, whole_file=target == document) if decision.send else None
            )
            trace.prediction_kind = candidate.kind if candidate else None
            trace.budget = prediction.completion_budget(
                model, prompt_tokens=prompt_tokens, target_tokens=tokens, predicts=candidate is not None
            )
            asked = CompletionRequest(
                model=name,
                messages=messages,
                max_completion_tokens=trace.budget,
                prediction=candidate.text if candidate else None,
                reasoning_effort=self._settings.reasoning_effort if model.reasoning_effort else None,
            )
            try:
                return await self._stream(trace, asked, self._parser(trace, frame, target), target, listener)
            except PredictionUnsupported:
                if not decision.send:
                    raise
                self._refused_until[name] = self._clock() + _REFUSAL_REMEMBERED_S
                decision = replace(decision, send=False, reason=Reason.SERVER_REFUSED)
            except IncompleteReply as exc:
                # Tokens that the server proposed and dropped count against the limit: without them the reply fits.
                rejected = (
                    trace.completion.usage.rejected_prediction_tokens if trace.completion else None
                ) or 0
                lost = rejected / trace.budget
                if not decision.send or exc.finish_reason != "length" or lost < _REJECTED_SHARE:
                    raise
                decision = replace(decision, send=False, reason=Reason.TOO_MANY_REJECTED)
                if listener is not None:
                    listener.restarted()

    @staticmethod
    def _parser(trace: _Trace, frame: prompt.Frame, target: str) -> ReplyParser:
        meant = bool(_ABOUT_FINAL_NEWLINE.search(trace.request.instruction))
        return ReplyParser(frame, target, final_newline_meant=meant)

    async def _stream(
        self,
        trace: _Trace,
        asked: CompletionRequest,
        parser: ReplyParser,
        target: str,
        listener: Listener | None,
    ) -> Reply:
        old_lines = split_lines(target)
        new_lines: list[str] = []
        streaming = StreamingDiff(old_lines) if listener is not None else None

        def on_delta(delta: str) -> None:
            lines = parser.push(delta)
            if listener is None or streaming is None or trace.scope is None or not lines:
                return
            new_lines.extend(lines)
            blocks = streaming.push(lines)
            listener.streamed(
                StreamUpdate(blocks, streaming.reached, len(old_lines), old_lines, new_lines, trace.scope)
            )

        trace.requests += 1
        done = await self._provider.complete(asked, on_delta)
        trace.completion = done.after(trace.completion)
        if done.finish_reason != "stop":
            raise _incomplete(done, asked.max_completion_tokens)
        return parser.finish()

    def _conclude(
        self, trace: _Trace, document: str, target: str, reply: Reply, language: syntax.Language | None
    ) -> EditResult:
        """From the finished reply to edits that have passed every check."""
        request, scope = trace.request, trace.scope or scopes.whole(document)
        allow = self._settings.allow if request.allow is None else request.allow
        guard.check_reply(target, reply, instruction=request.instruction, language=language, allow=allow)
        new_document = document[: scope.start] + reply.code + document[scope.end :]
        edits = diff.edits(request.snapshot.text, new_document)
        after = replace(request.snapshot, text=apply(request.snapshot.text, edits))
        guard.prove(request.snapshot, after, edits)
        status = Status.CHANGED if edits else Status.UNCHANGED
        return replace(self._outline(trace), status=status, after=after, edits=tuple(edits))

    async def note_refusal(self, exc: EditsvcError, *, source: Source, path: str) -> str | None:
        """Record an edit that ended before there was a document; returns a warning if that failed."""
        if self._recorder is None:
            return None
        record = partial(self._refusal_record, self._recorder, exc, source, path)
        try:
            await asyncio.to_thread(record)
        except LogUnavailable as failed:
            return f"The edit was not logged. {failed.sentence()}"
        return None

    def _refusal_record(self, recorder: Recorder, exc: EditsvcError, source: Source, path: str) -> None:
        recorder.append(
            RequestRecord(
                id=self._new_id(),
                created_at=self._now(),
                source=source,
                status=exc.status,
                error=exc.kind,
                path=recorder.digest(path) if path else None,
                offline=self.offline,
            )
        )

    def _refusal(self, reply: Reply) -> ModelRefused:
        reason = reply.reason.rstrip(".") or "no reason given"
        if self.offline:  # the engine speaks for itself, and in sentences
            return ModelRefused(f"{reason}.")
        return ModelRefused(f"The model cannot do this: {reason}.", hint="Say the instruction differently.")

    def _failed(self, trace: _Trace, exc: EditsvcError, elapsed_s: float) -> EditResult:
        outline = self._outline(trace)
        timing = outline.timing if trace.completion else Timing(total_s=elapsed_s)
        request_id = getattr(exc, "request_id", None) or outline.request_id
        finish_reason = getattr(exc, "finish_reason", None) or outline.finish_reason
        return replace(
            outline,
            status=exc.status,
            message=exc.sentence(),
            error=exc.kind,
            exit_code=exc.exit_code,
            timing=timing,
            request_id=request_id,
            finish_reason=finish_reason,
        )

    def _outline(self, trace: _Trace) -> EditResult:
        """All of a result that does not depend on how the edit ended."""
        name = self._settings.model
        done = trace.completion or Completion(finish_reason=None)
        return EditResult(
            id=trace.id,
            status=Status.FAILED,
            before=trace.request.snapshot,
            scope=trace.scope,
            provider=self._provider.name if trace.requests else None,
            model=name,
            request_id=done.request_id,
            finish_reason=done.finish_reason,
            decision=trace.decision,
            prediction_kind=trace.prediction_kind,
            usage=done.usage,
            server=done.server,
            timing=Timing(done.ttft_s, done.total_s, _rate(done)),
            cost_usd=self._models.get(name, UNKNOWN).cost_usd(
                done.usage.prompt_tokens, done.usage.completion_tokens
            ),
            escalated=trace.escalated,
            offline=self.offline,
            warnings=tuple(trace.warnings),
        )

    def _mention_model(self, trace: _Trace) -> None:
        name = self._settings.model
        model = self._models.get(name)
        if model is None:
            if self._notices.first_time(f"unknown-model:{name}"):
                trace.warnings.append(
                    f"Nothing is known about the model {name}: no prediction is sent unless --prediction on says so."
                )
        elif model.deprecated and self._notices.first_time(f"deprecated-model:{name}"):
            trace.warnings.append(f"The model {name} is deprecated: {model.deprecated}.")

    async def _record(self, trace: _Trace, created: datetime, result: EditResult) -> EditResult:
        """Write the record in a thread; a log that fails is a warning and nothing more."""
        if self._recorder is None:
            return result
        try:
            await asyncio.to_thread(self._append, self._recorder, trace, created, result)
        except LogUnavailable as exc:
            if self._notices.first_time(f"log:{exc.kind}:{trace.id}"):
                return replace(
                    result, warnings=(*result.warnings, f"The edit was not logged. {exc.sentence()}")
                )
        return result

    def _append(self, recorder: Recorder, trace: _Trace, created: datetime, result: EditResult) -> None:
        request, usage, server = trace.request, result.usage, result.server
        done = trace.completion
        data = request.snapshot.text
        recorder.append(
            RequestRecord(
                id=trace.id,
                created_at=created,
                source=request.source,
                status=result.status,
                language=trace.language,
                provider=result.provider,
                model=result.model,
                path=recorder.digest(request.path) if request.path else None,
                error=result.error,
                scope_kind=result.scope.kind if result.scope else None,
                scope_start_line=result.scope.first_line if result.scope else None,
                scope_end_line=result.scope.last_line if result.scope else None,
                document_lines=len(split_lines(data)),
                document_bytes=len(data.encode("utf-8", "surrogatepass")),
                prediction_sent=result.decision.send if result.decision else False,
                prediction_kind=result.prediction_kind,
                prediction_reason=result.decision.reason if result.decision else None,
                propensity=result.decision.propensity if result.decision else None,
                policy_version=result.decision.policy_version if result.decision else None,
                request_id=result.request_id,
                finish_reason=result.finish_reason,
                attempts=max(trace.requests, done.attempts if done else 0),
                prompt_tokens=usage.prompt_tokens,
                cached_tokens=usage.cached_tokens,
                completion_tokens=usage.completion_tokens,
                reasoning_tokens=usage.reasoning_tokens,
                accepted_prediction_tokens=usage.accepted_prediction_tokens,
                rejected_prediction_tokens=usage.rejected_prediction_tokens,
                max_completion_tokens=trace.budget,
                ttft_s=result.timing.ttft_s,
                total_s=result.timing.total_s,
                tokens_per_s=result.timing.tokens_per_s,
                queue_time_s=server.queue_s,
                prompt_time_s=server.prompt_s,
                completion_time_s=server.completion_s,
                cost_usd=result.cost_usd,
                rejected_cost_usd=self._models.get(self._settings.model, UNKNOWN).output_cost_usd(
                    usage.rejected_prediction_tokens
                ),
                rate_limit=dict(done.rate_limit) or None if done else None,
                hunks=len(result.edits) if result.after else None,
                offline=self.offline,
            )
        )


def _incomplete(done: Completion, limit: int) -> IncompleteReply:
    """The error for a reply that ended, but not with "stop"."""
    reason = done.finish_reason
    hint = "Nothing was changed; try again."
    if reason is None:
        message = "The reply ended before it was complete."
    elif reason == "length":
        message, hint = (
            f"The reply did not fit into {limit:,} tokens and was cut off.",
            "Choose a smaller scope.",
        )
    elif reason == "content_filter":
        message, hint = "The server withheld the reply (content_filter).", "Say the instruction differently."
    else:
        message = f'The server ended the reply with finish_reason "{reason}", where "stop" was expected.'
    return IncompleteReply(message, finish_reason=reason, hint=hint, request_id=done.request_id)


def _rate(done: Completion) -> float | None:
    """Tokens received a second, waiting included; what was rejected or reasoned was not received.

    Not from the first token on: with a prediction, most of a reply may come in one piece.
    """
    usage = done.usage
    if usage.completion_tokens is None or not done.total_s:
        return None
    received = (
        usage.completion_tokens - (usage.rejected_prediction_tokens or 0) - (usage.reasoning_tokens or 0)
    )
    return received / done.total_s if received > 0 else None
