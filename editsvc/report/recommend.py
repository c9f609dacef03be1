"""Recommendations, made only if the numbers support them.

Whether predictions pay is the judge's answer (`editsvc.tuning.judge`), the same that `editsvc tune` acts on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from editsvc.errors import Status
from editsvc.report.formatting import dollars, seconds, share
from editsvc.report.intervals import FLOOR
from editsvc.report.model import Difference, Effect, Recommendation
from editsvc.report.words import error
from editsvc.tuning.judge import Basis

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from editsvc.report.model import Summary
    from editsvc.tuning.judge import Finding

    Numbers = dict[str, str | int | float | None]

# Time is saved iff the accepted share exceeds f(s-1)/(1 + f(s-1)), with s the cost of a verifying pass relative to
# # a plain one and f the share of passes that verify. The cheapest s that was measured is 1.13; at f = 1 that is
# 0.115.
BREAK_EVEN_COVERAGE: Final = 0.115
# A part of the edits that is worth a word.
_NOTABLE: Final = 0.02
_UNKNOWN: Final = Difference(None, None, None, None, None)
_NO_EFFECT: Final = Effect(0, 0, _UNKNOWN, _UNKNOWN, _UNKNOWN, _UNKNOWN, None)
_MUCH_REJECTED: Final = 0.25
_MANY_FAILED: Final = 0.05
# By whether predictions pay.
_KINDS: Final = {True: "keep-predicting", False: "stop-predicting"}
_ADVICE: Final = {True: "Keep predictions on", False: "Turn predictions off"}
# In evidence, before the number of requests that it is from.
_FROM: Final = ", from "
_FROM_A_SAMPLE: Final = ", from a sample of "
_UNKNOWN_YET: Final = "Not enough data to say whether predictions save time."
# Correct whether exploration is on or off, so the setting need not be known.
_EXPLORE: Final = (
    "As long as the setting exploration is above 0, a random share of the requests is sent without a prediction: "
    "run the report again when the log has some hundreds of them"
)


def recommendations(
    overall: Summary,
    effect: Effect,
    by_model: Mapping[str | None, Summary],
    judged: Sequence[Finding] = (),
    effects: Mapping[str, Effect] | None = None,
    *,
    sampled: bool = False,
) -> list[Recommendation]:
    """Recommendations for these requests; the first says whether predictions pay off.

    `judged` are the findings about whole models, the most used first; `effects` are what the randomised requests to
    each model say, which stands in where nothing is decided. `sampled` says that both are about a sample.
    """
    told = [finding for finding in judged if finding.predict is not None or finding.ignored]
    found = [_verdict(overall, effect, judged)]
    decided = {finding.cell.model for finding in told}
    models = sorted(by_model, key=lambda name: (-by_model[name].requests, name or ""))
    against = {
        model: list(_against(model, effects[model], effect))
        for model in models
        if model is not None and effects is not None and len(effects) > 1 and model in effects
        if model not in decided
    }
    if len(told) > 1 or len(judged) > len(told) > 0:
        # If all agree, the first sentence is about the first of them.
        said = {told[0].cell.model} if len({_kind(finding) for finding in told}) == 1 else set()
        found += [
            _of_model(finding)
            for finding in judged
            if not against.get(finding.cell.model) and finding.cell.model not in said
        ]
    for each in against.values():
        found += each
    for finding in judged:
        found += _doubts(finding)
    found += (*_offline(overall), *_failures(overall))
    for model in models:
        if model is not None:
            summary = by_model[model]
            found += (*_usage(model, summary), *_coverage(model, summary), *_cost(model, summary))
    if not sampled:
        return found
    return [replace(each, evidence=each.evidence.replace(_FROM, _FROM_A_SAMPLE, 1)) for each in found]


def _verdict(overall: Summary, effect: Effect, judged: Sequence[Finding]) -> Recommendation:
    """Whether to predict: in plain words, with the figure and where it comes from."""
    if not overall.requests:
        return Recommendation(
            "no-requests", "Not enough data: the log has no requests from this period.", _numbers(effect)
        )
    if overall.offline == overall.requests:
        return _too_few(overall, effect)
    if not overall.prediction.sent:
        return Recommendation(
            "no-predictions",
            f"Not enough data: none of {_requests(overall.requests)} sent a prediction, "
            "so their value is unknown.",
            _numbers(effect),
        )
    known = [finding for finding in judged if finding.predict is not None or finding.ignored]
    if not known:
        return _by_the_model(overall, effect, judged)
    kinds = {_kind(finding) for finding in known}
    if len(kinds) > 1:
        keep, stop = (
            [finding.cell.model for finding in known if finding.predict is send and not finding.ignored]
            for send in (True, False)
        )
        deaf = [finding.cell.model for finding in known if finding.ignored]
        parts = [
            *([f"on for {_listed(keep)}"] if keep else ()),
            *([f"off for {_listed(stop)}"] if stop else ()),
            *([f"of no use to {_listed(deaf)}"] if deaf else ()),
        ]
        return Recommendation(
            "decide-by-model", f"Decide predictions by model: {', '.join(parts)}.", _numbers(effect)
        )
    return _of_one(known[0], effect, named=len(judged) > 1)


def _kind(finding: Finding) -> str:
    if finding.ignored:
        return "prediction-ignored"
    return _KINDS[bool(finding.predict)]


def _of_one(finding: Finding, effect: Effect, *, named: bool = False) -> Recommendation:
    """The sentence about a model; it is `named` where there are others."""
    kind = _kind(finding)
    numbers = _numbers(effect) | _judged_numbers(finding)
    if finding.ignored:
        return Recommendation(
            kind,
            f"{finding.cell.model} takes no notice of predictions: sending them costs nothing and gives nothing.",
            numbers,
        )
    head = _ADVICE[bool(finding.predict)]
    if finding.unsupported:
        return Recommendation(kind, f"{head}: {finding.cell.model} refuses them.", numbers)
    net, saved = finding.net, finding.savings.net_s
    whose = f"with {finding.cell.model} " if named else ""
    if net is None or saved is None or finding.predict is not (saved > 0):
        return Recommendation(
            kind,
            f"{head}: that is in force, and nothing has shown the opposite.",
            numbers,
            _evidence(finding),
        )
    does = "save" if saved > 0 else "lose"
    amount, part = seconds(abs(saved)), share(abs(net.value))
    if finding.basis is Basis.MODELLED:
        figure = f"they seem to {does} {amount}, {part} of an edit"
    else:
        figure = f"they {does} {amount} an edit, {part} of its cost"
    return Recommendation(
        kind,
        f"{head}: {whose}{figure}.",
        numbers,
        _evidence(finding),
    )


def _why(finding: Finding) -> str:
    """What the loss comes from, where it is not the time of the edits that went well."""
    found = finding.savings
    if finding.predict:
        return ""
    if found.failed > _NOTABLE:
        return f"{share(found.failed)} of predicted edits fail. "
    if found.repeated > _NOTABLE:
        return f"{share(found.repeated)} of predicted edits have to be repeated. "
    if found.saved_s is not None and found.saved_s.value > 0:
        return f"{dollars(found.rejected_cost)} of rejected tokens an edit outweigh the time saved. "
    return ""


def _evidence(finding: Finding) -> str:
    """The line behind the figure: why, how sure it is, from how many requests, and since when."""
    found, net = finding.savings, finding.net
    if net is None:
        return ""
    interval = f"95 % sure: {_saved_share(net.low, net.high)}" if net.enough else "A first figure"
    since = f" since {finding.since:%Y-%m-%d}, when the server changed" if finding.since is not None else ""
    compared = (
        "chance chose those without"
        if finding.basis is Basis.MEASURED
        else "chance chose none of those without, so that is modelled, and the setting exploration changes it"
    )
    return (
        f"{_why(finding)}{interval}{_FROM}{found.sent:,} requests with a prediction and {found.plain:,} without"
        f"{since}; {compared}. Cost is time and money together."
    )


def _saved_share(low: float, high: float) -> str:
    """An interval of shares in words: saved, lost, or between the two."""
    if low > 0:
        return f"{share(low)} to {share(high)} saved"
    if high < 0:
        return f"{share(-high)} to {share(-low)} lost"
    return f"between {share(-low)} lost and {share(high)} saved"


def _of_model(finding: Finding) -> Recommendation:
    """The same for one of several models."""
    if finding.predict is None and not finding.ignored:
        return Recommendation(
            "no-decision-for-model",
            f"With model {finding.cell.model}, nothing is decided: {finding.missing}.",
            {"model": finding.cell.model},
        )
    one = _of_one(finding, _NO_EFFECT)
    sentence = one.sentence if finding.ignored else one.sentence[0].lower() + one.sentence[1:]
    return Recommendation(
        f"{one.kind}-for-model",
        sentence if finding.ignored else f"With model {finding.cell.model}, {sentence}",
        {"model": finding.cell.model} | _judged_numbers(finding),
        one.evidence,
    )


def _doubts(finding: Finding) -> Iterator[Recommendation]:
    """What the randomised requests alone say, where it is something else."""
    check = finding.check
    if check is None or not check.disagrees:
        return
    saved = check.saved_s
    yield Recommendation(
        "chance-disagrees",
        f"The randomised requests to {finding.cell.model} alone disagree: by them an edit "
        f"{'saves' if saved.value > 0 else 'loses'} {seconds(abs(saved.value))} with a prediction "
        f"(95 % sure: {seconds(saved.low)} to {seconds(saved.high)}).",
        {"model": finding.cell.model, "saved_s": saved.value, "low_s": saved.low, "high_s": saved.high},
    )


def _by_the_model(overall: Summary, effect: Effect, judged: Sequence[Finding]) -> Recommendation:
    """Where nothing is decided: what the randomised medians say, then what a model of the server foretells."""
    time = effect.total_s
    numbers = _numbers(effect)
    faster = _faster(time)
    if faster is not None:
        return Recommendation(
            _KINDS[faster], f"{_ADVICE[faster]}: {_median(time)}.", numbers, _figures(effect, time)
        )
    foretold = next((finding for finding in judged if finding.foretold is not None), None)
    if foretold is not None and foretold.foretold is not None:
        least, most = foretold.foretold
        if least > 0 or most < 0:
            pays = least > 0
            low, high = sorted((abs(least), abs(most)))
            return Recommendation(
                f"{_KINDS[pays]}-modelled",
                f"Predictions seem to {'save' if pays else 'lose'} {share(low)} to {share(high)} of the time: "
                "modelled, not measured.",
                numbers | {"model": foretold.cell.model, "low": least, "high": most},
                _by_passes(foretold),
            )
    if time.saved is not None:
        return Recommendation("no-difference-yet", _UNKNOWN_YET, numbers, _undecided(effect, time))
    if judged and judged[0].net is not None:
        net = judged[0].net
        return Recommendation(
            "no-difference-yet",
            "It is open whether predictions pay.",
            numbers | _judged_numbers(judged[0]),
            f"With 95 % confidence an edit is {_saved_share(net.low, net.high)}, time and money together.",
        )
    return _too_few(overall, effect)


def _by_passes(foretold: Finding) -> str:
    """What the modelled saving comes from, and how to measure it."""
    if foretold.pass_cost is None:
        return f"{_EXPLORE}."
    low, high = (f"{each:.2f}" for each in foretold.pass_cost)
    cost = low if low == high else f"{low} to {high}"
    return f"By the rule of the server, its passes cost {cost} plain ones on average. {_EXPLORE}."


def _against(model: str, effect: Effect, overall: Effect) -> Iterator[Recommendation]:
    """Models whose answer differs from that for all together."""
    time, all_times = effect.total_s, overall.total_s
    if time.saved is None or time.low is None or time.high is None:
        return
    faster = _faster(time)
    if faster is None or faster is _faster(all_times):
        return
    advice = _ADVICE[faster]
    yield Recommendation(
        f"{_KINDS[faster]}-for-model",
        f"With model {model}, {advice[0].lower()}{advice[1:]}: {_median(time)}.",
        {"model": model, "saved_s": time.saved, "low_s": time.low, "high_s": time.high},
        _figures(effect, time),
    )


def _faster(time: Difference) -> bool | None:
    """Whether the median edit is faster with a prediction; None if the interval does not say."""
    if time.low is not None and time.low > 0:
        return True
    if time.high is not None and time.high < 0:
        return False
    return None


def _numbers(effect: Effect) -> Numbers:
    time = effect.total_s
    return {
        "requests_with": effect.requests_with,
        "requests_without": effect.requests_without,
        "saved_s": time.saved,
        "low_s": time.low,
        "high_s": time.high,
        "more_requests": effect.more_requests,
    }


def _judged_numbers(finding: Finding) -> Numbers:
    net = finding.net
    return {
        "model": finding.cell.model,
        "net_s": finding.savings.net_s,
        "net_share": net.value if net is not None else None,
        "net_share_low": net.low if net is not None and net.enough else None,
        "net_share_high": net.high if net is not None and net.enough else None,
        "certainty": finding.certainty,
        "basis": finding.basis,
    }


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _too_few(overall: Summary, effect: Effect) -> Recommendation:
    kind, numbers = "not-enough-data", _numbers(effect)
    if overall.offline == overall.requests:
        return Recommendation(
            kind,
            "Not enough data: the offline engine answered all requests.",
            numbers,
            "Its times are modelled, and say nothing about a server.",
        )
    if not effect.requests_with and not effect.requests_without:
        return Recommendation(kind, _UNKNOWN_YET, numbers, f"No request was randomised. {_EXPLORE}.")
    fewer, less = min((effect.requests_without, "without"), (effect.requests_with, "with"))
    more = (
        f"; about {_requests(effect.more_requests, 'more request')} will suffice"
        if effect.more_requests
        else ""
    )
    return Recommendation(
        kind,
        _UNKNOWN_YET,
        numbers,
        f"{FLOOR} requests that went out {less} prediction at random are needed, and there are {fewer}{more}.",
    )


def _median(time: Difference) -> str:
    """How much faster the median edit is with a prediction."""
    assert time.saved is not None and time.without_prediction is not None  # noqa: PT018, S101
    part = time.saved / time.without_prediction if time.without_prediction else 0.0
    return f"the median edit is {share(abs(part))} {'faster' if part > 0 else 'slower'} with them"


def _figures(effect: Effect, time: Difference) -> str:
    """The time of the median edit with and without predictions, and the difference."""
    assert time.saved is not None and time.low is not None and time.high is not None  # noqa: PT018, S101
    faster = time.saved > 0
    low, high = sorted((abs(time.low), abs(time.high)))
    return (
        f"With them half of the edits are done in {seconds(time.with_prediction)}, without in "
        f"{seconds(time.without_prediction)}. That is {seconds(abs(time.saved))} {'saved' if faster else 'lost'} "
        f"(95 % sure: between {seconds(low)} and {seconds(high)}), "
        f"measured on {_requests(effect.requests_with + effect.requests_without)} chosen at random."
    )


def _undecided(effect: Effect, time: Difference) -> str:
    more = (
        f"About {_requests(effect.more_requests, 'more request')} should settle it."
        if effect.more_requests
        else "The difference, if there is one, is too small to matter; let the bill decide."
    )
    return (
        f"The median edit is between {_either_way(time.low)} and {_either_way(time.high)} (95 % sure). {more}"
    )


def _either_way(saved: float | None) -> str:
    return f"{seconds(abs(saved or 0.0))} {'faster' if (saved or 0.0) > 0 else 'slower'} with them"


def _offline(summary: Summary) -> Iterator[Recommendation]:
    if summary.offline:
        yield Recommendation(
            "offline-engine",
            f"The offline engine answered {summary.offline} of {_requests(summary.requests)}: "
            "their tokens, times and costs are modelled, not measured.",
            {"offline": summary.offline, "requests": summary.requests},
        )


def _failures(summary: Summary) -> Iterator[Recommendation]:
    failed = summary.statuses[Status.FAILED]
    if summary.requests < FLOOR or failed < _MANY_FAILED * summary.requests:
        return
    errors = summary.errors.get(Status.FAILED, {})
    kind = next(iter(errors), None)
    often = f", most often: {error(kind)} ({_times(errors[kind])})" if kind is not None else ""
    yield Recommendation(
        "many-failures",
        f"{failed} of {_requests(summary.requests)} failed{often}.",
        {"failed": failed, "requests": summary.requests, "error": kind},
    )


def _usage(model: str, summary: Summary) -> Iterator[Recommendation]:
    prediction = summary.prediction
    if prediction.sent < FLOOR or prediction.accepted_tokens or prediction.rejected_tokens:
        return
    sent = f"{_requests(prediction.sent)} that sent a prediction"
    numbers: Numbers = {"model": model, "requests": prediction.sent}
    if prediction.accepted_tokens is None and prediction.rejected_tokens is None:
        yield Recommendation(
            "no-prediction-tokens",
            f"Model {model} reported no prediction tokens in {sent}: "
            "the value of predictions cannot be measured there.",
            numbers,
        )
    else:
        yield Recommendation(
            "prediction-ignored",
            f"Model {model} accepted no prediction token and rejected none in {sent}: "
            "it seems to ignore predictions.",
            numbers,
        )


def _coverage(model: str, summary: Summary) -> Iterator[Recommendation]:
    prediction, coverage = summary.prediction, summary.prediction.coverage
    if not prediction.accepted_tokens and not prediction.rejected_tokens:
        return  # the prediction is not used at all, which another recommendation says
    if coverage.value is None or coverage.high is None or coverage.high >= BREAK_EVEN_COVERAGE:
        return
    yield Recommendation(
        "coverage-below-break-even",
        f"Predictions covered {share(coverage.value)} of what model {model} wrote in "
        f"{_requests(coverage.requests)}, at most {share(coverage.high)} with 95 % confidence: "
        f"below {share(BREAK_EVEN_COVERAGE)} they cost time even where verifying is cheap.",
        {"model": model, "requests": coverage.requests, "coverage": coverage.value, "high": coverage.high},
    )


def _cost(model: str, summary: Summary) -> Iterator[Recommendation]:
    rejected, cost = summary.prediction.rejected_cost_usd, summary.cost_usd
    if summary.prediction.sent < FLOOR or not rejected or not cost or rejected < _MUCH_REJECTED * cost:
        return
    yield Recommendation(
        "rejected-tokens-cost",
        f"Rejected prediction tokens cost {dollars(rejected)} with model {model}, "
        f"{share(rejected / cost)} of {dollars(cost)} in {_requests(summary.requests)}.",
        {"model": model, "requests": summary.requests, "rejected_cost_usd": rejected, "cost_usd": cost},
    )


def _requests(count: int, noun: str = "request") -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
