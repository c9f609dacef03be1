"""What a name in one file of a run is of another: by imports, packages and headers, as far as paths tell."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from editsvc.offline.naming.roles import Defines, Links, Names, Role, ancestor, is_field, root_of
from editsvc.syntax import ParseBudget
from editsvc.syntax.languages import language_of
from editsvc.syntax.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import tree_sitter

    from editsvc.offline.naming.receivers import Receivers
    from editsvc.offline.naming.roles import Occurrence
    from editsvc.syntax import Tree

_PARSE_STEPS: Final = 300_000
ALL: Final = "*"
"""The name of an import that takes all that a file offers."""
MODULE: Final = ""
"""The name of an import that takes a file itself."""


@dataclass(frozen=True, slots=True)
class Import:
    """One thing that a file takes from another: `name` there is `local` here.

    `path` is the file, None where it is none of the run. `maybe` are those that it may be, if that cannot be told.
    `node` is the identifier of what is taken, None if there is none.
    """

    path: str | None
    name: str
    local: str
    node: tree_sitter.Node | None
    maybe: tuple[str, ...] = ()
    passes_on: bool = False
    """True if it is offered to others at once: ``export … from``."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a file defines under a name that other files can see."""

    value: bool = False
    owners: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    """Functions, and classes that are called, with a parameter of the name."""

    @property
    def anything(self) -> bool:
        """True if there is something."""
        return bool(self.value or self.owners or self.functions)


