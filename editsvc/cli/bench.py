"""``editsvc bench``: what edits would cost, and what policies are worth, without asking anybody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from editsvc.cli import output
from editsvc.cli.bench_policy import command as policy

if TYPE_CHECKING:
    from editsvc.emulator.responder import Case


@click.group(short_help="Replay known edits, and compare ways to ask for them.")
def command() -> None:
    """Replay known edits, and compare ways to ask for them. Nothing is sent to anybody."""


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
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def replay(
    *, cases: Path, preset: str, tokens_per_s: float, pass_cost: float, first_token_s: float, as_json: bool
) -> int:
    """Replay the edits in CASES, a file of JSON lines with instruction, before, after and path.

    Each runs through the engine as whole file, symbol (with the cursor at the change), draft, structured edits
    and auto, against a model that answers with exactly the case's change. Printed are the output tokens billed
    and the modelled time, for each way in which a server may verify predictions, and what auto chose. Ends with
    1 if a result is not the case's to the byte.
    """
    from rich.console import Console

    from editsvc.errors import UsageError
    from editsvc.replay import run
    from editsvc.replay.table import cases_table, sums_table, to_json, verdicts, wrong
    from editsvc.verify import PRESETS, Latency

    if preset not in PRESETS:
        raise UsageError(f"There is no verifier {preset!r}.", hint=f"Expected one of {', '.join(PRESETS)}.")
    if min(tokens_per_s, pass_cost) <= 0:
        raise UsageError("--tokens-per-s and --pass-cost must be above 0.")
    latency = Latency(first_token_s=first_token_s, token_s=1 / tokens_per_s, pass_cost=pass_cost)
    with output.progress("Replaying") as progress:
        done = run(_load(cases), latency=latency, progress=progress)
    if as_json:
        output.write_json(to_json(done))
    else:
        console = Console(highlight=False)
        console.print(cases_table(done, preset), sums_table(done), *verdicts(done), sep="\n")
        for line in wrong(done.results):
            console.print(line)
    return 1 if wrong(done.results) else 0


def _load(path: Path) -> list[tuple[Case, str]]:
    """The cases in a file, each with the name of the file that it is about."""
    from editsvc.emulator.responder import load_script

    return [(case, case.path or "file.txt") for case in load_script(path)]


command.add_command(policy, "policy")
