"""Named arms: which of several ways an edit is made in, where chance is asked.

Each edit is drawn for itself, once, and belongs to what was drawn whatever becomes of it. The draw is one number,
uniform in [0, 1): the named arms lie in it one after the other, in the order of their names, each as long as its share,
and what is left is `control`, the settings as they are. So the same number always means the same arm, in whatever order
a file names them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.tokenlog.values import CONTROL

if TYPE_CHECKING:
    from collections.abc import Mapping

# Shares are decimal fractions, whose sums are rounded: what is left below this is nothing.
_NOTHING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Drawn:
    """The arm of an edit, and the probability with which it was drawn."""

    name: str
    propensity: float


def draw(shares: Mapping[str, float], number: float) -> Drawn:
    """The arm that `number`, uniform in [0, 1), stands for; the shares add up to at most 1."""
    below = 0.0
    for name, share in sorted(shares.items()):
        below += share
        if number < below:
            return Drawn(name, share)
    rest = 1 - below
    if rest > _NOTHING or not shares:
        return Drawn(CONTROL, rest)
    last = max(shares)  # the sum was rounded to a little less than 1
    return Drawn(last, shares[last])
