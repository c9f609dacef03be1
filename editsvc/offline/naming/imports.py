"""What a file takes from other files of a run, by language: which file an import means, by paths alone."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final

from editsvc.offline.naming.links import ALL, MODULE, READERS, VISIBLE, Import
from editsvc.offline.naming.roles import ancestor, climb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import tree_sitter

    from editsvc.offline.naming.links import Files
    from editsvc.offline.naming.roles import Names
    from editsvc.syntax import Tree

# Folders that a project's own modules are looked for in, beside those that the file itself is in.
_ROOTS: Final = ("src", "lib", "python", "app")


def _above(path: str) -> list[str]:
    """The folders that a file is in, the innermost first."""
    folder = posixpath.dirname(path)
    found = [folder]
    while folder not in ("", "/"):
        folder = posixpath.dirname(folder)
        found.append(folder)
    return found


def _first(files: Files, candidates: Iterable[str]) -> str | None:
    return next((path for path in map(posixpath.normpath, candidates) if path in files.texts), None)


def _ending(files: Files, tails: Iterable[str]) -> tuple[str, ...]:
    """The files of the run whose paths end in one of these."""
    wanted = tuple(tails)
    return tuple(path for path in files.texts if any(f"/{path}".endswith(f"/{tail}") for tail in wanted))


# --- Python ---------------------------------------------------------------------------------------------------


def _python_file(files: Files, path: str, module: str) -> tuple[str | None, tuple[str, ...]]:
    """The file of a module, and those that it may be if that cannot be told."""
    dots = len(module) - len(module.lstrip("."))
    tail = module.lstrip(".").replace(".", "/")
    ends = (
        [f"{tail}.py", f"{tail}/__init__.py", f"{tail}.pyi", f"{tail}/__init__.pyi"]
        if tail
        else ["__init__.py"]
    )
    if dots:
        folder = posixpath.dirname(path)
        for _ in range(dots - 1):
            folder = posixpath.dirname(folder)
        return _first(files, (posixpath.join(folder, end) for end in ends)), ()
    roots = [posixpath.join(folder, inner) for folder in _above(path) for inner in ("", *_ROOTS)]
    found = [
        one
        for one in (_first(files, (posixpath.join(root, end) for end in ends)) for root in roots)
        if one is not None
    ]
    # A file of the same folder is not seen from inside of a package, but by the package's name.
    inside = posixpath.join(posixpath.dirname(path), "__init__.py") in files.texts
    found = [
        one for one in dict.fromkeys(found) if not inside or posixpath.dirname(one) != posixpath.dirname(path)
    ]
    if found:
        return found[0], ()
    return None, _ending(files, ends)


def _python(files: Files, path: str, names: Names) -> Iterator[Import]:
    tree = names.tree
    for statement in tree.captures("[(import_from_statement) (import_statement)] @import"):
        source = statement.child_by_field_name("module_name")
        module = "".join(tree.source(source).split()) if source is not None else ""
        for child in statement.named_children:
            if source is not None and child == source:
                continue
            if child.type == "wildcard_import":
                found, maybe = _python_file(files, path, module)
                yield Import(found, ALL, ALL, None, maybe)
                continue
            alias = child.child_by_field_name("alias")
            dotted = child.child_by_field_name("name") if child.type == "aliased_import" else child
            if dotted is None or dotted.type != "dotted_name":
                continue
            taken = "".join(tree.source(dotted).split())
            local = tree.source(alias) if alias is not None else taken
            if source is None:
                found, maybe = _python_file(files, path, taken)
                yield Import(found, MODULE, local, None, maybe)
                continue
            found, maybe = _python_file(files, path, f"{module}{'' if module.endswith('.') else '.'}{taken}")
            if found is not None:
                yield Import(found, MODULE, local, None)
                continue
            found, maybe = _python_file(files, path, module)
            yield Import(found, taken, local, dotted.named_children[-1], maybe)


# --- JavaScript and TypeScript --------------------------------------------------------------------------------

_ENDS: Final = (".ts", ".tsx", ".d.ts", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte")


def _ecmascript_file(files: Files, path: str, module: str) -> tuple[str | None, tuple[str, ...]]:
    base = re.sub(r"\.(?:[cm]?[jt]s|[jt]sx)$", "", module)
    stems = dict.fromkeys((module, base))
    if module.startswith("."):
        at = posixpath.dirname(path)
        candidates = [
            posixpath.join(at, f"{stem}{end}")
            for stem in stems
            for end in ("", *_ENDS, *(f"/index{end}" for end in _ENDS))
        ]
        return _first(files, candidates), ()
    # "@/lib/helpers" and "app/helpers" are what a bundler is told.
    tail = re.sub(r"^[@~#]?/|^[@~#][\w-]*/", "", base)
    ends = (tail + end for end in (*_ENDS, *(f"/index{end}" for end in _ENDS)))
    return None, _ending(files, ends)


def _module_of(tree: Tree, statement: tree_sitter.Node) -> str:
    source = statement.child_by_field_name("source")
    return tree.source(source)[1:-1] if source is not None else ""


def _ecmascript(files: Files, path: str, names: Names) -> Iterator[Import]:
    tree = names.tree
    for statement in tree.captures("[(import_statement source: (_)) (export_statement source: (_))] @import"):
        found, maybe = _ecmascript_file(files, path, _module_of(tree, statement))
        on = statement.type == "export_statement"
        whole = True
        for specifier in tree.captures("[(import_specifier) (export_specifier)] @one", statement):
            whole = False
            name, alias = specifier.child_by_field_name("name"), specifier.child_by_field_name("alias")
            if name is not None:
                local = tree.source(alias) if alias is not None else tree.source(name)
                yield Import(found, tree.source(name), local, name, maybe, passes_on=on)
        for namespace in tree.captures("[(namespace_import) (namespace_export)] @one", statement):
            whole = False
            yield Import(found, MODULE, tree.source(namespace.named_children[0]), None, maybe, passes_on=on)
        for default in tree.captures("(import_clause (identifier) @one)", statement):
            known = _default_of(files, found)
            yield Import(found, known or "default", tree.source(default), default if known else None, maybe)
        if on and whole:
            yield Import(found, ALL, ALL, None, maybe, passes_on=True)
    yield from _required(files, path, tree)


def _required(files: Files, path: str, tree: Tree) -> Iterator[Import]:
    """What calls of ``require`` and ``import`` take."""
    for call in tree.captures(
        "(call_expression function: [(identifier) (import)] @_f arguments: (arguments . (string) .)"
        ' (#match? @_f "^(require|import)$")) @call'
    ):
        if call.type != "call_expression":
            continue
        arguments = call.child_by_field_name("arguments")
        module = tree.source(arguments.named_children[0])[1:-1] if arguments is not None else ""
        found, maybe = _ecmascript_file(files, path, module)
        top = climb(call, "await_expression", "parenthesized_expression")
        declarator = top.parent
        target = declarator.child_by_field_name("name") if declarator is not None else None
        if declarator is not None and declarator.type == "member_expression":
            yield Import(found, MODULE, "".join(tree.source(top).split()), None, maybe)
        if declarator is None or declarator.type != "variable_declarator" or target is None:
            continue
        if target.type == "identifier":
            yield Import(found, MODULE, tree.source(target), None, maybe)
            continue
        for node in tree.captures("(shorthand_property_identifier_pattern) @one", target):
            yield Import(found, tree.source(node), tree.source(node), node, maybe)
        for pair in tree.captures("(pair_pattern key: (property_identifier) value: (_)) @one", target):
            key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
            if key is not None and value is not None:
                yield Import(found, tree.source(key), tree.source(value), key, maybe)


def _default_of(files: Files, path: str | None) -> str:
    """The name of what a file exports by default; empty if it has none."""
    names = files.names(path) if path is not None and path in files.texts else None
    if names is None:
        return ""
    tree = names.tree
    for statement in tree.captures("(export_statement) @export"):
        if not any(child.type == "default" for child in statement.children):
            continue
        value = statement.child_by_field_name("value") or statement.child_by_field_name("declaration")
        name = value.child_by_field_name("name") if value is not None else None
        if value is not None and value.type == "identifier":
            return tree.source(value)
        return tree.source(name) if name is not None else ""
    return ""


# --- Go -------------------------------------------------------------------------------------------------------


def _package(names: Names | None) -> str:
    if names is None:
        return ""
    found = names.tree.captures("(package_clause (package_identifier) @name)")
    return names.tree.source(found[0]) if found else ""


def _go_module(files: Files, path: str) -> tuple[str, str]:
    """The path of the module that a file is in, and its folder; both empty if go.mod is not known."""
    for folder in _above(path):
        at = posixpath.join(folder, "go.mod")
        text = files.known.get(at) or files.texts.get(at)
        match = re.search(r"(?m)^module\s+\"?([^\s\"]+)", text) if text else None
        if match:
            return match[1], folder
    return "", ""


def _go(files: Files, path: str, names: Names) -> Iterator[Import]:
    tree = names.tree
    module, root = _go_module(files, path)
    for spec in tree.captures("(import_spec) @spec"):
        at, given = spec.child_by_field_name("path"), spec.child_by_field_name("name")
        where = tree.source(at).strip('"`') if at is not None else ""
        maybe: list[str] = []
        folder = None
        if module and (where == module or where.startswith(f"{module}/")):
            folder = posixpath.normpath(posixpath.join(root, where[len(module) :].lstrip("/")))
        for other in files.texts:
            if not other.endswith(".go"):
                continue
            there = posixpath.dirname(other)
            if there == folder or (
                not module
                and there
                and f"/{where}".endswith(f"/{posixpath.basename(there)}")
                and "." in where
            ):
                maybe.append(other)
        for other in maybe:
            package = _package(files.names(other))
            local = tree.source(given) if given is not None else package
            if other.endswith("_test.go") or package == "main":
                continue
            if folder is not None:
                yield Import(other, ALL if local == "." else MODULE, local, None)
            else:
                yield Import(None, MODULE, local, None, (other,))


def _go_visible(files: Files, path: str) -> list[str]:
    package = _package(files.names(path))
    return [
        other
        for other in files.texts
        if other != path
        and other.endswith(".go")
        and posixpath.dirname(other) == posixpath.dirname(path)
        and _package(files.names(other)) == package
    ]


# --- Java -----------------------------------------------------------------------------------------------------


def _java_package(names: Names | None) -> str:
    if names is None:
        return ""
    found = names.tree.captures("(package_declaration [(scoped_identifier) (identifier)] @name)")
    return names.tree.source(found[0]) if found else ""


def _java(files: Files, _path: str, names: Names) -> Iterator[Import]:
    tree = names.tree
    for statement in tree.captures("(import_declaration) @import"):
        whole = statement.named_children[0]
        static = any(child.type == "static" for child in statement.children)
        star = any(child.type == "asterisk" for child in statement.children)
        full = "".join(tree.source(whole).split())
        for other in files.texts:
            if not other.endswith(".java"):
                continue
            package = _java_package(files.names(other))
            stem = posixpath.basename(other).removesuffix(".java")
            type_ = f"{package}.{stem}" if package else stem
            if not static and star and full == package:
                yield Import(other, ALL, ALL, None)
            elif not static and not star and full == type_:
                yield Import(other, stem, stem, whole.child_by_field_name("name") or whole)
            elif static and not star and full.rpartition(".")[0] == type_:
                last, scope = whole.child_by_field_name("name"), whole.child_by_field_name("scope")
                yield Import(other, full.rpartition(".")[2], full.rpartition(".")[2], last)
                yield Import(other, stem, stem, scope.child_by_field_name("name") or scope if scope else None)
            elif static and star and full == type_:
                yield Import(other, ALL, ALL, None)
                yield Import(other, stem, stem, whole.child_by_field_name("name") or whole)


def _java_visible(files: Files, path: str) -> list[str]:
    package = _java_package(files.names(path))
    return [
        other
        for other in files.texts
        if other != path and other.endswith(".java") and _java_package(files.names(other)) == package
    ]


# --- Rust -----------------------------------------------------------------------------------------------------


def _rust_module(path: str) -> tuple[str, list[str]]:
    """The folder of a file's crate, and the path of its module in there."""
    parts = path.removesuffix(".rs").split("/")
    at = len(parts) - 1 - parts[::-1].index("src") if "src" in parts[:-1] else len(parts) - 2
    root, module = "/".join(parts[: at + 1]), parts[at + 1 :]
    if module[-1] in ("mod", "lib", "main"):
        module = module[:-1]
    return root, module


