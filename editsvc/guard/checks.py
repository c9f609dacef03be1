"""Checks of what a reply lost, or changed on lines that it kept."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final

from editsvc.errors import GuardRefused, Means, Remedy
from editsvc.guard.findings import Answer, Check, Finding, Lines
from editsvc.guard.form import breaks
from editsvc.guard.similarity import word_similarity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from editsvc import syntax
    from editsvc.guard.proposal import Proposal
    from editsvc.text.diff import Span

_ENTITY: Final = re.compile(r"&(?:lt|gt|amp|quot|#39|#x27|apos);")

# What a comment looks like in any language, and a line that is nothing but an ellipsis with words. A spread
# such as `...rest` has no blank behind its dots and is no such line.
_COMMENT: Final = re.compile(
    r"""\s*(?:\#|//|/\*|\*(?!\w)|<!--|--|;|%|\{\s*/\*|'''|\"\"\"|[\[(<]?\s*(?:\.\.\.|…)(?=\s)|[\[(<]\s*(?:rest|remaining|existing))"""
)
_ELLIPSIS: Final = re.compile(r"\.\.\.|…")
# Dots that stand for code begin or end the remark; in the middle of a sentence they are only dots.
_DOTS_AT_AN_END: Final = re.compile(r"^\W*(?:\.\.\.|…)|(?:\.\.\.|…)\W*$")
_COMMENT_BEHIND_CODE: Final = re.compile(r"(?:\#|//|/\*|<!--)\s*(?:\.\.\.|…)")
_ONLY_ELLIPSIS: Final = re.compile(
    r"\s*(?:\#|//|/\*|<!--|--|\{\s*/\*)?\s*(?:\.\.\.|…)\s*(?:\*/\s*\}?|-->)?\s*"
)
_ELIDED: Final = re.compile(
    r"\b(?:rest|remain\w*|existing|unchanged|same|previous\w*|omit\w*|before|other|original|keep|kept|continu\w*|"
    r"code|implementation|here|stay\w*|brevity|truncated|skipp\w*|methods?|functions?|above|below|snip\w*)\b",
    re.IGNORECASE,
)
_ELISION_PHRASE: Final = re.compile(
    r"\b(?:rest of (?:the |your |this )?\w+|remaining (?:code|methods?|functions?|implementation|lines|content)"
    r"|(?:existing|unchanged|original|previous) (?:code|implementation|methods?|functions?|content|lines)"
    r"|(?:remains?|stays?|left|is|are) (?:unchanged|the same|as (?:is|before))"
    r"|same as (?:before|above|the original)|omitted for (?:brevity|clarity)|no changes? (?:here|below|needed))\b",
    re.IGNORECASE,
)
_ASKS_TO_REMOVE: Final = re.compile(
    r"\b(?:remov|delet|tak(?:e|ing) .{1,40}(?:away|out)\b|"
    r"drop|strip|clean|simplif|reduc|shrink|shorten|extract|split|keep only|only keep|replac|"
    r"rewrit|trim|cut|prun|purg|dedup|inlin|merg|collaps|mov|discard|get rid|eliminat|unused|dead|minif|condens|"
    r"refactor|empty|clear|unif|consolidat|redundan|duplicat|deprecat|obsolete|revert|undo|truncat|leave out)",
    re.IGNORECASE,
)
_ASKS_TO_INDENT: Final = re.compile(
    r"\b(?:indent|dedent|unindent|outdent|format|reformat|tabs?|spaces?|whitespace|white space|prettier|black|gofmt|"
    r"rustfmt|style|align|unwrap|flatten|unnest|nest|pep ?8|lint|early return|guard clause|minif)",
    re.IGNORECASE,
)
_ASKS_FOR_REMARKS: Final = re.compile(r"\b(?:comment|todo|remark)", re.IGNORECASE)
# What moves code to another depth does not ask for other white space to do it with.
_ASKS_TO_RETAB: Final = re.compile(
    r"\b(?:indent|format|reformat|tabs?|spaces?|whitespace|white space|prettier|black|gofmt|rustfmt|style|align|"
    r"pep ?8)",
    re.IGNORECASE,
)
_ASKS_FOR_STUBS: Final = re.compile(
    r"\b(?:stub|protocol|abstract|overload|interface|ellipsis|placeholder|\.pyi)", re.IGNORECASE
)
_SIMILAR: Final = 0.5
_TELLING_LINE: Final = 8  # characters; shorter lines (braces, "else:") occur in any text
_SHORT_FILE: Final = 15  # lines; below, a share says little
_LEAST_LEFT: Final = 0.4
_TAIL_SHARE: Final = 0.1
_TAIL_FLOOR: Final = 3
_TAIL_CEILING: Final = 20
_TAIL_SHARE_EVEN_IF_ASKED: Final = 0.5
_REINDENTED_FLOOR: Final = 3
_STUBBED_FLOOR: Final = 3
_REMARK_CEILING: Final = 2
_REMARKED_FLOOR: Final = 5
_BESIDE_CEILING: Final = 5  # lines; more than a block's neighbours have changed


