"""Who plays the model: a script of known edits, the offline engine, or an echo. Pure, scripts apart.

A responder turns a `Job` into a `ModelReply`; its wording and its faults are decided elsewhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol
from zlib import crc32

import msgspec

from editsvc.emulator import places
from editsvc.emulator.options import ReplyStyle
from editsvc.emulator.parts import rewritten, rewritten_alone, rewritten_inside
from editsvc.emulator.task import canonical, fence_for
from editsvc.errors import EditsvcError, UsageError
from editsvc.text.document import BOM, normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from editsvc.emulator.options import EmulatorOptions
    from editsvc.emulator.task import Job
    from editsvc.prompt.contents import Entry
    from editsvc.text.section import Section


class ModelReplyKind(StrEnum):
    """The kinds of reply that a model can give."""

    CODE = "code"
    CANNOT = "cannot"
    WHOLE_FILE = "whole-file"
    NEEDED = "needed"
    PROSE = "prose"


@dataclass(frozen=True, slots=True)
class ModelReply:
    """An answer before it is written: code, or a reason; `case` is the script's, for the log.

    If numbered sections were requested, `sections` are those that change (an empty text removes one), and `text`
    is the whole new document, if the model saw the whole: a model that forgets about the sections writes that.
    """

    kind: ModelReplyKind
    text: str
    case: str = ""
    sections: tuple[Section, ...] = ()


class Responder(Protocol):
    """Plays the model."""

    def answer(self, job: Job) -> ModelReply:
        """The reply to `job`."""
        ...


def written(reply: ModelReply, job: Job, style: ReplyStyle) -> str:
    """The text that a model would stream for `reply`.

    In any style but `ReplyStyle.AUTO` it does not keep to the agreed frame, nor to the numbers of sections:
    it writes the whole file, or the sections one after another if it has not seen the whole.
    """
    if reply.kind is ModelReplyKind.CANNOT:
        return job.wrapper.cannot(reply.text)
    if reply.kind is ModelReplyKind.WHOLE_FILE:
        return job.wrapper.whole_file(reply.text)
    if reply.kind is ModelReplyKind.NEEDED:
        return job.wrapper.needed(reply.text)
    if reply.kind is ModelReplyKind.PROSE:
        return reply.text
    if style is ReplyStyle.AUTO:
        return job.wrapper.wrap_sections(reply.sections) if reply.sections else job.wrapper.wrap(reply.text)
    code = (
        reply.text
        if job.document or not reply.sections
        else "".join(section.text for section in reply.sections)
    )
    if style is ReplyStyle.RAW:
        return code
    if style is ReplyStyle.PROSE_RAW:
        return f"Sure! Here is the updated file:\n\n{code}"
    fence = fence_for(code)
    end = "" if not code or code.endswith("\n") else "\n"
    fenced = f"{fence}\n{code}{end}{fence}"
    if style is ReplyStyle.FENCED:
        return fenced
    return f"Sure! Here is the updated file:\n\n{fenced}\n\nLet me know if anything else should change."


class EchoResponder:
    """Answers with the file as it is."""

    def answer(self, job: Job) -> ModelReply:
        """The document or section unchanged; of several sections the first."""
        if job.asks_where:
            return _asking(job.listed[:1])
        return reply_to(job, job.document, job.document)


class OfflineResponder:
    """Answers by an engine that needs no model: ``rewrite(text, instruction, filename=...)``."""

    def __init__(self, rewrite: Callable[..., str]) -> None:
        self._rewrite = rewrite

    def answer(self, job: Job) -> ModelReply:
        """The rewritten code, or the sentence of the engine's refusal; of a file that is not shown, all is needed."""
        if job.asks_where:
            return _asking(job.listed)
        if job.sections and not job.document:
            return self._from_excerpts(job)
        try:
            after = self._rewrite(job.document, job.instruction, filename=job.filename)
        except EditsvcError as exc:
            return ModelReply(ModelReplyKind.CANNOT, exc.sentence())
        return reply_to(job, job.document, after)

    def _from_excerpts(self, job: Job) -> ModelReply:
        """Each section by itself: those that the instruction applies to are rewritten."""
        possible: list[Section] = []
        refusals: list[str] = []
        for section in job.sections:
            try:
                after = self._rewrite(section.text, job.instruction, filename=job.filename)
            except EditsvcError as exc:
                refusals.append(exc.sentence())
            else:
                possible += [replace(section, text=after)] if after != section.text else []
        if not possible and len(refusals) == len(job.sections):
            return ModelReply(ModelReplyKind.CANNOT, refusals[0])
        changed = tuple(possible) or tuple(job.sections[:1])
        if job.numbered:
            return ModelReply(ModelReplyKind.CODE, "", sections=changed)
        return ModelReply(ModelReplyKind.CODE, changed[0].text)


