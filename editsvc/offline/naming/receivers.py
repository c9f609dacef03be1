"""Whose member a name is, as far as declarations in the file tell.

``client.fetch`` is one of the file's if it says that ``client`` is one of its ``Client``.
A type is taken from annotations and declarations, from what a variable is first given, and from the fields of the
file's own types. Nothing is inferred from how something is used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from editsvc.offline.naming.roles import Names, Role, ancestor, is_field, root_of
from editsvc.offline.naming.scopes import nearest
from editsvc.syntax.nesting import nodes_below

if TYPE_CHECKING:
    import tree_sitter

    from editsvc.syntax import Tree


class Whose(Enum):
    """Whose member a name is."""

    OWN = "of a type of the file that has it"
    FOREIGN = "of another"
    UNKNOWN = "cannot be told"


# The field that holds what a member belongs to.
_RECEIVERS: Final = {
    "attribute": ("object",),
    "member_expression": ("object",),
    "selector_expression": ("operand",),
    "field_expression": ("value", "argument"),
    "field_access": ("object",),
    "method_invocation": ("object",),
    "method_reference": (),
}
_TYPES: Final = (
    *(
        "class_definition",
        "class_declaration",
        "abstract_class_declaration",
        "class",
        "interface_declaration",
    ),
    *("type_alias_declaration", "enum_declaration", "record_declaration", "annotation_type_declaration"),
    *("impl_item", "trait_item", "struct_item", "enum_item", "union_item", "type_spec", "type_definition"),
    *("struct_specifier", "union_specifier", "class_specifier", "enum_specifier", "internal_module"),
)
_STOP: Final = frozenset(
    {"block", "statement_block", "compound_statement", "module", "program", "source_file", "translation_unit"}
    | {
        "class_body",
        "declaration_list",
        "field_declaration_list",
        "switch_body",
        "interface_body",
        "enum_body",
    }
)
_FUNCTIONS: Final = frozenset(
    {
        "function_definition",
        "function_declaration",
        "function_item",
        "method_definition",
        "method_declaration",
    }
    | {"function_expression", "arrow_function", "lambda", "func_literal", "generator_function_declaration"}
)
_COLLECTION: Final = re.compile(
    r"list|set|tuple|dictionary|array|(?:.*_)?comprehension|generator_expression|array_expression|tuple_expression"
    r"|macro_invocation|initializer_list|array_initializer"
)
_LITERAL: Final = re.compile(
    r"(?:.*_)?string(?:_literal)?|template_string|integer|float|number|true|false|none|null|regex|concatenated_string"
    r"|(?:.*_)?literal|comparison_operator|not_operator|format_expression"
)
_THROUGH: Final = {
    "parenthesized_expression": None,
    "await": None,
    "await_expression": None,
    "non_null_expression": None,
    "unary_expression": "operand",
    "pointer_expression": "argument",
    "reference_expression": "value",
    "try_expression": None,
}
# Types that stand for the one in their brackets.
_WRAPPERS: Final = frozenset(
    {"Optional", "Annotated", "Final", "ClassVar", "Box", "Rc", "Arc", "Pin", "Ref", "RefMut", "MutexGuard"}
    | {
        "unique_ptr",
        "shared_ptr",
        "weak_ptr",
        "Promise",
        "Awaitable",
        "Readonly",
        "Partial",
        "Required",
        "type",
        "Type",
    }
)
# Types that say nothing.
_ANY: Final = frozenset(
    {
        "Any",
        "any",
        "object",
        "Object",
        "unknown",
        "auto",
        "var",
        "val",
        "interface{}",
        "void",
        "_",
        "this",
        "never",
    }
)
_WORDS: Final = re.compile(
    r"\b(?:const|volatile|struct|union|enum|class|mut|dyn|impl|final|readonly|static|typename|keyof)\b"
)
_EMPTY: Final = re.compile(r"\s*\|\s*(?:None|null|undefined)\b|\b(?:None|null|undefined)\s*\|\s*")
_DEEPEST: Final = 12


@dataclass(frozen=True, slots=True)
class Type:
    """A type by its name; `element` is what its brackets hold, `own` that the file defines it, `node` an object."""

    name: str
    element: str = ""
    own: bool = False
    node: int = 0


_FOREIGN: Final = Type("")
"""What is imported, and what that makes."""
_GIVEN: Final = Type("", "?")
"""What the language gives to every file, which may hold anything."""
_PLAIN: Final = Type("string")
"""A value of the language, which holds nothing of the file's."""