def _rust_file(files: Files, root: str, module: list[str]) -> str | None:
    base = posixpath.join(root, *module)
    if not module:
        return _first(files, (posixpath.join(root, name) for name in ("lib.rs", "main.rs", "mod.rs")))
    return _first(files, (f"{base}.rs", f"{base}/mod.rs"))


def _rust_path(files: Files, path: str, names: Names, parts: list[str]) -> tuple[str | None, tuple[str, ...]]:
    """The file of the module that a path means."""
    root, here = _rust_module(path)
    declared = {names.tree.source(node) for node in names.tree.captures("(mod_item name: (_) @name !body)")}
    if parts and parts[0] == "crate":
        return _rust_file(files, root, parts[1:]), ()
    base = list(here)
    rest = list(parts)
    told = bool(rest) and rest[0] in ("self", "super")
    while rest and rest[0] in ("self", "super"):
        base = base[:-1] if rest[0] == "super" and base else base
        rest = rest[1:]
    if told or (rest and rest[0] in declared):
        return _rust_file(files, root, base + rest), ()
    if rest and rest[0] not in ("std", "core", "alloc"):
        ends = (
            [f"{'/'.join(rest[1:])}.rs", f"{'/'.join(rest[1:])}/mod.rs"] if len(rest) > 1 else ["src/lib.rs"]
        )
        return None, tuple(one for one in _ending(files, ends) if one != path)
    return None, ()


