"""``editsvc emulate``: a local server that speaks the Cerebras API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from editsvc.cli.usage import Command
from editsvc.emulator import (
    FAULTS,
    EmulatorOptions,
    ReplyStyle,
    parse_fault,
    parse_model,
    parse_tokens_per_event,
)
from editsvc.emulator.dialects import KINDS
from editsvc.emulator.options import DEFAULT_MODELS
from editsvc.prediction.verifier import PRESETS, Rejection

_DEFAULTS = EmulatorOptions()


class _Emulate(Command):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        with formatter.indentation(), formatter.section("Faults"):
            formatter.write_dl([(name, spec.meaning) for name, spec in FAULTS.items()])


@click.command(
    cls=_Emulate,
    short_help="Run a local server that speaks the Cerebras API.",
    epilog="""\b
Examples:
  editsvc emulate --port 8080                       # the offline engine answers
  editsvc emulate --script cases.jsonl --preset adaptive --speed 1500
  editsvc emulate --fault cut:0.5 --fault-rate 0.1
  editsvc emulate --dialect ollama --model qwen3:context=4096

\b
Use it from any program:
  export CEREBRAS_API_KEY=x CEREBRAS_BASE_URL=http://127.0.0.1:8080""",
)
@click.option("--host", default=_DEFAULTS.host, show_default=True, help="A loopback address.")
@click.option("--port", default=_DEFAULTS.port, show_default=True, help="0 takes a free one.")
@click.option("--allow-remote", is_flag=True, help="Listen on an address that is not loopback.")
@click.option(
    "--dialect",
    type=click.Choice(list(KINDS)),
    default=_DEFAULTS.dialect,
    show_default=True,
    metavar="NAME",
    help=f"The kind of server: {', '.join(KINDS)}.",
)
@click.option(
    "--preset",
    metavar="NAME|RULE",
    default=_DEFAULTS.preset,
    show_default=True,
    help=f"How predictions are verified: {', '.join(PRESETS)}, or such as window=8-64,match=3,direction=forward.",
)
@click.option(
    "--rejection",
    type=click.Choice([rejection.value for rejection in Rejection]),
    default=_DEFAULTS.rejection.value,
    show_default=True,
    help="What counts as a rejected token.",
)
@click.option(
    "--script",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Answer from a JSONL file of cases: instruction, before, after.",
)
@click.option("--offline", is_flag=True, help="Answer by the offline engine (the default).")
@click.option("--echo", is_flag=True, help="Answer with the file as it is.")
@click.option(
    "--locates-wrongly",
    type=float,
    default=_DEFAULTS.locates_wrongly,
    show_default=True,
    help="The share of first answers that name another place of a long file.",
)
@click.option(
    "--reply",
    type=click.Choice([style.value for style in ReplyStyle]),
    default=_DEFAULTS.reply.value,
    show_default=True,
    help="How the code is wrapped in the reply.",
)
@click.option(
    "--speed", type=float, default=_DEFAULTS.speed, show_default=True, help="Tokens per second; 0: no limit."
)
@click.option(
    "--ttft", type=float, default=_DEFAULTS.ttft, show_default=True, help="Seconds before the first token."
)
@click.option(
    "--prefill",
    type=float,
    default=_DEFAULTS.prefill,
    show_default=True,
    help="Prompt tokens per second; 0: no limit.",
)
@click.option(
    "--verify-cost",
    type=float,
    default=_DEFAULTS.verify_cost,
    show_default=True,
    help="What a verifying pass costs, in plain passes.",
)
@click.option(
    "--tokens-per-event",
    default=str(_DEFAULTS.tokens_per_event),
    show_default=True,
    help="A number, or random.",
)
@click.option(
    "--reasoning-tokens",
    type=int,
    default=_DEFAULTS.reasoning_tokens,
    show_default=True,
    help="Before each reply, of models that reason.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME[:FEATURES]",
    help="A model to offer, as in my-model:no-prediction; can be repeated.",
)
@click.option("--api-key", help="Accept only this key.")
@click.option(
    "--tokens-per-minute",
    type=int,
    default=_DEFAULTS.tokens_per_minute,
    show_default=True,
    help="Answer 429 above this; 0: no limit.",
)
@click.option("--refuse-gzip", is_flag=True, help="Answer 415 to compressed requests.")
@click.option(
    "--fault", "faults", multiple=True, metavar="NAME[:PARAMETERS]", help="See below; can be repeated."
)
@click.option("--fault-rate", type=float, help="The share of requests that get a fault.")
@click.option("--fault-count", type=int, help="Give a fault only to this many first requests.")
@click.option(
    "--seed", type=int, default=_DEFAULTS.seed, show_default=True, help="The seed for everything random."
)
@click.option(
    "--log", type=click.Path(dir_okay=False, path_type=Path), help="Append a JSON line per request."
)
@click.option("--json", "as_json", is_flag=True, help="Print the address as JSON.")
def command(
    *,
    as_json: bool,
    models: tuple[str, ...],
    faults: tuple[str, ...],
    tokens_per_event: str,
    rejection: str,
    reply: str,
    **options: Any,
) -> int:
    """Run a local server that speaks the Cerebras API, and really verifies predictions.

    It answers from a script of cases, by the offline engine, or by echo, at a given speed, and injects faults
    on request: for all requests with --fault, or for one by the header x-emulator-fault. Its address is the
    first line on stdout; GET /emulator/requests lists what came. Ctrl-C ends it.
    """
    from editsvc.emulator import run

    run(
        EmulatorOptions(
            **options,
            models=tuple(parse_model(text) for text in models) or DEFAULT_MODELS,
            faults=tuple(parse_fault(text) for text in faults),
            tokens_per_event=parse_tokens_per_event(tokens_per_event),
            rejection=Rejection(rejection),
            reply=ReplyStyle(reply),
        ),
        as_json=as_json,
    )
    return 0
