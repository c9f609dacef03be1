"""Signatures: where a definition's parameters are in the tree, and what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import tree_sitter

_LISTS: Final = frozenset({"parameters", "formal_parameters", "parameter_list"})
_FUNCTIONS: Final = frozenset(
    {"arrow_function", "function_declarator", "function_expression", "generator_function"}
)
_NAMES: Final = frozenset({"identifier", "field_identifier", "this"})
# Nodes that hold a name, or a pattern with one, as their first child.
_FIRST: Final = frozenset(
    {
        "dictionary_splat_pattern",
        "list_splat_pattern",
        "parenthesized_declarator",
        "reference_declarator",
        "rest_pattern",
        "typed_parameter",
    }
)


def parameter_list(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """The list of parameters of a definition: its own, its declarator's, or the assigned function's."""
    while True:
        found = node.child_by_field_name("parameters")
        if found is not None:
            return found if found.type in _LISTS else None
        inner = _field(node, "declarator", "value", "right")
        if inner is None:
            inner = next((child for child in node.named_children if child.type in _FUNCTIONS), None)
        if inner is None:
            return None
        node = inner


def parameters(listed: tree_sitter.Node) -> list[tree_sitter.Node]:
    """The parameters of a list, separators like Python's ``*`` included, comments and commas not."""
    return [node for node in listed.children if node.type not in ("(", ")", ",", "comment")]


def name_of(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """The name of a parameter; None for a pattern that binds several, a separator, or an unnamed one."""
    while node.type not in _NAMES:
        inner = _field(node, "name", "pattern", "left", "declarator")
        if inner is None and node.named_children:
            if node.type in _FIRST:
                inner = node.named_children[0]
            elif node.type == "spread_parameter":
                inner = node.named_children[-1]
        if inner is None:
            return None
        node = inner
    return node


def _field(node: tree_sitter.Node, *names: str) -> tree_sitter.Node | None:
    found = (node.child_by_field_name(name) for name in names)
    return next((child for child in found if child is not None), None)
