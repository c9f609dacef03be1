"""A report for a terminal; it fits into 80 columns.

Imports rich, so import this module where a table is wanted, not at start-up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.box import SIMPLE_HEAD
from rich.console import Group as Stack
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from editsvc.report.model import Group, Latency, Quantiles, Rate, Report, Summary

NOT_REPORTED: Final = "-"
TOO_FEW: Final = "not enough data"
_DAY: Final = "%Y-%m-%d"
_CENT: Final = 0.01


def to_table(report: Report) -> RenderableType:
    """`report` as something that rich prints.

    ``-`` stands for "not reported"; an interval says "not enough data" below 20 requests.
    """
    summary = report.summary
    if not summary.requests:
        return Text("No requests.")
    parts: list[RenderableType] = [Text(_title(report), style="bold"), Text(), _overview(summary)]
    if summary.latency.overall.requests:
        parts += [Text(), _speeds(summary.latency)]
    if report.groups:
        parts += [Text(), _groups(report.by, report.groups)]
    for each in report.recommendations:
        parts += [Text(), Text(f"• {each.sentence}")]
    return Stack(*parts)


def _title(report: Report) -> str:
    title = _count(report.summary.requests, "request")
    if report.first is not None and report.last is not None:
        first, last = report.first.strftime(_DAY), report.last.strftime(_DAY)
        title += f" on {first}" if first == last else f" from {first} to {last}"
    return title


def _overview(summary: Summary) -> Table:
    prediction, verdicts, tokens = summary.prediction, summary.verdicts, summary.tokens
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    statuses = ", ".join(f"{count} {status}" for status, count in summary.statuses.items() if count)
    judged = verdicts.accepted + verdicts.partial + verdicts.rejected
    table.add_row("Acceptance", *_rate(prediction.acceptance), "of the prediction's tokens")
    table.add_row("Coverage", *_rate(prediction.coverage), "of the reply's tokens")
    table.add_row("Edits accepted", *_rate(verdicts.edits), f"of {_count(judged, 'edit')} with a verdict")
    table.add_row("Hunks accepted", *_rate(verdicts.hunks), "of their hunks")
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True, min_width=len("Hunks accepted"))
    facts.add_column()
    facts.add_row("Status", statuses)
    facts.add_row(
        "Prediction",
        f"sent in {_count(prediction.sent, 'request')}; "
        f"{_integer(prediction.accepted_tokens)} tokens accepted, "
        f"{_integer(prediction.rejected_tokens)} rejected",
    )
    facts.add_row(
        "Tokens",
        f"{_integer(tokens.prompt)} in ({_integer(tokens.cached)} cached), "
        f"{_integer(tokens.completion)} out ({_integer(tokens.reasoning)} reasoning)",
    )
    facts.add_row(
        "Cost",
        f"{_dollars(summary.cost_usd)}, {_dollars(prediction.rejected_cost_usd)} of it for rejected tokens",
    )
    outer = Table.grid()
    outer.add_row(table)
    outer.add_row(facts)
    return outer


def _speeds(latency: Latency) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("Speed", no_wrap=True)
    for heading in ("requests", "first token", "p95", "total", "p95", "tokens/s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, speed in (
        ("all", latency.overall),
        ("with prediction", latency.with_prediction),
        ("without", latency.without_prediction),
    ):
        table.add_row(
            name,
            f"{speed.requests:,}",
            *_times(speed.ttft_s),
            *_times(speed.total_s),
            NOT_REPORTED if speed.tokens_per_s.median is None else f"{speed.tokens_per_s.median:,.0f}",
        )
    return table


def _groups(by: Sequence[str], groups: Sequence[Group]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for name in by:
        table.add_column(name.replace("_", " "), overflow="fold", min_width=6)
    for heading in ("edits", "accept", "cover", "tokens", "cost", "first", "total"):
        table.add_column(heading, justify="right", no_wrap=True)
    for group in groups:
        summary = group.summary
        table.add_row(
            *(Text(group.key[name] or NOT_REPORTED) for name in by),  # a name may look like markup
            f"{summary.requests:,}",
            _share(summary.prediction.acceptance.value),
            _share(summary.prediction.coverage.value),
            _integer(summary.tokens.completion),
            _dollars(summary.cost_usd),
            _times(summary.latency.overall.ttft_s)[0],
            _times(summary.latency.overall.total_s)[0],
        )
    return table


def _rate(rate: Rate) -> tuple[str, str]:
    if rate.value is None:
        return NOT_REPORTED, ""
    if rate.low is None or rate.high is None:
        return _share(rate.value), TOO_FEW
    return _share(rate.value), f"{_share(rate.low)} to {_share(rate.high)}"


def _share(value: float | None) -> str:
    return NOT_REPORTED if value is None else f"{value:.1%}"


def _times(quantiles: Quantiles) -> tuple[str, str]:
    return _seconds(quantiles.median), _seconds(quantiles.p95)


def _seconds(value: float | None) -> str:
    return NOT_REPORTED if value is None else f"{value:.2f} s"


def _integer(value: int | None) -> str:
    return NOT_REPORTED if value is None else f"{value:,}"


def _dollars(value: float | None) -> str:
    if value is None:
        return NOT_REPORTED
    return f"${value:,.2f}" if value == 0 or value >= _CENT else f"${value:.5f}"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
