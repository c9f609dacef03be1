"""Figures in words, the same in every format for people. "-" stands for "not reported"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc import figures

if TYPE_CHECKING:
    from editsvc.report.model import Difference, Rate, Report, Sample, Summary

NOT_REPORTED: Final = "-"
TOO_FEW: Final = "not enough data"
_DAY: Final = "%Y-%m-%d"
_CENT: Final = 0.01
_TENTH: Final = 0.1


def title(report: Report) -> str:
    """The number of requests in the report, and their days."""
    text = count(report.summary.requests, "request")
    if report.first is not None and report.last is not None:
        first, last = report.first.strftime(_DAY), report.last.strftime(_DAY)
        text += f" on {first}" if first == last else f" from {first} to {last}"
    return text


def share(value: float | None) -> str:
    """A rate as a percentage."""
    return NOT_REPORTED if value is None else figures.percent(value, 1)


def interval(rate: Rate) -> str:
    """A rate's interval; "" without a rate."""
    if rate.value is None:
        return ""
    if rate.low is None or rate.high is None:
        return TOO_FEW
    return f"{share(rate.low)} to {share(rate.high)}"


def seconds(value: float | None) -> str:
    """A time, in milliseconds below a tenth of a second."""
    if value is None:
        return NOT_REPORTED
    return f"{1000 * value:.0f} ms" if abs(value) < _TENTH else f"{value:.2f} s"


def saved(difference: Difference) -> str:
    """A difference with its interval."""
    if difference.saved is None:
        return TOO_FEW
    return f"{seconds(difference.saved)} ({spread(difference)})"


def spread(difference: Difference) -> str:
    """A difference's interval."""
    if difference.saved is None:
        return TOO_FEW
    return f"{seconds(difference.low)} to {seconds(difference.high)}"


def integer(value: int | None) -> str:
    """A number with thousands separators."""
    return NOT_REPORTED if value is None else f"{value:,}"


def dollars(value: float | None) -> str:
    """An amount of many requests: cents are enough, unless it is less than one."""
    if value is None:
        return NOT_REPORTED
    return f"${value:,.2f}" if value >= _CENT else figures.dollars(value)


def cost(summary: Summary) -> str:
    """What the requests cost, and of how many that is known, if not of all."""
    known, of = summary.cost_reported, summary.requests
    covers = "" if known in {0, of} else f" (cost covers {known:,} of {count(of, 'request')})"
    return f"{dollars(summary.cost_usd)}{covers}"


def count(number: int, noun: str) -> str:
    """A number and its noun."""
    return figures.count(number, noun)


def sampled(sample: Sample) -> str:
    """A note on which numbers are counted and which are sampled; "" if nothing was sampled."""
    if sample.requests >= sample.of:
        return ""
    return (
        f"Sums cover all {sample.of:,} requests. Medians, percentiles, intervals and what-if counts are from a "
        f"sample of {sample.requests:,}."
    )
