"""The scores of the bench, as JSON and as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from editsvc.figures import percent
from editsvc.tuning.bench import CLEAR, POLICIES, QUANTITIES, SIZE_THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.tuning.bench import Result, Score, WeeklyScore

_SHORT: Final = {
    "acceptance": "acceptance",
    "time of a token": "token",
    "cost of a pass": "pass",
    "time saved": "saved",
    "net share": "net",
}
_WIDTHS: Final = (5, 5, 10, *(7 for _ in QUANTITIES[1:]), 7, 7, 5)
_TITLES: Final = {
    "always": "of sending always",
    "never": "of sending never",
    "size": f"of sending from {SIZE_THRESHOLD:,} tokens on",
}


def to_json(result: Result) -> dict[str, Any]:
    """The scores and the truths; shares between 0 and 1."""
    return {
        "schema": 1,
        "requests": result.requests,
        "runs": result.runs,
        "learned": _score(result.learned),
        "in_use": _score(result.in_use),
        "models": {
            name: {
                **dict(zip(QUANTITIES, truth.values, strict=True)),
                "coverage": {quantity: result.learned.coverage(quantity, name) for quantity in QUANTITIES},
            }
            for name, truth in result.truths.items()
        },
    }


def weeks_to_json(scores: Sequence[WeeklyScore]) -> list[dict[str, Any]]:
    """How users fare who tune every week, by their habits; shares between 0 and 1, changes a log."""
    return [
        {
            "edits_per_file": score.habits.edits,
            "day_noise": score.habits.day_noise,
            "logs": score.logs,
            "logs_tuned_weekly": score.weekly,
            "coverage": {quantity: score.coverage(quantity) for quantity in QUANTITIES},
            "called_changed": _share(score.alarms, score.logs),
            "wrong_choices": _share(score.wrong, score.choices),
            "changes_of_rule": _share(score.changes, score.weekly),
        }
        for score in scores
    ]


def render_weeks(scores: Sequence[WeeklyScore]) -> str:
    """The same as a table: a line for each habit."""
    lines = [weeks_heading(scores[0].logs, scores[0].weekly)] if scores else []
    return "".join([*lines, *map(week_line, scores)])


def weeks_heading(logs: int, weekly: int) -> str:
    """What is above the lines, which appear one by one."""
    heads = ("edits", "days", *(_SHORT[name] for name in QUANTITIES), "changed", "wrong", "rules")
    return (
        f"{logs:,} logs of ten weeks of a steady server for each line, {weekly:,} of them tuned every week:\n"
        "edits of a file in a row, noise of days; 95 % intervals that hold the truth; servers called changed,\n"
        "wrong choices (exploration included), changes of the rule a log\n\n"
    ) + _aligned(heads)


def week_line(score: WeeklyScore) -> str:
    """One habit's."""
    alarms, wrong = _share(score.alarms, score.logs), _share(score.wrong, score.choices)
    rules = _share(score.changes, score.weekly)
    return _aligned(
        (
            str(score.habits.edits),
            f"±{percent(score.habits.day_noise)}",
            *(_percent(score.coverage(name)) for name in QUANTITIES),
            _percent(alarms),
            _percent(wrong),
            "-" if rules is None else f"{rules:.2f}",
        )
    )


def _aligned(row: Sequence[str]) -> str:
    return "  ".join(f"{text:>{width}}" for text, width in zip(row, _WIDTHS, strict=True)) + "\n"


def _score(score: Score) -> dict[str, Any]:
    return {
        "regret": {name: score.regret(name) for name in POLICIES},
        "coverage": {quantity: score.coverage(quantity) for quantity in QUANTITIES},
        "right_decisions": _share(score.right, score.clear),
        "undecided": _share(score.undecided, score.clear),
        "drift_noticed": _share(score.noticed, score.drifts),
        "drift_false_alarms": _share(score.false_alarms, score.steady),
    }


def first_sentence(result: Result) -> str:
    """What one log of each model says already."""
    regrets = {name: _percent(result.learned.regret(name)) for name in POLICIES}
    return (
        f"After one log of each model, the learned policy costs {regrets['learned']} more than the best choice; "
        f"sending always costs {regrets['always']} more, and never {regrets['never']}."
    )


def render(result: Result) -> str:
    """The scores as a table of plain text."""
    both = (result.learned, result.in_use)
    rows = [
        (
            f"{result.runs:,} runs of {len(result.truths)} models",
            f"{result.requests:,} requests each",
            f"{2 * result.requests:,}, in use",
        ),
        ("regret of the learned policy", *(_percent(score.regret("learned"), 2) for score in both)),
        *(
            (f"  {_TITLES[name]}", *(_percent(score.regret(name), 2) for score in both))
            for name in POLICIES[1:]
        ),
        (
            f"right where the truth differs by over {percent(CLEAR)}",
            *(_percent(_share(score.right, score.clear)) for score in both),
        ),
        *(
            (
                f"95 % intervals that hold the {quantity}",
                *(_percent(score.coverage(quantity)) for score in both),
            )
            for quantity in QUANTITIES
        ),
        ("changes of a server that were noticed", *(_percent(_share(s.noticed, s.drifts)) for s in both)),
        ("steady servers reported as changed", *(_percent(_share(s.false_alarms, s.steady)) for s in both)),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "".join(f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}\n" for row in rows)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _percent(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else percent(value, digits)
