"""A report as rows: CSV for spreadsheets, Markdown for pull requests."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from editsvc.report.budget_words import foretold
from editsvc.report.compare_words import HEADINGS, caption, compared_rows, group_rows, note
from editsvc.report.formatting import (
    NOT_REPORTED,
    cost,
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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.report.model import Comparison, Report, Summary

    Cell = str | int | float | None

# The first characters of a cell that a spreadsheet takes for a formula (OWASP, "CSV Injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def to_csv(report: Report) -> str:
    """One row for all requests (its key columns are empty), then one for each group; empty means unknown.

    The last column of the first row names the missing parts of the report.
    """
    rows = [({}, report.summary), *((group.key, group.summary) for group in report.groups)]
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([*report.by, *_columns(report.summary), "missing"])
    missing = " ".join(each.sentence for each in report.missing)
    for number, (key, summary) in enumerate(rows):
        names = (_inert(key.get(name)) for name in report.by)
        writer.writerow([*names, *_columns(summary).values(), "" if number else _inert(missing)])
    return target.getvalue()


def _inert(name: str | None) -> str | None:
    return f"'{name}" if name is not None and name.startswith(_FORMULA) else name


def _columns(summary: Summary) -> dict[str, Cell]:
    prediction, verdicts, latency = summary.prediction, summary.verdicts, summary.latency.overall
    columns: dict[str, Cell] = {
        "requests": summary.requests,
        "offline": summary.offline,
        "retried": summary.retried,
        **{status.value: number for status, number in summary.statuses.items()},
        "predictions_sent": prediction.sent,
    }
    for name, rate in (
        ("acceptance", prediction.acceptance),
        ("coverage", prediction.coverage),
        ("edits_accepted", verdicts.edits),
        ("hunks_accepted", verdicts.hunks),
    ):
        columns |= {name: rate.value, f"{name}_low": rate.low, f"{name}_high": rate.high}
    columns |= {
        "accepted_tokens": prediction.accepted_tokens,
        "rejected_tokens": prediction.rejected_tokens,
        "rejected_cost_usd": prediction.rejected_cost_usd,
        "prompt_tokens": summary.tokens.prompt,
        "cached_tokens": summary.tokens.cached,
        "completion_tokens": summary.tokens.completion,
        "reasoning_tokens": summary.tokens.reasoning,
        "cost_usd": summary.cost_usd,
    }
    for name, each in (
        ("ttft_s", latency.ttft_s),
        ("total_s", latency.total_s),
        ("tokens_per_s", latency.tokens_per_s),
        ("queue_time_s", latency.queue_time_s),
        ("completion_time_s", latency.completion_time_s),
    ):
        columns |= {f"{name}_median": each.median, f"{name}_p95": each.p95}
    return columns


def to_markdown(report: Report, parts: Parts | None = None) -> str:
    """`report` as Markdown that any renderer with tables shows, with a section on the parts that are missing."""
    parts = parts or Parts(report.missing)
    headline, *others = report.recommendations
    said = [f"# {title(report)}", f"**{_plain(headline.sentence)}**"]
    if headline.evidence:
        said.append(_plain(headline.evidence))
    comparison = report.comparison
    if comparison is not None and report.summary.requests:
        said += parts.some("The comparison", lambda: _comparison(report.by, comparison))
    if report.summary.requests:
        said += parts.some("The overview", lambda: [_rates(report)])
        said += parts.some("Speed and time saved", lambda: [_times(report)])
        if report.what_if:
            said += parts.some("The what-if scores", lambda: ["## What if", _what_if(report)])
        if report.groups:
            by = f"## By {', '.join(name.replace('_', ' ') for name in report.by)}"
            said += parts.some("The groups", lambda: [by, _groups(report)])
    if others:
        said.append("\n".join(f"- {_plain(each.text)}" for each in others))
    if parts.missing:
        said += [
            "## Missing from this report",
            "\n".join(f"- {_plain(each.sentence)}" for each in parts.missing),
        ]
    if note := sampled(report.sample):
        said.append(note)
    return "\n\n".join(said) + "\n"


def _rates(report: Report) -> str:
    prediction, verdicts = report.summary.prediction, report.summary.verdicts
    rows = [
        (name, share(rate.value), interval(rate))
        for name, rate in (
            ("Acceptance, of the prediction's tokens", prediction.acceptance),
            ("Coverage, of all output tokens", prediction.coverage),
            ("Edits accepted, of those with a verdict", verdicts.edits),
            ("Hunks accepted", verdicts.hunks),
        )
    ]
    rows += [
        ("Accepted tokens", integer(prediction.accepted_tokens), ""),
        ("Rejected tokens", integer(prediction.rejected_tokens), ""),
        ("Cost of rejected tokens", dollars(prediction.rejected_cost_usd), ""),
        ("Cost", cost(report.summary), ""),
        *_month(report),
        ("Requests sent more than once", f"{report.summary.retried:,}", ""),
    ]
    rows += [
        (f"Requests {status.value}", f"{number:,}", "") for status, number in report.summary.statuses.items()
    ]
    return _table(("", "value", "95 % interval"), rows)


def _month(report: Report) -> list[tuple[str, str, str]]:
    found = report.forecast
    return [("This month", foretold(found), "")] if found is not None and found.so_far.requests else []


def _comparison(by: Sequence[str], found: Comparison) -> list[str]:
    said = [f"## {caption(found)}", _table(("", *HEADINGS), compared_rows(found))]
    if told := note(found):
        said.append(_plain(told))
    if found.groups:
        said.append(_table((*by, "", *HEADINGS), group_rows(found)))
    return said


def _times(report: Report) -> str:
    latency, effect = report.summary.latency, report.effect
    rows = [
        (
            name,
            f"{speed.requests:,}",
            *(seconds(value) for each in (speed.ttft_s, speed.total_s) for value in (each.median, each.p95)),
        )
        for name, speed in (
            ("all", latency.overall),
            ("with prediction", latency.with_prediction),
            ("without", latency.without_prediction),
        )
    ]
    compared = [
        (name, seconds(each.with_prediction), seconds(each.without_prediction), saved(each))
        for name, each in (
            ("Total, median", effect.total_s),
            ("Total, p95", effect.total_p95_s),
            ("Completion time, median", effect.completion_time_s),
            ("Completion time, p95", effect.completion_time_p95_s),
        )
    ]
    return (
        _table(("", "requests", "first token", "p95", "total", "p95"), rows)
        + "\n\n## Time saved, in randomised requests\n\n"
        + _table(("", "with", "without", "saved (95 % interval)"), compared)
    )


def _what_if(report: Report) -> str:
    return _table(
        ("candidate", "preset", "requests", "accepted", "rejected", "acceptance"),
        [
            (
                each.candidate,
                each.preset or NOT_REPORTED,
                f"{each.requests:,}",
                f"{each.accepted:,}",
                f"{each.rejected:,}",
                share(each.acceptance),
            )
            for each in report.what_if
        ],
    )


def _groups(report: Report) -> str:
    return _table(
        (*report.by, "requests", "acceptance", "coverage", "edits accepted", "output tokens", "cost"),
        [
            (
                *(group.key[name] or NOT_REPORTED for name in report.by),
                f"{group.summary.requests:,}",
                share(group.summary.prediction.acceptance.value),
                share(group.summary.prediction.coverage.value),
                share(group.summary.verdicts.edits.value),
                integer(group.summary.tokens.completion),
                dollars(group.summary.cost_usd),
            )
            for group in report.groups
        ],
    )


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [
        headings,
        ["---", *["---:"] * (len(headings) - 1)],
        *([_plain(cell) for cell in row] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: str) -> str:
    """`text` with everything escaped that Markdown or HTML would interpret."""
    text = " ".join(text.split())
    for char in "\\`*_{}[]<>#|~":
        text = text.replace(char, f"\\{char}" if char not in "<>" else {"<": "&lt;", ">": "&gt;"}[char])
    return text
