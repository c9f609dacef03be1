"""Names in C, C++ and Java, where a member is written without its owner inside of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.offline.naming.roles import (
    CANNOT,
    Binding,
    Names,
    Naming,
    Occurrence,
    Role,
    ancestor,
    is_field,
    root_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from editsvc.syntax import Tree

_DECLARATORS: Final = (
    "init_declarator",
    "pointer_declarator",
    "reference_declarator",
    "array_declarator",
    "function_declarator",
    "parenthesized_declarator",
    "attributed_declarator",
)
_DECLARATIONS: Final = (
    "declaration",
    "parameter_declaration",
    "optional_parameter_declaration",
    "variadic_parameter_declaration",
    "function_definition",
    "field_declaration",
    "type_definition",
    "for_range_loop",
)
_TYPES: Final = ("struct_specifier", "union_specifier", "enum_specifier", "class_specifier")
_NAMED: Final = (
    "enumerator",
    "preproc_def",
    "preproc_function_def",
    "namespace_definition",
    "alias_declaration",
    "namespace_alias_definition",
)
_TEMPLATE: Final = ("type_parameter_declaration", "optional_type_parameter_declaration")


def _c_binding(tree: Tree, node: tree_sitter.Node) -> Binding | None:
    parent = node.parent
    if parent is None:
        return None
    if parent.type == "using_declaration":
        whole = any(tree.source(child) == "namespace" for child in parent.children)
        return None if whole else Binding(imported=True, spelling=CANNOT)
    if parent.type == "preproc_params" or parent.type in _TEMPLATE:
        return Binding()
    if parent.type in _NAMED and is_field(node, "name"):
        return Binding()
    if parent.type in _TYPES and is_field(node, "name"):
        return Binding() if parent.child_by_field_name("body") is not None else None
    return _declared(node)


def _declared(node: tree_sitter.Node) -> Binding | None:
    """The binding of a name inside of declarators, as in ``int *(*f)(void)``."""
    child, qualified = node, False
    while child.parent is not None and child.parent.type in (*_DECLARATORS, "qualified_identifier"):
        if child.parent.type == "qualified_identifier":
            if not is_field(child, "name"):
                return None
            qualified = True
        elif not is_field(child, "declarator") and child.parent.type not in (
            "parenthesized_declarator",
            "reference_declarator",
        ):
            return None
        child = child.parent
    around = child.parent
    if around is not None and around.type == "using_declaration":
        return Binding(imported=True, spelling=CANNOT)
    if around is None or around.type not in _DECLARATIONS or not is_field(child, "declarator"):
        return None
    if qualified:
        return Binding(Role.EITHER)
    return Binding(Role.MEMBER if node.type == "field_identifier" else Role.VALUE)


def _c_use(names: Names, node: tree_sitter.Node) -> tuple[Role, str]:
    parent = node.parent
    role = Role.VALUE
    if parent is None:
        return role, "{new}"
    if node.type == "field_identifier":
        role = Role.MEMBER
    elif node.type == "statement_identifier":
        role = Role.OTHER
    else:
        child = node
        while child.parent is not None and child.parent.type in ("template_function", "template_type"):
            child = child.parent
        around = child.parent
        if around is not None and around.type == "qualified_identifier" and is_field(child, "name"):
            while around.parent is not None and around.parent.type == "qualified_identifier":
                around = around.parent
            scope = around.child_by_field_name("scope")
            root = names.tree.source(scope) if scope is not None else ""
            known = scope is None or names.defines(root.partition("<")[0])
            role = Role.EITHER if known else Role.FOREIGN
    return role, "{new}"


_JAVA_NAMED: Final = (
    "class_declaration",
    "interface_declaration",
    "enum_declaration",
    "annotation_type_declaration",
    "record_declaration",
    "constructor_declaration",
    "formal_parameter",
    "catch_formal_parameter",
    "enhanced_for_statement",
    "resource",
    "type_pattern",
    "instanceof_expression",
)
_JAVA_MEMBERS: Final = ("method_declaration", "enum_constant", "annotation_type_element_declaration")


def _java_binding(_tree: Tree, node: tree_sitter.Node) -> Binding | None:
    parent = node.parent
    if parent is None:
        return None
    if ancestor(node, "import_declaration") is not None:
        last = parent.type == "import_declaration" or is_field(node, "name")
        whole = parent.parent is not None and parent.parent.type == "import_declaration"
        star = whole and any(child.type == "asterisk" for child in (parent.parent or parent).children)
        return Binding(imported=True, spelling=CANNOT) if last and whole and not star else None
    if parent.type in _JAVA_MEMBERS and is_field(node, "name"):
        return Binding(Role.MEMBER)
    if parent.type in _JAVA_NAMED and is_field(node, "name"):
        record = parent.parent is not None and parent.parent.parent is not None
        if record and parent.type == "formal_parameter" and parent.parent is not None:
            owner = parent.parent.parent
            if owner is not None and owner.type == "record_declaration":
                return Binding(Role.EITHER)
        return Binding()
    if parent.type in ("type_parameter", "inferred_parameters"):
        return Binding()
    if parent.type == "lambda_expression" and is_field(node, "parameters"):
        return Binding()
    if parent.type == "variable_declarator" and is_field(node, "name"):
        around = parent.parent
        field = around is not None and around.type in ("field_declaration", "constant_declaration")
        return Binding(Role.MEMBER if field else Role.VALUE)
    return None


def _java_use(names: Names, node: tree_sitter.Node) -> tuple[Role, str]:
    parent = node.parent
    role = Role.VALUE
    if parent is None:
        return role, "{new}"
    if ancestor(node, "import_declaration", "package_declaration") is not None or parent.type in (
        "labeled_statement",
        "break_statement",
        "continue_statement",
    ):
        role = Role.OTHER
    elif parent.type == "element_value_pair" and is_field(node, "key"):
        role = Role.FOREIGN
    elif parent.type in ("method_invocation", "field_access") and is_field(node, "name", "field"):
        role = _java_member(names, parent.child_by_field_name("object"))
    elif parent.type == "method_reference" and parent.named_children[0] != node:
        role = _java_member(names, parent.named_children[0])
    return role, "{new}"


def _java_member(names: Names, owner: tree_sitter.Node | None) -> Role:
    """A member of a class that the file does not define, such as ``Math.max``, is foreign."""
    if owner is None:
        return Role.MEMBER
    root = root_of(owner)
    source = names.tree.source(root)
    foreign = root.type == "identifier" and source[:1].isupper() and not names.defines(source)
    return Role.FOREIGN if foreign else Role.MEMBER


def _nothing(_names: Names, _name: str) -> Iterator[Occurrence]:
    return iter(())


C: Final = Naming(_c_binding, _c_use, _nothing, merged=True)
JAVA: Final = Naming(_java_binding, _java_use, _nothing, merged=True)
