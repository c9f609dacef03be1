"""Finding the place of an edit in a file that is not shown whole: what is asked first, and what follows from replies.

The model is shown the contents of the file and says which sections the edit needs; then it rewrites them. What it asks
for is what it gets, as often as it asks for something else: no guess decides. A guess only comes in where a model does
not say anything, twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from editsvc.engine.plan import Locating
from editsvc.errors import Means, ModelRefused, Remedy
from editsvc.prompt import contents as listing
from editsvc.prompt.rendering import SECTIONS, WHOLE_FILE, Message
from editsvc.reply import Framing, Reply, ReplyKind
from editsvc.reply.needed import needed
from editsvc.scope import contents
from editsvc.scope.scopes import Scope, ScopeKind, ScopeReason
from editsvc.text.section import Section
from editsvc.tokens import estimate_from_length

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from editsvc.engine.assembly import Assembly
    from editsvc.engine.plan import Plan
    from editsvc.engine.room import Room
    from editsvc.syntax import Definition

# Sections that are asked for in groups are listed one by one before they are shown, if they are more than this.
_SHOWN_UNLISTED: Final = 6_000
_AROUND: Final = 400  # tokens of a section that is offered though nobody asked for it
_NAMED: Final = 4  # sections in a message


def begin(plan: Plan, room: Room, *, definitions: Sequence[Definition] = (), cursor_line: int = 0) -> Plan:
    """The plan that asks where the edit is to be made, among all sections of its scope."""
    sections = plan.locating.sections if plan.locating is not None else plan.scope.sections
    hints = contents.hints(
        plan.instruction, plan.document, sections, definitions=definitions, cursor_line=cursor_line
    )
    entries = contents.entries(sections, room.contents)
    messages = listing.render(plan.filename, plan.instruction, sections[-1].last_line, entries, hints)
    locating = Locating(
        sections,
        tuple(hints),
        tuple(messages),
        listed=frozenset(entry.first for entry in entries if entry.alone),
        among=frozenset(section.number for section in sections),
        open=True,
    )
    scope = Scope(ScopeKind.SECTIONS, ScopeReason.LOCATED, sections)
    return replace(plan, scope=scope, locating=locating, remarks=(), corrected=None)


def known(plan: Plan, numbers: Collection[int], room: Room) -> Plan:
    """The plan that has those sections rewritten without asking where, since the instruction says so."""
    return _rewriting(plan, Locating(plan.scope.sections), frozenset(numbers), room)


def answered(plan: Plan, reply: str, room: Room) -> Plan:
    """The plan after a reply that was to say where: more of the contents, or the sections to rewrite.

    Raises ModelRefused for a reply that refuses.
    """
    locating = _of(plan)
    said = needed(reply)
    if said.refusal is not None:
        raise ModelRefused(f"The model cannot do this: {said.refusal.rstrip('.') or 'no reason given'}.")
    numbers = contents.numbers_of(locating.sections, said.sections, said.lines)
    if not numbers:
        if not locating.unclear:
            return _asking_again(plan, locating, reply)
        # It will not say: what the instruction's words are in comes first, and it may still ask for more.
        numbers = {hint.section for hint in locating.hints} or {locating.sections[0].number}
    locating = replace(locating, messages=(*locating.messages, _answer(numbers)), unclear=False)
    return _narrowed(plan, locating, numbers, room)


def more(plan: Plan, wanted: str, room: Room) -> Plan:
    """The plan after a reply that asked for other sections than it was shown.

    Raises ModelRefused if it had been shown them all.
    """
    locating = _of(plan)
    said = needed(f"{SECTIONS} {wanted}")
    asked = contents.numbers_of(locating.sections, said.sections, said.lines)
    shown = {section.number for section in plan.scope.sections}
    # What is rewritten by itself needs no asking for.
    elsewhere = {*locating.rest, *(section.number for section in locating.done)}
    if asked and asked <= shown | elsewhere and elsewhere and not plan.remarks:
        remarks = (
            _answer(asked),
            Message("user", listing.BY_THEMSELVES),
        )
        return replace(plan, remarks=remarks)
    if not asked - shown - elsewhere:
        raise ModelRefused(
            f"The model asked for {named(locating.texts(asked)) or 'sections that the file does not have'}, "
            + ("which it had been shown." if asked else "after it had been shown others."),
            hint="Name the place in the instruction.",
            remedies=(Remedy(Means.LINES_SCOPE),),
        )
    return _narrowed(plan, locating, asked, room)


def which(plan: Plan, reason: str) -> Plan:
    """The plan after a reply that needs more and does not say what; raises ModelRefused the second time."""
    locating = _of(plan)
    if locating.unclear:
        raise ModelRefused(
            f"The model needs more than {named(plan.scope.sections)}: {reason.rstrip('.') or 'no reason given'}.",
            hint="Name the place in the instruction.",
            remedies=(Remedy(Means.LINES_SCOPE),),
        )
    return replace(_asking_again(plan, locating, f"{WHOLE_FILE} {reason}"), remarks=(), corrected=None)


def next_part(plan: Plan, rewritten: Assembly, room: Room) -> Plan | None:
    """The plan for the sections that did not go into this request; None if there are none."""
    locating = _of(plan)
    if not locating.rest:
        return None
    return _part(plan, replace(locating, done=(*locating.done, *_texts(rewritten))), locating.rest, room)


def joined(plan: Plan, rewritten: Assembly) -> tuple[Plan, Reply]:
    """All parts as if they had been one request and its reply."""
    locating = _of(plan)
    new = (*locating.done, *_texts(rewritten))
    numbers = {section.number for section in (*new, *plan.scope.sections)}
    scope = replace(plan.scope, sections=locating.texts(numbers))
    reply = Reply(ReplyKind.CODE, framing=Framing.AGREED, sections=new)
    return replace(plan, scope=scope, locating=replace(locating, done=())), reply


def _texts(rewritten: Assembly) -> tuple[Section, ...]:
    return tuple(
        Section(section.number, text, deleted=not text)
        for section, text in zip(rewritten.sections, rewritten.texts, strict=True)
    )


def halved(plan: Plan) -> Plan | None:
    """The same plan with the first half of its sections, after a reply did not fit; None if it cannot be divided."""
    locating, sections = plan.locating, plan.scope.sections
    if locating is None or locating.open or len(sections) < 2:  # noqa: PLR2004 - the least that has halves
        return None
    middle = len(sections) // 2
    rest = (*(section.number for section in sections[middle:]), *locating.rest)
    half = sections[:middle]
    scope = replace(plan.scope, sections=half)
    less = replace(locating, rest=rest, most_tokens=max(1, _tokens(half)))
    return replace(plan, scope=scope, locating=less, remarks=(), corrected=None)


def named(sections: Sequence[Section]) -> str:
    """Sections as messages have them: by their names and lines."""
    places = [
        f"{section.name} (lines {section.first_line} to {section.last_line})"
        if section.name
        else f"lines {section.first_line} to {section.last_line}"
        for section in sections[:_NAMED]
    ]
    if len(sections) > _NAMED:
        places.append(f"{len(sections) - _NAMED} other sections")
    return " and ".join(filter(None, (", ".join(places[:-1]), places[-1]))) if places else ""


def _of(plan: Plan) -> Locating:
    if plan.locating is None:
        raise AssertionError("the file is shown whole")
    return plan.locating


def _answer(numbers: Collection[int]) -> Message:
    return Message("assistant", f"{SECTIONS} {ranges(numbers)}")


def ranges(numbers: Collection[int]) -> str:
    """Numbers as a reply writes them: ``3, 17-19``."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def _asking_again(plan: Plan, locating: Locating, reply: str) -> Plan:
    said = Message("assistant", reply.strip() or SECTIONS)
    remark = Message("user", listing.UNCLEAR)
    again = replace(locating, messages=(*locating.messages, said, remark), open=True, unclear=True)
    return replace(plan, locating=again)


