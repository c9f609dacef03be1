"""A report as one HTML page that needs nothing else: no scripts, no fonts, no network.

Every value in it is escaped. Its Content-Security-Policy allows only its own style sheet.
"""

from __future__ import annotations

from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING, Final

from editsvc.report import plots
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
    spread,
    title,
)
from editsvc.report.parts import Parts
from editsvc.report.style import STYLE
from editsvc.report.words import error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from editsvc.report.model import DayReport, Effect, Rate, Report, SpeedQuantiles, Summary

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_MANY_WHAT_IFS: Final = 24
_TERMS: Final = (
    ("Prediction", "text that goes along with a request, which the server need not write if it fits"),
    ("Acceptance", "the share of the prediction’s tokens that the server accepted"),
    ("Coverage", "the share of all output tokens that came from predictions"),
    (
        "Edits accepted",
        "of the edits about which the user, or undo, said something, those that were kept whole",
    ),
    ("Cost", "time at your value of time, and tokens at their price, together"),
    (
        "Randomised",
        "whether to predict was decided by chance, so that requests with and without one can be compared",
    ),
    ("Modelled", "worked out from what is known of servers, and not compared with such requests"),
    (
        "95 % interval",
        "holds the true value in 95 of 100 logs; edits of one file count as one, and below ten files there is none",
    ),
    ("Median, p95", "half of the requests, or 95 in 100, took no longer"),
    ("Token", "a piece of a text, some four characters; what servers count, and bill"),
    ("First token, total", "seconds until the reply began to arrive, and until the edit was there"),
    ("Queue, completion", "seconds before the server began, and in which it wrote, by its own clock"),
    (
        "Candidate",
        "what could have been the prediction: the file, the part to be rewritten, a draft, or none",
    ),
    (
        "Local verifier, preset",
        "works out which tokens of a candidate a server would have accepted, by one of the known ways of servers",
    ),
)
_TOKENS: Final = ("accepted", "rejected", "generated")


def to_html(report: Report, made: Parts | None = None) -> str:
    """`report` as a page: first the recommendations, then the evidence, and at the end the missing parts."""
    made = made or Parts(report.missing)
    headline, *others = report.recommendations
    summary = report.summary
    parts = [
        "<header>",
        f"<p class=kicker>editsvc report · {escape(title(report))}</p>",
        f'<h1 class="{escape(headline.kind)}">{escape(headline.sentence)}</h1>',
        f"<p class=evidence>{escape(headline.evidence)}</p>" if headline.evidence else "",
        "".join(f"<p class=also>{escape(each.text)}</p>" for each in others),
        "</header><main>",
    ]
    if summary.requests:
        parts += [
            made.part("The key figures", lambda: _tiles(report), ""),
            *made.some("The comparison", lambda: _compared(report)),
            *made.some("The forecast", lambda: _month(report)),
            made.part("Time saved", lambda: _time_saved(report), ""),
            *made.some("The sums of each day", lambda: _over_time(report)),
            *made.some("Break-even", lambda: _decisions(report)),
            *made.some("The details", lambda: _details(report)),
        ]
    if made.missing:
        parts.append(_missing(made))
    parts.append("</main>")
    parts.append(
        "<footer><dl>"
        + "".join(f"<dt>{name}</dt><dd>{words}</dd>" for name, words in _TERMS)
        + "</dl><p>A dash means not reported. "
        f"{escape(sampled(report.sample))}</p></footer>"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>editsvc report</title>'
        f"<style>{STYLE}</style></head>\n<body>{''.join(parts)}</body></html>\n"
    )


def _missing(made: Parts) -> str:
    said = "".join(f"<p>{escape(each.sentence)}</p>" for each in made.missing)
    return f"<section class=block role=alert><h2>Missing from this report</h2>{said}</section>"


