"""Names in Python, in quoted annotations and other strings that are code as well."""

from __future__ import annotations

import builtins
import re
from typing import TYPE_CHECKING, Final

from editsvc.offline.naming.roles import (
    ALIAS,
    CANNOT,
    Binding,
    Names,
    Naming,
    Occurrence,
    Role,
    ancestor,
    climb,
    field_of,
    fold,
    is_field,
    last_name,
    root_of,
)
from editsvc.offline.naming.scopes import Scope, nearest, of_node
from editsvc.syntax.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from editsvc.syntax import Tree

_PATTERNS: Final = (
    "pattern_list",
    "tuple_pattern",
    "list_pattern",
    "list_splat_pattern",
    "parenthesized_expression",
)
_IMPORTS: Final = ("import_statement", "import_from_statement", "aliased_import", "future_import_statement")
_PARAMETERS: Final = ("parameters", "lambda_parameters")
_COMPREHENSIONS: Final = (
    "list_comprehension",
    "set_comprehension",
    "dictionary_comprehension",
    "generator_expression",
)
# Calls whose first string is the name of what they are assigned to.
_NAMED_CALLS: Final = frozenset(
    {"TypeVar", "TypeVarTuple", "ParamSpec", "NewType", "namedtuple", "NamedTuple", "TypedDict", "Enum"}
)
# Calls whose second argument is the name of an attribute of the first.
_BY_NAME: Final = frozenset({"getattr", "setattr", "hasattr", "delattr"})
# Calls that take the fields of any class as keywords.
_REPLACERS: Final = frozenset({"replace", "_replace", "evolve", "model_copy"})
_GENERICS: Final = frozenset(
    {"Optional", "Union", "List", "Dict", "Set", "FrozenSet", "Tuple", "Type", "Callable", "Iterable"}
    | {"Iterator", "Sequence", "Mapping", "Awaitable", "Generator", "ClassVar", "Final"}
    | {"list", "dict", "set", "frozenset", "tuple", "type"}
)
_TYPE_COMMENT: Final = re.compile(r"#\s*type:\s*(?!ignore\b)")
_BUILTINS: Final = frozenset(dir(builtins))
_FIXTURES: Final = frozenset({"parametrize", "usefixtures"})


def _in_class_body(node: tree_sitter.Node) -> bool:
    """True if `node` is code that a class runs, not a function in it."""
    child, parent = node, node.parent
    while parent is not None:
        if parent.type in _COMPREHENSIONS or parent.type == "module":
            return False
        if parent.type in ("function_definition", "lambda", "class_definition") and is_field(child, "body"):
            return parent.type == "class_definition"
        child, parent = parent, parent.parent
    return False


def _bound_here(node: tree_sitter.Node) -> Binding:
    return Binding(Role.MEMBER if _in_class_body(node) else Role.VALUE)


def _binding(tree: Tree, node: tree_sitter.Node) -> Binding | None:  # noqa: C901, PLR0912 - one case per form
    parent = node.parent
    if parent is None:
        return None
    match parent.type:
        case "dotted_name":
            return _dotted(parent, node)
        case "aliased_import":
            return Binding(imported=True) if is_field(node, "alias") else None
        case "function_definition" | "class_definition":
            return _bound_here(parent) if is_field(node, "name") else None
        case "attribute":
            if not is_field(node, "attribute"):
                return None
            owner = parent.child_by_field_name("object")
            target = climb(parent, *_PATTERNS)
            assigned = target.parent is not None and (
                target.parent.type == "assignment" and is_field(target, "left")
            )
            own = owner is not None and tree.source(owner) in ("self", "cls")
            return Binding(Role.MEMBER) if own and assigned else None
        case "default_parameter" | "typed_default_parameter" | "named_expression":
            return Binding() if is_field(node, "name") else None
        case "typed_parameter":
            return Binding() if parent.named_children[0] == node else None
        case "as_pattern_target" | "parameters" | "lambda_parameters" | "splat_pattern":
            return Binding()
        case "dictionary_splat_pattern":
            return Binding()
        case "type":
            outer = parent.parent
            if outer is not None and outer.type == "type_alias_statement" and is_field(parent, "left"):
                return _bound_here(outer)
            return None
        case _:
            pass
    top = climb(node, *_PATTERNS)
    around = top.parent
    if around is None:
        return None
    if around.type in (*_PARAMETERS, "typed_parameter"):
        return Binding()
    if around.type in ("assignment", "augmented_assignment", "for_statement", "for_in_clause") and is_field(
        top, "left"
    ):
        return _bound_here(top)
    return None


