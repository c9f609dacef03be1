"""Doubling: a file, half of it, or a definition, that a document holds twice after a reply.

Nothing else notices: most languages allow a definition to stand there twice, and nothing is lost.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from editsvc.guard.findings import Answer, Check, Finding, Lines
from editsvc.guard.telling import telling, tells
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from editsvc.guard.proposal import Proposal

_MOST: Final = 0.6
_MOST_OF_A_PART: Final = 0.8  # few lines are more often alike
_SHARE: Final = 0.35
_SEVERAL: Final = 2
_SHORT_RUN: Final = 5
_LONG_RUN: Final = 10  # lines that say something, which nobody writes twice one after the other


def doubling(proposal: Proposal) -> Iterator[Finding]:
    """What came twice: nearly all of a text, a long run of the document's own lines, or a whole definition."""
    added = sum(span.new_end - span.new_start for span in proposal.spans)
    if added < _SEVERAL:
        return
    for first, old, new in _texts(proposal):
        if added >= len(new) // 4 and _twice(old, new, _MOST if proposal.whole else _MOST_OF_A_PART):
            brought = Answer.ASK_THEN_WARN if proposal.intent.rewrites else Answer.ASK_THEN_REFUSE
            message = "Nearly every line of the new text is there twice."
            yield _finding(message, first, first + len(new) - 1, brought)
            return
    yield from _again(proposal)


def _texts(proposal: Proposal) -> Iterator[tuple[int, Sequence[str], Sequence[str]]]:
    """The texts of the reply: the line (1-based) of what they replace, and the lines before and after."""
    if proposal.whole:
        yield 1, proposal.old, proposal.new
        return
    for piece in proposal.pieces:
        yield piece.section.first_line, split_lines(piece.section.text), split_lines(piece.text)


def _twice(old: Sequence[str], new: Sequence[str], most: float) -> bool:
    """Whether most lines that tell something are there twice as often as before, or came twice.

    Lines that are to change may differ between the copies, so that some are let off.
    """
    now = Counter(map(str.strip, new))
    before = Counter(map(str.strip, old))
    twice = sum(count >= 2 * max(1, before[line]) and tells(line) for line, count in now.items())
    if not twice:
        return False
    distinct = sum(map(tells, now))
    return distinct >= _SEVERAL and twice >= most * distinct


def _again(proposal: Proposal) -> Iterator[Finding]:
    came: Counter[str] = Counter()
    for span in proposal.spans:
        came.update(telling(proposal.new[span.new_start : span.new_end]))
        came.subtract(telling(proposal.old[span.old_start : span.old_end]))
    more = {line for line, count in came.items() if count > 0}
    contents = proposal.original.contents
    held = {line: contents[line] for line in more if line in contents}
    if not held:
        return
    once = {line for line, count in held.items() if count == 1}
    for span in proposal.spans:
        run = _longest(proposal.new, range(span.new_start, span.new_end), held.keys(), once)
        if run is None:
            continue
        first, last, count = run
        if count >= _LONG_RUN or (count >= _SHORT_RUN and count >= _SHARE * len(set(telling(proposal.old)))):
            message = f"{count} lines that the file has already come a second time."
            copied = once.intersection(line.strip() for line in proposal.new[first : last + 1])
            arrived = telling(proposal.new[span.new_start : span.new_end])
            mostly = 2 * len(telling(proposal.new[first : last + 1])) >= len(arrived)
            yield _finding(message, first + 1, last + 1, _of_a_part(proposal, copied, mostly=mostly))
            return
    yield from _defined_twice(proposal, held.keys(), once)


def _of_a_part(proposal: Proposal, copied: set[str], *, mostly: bool = True) -> Answer:
    """How to answer a part that is there twice: people copy what they are about to change.

    Of `copied` lines that a reply in parts holds, what stood outside of that part belongs elsewhere, if what came there
    is `mostly` that.
    """
    elsewhere = (
        not proposal.whole
        and mostly
        and not any(
            copied <= set(telling(split_lines(piece.section.text))) & set(telling(split_lines(piece.text)))
            for piece in proposal.pieces
        )
    )
    sure = proposal.intent.narrow or proposal.drafted is not None or elsewhere
    return Answer.ASK_THEN_REFUSE if sure else Answer.ASK_THEN_WARN


def _longest(
    lines: Sequence[str], numbers: range, known: Collection[str], once: Collection[str]
) -> tuple[int, int, int] | None:
    """The first and last line (0-based) of the longest run of lines in `known`, and how many of it are in `once`."""
    best: tuple[int, int, int] | None = None
    first, count = numbers.start, 0
    for number in numbers:
        content = lines[number].strip()
        if content in once:
            count += 1
            if best is None or count > best[2]:
                best = (first, number, count)
        elif content not in known and tells(content):
            first, count = number + 1, 0
    return best


def _defined_twice(proposal: Proposal, again: Collection[str], once: set[str]) -> Iterator[Finding]:
    """Definitions all of whose lines came again, the first of which there was once.

    A copy inside of something else, such as a helper in another test, is no second definition of the same.
    """
    if not once or len(again) < _SEVERAL or proposal.old_outline is None:
        return
    new = proposal.new_outline
    names = None if new is None else Counter(definition.qualified for definition in new.definitions)
    for definition in proposal.old_outline.definitions:
        if names is not None and names[definition.qualified] < _SEVERAL:
            continue
        body = telling(split_lines(proposal.before[definition.node_start : definition.node_end]))
        if len(body) >= _SEVERAL and body[0] in once and all(line in again for line in body):
            answer = _of_a_part(proposal, once.intersection(body))
            yield _finding(f"{definition.name} is defined twice.", None, None, answer)
            return


def _finding(
    message: str, first: int | None, last: int | None, answer: Answer = Answer.ASK_THEN_REFUSE
) -> Finding:
    after = Lines(first, last) if first is not None and last is not None else None
    return Finding(Check.DOUBLING, message, answer, after=after)
