"""A comparison in words, the same in every format: the sentence that comes first, and the cells of its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.report.formatting import NOT_REPORTED, TOO_FEW, count, dollars, seconds, share
from editsvc.report.model import Recommendation, Unit

if TYPE_CHECKING:
    from datetime import timedelta

    from editsvc.report.model import Compared, ComparedModel, Comparison

    Numbers = dict[str, str | int | float | None]

HEADINGS: Final = ("now", "before", "change", "95 % interval")
_KIND: Final = "compared"
# What is compared where the judge says nothing: a figure, and how it is said.
_OTHERWISE: Final = (("Time of an edit", "an edit took"), ("Cost of 1,000 edits", "1,000 edits cost"))
_HOUR_S: Final = 3600
_HOURS_A_DAY: Final = 24
_TENTH: Final = 0.1


def span(length: timedelta) -> str:
    """A length of time as it was asked for: in days, or in hours."""
    hours = round(length.total_seconds() / _HOUR_S)
    return count(hours, "hour") if hours % _HOURS_A_DAY else count(hours // _HOURS_A_DAY, "day")


def caption(found: Comparison) -> str:
    """What is compared."""
    return f"The last {span(found.span)} against the {span(found.span)} before"


def comparing(found: Comparison) -> Recommendation:
    """The first sentence of a comparison, with the figure, and the line behind it."""
    length = span(found.span)
    if not found.now.requests or not found.before.requests:
        now, before = count(found.now.requests, "request"), count(found.before.requests, "request")
        return Recommendation(
            "nothing-to-compare",
            f"Nothing to compare: {now} in the last {length}, {before} in those before.",
            {"requests_now": found.now.requests, "requests_before": found.before.requests},
        )
    by_model = next((each for each in found.models if each.low is not None), None)
    if by_model is not None:
        return _saved(found, by_model)
    by_name = {each.name: each for each in found.figures}
    for name, does in _OTHERWISE:
        each = by_name[name]
        if each.low is not None:
            return _of_an_edit(found, each, does)
    return Recommendation(
        "not-enough-to-compare",
        f"Not enough data to compare the last {length} with those before.",
        {},
        f"{_requests(found)} A window needs five files, and for times and costs five days; both together ten days.",
    )


def _saved(found: Comparison, each: ComparedModel) -> Recommendation:
    assert each.now is not None and each.before is not None  # noqa: PT018, S101 - there is an interval
    assert each.change is not None and each.low is not None and each.high is not None  # noqa: PT018, S101
    now, before = _part(each.now), _part(each.before)
    pays, paid = each.now >= 0, each.before >= 0
    does = "save" if pays else "lose"
    if each.low <= 0 <= each.high:
        was = before if pays is paid else f"{before} {'saved' if paid else 'lost'}"
        sentence = f"No certain change: predictions {does} {now} of an edit's cost, after {was}."
    elif pays is paid:
        more = "more" if (each.change > 0) is pays else "less"
        sentence = f"Predictions {does} {more} than before: {now} of an edit's cost, after {before}."
    elif pays:
        sentence = f"Predictions pay now: {now} of an edit's cost saved, before {before} lost."
    else:
        sentence = f"Predictions no longer pay: {now} of an edit's cost lost, before {before} saved."
    whose = f"With {each.model}, which is used most. " if len(found.models) > 1 else ""
    modelled = " Chance decided about too few requests, so this is modelled." if each.modelled else ""
    return Recommendation(
        _KIND,
        sentence,
        {"model": each.model, "now": each.now, "before": each.before, "low": each.low, "high": each.high},
        f"{whose}95 % sure: {_either_way(each.low, each.high)}. {_requests(found)}{modelled}",
    )


def _of_an_edit(found: Comparison, each: Compared, does: str) -> Recommendation:
    assert each.now is not None and each.before is not None  # noqa: PT018, S101 - there is an interval
    assert each.change is not None and each.low is not None and each.high is not None  # noqa: PT018, S101
    value = _value(each.unit, each.now)
    numbers: Numbers = {"now": each.now, "before": each.before, "low": each.low, "high": each.high}
    if each.low <= 0 <= each.high or not each.before:
        sentence = f"No certain change: {does} {value}, and {_value(each.unit, each.before)} before."
    else:
        more, less = ("longer", "less long") if each.unit is Unit.SECONDS else ("more", "less")
        part = share(abs(each.change) / each.before)
        which = more if each.change > 0 else less
        sentence = (
            f"{does[0].upper()}{does[1:]} {value}, {part} {which} than in the {span(found.span)} before."
        )
    unknown = found.models[0].missing if found.models else ""
    why = f" What predictions save is not compared: {unknown}." if unknown else ""
    return Recommendation(
        _KIND,
        sentence,
        numbers,
        f"95 % sure: a change of {_change(each.unit, each.low)} to {_change(each.unit, each.high)}. "
        f"{_requests(found)}{why}",
    )


def compared_rows(found: Comparison) -> list[tuple[str, ...]]:
    """The table: a name, and what `HEADINGS` says."""
    now, before = found.now, found.before
    told: list[tuple[str, ...]] = [
        (
            "Requests",
            f"{now.requests:,}",
            f"{before.requests:,}",
            _relative(now.requests, before.requests),
            "",
        ),
        (
            "Cost, in all",
            dollars(now.cost_usd),
            dollars(before.cost_usd),
            _relative(now.cost_usd, before.cost_usd),
            "",
        ),
    ]
    told += [(each.name, *_cells(each)) for each in found.figures]
    return told + [_saved_row(each) for each in found.models]


def group_rows(found: Comparison) -> list[tuple[str, ...]]:
    """The same for each group: the values of its key, a name, and what `HEADINGS` says."""
    told: list[tuple[str, ...]] = []
    for group in found.groups:
        key = tuple(value or NOT_REPORTED for value in group.key.values())
        now, before = group.requests_now, group.requests_before
        told.append((*key, "Requests", f"{now:,}", f"{before:,}", _relative(now, before), ""))
        told += [(*key, each.name, *_cells(each)) for each in group.figures]
    return told


def note(found: Comparison) -> str:
    """What the table does not say: of how many requests costs are known, and what is not known of models."""
    told = []
    periods = found.now, found.before
    if any(0 < period.cost_reported < period.requests for period in periods):
        now, before = (f"{period.cost_reported:,} of {period.requests:,}" for period in periods)
        told.append(f"Cost covers {now} requests now, {before} before.")
    told += [f"{each.model}: {each.missing}." for each in found.models if each.missing]
    modelled = [each.model for each in found.models if each.modelled and each.change is not None]
    if modelled:
        told.append(f"Modelled, since chance decided about too few requests: {', '.join(modelled)}.")
    return " ".join(told)


def _saved_row(each: ComparedModel) -> tuple[str, ...]:
    change = NOT_REPORTED if each.change is None else _change(Unit.SHARE, each.change)
    return (
        f"Saved, {each.model}",
        share(each.now),
        share(each.before),
        change,
        _interval(Unit.SHARE, each.change, each.low, each.high, missing=bool(each.missing)),
    )


def _cells(each: Compared) -> tuple[str, ...]:
    most = max(abs(value) for value in (each.change, each.low, each.high, 0.0) if value is not None)
    change = NOT_REPORTED if each.change is None else _change(each.unit, each.change, most)
    return (
        _value(each.unit, each.now),
        _value(each.unit, each.before),
        change,
        _interval(each.unit, each.change, each.low, each.high),
    )


def _interval(
    unit: Unit, change: float | None, low: float | None, high: float | None, *, missing: bool = False
) -> str:
    if change is None:
        return TOO_FEW if missing else ""
    if low is None or high is None:
        return TOO_FEW
    most = max(abs(low), abs(high), abs(change))
    return f"{_change(unit, low, most)} to {_change(unit, high, most)}"


def _value(unit: Unit, value: float | None) -> str:
    if value is None:
        return NOT_REPORTED
    if unit is Unit.SHARE:
        return share(value)
    return seconds(value) if unit is Unit.SECONDS else dollars(value)


def _change(unit: Unit, value: float, most: float = 1.0) -> str:
    """A difference with its sign, in a row whose largest is `most`; that of shares is in points."""
    sign = "+" if value >= 0 else "-"
    amount = abs(value)
    if unit is Unit.SHARE:
        return f"{sign}{100 * amount:.1f} pt"
    if unit is Unit.DOLLARS:
        return f"{sign}${amount:,.2f}"
    return f"{sign}{amount:.2f} s" if most >= _TENTH else f"{sign}{1000 * amount:.0f} ms"


def _either_way(low: float, high: float) -> str:
    """An interval of a difference of shares, in points."""
    words = [f"{100 * abs(each):.1f} points {'more' if each >= 0 else 'less'}" for each in (low, high)]
    return f"between {words[0]} and {words[1]}"


def _relative(now: float | None, before: float | None) -> str:
    if now is None or not before:
        return NOT_REPORTED
    change = now / before - 1
    return f"{'+' if change >= 0 else '-'}{share(abs(change))}"


def _part(value: float) -> str:
    return share(abs(value))


def _requests(found: Comparison) -> str:
    return f"{found.now.requests:,} requests now, {found.before.requests:,} before."