class Case(msgspec.Struct, frozen=True):
    """A known edit; other fields of its line are ignored."""

    instruction: str
    before: str
    after: str
    id: str = ""
    path: str = ""


_SHORT: Final = 3


class ScriptResponder:
    """Answers from known edits: the case whose `before` and `instruction` both occur in the request.

    A case is found by one line of its `before`, the longest that is not at an edge; only the few cases that
    share a line with the request are compared in full. Line ends, BOM and final newlines do not matter.
    """

    def __init__(self, cases: Iterable[Case]) -> None:
        self._by_line: dict[str, list[_Known]] = defaultdict(list)
        self._by_instruction: dict[str, list[_Known]] = defaultdict(list)
        self._short: list[_Known] = []
        for case in cases:
            known = _Known(case, canonical(case.before), normalise(case.instruction).strip())
            lines = known.before.split("\n")
            if len(lines) < _SHORT:
                self._short.append(known)
            else:
                self._by_line[max(lines[1:-1], key=len)].append(known)
            self._by_instruction[known.instruction].append(known)

    def answer(self, job: Job) -> ModelReply:
        """The case's `after`, or the parts of it that belong to the sections."""
        known = self._listed(job) if job.asks_where else self._find(job)
        if known is None:
            return ModelReply(
                ModelReplyKind.CANNOT, "The script has no case with this file and this instruction."
            )
        # Within a frame of fence lines a missing final newline does not show, so the job's word counts.
        case_before = normalise(known.case.before.removeprefix(BOM))
        after = normalise(known.case.after.removeprefix(BOM))
        if job.asks_where:
            return _needed(job, case_before, after, known.case.id)
        before = _with_final_newline_of(job.document, case_before)
        if before != case_before:
            after = _with_final_newline_of(job.document, after)
        return reply_to(job, before, after, known.case.id)

    def _listed(self, job: Job) -> _Known | None:
        """The case whose file has the contents of the request."""
        asked = self._by_instruction.get(normalise(job.instruction).strip(), ())
        return next(
            (
                known
                for known in asked
                if places.are_of(job.listed, normalise(known.case.before.removeprefix(BOM)))
            ),
            None,
        )

    def _find(self, job: Job) -> _Known | None:
        conversation = canonical(job.conversation)
        lines = dict.fromkeys(conversation.split("\n"))
        candidates = [known for line in lines for known in self._by_line.get(line, ())] + self._short
        fitting = [known for known in candidates if known.occurs_in(conversation)]
        if not fitting:  # a request that shows only sections of the file
            shown = [canonical(section.text) for section in job.sections] or [canonical(job.document)]
            asked = self._by_instruction.get(job.instruction.strip(), ())
            fitting = [known for known in asked if any(shown) and all(part in known.before for part in shown)]
        document = canonical(job.document)
        instruction = job.instruction.strip()
        return max(
            fitting,
            key=lambda known: (
                known.before == document,
                known.instruction == instruction,
                len(known.before),
                len(known.instruction),
            ),
            default=None,
        )