def _dotted(dotted: tree_sitter.Node, node: tree_sitter.Node) -> Binding | None:
    """A name of an import, or of a pattern of ``match``."""
    around = dotted.parent
    single = len(dotted.named_children) == 1
    if around is None:
        return None
    if around.type == "import_from_statement":
        return Binding(imported=True, spelling=ALIAS) if is_field(dotted, "name") else None
    if around.type == "import_statement":
        if not single:
            first = dotted.named_children[0] == node
            return Binding(imported=True, spelling=CANNOT) if first else None
        return Binding(imported=True, spelling=ALIAS)
    if around.type in ("case_pattern", "keyword_pattern", "dict_pattern", "as_pattern") and single:
        return Binding()
    return None


def _use(names: Names, node: tree_sitter.Node) -> tuple[Role, str]:
    parent = node.parent
    role = Role.EITHER if _in_class_body(node) else Role.VALUE
    if parent is None:
        return role, "{new}"
    if parent.type == "attribute" and is_field(node, "attribute"):
        role = _member(names, parent)
    elif parent.type == "keyword_argument" and is_field(node, "name"):
        role = _keyword(names, names.tree.source(node), parent)
    elif parent.type == "keyword_pattern":
        owner = ancestor(parent, "class_pattern")
        known = owner is not None and names.defines(names.tree.source(owner.named_children[0]))
        role = Role.MEMBER if known else Role.FOREIGN
    elif parent.type == "dotted_name":
        around = parent.parent
        imports = (*_IMPORTS, "relative_import")
        if around is not None and around.type in imports:
            role = Role.OTHER
        elif parent.named_children[0] != node:
            role = _rooted(names, parent.named_children[0])
    return role, "{new}"


def _member(names: Names, attribute: tree_sitter.Node) -> Role:
    root = root_of(attribute)
    source = names.tree.source(root)
    if root.type != "identifier" or source in ("self", "cls", "super"):
        return Role.MEMBER
    return _rooted(names, root)


def _rooted(names: Names, root: tree_sitter.Node) -> Role:
    source = names.tree.source(root)
    if names.imports(source) or (not names.bindings(source) and source in _BUILTINS):
        return Role.FOREIGN
    # A name from nowhere may be anything.
    return Role.MEMBER if names.bindings(source) else Role.EITHER


def _keyword(names: Names, name: str, argument: tree_sitter.Node) -> Role:
    """Whether a keyword of a call is a parameter or a field that the file defines."""
    tree = names.tree
    arguments = argument.parent
    call = arguments.parent if arguments is not None else None
    if call is None or call.type != "call" or arguments is None:
        return Role.FOREIGN
    function = call.child_by_field_name("function")
    called = last_name(tree, function)
    if called == "partial" and arguments.named_children:
        function = arguments.named_children[0]
        called = last_name(tree, function)
    if called in _REPLACERS and not names.defines(called):
        return Role.MEMBER
    around = ancestor(call, "class_definition")
    if around is not None and function is not None and tree.source(function) in ("cls", "self.__class__"):
        return _field(names, name, around, set())
    if around is not None and function is not None and tree.source(function).startswith("super("):
        return _inherited(names, name, around, called, set())
    if function is not None and function.type == "attribute" and _member(names, function) is Role.FOREIGN:
        return Role.FOREIGN
    return _parameter(names, name, called)


def _parameter(names: Names, name: str, called: str) -> Role:
    for node, _ in names.bindings(called):
        definition = node.parent
        if definition is None:
            continue
        if definition.type == "class_definition":
            role = _field(names, name, definition, set())
        elif definition.type == "assignment":
            value = definition.child_by_field_name("right")
            role = Role.PARAMETER if value is not None and _takes(names.tree, value, name) else Role.FOREIGN
        else:
            role = Role.PARAMETER if _takes(names.tree, definition, name) else Role.FOREIGN
        if role is not Role.FOREIGN:
            return role
    return Role.FOREIGN


def _takes(tree: Tree, function: tree_sitter.Node, name: str) -> bool:
    listed = function.child_by_field_name("parameters")
    return listed is not None and any(
        tree.source(node) == name and _binding(tree, node) is not None
        for node in tree.captures("(identifier) @name", listed)
        if ancestor(node, *_PARAMETERS) == listed
    )


