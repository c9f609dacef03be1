"""The modes of requesting an edit, each with and without a prediction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from editsvc.prediction.policy import PredictionMode
from editsvc.prompt.rendering import EditFormat
from editsvc.scope.scopes import ScopeKind, ScopeRequest
from editsvc.settings.schema import Locate
from editsvc.text.diff import changed_spans
from editsvc.text.document import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from editsvc.emulator.responder import Case


@dataclass(frozen=True, slots=True)
class Arm:
    """One mode: the requested scope, by case; `settings` that differ from the defaults."""

    name: str
    scope: Callable[[Case], ScopeRequest]
    prediction: PredictionMode
    settings: Mapping[str, Any] = field(default_factory=dict)


def _file(_case: Case) -> ScopeRequest:
    return ScopeRequest(ScopeKind.FILE)


def _auto(_case: Case) -> ScopeRequest:
    return ScopeRequest()


def _cursor(case: Case) -> ScopeRequest:
    """The cursor is where the largest change begins, like that of a user who asks for it in an editor."""
    spans = changed_spans(normalise(case.before), normalise(case.after))
    if not spans:
        return ScopeRequest()
    largest = max(spans, key=lambda one: one.old_end - one.old_start + one.new_end - one.new_start)
    # An insertion goes after the previous line.
    line = largest.old_start + (largest.old_end > largest.old_start)
    return ScopeRequest(cursor_line=max(1, line))


_PLAIN: Final = {"drafts": False}


def _both(name: str, scope: Callable[[Case], ScopeRequest], settings: Mapping[str, Any]) -> tuple[Arm, Arm]:
    return (
        Arm(name, scope, PredictionMode.ON, settings),
        Arm(f"{name}, not predicted", scope, PredictionMode.OFF, settings),
    )


ARMS: Final = (
    *_both("file", _file, _PLAIN),
    *_both("symbol", _cursor, _PLAIN),
    *_both("draft", _file, {}),
    Arm("shown", _auto, PredictionMode.ON, {"locate": Locate.OFF}),
    Arm("located", _auto, PredictionMode.ON, {"locate": Locate.ON}),
    *_both("auto", _auto, {}),
    Arm("search-replace", _auto, PredictionMode.OFF, {"edit_format": EditFormat.SEARCH_REPLACE}),
)
"""``symbol`` is the definition at the cursor; ``draft`` is the whole file with a drafted prediction.

``shown`` and ``located`` are the two ways that auto chooses from where a file is divided: all of it is shown, or the
place is asked for first.
"""

KNOWING_THE_PLACE: Final = frozenset({"symbol", "symbol, not predicted"})
"""Arms that are told where the change is, which the others have to find out."""