def _tiles(report: Report) -> str:
    summary = report.summary
    prediction, verdicts, effect = summary.prediction, summary.verdicts, report.effect
    rejected = f"{integer(prediction.rejected_tokens)} tokens; all cost {cost(summary)}"
    return "<section class=tiles aria-label='Key figures'>{}</section>".format(
        "".join(
            (
                _tile(
                    "Acceptance",
                    share(prediction.acceptance.value),
                    interval(prediction.acceptance),
                    "of the prediction’s tokens",
                ),
                _tile(
                    "Coverage",
                    share(prediction.coverage.value),
                    interval(prediction.coverage),
                    "of all output tokens",
                ),
                _tile(
                    "Edits accepted",
                    share(verdicts.edits.value),
                    interval(verdicts.edits),
                    "of edits with a verdict",
                ),
                _tile(
                    "Time saved", seconds(effect.total_s.saved), spread(effect.total_s), "on the median edit"
                ),
                _tile("Cost of rejected tokens", dollars(prediction.rejected_cost_usd), "", rejected),
            )
        )
    )


def _tile(name: str, value: str, between: str, of: str) -> str:
    return (
        f"<div class=tile><h2>{escape(name)}</h2><p class=value>{escape(value)}</p>"
        f"<p class=spread>{escape(between)}</p><p class=of>{escape(of)}</p></div>"
    )


def _compared(report: Report) -> list[str]:
    found = report.comparison
    if found is None or not (found.now.requests and found.before.requests):
        return []
    told = note(found)
    shown = _table(("", *HEADINGS), compared_rows(found))
    if found.groups:
        names = [name.replace("_", " ") for name in report.by]
        shown += _table((*names, "", *HEADINGS), group_rows(found), names=len(names) + 1)
    return [_block(caption(found), f"{told} Differences of shares are in points (pt).".strip(), shown)]


def _month(report: Report) -> list[str]:
    found = report.forecast
    if found is None or not found.so_far.requests:
        return []
    return [_block("Cost this month", f"{foretold(found)}.", "")]


def _time_saved(report: Report) -> str:
    effect = report.effect
    rows = [
        (name, seconds(each.with_prediction), seconds(each.without_prediction), saved(each))
        for name, each in (
            ("Total, median", effect.total_s),
            ("Total, 95th percentile", effect.total_p95_s),
            ("Completion time, median", effect.completion_time_s),
            ("Completion time, 95th percentile", effect.completion_time_p95_s),
        )
    ]
    table = _table(("", "with", "without", "saved (95 % interval)"), rows)
    note = (
        f"Only randomised requests are compared: {effect.requests_with:,} with a prediction, "
        f"{effect.requests_without:,} without. Across: seconds until the edit was there; equal steps multiply "
        "them (a logarithmic scale). The higher a curve, the more edits took so long; below 100 of them each is a dot. "
        "Dotted lines are the medians."
    )
    if not effect.requests_with or not effect.requests_without:
        return _figure("Time with and without prediction", "", f"{note} {_how_many_more(effect)}", table)
    plot = plots.distributions(
        "latency",
        "Time of an edit with and without prediction",
        ("with", "without"),
        (report.times_with, report.times_without),
        (effect.total_s.with_prediction, effect.total_s.without_prediction),
    )
    return _figure("Time with and without prediction", plot, f"{note} {_how_many_more(effect)}", table)


def _how_many_more(effect: Effect) -> str:
    if effect.more_requests == 0:
        return ""
    if effect.more_requests is None:
        return "Not enough data."
    return f"Not enough data: about {count(effect.more_requests, 'more request')}."