def _methods(tree: Tree, owner: tree_sitter.Node, name: str) -> Iterator[tree_sitter.Node]:
    for node in tree.captures("(function_definition) @function", owner):
        found = node.child_by_field_name("name")
        if found is not None and tree.source(found) == name and ancestor(node, "class_definition") == owner:
            yield node


def _field(names: Names, name: str, owner: tree_sitter.Node, seen: set[int]) -> Role:
    """Whether the class `owner` can be called with the keyword `name`."""
    if owner.id in seen:
        return Role.FOREIGN
    seen.add(owner.id)
    for constructor in ("__init__", "__new__"):
        if any(_takes(names.tree, node, name) for node in _methods(names.tree, owner, constructor)):
            return Role.PARAMETER
    for node, binding in names.bindings(name):
        if (
            binding.role is Role.MEMBER
            and _in_class_body(node)
            and ancestor(node, "class_definition") == owner
        ):
            return Role.MEMBER
    return next(
        (
            role
            for base in _bases(names, owner)
            if (role := _field(names, name, base, seen)) is not Role.FOREIGN
        ),
        Role.FOREIGN,
    )


def _inherited(names: Names, name: str, owner: tree_sitter.Node, called: str, seen: set[int]) -> Role:
    for base in _bases(names, owner):
        if base.id in seen:
            continue
        seen.add(base.id)
        if any(_takes(names.tree, node, name) for node in _methods(names.tree, base, called)):
            return Role.PARAMETER
        role = _field(names, name, base, set()) if called == "__init__" else Role.FOREIGN
        if role is Role.FOREIGN:
            role = _inherited(names, name, base, called, seen)
        if role is not Role.FOREIGN:
            return role
    return Role.FOREIGN


