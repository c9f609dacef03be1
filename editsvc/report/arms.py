"""Named arms in the report's words, as `editsvc.tuning.arms` compares them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editsvc import figures
from editsvc.report.formatting import seconds
from editsvc.report.model import Recommendation
from editsvc.tuning.arms import compared
from editsvc.tuning.estimates import LEAST_CLUSTERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editsvc.tokenlog.evidence import LoggedRequest
    from editsvc.tuning.arms import ArmComparison
    from editsvc.tuning.objective import Worth


def arms(requests: Iterable[LoggedRequest], worth: Worth) -> list[Recommendation]:
    """A sentence for each named arm: what an edit costs in it, beside the settings as they are."""
    return [
        Recommendation("arm", f"Arm {found.arm}: {_verdict(found)}", _numbers(found), _evidence(found))
        for found in compared(requests, worth.per_hour)
    ]


def _verdict(found: ArmComparison) -> str:
    saved = found.saved_s
    if saved is None:
        least = f"{LEAST_CLUSTERS} files and {LEAST_CLUSTERS} days"
        return f"not enough data to compare it with control; {least} are needed in both."
    if not found.certain:
        return "an edit may cost as much as in control, or more, or less."
    much = seconds(abs(saved.value))
    share = "" if found.share is None else f" ({figures.percent(abs(found.share))})"
    return f"an edit costs {much}{share} {'less' if saved.value > 0 else 'more'} than in control."


def _evidence(found: ArmComparison) -> str:
    sizes = " and ".join(
        f"{figures.count(size.edits, 'edit')} to {figures.count(size.files, 'file')} on "
        f"{figures.count(size.days, 'day')} {where}"
        for size, where in ((found.size, "in it"), (found.control, "in control"))
    )
    saved = found.saved_s
    if saved is None:
        return f"There are {sizes}."
    what = "Time, and money as time" if found.priced else "Time alone, since a price is not known"
    lost = [figures.percent(share) for share in found.failed]
    return (
        f"{what}: {_signed(saved.low)} to {_signed(saved.high)} less an edit (95 % interval), from {sizes}; "
        f"{lost[0]} and {lost[1]} of them ended without a result."
    )


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else ''}{seconds(abs(value))}"


def _numbers(found: ArmComparison) -> dict[str, str | int | float | None]:
    saved = found.saved_s
    return {
        "arm": found.arm,
        "saved_s": saved.value if saved is not None else None,
        "low": saved.low if saved is not None else None,
        "high": saved.high if saved is not None else None,
        "share": found.share,
        "edits": found.size.edits,
        "control_edits": found.control.edits,
        "failed": found.failed[0],
        "control_failed": found.failed[1],
    }