def _over_time(report: Report) -> list[str]:
    if not report.days:
        return []
    every = _every_day(report.days)
    bands = [
        plots.Band(f"{day:%d %b}", None, None, None)
        if each is None
        else plots.Band(f"{day:%d %b}", each.acceptance.value, each.acceptance.low, each.acceptance.high)
        for day, each in every
    ]
    rates = _table(
        ("day", "requests", "acceptance", "95 % interval"),
        [
            (
                each.day.isoformat(),
                f"{each.requests:,}",
                share(each.acceptance.value),
                interval(each.acceptance),
            )
            for each in report.days
        ],
    )
    stacks = [
        plots.Stack(f"{day:%d %b}", (0, 0, 0) if each is None else _tokens(each)) for day, each in every
    ]
    tokens = _table(
        ("day", *_TOKENS[:2], "output, all"),
        [
            (each.day.isoformat(), integer(each.accepted), integer(each.rejected), integer(each.completion))
            for each in report.days
        ],
    )
    return [
        _figure(
            "Acceptance over time",
            plots.over_time("acceptance", "Acceptance over time", bands),
            "Accepted share of all verified prediction tokens, A/(A+R). A day with fewer than 20 requests, or ten "
            "files, has no band.",
            rates,
        ),
        _figure(
            "Tokens per day",
            plots.stacked("tokens", "Output tokens per day", _TOKENS, stacks),
            "Accepted tokens came from the prediction; rejected ones are billed and thrown away; the model "
            "generated the rest.",
            tokens,
        ),
    ]


def _every_day(days: Sequence[DayReport]) -> list[tuple[date, DayReport | None]]:
    """Each day from the first to the last, also those without a request: None."""
    known = {each.day: each for each in days}
    first = min(known)
    dates = (first + timedelta(days=number) for number in range((max(known) - first).days + 1))
    return [(day, known.get(day)) for day in dates]


def _tokens(each: DayReport) -> tuple[int, int, int]:
    accepted, rejected = each.accepted or 0, each.rejected or 0
    return accepted, rejected, max(0, (each.completion or 0) - accepted - rejected)


def _decisions(report: Report) -> list[str]:
    found = []
    if report.points:
        points = [
            plots.Point(each.model, each.share, each.saved, each.low, each.high) for each in report.points
        ]
        found.append(
            _figure(
                "Break-even",
                plots.break_even("breakeven", "What is saved over the accepted share", points),
                "Across: the share a of the written tokens that came from the prediction. Up: the share of an "
                "edit’s cost, time and money, that predicting saves. Above the line in the middle it pays. The "
                "slanted lines are servers that take s times as long for a pass that verifies a prediction as for a "
                "plain one, if all passes verify. A model that was not measured is in the table alone.",
                _table(
                    ("model", "requests", "accepted share a", "saved", "95 % interval"),
                    [
                        (
                            each.model,
                            f"{each.requests:,}",
                            share(each.share),
                            share(each.saved),
                            f"{share(each.low)} to {share(each.high)}"
                            if each.low is not None
                            else "not enough data",
                        )
                        for each in report.points
                    ],
                ),
            )
        )
    if report.calibrations:
        best = report.calibrations[0]
        points = [
            plots.Point(
                f"{each.actual.requests} requests",
                each.predicted,
                each.actual.value,
                each.actual.low,
                each.actual.high,
            )
            for each in best.bins
        ]
        found.append(
            _figure(
                "Does the local verifier predict the server?",
                plots.calibration("calibration", "Predicted and actual acceptance", points),
                f"Across: predicted by the preset {best.preset}, the closest of {len(report.calibrations)}. Up: what "
                "the server accepted. On the line, both agree.",
                _table(
                    ("preset", "requests", "mean error"),
                    [(each.preset, f"{each.requests:,}", share(each.error)) for each in report.calibrations],
                ),
            )
        )
    return found


