"""Remove a definition, with everything that belongs to it and the surplus blank lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from editsvc.offline.errors import NotApplicable
from editsvc.offline.trees import ambiguous, named, tree_of
from editsvc.text.document import Edit, LineIndex

if TYPE_CHECKING:
    from editsvc.instruction.commands import Remove
    from editsvc.syntax import Language, ParseBudget, Tree
    from editsvc.syntax.outline import Located

_SPACES: Final = re.compile(r"[ \t]*")
_OVERLOADED_BY_SIGNATURE: Final = frozenset({"typescript", "typescriptreact"})


def apply(text: str, value: Remove, language: Language | None, *, budget: ParseBudget) -> list[Edit]:
    """Edits that remove the definition `value.name`, and signatures that declare it (C, C++, TypeScript).

    A Python block that would be empty gets ``pass``. Raises NotApplicable if there is no such definition, or
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
    return [_removal(tree, lines, run) for run in _runs(lines, found)]


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
    start, end = located.definition.start, run[-1].definition.end
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
