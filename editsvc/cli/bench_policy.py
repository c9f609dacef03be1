"""``editsvc bench policy``: how well tuning does where the truth is known."""

from __future__ import annotations

import json
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

import click

from editsvc.cli import output
from editsvc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.tuning.simulation import SimulatedEdit

_EDITS: Final = 150
_SECONDS_BETWEEN: Final = 1.0
# Of the logs of ten weeks, one in so many is tuned every week, which takes four times as long.
_WEEKLY_OF: Final = 5
_LEAST_WEEKLY: Final = 2


@click.command("policy", short_help="Measure how well tuning learns, on simulated logs.")
@click.option(
    "--requests", default=200, show_default=True, type=click.IntRange(min=20), help="Requests to each model."
)
@click.option(
    "--logs",
    default=10,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many logs for each line; 500 take about 20 minutes.",
)
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same figures.")
@click.option(
    "--cases",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Edits to replay: JSON lines with before and after. By default they are made up.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(*, requests: int, logs: int, seed: int, cases: Path | None, as_json: bool) -> int:
    """Measure how well tuning learns, on simulated logs whose truth is known.

    Prints the regret against the best choice for each model, beside that of sending always, never and above a
    size; how often 95 % intervals hold the truth; and how often the decision is right. Then, line by line, the same for
    users who tune every week: one, two, four or eight edits of a file in a row, on servers that are as fast every day,
    or not.
    """
    from editsvc.tuning.bench import HABITS, run_bench, run_weeks
    from editsvc.tuning.bench_output import (
        first_sentence,
        render,
        to_json,
        week_line,
        weeks_heading,
        weeks_to_json,
    )
    from editsvc.tuning.simulation import generated_edits

    rng = Random(seed)  # noqa: S311 - a simulation that can be repeated, and no secret
    edits = generated_edits(rng, _EDITS) if cases is None else _given(cases)
    result = run_bench(
        edits,
        rng,
        requests=requests,
        runs=logs,
        progress=_progress(logs),
        first=lambda one: output.print_message(first_sentence(one)),
    )
    weekly = max(min(logs, _LEAST_WEEKLY), logs // _WEEKLY_OF)
    if not as_json:
        click.echo(render(result))
        click.echo(weeks_heading(logs, weekly), nl=False)
    weeks = run_weeks(
        edits,
        rng,
        logs=logs,
        weekly=weekly,
        progress=_progress(len(HABITS) * logs),
        done=lambda score: None if as_json else click.echo(week_line(score), nl=False),
    )
    if as_json:
        output.write_json({**to_json(result), "weekly": weeks_to_json(weeks), "seed": seed})
    return 0


def _given(path: Path) -> list[SimulatedEdit]:
    from editsvc.tokens import tokenizer
    from editsvc.tuning.simulation import given_edits

    try:
        lines = path.read_text("utf-8").split("\n")
        texts = [json.loads(line) for line in lines if line.strip()]
        edits = given_edits(texts, tokenizer().encode)
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise UsageError(
            f"{path} cannot be used: {type(exc).__name__}.",
            hint='Each line is a JSON object with "before" and "after".',
        ) from exc
    if not edits:
        raise UsageError(
            f"{path} holds no edits.", hint='Each line is a JSON object with "before" and "after".'
        )
    return edits


def _progress(logs: int) -> Callable[[int], None]:
    """Tells on stderr about once a second how many logs are done, and how long the others may take."""
    started = reported_at = time.monotonic()

    def tell(done: int) -> None:
        nonlocal reported_at
        now = time.monotonic()
        if now - reported_at >= _SECONDS_BETWEEN and done < logs:
            reported_at = now
            left = (now - started) / done * (logs - done)
            output.print_message(f"{done:,} of {logs:,} logs, about {left:.0f} s left")

    return tell
