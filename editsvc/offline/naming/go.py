"""Names in Go, where an import binds the name of a package without writing it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from editsvc.offline.naming.roles import (
    Binding,
    Defines,
    Names,
    Naming,
    Occurrence,
    Role,
    ancestor,
    climb,
    is_field,
    root_of,
)
from editsvc.offline.naming.scopes import Scope, of_node

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from editsvc.syntax import Tree

_NAMED: Final = (
    "parameter_declaration",
    "variadic_parameter_declaration",
    "type_parameter_declaration",
    "var_spec",
    "const_spec",
    "function_declaration",
    "type_spec",
    "type_alias",
)
_MEMBERS: Final = ("method_declaration", "field_declaration", "method_elem")
_ASSIGNED: Final = ("short_var_declaration", "range_clause", "receive_statement", "type_switch_statement")
_FUNCTIONS: Final = ("function_declaration", "method_declaration", "func_literal")
_STATEMENTS: Final = (
    "for_statement",
    "if_statement",
    "expression_switch_statement",
    "type_switch_statement",
    "communication_case",
    "expression_case",
    "type_case",
    "default_case",
)
_VERSION: Final = re.compile(r"v\d+")


def package_of(path: str) -> str:
    """The name that an import of `path` most likely binds: the last part that is no version."""
    parts = path.split("/")
    if len(parts) > 1 and _VERSION.fullmatch(parts[-1]):
        parts.pop()
    return re.sub(r"^go-|[-.]go$|\.v\d+$", "", parts[-1])


def _binding(_tree: Tree, node: tree_sitter.Node) -> Binding | None:
    parent = node.parent
    if parent is None:
        return None
    if parent.type == "import_spec":
        return Binding(imported=True)
    if parent.type in _NAMED and is_field(node, "name"):
        return Binding()
    if parent.type in _MEMBERS and is_field(node, "name"):
        return Binding(Role.MEMBER)
    if parent.type == "field_declaration" and parent.child_by_field_name("name") is None:
        return Binding(Role.EITHER)  # an embedded type names a field as well
    listed = climb(node, "expression_list")
    around = listed.parent
    if around is not None and around.type in _ASSIGNED and is_field(listed, "left", "alias"):
        declares = any(child.type == ":=" for child in around.children)
        return Binding() if declares else None
    return None


def _use(names: Names, node: tree_sitter.Node) -> tuple[Role, str]:
    parent = node.parent
    if parent is None:
        return Role.VALUE, "{new}"
    name = names.tree.source(node)
    role = Role.VALUE
    if parent.type == "package_clause" or node.type == "label_name":
        role = Role.OTHER
    elif parent.type == "selector_expression" and is_field(node, "field"):
        root = root_of(parent)
        source = names.tree.source(root)
        foreign = _packages(names.tree, source) and not _shadowed(names, root, source)
        role = Role.FOREIGN if foreign else Role.MEMBER
    elif parent.type == "qualified_type" and is_field(node, "name"):
        role = Role.OTHER
    elif parent.type == "literal_element" and is_field(parent, "key"):
        role = _key(parent)
    elif _is_package(names, node, name):
        # Where a variable has the name of a package, the variable is meant.
        role = Role.OTHER if names.defines(name) else Role.VALUE
    return role, "{new}"


def _key(element: tree_sitter.Node) -> Role:
    """A key of a composite literal: a field, or for a map a value."""
    literal = ancestor(element, "composite_literal")
    type_ = literal.child_by_field_name("type") if literal is not None else None
    depth = 0
    body = ancestor(element, "literal_value")
    while body is not None and body.parent is not None and body.parent.type != "composite_literal":
        body = ancestor(body, "literal_value")
        depth += 1
    while type_ is not None and type_.type != "type_identifier":
        if type_.type in ("slice_type", "array_type", "implicit_length_array_type"):
            if depth == 0:
                return Role.VALUE
            type_ = type_.child_by_field_name("element")
        elif type_.type == "map_type":
            if depth == 0:
                return Role.VALUE
            type_ = type_.child_by_field_name("value")
        elif type_.type == "pointer_type":
            type_ = type_.named_children[0]
            continue
        elif type_.type == "generic_type":
            type_ = type_.child_by_field_name("type")
            continue
        else:
            return Role.FOREIGN if type_.type == "qualified_type" else Role.MEMBER
        depth -= 1
    return Role.MEMBER


def _packages(tree: Tree, name: str) -> list[tree_sitter.Node]:
    """The imports that bind `name`."""
    found = []
    for spec in tree.captures(tree.language.imports):
        given, path = spec.child_by_field_name("name"), spec.child_by_field_name("path")
        bound = (
            tree.source(given)
            if given is not None
            else package_of(tree.source(path).strip('"`') if path is not None else "")
        )
        if bound == name:
            found.append(spec)
    return found


def _is_package(names: Names, node: tree_sitter.Node, name: str) -> bool:
    parent = node.parent
    qualified = parent is not None and (
        (parent.type == "selector_expression" and is_field(node, "operand"))
        or (parent.type == "qualified_type" and is_field(node, "package"))
    )
    return qualified and bool(_packages(names.tree, name)) and not _shadowed(names, node, name)


def _shadowed(names: Names, node: tree_sitter.Node, name: str) -> bool:
    """True if something of the file, of that name, is seen at `node`."""
    found = names.meant(name, node.start_byte)
    return found is not None and not found.imported


def _scope(names: Names, node: tree_sitter.Node, binding: Binding) -> Scope | None:
    if binding.role is not Role.VALUE:
        return None
    around = ancestor(node, *_NAMED, *_ASSIGNED)
    if binding.imported or around is None:
        return Scope(0, len(names.tree.data) + 1)
    if around.type == "type_parameter_declaration":
        return of_node(around.parent.parent if around.parent is not None else None)
    if around.type.endswith("parameter_declaration"):
        function = ancestor(around, *_FUNCTIONS)
        # Those of a type, or of a method of an interface, are seen nowhere.
        listed = around.parent
        own = function is not None and listed is not None and listed.parent == function
        return of_node(
            function.child_by_field_name("body") or listed if own and function is not None else listed
        )
    if around.type == "type_switch_statement":
        return of_node(around, since=node.end_byte)
    top = around.parent
    while top is not None and top.type not in ("block", "source_file", *_STATEMENTS):
        top = top.parent
    if top is None or top.type == "source_file":
        return Scope(0, len(names.tree.data) + 1)
    return of_node(top, since=node.start_byte if around.type == "type_spec" else around.end_byte)


# The Go Programming Language Specification, "Predeclared identifiers".
_GIVEN: Final = frozenset(
    {"any", "bool", "byte", "comparable", "complex64", "complex128", "error", "float32"}
    | {"float64", "int", "int8", "int16", "int32", "int64", "rune", "string", "uint", "uint8"}
    | {"uint16", "uint32", "uint64", "uintptr", "true", "false", "iota", "nil", "append"}
    | {"cap", "clear", "close", "complex", "copy", "delete", "imag", "len", "make", "max"}
    | {"min", "new", "panic", "print", "println", "real", "recover"}
)


def _further(names: Names, name: str) -> Iterator[Occurrence]:
    if names.defines(name):
        return
    for spec in _packages(names.tree, name):
        path = spec.child_by_field_name("path")
        if path is not None and spec.child_by_field_name("name") is None:
            start = names.tree.offset(path.start_byte)
            yield Occurrence(start, start, Role.VALUE, Defines.FULL, imported=True, spelling="{new} ")


NAMING: Final = Naming(_binding, _use, _further, scope=_scope, given=_GIVEN)
