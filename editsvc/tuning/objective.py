"""What time and output are worth: the user's value of an hour, scaled by the objective, and the prices of servers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.prediction.policy import Cell
from editsvc.settings.schema import Objective

if TYPE_CHECKING:
    from editsvc.provider.models import Model

PriceOf = Callable[[Cell], float | None]
"""US dollars for a million output tokens of a model at its server; None if that is not known."""

# An order of magnitude either way moves the value of time out of the range, $0.4 to $12 an hour at the prices of
# 2026, in which the cost of a second saved lies.
_FACTOR: Final = 10.0
# Avoids a division by zero: if time has no value, the faster of two ways at the same cost still wins.
_LEAST: Final = 0.01


@dataclass(frozen=True, slots=True)
class Worth:
    """The user's objective: an hour's value in US dollars, and whether time or cost comes first."""

    value_of_time: float = 30.0
    objective: Objective = Objective.BALANCED

    @property
    def per_hour(self) -> float:
        """An hour's value for decisions: ten times as much if time comes first, a tenth if cost does."""
        return max(self.value_of_time * self._factor, _LEAST)

    def in_users_terms(self, per_hour: float) -> float:
        """The `value_of_time` that would make decisions take `per_hour`."""
        return per_hour / self._factor

    @property
    def _factor(self) -> float:
        return {Objective.TIME_FIRST: _FACTOR, Objective.COST_FIRST: 1 / _FACTOR}.get(self.objective, 1.0)


def unknown_price(_: Cell) -> float | None:
    """No price is known."""
    return None


def listed(table: Mapping[str, Model]) -> PriceOf:
    """The prices of a table of models, at whatever server."""
    return lambda cell: table[cell.model].usd_per_million_output if cell.model in table else None
