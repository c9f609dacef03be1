"""Names in JavaScript and TypeScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.offline.naming.roles import (
    ALIAS,
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
    last_name,
    root_of,
)
from editsvc.offline.naming.scopes import Scope, nearest, of_node

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from editsvc.syntax import Tree

_DECLARATIONS: Final = (
    "function_declaration",
    "generator_function_declaration",
    "function_expression",
    "generator_function",
    "function_signature",
    "class_declaration",
    "abstract_class_declaration",
    "class",
    "interface_declaration",
    "type_alias_declaration",
    "enum_declaration",
    "internal_module",
    "module",
    "type_parameter",
    "variable_declarator",
)
_MEMBERS: Final = (
    "method_definition",
    "field_definition",
    "public_field_definition",
    "property_signature",
    "method_signature",
    "abstract_method_signature",
    "enum_assignment",
    "enum_body",
)
_PATTERNS: Final = ("assignment_pattern", "array_pattern", "rest_pattern", "pair_pattern", "object_pattern")
_KEYED_TYPES: Final = frozenset({"Pick", "Omit", "Extract", "Exclude", "Record"})
_EXPORTS: Final = frozenset({"exports", "module.exports"})


def _binding(tree: Tree, node: tree_sitter.Node) -> Binding | None:  # noqa: C901, PLR0912 - one case per form
    parent = node.parent
    if parent is None:
        return None
    if node.type == "shorthand_property_identifier_pattern":
        if _is_required(tree, node):
            return Binding(imported=True, spelling=PAIR)
        return Binding(Role.SHORTHAND)
    match parent.type:
        case "import_specifier":
            if is_field(node, "alias"):
                return Binding(imported=True)
            aliased = parent.child_by_field_name("alias") is not None
            return None if aliased else Binding(imported=True, spelling=ALIAS)
        case "import_clause" | "namespace_import" | "import_require_clause":
            return Binding(imported=True)
        case "optional_parameter" | "required_parameter" if is_field(node, "pattern"):
            return _parameter(parent)
        case "formal_parameters" | "catch_clause":
            return Binding()
        case "arrow_function":
            return Binding() if is_field(node, "parameter") else None
        case "for_in_statement":
            declares = is_field(node, "left") and parent.child_by_field_name("kind") is not None
            return Binding() if declares else None
        case "mapped_type_clause" | "index_signature":
            return Binding() if is_field(node, "name") else None
        case "infer_type":
            return Binding()
        case _:
            pass
    if parent.type in _DECLARATIONS and is_field(node, "name"):
        return Binding(imported=parent.type == "variable_declarator" and _requires(tree, parent))
    if parent.type in _MEMBERS and is_field(node, "name", "property"):
        weak = parent.parent is not None and parent.parent.type == "object"
        return Binding(Role.MEMBER, Defines.WEAK if weak else Defines.FULL)
    if parent.type == "member_expression" and is_field(node, "property"):
        return _assigned(tree, parent)
    if node.type == "identifier":
        return _in_pattern(node)
    return None


def _parameter(parameter: tree_sitter.Node) -> Binding:
    """A parameter with a modifier is a field as well."""
    field = any(child.type in ("accessibility_modifier", "readonly") for child in parameter.children)
    return Binding(Role.EITHER if field else Role.VALUE)


def _assigned(tree: Tree, member: tree_sitter.Node) -> Binding | None:
    """``this.x = …`` defines a member."""
    assignment = member.parent
    if assignment is None or assignment.type != "assignment_expression" or not is_field(member, "left"):
        return None
    owner = member.child_by_field_name("object")
    if owner is None:
        return None
    source = tree.source(owner)
    if source in _EXPORTS:
        return Binding(Role.EITHER)
    own = owner.type == "this" or source.endswith(".prototype")
    return Binding(Role.MEMBER) if own else None


def _in_pattern(node: tree_sitter.Node) -> Binding | None:
    child = node
    while child.parent is not None and child.parent.type in _PATTERNS:
        if child.parent.type == "assignment_pattern" and not is_field(child, "left"):
            return None
        if child.parent.type == "pair_pattern" and not is_field(child, "value"):
            return None
        child = child.parent
    if child == node or child.parent is None:
        return None
    fields = {
        "variable_declarator": "name",
        "required_parameter": "pattern",
        "optional_parameter": "pattern",
        "for_in_statement": "left",
        "catch_clause": "parameter",
    }
    around = child.parent
    if around.type == "formal_parameters" or is_field(child, fields.get(around.type, "")):
        return Binding()
    return None


def _is_required(tree: Tree, node: tree_sitter.Node) -> bool:
    """True for a name that is taken out of a module: ``const {get} = require("lib")``."""
    top = climb(node, *_PATTERNS, "object_assignment_pattern")
    declarator = top.parent
    return declarator is not None and declarator.type == "variable_declarator" and _requires(tree, declarator)


def _requires(tree: Tree, declarator: tree_sitter.Node) -> bool:
    value = declarator.child_by_field_name("value")
    if value is None:
        return False
    source = tree.source(value)
    return source.startswith(("require(", "await import(", "(await import("))


def _use(names: Names, node: tree_sitter.Node) -> tuple[Role, str]:  # noqa: C901, PLR0912 - one case per form
    parent = node.parent
    if parent is None:
        return Role.VALUE, "{new}"
    match parent.type:
        case "member_expression" | "nested_identifier" | "nested_type_identifier":
            if is_field(node, "property", "name"):
                return _member(names, parent), "{new}"
            return Role.VALUE, "{new}"
        case "pair":
            if is_field(node, "key"):
                return _key(names, parent)
            return Role.VALUE, "{new}"
        case "pair_pattern":
            if is_field(node, "key"):
                return (Role.FOREIGN if _is_required(names.tree, node) else Role.MEMBER), "{new}"
            return Role.VALUE, "{new}"
        case "jsx_attribute":
            return _attribute(names, parent), "{new}"
        case "import_specifier" | "namespace_export":
            return Role.OTHER, "{new}"
        case "export_specifier":
            return _exported(names, node, parent)
        case "labeled_statement" | "break_statement" | "continue_statement":
            return Role.OTHER, "{new}"
        case _:
            pass
    if node.type == "shorthand_property_identifier":
        if names.links is not None and _is_exported(names.tree, node):
            return Role.VALUE, "{new}"
        role, _ = _key(names, node)
        return (Role.UNSURE, PAIR) if role is Role.UNSURE else (Role.SHORTHAND, "{new}")
    return Role.VALUE, "{new}"


def _is_exported(tree: Tree, node: tree_sitter.Node) -> bool:
    """True for what ``module.exports = {name}`` offers to other files, whose uses of it are renamed as well."""
    around = node.parent.parent if node.parent is not None else None
    left = around.child_by_field_name("left") if around is not None else None
    return left is not None and tree.source(left) in _EXPORTS


def _exported(names: Names, node: tree_sitter.Node, specifier: tree_sitter.Node) -> tuple[Role, str]:
    alias = specifier.child_by_field_name("alias")
    statement = ancestor(specifier, "export_statement")
    if statement is not None and statement.child_by_field_name("source") is not None:
        return Role.OTHER, "{new}" if alias is not None else ALIAS
    if is_field(node, "alias"):
        return Role.OTHER, "{new}"
    # What the file only passes on keeps its name.
    passed_on = alias is None and names.imports(names.tree.source(node))
    return Role.VALUE, "{new} as {old}" if passed_on else "{new}"


def _member(names: Names, member: tree_sitter.Node) -> Role:
    owner = member.child_by_field_name("object") or member.child_by_field_name("module")
    if owner is not None and names.tree.source(owner) in _EXPORTS:
        return Role.EITHER
    return _rooted(names, owner if owner is not None else member)


def _rooted(names: Names, node: tree_sitter.Node) -> Role:
    root = root_of(node)
    if root.type == "new_expression":
        root = root.child_by_field_name("constructor") or root
    if root.type not in ("identifier", "type_identifier"):
        return Role.MEMBER
    source = names.tree.source(root)
    return Role.MEMBER if names.bindings(source) and not names.imports(source) else Role.FOREIGN


def _key(names: Names, pair: tree_sitter.Node) -> tuple[Role, str]:
    """The key of an object: it may be foreign if a function that the file does not define is given the object."""
    top = climb(pair, "object", "pair", "array")
    arguments = top.parent
    if top.type != "object" or arguments is None or arguments.type != "arguments" or arguments.parent is None:
        return Role.MEMBER, "{new}"
    call = arguments.parent
    function = call.child_by_field_name("function") or call.child_by_field_name("constructor")
    called = last_name(names.tree, function)
    own = any(not binding.imported for _, binding in names.bindings(called))
    local = function is not None and function.type == "member_expression"
    local = local and function is not None and _rooted(names, function) is Role.MEMBER
    return (Role.MEMBER if own or local else Role.UNSURE), "{new}"


def _attribute(names: Names, attribute: tree_sitter.Node) -> Role:
    element = attribute.parent
    named = element.child_by_field_name("name") if element is not None else None
    component = names.tree.source(root_of(named)) if named is not None else ""
    return Role.MEMBER if names.defines(component) else Role.FOREIGN


def _further(names: Names, name: str) -> Iterator[Occurrence]:
    """Members that are named by a string: ``obj["name"]``, ``Pick<T, "name">``, a key in quotes."""
    tree = names.tree
    if f'"{name}"' not in tree.text and f"'{name}'" not in tree.text:
        return
    for fragment in tree.captures("(string (string_fragment) @fragment)"):
        string = fragment.parent
        if string is None or string.parent is None or tree.source(fragment) != name:
            continue
        role = _by_string(names, string, string.parent)
        if role is not None:
            yield Occurrence(*tree.span(fragment), role)


def _by_string(names: Names, string: tree_sitter.Node, parent: tree_sitter.Node) -> Role | None:
    match parent.type:
        case "subscript_expression" if is_field(string, "index"):
            return _rooted(names, parent)
        case "pair" if is_field(string, "key"):
            return _key(names, parent)[0]
        case "pair_pattern" if is_field(string, "key"):
            return Role.MEMBER
        case "binary_expression":
            operator = parent.child_by_field_name("operator")
            right = parent.child_by_field_name("right")
            inside = operator is not None and operator.type == "in" and is_field(string, "left")
            return _rooted(names, right) if inside and right is not None else None
        case "literal_type":
            top = climb(parent, "union_type")
            around = top.parent
            if around is None:
                return None
            generic = around.parent.child_by_field_name("name") if around.parent is not None else None
            keyed = generic is not None and names.tree.source(generic) in _KEYED_TYPES
            return Role.MEMBER if around.type == "lookup_type" or keyed else None
        case _:
            return None


_FUNCTIONS: Final = (
    *("function_declaration", "generator_function_declaration", "function_expression", "generator_function"),
    *("arrow_function", "method_definition", "function_signature", "method_signature", "function_type"),
    *("abstract_method_signature", "construct_signature", "call_signature", "constructor_type"),
)
_BLOCKS: Final = (
    *("statement_block", "program", "switch_body", "for_statement", "for_in_statement", "class_static_block"),
)
# Function and class expressions see their own name, nobody else does.
_SELF_NAMED: Final = ("function_expression", "generator_function", "class")
_MEMBER_NODES: Final = ("property_identifier", "private_property_identifier", "statement_identifier")


def _scope(names: Names, node: tree_sitter.Node, binding: Binding) -> Scope | None:
    parent = node.parent
    if parent is None or binding.role is Role.MEMBER or node.type in _MEMBER_NODES:
        return None
    if parent.type == "type_parameter":
        return of_node(parent.parent.parent if parent.parent is not None else None)
    if parent.type in ("mapped_type_clause", "index_signature"):
        return of_node(parent.parent)
    if parent.type == "infer_type":
        return of_node(nearest(parent, "conditional_type"))
    if parent.type in _SELF_NAMED and is_field(node, "name"):
        return of_node(parent)
    if parent.type in _DECLARATIONS and parent.type != "variable_declarator" and is_field(node, "name"):
        return of_node(nearest(parent.parent, *_BLOCKS))
    top = climb(node, *_PATTERNS, "object_assignment_pattern")
    around = top.parent
    match around.type if around is not None else "":
        case "variable_declarator":
            old = (
                around is not None
                and around.parent is not None
                and around.parent.type == "variable_declaration"
            )
            return of_node(nearest(around, *_FUNCTIONS, "program", *(() if old else _BLOCKS)))
        case "for_in_statement":
            kind = around.child_by_field_name("kind") if around is not None else None
            if kind is None:
                return None
            old = names.tree.source(kind) == "var"
            return of_node(nearest(around, *_FUNCTIONS, "program") if old else around)
        case "catch_clause":
            return of_node(around)
        case (
            "required_parameter"
            | "optional_parameter"
            | "formal_parameters"
            | "arrow_function"
            | "rest_pattern"
        ):
            return of_node(nearest(around, *_FUNCTIONS))
        case _:
            return Scope(0, len(names.tree.data) + 1)


# What a page, a worker or Node gives to every script.
_GIVEN: Final = frozenset(
    {"Array", "ArrayBuffer", "BigInt", "Boolean", "DataView", "Date", "Error", "Function"}
    | {"Infinity", "Intl", "JSON", "Map", "Math", "NaN", "Number", "Object", "Promise", "Proxy"}
    | {"RangeError", "ReferenceError", "Reflect", "RegExp", "Set", "String", "Symbol", "SyntaxError"}
    | {"TypeError", "URIError", "WeakMap", "WeakSet", "arguments", "console", "decodeURI"}
    | {"decodeURIComponent", "encodeURI", "encodeURIComponent", "eval", "globalThis", "isFinite"}
    | {"isNaN", "parseFloat", "parseInt", "queueMicrotask", "setInterval", "setTimeout", "clearInterval"}
    | {"clearTimeout", "structuredClone", "undefined", "Buffer", "process", "require", "module"}
    | {"exports", "global", "__dirname", "__filename", "setImmediate", "clearImmediate", "window"}
    | {"document", "self", "navigator", "location", "history", "fetch", "alert", "confirm"}
    | {"prompt", "event", "name", "status", "top", "parent", "origin", "length", "close"}
    | {"open", "print", "stop", "focus", "blur", "screen", "frames", "performance", "crypto"}
    | {"caches", "localStorage", "sessionStorage", "requestAnimationFrame", "cancelAnimationFrame"}
    | {"addEventListener", "removeEventListener", "dispatchEvent", "postMessage", "Request"}
    | {"Response", "Headers", "URL", "URLSearchParams", "FormData", "File", "Blob", "Event"}
    | {"EventTarget", "Element", "Node", "Text", "Image", "Record", "Partial", "Required"}
    | {"Readonly", "Pick", "Omit", "Exclude", "Extract", "ReturnType", "Parameters", "Awaited"}
    | {"NonNullable"}
)

_SHORTHANDS: Final = "[(shorthand_property_identifier) (shorthand_property_identifier_pattern)] @shorthand"
_PAIRS: Final = "(pair key: (property_identifier) @key value: (identifier) @value)"
_OLD_STYLE: Final = "(variable_declaration) @var"
_SHORTHAND: Final = folds(fold("pair", "key", "value"), fold("pair_pattern", "key", "value"))


def _fold(tree: Tree, node: tree_sitter.Node, new: str) -> tuple[tree_sitter.Node, str] | None:
    """A shorthand, but not in a file that writes none."""
    found = _SHORTHAND(tree, node, new)
    if found is None or tree.captures(_SHORTHANDS):
        return found
    written_out = any(
        tree.source(pair["key"][0]) == tree.source(pair["value"][0]) for _, pair in tree.matches(_PAIRS)
    )
    return None if written_out or tree.captures(_OLD_STYLE) else found


NAMING: Final = Naming(
    _binding,
    _use,
    _further,
    scope=_scope,
    given=_GIVEN,
    fold=folds(
        _fold,
        fold("import_specifier", "name", "alias"),
        fold("export_specifier", "name", "alias"),
    ),
)
