"""``editsvc bench``: how fast the server is, what edits would cost, and what policies are worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from editsvc import figures
from editsvc.cli import output
from editsvc.cli.bench_policy import command as policy
from editsvc.cli.bench_race import command as race
from editsvc.cli.usage import CommandGroup, completed_by, styled
from editsvc.replay.sizes import SIZES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from editsvc.emulator.responder import Case
    from editsvc.engine.edit import EditResult
    from editsvc.replay.live import MeasuredArm


@click.group(
    cls=CommandGroup,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND] [ARGS]...",
    short_help="Measure the server; replay known edits; simulate policies.",
    epilog="""\b
Examples:
  editsvc bench --requests 40 --concurrency 2
  editsvc bench --requests 4 --size tiny         # for a slow server
  editsvc bench race --offline
  editsvc bench replay cases.jsonl
  editsvc bench policy --logs 100""",
)
@click.option("--requests", type=click.IntRange(min=2), default=20, show_default=True, help="How many edits.")
@click.option(
    "--concurrency", type=click.IntRange(min=1), default=1, show_default=True, help="How many at a time."
)
@click.option(
    "--size",
    type=click.Choice(list(SIZES)),
    default="medium",
    show_default=True,
    help="How long the edited modules are: 10, 80, 400 or 2,000 lines. For slow servers: tiny.",
)
@click.option("--model", help="The model to use.", shell_complete=completed_by("models"))
@click.option("--offline", is_flag=True, help="Use the offline engine, even if there is an API key.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.pass_context
def command(
    context: click.Context,
    *,
    requests: int,
    concurrency: int,
    size: str,
    model: str | None,
    offline: bool,
    as_json: bool,
) -> int:
    """Measure the server: the same kind of edit, by turns with and without a prediction.

    The edits are made up and written nowhere, but a server is asked for them, and bills them; the subcommands
    ask nobody. Ends with 3 if an edit failed.
    """
    if context.invoked_subcommand is not None:
        return 0
    import asyncio

    from rich.console import Console

    from editsvc.app.composition import open_service
    from editsvc.errors import ExitCode
    from editsvc.replay.live import measure, speedup, to_json, verdict
    from editsvc.settings import environment

    settings = environment.load({"model": model}).settings

    async def run() -> tuple[list[MeasuredArm], bool]:
        async with open_service(settings, offline=offline) as service:
            with output.progress("Editing") as progress:
                arms = await measure(
                    service,
                    requests=requests,
                    concurrency=concurrency,
                    functions=SIZES[size],
                    progress=progress,
                    first=_say_first,
                )
            return arms, service.offline

    arms, was_offline = asyncio.run(run())
    if as_json:
        output.write_json(to_json(arms, model=settings.model, offline=was_offline))
    else:
        Console(highlight=False).print(output.Shown(_table(arms, settings.model, offline=was_offline)))
        sentence = verdict(speedup(arms))
        if sentence:
            output.write_line(sentence)
    failures = sorted({sentence for arm in arms for sentence in arm.failures})
    for sentence in failures:
        output.print_message(f"editsvc: {sentence}")
    return ExitCode.PROVIDER if failures else ExitCode.DONE


def _say_first(result: EditResult) -> None:
    """Print the first figures, since the others may take long."""
    total, first, speed = result.timing.total_s, result.timing.ttft_s, result.timing.tokens_per_s
    if total is None or first is None:
        return
    rate = "" if speed is None else f", {speed:,.0f} tokens a second"
    output.print_message(f"The first edit took {total:.1f} s, its first token {first:.1f} s{rate}.")


def _table(arms: Sequence[MeasuredArm], model: str, *, offline: bool) -> Table:
    from rich.table import Table

    who = "the offline engine behind the emulator: modelled times" if offline else model
    table = Table(title=f"Edits by {who}", title_justify="left")
    for heading in (
        "prediction",
        "edits",
        "failed",
        "first token",
        "whole edit",
        "95th",
        "tokens/s",
        "acceptance",
    ):
        table.add_column(heading, justify="left" if heading == "prediction" else "right")
    for arm in arms:
        share = arm.acceptance.value
        table.add_row(
            arm.prediction.value,
            str(arm.requests),
            str(len(arm.failures)),
            _seconds(arm.ttft_s.median),
            _seconds(arm.total_s.median),
            _seconds(arm.total_s.p95),
            "-" if arm.tokens_per_s.median is None else f"{arm.tokens_per_s.median:,.0f}",
            "-" if share is None or arm.prediction == "off" else figures.percent(share),
        )
    return table


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f} s"


@command.command(
    short_help="Replay known edits in every way, and print what each would cost.",
    epilog="""\b
