"""One edit from end to end: the only place that knows the order of the steps.

Text comes in as a `Snapshot` and goes out as edits that have passed every check. Nothing here writes to a file
or to a buffer, and nothing here raises for what may happen to an edit: whatever it is, it becomes an
`EditResult` and one record in the log. Only cancellation is passed on, after its record is written.

What is needed only when a reply has ended is imported there: `editsvc.engine.rehearsal` loads it meanwhile.
"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from editsvc import __version__
from editsvc.engine.arms import draw as draw_arm
from editsvc.engine.asking import Asker
from editsvc.engine.assembly import Misfit
from editsvc.engine.concluding import Concluder
from editsvc.engine.edit import EditRequest, EditResult, Listener, check_text
from editsvc.engine.planning import Planner
from editsvc.engine.ports import Whose
from editsvc.engine.remembered import RememberedBatches
from editsvc.engine.run import EditRun
from editsvc.errors import (
    Cancelled,
    ContextExceeded,
    Defect,
    EditsvcError,
    IncompleteReply,
    Means,
    ProviderTimeout,
    Remedy,
)
from editsvc.provider.models import UNKNOWN
from editsvc.provider.patience import WHOLE_S
from editsvc.text.document import normalise
from editsvc.tokenlog.errors import LogUnavailable
from editsvc.tokenlog.values import NONE, Source

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from editsvc.engine.arms import Drawn
    from editsvc.engine.plan import Plan
    from editsvc.engine.ports import Foretells, Recorder, Scorer, ShownOnce
    from editsvc.offline.naming.links import Files
    from editsvc.prediction.policy import LearnedPolicy
    from editsvc.provider.base import Completer
    from editsvc.provider.models import Model
    from editsvc.settings.schema import Settings
    from editsvc.text.document import Snapshot


@dataclass(frozen=True, slots=True)
class Arm:
    """A named arm: the share of edits that it gets, and the service that makes them, with its settings."""

    share: float
    service: EditService
    sets_prediction: bool


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
        whose: Callable[[str], Whose] = lambda _path: Whose(),
        batches: RememberedBatches | None = None,
        arms: Mapping[str, Arm] | None = None,
        reminds: Callable[[], str] = lambda: "",
    ) -> None:
        """Make a service whose edits are drawn into `arms`, which share what this one was given but for settings."""
        model = models.get(settings.model, UNKNOWN)
        self._provider = provider
        self._settings = settings
        self._models = models
        self._model = model
        self._recorder = recorder
        self._shown_once = shown_once
        self._clock = clock
        self._now = now
        self._new_id = new_id
        self._scorer = scorer
        self.offline = offline
        self._warm_up = warm_up
        self._draw = draw
        self._whose = whose
        self._arms = arms or {}
        self.reminds = reminds
        """A sentence if the policy is old, as far as that is known by now; else empty."""
        # What an arm learned of a run, every other one knows too: else the larger ones would draft better.
        self.batches = batches = batches or RememberedBatches()
        self._planner = Planner(
            provider=provider,
            settings=settings,
            model=model,
            learned=learned,
            batches=batches,
            offline=offline,
        )
        self._asker = Asker(
            provider=provider,
            settings=settings,
            model=model,
            # The model of each server, and what is known about it there; the first one's is that of the settings.
            served={**(served or {}), provider.name: (settings.model, model)},
            planner=self._planner,
            shown_once=shown_once,
            learned=learned,
            foretells=foretells,
            draw=draw,
            sent=sent,
        )
        self._concluder = Concluder(
            settings=settings, planner=self._planner, batches=batches, files=files, offline=offline
        )

    async def warm_up(self) -> None:
        """Get ready for the first edit: connect to the server and to the log. Sends nothing, and never raises."""
        await asyncio.to_thread(self._warm_up)

    async def edit(self, request: EditRequest, listener: Listener | None = None) -> EditResult:
        """Carry out one edit; returns a result however it ends, and raises only CancelledError."""
        drawn = self._drawn(request) if self._arms else None
        arm = self._arms.get(drawn.name) if drawn is not None else None
        service = self if arm is None else arm.service
        return await service._begun(request, listener, drawn)  # noqa: SLF001 - it is of this class

    async def _begun(
        self, request: EditRequest, listener: Listener | None, drawn: Drawn | None
    ) -> EditResult:
        return await self._carried_out(request, lambda run, limit: self._edit(run, limit, listener), drawn)

    def _drawn(self, request: EditRequest) -> Drawn | None:
        """The arm that chance gives an edit; None where nobody asks chance.

        A benchmark has settings of its own; and what its user says of an edit is not for chance to change.
        """
        said = request.prediction is not None and any(arm.sets_prediction for arm in self._arms.values())
        if self._draw is None or said or request.source is Source.BENCH:
            return None
        return draw_arm({name: arm.share for name, arm in self._arms.items()}, self._draw())

    async def retry(self, request: EditRequest, refused: Snapshot) -> EditResult:
        """Carry out an edit with the text that a reply proposed, and that was refused: no model is asked.

        `request` is the same one with another `allow`, on the same document; `refused` is that of the result. What is
        not allowed is refused again. Returns and raises as `edit`.
        """
        return await self._carried_out(
            request, lambda run, _limit: asyncio.to_thread(self._retried, run, refused)
        )

    async def _carried_out(
        self,
        request: EditRequest,
        steps: Callable[[EditRun, asyncio.Timeout], Awaitable[EditResult]],
        drawn: Drawn | None = None,
    ) -> EditResult:
        """The result of `steps`, or of whatever ends them, and its record."""
        with self._scorer.edit_under_way() if self._scorer is not None else nullcontext():
            return await self._ended_and_recorded(request, steps, drawn)

    async def _ended_and_recorded(
        self,
        request: EditRequest,
        steps: Callable[[EditRun, asyncio.Timeout], Awaitable[EditResult]],
        drawn: Drawn | None,
    ) -> EditResult:
        run = EditRun(
            request.id or self._new_id(),
            request,
            self._settings.model,
            self._model,
            self._provider.name,
            self.offline,
            arm=drawn,
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
        plan: Plan | None = await asyncio.to_thread(self._planner.first, run)
        while plan is not None:
            self._follow(run, plan, listener)
            run.plan = plan
            try:
                reply = await self._asker.ask(run, plan, limit, listener)
            except Misfit as exc:  # known before the reply ended, and so it was not read to its end
                plan = self._planner.undivided(run, plan, exc)
                continue
            except IncompleteReply as exc:
                plan = await asyncio.to_thread(self._planner.shorter, run, plan, exc)
                continue
            except ContextExceeded as exc:
                plan = await asyncio.to_thread(self._planner.within, run, plan, exc)
                continue
            ended = await asyncio.to_thread(self._concluder.conclude, run, plan, reply)
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
        plan = self._planner.unmasked(run)
        run.plan = plan
        run.asked_again = True
        ended = self._concluder.examined(run, plan, plan.proposal(normalise(refused.text)))
        if isinstance(ended, EditResult):
            return ended
        raise AssertionError("a model is asked at most once more")

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

        whose = self._whose(path)
        recorder.append(
            RequestRecord(
                id=record_id,
                created_at=self._now(),
                source=source,
                status=exc.status,
                error=exc.kind,
                path=recorder.digest(path) if path else None,
                offline=self.offline,
                editsvc_version=__version__,
                prompt_version=NONE,
                named_arm=NONE,
                repository_hmac=whose.repository,
                user_hmac=whose.user,
            )
        )

    def _mention_model(self, run: EditRun) -> None:
        name = self._settings.model
        model = self._model
        if not model.known:
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
            warning = await asyncio.to_thread(self._append, self._recorder, run, created, result)
        except LogUnavailable as exc:
            if self._shown_once.first_time(f"log:{exc.kind}:{run.id}"):
                return replace(result, warnings=(*result.warnings, exc.warning("The edit was not logged.")))
        except Exception as exc:  # noqa: BLE001 - as above: a record that cannot be made is no reason to lose an edit
            missing = f"The edit was not logged. {Defect(exc).sentence()}"
            return replace(result, warnings=(*result.warnings, missing))
        if warning and self._shown_once.first_time(f"whose:{warning}"):
            return replace(result, warnings=(*result.warnings, warning))
        return result

    def _append(self, recorder: Recorder, run: EditRun, created: datetime, result: EditResult) -> str:
        """Append the record, and have the edit scored; returns a warning, empty if all is well."""
        path = run.request.path
        whose = self._whose(path)
        recorder.append(run.record(result, created, recorder.digest(path) if path else None, whose))
        if self._scorer is not None and result.after is not None and run.predicted:
            self._scorer.submit(run.id, run.predicted, run.reply, run.asked(result))
        return whose.warning