def _narrowed(plan: Plan, locating: Locating, numbers: Collection[int], room: Room) -> Plan:
    """The plan after the model asked for sections: to rewrite them, or, if they are too many, to say which of them."""
    wanted = frozenset(numbers)
    if wanted - locating.listed and _tokens(locating.texts(wanted)) > _SHOWN_UNLISTED:
        entries = contents.entries(locating.sections, room.contents, wanted)
        alone = frozenset(entry.first for entry in entries if entry.alone)
        if alone - locating.listed or wanted != locating.among:
            hints = [hint for hint in locating.hints if hint.section in wanted]
            question = listing.render_more(plan.instruction, entries, hints)
            listed = replace(
                locating,
                messages=(*locating.messages, question),
                listed=locating.listed | alone,
                among=wanted,
                open=True,
            )
            return replace(plan, locating=listed)
    return _rewriting(plan, locating, wanted | locating.needed, room)


def _rewriting(plan: Plan, locating: Locating, needed: frozenset[int], room: Room) -> Plan:
    """The plan that has sections rewritten: those that are needed, and as many around them as there is room for."""
    by_number = {section.number: section for section in locating.sections}
    offered = set(needed)
    free = room.offers(locating.tokens) - _tokens(locating.texts(needed))
    first = locating.sections[0].number
    for number in (first, *sorted({beside for at in needed for beside in (at - 1, at + 1)})):
        section = by_number.get(number)
        if section is None or number in offered:
            continue
        cost = _tokens((section,))
        if cost <= min(free, _AROUND):
            offered.add(number)
            free -= cost
    done = {section.number for section in locating.done}
    located = replace(locating, needed=needed, open=False, unclear=False)
    return _part(plan, located, sorted(offered - done), room)


def _part(plan: Plan, locating: Locating, numbers: Sequence[int], room: Room) -> Plan:
    """The plan that has as many of those sections rewritten as go into one request."""
    most = room.offers(locating.tokens)
    if locating.most_tokens is not None:
        most = min(most, locating.most_tokens)
    fitting: list[Section] = []
    tokens = 0
    for section in locating.texts(numbers):
        tokens += _tokens((section,))
        if fitting and tokens > most:
            break
        fitting.append(section)
    done = {section.number for section in fitting}
    rest = tuple(number for number in numbers if number not in done)
    scope = Scope(ScopeKind.SECTIONS, ScopeReason.LOCATED, tuple(fitting))
    return replace(plan, scope=scope, locating=replace(locating, rest=rest), remarks=(), corrected=None)


def _tokens(sections: Iterable[Section]) -> int:
    return sum(estimate_from_length(len(section.text)) for section in sections)
