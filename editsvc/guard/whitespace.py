r"""White space that a reply changed unasked: tabs and spaces, the width of indentation, blank lines, hard breaks.

White space is meaning in some places (recipes of a Makefile, columns of a TSV, depth in Python, paragraphs and hard
breaks in Markdown) and taste in others. Old white space is put back where it was uniform and the reply changed all of
it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING, Final

from editsvc.text.document import line_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from editsvc.guard.kept import Gap, Kept, Twin
    from editsvc.guard.proposal import Proposal

_INDENT: Final = re.compile(r"[ \t]*")
_MIXED: Final = 20  # one line in so many may be indented otherwise, and a file still counts as uniform
_AGREED: Final = 0.6
_WIDEST: Final = 8
_STEPS: Final = (2, 3, 4, 8)
_RESCALED: Final = 3
_NEARLY_ALL: Final = 0.9
_LOST: Final = 3
_SQUEEZED: Final = 2
_SQUEEZED_SHARE: Final = 2 / 3
_SPREAD: Final = 3
_SPREAD_SHARE: Final = 0.75
_FAR_GAPS: Final = 4
_INDENTS: Final = re.compile(r"^[ \t]*(?=\S)", re.MULTILINE)
_OTHER_SPACE: Final = re.compile(r"[^\S \t\n]")
_AT_MARGIN: Final = re.compile(r"^\S", re.MULTILINE)
_LIST_ITEM: Final = re.compile(r"\s*(?:[-*+]|\d+[.)])\s|\s*(?:#{1,6}\s|```|~~~|\||>)")


def indent_of(line: str) -> str:
    """The spaces and tabs that `line` begins with; "" for a blank line."""
    match = _INDENT.match(line)
    return match.group() if match and line.strip() else ""


def tabs_and_spaces(proposal: Proposal, kept: Kept) -> dict[int, str]:
    """The indentation, in the file's own tabs or spaces, of new lines that came with the other, by their number.

    Only for a file that uses one of them throughout, and only if at least one kept line shows how wide a tab was made;
    in a Makefile, a recipe's first sign is a tab, whatever else is known.
    """
    if "\t" not in proposal.before and "\t" not in proposal.after:
        return {}
    tabbed = spaced = 0
    for line in proposal.old:
        indent = indent_of(line)
        tabbed += indent.startswith("\t")
        spaced += indent.startswith("  ")
    if tabbed and spaced * _MIXED <= tabbed:
        return _to_tabs(proposal, kept)
    makefile = proposal.language is not None and proposal.language.name == "makefile"
    if makefile and tabbed:
        return _to_tabs(proposal, kept)
    if spaced and not tabbed:
        return _to_spaces(proposal, kept)
    return {}


def _to_tabs(proposal: Proposal, kept: Kept) -> dict[int, str]:
    new = proposal.new
    votes = Counter[int]()
    widths: dict[int, int] = {}
    own = 0  # changed lines that are indented as the file is
    for number in _changed_lines(proposal):
        indent = indent_of(new[number])
        if not indent or "\t" in indent:
            own += bool(indent)
            continue
        twin = kept.by_new.get(number)
        before = indent_of(proposal.old[twin.old]) if twin else ""
        if twin and not before.startswith("\t"):
            continue
        if not twin and len(indent) < 2 and not votes:  # noqa: PLR2004 - the stars of a comment stand one space in
            continue
        widths[number] = len(indent)
        if twin:
            tabs = before.count("\t")
            votes[(len(indent) - before.count(" ")) // tabs] += 1
    step = _step(votes, list(widths.values())) if votes else _recipe(proposal, widths)
    if not step or (votes and votes.total() < max(own, len(widths) / 2)):
        return {}
    result = {}
    for number, width in widths.items():
        twin = kept.by_new.get(number)
        before = indent_of(proposal.old[twin.old]) if twin else ""
        tabs = width // step
        result[number] = before if before.count("\t") == tabs and twin else "\t" * tabs + " " * (width % step)
    return result


def _recipe(proposal: Proposal, widths: dict[int, int]) -> int:
    """How wide the one tab of a recipe was made in a Makefile of which no other line tells; 0 if that is not clear."""
    if proposal.language is None or proposal.language.name != "makefile" or len(set(widths.values())) != 1:
        return 0
    for span in proposal.spans:
        tabbed = all(line.startswith("\t") for line in proposal.old[span.old_start : span.old_end])
        if any(span.new_start <= number < span.new_end for number in widths) and not (
            tabbed and span.old_end > span.old_start
        ):
            return 0
    return next(iter(widths.values()))


def _step(votes: Counter[int], widths: list[int]) -> int:
    """How many spaces stand for one level; 0 if that is not clear."""
    step, count = votes.most_common(1)[0]
    common = gcd(*widths)
    if count >= _AGREED * votes.total() and 0 < step <= _WIDEST and common % step == 0:
        return step
    if common in _STEPS:
        return common  # all of it was moved to another depth as well
    return step if count >= _AGREED * votes.total() and 0 < step <= _WIDEST else 0


def _to_spaces(proposal: Proposal, kept: Kept) -> dict[int, str]:
    new = proposal.new
    votes = Counter[int]()
    depths: dict[int, tuple[int, int]] = {}
    own = 0  # changed lines that are indented as the file is
    for number in _changed_lines(proposal):
        indent = indent_of(new[number])
        if not indent.startswith("\t"):
            own += len(indent) > 1
            continue
        tabs = len(indent) - len(indent.lstrip("\t"))
        depths[number] = tabs, len(indent) - tabs
        twin = kept.by_new.get(number)
        if twin:
            votes[(len(indent_of(proposal.old[twin.old])) - len(indent) + tabs) // tabs] += 1
    if not votes or votes.total() < max(own, len(depths) / 2):
        return {}
    step, count = votes.most_common(1)[0]
    if count < _AGREED * votes.total() or not 0 < step <= _WIDEST:
        return {}
    return {number: " " * (tabs * step + rest) for number, (tabs, rest) in depths.items()}


def _changed_lines(proposal: Proposal) -> Iterator[int]:
    for span in proposal.spans:
        yield from range(span.new_start, span.new_end)


@dataclass(frozen=True, slots=True)
class Rescaled:
    """Lines of a document that came back with another width of all of its indentation, or with none.

    `factor` is the new width by the old one; `indents` are the old indentation by the number of the new line; `unclear`
    are edited lines of which nothing tells whether they were changed as well.
    """

    factor: float
    indents: dict[int, str]
    unclear: list[int]


def rescaled(proposal: Proposal, kept: Kept) -> Rescaled | None:
    """What to put back in a document whose indentation came back with another width; None if it did not.

    Nearly every kept line that is indented must have been changed, by the same factor, and at more than one depth:
    else it may be a block that moved.
    """
    old, new = proposal.old, proposal.new
    factors = Counter[float]()
    depths: dict[float, set[str]] = {}
    pairs: dict[int, str] = {}
    for twin in kept.twins:
        before, after = indent_of(old[twin.old]), indent_of(new[twin.new])
        if before != after:
            factor = len(after) / len(before) if before else -1.0
            factors[factor] += 1
            depths.setdefault(factor, set()).add(before)
            pairs[twin.new] = before
    if not factors:
        return None
    factor, count = factors.most_common(1)[0]
    changed = {twin.old for twin in kept.twins} | set(kept.gone)
    same = sum(1 for number, line in enumerate(old) if indent_of(line) and number not in changed)
    most = len(pairs) * _NEARLY_ALL
    if count < max(_RESCALED, most) or len(depths[factor]) == 1 or same > len(pairs) - most or factor < 0:
        return None
    unclear = []
    counterpart = {there: here for here, there in kept.edits}
    for number in kept.edited:
        width = len(indent_of(new[number]))
        before = indent_of(old[counterpart[number]]) if number in counterpart else ""
        if not before or len(before) not in {width, width / factor if factor else len(before)}:
            unclear.append(number)
        elif width != len(before):
            pairs[number] = before
    return Rescaled(factor, pairs, [number for number in unclear if indent_of(new[number])])


def lost_indentation(proposal: Proposal, kept: Kept) -> list[Twin]:
    """The kept lines that stand at the left edge and did not before, if they are most of those that were indented."""
    lost = [
        twin
        for twin in kept.twins
        if indent_of(proposal.old[twin.old]) and not indent_of(proposal.new[twin.new])
    ]
    if not lost:
        return []
    indented = sum(1 for line in proposal.old if indent_of(line))
    return lost if len(lost) >= _LOST and 2 * len(lost) > indented else []


def dedented_pieces(proposal: Proposal, kept: Kept) -> dict[int, str]:
    """The indentation of lines of parts that came back flush left, all by what all of the part had in common.

    A kept line has to show it, unless the reply is one part. None of it where a kept line elsewhere moved as well: then
    all of the document was indented anew.
    """
    result: dict[int, str] = {}
    if proposal.whole:
        return result
    shift = 0
    for piece in proposal.pieces:
        first = piece.section.first_line - 1 + shift
        lines = line_count(piece.text)
        common = _common(piece.section.text)
        if common and piece.text.strip() and not _common(piece.text):
            new = piece.text.split("\n")
            whole = [number for number in range(first, first + lines) if proposal.new[number].strip()]
            twins = [kept.by_new[number] for number in whole if number in kept.by_new]
            moved = all(
                indent_of(proposal.old[t.old]) == common + indent_of(proposal.new[t.new]) for t in twins
            )
            shown = bool(twins) or len(proposal.pieces) == 1
            if moved and shown and not any(indent_of(line).startswith(common) for line in new):
                result.update((number, common + indent_of(proposal.new[number])) for number in whole)
        shift += lines - line_count(piece.section.text)
    elsewhere = (twin for twin in kept.twins if twin.new not in result)
    anew = any(indent_of(proposal.old[t.old]) != indent_of(proposal.new[t.new]) for t in elsewhere)
    return {} if anew else result


def _common(text: str) -> str:
    """The indentation that all lines share."""
    if _AT_MARGIN.search(text):
        return ""
    if _OTHER_SPACE.search(text):
        indents = [indent_of(line) for line in text.split("\n") if line.strip()]
    else:
        indents = _INDENTS.findall(text)
    if not indents:
        return ""
    first, last = min(indents), max(indents)
    length = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:length]


@dataclass(frozen=True, slots=True)
class Blanks:
    """Gaps between kept lines that have other blank lines than before.

    `feeds` lost a form feed, `swept` were squeezed or widened as nearly all of the document were, and `far` are several
    that stand away from any edit.
    """

    feeds: list[Gap]
    swept: list[Gap]
    far: list[Gap]


def blank_lines(proposal: Proposal, kept: Kept) -> Blanks:
    """The gaps that the edit does not explain."""
    old, new = proposal.old, proposal.new
    feeds = [
        gap
        for gap in kept.gaps
        if _feeds(old[gap.old_start : gap.old_end]) > _feeds(new[gap.new_start : gap.new_end])
    ]
    gaps = [gap for gap in kept.gaps if gap.old_end - gap.old_start != gap.new_end - gap.new_start]
    fewer = [gap for gap in gaps if gap.new_end - gap.new_start < gap.old_end - gap.old_start]
    more = [gap for gap in gaps if gap.new_end - gap.new_start > gap.old_end - gap.old_start]
    gone = [gap for gap in fewer if gap.new_start == gap.new_end]
    wide = [gap for gap in fewer if gap.old_end - gap.old_start > 1]
    swept: list[Gap] = []
    squeezed = len(gone) >= _SQUEEZED and len(gone) >= _SQUEEZED_SHARE * _runs(old, 1)
    if squeezed or (len(wide) >= _SPREAD and len(wide) >= _SPREAD_SHARE * _runs(old, 2)):
        swept += fewer
    if len(more) >= _SPREAD and len(more) >= _SPREAD_SHARE * _runs(new, 1):
        swept += more
    known = {*feeds, *swept}
    far = [gap for gap in gaps if gap not in known and not kept.is_near(gap.new_start)]
    return Blanks(feeds, sorted(swept), far if len(far) >= _FAR_GAPS else [])


def _feeds(lines: Sequence[str]) -> int:
    return sum(line.count("\f") for line in lines)


def _runs(lines: Sequence[str], least: int) -> int:
    """How many runs of at least so many blank lines stand between others."""
    runs = length = 0
    for line in lines:
        if line.strip():
            runs += length >= least
            length = 0
        else:
            length += 1
    return runs


def is_hard_break(lines: Sequence[str], number: int) -> bool:
    """Whether the two spaces at the end of a Markdown line break it: text of the same paragraph follows."""
    if number + 1 >= len(lines) or not lines[number].rstrip("\n").endswith("  ") or not lines[number].strip():
        return False
    following = lines[number + 1]
    return (
        bool(following.strip())
        and not _LIST_ITEM.match(following)
        and not lines[number].startswith(("    ", "\t"))
    )