def entities(p: Proposal) -> Iterator[Finding]:
    """Plain characters that came back as entities."""
    try:
        _entities(p.old, p.new, p.spans)
    except GuardRefused as exc:
        yield _finding(exc)


def elision(p: Proposal) -> Iterator[Finding]:
    """Remarks in the place of code."""
    try:
        _elision(p.old, p.new, p.spans, p.intent.literal, p.language)
    except GuardRefused as exc:
        yield _finding(exc)


def indentation(p: Proposal) -> Iterator[Finding]:
    """Indentation that is gone, or of the other kind."""
    try:
        _indentation(p.old, p.new, p.spans, p.intent.literal)
    except GuardRefused as exc:
        yield _finding(exc)


def tail(p: Proposal) -> Iterator[Finding]:
    """The end is missing."""
    if p.whole:
        try:
            _tail(p.old, p.new, p.spans, p.intent.literal, p.language)
        except GuardRefused as exc:
            yield _finding(exc)


def shrink(p: Proposal) -> Iterator[Finding]:
    """Most is gone."""
    try:
        _shrink(p.old, p.new, p.intent.literal)
    except GuardRefused as exc:
        yield _finding(exc)


def _finding(exc: GuardRefused) -> Finding:
    when = exc.remedies[0].when if exc.remedies else ""
    after = Lines(exc.line, exc.line) if exc.line else None
    return Finding(Check(exc.check), exc.message, Answer.ASK_THEN_REFUSE, after=after, when=when)


def _entities(old: list[str], new: list[str], spans: Sequence[Span]) -> None:
    known = {line.strip() for line in old}
    for number in _added(spans):
        line = new[number].strip()
        if _ENTITY.search(line) and html.unescape(line) in known:
            raise GuardRefused(
                f"Line {number + 1} of the reply has HTML entities where the file has plain characters: {_quote(line)}",
                check=Check.ENTITIES,
                line=number + 1,
                hint="Run the edit again.",
                remedies=_waive(Check.ENTITIES, "if they are wanted"),
            )


def _elision(
    old: list[str],
    new: list[str],
    spans: Sequence[Span],
    instruction: str,
    language: syntax.Language | None,
) -> None:
    if not any(line.strip() for span in spans for line in old[span.old_start : span.old_end]):
        return  # nothing is lost
    known = {line.strip() for line in old}
    python = language is not None and language.name == "python"
    for span in spans:
        for number in range(span.new_start, span.new_end):
            line = new[number].rstrip("\n")
            if line.strip() in known:
                continue
            lost = (span.old_end - span.old_start) - (span.new_end - span.new_start)
            if python and line.strip() == "...":
                elided = lost >= _STUBBED_FLOOR and not _ASKS_FOR_STUBS.search(instruction)
            elif _ELLIPSIS.search(line):
                remark = (
                    _COMMENT.match(line) and _DOTS_AT_AN_END.search(line)
                ) or _COMMENT_BEHIND_CODE.search(line)
                elided = bool(_ONLY_ELLIPSIS.fullmatch(line) or (remark and _ELIDED.search(line)))
            else:
                elided = lost > 0 and bool(_COMMENT.match(line) and _ELISION_PHRASE.search(line))
            if elided:
                raise _left_out(line, number)
    if (
        language is not None
        and not _ASKS_TO_REMOVE.search(instruction)
        and not _ASKS_FOR_STUBS.search(instruction)
        and not _ASKS_FOR_REMARKS.search(instruction)
    ):
        for group in [*([span] for span in spans), *_neighbours(old, spans)]:
            alone = _remark_alone(old, new, group, language)
            if alone is not None:
                raise _left_out(new[alone].rstrip("\n"), alone)


def _left_out(line: str, number: int) -> GuardRefused:
    return GuardRefused(
        f"Line {number + 1} of the reply stands in for code that it leaves out: {_quote(line)}",
        check=Check.ELISION,
        line=number + 1,
        hint="Run the edit again.",
        remedies=_waive(Check.ELISION, "if the line is intended"),
    )


def _neighbours(old: list[str], spans: Sequence[Span]) -> list[list[Span]]:
    """Spans with nothing between them but blank lines and braces, which match anywhere."""
    groups: list[list[Span]] = []
    for span in spans:
        between = old[groups[-1][-1].old_end : span.old_start] if groups else []
        if groups and all(len(line.strip()) < _TELLING_LINE for line in between):
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups


def _remark_alone(
    old: list[str], new: list[str], spans: Sequence[Span], language: syntax.Language
) -> int | None:
    """The number of a comment that is all that came for a block of code, whatever it says.

    Lines beside it that merely changed, such as a renamed heading, do not count on either side.
    """
    come = [number for span in spans for number in range(span.new_start, span.new_end) if new[number].strip()]
    remarks = [number for number in come if _is_comment(new[number], language)]
    if not 0 < len(remarks) <= _REMARK_CEILING or len(come) - len(remarks) > _BESIDE_CEILING:
        return None
    gone = [line for span in spans for line in old[span.old_start : span.old_end] if line.strip()]
    gone = [line for line in gone if not _is_comment(line, language)]
    for number in come:
        if number in remarks:
            continue
        edges = gone[:_BESIDE_CEILING] + gone[-_BESIDE_CEILING:]
        alike = max(edges, key=lambda line: word_similarity([line], [new[number]]), default="")
        if word_similarity([alike], [new[number]]) < _SIMILAR:
            return None
        gone.remove(alike)
    return remarks[0] if len(gone) >= _REMARKED_FLOOR else None


def _is_comment(line: str, language: syntax.Language) -> bool:
    block = language.block_comment or ("", "")
    return line.strip().startswith(tuple(mark for mark in (language.line_comment, block[0]) if mark))


def _indentation(old: list[str], new: list[str], spans: Sequence[Span], instruction: str) -> None:
    may_move = bool(_ASKS_TO_INDENT.search(instruction))
    if may_move and _ASKS_TO_RETAB.search(instruction):
        return
    added: dict[str, list[str]] = {}
    for number in _added(spans):
        line = new[number]
        if line.strip():
            added.setdefault(line.strip(), []).append(_indent(line))
    indented = sum(1 for line in old if line.strip() and _indent(line))
    lost = retabbed = 0
    for span in spans:
        for line in old[span.old_start : span.old_end]:
            indents, before = added.get(line.strip()), _indent(line)
            if not indents or not before:
                continue
            after = indents.pop(0)
            lost += not after and not may_move
            retabbed += ("\t" in before) != ("\t" in after) and bool(after)
    for count, what in ((lost, "lose their indentation"), (retabbed, "change between tabs and spaces")):
        if count >= _REINDENTED_FLOOR and 2 * count > indented:
            raise GuardRefused(
                f"{count} of {indented} indented lines {what} in the reply, but the instruction does not ask for that.",
                check=Check.INDENTATION,
                hint="Run the edit again.",
                remedies=_waive(Check.INDENTATION, "if it is intended"),
            )


def _tail(
    old: list[str],
    new: list[str],
    spans: Sequence[Span],
    instruction: str,
    language: syntax.Language | None,
) -> None:
    # A brace or a blank line at the end may match that of the part which is missing.
    if not spans or any(len(line.strip()) >= _TELLING_LINE for line in old[spans[-1].old_end :]):
        return
    last = spans[-1]
    lost = (last.old_end - last.old_start) - (last.new_end - last.new_start)
    limit = min(_TAIL_CEILING, max(_TAIL_FLOOR, _TAIL_SHARE * len(old)))
    if _ASKS_TO_REMOVE.search(instruction):
        limit = max(_TAIL_CEILING, _TAIL_SHARE_EVEN_IF_ASKED * len(old))
    if lost >= limit or (lost > 0 and breaks(("".join(old), "".join(new)), language)):
        raise GuardRefused(
            f"The last {lost} of {len(old)} lines are missing from the reply, as if it had been cut off.",
            check=Check.TAIL,
            hint="Run the edit again.",
            remedies=_waive(Check.TAIL, "if they should be removed"),
        )


def _shrink(old: list[str], new: list[str], instruction: str) -> None:
    before = sum(1 for line in old if line.strip())
    after = sum(1 for line in new if line.strip())
    if before >= _SHORT_FILE and after < _LEAST_LEFT * before and not _ASKS_TO_REMOVE.search(instruction):
        raise GuardRefused(
            f"Only {after} of {before} lines are left in the reply, but the instruction does not ask to remove any.",
            check=Check.SHRINK,
            hint="Run the edit again.",
            remedies=_waive(Check.SHRINK, "if they should be removed"),
        )


def _waive(check: Check, when: str) -> tuple[Remedy, ...]:
    return (Remedy(Means.WAIVE, check, when),)


def _added(spans: Sequence[Span]) -> list[int]:
    return [number for span in spans for number in range(span.new_start, span.new_end)]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _quote(line: str, limit: int = 80) -> str:
    text = line.strip()
    return f"“{text[:limit]}{'…' if len(text) > limit else ''}”"