@dataclass(slots=True, eq=False)
class Receivers:
    """The types of one file, for one member `name`: its `owners` have it, `others` have another of that name."""

    names: Names
    name: str
    owners: set[str] = field(default_factory=set)
    objects: set[int] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    types: dict[str, list[tree_sitter.Node]] = field(default_factory=dict)
    _based: dict[str, list[str]] = field(default_factory=dict)
    _families: dict[str, set[str]] = field(default_factory=dict)

    def whose(self, node: tree_sitter.Node) -> Whose:
        """Whose member the use `node` is; one that is not behind what it belongs to is the file's."""
        receiver = _receiver(node)
        return self._of(receiver) if receiver is not None else Whose.OWN

    @staticmethod
    def is_behind(node: tree_sitter.Node) -> bool:
        """True for a name behind what it is taken from."""
        return _receiver(node) is not None

    def restrict(self, owner: str) -> bool:
        """Take only the members of the type `owner`, and of those above and below it; false if it has none."""
        family = {owner} | {one for one in self.owners if one in self._family(owner)}
        if not family & self.owners:
            return False
        self.others = self.owners - family
        self.owners &= family
        return True

    def holds(self, node: tree_sitter.Node) -> bool | None:
        """Whether a use that is behind no dot, in a literal or a path, is one of these types'; None if not known."""
        parent = node.parent
        if parent is not None and parent.type in _PATHS:
            path = next(
                (found for name in ("path", "scope") if (found := parent.child_by_field_name(name))), None
            )
            source = self.names.tree.source(path) if path is not None else ""
            owner = self._around(node) if source in ("Self", "self") else self.named(source)
            return owner is not None and owner.name in self.owners
        literal = ancestor(node, "struct_expression", "struct_pattern", "composite_literal")
        if literal is not None:
            type_ = literal.child_by_field_name("name") or literal.child_by_field_name("type")
            owner = self.named(self.names.tree.source(type_)) if type_ is not None else None
            return None if owner is None else owner.name in self.owners
        return None

    def shares(self, node: tree_sitter.Node) -> bool:
        """True if the member that `node` defines, under another name, may belong to one of these types."""
        holder = nearest(node.parent, "object", "class_body", *_TYPES)
        if holder is not None and holder.type == "object":
            return holder.id in self.objects
        owner = owner_of(self.names.tree, node)
        return not owner or owner in self.owners or self._inherits(owner)

    def _of(self, receiver: tree_sitter.Node) -> Whose:
        found = self.type_of(receiver, 0)
        if found is None:
            return Whose.UNKNOWN
        if found.node:
            return Whose.OWN if found.node in self.objects else Whose.FOREIGN
        if found.name in self.owners or self._inherits(found.name):
            return Whose.OWN
        if (
            found.name in self.types
            and found.name not in self.others
            and self.names.tree.language.name in _DYNAMIC
            and not self.bases(found.name)
        ):
            return Whose.UNKNOWN
        return Whose.FOREIGN

    def _inherits(self, name: str) -> bool:
        """True if a type of the file that has the member is above or below another one."""
        return bool(self._family(name) & self.owners)

    def _family(self, name: str) -> set[str]:
        """The types above and below a type, and itself."""
        if name not in self._families:
            above, below = {name}, {name}
            for _ in range(_DEEPEST):
                more = above | {base for one in above for base in self.bases(one)}
                fewer = below | {one for one in self.types if not below.isdisjoint(self.bases(one))}
                if (more, fewer) == (above, below):
                    break
                above, below = more, fewer
            self._families[name] = above | below
        return self._families[name]

    def bases(self, name: str) -> list[str]:
        """What the definitions of a type name as what it is built on."""
        if name not in self._based:
            self._based[name] = self._written_bases(name)
        return self._based[name]

    def _written_bases(self, name: str) -> list[str]:
        """The types that definitions of a type name as what it is built on."""
        tree, found = self.names.tree, []
        for definition in self.types.get(name, ()):
            for child in definition.children:
                if child.type in _BASES or (
                    definition.type == "class_definition" and is_field(child, "superclasses")
                ):
                    found += re.findall(r"\w+", tree.source(child))
            if definition.type in _ALIASES:
                value = definition.child_by_field_name("value") or definition.child_by_field_name("type")
                struct = value is None or value.type in _STRUCTURES
                found += [] if struct or value is None else re.findall(r"\w+", tree.source(value))
            if definition.type == "impl_item":
                trait = definition.child_by_field_name("trait")
                found += re.findall(r"\w+", tree.source(trait)) if trait is not None else []
            if definition.type == "type_spec":
                found += [
                    tree.source(part).lstrip("*").rpartition(".")[2]
                    for part in tree.captures("(field_declaration !name type: (_) @type)", definition)
                ]
        return found

    def named(self, text: str) -> Type | None:
        """The type that a declaration writes as `text`; None if that says nothing."""
        text = _EMPTY.sub("", _WORDS.sub("", text.strip().strip(":").strip("'\""))).strip(" *&?!()")
        text = re.sub(r"^(?:'\w+\s+)?(?:[&*]|\s)*", "", text)
        if text.startswith(("[]", "[")) and "]" in text:
            return Type("[]", text.rpartition("]")[2] or text[1:-1])
        if text.endswith("[]"):
            return Type("[]", text[:-2])
        match = re.fullmatch(r"(?P<path>[\w.:$]+?)\s*(?:(?P<open>[<\[{(]).*)?", text, re.DOTALL)
        if match is None or text.startswith(("{", "(")):
            return None
        root, *rest = re.split(r"::|\.", match["path"])
        name = rest[-1] if rest else root
        inside = text[text.index(match["open"]) + 1 : -1] if match["open"] else ""
        if name in _WRAPPERS and inside:
            return self.named(inside.partition(",")[0])
        if not name or name in _ANY:
            return None
        if (
            rest
            and root not in _OWN_ROOTS
            and root not in self.types
            and not self.names.defines(root)
            and not self._is_linked(match["path"].removesuffix(name).rstrip(".:"), name)
        ):
            return Type(match["path"], inside.rpartition(",")[2])  # of another module
        if name in self.owners or name in self.types:
            return Type(name, inside, own=True)
        if len(name) == 1 or any(
            node.parent is not None and "type_param" in node.parent.type
            for node, _ in self.names.bindings(name)
        ):
            return None  # a parameter of a generic may be any type
        return Type(name, inside.rpartition(",")[2])

    def type_of(  # noqa: C901, PLR0912
        self, node: tree_sitter.Node, depth: int
    ) -> Type | None:
        """The type of an expression; None if it cannot be told."""
        tree = self.names.tree
        if depth > _DEEPEST:
            return None
        if node.type in _THROUGH:
            inner = node.child_by_field_name(_THROUGH[node.type] or "") or (
                node.named_children[0] if node.named_children else None
            )
            return self.type_of(inner, depth + 1) if inner is not None else None
        source = tree.source(node)
        if node.type in ("this", "self", "super") or source in ("self", "cls", "super()"):
            return self._around(node)
        if node.type in ("identifier", "type_identifier"):
            return self._variable(node, source, depth)
        if node.type in _STRUCTS:
            type_ = node.child_by_field_name("type") or node.child_by_field_name("name")
            type_ = type_ or node.child_by_field_name("constructor")
            return self.named(tree.source(type_)) if type_ is not None else None
        if node.type == "object":
            return Type("{}", node=node.id)
        if _COLLECTION.fullmatch(node.type):
            return Type("[]", "?")
        if _LITERAL.fullmatch(node.type):
            return _PLAIN
        if node.type in ("as_expression", "type_cast_expression", "cast_expression", "satisfies_expression"):
            type_ = node.child_by_field_name("type") or node.named_children[-1]
            return self.named(tree.source(type_))
        if node.type in ("call", "call_expression") or (
            node.type == "method_invocation" and node.child_by_field_name("object") is None
        ):
            return self._called(node, depth)
        if node.type in ("subscript", "subscript_expression", "index_expression", "array_access"):
            return self._element(node.named_children[0], depth)
        if node.type in _RECEIVERS:
            return self._field(node, depth)
        if node.type in ("scoped_identifier", "qualified_identifier"):
            path = node.child_by_field_name("path") or node.child_by_field_name("scope")
            return self.named(tree.source(path)) if path is not None else None
        return None

    def _around(self, node: tree_sitter.Node) -> Type | None:
        """The type that `node`, which is ``this`` or ``self``, is of."""
        tree = self.names.tree
        around = nearest(node.parent, *_TYPES, *_THIS, "method_declaration")
        if (
            around is not None
            and around.type == "method_declaration"
            and around.child_by_field_name("receiver")
        ):
            return self.named(owner_of(tree, node))
        if around is not None and around.type in _THIS and tree.language.name in _ECMASCRIPT:
            parent = around.parent
            if parent is not None and parent.type == "pair":
                parent = parent.parent
            if parent is not None and parent.type == "object":
                return Type("{}", node=parent.id)
            if around.type != "method_definition":
                name = _constructed(tree, around)
                return Type(name, own=True) if name else None
            around = nearest(parent, *_TYPES)
        elif around is not None and around.type not in _TYPES:
            around = ancestor(around, *_TYPES)
        name = _name_of(tree, around) if around is not None else ""
        return Type(name, own=True) if name else None

    def _variable(self, node: tree_sitter.Node, source: str, depth: int) -> Type | None:
        if source in self.types:
            return Type(source, own=True)
        symbol = self.names.meant(source, node.start_byte)
        if symbol is None:
            bound = self.names.bindings(source)
            if bound or source not in self.names.naming.given:
                return None
            shape = source[:1].upper() + source[1:]  # window is a Window
            return Type(shape, own=True) if shape in self.types else _GIVEN
        if symbol.imported:
            return self._elsewhere(source, depth) if self._is_taken(source) else _FOREIGN
        found = [self._declared(bound, depth + 1) for bound in symbol.nodes]
        kinds = {one for one in found if one is not None}
        # A variable that is given several things is one of them; if one cannot be told, none can.
        return kinds.pop() if len(kinds) == 1 and None not in found else None

    def _is_taken(self, source: str) -> bool:
        """True for what is taken from another file of the run."""
        return self.names.links is not None and source in self.names.links.taken

    def _is_linked(self, module: str, type_: str) -> bool:
        """True for a type that has the member, behind what the file calls another file of the run."""
        links = self.names.links
        if links is None or type_ not in links.types:
            return False
        # A namespace of C++ is no module: headers say which types there are.
        return module in links.modules or self.names.tree.language.name == "cpp"

    def _elsewhere(self, source: str, depth: int, *, called: bool = False) -> Type | None:
        """The type of what another file of the run defines, or of what that returns; None if it does not say."""
        links = self.names.links
        if links is None or links.files is None or depth > _DEEPEST:
            return None
        at = links.files.origin(*links.taken[source])
        names = links.files.names(at[0]) if at is not None else None
        if at is None or names is None:
            return None
        there = receivers_of(names, self.name)
        nodes = tuple(node for node, binding in names.bindings(at[1]) if not binding.imported)
        if at[1] in there.types:
            return Type(at[1], own=at[1] in there.owners)
        kinds = {there._returned(nodes)} if called else {there._declared(node, depth + 1) for node in nodes}  # noqa: SLF001 - its own kind
        found = kinds.pop() if len(kinds) == 1 else None
        if found is None or not found.own:
            return found
        if found.name in there.owners:
            self.owners.add(found.name)
        return found

    def _declared(self, node: tree_sitter.Node, depth: int) -> Type | None:
        """The type of the variable that `node` binds."""
        tree, child = self.names.tree, node
        around = node.parent
        if around is not None and around.type in _FUNCTIONS and is_field(node, "name"):
            return _FOREIGN
        first = around is not None and around.type == "parameters" and around.named_children[0] == node
        if first and tree.source(node) in ("self", "cls"):
            return self._around(node)
        while around is not None and around.type not in _STOP:
            type_ = around.child_by_field_name("type")
            if type_ is not None and (
                type_.start_byte >= child.end_byte or type_.end_byte <= child.start_byte
            ):
                found = self.named(tree.source(type_))
                if found is not None or tree.source(type_) not in ("auto", "var"):
                    return found
            if around.type == "init_declarator" and around.parent is not None:
                written = around.parent.child_by_field_name("type")
                if written is not None and tree.source(written) != "auto":
                    child, around = around, around.parent
                    continue
            for name in ("value", "right"):
                value = around.child_by_field_name(name)
                if value is None or value.start_byte < child.end_byte:
                    continue
                if around.type in ("for_statement", "for_in_statement", "for_in_clause", "range_clause"):
                    return self._element(value, depth)
                return self._given(child, value, depth)
            if around.type in _FUNCTIONS:
                return None
            child, around = around, around.parent
        return None

    def _given(self, target: tree_sitter.Node, value: tree_sitter.Node, depth: int) -> Type | None:
        """The type of what an assignment gives to one of its targets."""
        lists = ("expression_list", "pattern_list", "tuple_pattern", "tuple")
        single = target.type not in lists or len(target.named_children) == 1
        if value.type in lists and single and len(value.named_children) == 1:
            value = value.named_children[0]
        if target.type in lists and len(target.named_children) > 1:
            return None
        return None if target.type.endswith("pattern") else self.type_of(value, depth + 1)

    def _called(self, call: tree_sitter.Node, depth: int) -> Type | None:
        """The type of what a call returns."""
        function = call.child_by_field_name("function") or call.child_by_field_name("name")
        if function is None:
            return None
        tree = self.names.tree
        if function.type == "identifier":
            return self._called_by_name(function, call, depth)
        if function.type in ("scoped_identifier", "qualified_identifier"):
            path = function.child_by_field_name("path") or function.child_by_field_name("scope")
            last = tree.source(function).rpartition("::")[2]
            found = self.named(tree.source(path)) if path is not None else None
            if found is not None and found.own:
                return self._of_method(last)
            return self._passed(call, depth) if found is not None else None
        if function.type not in _RECEIVERS:
            return None
        receiver = function.named_children[0]
        last = tree.source(function.named_children[-1])
        if self._is_linked(tree.source(receiver), last):
            return Type(last, own=True)
        held = self.type_of(receiver, depth + 1)
        if held is None or held == _GIVEN:
            return None
        if held.own or held.node:
            return self._of_method(tree.source(function.named_children[-1]))
        if held == _PLAIN:
            return _PLAIN
        if held.element:
            return self.named(held.element) if held.element != "?" else None
        passing = tree.source(receiver).partition(".")[0] in _PASSING
        return self._passed(call, depth, strictly=passing or held.name in _HOLDERS)

    def _called_by_name(self, function: tree_sitter.Node, call: tree_sitter.Node, depth: int) -> Type | None:
        source = self.names.tree.source(function)
        if source in self.types:
            return Type(source, own=True)
        symbol = self.names.meant(source, function.start_byte)
        if symbol is None:
            return self._passed(call, depth, strictly=True) if source in self.names.naming.given else None
        if symbol.imported and self._is_taken(source):
            return self._elsewhere(source, depth, called=True)
        return self._passed(call, depth) if symbol.imported else self._returned(symbol.nodes)

    def _passed(self, call: tree_sitter.Node, depth: int, *, strictly: bool = False) -> Type | None:
        """What a foreign function returns: of the file's types only what it is given, which is then not known."""
        listed = call.child_by_field_name("arguments")
        for argument in listed.named_children if listed is not None else ():
            value = argument.child_by_field_name("value") or argument
            source = self.names.tree.source(value)
            found = self.type_of(value, depth + 1)
            bound = self.names.meant(source, value.start_byte) if value.type == "identifier" else None
            function = bound is not None and any(
                node.parent is not None and node.parent.type in _FUNCTIONS and is_field(node, "name")
                for node in bound.nodes
            )
            if function or (found is None and strictly) or (found is not None and (found.own or found.node)):
                return None
        return _FOREIGN

    def _of_method(self, name: str) -> Type | None:
        methods = [node for node, binding in self.names.bindings(name) if binding.role is Role.MEMBER]
        return self._returned(tuple(methods)) if methods else None

    def _returned(self, nodes: tuple[tree_sitter.Node, ...]) -> Type | None:
        """What functions of the file return, if they all say the same."""
        found = set()
        for node in nodes:
            around = nearest(node.parent, *_FUNCTIONS, "field_declaration", "declaration", "method_elem")
            type_ = None
            if around is not None:
                type_ = around.child_by_field_name("return_type") or around.child_by_field_name("result")
                type_ = type_ or around.child_by_field_name("type")
            source = self.names.tree.source(type_) if type_ is not None else ""
            if source in ("Self", "-> Self"):
                found.add(self._around(node))
            else:
                found.add(self.named(source.lstrip("->: ")) if source else None)
        return found.pop() if len(found) == 1 else None

    def _element(self, node: tree_sitter.Node, depth: int) -> Type | None:
        found = self.type_of(node, depth + 1)
        if found is None or found == _PLAIN:
            return found
        return self.named(found.element) if found.element not in ("", "?") else None

    def _field(self, node: tree_sitter.Node, depth: int) -> Type | None:
        """The type of a member of something."""
        last = node.named_children[-1]
        for name in ("attribute", "property", "field", "name"):
            last = node.child_by_field_name(name) or last
        owner = node.named_children[0]
        held = self.type_of(owner, depth + 1) if owner != last else None
        if held is None or held == _PLAIN:
            return held
        if not held.own and not held.node:
            # A part of a module is not this file's; a part of an object may be.
            root = root_of(node)
            symbol = self.names.meant(self.names.tree.source(root), root.start_byte)
            return _FOREIGN if symbol is not None and symbol.imported else None
        source = self.names.tree.source(last)
        bound = [
            found
            for found, binding in self.names.bindings(source)
            if binding.role in (Role.MEMBER, Role.EITHER)
            and owner_of(self.names.tree, found) in (held.name, "")
        ]
        kinds = {self._declared_field(found, depth + 1) for found in bound}
        return kinds.pop() if len(kinds) == 1 else None

    def _declared_field(self, node: tree_sitter.Node, depth: int) -> Type | None:
        parent = node.parent
        if parent is not None and parent.type in _RECEIVERS:
            node = parent  # self.x = …
        return self._declared(node, depth)


