"""Every case in every arm, through the real engine."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.engine.edit import EditRequest, Restart
from editsvc.engine.service import EditService
from editsvc.prediction.verifier import Latency
from editsvc.provider.chain import Chain
from editsvc.provider.models import table
from editsvc.provider.upstreams import RetryPolicy, Upstream, Upstreams
from editsvc.replay.arms import ARMS
from editsvc.replay.perfect_model import PerfectModel
from editsvc.settings.schema import OnSecret, Settings
from editsvc.text.document import BOM, Snapshot, normalise
from editsvc.tokenlog import Source
from editsvc.tokens import tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from editsvc.emulator.responder import Case
    from editsvc.engine.edit import EditResult
    from editsvc.provider.models import Model
    from editsvc.replay.arms import Arm
    from editsvc.replay.perfect_model import Request

_MODEL = "replay"
MODEL: Final = table()[Settings().model]
"""The default model's limits and prices."""


class _Silent:
    """Suppresses warnings that are shown once."""

    def first_time(self, _key: str) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case in one arm: `exact` if the result is the case's `after` to the byte, but for a BOM.

    `file_tokens` are those of the file, `scope` is the last one offered, `restarts` has the reasons for asking the
    model again.
    """

    case: str
    arm: str
    file_tokens: int
    exact: bool
    message: str
    scope: str
    predicted: str
    restarts: tuple[str, ...]
    requests: tuple[Request, ...]

    def billed(self, preset: str) -> int:
        """Output tokens billed, over all requests."""
        return sum(request.billed(preset) for request in self.requests)

    @property
    def asked_again(self) -> bool:
        """Whether a request was made that the way of asking does not have in any case."""
        return any(not Restart(restart).planned for restart in self.restarts)

    def cost_usd(self, preset: str, model: Model) -> float | None:
        """What all requests cost, or None if the prices are not known."""
        prompts = sum(request.prompt_tokens for request in self.requests)
        return model.cost_usd(prompts, self.billed(preset))

    def seconds(self, preset: str, latency: Latency) -> float:
        """Modelled seconds, over all requests."""
        return sum(request.seconds(preset, latency) for request in self.requests)


@dataclass(frozen=True, slots=True)
class Replay:
    """All results, the speed used to model times, and the model, whose prices count."""

    results: tuple[CaseResult, ...]
    latency: Latency
    model: Model = MODEL

    def of(self, arm: str, *, above: float = 0, up_to: float = math.inf) -> list[CaseResult]:
        """The results of one arm, of files above so many tokens, and up to so many."""
        return [
            result for result in self.results if result.arm == arm and above < result.file_tokens <= up_to
        ]

    def seconds(self, arm: str, preset: str, *, above: float = 0, up_to: float = math.inf) -> float:
        """The sum of one arm's times."""
        return sum(result.seconds(preset, self.latency) for result in self.of(arm, above=above, up_to=up_to))

    def cost_usd(self, arm: str, preset: str, *, above: float = 0, up_to: float = math.inf) -> float:
        """The sum of what one arm's requests cost, prompts included; 0 where the prices are not known."""
        return sum(
            result.cost_usd(preset, self.model) or 0.0 for result in self.of(arm, above=above, up_to=up_to)
        )

    def billed(self, arm: str, preset: str, *, above: float = 0, up_to: float = math.inf) -> int:
        """The sum of one arm's billed output tokens."""
        return sum(result.billed(preset) for result in self.of(arm, above=above, up_to=up_to))


def run(
    cases: Sequence[tuple[Case, str]],
    *,
    arms: Sequence[Arm] = ARMS,
    latency: Latency | None = None,
    model: Model = MODEL,
    locates_wrongly: float = 0.0,
    progress: Callable[[str, int, int], None] = lambda _arm, _done, _all: None,
) -> Replay:
    """Replay (case, file name) pairs in all arms; `progress` receives the arm, the number done, and the total.

    `model` says what a request may hold, and what tokens cost; `locates_wrongly` is the share of wrong first answers to
    where an edit is to be made.
    """
    done = asyncio.run(_run(cases, arms, model, locates_wrongly, progress))
    return Replay(tuple(done), latency or Latency(), model)


async def _run(
    cases: Sequence[tuple[Case, str]],
    arms: Sequence[Arm],
    row: Model,
    locates_wrongly: float,
    progress: Callable[[str, int, int], None],
) -> list[CaseResult]:
    results = []
    sizes = [tokenizer().count(normalise(case.before)) for case, _ in cases]
    total = len(cases) * len(arms)
    for arm in arms:
        model = PerfectModel([case for case, _ in cases], row.context_tokens, locates_wrongly)
        service = _service(model, arm, row)
        for (case, filename), size in zip(cases, sizes, strict=True):
            result = await service.edit(_request(arm, case, filename))
            results.append(_case_result(arm, case, size, result, model.taken()))
            progress(arm.name, len(results), total)
    return results


def _service(model: PerfectModel, arm: Arm, row: Model) -> EditService:
    ids = itertools.count(1)
    return EditService(
        provider=Chain(Upstreams([Upstream(model)], RetryPolicy(max_retries=0), clock=time.monotonic)),
        # Nothing is sent anywhere, and the model knows no placeholders.
        settings=msgspec.structs.replace(
            Settings(model=_MODEL, exploration=0.0, on_secret=OnSecret.SEND), **arm.settings
        ),
        models={_MODEL: row},
        recorder=None,
        shown_once=_Silent(),
        clock=time.monotonic,
        now=lambda: datetime.now(UTC),
        new_id=lambda: str(next(ids)),
    )


def _request(arm: Arm, case: Case, filename: str) -> EditRequest:
    return EditRequest(
        Snapshot(case.before.removeprefix(BOM)),  # as files are read
        case.instruction,
        PurePosixPath(filename).name,
        Source.BENCH,
        scope=arm.scope(case),
        prediction=arm.prediction,
    )


def _case_result(
    arm: Arm, case: Case, size: int, result: EditResult, requests: Sequence[Request]
) -> CaseResult:
    scope = result.scope
    several = result.parts_offered is not None and result.parts_offered > 1
    parts = f"{result.parts_rewritten}/{result.parts_offered}" if several else ""
    return CaseResult(
        case=case.id or case.path,
        arm=arm.name,
        file_tokens=size,
        exact=result.after is not None and result.after.text == case.after.removeprefix(BOM),
        message=result.message,
        scope=" ".join(filter(None, (scope.kind, scope.reason, parts))) if scope else "",
        predicted=result.prediction_kind or "",
        restarts=tuple(result.restarts),
        requests=tuple(requests),
    )
