"""What a reply puts on every line of a file: line numbers, signs of a diff, marks of a quotation, escapes.

Told by what is left: without its dress, a line is one that the file has.
"""

from __future__ import annotations

import base64
import binascii
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from editsvc.guard.telling import telling, tells
from editsvc.guard.texts import Text, is_no_content, new_lines, texts
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editsvc.guard.findings import Finding
    from editsvc.guard.proposal import Proposal

_SEVERAL: Final = 3
_MOST: Final = 0.8

_GUTTER: Final = re.compile(
    r"[ \t]*(?:line ?|L|#)?[\[(]?(?P<number>\d{1,6})(?P<rest>[^\w\s].*|\s.*)", re.IGNORECASE
)
_SIGN: Final = re.compile(r"(?:[\])])?(?:#\w{0,4})?[ \t]*[^\w\s]?")
_GUTTER_BEHIND: Final = re.compile(
    r"(?P<rest>.*?)(?:#|//|--|;|\|)[ \t]*(?:line ?|L)?(?P<number>\d{1,6})", re.IGNORECASE
)
_ASKS_TO_NUMBER: Final = re.compile(
    r"numb|numer|numér|nummer|enumer|номер|нумер|编号|編號|行号|行番号|番号|번호|\blist|liste|lista|ordered|toc\b",
    re.IGNORECASE,
)
_ASKS_TO_QUOTE: Final = re.compile(
    r"quot|zitat|zitier|cita|цитат|引用|admonition|callout|list|liste|bullet", re.IGNORECASE
)
_ASKS_TO_ESCAPE: Final = re.compile(r"escap\w* .{0,30}\bline|\\n|one line|single line|base64", re.IGNORECASE)
_JSON: Final = re.compile(r"""^[\[{]\s*"\w+"\s*:\s*(?=")|"\s*[}\]]+$""")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")


def numbered(proposal: Proposal) -> Iterator[Finding]:
    """Numbers before lines that are otherwise the file's own."""
    if _ASKS_TO_NUMBER.search(proposal.intent.literal):
        return
    found: list[tuple[int, int, tuple[str, ...]]] = []
    for number in new_lines(proposal):
        line = proposal.new[number].rstrip("\n")
        if match := _GUTTER.fullmatch(line):
            rest = match["rest"]
            rests = (rest.lstrip("])"), rest.lstrip()[1:], _SIGN.sub("", rest, count=1))
            found.append((number, int(match["number"]), tuple(map(str.strip, rests))))
        elif match := _GUTTER_BEHIND.fullmatch(line):
            found.append((number, int(match["number"]), (match["rest"].strip(),)))
    if not found:
        return
    known = {line.strip() for line in proposal.old}
    hits = [
        (number, count)
        for number, count, rests in found
        if proposal.new[number].strip() not in known and any(rest in known and tells(rest) for rest in rests)
    ]
    if _climbs(hits) and len(hits) >= _SEVERAL:
        yield is_no_content(proposal, hits[0][0], "has a line number beside it", hits[-1][0])
        return
    # A short text is numbered if all of it is.
    numbers = {number for number, *_ in found}
    for text in texts(proposal):
        inside = [hit for hit in hits if text.start <= hit[0] < text.end]
        lines = (number for number in range(text.start, text.end) if proposal.new[number].strip())
        if inside and all(number in numbers for number in lines):
            yield is_no_content(proposal, text.first, "has a line number beside it", text.last)


def _climbs(hits: list[tuple[int, int]]) -> bool:
    """Whether most of the numbers beside lines differ as the lines' own numbers do."""
    return 2 * sum(b[1] - a[1] == b[0] - a[0] for a, b in pairwise(hits)) >= len(hits) - 1


def diffed(proposal: Proposal) -> Iterator[Finding]:
    """Lines with the signs of a diff before them."""
    if proposal.intent.patches:
        return
    marked = [number for number in new_lines(proposal) if proposal.new[number][0] in "+- "]
    if not any(proposal.new[number][0] in "+-" for number in marked):
        return
    known = {line.rstrip() for line in proposal.old}
    come = again = gone = kept = 0
    at = None
    for number in marked:
        line = proposal.new[number].rstrip()
        sign, rest = line[:1], line[1:]
        if line in known or not rest:
            continue
        old = tells(rest) and (rest in known or rest.removeprefix(" ") in known)
        come += sign == "+"
        again += sign == "+" and old
        gone += sign == "-" and old
        kept += sign == " " and rest in known
        if at is None and (sign == "+" or old):
            at = number
    changed = sum(1 for number in new_lines(proposal) if proposal.new[number].strip(" +-\n"))
    mostly = come + gone + kept >= _MOST * changed
    if at is not None and ((come and gone) or (mostly and (kept > 1 or again > 1 or again == changed))):
        yield is_no_content(proposal, at, "begins as a line of a diff does")


def cited(proposal: Proposal) -> Iterator[Finding]:
    """One sign before every line of the file."""
    if _ASKS_TO_QUOTE.search(proposal.intent.literal):
        return
    for text in texts(proposal):
        for sign in (">", "|"):
            ends = (proposal.new[text.first], proposal.new[text.last])
            if all(line.startswith(sign) for line in ends) and _all_begin(proposal, text, sign):
                yield is_no_content(proposal, text.first, "begins with a sign that every line has", text.last)


def _all_begin(proposal: Proposal, text: Text, sign: str) -> bool:
    """Whether every line of a text begins with `sign`, which half of them did not."""
    lines = [proposal.new[number] for number in range(text.start, text.end) if proposal.new[number].strip()]
    if not all(line.startswith(sign) for line in lines):
        return False
    known = {line.strip() for line in proposal.old}
    hits = sum(line[1:].strip() in known and line.strip() not in known for line in lines)
    return 2 * hits >= len(lines)


def encoded(proposal: Proposal) -> Iterator[Finding]:
    r"""Lines of the file on one line, with ``\n`` between them, or encoded."""
    if _ASKS_TO_ESCAPE.search(proposal.intent.literal):
        return
    known: set[str] = set()
    for number in new_lines(proposal):
        line = proposal.new[number].strip()
        texts = [_JSON.sub("", line).replace("\\r\\n", "\\n").split("\\n")] if "\\n" in line else []
        if _BASE64.fullmatch(line):
            texts += [split_lines(_decoded(line))]
        if not texts:
            continue
        known = known or {_bare(old) for old in telling(proposal.old)}
        alone = len(proposal.new) <= 2 * _SEVERAL and len(proposal.new) < len(proposal.old)
        for parts in texts:
            said = [part for part in map(_unescaped, parts) if tells(part)]
            held = {part for part in said if part in known}
            # A string in a program that quotes lines of the file begins and ends with code.
            around = alone or bool(held & {said[0], said[-1]}) if said else False
            several = len(held) > 1 or (len(proposal.old) <= _SEVERAL and said[:1] == [*held])
            if around and several and 2 * len(held) >= len({*said}):
                yield is_no_content(proposal, number, "holds lines of the file in an encoded form")


def _unescaped(part: str) -> str:
    return _bare(part.replace("\\t", "\t").replace('\\"', '"').replace("\\'", "'").replace("\\\\", "\\"))


def _bare(part: str) -> str:
    return part.strip("\"' \t\r\n")


def _decoded(line: str) -> str:
    try:
        return base64.b64decode(
            line + "=" * (-len(line) % 4), altchars=b"-_" if "-" in line or "_" in line else None
        ).decode()
    except (binascii.Error, ValueError):
        return ""
