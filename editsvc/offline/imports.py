"""Sort imports: whole statements, with the comments above and after them; nothing is added or dropped."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from editsvc.offline.errors import NotApplicable
from editsvc.offline.trees import tree_of
from editsvc.text.document import Edit, LineIndex, line_end, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import tree_sitter

    from editsvc.instruction.commands import SortImports
    from editsvc.syntax import Language, ParseBudget, Tree

_Key = tuple[int, tuple[object, ...]]
"""The group of an import (always 0 except in Python), and its sort key within the group."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An import with its lines, `first` up to `end`; an import without a key keeps its place."""

    first: int
    end: int
    key: _Key | None
    lines: tuple[str, ...]


def apply(text: str, _value: SortImports, language: Language | None, *, budget: ParseBudget) -> list[Edit]:
    """Edits that sort each block of imports, in place; none if they are sorted.

    Python: the imports before the first other statement, in groups (``__future__``, standard library, third
    party, relative) as isort and PEP 8 have them. In other languages a block is a run of lines without a gap, and
    the blocks keep their order. Raises NotApplicable for C and C++, where order has a meaning, for languages
    without imports, and for files without any.
    """
    if language is not None and language.name in ("c", "cpp"):
        raise NotApplicable(
            "The order of #include lines can have a meaning in C and C++: they are not sorted."
        )
    tree = tree_of(text, language, budget=budget)
    form = _FORMS.get(tree.language.name)
    if form is None:
        raise NotApplicable(f"Imports cannot be sorted in {tree.language.name} files.")
    lines = LineIndex(text)
    content = split_lines(text)
    edits: list[Edit] = []
    found = False
    for block in _blocks(tree, lines, content, form):
        found = True
        edits += _sorted_block(lines, content, block, python=tree.language.name == "python")
    if not found:
        raise NotApplicable("The file has no imports.")
    return edits


def _blocks(
    tree: Tree,
    lines: LineIndex,
    content: Sequence[str],
    form: Callable[[Tree, tree_sitter.Node], _Key | None],
) -> Iterator[list[_Entry]]:
    """Runs of adjacent imports; in Python, blank lines may separate them."""
    python = tree.language.name == "python"
    block: list[_Entry] = []
    for node in _statements(tree):
        start, end = tree.span(node)
        first, last = lines.line_of(start), lines.line_of(max(start, end - 1))
        before = tree.text[lines.starts[first] : start]
        after = tree.text[end : lines.line_span(last)[1]].strip()
        comment = (tree.language.line_comment, "/*")
        whole = not before.strip() and (not after.strip(";") or after.lstrip("; ").startswith(comment))
        floor = block[-1].end if block else 0
        top = _with_comments_above(tree, content, first, floor)
        gap = content[floor:top]
        joined = bool(block) and (not gap or (python and not any(line.strip() for line in gap)))
        if block and not (joined and whole):
            yield block
            block = []
        if whole:
            block.append(_Entry(top, last + 1, form(tree, node), tuple(content[top : last + 1])))
    if block:
        yield block


def _statements(tree: Tree) -> list[tree_sitter.Node]:
    """The imports to sort: at the top level, and in Python only before the first other statement."""
    nodes = tree.captures(tree.language.imports)
    if tree.language.name == "go":
        return nodes
    nodes = [node for node in nodes if node.parent == tree.root]
    if tree.language.name != "python":
        return nodes
    leading = []
    for child in tree.root.named_children:
        if child in nodes:
            leading.append(child)
        elif leading and child.type != "comment":
            break
    return leading


def _with_comments_above(tree: Tree, content: Sequence[str], line: int, floor: int) -> int:
    """The line at which the comments and attributes directly above `line` begin.

    A comment that begins the file is the file's, not the first import's.
    """
    marks = tuple(mark for mark in (tree.language.line_comment, "#[") if mark)
    top = line
    while top > floor and content[top - 1].lstrip().startswith(marks):
        top -= 1
    return line if top == 0 and not content[0].lstrip().startswith("#[") else top


