"""The state of a running edit, and its result and log record made from that."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from editsvc import __version__
from editsvc.engine.edit import EditResult, Restart
from editsvc.errors import Status
from editsvc.guard.findings import Action, Mark
from editsvc.prediction.policy import Reason
from editsvc.provider.base import AttemptReason, Completion
from editsvc.scope.scopes import ScopeKind, whole
from editsvc.text.document import line_count
from editsvc.tokenlog.values import NONE
from editsvc.usage import Timing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from editsvc.engine.arms import Drawn
    from editsvc.engine.edit import EditRequest
    from editsvc.engine.plan import Plan
    from editsvc.engine.ports import Whose
    from editsvc.errors import EditsvcError
    from editsvc.guard.findings import Handled
    from editsvc.guard.gate import Verdict
    from editsvc.prediction.candidates import PredictionKind
    from editsvc.prediction.policy import Decision
    from editsvc.prediction.servers import Asked
    from editsvc.provider.base import Attempt
    from editsvc.provider.models import Model
    from editsvc.scope.scopes import Scope
    from editsvc.syntax import Extent
    from editsvc.text.document import Snapshot
    from editsvc.tokenlog.record import RequestRecord

_ONCE_MORE: Final = 2  # requests


@dataclass
class EditRun:
    """An edit so far; failed and cancelled ones are recorded from it too.

    `draw` is uniform in [0, 1) and made once, so that all requests of an edit belong to the same arm. `model`
    is the row of `model_name`; `context_tokens` is what its server turned out to take, if it said so.
    `allowed_s` is how many seconds it may take. `arm` is the named arm that was drawn for it, if one was.
    """

    id: str
    request: EditRequest
    model_name: str
    model: Model
    provider: str
    offline: bool
    plan: Plan | None = None
    decision: Decision | None = None
    draw: float | None = None
    prediction_kind: PredictionKind | None = None
    completion: Completion | None = None
    budget: int | None = None
    rewritten: tuple[int, ...] | None = None
    syntax_check: Extent | None = None
    restarts: list[Restart] = field(default_factory=list)
    asked_again: bool = False
    context_tokens: int | None = None
    allowed_s: float = 0.0
    refused: Snapshot | None = None
    findings: list[Handled] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    reply: str = ""
    predicted: dict[str, str] = field(default_factory=dict)
    arm: Drawn | None = None

    def result(self, status: Status) -> EditResult:
        """The result of an edit that ended with `status`, as far as it does not depend on why."""
        done = self.completion or Completion(finish_reason=None)
        offered = self.plan.target if self.plan else None
        return EditResult(
            id=self.id,
            status=status,
            before=self.request.snapshot,
            scope=self._scope(),
            parts_offered=len(offered.sections) if offered else None,
            provider=self.provider if self.attempts else None,
            model=self.model_name,
            request_id=done.request_id,
            finish_reason=done.finish_reason,
            decision=self.decision,
            prediction_kind=self.prediction_kind,
            usage=done.usage,
            server=done.server,
            timing=Timing(ttft_s=done.ttft_s, total_s=done.total_s, tokens_per_s=_rate(done)),
            cost_usd=self.model.cost_usd(done.usage.prompt_tokens, done.usage.completion_tokens)
            if done.usage_is_whole
            else None,
            restarts=tuple(self.restarts),
            findings=tuple(self.findings),
            refused=self.refused if status is Status.REFUSED else None,
            parts_rewritten=None if self.rewritten is None else max(1, len(self.rewritten)),
            edit_format=self.plan.form if self.plan else None,
            syntax_check=self.syntax_check,
            offline=self.offline,
            arm=self.arm,
            attempts=tuple(self.attempts),
            warnings=tuple(self.warnings),
        )

    def _scope(self) -> Scope | None:
        """The rewritten scope, if known; else the offered one."""
        if self.plan is None or self.rewritten is None:
            return self.plan.target if self.plan else None
        target = self.plan.target
        if not self.rewritten and target.kind is not ScopeKind.FILE:
            return whole(self.plan.document, target.reason)
        return target.narrowed(self.rewritten)

    def answered(self, done: Completion, model: Model) -> None:
        """Record the end of a request; `model` is the row of the model that answered."""
        self.completion = done.after(self.completion)
        self.provider = done.provider or self.provider
        self.model_name, self.model = done.requested_model or self.model_name, model
        if done.fallback_reason:
            self.warnings.append(f"{self.provider} answered instead: {done.fallback_reason}")
        if done.odd:
            self._warn_once(
                f"{self.provider} reported impossible numbers ({', '.join(done.odd)}); they count as not reported."
            )
        if done.predicted is False and self.decision is not None and self.decision.send:
            # Another model answered, and nothing was drawn for that one.
            self.decision = replace(self.decision.withdrawn(Reason.MODEL_CANNOT), propensity=1.0)
            self.prediction_kind = None

    def examined(self, verdict: Verdict) -> None:
        """Record what the gate found; a warning that was given before is not given again."""
        self.findings += verdict.handled
        self.syntax_check = verdict.extent
        for found in verdict.handled:
            if found.action in {Action.WARNED, Action.RESTORED}:
                self._warn_once(found.message)

    def _warn_once(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def asked(self, result: EditResult) -> Asked | None:
        """What the server was asked and what it reported; None if the reply took more than one request.

        A reply that had no room beside what was rejected came at the second one, without a prediction.
        """
        done = self.completion
        if done is None or self.offline:
            return None
        if self.restarts == [Restart.TOO_MANY_REJECTED] and len(self.attempts) == _ONCE_MORE:
            from editsvc.prediction.servers import Asked

            kind, first = next(iter(self.predicted), None), self.attempts[0]
            return Asked(self.provider, self.model_name, None, None, None, lost=kind, lost_s=first.total_s)
        if self.restarts or len(self.attempts) != 1:
            return None
        usage = result.usage
        write_s = result.server.completion_time_s
        if write_s is None and done.total_s is not None and done.ttft_s is not None:
            write_s = done.total_s - done.ttft_s
        from editsvc.prediction.servers import Asked

        return Asked(
            self.provider,
            self.model_name,
            self.prediction_kind,
            usage.accepted_prediction_tokens,
            usage.rejected_prediction_tokens,
            usage.completion_tokens,
            usage.reasoning_tokens,
            write_s,
        )

    def _route(self) -> list[dict[str, Any]] | None:
        """The attempts for the log; None where the first server answered the first request, and told of no drafts."""
        drafted = any(attempt.drafted_tokens is not None for attempt in self.attempts)
        first = [attempt.reason for attempt in self.attempts] == [AttemptReason.FIRST]
        if first and not drafted and self.completion is not None:
            return None
        return [attempt.json() for attempt in self.attempts] or None

    def failed(self, exc: EditsvcError, elapsed_s: float) -> EditResult:
        """The result of an edit that `exc` ended."""
        outline = self.result(exc.status)
        return replace(
            outline,
            message=exc.sentence(),
            remedies=exc.remedies,
            error=exc.kind,
            exit_code=exc.exit_code,
            timing=outline.timing if self.completion else Timing(total_s=elapsed_s),
            request_id=getattr(exc, "request_id", None) or outline.request_id,
            finish_reason=getattr(exc, "finish_reason", None) or outline.finish_reason,
        )

    def record(self, result: EditResult, created: datetime, path: str | None, whose: Whose) -> RequestRecord:
        """The record of an edit that ended as `result` says; `path` is already hashed."""
        from editsvc.instruction.kind import classify
        from editsvc.prompt.version import prompt_version
        from editsvc.tokenlog.record import (
            LoggedDocument,
            LoggedParts,
            LoggedPrediction,
            LoggedScope,
            RequestRecord,
        )

        request, plan, done = self.request, self.plan, self.completion
        decision, scope = result.decision, result.scope
        text = request.snapshot.text
        return RequestRecord(
            id=self.id,
            created_at=created,
            source=request.source,
            status=result.status,
            language=plan.language.name if plan and plan.language else None,
            provider=result.provider,
            model=result.model,
            path=path,
            error=result.error,
            scope=LoggedScope(
                kind=scope.kind, start_line=scope.first_line, end_line=scope.last_line, reason=scope.reason
            )
            if scope
            else LoggedScope(),
            parts=LoggedParts(offered=result.parts_offered, rewritten=result.parts_rewritten),
            document=LoggedDocument(lines=line_count(text), bytes=len(text.encode("utf-8", "surrogatepass"))),
            prediction=LoggedPrediction(
                sent=decision.send if decision else False,
                drawn=decision.arm if decision else None,
                kind=result.prediction_kind,
                reason=decision.reason if decision else None,
            ),
            propensity=decision.propensity if decision else None,
            policy_version=decision.policy_version if decision else None,
            request_id=result.request_id,
            finish_reason=result.finish_reason,
            attempts=len(self.attempts),
            usage=result.usage,
            max_completion_tokens=self.budget,
            timing=result.timing,
            server=result.server,
            cost_usd=result.cost_usd,
            rejected_cost_usd=self.model.output_cost_usd(result.usage.rejected_prediction_tokens),
            rate_limit=dict(done.rate_limit) or None if done else None,
            hunks=len(result.edits) if result.after else None,
            offline=self.offline,
            instruction_class=classify(request.instruction),
            edit_format=result.edit_format,
            restarts=[*result.restarts] or None,
            findings=_counted(result.findings),
            hunks_harmless=_marked(result, Mark.HARMLESS),
            hunks_unexplained=_marked(result, Mark.UNEXPLAINED),
            route=self._route(),
            syntax_check=result.syntax_check,
            editsvc_version=__version__,
            # A prompt is made before its budget.
            prompt_version=NONE if self.budget is None else prompt_version(),
            repository_hmac=whose.repository,
            user_hmac=whose.user,
            named_arm=NONE if self.arm is None else self.arm.name,
            named_arm_propensity=None if self.arm is None else self.arm.propensity,
        )


def _counted(findings: Sequence[Handled]) -> dict[str, int] | None:
    """How often each kind of finding was dealt with in each way, under names such as ``loss:refused``."""
    return dict(sorted(Counter(f"{found.kind}:{found.action}" for found in findings).items())) or None


def _marked(result: EditResult, mark: Mark) -> int | None:
    """How many hunks have `mark`; None where it is not known of all of them whether they were asked for."""
    if not result.marks or Mark.UNKNOWN in result.marks:
        return None
    return result.marks.count(mark)


def _rate(done: Completion) -> float | None:
    """Tokens received per second, waiting included, without rejected and reasoning tokens.

    Not from the first token on: with a prediction, most of a reply may come in one piece.
    """
    usage = done.usage
    if usage.completion_tokens is None or not done.total_s:
        return None
    from editsvc import credible

    received = (
        usage.completion_tokens - (usage.rejected_prediction_tokens or 0) - (usage.reasoning_tokens or 0)
    )
    return credible.speed(received / done.total_s)
