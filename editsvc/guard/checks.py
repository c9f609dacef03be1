"""The checks that an edit must pass before it may reach a file or a buffer.

Every check answers one way in which tools of this kind have been seen to damage files. A failed check is a
`GuardRefused` that names the check, and the line where there is one; nothing is repaired. A user may vouch
for an edit that a check refuses by naming that check; the checks of identity cannot be waived.
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from editsvc import syntax
from editsvc.errors import GuardRefused, Means, Remedy
from editsvc.guard.findings import Check
from editsvc.guard.invisible import added
from editsvc.reply import Framing
from editsvc.text.diff import changed_spans
from editsvc.text.document import normalise, split_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from editsvc.text.diff import Span
    from editsvc.text.document import Edit, Snapshot


_WORDS: Final = re.compile(r"\w+|[^\w\s]")
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
# How a chat model begins and ends; only consulted where the language itself cannot tell prose from code.
_CHAT: Final = re.compile(
    r"\s*(?:sure\b|certainly\b|of course\b|absolutely\b|okay\b|ok,|done[.!]|here(?:'s|’s| is| are)\b|below is\b|"
    r"i(?:'ve|’ve| have|'m| am|’m| can't| can’t| cannot| will| made| changed| updated| added| removed)\b|"
    r"let me know\b|hope (?:this|that)\b|as requested\b|note that\b|"
    r"the (?:updated|following|above|modified|changed) (?:code|file|version|text)\b|"
    r"this (?:code|version|change|update) )",
    re.IGNORECASE,
)
# How an answer begins that wraps the file, or edits of it, in JSON.
_JSON_ANSWER: Final = re.compile(r"\s*(?:\[\s*)?\{\s*\"[^\"\n]*\"\s*:")
_ASKS_FOR_JSON: Final = re.compile(r"json", re.IGNORECASE)
# How the edits that other tools ask for begin: a unified diff, search and replace blocks, a patch.
_PATCH_ANSWER: Final = re.compile(
    r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|<{5,9} ?(?:SEARCH|ORIGINAL|HEAD)\b|\*{3} Begin Patch\b"
)
_PATCH_HEADING: Final = 6  # lines before the first hunk of a diff, at most
_ASKS_FOR_A_PATCH: Final = re.compile(r"\b(?:diff|patch|conflict|hunk)", re.IGNORECASE)
_PROSE_LINE: Final = re.compile(r"\s*[A-Z][\w'’,-]*(?:\s+[\w'’`\"(),./-]+){2,}\s*[.:!?]?\s*")
# Languages whose grammar accepts a plain sentence.
_PROSE_IS_VALID: Final = frozenset({"yaml", "html", "shellscript", "css"})

_SIMILAR: Final = 0.5
_HARDLY_SIMILAR: Final = 0.2
_TELLING_LINE: Final = 8  # characters; shorter lines (braces, "else:") occur in any text
_SHORT_FILE: Final = 15  # lines; below, a share says little
_LEAST_LEFT: Final = 0.4
_TAIL_SHARE: Final = 0.1
_TAIL_FLOOR: Final = 3
_TAIL_CEILING: Final = 20
_TAIL_SHARE_EVEN_IF_ASKED: Final = 0.5
_FAULTS_SHOWN: Final = 3
_REINDENTED_FLOOR: Final = 3
_STUBBED_FLOOR: Final = 3
_REMARK_CEILING: Final = 2
_REMARKED_FLOOR: Final = 5
_BESIDE_CEILING: Final = 5  # lines; more than a block's neighbours have changed


def check_reply(
    original: str,
    code: str,
    *,
    instruction: str,
    framing: Framing = Framing.AGREED,
    closed: bool = True,
    behind: str = "",
    language: syntax.Language | None = None,
    allow: Collection[Check] = (),
    part: bool = False,
) -> None:
    r"""Refuse new text that must not replace `original`, the text that was sent (both ``\n`` only).

    `framing` tells how `code` stood in the reply, `closed` whether the frame around it ended, and `behind` what
    followed. With `part`, that is only a part of a document: it may lose its last lines, or all of them if the
    instruction removes something, where a document may not. Raises GuardRefused at the first failed check that
    `allow` does not name.
    """
    old, new = split_lines(original), split_lines(code)
    wanted = frozenset(Check).difference(allow)
    if framing is not Framing.NONE:
        _frame(old, new, closed=closed, behind=behind)
    if Check.EMPTY in wanted and not (part and _ASKS_TO_REMOVE.search(instruction)):
        _empty(original, code)
    if Check.PROSE in wanted:
        _prose(old, new, framing, instruction, language)
    if original == code:
        return
    spans = changed_spans(original, code)
    if Check.ENTITIES in wanted:
        _entities(old, new, spans)
    if Check.ELISION in wanted:
        _elision(old, new, spans, instruction, language)
    if Check.INDENTATION in wanted:
        _indentation(old, new, spans, instruction)
    if Check.TAIL in wanted and not part:
        _tail(old, new, spans, instruction, language)
    if Check.SHRINK in wanted:
        _shrink(old, new, instruction)


def check_document(
    before: str,
    after: str,
    *,
    instruction: str,
    language: syntax.Language | None = None,
    allow: Collection[Check] = (),
) -> syntax.Extent | None:
    r"""Refuse a document that lost most of its lines, whose syntax the edit broke, or that hides something now.

    Both texts have ``\n`` only. Returns how much of the document was parsed for that; None where there was nothing to
    check, or no grammar for it, or the check is waived. What was not parsed is not refused for its syntax. Raises
    GuardRefused; for broken syntax it names the first errors.
    """
    if before == after:
        return None
    if Check.SHRINK not in allow:
        _shrink(split_lines(before), split_lines(after), instruction)
    extent = None
    if Check.SYNTAX not in allow and language is not None:
        extent = _syntax(before, after, language)
    if Check.INVISIBLE not in allow:
        _invisible(before, after)
    return extent


def _invisible(before: str, after: str) -> None:
    found = added(before, after)
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise GuardRefused(
            f"The edit would add a deceptive character on line {found[0].line}: {found[0].name}, which "
            f"{found[0].effect}{more}.",
            check=Check.INVISIBLE,
            line=found[0].line,
            remedies=_waive(Check.INVISIBLE, "if it is intended"),
        )


def _syntax(before: str, after: str, language: syntax.Language) -> syntax.Extent | None:
    found = syntax.breakage(before, after, language)
    if found is None or not found.faults:
        return None if found is None else found.extent
    faults = found.faults
    shown = "; ".join(f"line {fault.line + 1}: {fault.text}" for fault in faults[:_FAULTS_SHOWN])
    more = f" and {len(faults) - _FAULTS_SHOWN} more" if len(faults) > _FAULTS_SHOWN else ""
    raise GuardRefused(
        f"The edit would break the file's syntax ({shown}{more}).",
        check=Check.SYNTAX,
        line=faults[0].line + 1,
        hint="Rephrase the instruction.",
        remedies=_waive(Check.SYNTAX, "if the parser is wrong"),
    )


def prove(before: Snapshot, text: str, edits: Sequence[Edit], intended: str) -> Snapshot:
    r"""The document with `text`, which is that of `before` with `edits` made, after proof that nothing else differs.

    `intended` (``\n`` only) is what the text must read, but for its line ends. The bytes outside of the edits are
    compared one by one. Raises GuardRefused(identity), which nothing can waive: it would be a defect of this program.
    """
    old, new = _bytes(before.text), _bytes(text)
    same = normalise(text) == intended
    read = at = new_at = 0  # code points of the old text, bytes of the old and of the new one
    for edit in sorted(edits):
        kept = len(_bytes(before.text[read : edit.start]))
        same = same and old[at : at + kept] == new[new_at : new_at + kept]
        at += kept + len(_bytes(before.text[edit.start : edit.end]))
        new_at += kept + len(_bytes(edit.new_text))
        read = edit.end
    if not same or old[at:] != new[new_at:]:
        raise GuardRefused(
            "The edit would change text outside of its hunks.",
            check=Check.IDENTITY,
            hint="This is a bug in editsvc; nothing was written.",
        )
    return replace(before, text=text)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _frame(old: list[str], new: list[str], *, closed: bool, behind: str) -> None:
    if not closed and _last(old) != _last(new):
        raise GuardRefused(
            "The reply has no closing fence, so its end may be missing.",
            check=Check.FRAME,
            line=len(new) or None,
            hint="Run the edit again.",
        )
    known = {line.strip() for line in old if len(line.strip()) >= _TELLING_LINE}
    if known and any(line.strip() in known for line in split_lines(behind)):
        raise GuardRefused(
            "More of the file follows the reply's closing fence, so it is not clear which text is meant.",
            check=Check.FRAME,
            line=len(new) or None,
            hint="Run the edit again.",
        )


def _last(lines: list[str]) -> str:
    return next((line.rstrip("\n") for line in reversed(lines) if line.strip()), "")


def _empty(original: str, code: str) -> None:
    if original.strip() and not code.strip():
        raise GuardRefused(
            "The reply is empty, and would delete everything.",
            check=Check.EMPTY,
            remedies=_waive(Check.EMPTY, "if that is intended"),
        )


def _prose(
    old: list[str], new: list[str], framing: Framing, instruction: str, language: syntax.Language | None
) -> None:
    """Refuse a reply without the agreed frame unless it is plainly the file, and other tools' forms in any."""
    is_json = language is not None and language.name.startswith("json")
    if not is_json and _is_json_answer("".join(old), "".join(new), framing, instruction):
        raise GuardRefused(
            "The reply is JSON, but the file is not.",
            check=Check.PROSE,
            line=1,
            hint="Run the edit again.",
            remedies=_waive(Check.PROSE, "if the file should become JSON"),
        )
    if _is_patch_answer(old, new) and not _ASKS_FOR_A_PATCH.search(instruction):
        raise GuardRefused(
            "The reply is a patch, not the file.",
            check=Check.PROSE,
            line=1,
            hint="Run the edit again.",
            remedies=_waive(Check.PROSE, "if the file should contain a patch"),
        )
    if framing is Framing.AGREED:
        return
    strict = language is not None and bool(language.grammar) and language.name not in _PROSE_IS_VALID
    broken = strict and _breaks(old, new, language)
    if framing is Framing.NONE:
        lines, words = _line_similarity(old, new), _word_similarity(old, new)
        alike = lines >= _SIMILAR or words >= _SIMILAR
        if not alike and (broken or not strict or (old and words < _HARDLY_SIMILAR)):
            raise GuardRefused(
                "The reply is not fenced as requested and does not resemble the file: it may be prose.",
                check=Check.PROSE,
                line=1,
                hint="Rephrase the instruction.",
                remedies=_waive(Check.PROSE, "if it is right"),
            )
    known = {line.strip() for line in old}
    for number in _edges(new, known):
        line = new[number]
        if (broken and _PROSE_LINE.fullmatch(line.rstrip("\n"))) or (not strict and _CHAT.match(line)):
            raise GuardRefused(
                f"The reply is not fenced as requested, and line {number + 1} seems to be addressed to the user: "
                f"{_quote(line)}",
                check=Check.PROSE,
                line=number + 1,
                hint="Run the edit again.",
                remedies=_waive(Check.PROSE, "if it is right"),
            )


