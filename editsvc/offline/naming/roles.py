"""What a name stands for where it stands: a value, a member of something, or a thing that the file does not define."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

from editsvc.offline.naming.scopes import Scope, Symbol, meant

if TYPE_CHECKING:
    from collections.abc import Iterable

    import tree_sitter

    from editsvc.syntax import Tree

ALIAS: Final = "{old} as {new}"
"""An import keeps the name of what it imports."""
PAIR: Final = "{old}: {new}"
"""A field keeps its name where the variable of the same name gets another."""
CANNOT: Final = ""
"""There is no way to write it."""


class Role(Enum):
    """What a name stands for at one place."""

    VALUE = "a variable, function, type or module"
    PARAMETER = "a parameter of a function of the file, by its name"
    MEMBER = "a field, method or key of something"
    EITHER = "one of both: it follows whichever is renamed"
    SHORTHAND = "both at once, as in {name}"
    UNSURE = "a member of something that may be the file's or not"
    FOREIGN = "something that the file does not define"
    OTHER = "certainly another thing, such as a module in an import"


class Defines(Enum):
    """Whether a name is defined at a place. What is WEAK counts only where nothing is FULL."""

    NO = 0
    WEAK = 1
    FULL = 2


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place of a name, in code points; `spelling` has ``{old}`` and ``{new}`` in it, or is empty.

    `node` is the identifier, if it is one; `modifiers` stand before it, and apply to the variable, not to the field of
    a shorthand. A name that stands alone is `bare`; `symbol` is what it means, None if nothing in the file that is seen
    there (or if the language has no scopes here).
    """

    start: int
    end: int
    role: Role
    defines: Defines = Defines.NO
    imported: bool = False
    spelling: str = "{new}"
    node: tree_sitter.Node | None = None
    modifiers: str = ""
    symbol: Symbol | None = None
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Binding:
    """How a node gives a name its meaning: the role, and whether the meaning comes from another file."""

    role: Role = Role.VALUE
    defines: Defines = Defines.FULL
    imported: bool = False
    spelling: str = "{new}"
    modifiers: str = ""


Fold = Callable[["Tree", "tree_sitter.Node", str], "tuple[tree_sitter.Node, str] | None"]


@dataclass(frozen=True, slots=True)
class Naming:
    """How a language names things.

    `binding` tells whether a node defines its name, from the node alone. `use` is the role of a node that does
    not, with the spelling of a place. `further` finds places that are no identifiers: names in strings that are
    code, imports that bind a name without writing it. `merged` tells that a member is written without its owner.
    `fold` is what can be written shorter where an identifier gets the given name, and how: ``{a: b}`` is ``{a}`` if
    ``b`` becomes ``a``. `scope` is where a binding is seen, None for a member of something; a language without it has
    one scope. Names that are `given` everywhere are the language's own.
    """

    binding: Callable[[Tree, tree_sitter.Node], Binding | None]
    use: Callable[[Names, tree_sitter.Node], tuple[Role, str]]
    further: Callable[[Names, str], Iterable[Occurrence]]
    merged: bool = False
    scope: Callable[[Names, tree_sitter.Node, Binding], Scope | None] | None = None
    given: frozenset[str] = frozenset()
    fold: Fold = lambda _tree, _node, _new: None


class Elsewhere(Protocol):
    """The other files of a run."""

    def origin(self, path: str, name: str) -> tuple[str, str] | None:
        """The file that defines what a file offers as `name`, and the name there."""
        ...

    def unknown_base(self, path: str, type_: str) -> str | None:
        """A base of the type that a file offers that the run does not know; None if it knows all."""
        ...

    def names(self, path: str) -> Names | None:
        """The names of a file; None if it cannot be parsed."""
        ...


