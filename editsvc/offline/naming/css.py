"""Names in CSS: an author's own (classes, ids, animations), and those of HTML and of CSS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.offline.naming.roles import Binding, Names, Naming, Occurrence, Role, ancestor

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from editsvc.syntax import Tree


def _binding(_tree: Tree, node: tree_sitter.Node) -> Binding | None:
    if node.type == "keyframes_name":
        return Binding(Role.VALUE)
    parent = node.parent
    pseudo = parent is not None and parent.type.startswith("pseudo")
    return Binding(Role.MEMBER) if node.type in ("class_name", "id_name") and not pseudo else None


def _use(names: Names, node: tree_sitter.Node) -> tuple[Role, str]:
    declaration = ancestor(node, "declaration")
    if node.type == "plain_value" and declaration is not None:
        aspect = names.tree.source(declaration.named_children[0]).lower()
        if aspect.rpartition("-")[0] in ("", "-webkit", "-moz") and aspect.endswith("animation"):
            return Role.VALUE, "{new}"
        if aspect.endswith("animation-name"):
            return Role.VALUE, "{new}"
    return Role.OTHER, "{new}"


def _further(_names: Names, _name: str) -> Iterator[Occurrence]:
    return iter(())


NAMING: Final = Naming(_binding, _use, _further)