class Files:
    """The files of one run by their paths, with ``/``, as they were when it began; each is parsed when needed."""

    def __init__(self, texts: Mapping[str, str], known: Mapping[str, str] | None = None) -> None:
        self.texts = dict(texts)
        self.known = dict(known or {})
        """Further files that tell what paths mean, such as go.mod."""
        self._names: dict[str, Names | None] = {}
        self._types: dict[str, Receivers | None] = {}
        self._members: dict[str, bool] = {}
        self._offers: dict[tuple[str, str], Offer] = {}
        self._imports: dict[str, list[Import]] = {}

    def with_text(self, path: str, text: str) -> Files:
        """The same files, but for the text of one."""
        return Files({**self.texts, path: text}, self.known)

    def beside(self, filename: str, text: str) -> Beside | None:
        """The files beside the one of this name with this text; None if there is none."""
        named = [path for path in self.texts if posixpath.basename(path) == posixpath.basename(filename)]
        found = [path for path in named if self.texts[path] == text] or (named if len(named) == 1 else [])
        return Beside(self, found[0]) if found else None

    def names(self, path: str) -> Names | None:
        """The names of a file; None if it cannot be parsed."""
        if path not in self._names:
            from editsvc.offline.naming import names_of  # noqa: PLC0415 - it knows the languages, which need this

            text = self.texts[path]
            language = language_of(posixpath.basename(path), text[:200])
            tree = (
                parse(text, language, budget=ParseBudget(_PARSE_STEPS))
                if language is not None and language.grammar
                else None
            )
            self._names[path] = names_of(tree) if tree is not None else None
        return self._names[path]

    def language(self, path: str) -> str:
        """The name of a file's language; empty if it is not known."""
        language = language_of(posixpath.basename(path), self.texts[path][:200])
        return language.name if language is not None else ""

    def imports(self, path: str) -> list[Import]:
        """What a file takes from others."""
        if path not in self._imports:
            names = self.names(path)
            read = READERS.get(names.tree.language.name) if names is not None else None
            self._imports[path] = list(read(self, path, names)) if read and names is not None else []
        return self._imports[path]

    def offer(self, path: str, name: str) -> Offer:
        """What a file itself defines under `name`."""
        if (path, name) not in self._offers:
            names = self.names(path) if name in self.texts.get(path, "") else None
            self._offers[path, name] = _offer(names, name) if names is not None else Offer()
        return self._offers[path, name]

    def offering(self, name: str) -> list[str]:
        """The files that define `name`."""
        return [path for path in self.texts if self.offer(path, name).anything]

    def has_members(self, name: str) -> bool:
        """True if a type of any of the files has a member `name`."""
        if name not in self._members:
            self._members[name] = any(self.offer(path, name).owners for path in self.texts)
        return self._members[name]

    def exports(self, path: str, name: str, seen: frozenset[str] = frozenset()) -> bool:
        """True if whoever takes `name` from a file gets what a file of the run defines."""
        if path in seen or path not in self.texts:
            return False
        if self.offer(path, name).value:
            return True
        return any(
            one.path is not None
            and one.name in (name, ALL)
            and one.local in (name, ALL)
            and self.exports(one.path, name, seen | {path})
            for one in self.imports(path)
        )

    def origin(self, path: str, name: str, seen: frozenset[str] = frozenset()) -> tuple[str, str] | None:
        """The file that defines what a file offers as `name`, and the name there."""
        if path in seen or path not in self.texts:
            return None
        names = self.names(path)
        if names is not None and any(
            not binding.imported and binding.defines is Defines.FULL for _, binding in names.bindings(name)
        ):
            return path, name
        for one in self.imports(path):
            if one.path is not None and (one.local == name or one.name == ALL):
                there = name if one.name == ALL else one.name
                found = self.origin(one.path, there, seen | {path})
                if found is not None:
                    return found
        return None

    def has_member(
        self, path: str, type_: str, member: str, seen: frozenset[tuple[str, str]] = frozenset()
    ) -> bool:
        """True if the type that a file offers has the member, by itself or by a base that the run knows."""
        at = self.origin(path, type_)
        if at is None or at in seen:
            return False
        if at[1] in self.offer(at[0], member).owners:
            return True
        types = self.types(at[0])
        return types is not None and any(
            self.has_member(at[0], base, member, seen | {at}) for base in types.bases(at[1])
        )

    def unknown_base(
        self, path: str, type_: str, seen: frozenset[tuple[str, str]] = frozenset()
    ) -> str | None:
        """A base of the type that a file offers, or of its bases, that the run does not know; None if it knows all."""
        at = self.origin(path, type_)
        if at is None or at in seen:
            return type_ if at is None else None
        types = self.types(at[0])
        for base in types.bases(at[1]) if types is not None else ():
            found = self.unknown_base(at[0], base, seen | {at})
            if found is not None:
                return found
        return None

    def types(self, path: str) -> Receivers | None:
        """The types of a file; None if it cannot be parsed."""
        if path not in self._types:
            from editsvc.offline.naming.receivers import receivers_of  # noqa: PLC0415 - as above

            names = self.names(path)
            self._types[path] = receivers_of(names, "") if names is not None else None
        return self._types[path]


def _offer(names: Names, name: str) -> Offer:
    from editsvc.offline.naming.receivers import receivers_of  # noqa: PLC0415 - as above

    root = names.tree.root
    outermost = {(0, len(names.tree.data) + 1), (root.start_byte, root.end_byte)}
    value = any(
        binding.role is Role.EITHER and not names.naming.merged and _is_export(node)
        for node, binding in names.bindings(name)
    ) or any(
        symbol.key in outermost and not symbol.imported and not symbol.member
        for symbol in names.symbols(name)
    )
    owners: set[str] = set()
    if any(
        binding.role in (Role.MEMBER, Role.EITHER) and binding.defines is Defines.FULL
        for _, binding in names.bindings(name)
    ):
        owners = receivers_of(names, name).owners
    return Offer(value, frozenset(owners), frozenset(_takers(names, name)))


def _is_export(node: tree_sitter.Node) -> bool:
    """True for ``exports.name = …``."""
    parent = node.parent
    return parent is not None and parent.type == "member_expression"


