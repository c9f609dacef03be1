"""Whether a document is sound after an edit: its syntax is no worse, and nothing in it deceives its reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc import syntax
from editsvc.guard.findings import Answer, Check, Finding, Lines
from editsvc.guard.invisible import added

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editsvc.guard.proposal import Proposal

_FAULTS_SHOWN: Final = 3
_DIALECT: Final = 3  # faulty lines
_BRACKETS: Final = ("()", "[]", "{}")
_OLD_WHITE_SPACE: Final = ("U+000B", "U+000C")


def broken_syntax(proposal: Proposal) -> tuple[list[Finding], syntax.Extent | None]:
    """The syntax errors that the edit adds, as one finding at most, and how much of the text was parsed.

    None where there is no grammar. What was not parsed has no finding.
    """
    if proposal.language is None:
        return [], None
    found = syntax.breakage(
        proposal.before,
        proposal.after,
        proposal.language,
        comparison=proposal.comparison,
        segments=proposal.original.segments_if_known,
    )
    if found is None or not found.faults:
        return [], None if found is None else found.extent
    faults = found.faults
    shown = "; ".join(f"line {fault.line + 1}: {fault.text}" for fault in faults[:_FAULTS_SHOWN])
    more = f" and {len(faults) - _FAULTS_SHOWN} more" if len(faults) > _FAULTS_SHOWN else ""
    finding = Finding(
        Check.SYNTAX,
        f"The edit would break the file's syntax ({shown}{more}).",
        Answer.ASK_THEN_WARN if _is_dialect(proposal, proposal.language) else Answer.ASK_THEN_REFUSE,
        after=Lines(faults[0].line + 1, faults[-1].line + 1),
        when="if the parser is wrong",
    )
    return [finding], found.extent


def _is_dialect(proposal: Proposal, language: syntax.Language) -> bool:
    """Whether the old text has so many faults itself that it is the grammar that does not know its language.

    As many brackets have to be open in the new text as in the old one.
    """
    before, after = proposal.before, proposal.after
    if any(
        before.count(one) - before.count(other) != after.count(one) - after.count(other)
        for one, other in _BRACKETS
    ):
        return False
    found = syntax.breakage("", before, language)
    return found is not None and len(found.faults) >= _DIALECT


def deceptive_characters(proposal: Proposal) -> Iterator[Finding]:
    """Invisible and deceptive characters that the edit adds, as one finding at most."""
    found = added(proposal.before, proposal.after, comparison=proposal.comparison)
    if found:
        # A vertical tab or a form feed is white space of old files, and hides nothing.
        harmless = all(one.name.startswith(_OLD_WHITE_SPACE) for one in found)
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        yield Finding(
            Check.INVISIBLE,
            f"The edit would add a deceptive character on line {found[0].line}: {found[0].name}, which "
            f"{found[0].effect}{more}.",
            Answer.ASK_THEN_WARN if harmless else Answer.ASK_THEN_REFUSE,
            after=Lines(found[0].line, found[-1].line),
            when="if it is intended",
        )
