"""Where a name stands in a file, and for what: by language, and by the tree alone."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from editsvc.offline.naming import cfamily, css, ecmascript, go, python, rust, shell
from editsvc.offline.naming import imports as imports
from editsvc.offline.naming.links import links_of
from editsvc.offline.naming.roles import Names, Naming, Occurrence, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from editsvc.offline.naming.links import Beside
    from editsvc.offline.naming.roles import Binding
    from editsvc.syntax import Tree


def names_of(tree: Tree) -> Names:
    """The names of `tree`."""
    nodes: dict[str, list[tree_sitter.Node]] = {}
    python = tree.language.name == "python"
    for node in tree.captures(tree.language.identifiers):
        source = tree.source(node)
        if python and not source.isascii():
            source = unicodedata.normalize("NFKC", source)  # Python compares names in this form
        nodes.setdefault(source, []).append(node)
    return Names(tree, _NAMINGS.get(tree.language.name, _PLAIN), nodes)


def linked(beside: Beside, text: str, names: Names, name: str) -> Names:
    """`names` with what `name` is of other files of the run; as they are if there are no others."""
    beside = beside.with_text(text)
    there = beside.files.names(beside.path)
    if there is None or len(beside.files.texts) < 2:  # noqa: PLR2004 - itself
        return names
    return replace(there, links=links_of(beside.files, beside.path, there, name))


def _unbound(_tree: Tree, _node: tree_sitter.Node) -> Binding | None:
    return None


def _value(_names: Names, _node: tree_sitter.Node) -> tuple[Role, str]:
    return Role.VALUE, "{new}"


def _nothing(_names: Names, _name: str) -> Iterator[Occurrence]:
    return iter(())


def _quoted_keys(names: Names, name: str) -> Iterator[Occurrence]:
    """Keys in quotes, which are the same keys."""
    tree = names.tree
    for key in tree.captures(_QUOTED_KEYS[tree.language.name]):
        if tree.source(key)[1:-1] == name:
            start, end = tree.span(key)
            yield Occurrence(start + 1, end - 1, Role.VALUE)


_QUOTED_KEYS: Final = {
    "toml": "(quoted_key) @key",
    "yaml": """
(block_mapping_pair key: (flow_node [(double_quote_scalar) (single_quote_scalar)] @key))
(flow_pair key: (flow_node [(double_quote_scalar) (single_quote_scalar)] @key))
""",
}
# Keys of data are all of one kind.
_PLAIN: Final = Naming(_unbound, _value, _nothing)
_KEYS: Final = Naming(_unbound, _value, _quoted_keys)
_NAMINGS: Final[dict[str, Naming]] = {
    "python": python.NAMING,
    "javascript": ecmascript.NAMING,
    "javascriptreact": ecmascript.NAMING,
    "typescript": ecmascript.NAMING,
    "typescriptreact": ecmascript.NAMING,
    "go": go.NAMING,
    "rust": rust.NAMING,
    "java": cfamily.JAVA,
    "c": cfamily.C,
    "cpp": cfamily.CPP,
    "css": css.NAMING,
    "shellscript": shell.NAMING,
    "toml": _KEYS,
    "yaml": _KEYS,
}
