"""Findings as sentences: the evidence, the decision, and what would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.figures import percent
from editsvc.tuning.estimates import LEAST_CLUSTERS
from editsvc.tuning.judge import SHOWN, Basis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editsvc.prediction.policy import Cell
    from editsvc.tuning.estimates import Estimate
    from editsvc.tuning.judge import Finding
    from editsvc.tuning.objective import Worth
    from editsvc.tuning.policy_file import PolicyFile
    from editsvc.tuning.tune import Tuning

_WORDS: Final = {True: "predict", False: "do not predict", None: "built-in rule"}
_FEW: Final = f"(not enough data for an interval: {LEAST_CLUSTERS} files and days are needed)"


def text(tuning: Tuning, since: str) -> str:
    """All of `tuning` for people; `since` describes the time span in words."""
    return "\n".join(_lines(tuning, since)) + "\n"


def named(cell: Cell) -> str:
    """The name of a cell: ``cerebras gpt-oss-120b, symbol, small documents``."""
    size = f"{cell.size} documents" if cell.size else None
    return ", ".join(
        filter(None, [" ".join(filter(None, [cell.provider, cell.model])), cell.scope_kind, size])
    )


def reason(finding: Finding, worth: Worth) -> str:
    """The reason for a decision, in one or two sentences."""
    if finding.unsupported:
        return "The server refuses predictions."
    if finding.net is None:
        return f"There is no decision about predictions: {finding.missing}."
    net = finding.net
    does = "saves" if net.value >= 0 else "costs"
    interval = (
        f" (95 % interval of the saving: {percent(net.low)} to {percent(net.high)})" if net.enough else ""
    )
    sentence = (
        f"Counting money as time at ${worth.per_hour:g} an hour, a prediction {does} {percent(abs(net.value))} of a "
        f"request{interval}."
    )
    flip = would_flip(finding, worth)
    return f"{sentence} {flip}" if flip else sentence


def would_flip(finding: Finding, worth: Worth) -> str:
    """The conditions that would change the decision; empty if there is no decision."""
    if finding.net is None or finding.predict is None:
        return ""
    if finding.predict is not (finding.net.value >= 0):
        return (
            "The estimate alone favours the opposite, but an existing decision is changed only "
            f"with a certainty of {percent(SHOWN, 1)}."
        )
    above, below = ("above", "below") if finding.predict else ("below", "above")
    conditions = []
    limit, now = finding.savings.pass_cost_limit, finding.savings.pass_cost
    if limit is not None and limit > 1:
        at_present = f" (it is {now.value:.2f})" if now is not None else ""
        conditions.append(f"the cost of a pass were {above} {limit:.2f}{at_present}")
    if finding.savings.hour_limit:
        hour = worth.in_users_terms(finding.savings.hour_limit)
        conditions.append(f"the value of time were {below} ${hour:.2f} an hour")
    if not conditions:
        return "This holds for any cost of a pass and any value of time."
    return f"The decision would flip if {', or if '.join(conditions)}."


def decision(finding: Finding) -> str:
    """The decision in a few words, with the previous one."""
    if finding.predict is None:
        return f"built-in rule ({finding.missing})"
    return f"{_WORDS[finding.predict]} (before: {_WORDS[finding.standing]})"


def differences(proposed: PolicyFile, standing: PolicyFile | None) -> list[str]:
    """What `proposed` decides otherwise than the `standing` policy, or the built-in rule, in a few words each."""
    before, after = (_decisions(each) for each in (standing, proposed))
    found = []
    for cell in [*after, *(cell for cell in before if cell not in after)]:
        # What has no rule of its own has that of its model.
        was, is_now = (each.get(cell, each.get(cell.whole_model)) for each in (before, after))
        if was is not is_now:
            found.append(f"{named(cell)}: {_WORDS[is_now]} (before: {_WORDS[was]})")
    return found or ["the same decisions, at another price or value of time"]


def _decisions(policy: PolicyFile | None) -> dict[Cell, bool | None]:
    return {} if policy is None else {rule.cell: rule.predict for rule in policy.rule}


def _lines(tuning: Tuning, since: str) -> Iterator[str]:
    if not tuning.usable:
        yield (
            f"Not enough data: {_records(tuning.records)} {since}, but none is a complete first-attempt reply of a "
            "server with token counts. The built-in rule stays in force."
        )
    else:
        yield (
            f"{_records(tuning.records)} {since}, of which {tuning.usable:,} count: edits that a server answered, "
            "with token counts."
        )
    for finding in tuning.findings:
        yield ""
        yield f"{named(finding.cell)}: {decision(finding)}"
        yield from (f"  {line}" for line in _evidence(finding, tuning.worth))
    if tuning.changes:
        yield from ("", "Changes", *(f"  {change.sentence}" for change in tuning.changes))
    if tuning.usable:
        yield from ("", "Value of this policy on the randomised requests", *_value(tuning))


def _evidence(finding: Finding, worth: Worth) -> Iterator[str]:
    found = finding.savings
    yield f"requests        {found.sent:,} with a prediction, {found.plain:,} without, with known times"
    if found.acceptance is not None:
        yield f"acceptance      {_share(found.acceptance)} of the prediction's tokens"
    if found.coverage is not None:
        yield f"coverage        {_share(found.coverage)} of all output tokens"
    if found.token_s is not None:
        yield f"plain token     {_interval(found.token_s, '{:.3f}', 1000)} ms"
    if found.pass_cost is not None:
        yield f"cost of a pass  {_interval(found.pass_cost, '{:.2f}')} plain tokens"
    if found.saved_s is not None:
        yield f"time saved      {_interval(found.saved_s, '{:.3f}')} s a request"
    if finding.price_known:
        yield f"rejected        ${found.rejected_cost:.6f} a request"
    else:
        yield "rejected        not counted: the price of this model is unknown"
    yield from _outcome(finding)
    flip = would_flip(finding, worth)
    if flip:
        yield flip
    if finding.scope_min_tokens is not None:
        yield f"scope_min_tokens = {finding.scope_min_tokens}"


def _outcome(finding: Finding) -> Iterator[str]:
    found = finding.savings
    if found.repeated or found.failed:
        repeated, failed = percent(found.repeated, 1), percent(found.failed, 1)
        yield f"trouble         {repeated} repeated, {failed} failed; the net counts them"
    if finding.net is not None and finding.certainty is not None:
        yield (
            f"net             {_share(finding.net)} of a request, money counted as time; "
            f"predictions pay with a certainty of {percent(finding.certainty, 1)}"
        )
        if finding.basis is Basis.MODELLED:
            yield "                modelled: chance chose no request to go without a prediction, so others stand in"
    if finding.check is not None:
        yield f"by chance       {_interval(finding.check.saved_s, '{:.3f}')} s saved an edit, by randomised ones alone"
        if finding.check.disagrees:
            yield "                they disagree: the model of this server does not fit, so trust neither yet"


def _value(tuning: Tuning) -> Iterator[str]:
    found = tuning.evaluation
    if found.refusal:
        yield f"  {found.refusal}"
        return
    yield f"  requests        {found.requests:,}; an effective sample of {found.effective:,.0f} under this policy"
    for name, estimate in (
        ("as logged", found.logged),
        ("SNIPS", found.snips),
        ("doubly robust", found.doubly_robust),
    ):
        if estimate is not None:
            yield f"  {name:<15} {_interval(estimate, '{:.3f}')} s a request, money counted as time"


def _interval(estimate: Estimate, form: str, factor: float = 1.0) -> str:
    value, low, high = (
        form.format(factor * bound) for bound in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} ({low} to {high})" if estimate.enough else f"{value} {_FEW}"


def _share(estimate: Estimate) -> str:
    value, low, high = (percent(bound, 1) for bound in (estimate.value, estimate.low, estimate.high))
    return f"{value} ({low} to {high})" if estimate.enough else f"{value} {_FEW}"


def _records(count: int) -> str:
    return f"{count:,} record{'' if count == 1 else 's'}"
