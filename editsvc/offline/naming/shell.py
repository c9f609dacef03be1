"""Names in shell scripts: variables and functions are apart, and some commands take names as words."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from editsvc.offline.naming.roles import (
    Binding,
    Defines,
    Names,
    Naming,
    Occurrence,
    Role,
    is_field,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from editsvc.syntax import Tree

# Commands that set the variables whose names they are given, with the options that take an argument of their own.
_SETTING: Final = {
    "read": "dinNptu",
    "mapfile": "dnOsucC",
    "readarray": "dnOsucC",
    "local": "",
    "declare": "",
    "typeset": "",
    "export": "",
    "readonly": "",
    "unset": "",
    "let": "",
    "getopts": "",
    "printf": "",
    "wait": "",
}
# Options whose argument is the name of a variable that is set.
_NAME_OPTIONS: Final = {"printf": "v", "wait": "p", "read": "a"}
_ASKING: Final = ("command", "type", "hash", "which")
# Operands of comparisons of numbers, of C's "for", and indices of arrays.
_ARITHMETIC: Final = """
(subscript index: (_) @clause)
(c_style_for_statement condition: (_) @clause)
(c_style_for_statement update: (_) @clause)
((test_command (binary_expression (word) @word operator: (test_operator) @_operator))
  (#match? @_operator "^-(eq|ne|lt|le|gt|ge)$"))
((test_command (binary_expression operator: (test_operator) @_operator right: (word) @word))
  (#match? @_operator "^-(eq|ne|lt|le|gt|ge)$"))
"""
_WORDS: Final = ("word", "string", "raw_string", "concatenation")


def _binding(tree: Tree, node: tree_sitter.Node) -> Binding | None:
    parent = node.parent
    if parent is None:
        return None
    if parent.type == "function_definition":
        return Binding(Role.MEMBER)
    if node.type != "variable_name":
        return None
    if parent.type == "subscript":
        return _assigned(parent)
    if parent.type == "variable_assignment":
        return _assigned(node)
    if parent.type == "for_statement" and is_field(node, "variable"):
        return Binding()
    if parent.type == "declaration_command":
        words = [tree.source(child) for child in parent.named_children if child.type == "word"]
        of_function = any(word.startswith("-") and "f" in word.lower() for word in words)
        return None if of_function else Binding(defines=Defines.WEAK)
    return None


def _assigned(node: tree_sitter.Node) -> Binding | None:
    """The binding of an assignment's left side; `NAME=value command` gives a variable to the command alone."""
    assignment = node.parent
    if assignment is None or assignment.type != "variable_assignment" or not is_field(node, "name"):
        return None
    around = assignment.parent
    given = around is not None and around.type == "command" and around.child_by_field_name("name") is not None
    return None if given else Binding()


def _use(names: Names, node: tree_sitter.Node) -> tuple[Role, str]:
    tree, parent = names.tree, node.parent
    if node.type == "word":
        return Role.MEMBER, "{new}"
    if parent is not None and parent.type in ("declaration_command", "unset_command"):
        words = [tree.source(child) for child in parent.named_children if child.type == "word"]
        if any(re.fullmatch(r"-\w*[fF]\w*", word) for word in words):
            return Role.MEMBER, "{new}"
    if parent is not None and parent.type == "variable_assignment" and is_field(node, "name"):
        command = parent.parent
        name = command.child_by_field_name("name") if command is not None else None
        own = name is not None and bool(names.bindings(tree.source(name)))
        return (Role.VALUE if own else Role.FOREIGN), "{new}"
    return Role.VALUE, "{new}"


def _further(names: Names, name: str) -> Iterator[Occurrence]:
    tree = names.tree
    if name not in tree.text:
        return
    for command in tree.captures("(command) @command"):
        yield from _words(names, command, name)
    for test in tree.captures("(unary_expression operator: (test_operator) @operator)"):
        operand = test.parent.named_children[-1] if test.parent is not None else None
        if operand is not None and tree.source(test) in ("-v", "-R"):
            yield from _at(tree, operand, name, rf"(?P<name>{re.escape(name)})(?:\[.*\])?")
    for assignment in tree.captures("(declaration_command (variable_assignment) @assignment)"):
        declaration, value = assignment.parent, assignment.child_by_field_name("value")
        words = [tree.source(child) for child in declaration.children] if declaration is not None else []
        if value is not None and any(re.fullmatch(r"-\w*n\w*", word) for word in words):
            yield from _at(tree, value, name, rf"(?P<name>{re.escape(name)})(?:\[.*\])?")
    yield from _arithmetic(names, name)


def _arithmetic(names: Names, name: str) -> Iterator[Occurrence]:
    """Variables without ``$``, in places that the grammar does not know to be arithmetic."""
    tree = names.tree
    found = tree.captures(_ARITHMETIC)
    words = [word for node in found for word in tree.captures("(word) @word", node)]
    for word in words:
        parent = word.parent
        owner = (
            parent.child_by_field_name("name") if parent is not None and parent.type == "subscript" else None
        )
        if owner is not None and _is_map(names, tree.source(owner)):
            continue
        begin = tree.offset(word.start_byte)
        for match in re.finditer(rf"(?<![\w$]){re.escape(name)}(?!\w)", tree.source(word)):
            yield Occurrence(begin + match.start(), begin + match.end(), Role.VALUE)


def _is_map(names: Names, array: str) -> bool:
    """True if the keys of an array are text: it is declared with ``-A``."""
    found = re.search(
        rf"\b(?:declare|local|typeset|readonly)\s[^\r\n;#]*-\w*A\w*[^\r\n;#]*\b{re.escape(array)}\b",
        names.tree.text,
        re.MULTILINE,
    )
    return found is not None


def _words(names: Names, command: tree_sitter.Node, name: str) -> Iterator[Occurrence]:
    """The words of a command that are the name of a variable, or hold code."""
    tree = names.tree
    named = command.child_by_field_name("name")
    called = tree.source(named) if named is not None else ""
    words = [
        child
        for child in command.named_children
        if child.type in _WORDS and (named is None or child.start_byte > named.end_byte)
    ]
    if called in ("trap", "eval"):
        yield from _code(tree, words, name)
        return
    if called in ("test", "["):
        for operator, word in pairwise(words):
            if tree.source(operator) in ("-v", "-R"):
                yield from _at(tree, word, name, rf"(?P<name>{re.escape(name)})(?:\[.*\])?")
        return
    if called in _SETTING:
        yield from _set(tree, called, words, name)
        return
    for word in words:
        if tree.source(word) == name:
            asked = called in _ASKING
            yield Occurrence(*tree.span(word), Role.MEMBER if asked else Role.FOREIGN)


def _set(tree: Tree, called: str, words: list[tree_sitter.Node], name: str) -> Iterator[Occurrence]:
    escaped = re.escape(name)
    valued, naming = _SETTING[called], _NAME_OPTIONS.get(called, "")
    skip = takes = False
    position = 0
    for word in words:
        source = tree.source(word)
        if skip:
            skip = False
            continue
        named = position == 1 if called == "getopts" else called not in ("printf", "wait", "let")
        if takes or (named and not source.startswith("-")):
            yield from _at(tree, word, name, rf"(?P<name>{escaped})(?:\[.*\])?(?:\+?=.*)?", defines=True)
            takes = False
            position += 1
            continue
        if called == "let":
            begin = tree.offset(word.start_byte)
            for match in re.finditer(rf"(?<!\w){escaped}(?!\w)", source):
                yield Occurrence(begin + match.start(), begin + match.end(), Role.VALUE, Defines.FULL)
            continue
        if source.startswith("-") and len(source) > 1:
            last = source[-1]
            takes = last in naming
            skip = last in valued and not takes
        else:
            position += 1


def _at(
    tree: Tree, word: tree_sitter.Node, name: str, pattern: str, *, defines: bool = False
) -> Iterator[Occurrence]:
    source = tree.source(word)
    quote = source[:1] if source[:1] in ("'", '"') else ""
    match = re.fullmatch(quote + pattern + quote, source, re.DOTALL)
    if match:
        start = tree.offset(word.start_byte) + match.start("name")
        yield Occurrence(start, start + len(name), Role.VALUE, Defines.FULL if defines else Defines.NO)


def _code(tree: Tree, words: list[tree_sitter.Node], name: str) -> Iterator[Occurrence]:
    """``trap`` and ``eval`` take code in quotes, and a trap the name of a function."""
    escaped = re.escape(name)
    for word in words:
        source, begin = tree.source(word), tree.offset(word.start_byte)
        if source == name:
            yield Occurrence(*tree.span(word), Role.MEMBER)
        if word.type in ("raw_string", "string"):
            for match in re.finditer(
                rf"\$\{{?[!#]?(?P<name>{escaped})(?!\w)|(?<![\w$]){escaped}(?==)", source
            ):
                start, end = match.span("name") if match["name"] else match.span()
                yield Occurrence(begin + start, begin + end, Role.VALUE)
            for match in re.finditer(rf"(?:(?<=^')|(?<=[;&|({{] )|(?<=;)){escaped}(?![\w=])", source):
                yield Occurrence(begin + match.start(), begin + match.end(), Role.MEMBER)


NAMING: Final = Naming(_binding, _use, _further)
