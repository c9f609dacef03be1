"""Members that a type may owe to another file: what overrides or implements a base that the file does not define."""

from __future__ import annotations

import builtins
import re
from typing import TYPE_CHECKING, Final

from editsvc.offline.naming.receivers import owner_of, receivers_of
from editsvc.offline.naming.roles import Defines, Role, ancestor
from editsvc.offline.naming.scopes import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from editsvc.offline.naming.receivers import Receivers
    from editsvc.offline.naming.roles import Names

# Bases that have nothing which a class of the file would define again, but names with underscores.
_PLAIN_BASES: Final = frozenset(
    {"ABC", "Any", "Enum", "Flag", "Generic", "IntEnum", "IntFlag", "NamedTuple", "Protocol", "StrEnum"}
    | {"TypedDict", "object", "metaclass", "ABCMeta", "total", "False", "True", "abc", "enum", "typing"}
    | {"typing_extensions", "t", "Serializable", "Cloneable", "Copy"}
)
_GIVEN: Final = frozenset(dir(builtins))
# What Go's own packages call on whatever has it.
_GO_INTERFACES: Final = frozenset(
    {
        "As",
        "Close",
        "Err",
        "Error",
        "Flush",
        "Format",
        "GoString",
        "Is",
        "Len",
        "Less",
        "Lock",
        "MarshalBinary",
    }
    | {"MarshalJSON", "MarshalText", "MarshalXML", "MarshalYAML", "Pop", "Push", "Read", "ReadAt", "ReadByte"}
    | {
        "ReadFrom",
        "ReadRune",
        "RoundTrip",
        "Scan",
        "Seek",
        "ServeHTTP",
        "Set",
        "String",
        "Swap",
        "Sync",
        "Unlock",
    }
    | {
        "UnmarshalBinary",
        "UnmarshalJSON",
        "UnmarshalText",
        "UnmarshalXML",
        "UnmarshalYAML",
        "Unwrap",
        "Value",
    }
    | {"Visit", "Write", "WriteAt", "WriteByte", "WriteHeader", "WriteString", "WriteTo", "Deadline", "Done"}
    | {"Name", "Size", "Mode", "ModTime", "IsDir", "Sys", "Header"}
)


def may_be_owed(names: Names, name: str) -> list[tuple[int, str, bool]]:
    """Where a type defines the member `name` that a base of another file may have: the offset, the base, if surely."""
    find = _FINDERS.get(names.tree.language.name)
    if find is None:
        return []
    receivers = receivers_of(names, name)
    found = []
    for node, binding in names.bindings(name):
        if binding.role not in (Role.MEMBER, Role.EITHER) or binding.defines is not Defines.FULL:
            continue
        base = find(names, receivers, node, name)
        if base is not None:
            found.append((names.tree.offset(node.start_byte), *base))
    return found


Base = tuple[str, bool]


def _foreign_bases(
    names: Names, receivers: Receivers, owner: str, seen: frozenset[str] = frozenset()
) -> Iterator[str]:
    """The bases of a type, and of its bases, that nothing of the file or the run defines."""
    links = names.links
    for base in receivers.bases(owner):
        if base in seen or base in _PLAIN_BASES or len(base) == 1:
            continue
        if receivers.types.get(base):
            yield from _foreign_bases(names, receivers, base, seen | {owner, base})
        elif links is not None and links.files is not None and base in links.taken:
            # What the run knows is renamed with it; of what that is built on, the plain ones have nothing.
            unknown = links.files.unknown_base(*links.taken[base])
            if unknown is not None and unknown not in _PLAIN_BASES:
                yield unknown
        elif links is not None and base in links.types:
            continue
        else:
            yield base


def _python(names: Names, receivers: Receivers, node: tree_sitter.Node, name: str) -> Base | None:
    parent = node.parent
    if parent is None or parent.type == "attribute" or _is_private(name):
        return None
    for base in _foreign_bases(names, receivers, owner_of(names.tree, node)):
        if base in _GIVEN and not names.bindings(base):
            if hasattr(getattr(builtins, base), name):
                return base, True
            continue
        # The parts of a path, "nn" of "nn.Module", are read as bases as well.
        return _last_of_path(names, node, base), False
    return None


