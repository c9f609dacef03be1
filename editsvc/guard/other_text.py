"""Another text altogether: a reply in the right frame that has nothing to do with the file.

Told by what the two have in common: lines that say something, and words. A change however large keeps some of either;
a translation keeps neither, but then the instruction asks for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from editsvc.guard.findings import Answer, Check, Finding, Lines
from editsvc.guard.telling import telling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editsvc.guard.proposal import Proposal

_FEW_LINES: Final = 0.1
_FEW_WORDS: Final = 0.6
_TINY: Final = 3  # lines; of fewer, all may be what is to change
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_PROSE: Final = frozenset({"markdown", "html", "xml"})


def other_text(proposal: Proposal) -> Iterator[Finding]:
    """A whole file that has almost no line and few words of the one that it is to replace."""
    if not proposal.whole or proposal.intent.rewrites or not proposal.after.strip():
        return
    changed = sum(span.old_end - span.old_start for span in proposal.spans)
    if 2 * changed < len(proposal.old):
        return
    old, new = set(telling(proposal.old)), set(telling(proposal.new))
    least = min(len(old), len(new))
    if len(old) < _TINY or not least or len(old & new) > _FEW_LINES * least:
        return
    before, after = (set(_WORD.findall(text.lower())) for text in (proposal.before, proposal.after))
    if len(before & after) > _FEW_WORDS * min(len(before), len(after)):
        return
    prose = proposal.language is None or not proposal.language.grammar or proposal.language.name in _PROSE
    # A translation of prose may be asked for in any language, and a text may come from elsewhere.
    asked = prose and not (proposal.intent.understood and not proposal.intent.removes)
    yield Finding(
        Check.OTHER_TEXT,
        "The new text has almost nothing in common with the file.",
        Answer.ASK_THEN_WARN if asked else Answer.ASK_THEN_REFUSE,
        before=Lines(1, len(proposal.old)),
        after=Lines(1, len(proposal.new)),
        when="if all of it should be replaced",
    )