def _is_json_answer(original: str, code: str, framing: Framing, instruction: str) -> bool:
    """Whether the reply looks like a file, or edits of it, in JSON, as other tools ask for them.

    In the agreed frame it must be JSON to its end: a part of a file may begin with an object like any other.
    """
    if not original.strip() or original.lstrip()[0] in "{[" or _ASKS_FOR_JSON.search(instruction):
        return False
    if not _JSON_ANSWER.match(code):
        return False
    if framing is not Framing.AGREED:
        return True
    try:
        json.loads(code)
    except (ValueError, RecursionError):
        return False
    return True


def _is_patch_answer(old: list[str], new: list[str]) -> bool:
    """Whether the reply begins as edits do in other tools, and the file does not."""
    before, after = (
        any(_PATCH_ANSWER.match(line.lstrip()) for line in lines[:_PATCH_HEADING]) for lines in (old, new)
    )
    return after and not before


def _breaks(old: list[str], new: list[str], language: syntax.Language | None) -> bool:
    if language is None:
        return False
    before = syntax.syntax_errors("".join(old), language)
    after = syntax.syntax_errors("".join(new), language)
    return bool(after) and not before


def _edges(new: list[str], known: set[str]) -> list[int]:
    """The lines before the first and after the last one that the original holds too."""
    same = [number for number, line in enumerate(new) if len(line.strip()) > 1 and line.strip() in known]
    if not same:
        return list(range(len(new)))
    return [*range(same[0]), *range(same[-1] + 1, len(new))]


def _line_similarity(old: list[str], new: list[str]) -> float:
    a = Counter(line.strip() for line in old if line.strip())
    b = Counter(line.strip() for line in new if line.strip())
    least = min(a.total(), b.total())
    return (a & b).total() / least if least else 0.0


def _word_similarity(old: list[str], new: list[str]) -> float:
    a, b = Counter(_WORDS.findall("".join(old))), Counter(_WORDS.findall("".join(new)))
    total = a.total() + b.total()
    return 2 * (a & b).total() / total if total else 0.0


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
        alike = max(edges, key=lambda line: _word_similarity([line], [new[number]]), default="")
        if _word_similarity([alike], [new[number]]) < _SIMILAR:
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
    if lost >= limit or (lost > 0 and _breaks(old, new, language)):
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