def _takers(names: Names, name: str) -> Iterator[str]:
    """The functions of Python that are called with `name` as a keyword."""
    if names.tree.language.name != "python":
        return
    for node, _ in names.bindings(name):
        listed = ancestor(node, "parameters", "lambda_parameters", "block")
        function = listed.parent if listed is not None and listed.type == "parameters" else None
        called = function.child_by_field_name("name") if function is not None else None
        if called is None or function is None:
            continue
        source = names.tree.source(called)
        owner = ancestor(function, "class_definition", "function_definition")
        if source in ("__init__", "__new__") and owner is not None and owner.type == "class_definition":
            called = owner.child_by_field_name("name")
            source = names.tree.source(called) if called is not None else ""
        yield source


def links_of(files: Files, path: str, names: Names, name: str) -> Links:
    """Where `name` in the file at `path` means what other files of the run define."""
    links = Links(files=files)
    imports = files.imports(path)
    links.taken = {
        one.local: (one.path, one.name)
        for one in imports
        if one.path is not None and one.name not in (ALL, MODULE)
    }
    offering = [one for one in files.offering(name) if one != path]
    if not offering:
        return links
    links.offered = True
    symbols = {node.id: symbol for symbol in names.symbols(name) for node in symbol.nodes}
    for one in imports:
        if one.path is None:
            if one.name in (name, MODULE, ALL) and any(files.exports(maybe, name) for maybe in one.maybe):
                links.unsure += _unsure(names, one, name)
        else:
            _take(files, one, one.path, names, name, links)
            if one.node is not None and one.node.id in symbols and one.local == name:
                start = names.tree.offset(one.node.start_byte)
                links.keys |= {symbols[one.node.id].key} if start in links.starts else set()
    everything = any(
        one.name == ALL and one.path is not None and files.exports(one.path, name) for one in imports
    )
    here = visible(files, path)
    everything = everything or any(files.offer(other, name).value for other in here)
    for other in here:
        links.types |= files.offer(other, name).owners
        links.types |= _types_with(files, other, name)
    places = names.occurrences(name)
    for place in places:
        if everything and place.bare and place.symbol is None and place.role in _ALONE:
            links.starts.add(place.start)
    links.starts |= set(_through_modules(files, imports, names, places, name))
    _keywords(files, path, names, places=places, links=links, name=name)
    links.members = any(files.offer(other, name).owners for other in offering)
    return links


def _take(files: Files, one: Import, path: str, names: Names, name: str, links: Links) -> None:  # noqa: PLR0917
    """Add to `links` what an import of the file at `path` takes."""
    if one.name in (ALL, MODULE):
        links.modules |= {one.local} if one.name == MODULE else set()
        links.types |= _types_with(files, path, name)
        return
    if files.has_member(path, one.name, name):
        links.types.add(one.local)
    # An import of Java's may take a member.
    static = names.tree.language.name == "java" and bool(files.offer(path, name).owners)
    if one.name == name and one.node is not None and (files.exports(path, name) or static):
        links.starts.add(names.tree.offset(one.node.start_byte))


_ALONE: Final = (Role.VALUE, Role.EITHER, Role.SHORTHAND)


def _types_with(files: Files, path: str, name: str) -> set[str]:
    """The types of a file that have the member `name`."""
    types = files.types(path)
    if types is None or not files.has_members(name):
        return set()
    return {type_ for type_ in types.types if files.has_member(path, type_, name)}


def _unsure(names: Names, one: Import, name: str) -> list[int]:
    if one.name == name and one.node is not None:
        return [names.tree.offset(one.node.start_byte)]
    if one.name == ALL:
        return [place.start for place in names.occurrences(name) if place.bare and place.symbol is None]
    return [
        place.start
        for place in names.occurrences(name)
        if place.node is not None and _before_the_dot(names.tree, place.node) == one.local
    ]


def _before_the_dot(tree: Tree, node: tree_sitter.Node) -> str:
    """What stands in front of the last dot before a name, without blanks; empty if it stands alone."""
    parent = node.parent
    if parent is None or not parent.named_children or parent.named_children[0] == node:
        return ""
    if parent.type not in _DOTTED:
        return ""
    return "".join(tree.source(parent.named_children[0]).split())