class Mislocating:
    """Answers as `responder`, but names another place in a share of the first answers to where an edit is to be made.

    Which ones, the request decides: the same is answered in the same way.
    """

    def __init__(self, responder: Responder, share: float) -> None:
        self._responder = responder
        self._share = share

    def answer(self, job: Job) -> ModelReply:
        """The reply to `job`, or a wrong place."""
        reply = self._responder.answer(job)
        first = job.asks_where and not job.turn and reply.kind is ModelReplyKind.NEEDED
        if not first or len(job.listed) == 1 or not self._drawn(job):
            return reply
        named = {int(number) for number in re.findall(r"\d+", reply.text)}
        others = [entry for entry in job.listed if not named & {entry.first, entry.last}]
        middle = others[len(others) // 2 :][:1]
        return replace(_asking(middle), case=reply.case) if middle else reply

    def _drawn(self, job: Job) -> bool:
        seen = f"{job.filename}\n{job.instruction}\n{job.listed[-1]}"
        return crc32(seen.encode("utf-8", "surrogatepass")) < self._share * 2**32


@dataclass(frozen=True, slots=True)
class _Known:
    case: Case
    before: str
    instruction: str

    def occurs_in(self, conversation: str) -> bool:
        return self.instruction in conversation and self.before in conversation


def _with_final_newline_of(model: str, text: str) -> str:
    """`text` with or without a final newline, as `model` has it."""
    if not text or not model or text.endswith("\n") == model.endswith("\n"):
        return text
    return text + "\n" if model.endswith("\n") else text.removesuffix("\n")


def reply_to(job: Job, before: str, after: str, case: str = "") -> ModelReply:
    """The new texts of the job's sections when `before` becomes `after`; all of `after` if there are no sections.

    The reply asks for the whole file if the sections do not hold all changes. If a section's lines occur twice,
    the place that holds the changes counts. If nothing changes, the first section is repeated.
    """
    if not job.sections:
        return ModelReply(ModelReplyKind.CODE, after, case)
    texts = [section.text for section in job.sections]
    first_lines = [section.first_line for section in job.sections]
    changed: dict[int, str] | None
    if before == after:
        changed = {0: texts[0]}
    elif job.others:
        changed = rewritten_alone(texts, before, after)
    else:
        changed = rewritten(texts, before, after, first_lines if all(first_lines) else ())
    if changed is None and not job.others:
        changed = rewritten_inside(texts, before, after)
    if changed == {}:
        changed = {0: texts[0]}
    if changed is None and job.listed:
        return _needed(job, before, after, case)
    if changed is None:
        return ModelReply(
            ModelReplyKind.WHOLE_FILE, "The change needs other places of the file as well.", case
        )
    if not job.numbered:
        return ModelReply(ModelReplyKind.CODE, changed[0], case)
    sections = tuple(replace(job.sections[index], text=text) for index, text in changed.items())
    return ModelReply(ModelReplyKind.CODE, after if job.document else "", case, sections)


def _needed(job: Job, before: str, after: str, case: str) -> ModelReply:
    """The reply that asks for the sections in which the changes are."""
    said = ", ".join(
        str(first) if first == last else f"{first}-{last}"
        for first, last in places.needed(job.listed, before, after)
    )
    return ModelReply(ModelReplyKind.NEEDED, said, case)


def _asking(entries: Sequence[Entry]) -> ModelReply:
    first, last = entries[0].first, entries[-1].last
    return ModelReply(ModelReplyKind.NEEDED, str(first) if first == last else f"{first}-{last}")


def load_script(path: Path) -> list[Case]:
    """The cases in a JSONL file; raises UsageError naming the first bad line."""
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise UsageError(f"The script {path} can't be read: {exc.strerror}.") from exc
    cases = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            try:
                cases.append(msgspec.json.decode(line, type=Case))
            except (msgspec.DecodeError, UnicodeDecodeError) as exc:
                raise UsageError(f"Line {number} of the script {path} is not a case: {exc}") from exc
    if not cases:
        raise UsageError(f"The script {path} does not hold any case.")
    return cases


def responder_for(options: EmulatorOptions) -> Responder:
    """The responder that `options` ask for."""
    responder = _knowing(options)
    return Mislocating(responder, options.locates_wrongly) if options.locates_wrongly else responder


def _knowing(options: EmulatorOptions) -> Responder:
    if options.script is not None:
        return ScriptResponder(load_script(options.script))
    if options.echo:
        return EchoResponder()
    from editsvc import offline  # noqa: PLC0415 - loads the syntax tables, and only this responder needs them

    return OfflineResponder(offline.rewrite)
