"""Sort imports: whole statements, with the comments above and after them; nothing is added or dropped."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from editsvc.offline.comments import is_about_file, is_banner
from editsvc.offline.errors import NotApplicable
from editsvc.offline.outcome import Outcome, lines_of
from editsvc.offline.trees import tree_of
from editsvc.text.document import Edit, LineIndex, line_end, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import tree_sitter

    from editsvc.instruction.commands import SortImports
    from editsvc.syntax import Language, ParseBudget, Tree

_Key = tuple[int, tuple[object, ...]]
"""The group of an import (always 0 except in Python), and its sort key within the group."""

# The heading of a group of imports.
_HEADING: Final = re.compile(
    r"^\W*(?:(?:python|node|java|rust|go)['\u2019]?s?\s+)?"
    r"(?:standard|std|built-?ins?|third|first|local|internal|external|project|own|system|core|types?|relative)"
    r"(?:[- ](?:lib(?:rary|raries)?|party|packages?|modules?|imports?|deps|dependencies|crates?|application))*\W*$",
    re.IGNORECASE,
)
_OFF: Final = re.compile(r"isort:\s*off|fmt:\s*off|prettier-ignore-start|clang-format\s+off|rustfmt::skip")
_ON: Final = re.compile(r"isort:\s*on|fmt:\s*on|prettier-ignore-end|clang-format\s+on")
_SKIPPED: Final = re.compile(r"isort:\s*skip\b|rustfmt::skip")
_SKIPPED_FILE: Final = re.compile(
    r"isort:\s*skip_file|organize-imports-ignore|@generated|sort-imports-ignore"
)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An import with its lines, `first` up to `end`; an import without a key keeps its place."""

    first: int
    end: int
    key: _Key | None
    lines: tuple[str, ...]


def apply(text: str, _value: SortImports, language: Language | None, *, budget: ParseBudget) -> Outcome:
    """Edits that sort each block of imports, in place; none if they are sorted.

    Python: the imports before the first other statement, in groups (``__future__``, standard library, third
    party, relative) as isort and PEP 8 have them. In other languages a block is a run of lines without a gap, and
    the blocks keep their order. What a comment protects from sorting stays. Raises NotApplicable for C and C++, where
    order has a meaning, for languages without imports, for files without any, and for those that say that they are
    not to be sorted.
    """
    if language is not None and language.name in ("c", "cpp"):
        raise NotApplicable(
            "The order of #include lines can have a meaning in C and C++: they are not sorted."
        )
    tree = tree_of(text, language, budget=budget)
    form = _FORMS.get(tree.language.name)
    if form is None:
        raise NotApplicable(f"Imports cannot be sorted in {tree.language.name} files.")
    statements, behind = _statements(tree)
    if not statements:
        raise NotApplicable("The file has no imports.")
    lines = LineIndex(text)
    content = split_lines(text)
    comments = _Comments.of(tree, lines)
    skipped = next((line for line in sorted(comments.lines) if _SKIPPED_FILE.search(content[line])), None)
    if skipped is not None:
        raise NotApplicable(f"The comment on line {skipped + 1} says that the file is not to be sorted.")
    edits: list[Edit] = []
    blocks = list(_blocks(tree, statements, lines, content, comments, form))
    if not blocks and all(_shares_line(tree, lines, node) for node in statements):
        raise NotApplicable("The imports share their lines with other code.")
    for block in blocks:
        edits += _sorted_block(lines, content, block, python=tree.language.name == "python")
    notes = []
    if behind:
        where = lines_of(text, (tree.offset(node.start_byte) for node in behind))
        notes.append(f"The imports on {where} stay, because they stand behind other statements.")
    return Outcome(edits, tuple(notes))