_DOTTED: Final = frozenset(
    {"attribute", "dotted_name", "member_expression", "nested_identifier", "nested_type_identifier"}
    | {"selector_expression", "qualified_type", "scoped_identifier", "scoped_type_identifier"}
    | {"field_access", "method_invocation", "qualified_identifier"}
)


def _through_modules(
    files: Files, imports: list[Import], names: Names, places: Iterable[Occurrence], name: str
) -> Iterator[int]:
    """Places behind what the file calls another file: ``helpers.fetch``."""
    modules: dict[str, list[str]] = {}
    for one in imports:
        if one.name == MODULE and one.path is not None:
            modules.setdefault(one.local, []).append(one.path)
    for place in places:
        if place.node is None:
            continue
        before = _before_the_dot(names.tree, place.node)
        if before not in modules:
            continue
        root = before.partition(".")[0].partition("::")[0]
        bound = names.meant(root, place.node.start_byte)
        if (bound is None or bound.imported) and any(files.exports(path, name) for path in modules[before]):
            yield place.start


def _keywords(
    files: Files,
    path: str,
    names: Names,
    *,
    places: Iterable[Occurrence],
    links: Links,
    name: str,
) -> None:
    """Keywords of calls of functions that other files define with a parameter of the name."""
    if names.tree.language.name != "python":
        return
    takers = {taker for other in files.texts for taker in files.offer(other, name).functions}
    taken = {one.local: one for one in files.imports(path) if one.path is not None}
    for place in places:
        node = place.node
        argument = node.parent if node is not None else None
        if (
            node is None
            or argument is None
            or argument.type != "keyword_argument"
            or not is_field(node, "name")
        ):
            continue
        call = ancestor(argument, "call")
        function = call.child_by_field_name("function") if call is not None else None
        if function is None:
            continue
        source = "".join(names.tree.source(function).split())
        before, _, last = source.rpartition(".")
        one = taken.get(before or last)
        bound = names.meant(names.tree.source(root_of(function)), function.start_byte)
        if one is not None and one.path is not None and bound is not None and bound.imported:
            at = files.origin(one.path, last if one.name == MODULE else one.name)
            if (
                at is not None
                and at[1] in files.offer(at[0], name).functions | files.offer(at[0], name).owners
            ):
                links.starts.add(place.start)
                continue
        if function.type == "attribute" and last in takers and place.role is Role.FOREIGN:
            _keyword_of_method(files, path, names, function, place=place, links=links)


def _keyword_of_method(
    files: Files,
    path: str,
    names: Names,
    function: tree_sitter.Node,
    *,
    place: Occurrence,
    links: Links,
) -> None:
    from editsvc.offline.naming.receivers import Whose, receivers_of  # noqa: PLC0415 - as above

    method = function.child_by_field_name("attribute")
    if method is None:
        return
    called = names.tree.source(method)
    there = replace(names, links=links_of(files, path, names, called))
    match receivers_of(there, called).whose(method):
        case Whose.OWN:
            links.starts.add(place.start)
        case Whose.UNKNOWN:
            links.unsure.append(place.start)


def visible(files: Files, path: str) -> list[str]:
    """The other files whose names a file sees without an import: its package in Go and Java, its headers in C."""
    finder = VISIBLE.get(files.language(path))
    return finder(files, path) if finder is not None else []


@dataclass(frozen=True, slots=True)
class Beside:
    """The files of a run beside the one at `path`."""

    files: Files
    path: str

    def with_text(self, text: str) -> Beside:
        """The same, where the file has this text."""
        return (
            self
            if self.files.texts.get(self.path) == text
            else Beside(self.files.with_text(self.path, text), self.path)
        )


READERS: dict[str, Callable[[Files, str, Names], Iterator[Import]]] = {}
VISIBLE: dict[str, Callable[[Files, str], list[str]]] = {}