def _is_private(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")


def _last_of_path(names: Names, node: tree_sitter.Node, base: str) -> str:
    """The base as it is written: ``nn.Module`` for ``nn``."""
    around = ancestor(node, "class_definition", "class_declaration", "class", "abstract_class_declaration")
    head = names.tree.source(around).partition("{")[0].partition(":\n")[0] if around is not None else ""
    match = re.search(rf"(?<![\w.]){re.escape(base)}(?:\.\w+)*", head)
    return match[0] if match else base


def _ecmascript(names: Names, receivers: Receivers, node: tree_sitter.Node, name: str) -> Base | None:
    parent = node.parent
    if parent is None or name.startswith("#"):
        return None
    words = {names.tree.source(child) for child in parent.children[:4]}
    if words & {"private", "static"} or parent.type == "member_expression":
        return None
    if (
        nearest(parent, "object", "class_body") is not None
        and ancestor(node, "object", "class_body") is not None
    ):
        holder = ancestor(node, "object", "class_body")
        if holder is not None and holder.type == "object":
            return None
    bases = (
        base
        for base in _foreign_bases(names, receivers, owner_of(names.tree, node))
        if base not in ("extends", "implements", "Error", "React", "super")
        and (names.imports(base) or (not names.defines(base) and base[:1].isupper()))
    )
    base = next(bases, None)
    return None if base is None else (_last_of_path(names, node, base), "override" in words)


def _java(names: Names, receivers: Receivers, node: tree_sitter.Node, _name: str) -> Base | None:
    method = node.parent
    if method is None or method.type != "method_declaration":
        return None
    modifiers = next((child for child in method.children if child.type == "modifiers"), None)
    words = names.tree.source(modifiers) if modifiers is not None else ""
    if re.search(r"\b(?:private|static)\b", words):
        return None
    bases = [
        base
        for base in _foreign_bases(names, receivers, owner_of(names.tree, node))
        if base not in ("extends", "implements", "super")
    ]
    overrides = "@Override" in words
    anonymous = ancestor(node, "object_creation_expression", "class_declaration")
    if anonymous is not None and anonymous.type == "object_creation_expression":
        type_ = anonymous.child_by_field_name("type")
        source = names.tree.source(type_).partition("<")[0] if type_ is not None else ""
        return (source, True) if source not in receivers.types else None
    if overrides and not bases:
        own = any(other in receivers.owners for other in receivers.bases(owner_of(names.tree, node)))
        return None if own else ("Object", True)
    if not bases:
        return None
    if overrides and any(other in receivers.owners for other in receivers.bases(owner_of(names.tree, node))):
        return None
    return bases[0], overrides


def _rust(names: Names, receivers: Receivers, node: tree_sitter.Node, _name: str) -> Base | None:
    implementation = ancestor(node, "impl_item", "trait_item")
    trait = implementation.child_by_field_name("trait") if implementation is not None else None
    if trait is None or node.parent is None or node.parent.type == "field_declaration":
        return None
    source = names.tree.source(trait)
    name = source.partition("<")[0].rpartition("::")[2]
    links = names.links
    run = links is not None and (name in links.types or name in links.taken)
    return None if receivers.types.get(name) or run else (source, True)


def _go(_names: Names, _receivers: Receivers, node: tree_sitter.Node, name: str) -> Base | None:
    method = node.parent is not None and node.parent.type == "method_declaration"
    return ("an interface of Go's own packages", False) if method and name in _GO_INTERFACES else None


def _cpp(names: Names, receivers: Receivers, node: tree_sitter.Node, _name: str) -> Base | None:
    declaration = ancestor(node, "field_declaration", "function_definition")
    if declaration is None or ancestor(node, "function_declarator") is None:
        return None
    head = names.tree.source(declaration).partition("{")[0]
    overrides = re.search(r"\)[^;{]*\b(?:override|final)\b", head) is not None
    bases = [
        base
        for base in _foreign_bases(names, receivers, owner_of(names.tree, node))
        if base not in ("public", "private", "protected", "virtual", "std")
    ]
    if not bases or not (overrides or "virtual" in head):
        return None
    return bases[0], overrides


_FINDERS: Final = {
    "python": _python,
    **dict.fromkeys(("javascript", "javascriptreact", "typescript", "typescriptreact"), _ecmascript),
    "java": _java,
    "rust": _rust,
    "go": _go,
    "cpp": _cpp,
}