@dataclass(slots=True)
class Links:
    """Where a name means what another file of the run defines.

    `keys` are symbols that imports bind, `starts` are further places, `types` and `modules` are what the file calls
    the types that have the member and the files that define the name. `unsure` are places of which it cannot be told.
    """

    keys: set[tuple[int, int]] = field(default_factory=set)
    starts: set[int] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    unsure: list[int] = field(default_factory=list)
    offered: bool = False
    """True if another file of the run defines the name."""
    members: bool = False
    """True if the name is a member of a type of another file, of which the file may hold something."""
    taken: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What the file calls a thing of another file of the run: the file, and the name there."""
    files: Elsewhere | None = None

    def local(self, type_: str) -> str:
        """What the file calls a type that another file of the run calls `type_`."""
        names = (local for local, (_, there) in self.taken.items() if there == type_ and local in self.types)
        return next(names, type_)

    @property
    def found(self) -> bool:
        """True if anything in the file may be another's."""
        return bool(self.keys or self.starts or self.types or self.unsure)


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """The names of a tree, each with its nodes; `links` tell what of one name is another file's of the same run."""

    tree: Tree
    naming: Naming
    nodes: dict[str, list[tree_sitter.Node]]
    links: Links | None = None
    _bindings: dict[str, list[tuple[tree_sitter.Node, Binding]]] = field(default_factory=dict)
    _symbols: dict[str, list[Symbol]] = field(default_factory=dict)

    def bindings(self, name: str) -> list[tuple[tree_sitter.Node, Binding]]:
        """The nodes that define `name`."""
        if name not in self._bindings:
            found = ((node, self.naming.binding(self.tree, node)) for node in self.nodes.get(name, ()))
            self._bindings[name] = [(node, binding) for node, binding in found if binding is not None]
        return self._bindings[name]

    def defines(self, name: str) -> bool:
        """True if the file itself defines a value or type `name`."""
        return any(
            not binding.imported and binding.role is not Role.MEMBER for _, binding in self.bindings(name)
        )

    def imports(self, name: str) -> bool:
        """True if `name` is imported."""
        return any(binding.imported for _, binding in self.bindings(name))

    def symbols(self, name: str) -> list[Symbol]:
        """What `name` means in the file; empty if the language has no scopes here."""
        if self.naming.scope is None:
            return []
        if name not in self._symbols:
            found: dict[tuple[int, int], list[tuple[tree_sitter.Node, Binding, Scope]]] = {}
            for node, binding in self.bindings(name):
                scope = self.naming.scope(self, node, binding)
                if scope is not None:
                    found.setdefault(scope.key, []).append((node, binding, scope))
            self._symbols[name] = [
                Symbol(
                    key,
                    tuple(scope for _, _, scope in bound),
                    tuple(node for node, _, _ in bound),
                    imported=all(binding.imported for _, binding, _ in bound),
                    member=all(binding.role is Role.MEMBER for _, binding, _ in bound),
                )
                for key, bound in found.items()
            ]
        return self._symbols[name]

    def meant(self, name: str, byte: int) -> Symbol | None:
        """What `name` would mean if it stood at `byte`."""
        return meant(self.tree, self.symbols(name), byte)

    def _resolved(self, name: str, place: Occurrence) -> Occurrence:
        if self.naming.scope is None or place.role in (Role.PARAMETER, Role.MEMBER, Role.FOREIGN, Role.OTHER):
            return place
        if place.role is Role.UNSURE and place.spelling != PAIR:
            return place
        if place.role is Role.EITHER and (place.node is None or _is_qualified(place.node)):
            return place
        symbols = self.symbols(name)
        if place.node is not None:
            for symbol in symbols:
                if place.node in symbol.nodes:
                    return replace(place, symbol=symbol, bare=True)
        return replace(place, symbol=self.meant(name, self.tree.byte(place.start)), bare=True)

    def occurrences(self, name: str) -> list[Occurrence]:
        """Every place of `name`, in order."""
        bindings = {node.id: binding for node, binding in self.bindings(name)}
        found = []
        for node in self.nodes.get(name, ()):
            start, end = self.tree.span(node)
            binding = bindings.get(node.id)
            if binding is None:
                role, spelling = self.naming.use(self, node)
                found.append(Occurrence(start, end, role, spelling=spelling, node=node))
            else:
                what = (binding.role, binding.defines, binding.imported, binding.spelling)
                found.append(Occurrence(start, end, *what, node, binding.modifiers))
        known = {(place.start, place.end) for place in found}
        found += [place for place in self.naming.further(self, name) if (place.start, place.end) not in known]
        found = [self._resolved(name, place) for place in found]
        return sorted(found, key=lambda place: (place.start, place.end))


