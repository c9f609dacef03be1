"""A report in Prometheus' text format, for a node exporter's folder of text files.

https://prometheus.io/docs/instrumenting/exposition_formats/: one HELP and TYPE a family, label values escaped.
Unknown values have no sample: a 0 would mean something else.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from editsvc.report.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from editsvc.report.model import Rate, Report, Summary


class _Sample(NamedTuple):
    family: str
    labels: Mapping[str, str | None]
    value: float | None


_HELP = {
    "requests": "Requests by how they ended.",
    "retried_requests": "Requests that were sent more than once.",
    "predictions_sent": "Requests that sent a prediction.",
    "acceptance_ratio": "Accepted share of all verified prediction tokens; bound is value, low or high.",
    "coverage_ratio": "Share of accepted prediction tokens in all output tokens; bound is value, low or high.",
    "edits_accepted_ratio": "Share of edits with a verdict that were accepted whole; bound is value, low or high.",
    "prediction_tokens": "Prediction tokens by outcome.",
    "tokens": "Tokens by kind.",
    "cost_usd": "Cost in US dollars; kind is all or rejected.",
    "ttft_seconds": "Seconds to the first token, by quantile.",
    "total_seconds": "Seconds to the end of the reply, by quantile.",
    "time_saved_seconds": "Median seconds saved by predicting, in randomised requests; bound is value, low or high.",
    "missing_parts": "Parts of the report that could not be computed.",
}


def to_prometheus(report: Report, parts: Parts | None = None) -> str:
    """`report` as metrics; groups stand beside each other under the labels of their key.

    A part that is missing is a metric of its own, with its sentence as a comment.
    """
    parts = parts or Parts(report.missing)
    sets = [(group.key, group.summary) for group in report.groups] or [({}, report.summary)]
    samples: list[_Sample] = []
    for key, summary in sets:
        samples += parts.some("Metrics", partial(_sampled, key, summary))
    saved = report.effect.total_s
    samples += [
        _Sample("time_saved_seconds", {"bound": bound}, value)
        for bound, value in (("value", saved.saved), ("low", saved.low), ("high", saved.high))
    ]
    samples += [_Sample("missing_parts", {"part": each.part}, 1) for each in parts.missing]
    lines = [f"# {' '.join(each.sentence.split())}" for each in parts.missing]
    for family, text in _HELP.items():
        found = [each for each in samples if each.family == family and each.value is not None]
        if found:
            lines += [f"# HELP editsvc_{family} {text}", f"# TYPE editsvc_{family} gauge"]
            lines += [f"editsvc_{family}{_labels(each.labels)} {each.value}" for each in found]
    return "".join(f"{line}\n" for line in lines)


def _sampled(key: Mapping[str, str | None], summary: Summary) -> list[_Sample]:
    return list(_samples(key, summary))


def _samples(key: Mapping[str, str | None], summary: Summary) -> Iterator[_Sample]:
    prediction, tokens, speed = summary.prediction, summary.tokens, summary.latency.overall
    for status, number in summary.statuses.items():
        # A grouping by status has the label already.
        yield _Sample("requests", {"status": status.value, **key}, number)
    yield _Sample("retried_requests", key, summary.retried)
    yield _Sample("predictions_sent", key, prediction.sent)
    yield from _rate("acceptance_ratio", key, prediction.acceptance)
    yield from _rate("coverage_ratio", key, prediction.coverage)
    yield from _rate("edits_accepted_ratio", key, summary.verdicts.edits)
    yield _Sample("prediction_tokens", {**key, "outcome": "accepted"}, prediction.accepted_tokens)
    yield _Sample("prediction_tokens", {**key, "outcome": "rejected"}, prediction.rejected_tokens)
    for kind, count in (
        ("prompt", tokens.prompt),
        ("cached", tokens.cached),
        ("completion", tokens.completion),
        ("reasoning", tokens.reasoning),
    ):
        yield _Sample("tokens", {**key, "kind": kind}, count)
    yield _Sample("cost_usd", {**key, "kind": "all"}, summary.cost_usd)
    yield _Sample("cost_usd", {**key, "kind": "rejected"}, prediction.rejected_cost_usd)
    for family, each in (("ttft_seconds", speed.ttft_s), ("total_seconds", speed.total_s)):
        yield _Sample(family, {**key, "quantile": "0.5"}, each.median)
        yield _Sample(family, {**key, "quantile": "0.95"}, each.p95)


def _rate(family: str, key: Mapping[str, str | None], rate: Rate) -> Iterator[_Sample]:
    for bound, value in (("value", rate.value), ("low", rate.low), ("high", rate.high)):
        yield _Sample(family, {**key, "bound": bound}, value)


def _labels(labels: Mapping[str, str | None]) -> str:
    if not labels:
        return ""
    told = ",".join(f'{name}="{_escaped(value or "")}"' for name, value in labels.items())
    return f"{{{told}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
