"""The gate: every reply, whatever its form, ends as a proposal, and here it is examined, once.

Restorers go first: what they put back needs no question. Then all rules look at what is left, and their findings
together decide: the edit passes, the model is asked once more with the findings named, or the edit is refused. A model
that insists is believed where little is at stake, which each finding says of itself (`Answer`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from editsvc.guard import (
    comments,
    doubling,
    elision,
    form,
    long_lines,
    loss,
    order,
    other_text,
    placement,
    retouched,
    soundness,
    undone,
    wrapping,
)
from editsvc.guard.findings import Action, Answer, Check, Finding, Handled, Lines
from editsvc.text.diff import changed_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from editsvc.guard.proposal import Proposal
    from editsvc.syntax import Extent
    from editsvc.text.diff import Span

    Rule = Callable[[Proposal], Iterable[Finding]]
    Restorer = Callable[[Proposal, Collection[Check]], tuple[str, Sequence[Finding]]]

# What is wrong with a reply even if its text is that of the document.
_FORM: Final[tuple[Rule, ...]] = (form.open_frame, form.empty, form.prose)
# What puts old text back, each working on what those before it left, and but for kinds that are waived.
_RESTORERS: Final[tuple[Restorer, ...]] = (retouched.restore, comments.restore_comments)
# What looks at a changed document.
_CONTENT: Final[tuple[Rule, ...]] = (
    placement.placement,
    doubling.doubling,
    wrapping.wrapping,
    elision.elided,
    other_text.other_text,
    comments.comments_lost,
    loss.lost,
    order.reordered,
    undone.beyond_draft,
)
# What reads single lines, and would take a part of one for all of it; the others compare lines.
_READING: Final[frozenset[Rule]] = frozenset(
    {wrapping.wrapping, elision.elided, comments.comments_lost, order.reordered, undone.beyond_draft}
)
_SENTENCES: Final = 5  # of a complaint; a model that is told more mends less


class Decision(Enum):
    """What is to become of a proposal."""

    PASS = "the document may be changed"  # noqa: S105 - no password
    ASK = "the model is to be asked again"
    REFUSE = "the document stays as it is"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate made of a proposal.

    `proposal` is the one that was examined, with everything in it that was put back; `handled` are all findings with
    what was done about each. `complaint` is what to tell the model if it is to be asked again, `refused` the first
    finding that refuses. `extent` is how much of the text was parsed; None where that was not to be done, or cannot be.
    """

    decision: Decision
    proposal: Proposal
    handled: tuple[Handled, ...] = ()
    complaint: str = ""
    refused: Finding | None = None
    extent: Extent | None = None

    @property
    def document(self) -> str:
        """The new text, with everything in it that was put back."""
        return self.proposal.after


def examine(
    proposal: Proposal,
    *,
    allow: Collection[Check] = (),
    asked: bool = False,
    never_asked: Collection[Check] = (),
) -> Verdict:
    """Put back what is beyond doubt, and decide on the rest.

    `allow` names checks that the user waives. `asked` tells that the model has been asked again, and `never_asked`
    names the checks for which it is not to be asked at all.
    """
    findings: list[Finding] = []
    for rule in _FORM:
        findings += rule(proposal)
    restored: list[Finding] = []
    extent = None
    if proposal.before != proposal.after:
        proposal, restored, doubted = _restored(proposal, allow)
        findings += doubted
        # Just what the instruction plainly says cannot be too much or too little.
        if proposal.after != proposal.drafted:
            findings += _in_content(proposal)
        findings += soundness.deceptive_characters(proposal)
        if Check.SYNTAX not in allow:
            faults, extent = soundness.broken_syntax(proposal)
            findings += faults
    findings += undone.undone(proposal)
    findings = [finding for finding in findings if finding.kind not in allow]
    asks = [finding for finding in findings if _asks(finding, never_asked)] if not asked else []
    handled = [Handled.of(finding, Action.RESTORED) for finding in restored]
    if asks:
        handled += [
            Handled.of(finding, Action.ASKED_AGAIN if finding in asks else Action.WARNED)
            for finding in findings
        ]
        told = list(dict.fromkeys(finding.message for finding in asks))
        return Verdict(Decision.ASK, proposal, tuple(handled), " ".join(told[:_SENTENCES]), extent=extent)
    refusing = [finding for finding in findings if finding.answer is Answer.ASK_THEN_REFUSE]
    handled += [
        Handled.of(finding, Action.REFUSED if finding in refusing else Action.WARNED) for finding in findings
    ]
    decision = Decision.REFUSE if refusing else Decision.PASS
    return Verdict(
        decision,
        proposal,
        tuple(handled),
        refused=refusing[0] if refusing else None,
        extent=extent,
    )


def _in_content(proposal: Proposal) -> Iterator[Finding]:
    broken = long_lines.read(proposal)
    for rule in _CONTENT:
        yield from rule(proposal) if broken is None or rule in _READING else broken.found(rule)


def _asks(finding: Finding, never_asked: Collection[Check]) -> bool:
    return (
        finding.answer in {Answer.ASK_THEN_REFUSE, Answer.ASK_THEN_WARN} and finding.kind not in never_asked
    )


def _restored(proposal: Proposal, allow: Collection[Check]) -> tuple[Proposal, list[Finding], list[Finding]]:
    """The proposal with everything put back that is beyond doubt, the findings about that, and those about the rest."""
    found: list[Finding] = []
    for restorer in _RESTORERS:
        text, findings = restorer(proposal, allow)
        if text != proposal.after:
            spans = changed_spans(proposal.after, text)
            found = [replace(finding, after=_moved(finding.after, spans)) for finding in found]
            proposal = replace(proposal, after=text)
        found += findings
    restored = [finding for finding in found if finding.answer is Answer.RESTORE]
    return proposal, restored, [finding for finding in found if finding not in restored]


def _moved(lines: Lines | None, spans: Sequence[Span]) -> Lines | None:
    """Where `lines` of a text are after `spans` of it were replaced."""
    if lines is None:
        return None
    shift = sum(
        (span.new_end - span.new_start) - (span.old_end - span.old_start)
        for span in spans
        if span.old_end < lines.first
    )
    return Lines(lines.first + shift, lines.last + shift)
