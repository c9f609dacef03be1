"""``editsvc report``: what the log says."""

from __future__ import annotations

import gc
import math
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from editsvc.cli import output
from editsvc.errors import ExitCode, UsageError
from editsvc.settings import environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.report import Report
    from editsvc.report.parts import Parts
    from editsvc.tokenlog import TokenLog

FORMATS: Final = ("table", "json", "csv", "md", "html", "prometheus")
_SUFFIXES: Final = {
    ".txt": "table",
    ".json": "json",
    ".csv": "csv",
    ".md": "md",
    ".markdown": "md",
    ".html": "html",
    ".htm": "html",
    ".prom": "prometheus",
}
# Rows and metrics are of one time.
_NO_COMPARISON: Final = frozenset({"csv", "prometheus"})
_SINCE: Final = "28d"
_PERIODS: Final = frozenset({"day", "week", "month"})
_REFRESH_S: Final = 2.0
_FILE_COLUMNS: Final = 100


@click.command(
    short_help="Report what predictions were worth.",
    epilog="""\b
Examples:
  editsvc report
  editsvc report --since 7d --by model,language
  editsvc report --since 90d -o report.html
  editsvc report --compare 7d
  editsvc report --since 24h --fail-above 5
  editsvc report --fail-above 100/month
  editsvc report --format prometheus -o editsvc.prom
  editsvc report --watch""",
)
@click.option(
    "--since",
    help="How far back: hours (12h), days (28d), a date, or all. Default: 28d, or what --compare says.",
)
@click.option(
    "--compare",
    "span",
    metavar="SPAN",
    help="Set the last 7d (or 24h, 4w, ...) against as long a time before, each change with its interval.",
)
@click.option("--model", metavar="NAME", help="Only the requests to this model.")
@click.option(
    "--fail-above",
    "limit",
    metavar="USD[/PERIOD]",
    help="End with 1 if the requests cost more: those of the report, or of this day, week or month (100/month).",
)
@click.option(
    "--by",
    default="",
    metavar="NAME,…",
    help="Group by model, provider, language, scope, size, prediction, instruction, source, day, status, …",
)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Default: by the suffix of FILE, or else table."
)
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write to FILE, whole or not at all.",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Show the table on a terminal and refresh it every 2 seconds; Ctrl-C ends it.",
)
def command(
    *,
    since: str | None,
    span: str | None,
    model: str | None,
    limit: str | None,
    by: str,
    form: str | None,
    file: Path | None,
    watch: bool,
) -> int:
    """Report what predictions were worth: time saved, acceptance, coverage, tokens, cost.

    Three rates are kept apart: how many predicted tokens the server accepted, how much of the output they supplied,
    and how many edits people kept. Time saved is measured on randomised requests: those for which chance decided
    whether to send a prediction.

    If a part of the report cannot be computed, a sentence in the report and on stderr says so, the other parts
    stand, and the command ends with 0.

    With --fail-above, the command ends with 1 if the cost is above the limit, and also if nobody can say that, because
    the price of a model is unknown: a price that is not known is not 0. A sentence on stderr says which, and how many
    requests the cost covers.
    """
    from editsvc.app.composition import judge_by, open_log
    from editsvc.app.known_servers import with_servers
    from editsvc.app.survival import note_survivors
    from editsvc.report import parse_since, read
    from editsvc.report.parts import Parts
    from editsvc.report.since import parse_span

    form = form or (_SUFFIXES.get(file.suffix.lower(), "table") if file else "table")
    if watch and (file is not None or form != "table" or not sys.stdout.isatty()):
        raise UsageError("--watch shows the table on a terminal, and nothing else.", hint="Leave it out.")
    if span is not None and form in _NO_COMPARISON:
        raise UsageError(f"--compare has no place in the format {form}.", hint="Use table, json, md or html.")
    if watch and limit is not None:
        raise UsageError(
            "--fail-above ends with the report, and --watch does not end.", hint="Leave one out."
        )
    names = [name for name in by.split(",") if name.strip()]
    compare = None if span is None else parse_span(span)
    budget = None if limit is None else _budget(limit)
    since = since or span or _SINCE
    settings = environment.load().settings
    with open_log(settings) as log:

        def made() -> Report:
            now = datetime.now(UTC)
            note_survivors(settings, log, now)
            report = read(
                log,
                by=names,
                since=parse_since(since, now, log.zone),
                model=model,
                days=form in {"html", "json"},
                terms=judge_by(settings, now),
                compare=compare,
                now=now,
            )
            return with_servers(report, settings)

        if watch:
            gc.enable()  # one report after the other
            _watch(made)
            return 0
        report = made()
        over = budget is not None and _is_over(budget, log, report, model)
    parts = Parts(report.missing)
    if file is not None:
        _write(file, _rendered(report, form, parts).encode())
    elif form == "table":
        _print(report, parts)
    elif form == "json":
        output.write_json(_json(report, parts))
    else:
        output.write_text(_rendered(report, form, parts))
    for each in parts.missing:
        output.print_message(f"editsvc: {each.sentence}")
    return ExitCode.REFUSED if over else 0