def _bases(names: Names, owner: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    listed = owner.child_by_field_name("superclasses")
    for base in listed.named_children if listed is not None else ():
        if base.type != "identifier":
            continue
        for node, _ in names.bindings(names.tree.source(base)):
            if node.parent is not None and node.parent.type == "class_definition" and node.parent != owner:
                yield node.parent


def _further(names: Names, name: str) -> Iterator[Occurrence]:
    tree = names.tree
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    if not word.search(tree.text):
        return
    for string in tree.captures("(string) @string"):
        content = [child for child in string.named_children if child.type == "string_content"]
        whole = len(content) == 1 and len(string.named_children) == 3  # noqa: PLR2004 - its start, content and end
        if not whole or content[0].named_children or not word.search(tree.source(content[0])):
            continue
        yield from _quoted(names, name, word, string, content[0])
    for comment in tree.captures("(comment) @comment"):
        source = tree.source(comment)
        opening = _TYPE_COMMENT.match(source)
        if opening:
            begin = tree.offset(comment.start_byte)
            for match in word.finditer(source.partition(" # ")[0], opening.end()):
                yield Occurrence(begin + match.start(), begin + match.end(), Role.VALUE)


def _quoted(
    names: Names, name: str, word: re.Pattern[str], string: tree_sitter.Node, content: tree_sitter.Node
) -> Iterator[Occurrence]:
    tree = names.tree
    begin, stop = tree.span(content)
    text = tree.text[begin:stop]
    if _is_annotation(tree, string):
        yield from _annotation(names, name, text, begin)
        return
    if text == name:
        role = _names_by_string(tree, name, string)
        if role is not None:
            yield Occurrence(begin, stop, role)
            return
    call = _call_of(string)
    if call is not None and last_name(tree, call.child_by_field_name("function")) in _FIXTURES:
        arguments = call.child_by_field_name("arguments")
        first = arguments.named_children[0] if arguments is not None else None
        named = last_name(tree, call.child_by_field_name("function")) == "usefixtures"
        if named or (first is not None and first.start_byte <= string.start_byte < first.end_byte):
            for match in word.finditer(text):
                yield Occurrence(begin + match.start(), begin + match.end(), Role.PARAMETER)


def _annotation(names: Names, name: str, text: str, begin: int) -> Iterator[Occurrence]:
    inner = parse(text.strip(), names.tree.language)
    if inner is None or inner.root.has_error:
        return
    begin += len(text) - len(text.lstrip())
    for node in inner.captures("(identifier) @name"):
        if inner.source(node) == name:
            start, end = inner.span(node)
            attribute = node.parent is not None and node.parent.type == "attribute"
            role = Role.VALUE
            if attribute and node.parent is not None and is_field(node, "attribute"):
                root = inner.source(root_of(node.parent))
                role = Role.MEMBER if names.defines(root) else Role.FOREIGN
            yield Occurrence(begin + start, begin + end, role)
    for content in inner.captures("(string (string_content) @content)"):
        if content.parent is not None and _is_annotation(inner, content.parent):
            yield from _annotation(
                names, name, inner.source(content), begin + inner.offset(content.start_byte)
            )


def _is_annotation(tree: Tree, string: tree_sitter.Node) -> bool:
    """True if a string is a type that was put in quotes."""
    parent = string.parent
    top = climb(string, "binary_operator", "list", "tuple")
    parent = top.parent
    if parent is None:
        return False
    if parent.type == "type":
        outer = parent.parent
        if outer is not None and outer.type == "type_parameter" and outer.parent is not None:
            generic = last_name(tree, outer.parent.named_children[0])
            first = outer.named_children[0] == parent
            return generic != "Literal" and (generic != "Annotated" or first)
        return True
    if parent.type == "subscript" and is_field(top, "subscript"):
        generic = last_name(tree, parent.child_by_field_name("value"))
        if generic in _GENERICS:
            return True
        return (ancestor(parent, "type") is not None) and generic not in ("Literal", "Annotated")
    if parent.type == "assignment" and is_field(top, "right"):
        type_ = parent.child_by_field_name("type")
        return type_ is not None and tree.source(type_).endswith("TypeAlias")
    call = _call_of(string)
    called = last_name(tree, call.child_by_field_name("function")) if call is not None else ""
    if parent.type == "keyword_argument":
        keyword = parent.child_by_field_name("name")
        return called == "TypeVar" and keyword is not None and tree.source(keyword) in ("bound", "default")
    if parent.type == "argument_list":
        position = parent.named_children.index(top)
        return (called == "cast" and position == 0) or (called in ("TypeVar", "NewType") and position > 0)
    return False


def _call_of(node: tree_sitter.Node) -> tree_sitter.Node | None:
    top = climb(node, "keyword_argument", "list", "tuple", "concatenated_string")
    if top.parent is None or top.parent.type != "argument_list":
        return None
    call = top.parent.parent
    return call if call is not None and call.type == "call" else None


def _is_enum(tree: Tree, type_: str, member: str) -> bool:
    """True for a class of the file with such a member whose bases are called an enumeration."""
    for definition in tree.captures("(class_definition superclasses: (_) @bases) @class"):
        name = definition.child_by_field_name("name")
        bases = definition.child_by_field_name("superclasses")
        if name is None or bases is None or tree.source(name) != type_:
            continue
        named = any(
            tree.source(node) == member and _in_class_body(node)
            for node in tree.captures("(identifier) @name", definition)
        )
        return named and re.search(r"(?:Enum|Flag)\b", tree.source(bases)) is not None
    return False


def by_text(names: Names, name: str) -> Iterator[tuple[int, str]]:
    """Where the name stands in a string that says something of it which does not change with it, and why.

    Keys of a TypedDict, keywords that are passed on as a dictionary, and what ``patch`` replaces.
    """
    tree = names.tree
    typed = any(
        binding.role is Role.MEMBER
        and (owner := ancestor(node, "class_definition")) is not None
        and (bases := owner.child_by_field_name("superclasses")) is not None
        and "TypedDict" in tree.source(bases)
        for node, binding in names.bindings(name)
    )
    takers = {
        tree.source(called)
        for node, _ in names.bindings(name)
        if (listed := ancestor(node, *_PARAMETERS, "block")) is not None
        and listed.type in _PARAMETERS
        and listed.parent is not None
        and (called := listed.parent.child_by_field_name("name")) is not None
    }
    spread = any(
        (call := ancestor(splat, "call")) is not None
        and last_name(tree, call.child_by_field_name("function")) in takers
        for splat in tree.captures("(argument_list (dictionary_splat) @splat)")
    )
    for content in tree.captures("(string (string_content) @content)"):
        source = tree.source(content)
        if source == name and (typed or spread):
            why = "is a key of a TypedDict" if typed else "is passed on as a keyword"
            yield tree.offset(content.start_byte), why
        elif source.endswith(f".{name}"):
            call = _call_of(content.parent) if content.parent is not None else None
            if call is not None and last_name(tree, call.child_by_field_name("function")) == "patch":
                yield tree.offset(content.start_byte), "says what `patch` replaces"


def _names_by_string(tree: Tree, name: str, string: tree_sitter.Node) -> Role | None:
    """The role of a string that is exactly the name, where Python takes it as one."""
    listed = climb(string, "list", "tuple", "set", "binary_operator")
    parent = listed.parent
    if parent is None:
        return None
    if parent.type in ("assignment", "augmented_assignment") and field_of(listed) == "right":
        left = parent.child_by_field_name("left")
        target = tree.source(left) if left is not None else ""
        if target == "__all__":
            return Role.VALUE
        if target in ("__slots__", "__match_args__"):
            return Role.MEMBER
    if parent.type == "subscript" and is_field(listed, "subscript"):
        owner = parent.child_by_field_name("value")
        return Role.MEMBER if owner is not None and _is_enum(tree, tree.source(owner), name) else None
    if parent.type != "argument_list" or parent.parent is None:
        return None
    call = parent.parent
    function = call.child_by_field_name("function")
    source = tree.source(function) if function is not None else ""
    called = source.rpartition(".")[2]
    position = parent.named_children.index(listed)
    if source.startswith("__all__."):
        return Role.VALUE
    if (called in _BY_NAME or source.endswith("patch.object")) and position == 1:
        root = root_of(parent.named_children[0])
        return Role.MEMBER if root.type == "identifier" else None
    if called in _NAMED_CALLS and position == 0:
        assigned = call.parent
        left = assigned.child_by_field_name("left") if assigned is not None else None
        if left is not None and tree.source(left) == name:
            return Role.EITHER
    return None


def _scope(names: Names, node: tree_sitter.Node, _binding: Binding) -> Scope | None:
    tree, parent = names.tree, node.parent
    if parent is None or parent.type == "attribute":
        return None
    start = node
    listed = nearest(node, *_PARAMETERS, "function_definition", "lambda", "class_definition")
    if listed is not None and listed.type in _PARAMETERS:
        # Defaults and annotations of parameters do not see them.
        function = listed.parent
        return of_node(function.child_by_field_name("body")) if function is not None else None
    if parent.type in ("function_definition", "class_definition") and is_field(node, "name"):
        start = parent
    typed = nearest(node, "type_parameter", "block")
    if typed is not None and typed.type == "type_parameter" and is_field(typed, "type_parameters"):
        return of_node(typed.parent)
    clause = climb(node, *_PATTERNS)
    if clause.parent is not None and clause.parent.type == "for_in_clause" and is_field(clause, "left"):
        around = ancestor(node, *_COMPREHENSIONS)
        first = (
            next((c for c in around.named_children if c.type == "for_in_clause"), None) if around else None
        )
        taken = first.child_by_field_name("right") if first is not None else None
        hole = (taken.start_byte, taken.end_byte) if taken is not None else (0, 0)
        return of_node(around, hole=hole)
    return _enclosing(names, start, tree.source(node))


def _enclosing(names: Names, node: tree_sitter.Node, name: str) -> Scope | None:
    """The scope that a statement at `node` binds names in."""
    child, around = node, node.parent
    while around is not None:
        if around.type in ("function_definition", "lambda") and is_field(child, "body"):
            word = _declared(names, around, name)
            if word == "global_statement":
                break
            if word != "nonlocal_statement":
                return of_node(child)
        if around.type == "class_definition" and is_field(child, "body"):
            return Scope(child.start_byte, child.end_byte, functions=_CLOSED)
        child, around = around, around.parent
    return Scope(0, len(names.tree.data) + 1)


_CLOSED: Final = ("function_definition", "lambda", "class_definition", *_COMPREHENSIONS)


def _declared(names: Names, function: tree_sitter.Node, name: str) -> str:
    """The kind of statement by which `function` takes `name` from around it; empty if there is none."""
    for node in names.nodes.get(name, ()):
        parent = node.parent
        if (
            parent is not None
            and parent.type in ("global_statement", "nonlocal_statement")
            and ancestor(parent, "function_definition", "class_definition") == function
        ):
            return parent.type
    return ""


NAMING: Final = Naming(
    _binding, _use, _further, scope=_scope, given=_BUILTINS, fold=fold("aliased_import", "name", "alias")
)
