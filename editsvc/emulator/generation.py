"""A reply as a model with a verifier generates it: the time of each token, and its billing. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from editsvc.prediction.verifier import Latency, Pass, Preset, Rejection, Verification, passes, tally

if TYPE_CHECKING:
    from collections.abc import Container, Hashable, Sequence

    from editsvc.tokens import Unit


@dataclass(frozen=True, slots=True)
class GenerationPlan:
    """How to generate: verifier, speed, and the most completion tokens (reasoning and rejected ones too).

    `line_ends` are the tokens that end a line, for a verifier that asks for them.
    """

    preset: Preset
    latency: Latency
    limit: int
    uncached_prompt_tokens: int = 0
    reasoning_tokens: int = 0
    line_ends: Container[Hashable] = ()


@dataclass(frozen=True, slots=True)
class Generation:
    """A generated reply, with the second at which each reasoning token and each unit is due.

    `limited` says that the limit was reached before the end. ``completion_tokens`` is the billed number.
    """

    start_s: float
    end_s: float
    reasoning_due: tuple[float, ...]
    units: tuple[Unit, ...]
    due: tuple[float, ...]
    output_tokens: int
    verification: Verification
    limited: bool

    @property
    def completion_tokens(self) -> int:
        """Output, reasoning and rejected tokens together."""
        return self.output_tokens + len(self.reasoning_due) + self.verification.rejected

    @property
    def text(self) -> str:
        """The reply."""
        return "".join(unit.text for unit in self.units)


def generate(
    units: Sequence[Unit], output: Sequence[Hashable], prediction: Sequence[Hashable], plan: GenerationPlan
) -> Generation:
    """Generate `units`, whose tokens are `output`, with `prediction`.

    At the limit the pass in progress is cut: first what it emits, then what it rejects. Rejected tokens that
    are counted as a remainder are known only at the end, and are then capped at the limit.
    """
    now = start = plan.latency.prompt_s(plan.uncached_prompt_tokens)
    reasoned = min(plan.reasoning_tokens, plan.limit)
    reasoning_due = tuple(start + (i + 1) * plan.latency.token_s for i in range(reasoned))
    now += reasoned * plan.latency.token_s
    remainder = plan.preset.rejection is Rejection.REMAINDER
    left = plan.limit - reasoned
    token_due: list[float] = []
    made = []
    for whole_pass in passes(prediction, output, plan.preset, plan.line_ends):
        if left <= 0:
            break
        one = _cut(whole_pass, left, counts_rejected=not remainder)
        left -= one.emitted if remainder else one.emitted + one.proposed - one.accepted
        now += plan.latency.pass_s(one)
        token_due += [now] * one.emitted
        made.append(one)
    verification = tally(made, len(prediction), plan.preset.rejection)
    if remainder:
        verification = replace(verification, rejected=min(verification.rejected, left))
    whole: list[Unit] = []
    due: list[float] = []
    end = 0
    for unit in units:
        end += unit.tokens
        if end > len(token_due):
            break
        whole.append(unit)
        due.append(token_due[end - 1])
    return Generation(
        start,
        now,
        reasoning_due,
        tuple(whole),
        tuple(due),
        len(token_due),
        verification,
        len(token_due) < len(output),
    )


def _cut(one: Pass, left: int, *, counts_rejected: bool) -> Pass:
    """As much of a pass as `left` tokens allow: first what it emits, then what it rejects."""
    rejected = one.proposed - one.accepted
    if one.emitted + (rejected if counts_rejected else 0) <= left:
        return one
    emitted = min(one.emitted, left)
    accepted = min(one.accepted, emitted)
    if counts_rejected:
        rejected = min(rejected, left - emitted)
    return Pass(accepted + rejected, accepted, emitted)
