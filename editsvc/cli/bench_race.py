"""``editsvc bench race``: one edit without and with a prediction, at the same time and side by side."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Final

import click

from editsvc import figures
from editsvc.cli import output
from editsvc.cli.usage import Command, completed_by
from editsvc.errors import ExitCode, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.text import Text

    from editsvc.engine.edit import EditResult, StreamUpdate
    from editsvc.engine.service import EditService

_UPDATES_PER_SECOND: Final = 20
_NARROWEST: Final = 36
_WIDEST: Final = 80


class Lane:
    """A listener that knows how far one of the two edits is, and how long it took."""

    follows = True

    def __init__(self, title: str) -> None:
        self.title = title
        self.reached = self.total = 0
        self.result: EditResult | None = None
        self._started = time.monotonic()

    def restarted(self) -> None:
        """Begin again."""
        self.reached = 0

    def released(self) -> None:
        """Nothing to show."""

    def begun(self) -> None:
        """Nothing to show."""

    def locating(self) -> None:
        """Nothing to show."""

    def held(self, _seconds: float | None) -> None:
        """Nothing to show."""

    def streamed(self, update: StreamUpdate) -> None:
        """Note how far it is."""
        self.reached, self.total = update.reached, update.total

    def elapsed(self) -> float:
        """Seconds until its end, or until now."""
        measured = self.result.timing.total_s if self.result is not None else None
        return measured if measured is not None else time.monotonic() - self._started

    def share(self) -> float:
        """How much of the file is there."""
        if self.result is not None:
            return 1.0
        return self.reached / self.total if self.total else 0.0


@click.command(
    cls=Command,
    short_help="Watch one edit without and with a prediction, side by side.",
    epilog="""\b
Examples:
  editsvc bench race --offline                     # the offline engine, at the speed of Cerebras
  editsvc bench race                               # your server""",
)
@click.option("--model", help="The model to use.", shell_complete=completed_by("models"))
@click.option("--offline", is_flag=True, help="Use the offline engine, even if there is an API key.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(*, model: str | None, offline: bool, as_json: bool) -> int:
    """Watch one edit without and with a prediction, side by side.

    Both are asked for at the same time; the file is made up and written nowhere, but a server bills the edits. The
    offline engine answers at a modelled speed, that of Cerebras. Ends with 3 if an edit failed.
    """
    from editsvc.app.composition import AS_CEREBRAS, open_service
    from editsvc.replay.live import verdict
    from editsvc.settings import environment

    settings = environment.load({"model": model}).settings

    async def run() -> tuple[list[Lane], bool]:
        async with open_service(settings, offline=offline, pace=AS_CEREBRAS) as service:
            return await _race(service), service.offline

    lanes, was_offline = asyncio.run(run())
    failed = [
        lane.result for lane in lanes if lane.result is not None and lane.result.status is not Status.CHANGED
    ]
    without, with_one = lanes
    times = without.elapsed() / with_one.elapsed() if not failed else None
    if as_json:
        output.write_json(
            {
                "schema": 1,
                "model": settings.model,
                "offline": was_offline,
                "without_s": without.elapsed(),
                "with_s": with_one.elapsed(),
                "speedup": times,
            }
        )
    else:
        from rich.console import Console

        Console(highlight=False).print(output.Shown(_drawn(lanes)))
        if times is not None:
            output.write_line(verdict(times))
    for result in failed:
        output.print_message(f"editsvc: {result.message}")
    return ExitCode.PROVIDER if failed else ExitCode.DONE


async def _race(service: EditService) -> list[Lane]:
    from rich.console import Console
    from rich.live import Live

    from editsvc.cli import looks
    from editsvc.prediction.policy import PredictionMode
    from editsvc.replay.live import request

    # What is loaded with the first edit is no part of either.
    await service.edit(request(0, PredictionMode.OFF))
    lanes = [Lane("no prediction"), Lane("with prediction")]

    async def one(lane: Lane, mode: PredictionMode) -> None:
        lane.result = await service.edit(request(1, mode), lane)

    console = Console(stderr=True, highlight=False, no_color=not looks.coloured(sys.stderr))
    with Live(
        console=console,
        refresh_per_second=_UPDATES_PER_SECOND,
        transient=True,
        get_renderable=lambda: _drawn(lanes),
    ):
        await asyncio.gather(one(lanes[0], PredictionMode.OFF), one(lanes[1], PredictionMode.ON))
    return lanes


def _drawn(lanes: Sequence[Lane]) -> RenderableType:
    """The two edits, side by side: a bar for what is there of the file, and the time."""
    from rich.table import Table
    from rich.text import Text

    from editsvc.cli.usage import columns

    room = max(min(columns(), _WIDEST), _NARROWEST)
    width = (room - 3) // len(lanes)
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False, width=room)
    for _ in lanes:
        table.add_column(width=width, no_wrap=True, overflow="ellipsis")
    table.add_row(*(Text(lane.title, "bold") for lane in lanes))
    table.add_row(*(_bar(lane, width) for lane in lanes))
    table.add_row(*(Text(_figures(lane)) for lane in lanes))
    return table


def _bar(lane: Lane, width: int) -> Text:
    from rich.text import Text

    full = round(lane.share() * width)
    return Text.assemble(("━" * full, "green" if lane.result else "cyan"), ("─" * (width - full), "dim"))


def _figures(lane: Lane) -> str:
    text = f"{lane.elapsed():.2f} s"
    result = lane.result
    if result is None:
        return text
    usage = result.usage
    share = figures.accepted(usage.accepted_prediction_tokens, usage.rejected_prediction_tokens)
    if result.decision is not None and result.decision.send and share is not None:
        return f"{text} · {share} accepted"
    return text if usage.completion_tokens is None else f"{text} · {usage.completion_tokens:,} tokens"