@dataclass(frozen=True, slots=True)
class _Comments:
    """The lines that comments and attributes fill, each with the first line of its comment; 0-based."""

    lines: dict[int, int]

    @classmethod
    def of(cls, tree: Tree, lines: LineIndex) -> _Comments:
        filled: dict[int, int] = {}
        nodes = tree.captures(tree.language.comments)
        if tree.language.name == "rust":
            nodes += tree.captures("(attribute_item) @attribute")
        for node in nodes:
            start, end = tree.span(node)
            first, last = lines.line_of(start), lines.line_of(max(start, end - 1))
            before = tree.text[lines.starts[first] : start]
            after = tree.text[end : lines.line_span(last)[1]]
            if not before.strip() and not after.strip():
                filled |= dict.fromkeys(range(first, last + 1), first)
        return cls(filled)

    def above(self, content: Sequence[str], line: int, floor: int) -> int:
        """The line at which the comments directly above `line` begin that go with it.

        Not what is about the file, and not a comment that begins the file.
        """
        top = line
        while top > floor and top - 1 in self.lines:
            first = self.lines[top - 1]
            if first < floor or any(_stays(content[part].strip()) for part in range(first, top)):
                return top
            top = first
        attribute = content[0].lstrip().startswith("#[") if content else False
        return line if top == 0 and not attribute else top


def _stays(line: str) -> bool:
    """True for a comment that stays where it is, so that what it parts is not mixed."""
    return is_about_file(line) or is_banner(line) or _HEADING.search(line) is not None


def _blocks(  # noqa: PLR0917 - what it runs through
    tree: Tree,
    statements: list[tree_sitter.Node],
    lines: LineIndex,
    content: Sequence[str],
    comments: _Comments,
    form: Callable[[Tree, tree_sitter.Node], _Key | None],
) -> Iterator[list[_Entry]]:
    """Runs of adjacent imports; in Python, blank lines may separate them."""
    python = tree.language.name == "python"
    block: list[_Entry] = []
    floor, off = 0, False
    for node in statements:
        start, end = tree.span(node)
        first, last = lines.line_of(start), lines.line_of(max(start, end - 1))
        whole = not _shares_line(tree, lines, node)
        for line in range(floor, first):
            off = bool(_OFF.search(content[line])) or (off and not _ON.search(content[line]))
        top = comments.above(content, first, floor)
        fixed = off or any(_SKIPPED.search(line) for line in content[top : last + 1])
        off = off and not _SKIPPED.search(content[first - 1])
        gap = content[floor:top]
        joined = bool(block) and (not gap or (python and not any(line.strip() for line in gap)))
        if block and not (joined and whole and not fixed):
            yield block
            block = []
        if whole and not fixed:
            block.append(_Entry(top, last + 1, form(tree, node), tuple(content[top : last + 1])))
        floor = last + 1
    if block:
        yield block


def _shares_line(tree: Tree, lines: LineIndex, node: tree_sitter.Node) -> bool:
    """True if there is other code on the lines of a statement."""
    start, end = tree.span(node)
    before = tree.text[lines.starts[lines.line_of(start)] : start]
    after = tree.text[end : lines.line_span(lines.line_of(max(start, end - 1)))[1]].strip().lstrip("; ")
    return bool(before.strip()) or not (not after or after.startswith((tree.language.line_comment, "/*")))


def _statements(tree: Tree) -> tuple[list[tree_sitter.Node], list[tree_sitter.Node]]:
    """The imports to sort, at the top level; and in Python those that stand behind the first other statement."""
    nodes = tree.captures(tree.language.imports)
    if tree.language.name == "go":
        return [_go_statement(node) for node in nodes], []
    nodes = [node for node in nodes if node.parent == tree.root]
    if tree.language.name != "python":
        return nodes, []
    leading: list[tree_sitter.Node] = []
    for child in tree.root.named_children:
        if child in nodes:
            leading.append(child)
        elif leading and child.type != "comment":
            break
    return leading, nodes[len(leading) :]


def _go_statement(spec: tree_sitter.Node) -> tree_sitter.Node:
    """The whole statement, if it imports one package without parentheses."""
    parent = spec.parent
    return parent if parent is not None and parent.type == "import_declaration" else spec


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


def _go_key(tree: Tree, node: tree_sitter.Node) -> _Key | None:
    if node.type == "import_declaration":
        node = node.named_children[0]
    path = node.child_by_field_name("path")
    name = node.child_by_field_name("name")
    if path is not None and tree.source(path) == '"C"':
        return None  # cgo compiles the comment above
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