Examples:
  editsvc bench replay cases.jsonl
  editsvc bench replay cases.jsonl --preset adaptive --pass-cost 1.5
  editsvc bench replay cases.jsonl --json""",
)
@click.argument("cases", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--preset", default="resync", show_default=True, help="The verifier of the table of cases.")
@click.option(
    "--tokens-per-s", default=1500.0, show_default=True, help="Tokens that the model writes a second."
)
@click.option("--pass-cost", default=1.13, show_default=True, help="A verifying pass, in plain ones.")
@click.option("--first-token-s", default=0.2, show_default=True, help="Seconds to the first token.")
@click.option(
    "--context-tokens",
    type=click.IntRange(min=4_000),
    help="What the model takes; by default, what is known of it.",
)
@click.option(
    "--locates-wrongly",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="The share of first answers that name another place of a long file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def replay(
    *,
    cases: Path,
    preset: str,
    tokens_per_s: float,
    pass_cost: float,
    first_token_s: float,
    context_tokens: int | None,
    locates_wrongly: float,
    as_json: bool,
) -> int:
    """Replay the edits in CASES, a file of JSON lines with instruction, before, after and path.

    Each runs through the engine as whole file, symbol (with the cursor at the change), draft, shown in sections,
    located, structured edits and auto, against a model that answers with exactly the case's change and has the limits
    of the default model. Printed are the output tokens billed and the modelled time, for each way in which a server may
    verify predictions, by the size of files, and what auto chose. Ends with 1 if a result of auto is not the case's to
    the byte.
    """
    import msgspec
    from rich.console import Console

    from editsvc.errors import UsageError
    from editsvc.prediction.verifier import PRESETS, Latency
    from editsvc.replay import MODEL, run
    from editsvc.replay.table import (
        AUTO,
        cases_table,
        sizes_table,
        sizes_verdicts,
        sums_table,
        to_json,
        verdicts,
        wrong,
    )

    if preset not in PRESETS:
        raise UsageError(f"There is no verifier {preset!r}.", hint=f"Expected one of {', '.join(PRESETS)}.")
    if min(tokens_per_s, pass_cost) <= 0:
        raise UsageError("--tokens-per-s and --pass-cost must be above 0.")
    latency = Latency(first_token_s=first_token_s, token_s=1 / tokens_per_s, pass_cost=pass_cost)
    with output.progress("Replaying") as progress:
        model = (
            MODEL if context_tokens is None else msgspec.structs.replace(MODEL, context_tokens=context_tokens)
        )
        done = run(
            _load(cases), latency=latency, model=model, locates_wrongly=locates_wrongly, progress=progress
        )
    if as_json:
        output.write_json(to_json(done))
    else:
        console = Console(highlight=False)
        drawn: list[RenderableType] = [
            cases_table(done, preset),
            sizes_table(done, preset),
            sums_table(done),
            *verdicts(done),
            *sizes_verdicts(done, preset),
        ]
        console.print(*map(output.Shown, [*drawn, *wrong(done.results)]), sep="\n")
    return 1 if any(result.arm == AUTO and not result.exact for result in done.results) else 0


def _load(path: Path) -> list[tuple[Case, str]]:
    """The cases in a file, each with the name of the file that it is about."""
    from editsvc.emulator.responder import load_script

    return [(case, case.path or "file.txt") for case in load_script(path)]


command.add_command(styled(policy), "policy")
command.add_command(styled(race), "race")
