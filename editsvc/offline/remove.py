"""Remove a definition, with everything that belongs to it and the surplus blank lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from editsvc.offline.comments import is_about_file, is_banner, is_licence
from editsvc.offline.errors import NotApplicable
from editsvc.offline.naming import names_of
from editsvc.offline.naming.roles import Defines, Role
from editsvc.offline.outcome import Outcome, lines_of
from editsvc.offline.trees import ambiguous, named, tree_of
from editsvc.syntax.outline import TYPE_KINDS
from editsvc.text.document import Edit, LineIndex, split_lines

if TYPE_CHECKING:
    from editsvc.instruction.commands import Remove
    from editsvc.syntax import Language, ParseBudget, Tree
    from editsvc.syntax.outline import Located

_SPACES: Final = re.compile(r"[ \t]*")
_MARK: Final = re.compile(r"#+|/\*\*?|//[/!]?|--|;+")
_OVERLOADED_BY_SIGNATURE: Final = frozenset({"typescript", "typescriptreact"})


def apply(text: str, value: Remove, language: Language | None, *, budget: ParseBudget) -> Outcome:
    """Edits that remove the definition `value.name`, and signatures that declare it (C, C++, TypeScript).

    Comments directly above go along, but not those about the file or a section of it. A Python block that would be
    empty gets ``pass``; uses that are left are noted. Raises NotApplicable if there is no such definition, or
    more than one, or if it is part of another (``struct S {…} s;``).
    """
    tree = tree_of(text, language, budget=budget)
    found = named(tree, value.name, value.kind)
    bodies = [located for located in found if located.definition.kind != "declaration"]
    announced = len(found) - len(bodies)
    several = announced > 1 and tree.language.name not in _OVERLOADED_BY_SIGNATURE
    if len(bodies) > 1 or several or len({located.definition.qualified for located in found}) > 1:
        raise ambiguous(tree, value.name, found)
    lines = LineIndex(text)
    edits = [_removal(tree, lines, run) for run in _runs(lines, found)]
    used = [
        start for start in _uses(tree, found) if not any(edit.start <= start < edit.end for edit in edits)
    ]
    notes = [f"`{found[0].definition.name}` is still used on {lines_of(text, used)}."] if used else []
    idle = _idle_imports(tree, edits)
    if idle:
        named_ = ", ".join(f"`{name}`" for name in idle)
        where = lines_of(text, idle.values())
        notes.append(f"What is imported on {where} is used no more: {named_}.")
    return Outcome(edits, tuple(notes))


def _idle_imports(tree: Tree, edits: list[Edit]) -> dict[str, int]:
    """The imported names that only what is removed uses, each with the offset of its import."""

    def removed(offset: int) -> bool:
        return any(edit.start <= offset < edit.end for edit in edits)

    names, idle = names_of(tree), {}
    gone = {
        tree.source(node)
        for node in tree.captures(tree.language.identifiers)
        if removed(tree.offset(node.start_byte))
    }
    for name in sorted(gone):
        places = names.occurrences(name)
        imports = [place for place in places if place.imported and not removed(place.start)]
        uses = [place for place in places if place not in imports and place.role is not Role.OTHER]
        if imports and uses and all(removed(place.start) for place in uses):
            idle[name] = imports[0].start
    return idle


def _uses(tree: Tree, found: list[Located]) -> list[int]:
    """Where the name of a definition is used, as far as it can be the definition that is meant."""
    names = names_of(tree)
    member = any(located.parent is not None and located.parent.kind in TYPE_KINDS for located in found)
    roles = {Role.MEMBER, Role.EITHER} if member else {Role.VALUE, Role.EITHER, Role.SHORTHAND}
    if names.naming.merged:
        roles = {Role.VALUE, Role.MEMBER, Role.EITHER}
    places = names.occurrences(found[0].definition.name)
    return [place.start for place in places if place.role in roles and place.defines is Defines.NO]


def _runs(lines: LineIndex, found: list[Located]) -> list[list[Located]]:
    """Definitions on neighbouring lines together, so that the gaps around them all count."""
    runs: list[list[Located]] = []
    for located in found:
        start = lines.line_of(located.definition.start)
        if runs and lines.line_of(runs[-1][-1].definition.end) + 1 == start:
            runs[-1].append(located)
        else:
            runs.append([located])
    return runs


def _removal(tree: Tree, lines: LineIndex, run: list[Located]) -> Edit:
    located = run[0]
    start, end = _start(tree, located), run[-1].definition.end
    around = located.outer.parent
    if around is not None and around.child_by_field_name("type") == located.outer:
        raise NotApplicable(
            f"`{located.definition.qualified}` is defined as the type of something else, which needs it."
        )
    # A Python block cannot be empty.
    if tree.language.name == "python" and _alone_in_block(located):
        return Edit(start, end, "pass")
    text = tree.text
    first, last = lines.line_of(start), lines.line_of(end)
    before = text[lines.starts[first] : start]
    after = text[end : lines.line_span(last)[1]]
    if before.strip() or after.strip():
        spaces = _SPACES.match(text, end)
        return Edit(start, spaces.end() if spaces else end, "")
    first, stop = _with_blank_lines(text, lines, first, last + 1)
    return Edit(lines.starts[first], lines.starts[stop] if stop < lines.line_count else len(text), "")


def _start(tree: Tree, located: Located) -> int:
    """Where a definition begins with the comments that are about it alone."""
    start, head = located.definition.start, located.head
    if start == head:
        return start
    above = [
        node for node in tree.captures(tree.language.comments) if start <= tree.offset(node.start_byte) < head
    ]
    for position, node in enumerate(above):
        source = tree.source(node)
        if any(is_about_file(line) or is_banner(line) for line in split_lines(source)):
            mark = _MARK.match(source)
            last = position
            # The lines below a line of a licence are the rest of it.
            while is_licence(source) and last + 1 < len(above) and mark is not None:
                following = _MARK.match(tree.source(above[last + 1]))
                if following is None or following[0] != mark[0] or mark[0].startswith("/*"):
                    break
                last += 1
            after = above[last + 1] if last + 1 < len(above) else None
            start = tree.offset(after.start_byte) if after is not None else head
    return start


def _alone_in_block(located: Located) -> bool:
    """True if the definition is all that a block holds, comments aside."""
    block = located.outer.parent
    return (
        block is not None
        and block.type == "block"
        and all(child == located.outer or child.type == "comment" for child in block.named_children)
    )


def _with_blank_lines(text: str, lines: LineIndex, first: int, end: int) -> tuple[int, int]:
    """The lines `first`..`end` to delete, grown so that the larger of the two gaps around them is left.

    At the beginning or end of a block, or of the file, no gap is left.
    """

    def content(line: int) -> str:
        return text[slice(*lines.line_span(line))].strip()

    count = lines.line_count - (lines.starts[-1] == len(text))
    above = first
    while above > 0 and not content(above - 1):
        above -= 1
    below = end
    while below < count and not content(below):
        below += 1
    opens = above == 0 or content(above - 1).endswith(("{", ":", "("))
    closes = below >= count or content(below).startswith(("}", ")"))
    if closes:
        return above, end
    if opens:
        return first, below
    # Two gaps become one, the larger: two lines between functions at the top of a Python file stay two.
    return first, end + min(first - above, below - end)
