"""What of a file of C or C++ its headers may declare."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from editsvc.offline.naming.imports import included
from editsvc.offline.naming.receivers import owner_of, receivers_of
from editsvc.offline.naming.roles import Role, ancestor

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from editsvc.offline.naming.links import Beside
    from editsvc.offline.naming.roles import Names

_OUTERMOST = ("translation_unit", "linkage_specification", "namespace_definition")


def headers(names: Names, beside: Beside | None) -> Iterator[tuple[str, int, str | None]]:
    """The headers of a project that a file includes and that are not edited with it.

    Each as it is written, with the offset of that and its text; None for one that was not read.
    """
    edited = _of_the_run(beside, names) if beside is not None else []
    for node in names.tree.captures("(preproc_include path: (string_literal) @path)"):
        written = names.tree.source(node).strip('"')
        text = None
        if beside is not None:
            at = posixpath.normpath(posixpath.join(posixpath.dirname(beside.path), written))
            if at in beside.files.texts:
                continue
            text = beside.files.known.get(at)
            if text is None and node in edited:
                continue
        yield written, names.tree.offset(node.start_byte), text


def _of_the_run(beside: Beside, names: Names) -> list[tree_sitter.Node]:
    """The places that include a file of the run."""
    return [node for other, _, node in included(beside.files, beside.path, names) if other is not None]


def seen_by_others(names: Names, name: str) -> list[tree_sitter.Node]:
    """The nodes that define `name` for other files as well: not in a function, not ``static``."""
    tree = names.tree
    found: list[tree_sitter.Node] = []
    for node, binding in names.bindings(name):
        declaration = ancestor(
            node, "declaration", "function_definition", "struct_specifier", "class_specifier"
        )
        if binding.role is Role.MEMBER or declaration is None or not _is_outermost(tree_parent(declaration)):
            continue
        if declaration.type.endswith("_specifier") and names.tree.language.name != "c":
            continue
        words = [
            tree.source(child) for child in declaration.children if child.type == "storage_class_specifier"
        ]
        if "static" in words:
            return []
        if ancestor(node, "parameter_list") is not None:
            continue
        found.append(node)
    return found


def tree_parent(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """What a declaration stands in, preprocessor conditions and the like aside."""
    around = node.parent
    while around is not None and (
        around.type.startswith("preproc_")
        or around.type in ("declaration_list", "template_declaration", "type_definition")
    ):
        around = around.parent
    return around


def _is_outermost(around: tree_sitter.Node | None) -> bool:
    if around is None or around.type not in _OUTERMOST:
        return False
    while around is not None:
        if around.type == "namespace_definition" and around.child_by_field_name("name") is None:
            return False
        around = around.parent
    return True


def is_of_absent_class(names: Names, node: tree_sitter.Node) -> bool:
    """True for a method, ``Client::fetch``, of a class that the file does not define."""
    qualified = ancestor(node, "qualified_identifier")
    owner = owner_of(names.tree, node) if qualified is not None else ""
    return bool(owner) and not [
        one
        for one in receivers_of(names, "").types.get(owner, ())
        if one.child_by_field_name("body") is not None
    ]