def _is_qualified(node: tree_sitter.Node) -> bool:
    """True if a name stands behind what it belongs to."""
    parent = node.parent
    return parent is not None and parent.children[0] != node and parent.type in _QUALIFIED


_QUALIFIED: Final = frozenset(
    {"attribute", "dotted_name", "member_expression", "scoped_identifier", "scoped_type_identifier"}
    | {"qualified_identifier", "selector_expression", "qualified_type", "field_access", "method_invocation"}
    | {"use_list", "use_declaration", "nested_type_identifier", "nested_identifier"}
)


def field_of(node: tree_sitter.Node) -> str | None:
    """The field that `node` is in its parent."""
    parent = node.parent
    if parent is None:
        return None
    for index, child in enumerate(parent.children):
        if child == node:
            return parent.field_name_for_child(index)
    return None


def is_field(node: tree_sitter.Node, *names: str) -> bool:
    """True if `node` is one of these fields of its parent."""
    return field_of(node) in names


def ancestor(node: tree_sitter.Node, *types: str) -> tree_sitter.Node | None:
    """The nearest ancestor of one of these types."""
    parent = node.parent
    while parent is not None and parent.type not in types:
        parent = parent.parent
    return parent


def climb(node: tree_sitter.Node, *types: str) -> tree_sitter.Node:
    """Up from `node` as long as the parent is of one of these types."""
    while node.parent is not None and node.parent.type in types:
        node = node.parent
    return node


def root_of(node: tree_sitter.Node) -> tree_sitter.Node:
    """Where a chain of members, calls and subscripts begins: ``a`` in ``a.b(c)[d].e``."""
    while True:
        inner = None
        for name in ("object", "function", "value", "operand", "argument", "expression", "scope", "path"):
            inner = node.child_by_field_name(name)
            if inner is not None:
                break
        if inner is None or inner.start_byte != node.start_byte:
            return node
        node = inner


def last_name(tree: Tree, node: tree_sitter.Node | None) -> str:
    """The last name of a chain: ``get`` in ``requests.get``; empty if there is none."""
    while node is not None:
        inner = next(
            (
                found
                for name in ("attribute", "property", "field", "name")
                if (found := node.child_by_field_name(name)) is not None
            ),
            None,
        )
        if inner is None:
            return tree.source(node) if not node.named_children else ""
        node = inner
    return ""


def fold(parent: str, *fields: str, path: str = "") -> Fold:
    """A `Naming.fold` for nodes of the type `parent`, whose two fields hold a name each.

    Where `path` is given, the other one may be a path to the name, whose parts it separates.
    """

    def folded(tree: Tree, node: tree_sitter.Node, new: str) -> tuple[tree_sitter.Node, str] | None:
        around = node.parent
        if around is None or around.type != parent:
            return None
        parts = [around.child_by_field_name(name) for name in fields]
        other = [part for part in parts if part is not None and part != node]
        if len(parts) != len(other) + 1:
            return None
        source = tree.source(other[0])
        last = source.rpartition(path)[2] if path else source
        return (around, source) if last == new else None

    return folded


def folds(*ways: Fold) -> Fold:
    """The first of several ways to fold that applies."""

    def folded(tree: Tree, node: tree_sitter.Node, new: str) -> tuple[tree_sitter.Node, str] | None:
        return next((found for way in ways if (found := way(tree, node, new)) is not None), None)

    return folded