def _rust(files: Files, path: str, names: Names) -> Iterator[Import]:
    tree = names.tree
    for statement in tree.captures("(use_declaration) @use"):
        argument = statement.child_by_field_name("argument")
        public = any(child.type == "visibility_modifier" for child in statement.children)
        if argument is not None:
            yield from _rust_uses(files, path, names, argument, [], public=public)
    for node in tree.captures("(mod_item name: (_) @name !body)"):
        found, _ = _rust_path(files, path, names, [tree.source(node)])
        yield Import(found, MODULE, tree.source(node), None)
    seen = set()
    for scoped in tree.captures("[(scoped_identifier) (scoped_type_identifier)] @path"):
        inner = scoped.child_by_field_name("path")
        source = "".join(tree.source(inner).split()) if inner is not None else ""
        if ancestor(scoped, "use_declaration") is not None or source in seen or "<" in source:
            continue
        seen.add(source)
        parts = source.split("::")
        found, _ = _rust_path(files, path, names, parts)
        if found is not None and found != path:
            yield Import(found, MODULE, source, None)


def _rust_uses(
    files: Files, path: str, names: Names, node: tree_sitter.Node, before: list[str], *, public: bool
) -> Iterator[Import]:
    tree = names.tree

    def parts(part: tree_sitter.Node | None) -> list[str]:
        return "".join(tree.source(part).split()).split("::") if part is not None else []

    match node.type:
        case "scoped_use_list":
            inner, listed = node.child_by_field_name("path"), node.child_by_field_name("list")
            for child in listed.named_children if listed is not None else ():
                yield from _rust_uses(files, path, names, child, [*before, *parts(inner)], public=public)
        case "use_list":
            for child in node.named_children:
                yield from _rust_uses(files, path, names, child, before, public=public)
        case "use_wildcard":
            found, maybe = _rust_path(files, path, names, [*before, *parts(node.named_children[0])])
            yield Import(found, ALL, ALL, None, maybe, passes_on=public)
        case "self":
            found, maybe = _rust_path(files, path, names, before)
            yield Import(found, MODULE, before[-1] if before else "self", None, maybe)
        case "use_as_clause" | "identifier" | "scoped_identifier":
            alias = node.child_by_field_name("alias") if node.type == "use_as_clause" else None
            taken = node.child_by_field_name("path") if node.type == "use_as_clause" else node
            if taken is None:
                return
            whole = [*before, *parts(taken)]
            local = tree.source(alias) if alias is not None else whole[-1]
            last = taken.child_by_field_name("name") if taken.type == "scoped_identifier" else taken
            module, _ = _rust_path(files, path, names, whole)
            if module is not None:
                yield Import(module, MODULE, local, None)
                return
            found, maybe = _rust_path(files, path, names, whole[:-1])
            if found == path:
                return
            yield Import(found, whole[-1], local, last, maybe, passes_on=public)
        case _:
            return