def _details(report: Report) -> list[str]:
    found = []
    if report.what_if:
        found.append(
            _block(
                "What if",
                "The score of each candidate prediction by each preset of the local verifier, next to the result "
                "of the prediction that was actually sent.",
                _table(
                    (
                        "candidate",
                        "preset",
                        "requests",
                        "accepted",
                        "rejected",
                        "acceptance",
                        "really accepted",
                        "really rejected",
                    ),
                    [
                        (
                            each.candidate,
                            each.preset or NOT_REPORTED,
                            f"{each.requests:,}",
                            f"{each.accepted:,}",
                            f"{each.rejected:,}",
                            share(each.acceptance),
                            f"{each.sent_accepted:,}" if each.sent_requests else NOT_REPORTED,
                            f"{each.sent_rejected:,}" if each.sent_requests else NOT_REPORTED,
                        )
                        for each in report.what_if[:_MANY_WHAT_IFS]
                    ],
                ),
            )
        )
    latency = report.summary.latency
    found.append(
        _block(
            "Speed",
            "All requests whose reply came to its end. The policy chose who got a prediction, so the difference of "
            "these columns is not an effect of predicting.",
            _table(
                ("", "requests", "first token", "p95", "total", "p95", "tokens/s", "queue", "completion"),
                [
                    _speed("all", latency.overall),
                    _speed("with prediction", latency.with_prediction),
                    _speed("without", latency.without_prediction),
                ],
            ),
        )
    )
    found.append(_block("Outcomes", "", _table(("", "requests"), _outcomes(report))))
    if report.groups:
        found.append(
            _block(
                f"By {', '.join(name.replace('_', ' ') for name in report.by)}",
                "",
                _table(
                    (
                        *(name.replace("_", " ") for name in report.by),
                        "requests",
                        "acceptance",
                        "coverage",
                        "edits accepted",
                        "output tokens",
                        "cost",
                        "total, median",
                    ),
                    [
                        (*(group.key[name] or NOT_REPORTED for name in report.by), *_group(group.summary))
                        for group in report.groups
                    ],
                    names=len(report.by),
                ),
            )
        )
    return found


def _speed(name: str, speed: SpeedQuantiles) -> tuple[str, ...]:
    rate = speed.tokens_per_s.median
    return (
        name,
        f"{speed.requests:,}",
        seconds(speed.ttft_s.median),
        seconds(speed.ttft_s.p95),
        seconds(speed.total_s.median),
        seconds(speed.total_s.p95),
        NOT_REPORTED if rate is None else f"{rate:,.0f}",
        seconds(speed.queue_time_s.median),
        seconds(speed.completion_time_s.median),
    )


def _outcomes(report: Report) -> list[tuple[str, ...]]:
    summary = report.summary
    rows: list[tuple[str, ...]] = []
    for status, number in summary.statuses.items():
        rows.append((status.value, f"{number:,}"))
        rows += [(f"— {error(kind)}", f"{each:,}") for kind, each in summary.errors.get(status, {}).items()]
    rows.append(("sent more than once", f"{summary.retried:,}"))
    rows += [(f"— {reason}", f"{number:,}") for reason, number in sorted(report.restarts.items())]
    tokens = summary.tokens
    rows.append(("prompt tokens, of which cached", f"{integer(tokens.prompt)}, {integer(tokens.cached)}"))
    rows.append(
        ("output tokens, of which reasoning", f"{integer(tokens.completion)}, {integer(tokens.reasoning)}")
    )
    return rows


def _group(summary: Summary) -> tuple[str, ...]:
    return (
        f"{summary.requests:,}",
        _spread(summary.prediction.acceptance),
        _spread(summary.prediction.coverage),
        _spread(summary.verdicts.edits),
        integer(summary.tokens.completion),
        dollars(summary.cost_usd),
        seconds(summary.latency.overall.total_s.median),
    )


def _spread(rate: Rate) -> str:
    return share(rate.value) if rate.low is None else f"{share(rate.value)} ({interval(rate)})"


def _figure(heading: str, plot: str, note: str, table: str) -> str:
    return (
        f"<figure><h2>{escape(heading)}</h2>{plot}<figcaption>{escape(note)}</figcaption>"
        f"<details{'' if plot else ' open'}><summary>The numbers</summary>{table}</details></figure>"
    )


def _block(heading: str, note: str, table: str) -> str:
    said = f"<p>{escape(note)}</p>" if note else ""
    return f"<section class=block><h2>{escape(heading)}</h2>{said}{table}</section>"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, names: int = 1) -> str:
    """A table whose first `names` columns are names and the others numbers."""
    head = "".join(f"<th scope=col>{escape(each)}</th>" for each in headings)
    body = "".join(
        "<tr>"
        + "".join(
            f"<th scope=row>{escape(cell)}</th>" if place < names else f"<td>{escape(cell)}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return f"<div class=scroll tabindex=0><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