def _sorted_block(
    lines: LineIndex, content: Sequence[str], block: list[_Entry], *, python: bool
) -> list[Edit]:
    ordered: list[_Entry] = []
    for fixed, run in groupby(block, key=lambda entry: entry.key is None):
        entries = list(run)
        ordered += entries if fixed else sorted(entries, key=lambda entry: entry.key or (0, ()))
    first, end = block[0].first, block[-1].end
    old = list(content[first:end])
    ending = next((mark for line in old if (mark := line_end(line))), "\n")
    final = line_end(old[-1])
    new: list[str] = []
    previous: _Entry | None = None
    for entry in ordered:
        if python and previous is not None and _group(entry) != _group(previous):
            # The end of the line above: "\n" after "\r" would be one line end, not two.
            new.append(line_end(new[-1]))
        new += [line if line_end(line) else line + ending for line in entry.lines]
        previous = entry
    new[-1] = new[-1][: len(new[-1]) - len(line_end(new[-1]))] + final
    if [line.rstrip("\r\n") for line in new] == [line.rstrip("\r\n") for line in old]:
        return []  # sorted; in a file with mixed line ends it does not matter which line has which
    start = lines.starts[first]
    return [Edit(start, start + sum(map(len, old)), "".join(new))]


def _group(entry: _Entry) -> int | None:
    return entry.key[0] if entry.key is not None else None


def _python_key(tree: Tree, node: tree_sitter.Node) -> _Key:
    plain = node.type == "import_statement"
    module_node = node.child_by_field_name("name" if plain else "module_name")
    if node.type == "future_import_statement" or module_node is None:
        return 0, ()
    module = tree.source(module_node).split(" as ")[0]
    if module.startswith("."):
        dots = len(module) - len(module.lstrip("."))
        return 3, (-dots, module.lower(), tree.source(node))
    standard = module.split(".")[0] in sys.stdlib_module_names
    return 1 if standard else 2, (not plain, module.lower(), tree.source(node))


def _ecmascript_key(tree: Tree, node: tree_sitter.Node) -> _Key | None:
    source = node.child_by_field_name("source")
    if source is None or not any(child.type == "import_clause" for child in node.named_children):
        return None  # imported for its side effects: their order is the author's decision
    specifier = tree.source(source).strip("'\"")
    place = 0 if not specifier.startswith(".") else -specifier.count("../")
    near = 0 if not specifier.startswith(".") else 1 if specifier.startswith("..") else 2
    return 0, (near, place, specifier.lower(), specifier)


def _go_key(tree: Tree, node: tree_sitter.Node) -> _Key:
    path = node.child_by_field_name("path")
    name = node.child_by_field_name("name")
    return 0, (tree.source(path) if path else "", tree.source(name) if name else "")


def _rust_key(tree: Tree, node: tree_sitter.Node) -> _Key:
    argument = node.child_by_field_name("argument")
    path = re.sub(r"\s+", "", tree.source(argument)) if argument is not None else ""
    root = path.split("::")[0]
    # rustfmt puts self, super and crate before every name.
    order = ("self", "super", "crate")
    return 0, (order.index(root) if root in order else len(order), path.replace("{", "~"))


def _java_key(tree: Tree, node: tree_sitter.Node) -> _Key:
    words = tree.source(node).rstrip(";").split()
    return 0, ("static" not in words, words[-1])


_FORMS: Final[dict[str, Callable[[Tree, tree_sitter.Node], _Key | None]]] = {
    "python": _python_key,
    "javascript": _ecmascript_key,
    "javascriptreact": _ecmascript_key,
    "typescript": _ecmascript_key,
    "typescriptreact": _ecmascript_key,
    "go": _go_key,
    "rust": _rust_key,
    "java": _java_key,
}
