"""Measures the configured server: the same kind of edit repeatedly, half of them with a prediction."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from editsvc.engine.edit import EditRequest
from editsvc.errors import Status
from editsvc.prediction.policy import PredictionMode
from editsvc.replay.sizes import FUNCTIONS
from editsvc.report.intervals import quantiles, ratio
from editsvc.scope.scopes import ScopeKind, ScopeRequest
from editsvc.text.document import Snapshot
from editsvc.tokenlog import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from editsvc.engine.edit import EditResult
    from editsvc.engine.service import EditService
    from editsvc.report.model import Quantiles, Rate

_ARMS: Final = (PredictionMode.ON, PredictionMode.OFF)
_NOTABLE: Final = 1.1  # below that, the times of single edits differ as much by themselves


@dataclass(frozen=True, slots=True)
class MeasuredArm:
    """The measured edits with, or without, a prediction; times in seconds, one sentence per failure in `failures`."""

    prediction: PredictionMode
    requests: int
    failures: tuple[str, ...]
    ttft_s: Quantiles
    total_s: Quantiles
    tokens_per_s: Quantiles
    acceptance: Rate


async def measure(
    service: EditService,
    *,
    requests: int,
    concurrency: int,
    functions: int = FUNCTIONS,
    progress: Callable[[str, int, int], None] = lambda _what, _done, _all: None,
    first: Callable[[EditResult], None] = lambda _: None,
) -> list[MeasuredArm]:
    """Make so many edits, `concurrency` at a time, alternately with and without a prediction; no file is written.

    Each is of a module with so many functions. `first` gets the result of the first one as soon as it is there.
    """
    limit = asyncio.Semaphore(concurrency)
    results: list[tuple[PredictionMode, EditResult]] = []

    async def one(number: int) -> None:
        mode = _ARMS[number % len(_ARMS)]
        async with limit:
            results.append((mode, await service.edit(request(number // len(_ARMS), mode, functions))))
        if len(results) == 1:
            first(results[0][1])
        progress(f"prediction {mode}", len(results), requests)

    await asyncio.gather(*map(one, range(requests)))
    return [_arm(mode, [result for sent, result in results if sent is mode]) for mode in _ARMS]


def request(number: int, mode: PredictionMode, functions: int = FUNCTIONS) -> EditRequest:
    """A rename in a module that no other request uses, so that prompt caches do not help; both arms get the same."""
    text = f'"""Module {number}."""\n\n\n' + "".join(
        f"def load_{number}_{function}(path, retries={function}):\n"
        f'    """Load document {function} of {number}."""\n'
        f"    for attempt in range(retries):\n"
        f"        try:\n"
        f"            return open(path).read()\n"
        f"        except OSError:\n"
        f"            print('retry', attempt, path)\n"
        f"    return None\n\n\n"
        for function in range(functions)
    )
    name = f"load_{number}_{functions // 2}"
    return EditRequest(
        Snapshot(text.rstrip("\n") + "\n"),
        f"rename {name} to {name.replace('load', 'read')}",
        "module.py",
        Source.BENCH,
        scope=ScopeRequest(ScopeKind.FILE),
        prediction=mode,
    )


def _arm(mode: PredictionMode, results: Sequence[EditResult]) -> MeasuredArm:
    done = [result for result in results if result.status is Status.CHANGED]
    usages = [result.usage for result in done]
    return MeasuredArm(
        mode,
        len(results),
        tuple(result.message for result in results if result.status is not Status.CHANGED),
        quantiles([result.timing.ttft_s for result in done if result.timing.ttft_s is not None]),
        quantiles([result.timing.total_s for result in done if result.timing.total_s is not None]),
        quantiles([result.timing.tokens_per_s for result in done if result.timing.tokens_per_s is not None]),
        ratio(
            [
                (
                    usage.accepted_prediction_tokens,
                    usage.accepted_prediction_tokens + usage.rejected_prediction_tokens,
                )
                for usage in usages
                if usage.accepted_prediction_tokens is not None
                and usage.rejected_prediction_tokens is not None
            ]
        ),
    )


def speedup(arms: Sequence[MeasuredArm]) -> float | None:
    """How many times as long an edit takes without a prediction as with one, by the medians; None if not known."""
    medians = {arm.prediction: arm.total_s.median for arm in arms}
    with_one, without = medians.get(PredictionMode.ON), medians.get(PredictionMode.OFF)
    return without / with_one if with_one and without else None


def verdict(times: float | None) -> str:
    """What predictions did to the time of an edit, as a sentence; "" if that is not known."""
    if times is None:
        return ""
    if times >= _NOTABLE:
        return f"Predictions made this {times:.1f} times faster."
    if times <= 1 / _NOTABLE:
        return f"Predictions made this {1 / times:.1f} times slower."
    return "Predictions made no difference to the time."


def to_json(arms: Sequence[MeasuredArm], *, model: str, offline: bool) -> dict[str, Any]:
    """The measurement, with ``"schema": 1``; unknown values are null."""
    return {
        "schema": 1,
        "model": model,
        "offline": offline,
        "requests": sum(arm.requests for arm in arms),
        "failed": sum(len(arm.failures) for arm in arms),
        "speedup": speedup(arms),
        "arms": [
            {
                "prediction": arm.prediction.value,
                "requests": arm.requests,
                "failures": sorted(set(arm.failures)),
                "acceptance": {
                    "value": arm.acceptance.value,
                    "low": arm.acceptance.low,
                    "high": arm.acceptance.high,
                },
                **{
                    name: {"median": value.median, "p95": value.p95, "requests": value.requests}
                    for name, value in (
                        ("ttft_s", arm.ttft_s),
                        ("total_s", arm.total_s),
                        ("tokens_per_s", arm.tokens_per_s),
                    )
                },
            }
            for arm in arms
        ],
    }
