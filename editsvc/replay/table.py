"""A replay as tables, and as JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

from editsvc.figures import percent
from editsvc.prediction.policy import PredictionMode
from editsvc.prediction.verifier import PRESETS
from editsvc.replay.arms import ARMS, KNOWING_THE_PLACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.replay.run import CaseResult, Replay

AUTO: Final = "auto"
FILE: Final = "file"
DIVIDED_ABOVE: Final = 1_000
SIZES: Final = ((0, 1_000), (1_000, 6_000), (6_000, 24_000), (24_000, 65_000), (65_000, math.inf))
"""The classes of files by their tokens: above the first, up to the second."""
_NAME: Final = 40
_PREDICTED: Final = frozenset(arm.name for arm in ARMS if arm.prediction is not PredictionMode.OFF)


def arms_of(replay: Replay) -> list[str]:
    """The arms that were replayed, in their order."""
    found = {result.arm for result in replay.results}
    return [arm.name for arm in ARMS if arm.name in found]


def cases_table(replay: Replay, preset: str) -> Table:
    """Billed output tokens and modelled seconds of every case in every predicted arm, and the choice of auto."""
    arms = [name for name in arms_of(replay) if not name.endswith("not predicted")]
    table = Table(title=f"Billed output tokens and modelled seconds, verifier {preset}", title_justify="left")
    table.add_column("case", overflow="fold")
    table.add_column("tokens", justify="right")
    for arm in arms:
        table.add_column(arm, justify="right")
    table.add_column("auto chose", overflow="fold")
    by = {(result.case, result.arm): result for result in replay.results}
    for case in dict.fromkeys(result.case for result in replay.results):
        row = [by[case, arm] for arm in arms]
        cells = [f"{result.billed(preset):,} {result.seconds(preset, replay.latency):.2f}s" for result in row]
        marked = [cell if result.exact else f"{cell} ✗" for cell, result in zip(cells, row, strict=True)]
        table.add_row(case[-_NAME:], f"{row[0].file_tokens:,}", *marked, _choice(by.get((case, AUTO))))
    return table


def _choice(one: CaseResult | None) -> str:
    if one is None:
        return ""
    asked = f", asked again ({', '.join(one.restarts)})" if one.restarts else ""
    return f"{one.scope}, predicted {one.predicted or 'nothing'}{asked}"


def sums_table(replay: Replay) -> Table:
    """The sums of every arm: exact results, and billed tokens and seconds per verifier."""
    table = Table(title="All cases", title_justify="left")
    table.add_column("arm")
    table.add_column("exact", justify="right")
    table.add_column("asked again", justify="right")
    for preset in PRESETS:
        table.add_column(preset, justify="right")
    for arm in arms_of(replay):
        results = replay.of(arm)
        table.add_row(
            arm,
            f"{sum(result.exact for result in results)}/{len(results)}",
            str(sum(result.asked_again for result in results)),
            *(f"{replay.billed(arm, preset):,} {replay.seconds(arm, preset):.2f}s" for preset in PRESETS),
        )
    return table


def sizes_table(replay: Replay, preset: str) -> Table:
    """For each arm and size of file: how many results are exact, the output tokens billed, the time, and the cost."""
    table = Table(
        title=f"By the size of files in tokens: exact, billed output, seconds, $ with prompts; verifier {preset}",
        title_justify="left",
    )
    table.add_column("arm")
    sizes = [(above, up_to) for above, up_to in SIZES if replay.of(AUTO, above=above, up_to=up_to)]
    for above, up_to in sizes:
        table.add_column(
            f"above {above:,}" if math.isinf(up_to) else f"{above:,} to {up_to:,}", justify="right"
        )
    for arm in arms_of(replay):
        cells = []
        for above, up_to in sizes:
            results = replay.of(arm, above=above, up_to=up_to)
            cells.append(
                f"{sum(result.exact for result in results)}/{len(results)} "
                f"{replay.billed(arm, preset, above=above, up_to=up_to):,} "
                f"{replay.seconds(arm, preset, above=above, up_to=up_to):.1f}s "
                f"${replay.cost_usd(arm, preset, above=above, up_to=up_to):.2f}"
            )
        table.add_row(arm, *cells)
    return table


def sizes_verdicts(replay: Replay, preset: str) -> list[str]:
    """For each size of file, auto beside the best of the arms that get as many cases right and know as little."""
    lines = []
    for above, up_to in SIZES:
        within: dict[str, float] = {"above": above, "up_to": up_to}
        exact = {arm: sum(one.exact for one in replay.of(arm, **within)) for arm in arms_of(replay)}
        fair = [arm for arm in exact if arm not in KNOWING_THE_PLACE and exact[arm] >= exact.get(AUTO, 0)]
        if AUTO not in fair or not replay.of(AUTO, **within):
            continue
        fastest = min(fair, key=lambda arm: replay.seconds(arm, preset, **within))
        predicted = [arm for arm in fair if arm in _PREDICTED]
        leanest = min(predicted, key=lambda arm: replay.billed(arm, preset, **within))
        time = replay.seconds(AUTO, preset, **within) / replay.seconds(fastest, preset, **within) - 1
        billed = replay.billed(AUTO, preset, **within) / replay.billed(leanest, preset, **within) - 1
        size = f"above {above:,}" if math.isinf(up_to) else f"{above:,} to {up_to:,}"
        lines.append(
            f"{preset}, {size} tokens: auto is exact in {exact[AUTO]} of {len(replay.of(AUTO, **within))}, takes "
            f"{100 * time:+.1f} % of the fastest arm's time ({fastest}), and bills {100 * billed:+.1f} % of the output "
            f"tokens of the leanest that predicts ({leanest})."
        )
    return lines


def verdicts(replay: Replay) -> list[str]:
    """A comparison of auto: its time with that of the best arm, its billed tokens with those of whole files."""
    arms = arms_of(replay)
    if AUTO not in arms or FILE not in arms:
        return []
    lines = []
    for preset in PRESETS:
        most = sum(result.exact for result in replay.of(AUTO))
        fair = [arm for arm in arms if sum(result.exact for result in replay.of(arm)) >= most]
        best = min(fair, key=lambda arm: replay.seconds(arm, preset))
        more = replay.seconds(AUTO, preset) / replay.seconds(best, preset) - 1
        line = f"{preset}: auto takes {100 * more:+.1f} % of the best arm's time ({best})"
        whole = replay.billed(FILE, preset, above=DIVIDED_ABOVE)
        if whole:
            share = replay.billed(AUTO, preset, above=DIVIDED_ABOVE) / whole
            line += (
                f", and bills {percent(share)} of the whole file's tokens on files above {DIVIDED_ABOVE:,}"
            )
        lines.append(line + ".")
    return lines


def to_json(replay: Replay) -> dict[str, Any]:
    """Everything, with ``"schema": 1``."""
    latency = replay.latency
    return {
        "schema": 1,
        "latency": {
            "first_token_s": latency.first_token_s,
            "prefill_tokens_per_s": latency.prefill_tokens_per_s,
            "token_s": latency.token_s,
            "pass_cost": latency.pass_cost,
        },
        "arms": [
            {
                "arm": arm,
                "cases": len(results),
                "exact": sum(result.exact for result in results),
                "asked_again": sum(result.asked_again for result in results),
                "presets": {name: _figures(replay, arm, name) for name in PRESETS},
            }
            for arm, results in ((arm, replay.of(arm)) for arm in arms_of(replay))
        ],
        "cases": [_case(replay, result) for result in replay.results],
    }


def _figures(replay: Replay, arm: str, preset: str) -> dict[str, Any]:
    return {
        "billed_tokens": replay.billed(arm, preset),
        "billed_tokens_of_long_files": replay.billed(arm, preset, above=DIVIDED_ABOVE),
        "seconds": replay.seconds(arm, preset),
    }


def _case(replay: Replay, one: CaseResult) -> dict[str, Any]:
    return {
        "case": one.case,
        "arm": one.arm,
        "file_tokens": one.file_tokens,
        "exact": one.exact,
        "message": one.message,
        "scope": one.scope,
        "predicted": one.predicted or None,
        "restarts": list(one.restarts),
        "presets": {
            name: {"billed_tokens": one.billed(name), "seconds": one.seconds(name, replay.latency)}
            for name in PRESETS
        },
    }


def wrong(results: Sequence[CaseResult]) -> list[str]:
    """A line for every result that is not exact."""
    return [
        f"{result.arm}: {result.case}: {result.message or 'the result differs'}"
        for result in results
        if not result.exact
    ]