_HOLDERS: Final = frozenset(
    {
        "list",
        "dict",
        "set",
        "tuple",
        "deque",
        "Map",
        "Set",
        "Array",
        "List",
        "Vec",
        "HashMap",
        "Option",
        "Result",
    }
    | {
        "vector",
        "map",
        "unordered_map",
        "Iterator",
        "Iterable",
        "Queue",
        "Stack",
        "Cell",
        "RefCell",
        "Mutex",
        "object",
    }
)
# Modules whose functions hand on what they are given.
_PASSING: Final = frozenset(
    {
        "asyncio",
        "collections",
        "concurrent",
        "contextlib",
        "copy",
        "functools",
        "heapq",
        "itertools",
        "operator",
    }
    | {"pickle", "queue", "random", "typing", "weakref", "lodash", "React", "std"}
)
_ECMASCRIPT: Final = frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact"})
_THIS: Final = ("method_definition", "function_expression", "function_declaration", "generator_function")
_PATHS: Final = ("scoped_identifier", "scoped_type_identifier", "qualified_identifier")
_OWN_ROOTS: Final = ("crate", "self", "super", "Self")
_ALIASES: Final = ("type_alias_declaration", "type_item", "type_spec", "type_alias", "type_definition")
_STRUCTURES: Final = frozenset(
    {"object_type", "struct_type", "interface_type", "struct_specifier", "union_specifier", "enum_specifier"}
)
_DYNAMIC: Final = frozenset({"python", "javascript", "javascriptreact"})
_STRUCTS: Final = frozenset(
    {"new_expression", "object_creation_expression", "struct_expression", "composite_literal"}
)
_BASES: Final = frozenset(
    {
        "class_heritage",
        "extends_clause",
        "extends_type_clause",
        "superclass",
        "super_interfaces",
        "base_class_clause",
    }
    | {"extends_interfaces", "trait_bounds", "argument_list"}
)


