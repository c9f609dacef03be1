"""Mistakes of the model itself: faults of the reply's text, not of its transport. Pure."""

from __future__ import annotations

import html
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.emulator.faults import Fault, FaultName
from editsvc.emulator.responder import ModelReply, ModelReplyKind
from editsvc.text.diff import changed_spans
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.emulator.task import Job
    from editsvc.reply.search_replace import StructuredReply

ELISION: Final = "# ... rest of the code unchanged ..."
_CLOSING: Final = ")]}"


def mistaken(reply: ModelReply, job: Job, fault: Fault | None) -> ModelReply:
    """`reply` with the mistake `fault` in it, if that is a fault of the text."""
    if fault is None or _is_over(fault, job):
        return reply
    if fault.name is FaultName.REFUSAL:
        return ModelReply(
            ModelReplyKind.CANNOT, "The instruction can't be carried out on this file.", reply.case
        )
    if fault.name is FaultName.PROSE_ONLY:
        return ModelReply(ModelReplyKind.PROSE, "Sure, I have updated the file as you asked.", reply.case)
    if reply.kind is not ModelReplyKind.CODE:
        return reply
    match fault.name:
        case FaultName.ELISION:
            return _at_the_end(reply, lambda code: _first_lines(code, fault.at) + ELISION + "\n")
        case FaultName.TRUNCATED:
            return _at_the_end(reply, lambda code: _first_lines(code, fault.at))
        case FaultName.ENTITIES:
            return _everywhere(reply, partial(html.escape, quote=False))
        case FaultName.CRLF:
            return _everywhere(reply, lambda code: code.replace("\n", "\r\n"))
        case FaultName.BROKEN_SYNTAX:
            return _with_an_open_bracket(reply, job)
        case FaultName.WRONG_PART:
            return _with_a_wrong_number(reply, job)
        case _:
            return reply


def misplaced(reply: StructuredReply, job: Job, fault: Fault | None) -> StructuredReply:
    """`reply` with a first search text that is missing or ambiguous, if `fault` asks for that."""
    if fault is None or _is_over(fault, job) or not reply.edits:
        return reply
    first, *others = reply.edits
    if fault.name is FaultName.SEARCH_MISSING:
        search = _missing(first.search, job.text)
    elif fault.name is FaultName.SEARCH_TWICE:
        search = _ambiguous(first.search, job.text)
    else:
        return reply
    edits = (msgspec.structs.replace(first, search=search), *others)
    return msgspec.structs.replace(reply, edits=edits)


def _is_over(fault: Fault, job: Job) -> bool:
    return fault.turns is not None and job.turn >= fault.turns


def _everywhere(reply: ModelReply, change: Callable[[str], str]) -> ModelReply:
    sections = tuple(replace(section, text=change(section.text)) for section in reply.sections)
    return replace(reply, text=change(reply.text), sections=sections)


def _at_the_end(reply: ModelReply, change: Callable[[str], str]) -> ModelReply:
    """`change` made to the code that is written last."""
    last = [replace(section, text=change(section.text)) for section in reply.sections[-1:]]
    return replace(reply, text=change(reply.text), sections=(*reply.sections[:-1], *last))


def _first_lines(text: str, share: float) -> str:
    lines = split_lines(text)
    return "".join(lines[: round(len(lines) * share)])


def _with_an_open_bracket(reply: ModelReply, job: Job) -> ModelReply:
    """The mistake is made once: in the last section of the reply that has lines."""
    old = {section.number: section.text for section in job.sections}
    sections = list(reply.sections)
    for index, section in reversed(list(enumerate(sections))):
        if section.text.strip():
            sections[index] = replace(section, text=_unbalanced(old[section.number], section.text))
            break
    return replace(reply, text=_unbalanced(job.text, reply.text), sections=tuple(sections))


def _unbalanced(before: str, after: str) -> str:
    """`after` with an unbalanced bracket in the last changed line that allows it.

    A closing bracket is dropped, or an opening one added. If no line is new, every line counts as changed.
    """
    lines = split_lines(after)
    spans = changed_spans(before, after)
    changed = [number for span in spans for number in range(span.new_start, span.new_end)]
    candidates = [number for number in changed or range(len(lines)) if lines[number].strip()]
    for number in reversed(candidates):
        at = max(lines[number].rfind(bracket) for bracket in _CLOSING)
        if at >= 0:
            lines[number] = lines[number][:at] + lines[number][at + 1 :]
            return "".join(lines)
    if candidates:
        content = lines[candidates[-1]].removesuffix("\n")
        lines[candidates[-1]] = f"{content} ({lines[candidates[-1]][len(content) :]}"
    return "".join(lines)


def _with_a_wrong_number(reply: ModelReply, job: Job) -> ModelReply:
    unknown = 1 + max((section.number for section in job.sections), default=0)
    last = [replace(section, number=unknown) for section in reply.sections[-1:]]
    return replace(reply, sections=(*reply.sections[:-1], *last))


def _missing(search: str, text: str) -> str:
    """`search` followed by as many question marks as it takes for the text not to occur."""
    while search in text:
        search += "?"
    return search


def _ambiguous(search: str, text: str) -> str:
    """The beginning of `search`, or else of a later piece of it, that occurs again in `text`.

    As long as possible; `search` itself if every character of it occurs only once.
    """
    for start in range(len(search)):
        piece = ""
        for end in range(start + 1, len(search) + 1):
            longer = search[start:end]
            if text.find(longer, text.find(longer) + 1) < 0:
                break
            piece = longer
        if piece:
            return piece
    return search
