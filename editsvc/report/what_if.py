"""The scores of other predictions, and the accuracy of the local verifier in predicting the server.

The log has the verifier's counts for each candidate and preset, under ``<candidate>:<preset>``; a name without
a preset is a candidate that is not verified, such as ``none``.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from editsvc.report.intervals import ratio
from editsvc.report.model import Bin, Calibration, WhatIfSummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from editsvc.tokenlog.evidence import LoggedRequest

_BINS: Final = 10


class CandidateScore(NamedTuple):
    """The verifier's counts for one candidate, and the server's for the sent prediction, if reported."""

    candidate: str
    preset: str | None
    accepted: int
    rejected: int
    kind: str | None
    sent: tuple[int, int] | None


def scores(requests: Iterable[LoggedRequest]) -> list[CandidateScore]:
    """All scores in the log."""
    found: list[CandidateScore] = []
    names: dict[str, tuple[str, str | None]] = {}
    for request in requests:
        kind, sent = request.prediction_kind, request.verified
        for name, counts in (request.what_if or {}).items():
            if name not in names:
                candidate, _, preset = name.partition(":")
                names[name] = candidate, preset or None
            found.append(CandidateScore(*names[name], counts[0], counts[1], kind, sent))
    return found


def what_if(scored: Iterable[CandidateScore]) -> list[WhatIfSummary]:
    """The sums for each candidate and preset, by preset and then by acceptance, the best first."""
    sums: defaultdict[tuple[str, str | None], list[int]] = defaultdict(lambda: [0] * 6)
    for candidate, preset, accepted, rejected, _, sent in scored:
        counted = sums[candidate, preset]
        counted[0] += 1
        counted[1] += accepted
        counted[2] += rejected
        if sent is not None:
            counted[3] += 1
            counted[4] += sent[0]
            counted[5] += sent[1]
    found = [WhatIfSummary(candidate, preset, *counted) for (candidate, preset), counted in sums.items()]
    return sorted(found, key=lambda each: (each.preset or "~", -(each.acceptance or 0), each.candidate))


def calibrations(scored: Iterable[CandidateScore]) -> list[Calibration]:
    """Each preset's forecasts for the sent predictions, compared with the server's counts; the closest preset first.

    Bins hold requests whose predicted acceptance lies in the same tenth.
    """
    told: defaultdict[str, list[tuple[int, int, int, int]]] = defaultdict(list)
    for candidate, preset, accepted, rejected, kind, sent in scored:
        if (
            preset is not None
            and candidate == kind
            and sent is not None
            and any(sent)
            and accepted + rejected > 0
        ):
            told[preset].append((accepted, accepted + rejected, sent[0], sent[0] + sent[1]))
    found = [_calibration(preset, rows) for preset, rows in told.items()]
    return sorted(found, key=lambda each: (each.error, each.preset))


def _calibration(preset: str, rows: Sequence[tuple[int, int, int, int]]) -> Calibration:
    bins: defaultdict[int, list[tuple[int, int, int, int]]] = defaultdict(list)
    for row in rows:
        bins[min(_BINS - 1, _BINS * row[0] // row[1])].append(row)
    error = sum(abs(row[0] / row[1] - row[2] / row[3]) for row in rows) / len(rows)
    return Calibration(preset, len(rows), error, [_bin(bins[number]) for number in sorted(bins)])


def _bin(rows: Sequence[tuple[int, int, int, int]]) -> Bin:
    predicted = sum(row[0] for row in rows) / sum(row[1] for row in rows)
    return Bin(predicted, ratio([(row[2], row[3]) for row in rows]))
