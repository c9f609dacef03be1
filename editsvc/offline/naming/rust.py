"""Names in Rust, in the tokens of macros and in format strings as well."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from editsvc.offline.naming.roles import (
    ALIAS,
    CANNOT,
    PAIR,
    Binding,
    Defines,
    Names,
    Naming,
    Occurrence,
    Role,
    ancestor,
    climb,
    fold,
    folds,
    is_field,
    root_of,
)
from editsvc.offline.naming.scopes import Scope, nearest, of_node

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from editsvc.syntax import Tree

_ITEMS: Final = (
    "function_item",
    "struct_item",
    "enum_item",
    "union_item",
    "trait_item",
    "type_item",
    "const_item",
    "static_item",
    "macro_definition",
    "type_parameter",
    "const_parameter",
    "associated_type",
)
_PATTERNS: Final = (
    "tuple_pattern",
    "slice_pattern",
    "ref_pattern",
    "mut_pattern",
    "reference_pattern",
    "captured_pattern",
    "or_pattern",
    "field_pattern",
    "struct_pattern",
    "tuple_struct_pattern",
    "match_pattern",
)
_PATTERN_OWNERS: Final = (
    "let_declaration",
    "let_condition",
    "parameter",
    "for_expression",
    "match_arm",
)
# Macros whose first string names variables in braces: std's, and those of log, tracing and anyhow.
_FORMATTING: Final = frozenset(
    {"format", "format_args", "print", "println", "eprint", "eprintln", "write", "writeln", "panic"}
    | {"assert", "assert_eq", "assert_ne", "debug_assert", "debug_assert_eq", "debug_assert_ne"}
    | {"todo", "unimplemented", "unreachable", "compile_error"}
    | {"trace", "debug", "info", "warn", "error", "log", "anyhow", "bail", "ensure"}
)
_PLACEHOLDER: Final = re.compile(r"\{\{|\}\}|\{(?P<name>\w*)(?P<spec>:[^{}]*)?\s*\}")
_ITEM_NAMES: Final = " ".join(
    f"({item} name: (_) @name)" for item in (*_ITEMS[:8], "mod_item", "enum_variant")
)
_MACRO_NAMES: Final = "(macro_definition name: (_) @name)"
_MODULE_NAMES: Final = "(mod_item name: (_) @name body: (_)) (enum_item name: (_) @name)"
_OWN_ROOTS: Final = ("crate", "self", "super", "Self")


def _binding(tree: Tree, node: tree_sitter.Node) -> Binding | None:
    parent = node.parent
    if parent is None:
        return None
    if parent.type in _ITEMS and is_field(node, "name"):
        return Binding(Role.MEMBER if _is_member(parent) else Role.VALUE)
    match parent.type:
        case "type_parameters" | "closure_parameters":
            return Binding()
        case "function_signature_item" | "enum_variant" | "field_declaration":
            return Binding(Role.MEMBER) if is_field(node, "name") else None
        case "mod_item":
            inline = parent.child_by_field_name("body") is not None
            return Binding() if inline else Binding(spelling=CANNOT)
        case "use_as_clause":
            return Binding(imported=True) if is_field(node, "alias") else None
        case "extern_crate_declaration":
            aliased = parent.child_by_field_name("alias") is not None
            if is_field(node, "alias"):
                return Binding(imported=True)
            return None if aliased else Binding(imported=True, spelling=ALIAS)
        case _:
            pass
    if _is_imported(node):
        return None if _is_own(tree, node) else Binding(imported=True, spelling=ALIAS)
    if node.type == "shorthand_field_identifier":
        struct = ancestor(node, "struct_pattern")
        type_ = struct.child_by_field_name("type") if struct is not None else None
        return _shorthand(tree, node, type_)
    return Binding() if _in_pattern(tree, node) else None


def _shorthand(tree: Tree, node: tree_sitter.Node, type_: tree_sitter.Node | None) -> Binding:
    known = type_ is not None and _is_own_struct(tree, type_)
    around = node.parent
    start = around.start_byte if around is not None and around.type == "field_pattern" else node.start_byte
    modifiers = tree.data[start : node.start_byte].decode("utf-8", "surrogatepass")  # ref, mut
    if known:
        return Binding(Role.SHORTHAND, modifiers=modifiers)
    return Binding(spelling=PAIR, modifiers=modifiers)


def _is_own_struct(tree: Tree, type_: tree_sitter.Node) -> bool:
    """True if the file defines the struct or variant that `type_` names."""
    path = tree.source(type_).partition("<")[0].split("::")
    if path == ["Self"]:
        return True
    defined = {tree.source(found) for found in tree.captures(_ITEM_NAMES)}
    return path[-1] in defined and (len(path) == 1 or path[0] in _OWN_ROOTS or path[0] in defined)


def _is_member(item: tree_sitter.Node) -> bool:
    around = item.parent
    return (
        around is not None
        and around.type == "declaration_list"
        and around.parent is not None
        and around.parent.type in ("impl_item", "trait_item")
    )


def _is_imported(node: tree_sitter.Node) -> bool:
    """True for the last name of a path in a ``use``, which it binds."""
    if ancestor(node, "use_declaration") is None:
        return False
    parent = node.parent
    if parent is not None and parent.type == "scoped_identifier":
        if not is_field(node, "name"):
            return False
        node, parent = parent, parent.parent
    if parent is None:
        return False
    return parent.type == "use_list" or (parent.type == "use_declaration" and is_field(node, "argument"))


def _is_own(tree: Tree, node: tree_sitter.Node) -> bool:
    """True if a ``use`` takes something that the file itself defines: ``use super::name``, ``use Kind::Name``."""
    name, root = tree.source(node), _use_root(tree, node)
    items = tree.captures(_ITEM_NAMES)
    defined = {tree.source(item) for item in items}
    return name in defined and (root in _OWN_ROOTS or root in defined)


def _use_root(tree: Tree, node: tree_sitter.Node) -> str:
    declaration = ancestor(node, "use_declaration")
    source = tree.source(declaration) if declaration is not None else ""
    return re.sub(r"^(?:pub(?:\([^)]*\))?\s+)?use\s+", "", source).partition("::")[0].strip()


def _in_pattern(tree: Tree, node: tree_sitter.Node) -> bool:
    if node.type != "identifier" or tree.source(node)[:1].isupper():
        return False
    child = node
    while child.parent is not None and child.parent.type in _PATTERNS:
        if child.parent.type in ("tuple_struct_pattern", "struct_pattern") and is_field(child, "type"):
            return False
        if child.parent.type == "match_pattern" and is_field(child, "condition"):
            return False
        if child.parent.type == "field_pattern" and not is_field(child, "pattern"):
            return False
        child = child.parent
    around = child.parent
    if around is None:
        return False
    return (around.type in _PATTERN_OWNERS and is_field(child, "pattern")) or (
        around.type == "closure_parameters"
    )


def _use(names: Names, node: tree_sitter.Node) -> tuple[Role, str]:
    parent = node.parent
    if parent is None:
        return Role.VALUE, "{new}"
    match parent.type:
        case "token_tree":
            return _token(names, node)
        case "lifetime" | "label":
            return Role.OTHER, "{new}"
        case "macro_invocation" if is_field(node, "macro"):
            macros = {names.tree.source(found) for found in names.tree.captures(_MACRO_NAMES)}
            return (Role.VALUE if names.tree.source(node) in macros else Role.OTHER), "{new}"
        case "field_expression" if is_field(node, "field"):
            return Role.MEMBER, "{new}"
        case "shorthand_field_initializer":
            struct = ancestor(node, "struct_expression")
            type_ = struct.child_by_field_name("name") if struct is not None else None
            own = type_ is not None and _is_own_struct(names.tree, type_)
            return (Role.SHORTHAND, "{new}") if own else (Role.VALUE, PAIR)
        case "field_initializer" | "field_pattern" if node.type == "field_identifier":
            struct = ancestor(node, "struct_expression", "struct_pattern")
            type_ = None
            if struct is not None:
                type_ = struct.child_by_field_name("name") or struct.child_by_field_name("type")
            own = type_ is not None and _is_own_struct(names.tree, type_)
            return (Role.MEMBER if own else Role.FOREIGN), "{new}"
        case _:
            pass
    if ancestor(node, "use_declaration") is not None:
        return _in_use(names, node), "{new}"
    if parent.type in ("scoped_identifier", "scoped_type_identifier") and is_field(node, "name"):
        path = parent.child_by_field_name("path")
        return _qualified(names, names.tree.source(root_of(path)) if path is not None else ""), "{new}"
    return Role.VALUE, "{new}"


def _qualified(names: Names, root: str) -> Role:
    root = root.partition("<")[0]
    own = root in _OWN_ROOTS or names.defines(root) or _has_impl(names.tree, root)
    return Role.EITHER if own else Role.FOREIGN


def _has_impl(tree: Tree, name: str) -> bool:
    return any(
        tree.source(node).partition("<")[0] == name for node in tree.captures("(impl_item type: (_) @type)")
    )


def _in_use(names: Names, node: tree_sitter.Node) -> Role:
    """A part of a path that a ``use`` takes something from."""
    if _is_imported(node):
        return Role.EITHER
    modules = {names.tree.source(found) for found in names.tree.captures(_MODULE_NAMES)}
    own = _use_root(names.tree, node) in {*_OWN_ROOTS, *modules} and names.tree.source(node) in modules
    return Role.EITHER if own else Role.OTHER


def _token(names: Names, node: tree_sitter.Node) -> tuple[Role, str]:
    """A name among the tokens of a macro, which are not parsed."""
    tree = names.tree
    before, after = node.prev_sibling, node.next_sibling
    left = tree.source(before) if before is not None else ""
    right = tree.source(after) if after is not None else ""
    if left == ".":
        return Role.MEMBER, "{new}"
    if left == "::" and before is not None and before.prev_sibling is not None:
        return _qualified(names, tree.source(before.prev_sibling)), "{new}"
    if right == "=" and left in ("(", ","):
        return Role.OTHER, "{new}"
    around = node.parent
    braces = around is not None and tree.source(around).startswith("{")
    typed = around.prev_sibling if around is not None else None
    if braces and left in ("{", ",") and typed is not None and tree.source(typed)[:1].isupper():
        own = _is_own_struct(tree, typed)
        if right == ":":
            return (Role.MEMBER if own else Role.FOREIGN), "{new}"
        if right in (",", "}"):
            return (Role.SHORTHAND, "{new}") if own else (Role.VALUE, PAIR)
    return Role.VALUE, "{new}"


def _further(names: Names, name: str) -> Iterator[Occurrence]:
    tree = names.tree
    for node in tree.captures("(string_content) @node (use_list (self) @node)"):
        if node.type == "self":
            yield from _itself(tree, node, name)
            continue
        source = tree.source(node)
        if "{" not in source or name not in source:
            continue
        literal = node.parent
        tokens = literal.parent if literal is not None else None
        if tokens is None or tokens.type != "token_tree":
            continue
        role = _formatted(tree, tokens, name)
        begin = tree.offset(node.start_byte)
        yield from (
            Occurrence(begin + start, begin + end, role) for start, end in _placeholders(source, name)
        )


def _itself(tree: Tree, node: tree_sitter.Node, name: str) -> Iterator[Occurrence]:
    """``use a::name::{self}`` binds the name of the module."""
    listed = node.parent
    scoped = listed.parent if listed is not None and listed.type == "use_list" else None
    path = scoped.child_by_field_name("path") if scoped is not None else None
    if path is None or tree.source(path).rpartition("::")[2] != name:
        return
    modules = {tree.source(found) for found in tree.captures(_MODULE_NAMES)}
    if name not in modules or _use_root(tree, node) not in {*_OWN_ROOTS, *modules}:
        start, end = tree.span(node)
        yield Occurrence(start, end, Role.VALUE, Defines.FULL, imported=True, spelling="self as {new}")


def _formatted(tree: Tree, tokens: tree_sitter.Node, name: str) -> Role:
    """What a name in the braces of a string among `tokens` stands for."""
    around = tokens.parent
    if around is not None and around.type == "attribute":
        return Role.MEMBER  # #[error("{name}")] of thiserror
    if around is not None and around.type == "macro_invocation":
        macro = around.child_by_field_name("macro")
        called = tree.source(macro).rpartition("::")[2] if macro is not None else ""
    else:
        mark = tokens.prev_sibling
        word = mark.prev_sibling if mark is not None and tree.source(mark) == "!" else None
        called = tree.source(word) if word is not None else ""
    given = any(
        tree.source(child) == name
        and child.next_sibling is not None
        and tree.source(child.next_sibling) == "="
        for child in tokens.children
    )
    if given:
        return Role.OTHER
    return Role.VALUE if called in _FORMATTING else Role.FOREIGN


def _placeholders(source: str, name: str) -> Iterator[tuple[int, int]]:
    for match in _PLACEHOLDER.finditer(source):
        if match["name"] == name:
            yield match.span("name")
        if match["spec"]:
            for width in re.finditer(rf"(?<!\w){re.escape(name)}(?=\$)", match["spec"]):
                start = match.start("spec") + width.start()
                yield start, start + len(name)


_BLOCKS: Final = ("block", "source_file", "declaration_list")


def _scope(names: Names, node: tree_sitter.Node, binding: Binding) -> Scope | None:
    parent = node.parent
    if parent is None or binding.role is Role.MEMBER:
        return None
    everywhere = Scope(0, len(names.tree.data) + 1)
    if binding.imported or (parent.type in (*_ITEMS, "mod_item") and not parent.type.endswith("parameter")):
        around = nearest(parent.parent, *_BLOCKS)
        top = around is None or around.type == "source_file" or parent.type == "macro_definition"
        return everywhere if top else of_node(around)
    if parent.type in ("type_parameter", "const_parameter", "type_parameters"):
        listed = nearest(parent, "type_parameters")
        return of_node(listed.parent if listed is not None else None)
    owner = nearest(parent, *_PATTERN_OWNERS, "closure_parameters")
    match owner.type if owner is not None else "":
        case "closure_parameters":
            return of_node(owner.parent if owner is not None else None)
        case "parameter":
            function = nearest(owner, "function_item", "function_signature_item", "closure_expression")
            if function is None or function.type == "closure_expression":
                return of_node(function)
            return of_node(function.child_by_field_name("body") or owner)
        case "let_declaration" if owner is not None:
            return of_node(nearest(owner, *_BLOCKS), since=owner.end_byte)
        case "let_condition" if owner is not None:
            around = nearest(owner, "if_expression", "while_expression", "match_arm")
            if around is None or around.type == "match_arm":
                return of_node(around, since=owner.end_byte)
            body = around.child_by_field_name("consequence") or around.child_by_field_name("body")
            return Scope(owner.start_byte, body.end_byte, owner.end_byte) if body is not None else None
        case "for_expression" if owner is not None:
            return of_node(owner.child_by_field_name("body"))
        case "match_arm":
            return of_node(owner)
        case _:
            return everywhere


def _fold_pattern(tree: Tree, node: tree_sitter.Node, new: str) -> tuple[tree_sitter.Node, str] | None:
    """``a: ref b`` is ``ref a`` if ``b`` becomes ``a``."""
    top = climb(node, "ref_pattern", "mut_pattern")
    around = top.parent
    name = around.child_by_field_name("name") if around is not None else None
    if around is None or around.type != "field_pattern" or name is None or top == name:
        return None
    modifiers = tree.data[top.start_byte : node.start_byte].decode("utf-8", "surrogatepass")
    return (around, modifiers + new) if tree.source(name) == new else None


NAMING: Final = Naming(
    _binding,
    _use,
    _further,
    scope=_scope,
    fold=folds(
        fold("field_initializer", "field", "value"),
        _fold_pattern,
        fold("use_as_clause", "path", "alias", path="::"),
    ),
)
