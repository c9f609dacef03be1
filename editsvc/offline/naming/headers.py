"""What of a file of C or C++ its headers may declare."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final

from editsvc.offline.naming.imports import included
from editsvc.offline.naming.receivers import owner_of, receivers_of
from editsvc.offline.naming.roles import Role, ancestor

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from editsvc.offline.naming.links import Beside
    from editsvc.offline.naming.roles import Names

_INCLUDE: Final = re.compile(r'(?m)^[ \t]*#[ \t]*include[ \t]*"([^"\r\n]+)"')
_OUTERMOST: Final = ("translation_unit", "linkage_specification", "namespace_definition")


def headers(names: Names, beside: Beside | None) -> Iterator[tuple[str, int, str | None]]:
    """The headers of a project that a file includes, at first or at second hand, and that are not edited with it.

    Each as it is written, with the offset of the line of the file that leads to it, and its text; None for one that
    was not read.
    """
    edited = _of_the_run(beside, names) if beside is not None else []
    seen: set[str] = set()
    for node in names.tree.captures("(preproc_include path: (string_literal) @path)"):
        offset = names.tree.offset(node.start_byte)
        written = names.tree.source(node).strip('"')
        if beside is None:
            yield written, offset, None
            continue
        todo = [(beside.path, written)]
        while todo:
            path, written = todo.pop()
            at = posixpath.normpath(posixpath.join(posixpath.dirname(path), written))
            if at in seen:
                continue
            seen.add(at)
            text = beside.files.texts.get(at)
            if text is None:
                text = beside.files.known.get(at)
                if text is not None or node not in edited:
                    yield written, offset, text
            if text is not None:
                todo += [(at, further) for further in reversed(includes(text))]


def includes(text: str) -> list[str]:
    """What a file of C includes in quotes, as it is written."""
    return _INCLUDE.findall(text)


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