def _receiver(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """What stands in front of the dot behind which `node` is; None if it is behind none."""
    parent = node.parent
    if parent is None:
        return None
    found = (parent.child_by_field_name(name) for name in _RECEIVERS.get(parent.type, ()))
    return next((receiver for receiver in found if receiver is not None and receiver != node), None)


def _name_of(tree: Tree, definition: tree_sitter.Node) -> str:
    """The name of a type's definition."""
    name = definition.child_by_field_name("name")
    if name is None and definition.type in ("impl_item", "type_definition"):
        name = definition.child_by_field_name("type" if definition.type == "impl_item" else "declarator")
    if name is None and definition.parent is not None:
        around = definition.parent
        name = around.child_by_field_name("declarator" if around.type == "type_definition" else "name")
    source = tree.source(name) if name is not None else ""
    return re.split(r"::|\.", re.split(r"[<\[]", source)[0])[-1]


def _constructed(tree: Tree, function: tree_sitter.Node) -> str:
    """The type of ``this`` in ``function A`` and in ``A.prototype.b = function``."""
    name = function.child_by_field_name("name")
    assignment = function.parent
    left = assignment.child_by_field_name("left") if assignment is not None else None
    if left is not None and ".prototype." in tree.source(left):
        return tree.source(left).partition(".")[0]
    source = tree.source(name) if name is not None else ""
    if not source and assignment is not None and assignment.type == "variable_declarator":
        name = assignment.child_by_field_name("name")
        source = tree.source(name) if name is not None else ""
    return source if source[:1].isupper() else ""


def owner_of(tree: Tree, node: tree_sitter.Node) -> str:
    """The name of the type that has the member which `node` defines; empty if there is none."""
    around = ancestor(node, *_TYPES, "method_declaration", "assignment_expression", "function_definition")
    if around is not None and around.type == "function_definition":
        declarator = around.child_by_field_name("declarator")
        while declarator is not None and declarator.type != "qualified_identifier":
            declarator = declarator.child_by_field_name("declarator")
        if declarator is not None:
            scope = declarator.child_by_field_name("scope")
            return re.split(r"[<\[]", tree.source(scope))[0] if scope is not None else ""
        around = ancestor(around, *_TYPES)
    if around is not None and around.type == "method_declaration":
        receiver = around.child_by_field_name("receiver")
        if receiver is not None:
            return next(iter(re.findall(r"\w+", tree.source(receiver).partition("[")[0])[::-1]), "")
        around = ancestor(around, *_TYPES)
    if around is not None and around.type == "assignment_expression":
        left = around.child_by_field_name("left")
        source = tree.source(left) if left is not None else ""
        if ".prototype." in source:
            return source.partition(".")[0]
        around = ancestor(around, *_TYPES, *_THIS)
        if around is not None and around.type in ("function_expression", "function_declaration"):
            return _constructed(tree, around)
        around = nearest(around, *_TYPES)
    return _name_of(tree, around) if around is not None else ""


def receivers_of(names: Names, name: str) -> Receivers:
    """The types of the file, and those that have a member `name`."""
    tree = names.tree
    found = Receivers(names, name)
    for node in _definitions(tree):
        own = _name_of(tree, node)
        if own:
            found.types.setdefault(own, []).append(node)
    for node, binding in names.bindings(name):
        if binding.role not in (Role.MEMBER, Role.EITHER):
            continue
        holder = nearest(node.parent, "object", "class_body", *_TYPES)
        if holder is not None and holder.type == "object":
            found.objects.add(holder.id)
        else:
            found.owners.add(owner_of(tree, node))
        outer = nearest(
            node.parent, "type_definition", "struct_specifier", "union_specifier", "enum_specifier"
        )
        while outer is not None:
            found.owners.add(_name_of(tree, outer))
            outer = nearest(outer.parent, "type_definition") if outer.type != "type_definition" else None
    found.owners.discard("")
    found.owners |= names.links.types if names.links is not None else set()
    for owner in found.owners:
        found.types.setdefault(owner, [])
    return found


def _definitions(tree: Tree) -> list[tree_sitter.Node]:
    """Every definition of a type, by the kinds that the grammar has."""
    return [node for node in nodes_below(tree.root) if node.type in _TYPES and node.is_named]