class _Budget(NamedTuple):
    """A limit in US dollars, of the report's time, or of a period that is under way."""

    usd: float
    period: str | None


def _budget(limit: str) -> _Budget:
    """The limit that somebody typed; raises UsageError."""
    amount, _, period = limit.strip().removeprefix("$").partition("/")
    try:
        usd = float(amount)
    except ValueError:
        usd = -1.0
    if not 0 <= usd < math.inf or (period not in _PERIODS and (period or "/" in limit)):
        raise UsageError(
            f"{limit!r} is not an amount of dollars.",
            hint="Use for example 5, 2.50, 5/day, 20/week or 100/month.",
        )
    return _Budget(usd, period or None)


def _is_over(budget: _Budget, log: TokenLog, report: Report, model: str | None) -> bool:
    """Whether a limit is not kept, or not known to be; says on stderr which."""
    from editsvc.report.budget_words import above, within
    from editsvc.report.forecast import of, period_begins

    now = datetime.now(UTC)
    if budget.period is None:
        spent, words = of(log.costs(report.since, now, model=model)), "of the requests in this report"
    else:
        spent = of(log.costs(period_begins(budget.period, now, log.zone), now, model=model))
        words = {"day": "today", "week": "of this week", "month": "of this month"}[budget.period]
    problem = above(spent, budget.usd, words)
    output.print_message(f"editsvc: {problem or within(spent, budget.usd, words)}")
    return problem is not None


def _json(report: Report, parts: Parts) -> object:
    from editsvc.report import to_json

    return to_json(report, parts)


def _rendered(report: Report, form: str, parts: Parts) -> str:
    """`report` as the text of a file."""
    if form == "json":
        import msgspec

        return msgspec.json.format(msgspec.json.encode(_json(report, parts)), indent=2).decode() + "\n"
    if form == "html":
        from editsvc.report.page import to_html

        return to_html(report, parts)
    if form == "prometheus":
        from editsvc.report.prometheus import to_prometheus

        return to_prometheus(report, parts)
    if form in {"csv", "md"}:
        from editsvc.report.tabular import to_csv, to_markdown

        return to_csv(report) if form == "csv" else to_markdown(report, parts)
    import io

    from rich.console import Console

    from editsvc.report.table import to_table

    target = io.StringIO()
    Console(file=target, width=_FILE_COLUMNS, highlight=False).print(output.Shown(to_table(report, parts)))
    return target.getvalue()


def _print(report: Report, parts: Parts) -> None:
    from rich.console import Console

    from editsvc.report.table import to_table

    Console(highlight=False).print(output.Shown(to_table(report, parts)))


def _watch(made: Callable[[], Report]) -> None:
    """Show the report until the user has seen enough; KeyboardInterrupt leaves the last one on the screen."""
    from rich.console import Console
    from rich.live import Live

    from editsvc.report.table import to_table

    console = Console(highlight=False)
    with Live(
        output.Shown(to_table(made())), console=console, auto_refresh=False, vertical_overflow="crop"
    ) as live:
        while True:
            live.refresh()
            time.sleep(_REFRESH_S)
            live.update(output.Shown(to_table(made())))


def _write(file: Path, data: bytes) -> None:
    """Put `data` where `file` is; whoever reads it meanwhile sees the old file or the new one.

    Raises FileError if that cannot be done.
    """
    from editsvc.files import disk
    from editsvc.system.files import FILES

    try:
        file = file.resolve()
        if file.exists() and not file.is_file():
            file.write_bytes(data)  # a device or a pipe: there is nothing to replace
            return
        mode = file.stat().st_mode & 0o7777 if file.exists() else FILES.usual_mode()
        disk.put(file, data, mode=mode)
    except OSError as exc:
        raise disk.FileError(f"{file} cannot be written: {exc.strerror or exc}.") from exc
