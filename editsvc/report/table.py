"""A report for a terminal; it fits into 80 columns.

Imports rich, so import this module only when a table is printed, not at start-up.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from rich.box import SIMPLE_HEAD
from rich.console import Group as Stack
from rich.table import Table
from rich.text import Text

from editsvc.report.budget_words import foretold
from editsvc.report.compare_words import HEADINGS, caption, compared_rows, group_rows, note
from editsvc.report.formatting import (
    NOT_REPORTED,
    cost,
    count,
    dollars,
    integer,
    interval,
    sampled,
    saved,
    seconds,
    share,
    title,
)
from editsvc.report.parts import Parts
from editsvc.report.words import error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import RenderableType

    from editsvc.report.model import (
        Comparison,
        Effect,
        Group,
        LatencyQuantiles,
        Quantiles,
        Rate,
        Report,
        WhatIfSummary,
    )

_NAME: Final = len("Hunks accepted")


def to_table(report: Report, parts: Parts | None = None) -> RenderableType:
    """`report` as a rich renderable.

    ``-`` stands for "not reported"; an interval says "not enough data" below 20 requests. A missing part has
    its sentence at the end.
    """
    parts = parts or Parts(report.missing)
    summary = report.summary
    if not summary.requests:
        return Text(report.recommendations[0].sentence if report.comparison is not None else "No requests.")
    headline, *others = report.recommendations
    shown: list[RenderableType] = [
        Text(title(report), style="bold"),
        Text(),
        Text(headline.sentence, style="bold cyan"),
        *([Text(headline.evidence, style="dim")] if headline.evidence else ()),
    ]

    def add(name: str, make: Callable[[], RenderableType]) -> None:
        made = parts.part(name, make, None)
        if made is not None:
            shown.extend((Text(), made))

    if report.comparison is not None:
        add("The comparison", partial(_comparison, report.by, report.comparison))
    add("The overview", lambda: _overview(report))
    if summary.latency.overall.requests:
        add("Speed", lambda: _speeds(summary.latency))
    if report.effect.requests_with and report.effect.requests_without:
        add("Time saved", lambda: _effect(report.effect))
    if report.what_if:
        add("The what-if scores", lambda: _what_if(report.what_if))
    if report.groups:
        add("The groups", lambda: _groups(report.by, report.groups))
    for each in others:
        shown += [Text(), Text(f"• {each.text}")]
    for missing in parts.missing:
        shown += [Text(), Text(f"• {missing.sentence}", style="yellow")]
    if note := sampled(report.sample):
        shown += [Text(), Text(note, style="dim")]
    return Stack(*shown)


def _overview(report: Report) -> Table:
    summary = report.summary
    prediction, verdicts, tokens = summary.prediction, summary.verdicts, summary.tokens
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    statuses = ", ".join(f"{count} {status}" for status, count in summary.statuses.items() if count)
    judged = verdicts.accepted + verdicts.partial + verdicts.rejected
    table.add_row("Acceptance", *_rate(prediction.acceptance), "of the prediction's tokens")
    table.add_row("Coverage", *_rate(prediction.coverage), "of all output tokens")
    table.add_row("Edits accepted", *_rate(verdicts.edits), f"of {count(judged, 'edit')} with a verdict")
    table.add_row("Hunks accepted", *_rate(verdicts.hunks), "of their hunks")
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True, min_width=_NAME)
    facts.add_column()
    facts.add_row("Status", statuses)
    for status, kinds in summary.errors.items():
        listed = ", ".join(f"{error(kind)}: {number:,}" for kind, number in list(kinds.items())[:3])
        facts.add_row(status.value.capitalize(), Text(listed))
    if summary.retried:
        reasons = ", ".join(f"{reason} {number:,}" for reason, number in sorted(report.restarts.items()))
        facts.add_row(
            "Sent again", Text(f"{count(summary.retried, 'request')}{f': {reasons}' if reasons else ''}")
        )
    facts.add_row(
        "Prediction",
        f"sent in {count(prediction.sent, 'request')}; "
        f"{integer(prediction.accepted_tokens)} tokens accepted, "
        f"{integer(prediction.rejected_tokens)} rejected",
    )
    facts.add_row(
        "Tokens",
        f"{integer(tokens.prompt)} in ({integer(tokens.cached)} cached), "
        f"{integer(tokens.completion)} out ({integer(tokens.reasoning)} reasoning)",
    )
    facts.add_row(
        "Cost",
        f"{cost(summary)}, {dollars(prediction.rejected_cost_usd)} of it for rejected tokens",
    )
    if report.forecast is not None and report.forecast.so_far.requests:
        facts.add_row("This month", Text(foretold(report.forecast)))
    outer = Table.grid()
    outer.add_row(table)
    outer.add_row(facts)
    return outer


def _comparison(by: Sequence[str], found: Comparison) -> RenderableType:
    shown: list[RenderableType] = [
        Text(caption(found), style="bold"),
        _compared(("",), compared_rows(found)),
    ]
    if told := note(found):
        shown.append(Text(told, style="dim"))
    if found.groups:
        shown += [Text(), _compared((*(name.replace("_", " ") for name in by), ""), group_rows(found))]
    return Stack(*shown)


def _compared(names: Sequence[str], told: Sequence[Sequence[str]]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold", min_width=6)
    for name in HEADINGS:
        table.add_column(name, justify="right", overflow="fold")
    for row in told:
        table.add_row(*map(Text, row))
    return table


def _speeds(latency: LatencyQuantiles) -> Table:
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
            share(summary.prediction.acceptance.value),
            share(summary.prediction.coverage.value),
            integer(summary.tokens.completion),
            dollars(summary.cost_usd),
            _times(summary.latency.overall.ttft_s)[0],
            _times(summary.latency.overall.total_s)[0],
        )
    return table


def _effect(effect: Effect) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("Randomised requests", no_wrap=True)
    for heading in ("with", "without", "saved (95 %)"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, each in (
        ("total, median", effect.total_s),
        ("total, p95", effect.total_p95_s),
        ("completion, median", effect.completion_time_s),
        ("completion, p95", effect.completion_time_p95_s),
    ):
        table.add_row(name, seconds(each.with_prediction), seconds(each.without_prediction), saved(each))
    table.add_row("requests", f"{effect.requests_with:,}", f"{effect.requests_without:,}", "")
    return table


def _what_if(found: Sequence[WhatIfSummary]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("What if", overflow="fold")
    table.add_column("verifier", overflow="fold")
    for heading in ("requests", "accepted", "rejected", "accept"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in found:
        table.add_row(
            Text(each.candidate),
            Text(each.preset or NOT_REPORTED),
            f"{each.requests:,}",
            f"{each.accepted:,}",
            f"{each.rejected:,}",
            share(each.acceptance),
        )
    most = max(found, key=lambda each: each.sent_requests)
    sent = most.sent_accepted + most.sent_rejected
    table.add_row(
        "really sent",
        "",
        f"{most.sent_requests:,}",
        f"{most.sent_accepted:,}",
        f"{most.sent_rejected:,}",
        share(most.sent_accepted / sent if sent else None),
    )
    return table


def _rate(rate: Rate) -> tuple[str, str]:
    return share(rate.value), interval(rate)


def _times(quantiles: Quantiles) -> tuple[str, str]:
    return seconds(quantiles.median), seconds(quantiles.p95)
