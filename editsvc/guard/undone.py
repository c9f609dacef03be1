"""Whether what the instruction plainly says was done, and whether that was all.

What it plainly says is known from a complete draft, or from the names and values that a narrow instruction gives. To be
asked also where a reply changes nothing: then it may be that there is nothing to change, or that it was not done.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from editsvc.guard.findings import Answer, Check, Finding, Lines, Mark
from editsvc.guard.unasked import judge
from editsvc.text.diff import changed_spans
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editsvc.guard.proposal import Proposal
    from editsvc.text.diff import Span

_NAMES_SHOWN: Final = 3
_LAST_NAME: Final = re.compile(r"(?<=::)[^\W\d]\w*(?=!?$)|(?<=\w[.#])[^\W\d]\w*$")
_PLAIN: Final = re.compile(r"[^\W\d]\w*(?:-\w+)*")
_SHORTEST_PART: Final = 4
# A narrow change may bring lines together; so many are not lost by that.
_NET_LOSS: Final = 3


def undone(proposal: Proposal) -> Iterator[Finding]:
    """That nothing was done of what the instruction plainly says, as one finding at most."""
    if proposal.drafted not in {None, proposal.before}:
        done = _drafted_lines_done(proposal) or _more_of(proposal, proposal.intent.wanted)
        if not done:
            yield _finding(proposal, Answer.ASK_THEN_REFUSE)
    elif proposal.intent.narrow and _concerns(proposal) and not _holds_any(proposal):
        # Where the old word is gone, the change may have been made in other words, but hardly with another value.
        gone = any(
            _count(name, proposal.after) < _count(name, proposal.before) for name in proposal.intent.named
        )
        plain = all(_PLAIN.fullmatch(name) for name in proposal.intent.wanted)
        yield _finding(proposal, Answer.ASK_THEN_WARN if gone and plain else Answer.ASK_THEN_REFUSE)


def beyond_draft(proposal: Proposal) -> Iterator[Finding]:
    """What the reply does beyond a complete draft: lines that are lost, and lines that differ, one finding each.

    A name that the draft changes may be changed anywhere, and a line that stands elsewhere is not lost. Without a
    draft: lines that a narrow instruction does not name, where several are lost in one place.
    """
    if proposal.after == proposal.before:
        return
    if proposal.drafted is None or proposal.drafted in {proposal.before, proposal.after}:
        yield from _beyond_narrow(proposal)
        return
    drafted = split_lines(proposal.drafted)
    kept = Counter(proposal.new)
    missing = Counter(drafted) - kept
    had = Counter(proposal.old)
    made = Counter(drafted) - had
    lost: list[tuple[Lines, int]] = []
    different: list[Lines] = []
    for span in changed_spans(proposal.drafted, proposal.after):
        old, new = drafted[span.old_start : span.old_end], proposal.new[span.new_start : span.new_end]
        coming = sum(bool(line.strip()) for line in new)
        loss = sum(bool(line.strip()) and missing[line] > 0 for line in old) - coming
        if loss > 0:
            lost.append((_new_lines(span), loss))
        elif any(line.strip() and line not in had for line in new) and not (
            _renamed(proposal, old, new) or _in_other_words(proposal, old, new, made)
        ):
            different.append(_new_lines(span))
    if lost:
        yield _lost(lost)
    if different:
        shown = ", ".join(_shown(lines) for lines in different[:_NAMES_SHOWN])
        more = f" and {len(different) - _NAMES_SHOWN} more places" if len(different) > _NAMES_SHOWN else ""
        yield Finding(
            Check.UNASKED,
            f"The reply also changes {shown}{more}, of which the instruction does not speak.",
            Answer.WARN,
            after=Lines(different[0].first, different[-1].last),
        )


def _beyond_narrow(proposal: Proposal) -> Iterator[Finding]:
    if not proposal.intent.narrow or proposal.intent.removes:
        return
    # Of lines that stayed, there are as many as before.
    missing = Counter(line for span in proposal.spans for line in proposal.old[span.old_start : span.old_end])
    missing -= Counter(
        line for span in proposal.spans for line in proposal.new[span.new_start : span.new_end]
    )
    lost: list[tuple[Lines, int]] = []
    for judged in judge(proposal):
        span = judged.span
        old, new = proposal.old[span.old_start : span.old_end], proposal.new[span.new_start : span.new_end]
        loss = sum(bool(line.strip()) and missing[line] > 0 for line in old)
        loss -= sum(bool(line.strip()) for line in new)
        if judged.mark is Mark.UNEXPLAINED and loss >= _NET_LOSS:
            lost.append((_new_lines(span), loss))
    if lost:
        yield _lost(lost)


def _new_lines(span: Span) -> Lines:
    return Lines(span.new_start + 1, max(span.new_start + 1, span.new_end))


def _lost(places: list[tuple[Lines, int]]) -> Finding:
    number = sum(loss for _, loss in places)
    lines = "1 line is" if number == 1 else f"{number} lines are"
    first, last = places[0][0].first, places[-1][0].last
    return Finding(
        Check.UNASKED,
        f"{lines} gone of which the instruction does not speak, near line {first} of the new text.",
        Answer.ASK_THEN_REFUSE,
        after=Lines(first, last),
        when="if they are to go",
    )


def _finding(proposal: Proposal, answer: Answer) -> Finding:
    missing = [name for name in proposal.intent.wanted if not _count(name, proposal.after)]
    names = " and ".join(f"`{name}`" for name in missing[:_NAMES_SHOWN])
    if names:
        what = f"{names} {'occurs' if len(missing) == 1 else 'occur'} nowhere in the new text"
    elif proposal.before == proposal.after:
        what = "nothing was changed"
    else:
        what = "none of the changes is one that it asks for"
    return Finding(
        Check.UNDONE,
        f"The instruction was not carried out: {what}.",
        answer,
        when="if the new text does what is wanted",
    )


def _drafted_lines_done(proposal: Proposal) -> bool:
    """True if the reply makes a line that the draft makes; where that only removes, if one of these lines is gone."""
    before, after = Counter(proposal.old), Counter(proposal.new)
    drafted = Counter(split_lines(proposal.drafted or ""))
    made = drafted - before
    if any(line.strip() for line in made):
        return any(after[line] >= drafted[line] for line in made if line.strip())
    if not any(line.strip() for line in before - drafted):
        return proposal.after != proposal.before  # lines are only to change places
    return any(after[line] < before[line] for line in before - drafted if line.strip())


def _more_of(proposal: Proposal, names: tuple[str, ...]) -> bool:
    return any(_count(name, proposal.after) > _count(name, proposal.before) for name in names)


def _concerns(proposal: Proposal) -> bool:
    """True if the document has what the instruction says is to be changed."""
    named = proposal.intent.named
    return bool(named and proposal.intent.wanted) and all(_count(name, proposal.before) for name in named)


def _holds_any(proposal: Proposal) -> bool:
    return any(
        _count(name, proposal.after) or _is_more_often_part(name, proposal) for name in proposal.intent.wanted
    )


def _is_more_often_part(name: str, proposal: Proposal) -> bool:
    """Whether more names than before have the word `name` as a part, as ``lower_limit`` and ``lowerLimit`` do."""
    if len(name) < _SHORTEST_PART or not name.isalpha() or not name.islower():
        return False
    part = re.compile(rf"(?<![^\W_]){name}(?![^\W_])|{name.capitalize()}(?![a-z])")
    return len(part.findall(proposal.after)) > len(part.findall(proposal.before))


def _count(name: str, text: str) -> int:
    """How often `name` stands in `text` as a word, in any case; of a path of names, what it ends with."""
    last = _LAST_NAME.search(name)
    name = name if last is None else last[0]
    lowered, name = text.lower(), name.lower()
    if name not in lowered:
        return 0
    start = r"(?<!\w)" if name[:1].isalnum() else ""
    end = r"(?!\w)" if name[-1:].isalnum() else ""
    return sum(1 for _ in re.finditer(f"{start}{re.escape(name)}{end}", lowered))


def _in_other_words(proposal: Proposal, old: list[str], new: list[str], made: Counter[str]) -> bool:
    """True if `old` are lines that the draft made, and `new` has what is wanted too."""
    text = "".join(new)
    return all(made[line] for line in old) and any(name in text for name in proposal.intent.wanted)


def _renamed(proposal: Proposal, old: list[str], new: list[str]) -> bool:
    """True if `new` is `old` with what is named replaced by what is wanted."""
    intent = proposal.intent
    if len(intent.named) != 1 or len(intent.wanted) != 1:
        return False
    pattern = re.compile(re.escape(intent.named[0]), re.IGNORECASE)
    wanted = intent.wanted[0].lower()
    return pattern.sub(lambda _: wanted, "".join(old)).lower() == "".join(new).lower()


def _shown(lines: Lines) -> str:
    return f"line {lines.first}" if lines.first == lines.last else f"lines {lines.first} to {lines.last}"