# --- C and C++ ------------------------------------------------------------------------------------------------


def included(files: Files, path: str, names: Names) -> Iterator[tuple[str | None, str, tree_sitter.Node]]:
    """The file that each ``#include "…"`` means (None where it is none of the run), what it writes, and where."""
    tree = names.tree
    for node in tree.captures("(preproc_include path: (_) @path)"):
        source = tree.source(node)
        if not source.startswith('"') and not _ending(files, [source.strip("<>")]):
            continue
        written = source.strip('"<>')
        at = _first(files, (posixpath.join(folder, written) for folder in [posixpath.dirname(path)]))
        ending = _ending(files, [written])
        yield at or (ending[0] if len(ending) == 1 else None), written, node


def _c_visible(files: Files, path: str) -> list[str]:
    """What a file includes, and what shares a header with it: C has one space of names for a whole program."""
    seen: dict[str, None] = {}
    todo = [path]
    while todo:
        one = todo.pop()
        names = files.names(one)
        for other, _, _ in included(files, one, names) if names is not None else ():
            if other is not None and other not in seen:
                seen[other] = None
                todo.append(other)
    return [other for other in seen if other != path]


READERS.update(
    {
        "python": _python,
        **dict.fromkeys(("javascript", "javascriptreact", "typescript", "typescriptreact"), _ecmascript),
        "go": _go,
        "java": _java,
        "rust": _rust,
    }
)
VISIBLE.update({"go": _go_visible, "java": _java_visible, "c": _c_visible, "cpp": _c_visible})
