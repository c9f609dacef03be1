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
from editsvc.offline.naming.scopes import Scope, nearest, of_node

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
            root = root.partition("<")[0]
            templates = any(
                bound.parent is not None and bound.parent.type in _TEMPLATE
                for bound, _ in names.bindings(root)
            )
            known = scope is None or (names.defines(root) and not templates)
            role = Role.EITHER if known else Role.FOREIGN
    return role, "{new}"


_C_BLOCKS: Final = (
    *("compound_statement", "for_statement", "for_range_loop", "if_statement", "while_statement"),
    *("switch_statement", "catch_clause", "declaration_list", "translation_unit"),
)
_CLASS: Final = "field_declaration_list"


def _c_scope(names: Names, node: tree_sitter.Node, binding: Binding) -> Scope | None:
    everywhere = Scope(0, len(names.tree.data) + 1)
    tree, cpp = names.tree, names.tree.language.name == "cpp"
    parent = node.parent
    if parent is None or parent.type in ("preproc_def", "preproc_function_def"):
        return everywhere
    if parent.type == "preproc_params":
        return of_node(parent.parent)
    if ancestor(node, "template_parameter_list") is not None:
        return of_node(ancestor(node, "template_declaration", "lambda_expression"))
    if binding.role is not Role.VALUE:
        return of_node(ancestor(node, _CLASS)) if cpp and binding.role is Role.MEMBER else None
    blocks = (*_C_BLOCKS, _CLASS) if cpp else _C_BLOCKS
    owner = nearest(node, *_DECLARATIONS, *_TYPES, "enumerator", *_NAMED)
    if owner is not None and owner.type.endswith("parameter_declaration"):
        return _parameter(node)
    top = nearest(owner.parent if owner is not None else parent, *blocks)
    if top is None or top.type == "translation_unit" or owner is None:
        return everywhere
    words = [tree.source(child) for child in owner.children if child.type == "storage_class_specifier"]
    if "extern" in words:
        return everywhere
    hoisted = top.type in (_CLASS, "declaration_list")
    return of_node(top, since=0 if hoisted else node.end_byte)


def _parameter(node: tree_sitter.Node) -> Scope | None:
    """A parameter is seen in the function that it is one of, and in no other."""
    listed = nearest(node, "parameter_list")
    around = listed.parent if listed is not None else None
    while around is not None and around.type in (*_DECLARATORS, "abstract_function_declarator"):
        above = around.parent
        if (
            above is not None
            and above.type == "function_declarator"
            and around.type == "parenthesized_declarator"
        ):
            return of_node(listed)
        around = above
    functions = ("function_definition", "lambda_expression")
    if around is None or around.type not in functions:
        return of_node(listed)
    return of_node(around, since=node.end_byte)


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


_JAVA_BLOCKS: Final = (
    *(
        "block",
        "constructor_body",
        "for_statement",
        "switch_block",
        "switch_block_statement_group",
        "program",
    ),
    *(
        "class_body",
        "interface_body",
        "enum_body",
        "enum_body_declarations",
        "annotation_type_body",
        "lambda_expression",
    ),
    *("switch_rule", "while_statement", "if_statement"),
)


def _java_scope(names: Names, node: tree_sitter.Node, binding: Binding) -> Scope | None:
    everywhere = Scope(0, len(names.tree.data) + 1)
    parent = node.parent
    if parent is None or binding.imported:
        return everywhere
    match parent.type:
        case "inferred_parameters" | "lambda_expression":
            return of_node(nearest(parent, "lambda_expression"))
        case "type_parameter":
            return of_node(parent.parent.parent if parent.parent is not None else None)
        case "formal_parameter" | "spread_parameter":
            owner = nearest(parent, "method_declaration", "constructor_declaration", "lambda_expression")
            record = nearest(parent, "record_declaration", "method_declaration", "constructor_declaration")
            if record is not None and record.type == "record_declaration":
                return of_node(record)
            return of_node(owner)
        case "catch_formal_parameter":
            return of_node(nearest(parent, "catch_clause"))
        case "resource":
            return of_node(nearest(parent, "try_with_resources_statement"))
        case "enhanced_for_statement":
            return of_node(parent)
        case "constructor_declaration":
            around = nearest(parent, "class_declaration", "enum_declaration", "record_declaration")
            around = nearest(around.parent, *_JAVA_BLOCKS) if around is not None else None
        case _:
            around = nearest(parent.parent, *_JAVA_BLOCKS)
    if around is not None and around.type == "enum_body_declarations":
        around = around.parent
    if around is None or around.type == "program":
        return everywhere
    body = around.type.endswith("_body") and around.type != "constructor_body"
    local = not body and binding.role is Role.VALUE and not parent.type.endswith("_declaration")
    return of_node(around, since=node.end_byte if local else 0)


def _nothing(_names: Names, _name: str) -> Iterator[Occurrence]:
    return iter(())


C: Final = Naming(_c_binding, _c_use, _nothing, merged=False, scope=_c_scope)
CPP: Final = Naming(_c_binding, _c_use, _nothing, merged=True, scope=_c_scope)
JAVA: Final = Naming(_java_binding, _java_use, _nothing, merged=True, scope=_java_scope)
