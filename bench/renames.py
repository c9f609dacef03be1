"""Renames there and back, over real files: ``python -m bench.renames FOLDER…``.

In each file of a known language, names that the file itself defines are drawn (by the file's name, so that two
versions of the engine are tried on the same), and each is renamed to a fresh name, and back. What must hold: the way
back ends at the same text; the new text has the same syntax tree; and Python compiles, is the same program but for the
name, and binds every name in the scope in which it was bound. A refusal is no failure, but it is counted, with its
reason.

With ``--together``, the files of each folder are one run: names that one file defines and others mention are renamed in
all of them. Then what a file takes from another must still be there; a run in which one file is refused counts as
refused.
"""

from __future__ import annotations

import argparse
import ast
import random
import re
import symtable
import sys
import unicodedata
import warnings
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from editsvc import syntax
from editsvc.instruction.commands import Rename
from editsvc.offline import NotApplicable, NotHere, edits
from editsvc.offline.naming import names_of
from editsvc.offline.naming.links import Beside, Files, links_of
from editsvc.offline.naming.roles import Defines
from editsvc.syntax.languages import language_of
from editsvc.syntax.nesting import nodes_below
from editsvc.text.document import apply, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import tree_sitter

    from editsvc.syntax import Language

_LARGEST: Final = 400_000
# A private name of a class is compiled with the class in it.
_MANGLED: Final = re.compile(r"^_[A-Za-z]\w*?(?=__\w*[^_]_?$)")
_QUOTED: Final = re.compile(r"`[^`]*`|\b\d+\b")


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one rename; `refusal` and `fault` are sentences, empty if there is none."""

    language: str
    path: str
    name: str
    refusal: str = ""
    fault: str = ""


def own_names(text: str, language: Language) -> list[str]:
    """The names that a file defines, in order; those of data and markup are not defined by anything."""
    tree = syntax.parse(text, language)
    if tree is None or (tree.root.has_error and language.name == "python"):
        return []
    names = names_of(tree)
    return sorted(
        name
        for name in names.nodes
        if len(name) > 1
        and not (name.startswith("__") and name.endswith("__"))
        and any(
            binding.defines is Defines.FULL and not binding.imported for _, binding in names.bindings(name)
        )
    )


def fresh(text: str, name: str) -> str:
    """A name that the text does not have, of the same kind of letters."""
    if name.endswith("_t"):
        new = f"{name[:-2]}_q_t"  # C's grammar takes the ending for a type
    elif name[:1].isupper() or re.search("[a-z][A-Z]", name):
        new = f"{name}Q"
    else:
        new = f"{name}q" if name.endswith("_") else f"{name}_q"
    while new in text:
        new = f"{new[:-2]}q_t" if new.endswith("_t") else f"{new}q"
    return new


def tried(text: str, name: str, language: Language, path: str = "") -> Tried:
    """Rename `name` to a fresh one and back, and look at both results."""
    new = fresh(text, name)
    try:
        made = edits(text, Rename(name, new), language)
    except NotApplicable as error:
        return Tried(language.name, path, name, refusal=str(error.message))
    there = apply(text, made)
    fault = _fault(text, there, language, name, new)
    if not fault:
        try:
            back = apply(there, edits(there, Rename(new, name), language))
        except NotApplicable as error:
            fault = f"the way back is refused: {error.message}"
        else:
            fault = "" if _same_text(back, text, name) else "the way back ends elsewhere"
    return Tried(language.name, path, name, fault=fault)


def _same_text(back: str, text: str, name: str) -> bool:
    """True if the way back ends at the same text.

    Of ``{a: a}`` and ``{a}`` a rename makes the same, so a text that has the first may come back with the other.
    """
    written_out = re.compile(rf"(?<![\w$])({re.escape(name)})(?:\s*:\s*|\s+as\s+){re.escape(name)}(?![\w$])")
    return back == text or (
        written_out.search(text) is not None and written_out.sub(r"\1", back) == written_out.sub(r"\1", text)
    )


def _fault(text: str, there: str, language: Language, name: str, new: str) -> str:
    if there == text:
        return "nothing was renamed"
    before, after = syntax.parse(text, language), syntax.parse(there, language)
    if before is None or after is None:
        return "the new text cannot be parsed"
    if before.root.has_error != after.root.has_error:
        return "the syntax broke"
    whole = not before.root.has_error and there.replace(new, name) == text
    if whole and _shape(before.root) != _shape(after.root):
        return "the tree has another shape"
    return _python_fault(text, there, name, new) if language.name == "python" else ""


def _shape(root: tree_sitter.Node) -> list[str]:
    return [node.type for node in nodes_below(root)]


def _python_fault(text: str, there: str, name: str, new: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            before, tables = ast.parse(text), symtable.symtable(text, "before", "exec")
        except (SyntaxError, ValueError):
            return ""
        try:
            after, new_tables = ast.parse(there), symtable.symtable(there, "after", "exec")
        except (SyntaxError, ValueError) as error:
            return f"it does not compile: {error}"
    aliased = there.replace(new, name) != text
    if not aliased and _same(ast.dump(before), name, new) != _same(ast.dump(after), name, new):
        return "it is another program"
    if list(_scopes(tables, name, new)) != list(_scopes(new_tables, name, new)):
        return "a name is bound in another scope"
    return ""


def _same(dump: str, name: str, new: str) -> str:
    """A dump in which the old name and the new one are one."""
    return re.sub(rf"(?<!\w){re.escape(new)}(?!\w)", name, unicodedata.normalize("NFKC", dump))


def _scopes(table: symtable.SymbolTable, name: str, new: str) -> Iterator[tuple[object, ...]]:
    """Each scope with its names, and how each is bound; old and new name are one."""

    def same(found: str) -> str:
        plain = _MANGLED.sub("", found)
        return name if plain == new else plain

    yield (
        table.get_type(),
        same(table.get_name()),
        sorted(
            (
                same(symbol.get_name()),
                symbol.is_local(),
                symbol.is_global(),
                symbol.is_declared_global(),
                symbol.is_free(),
                symbol.is_parameter(),
                symbol.is_imported(),
            )
            for symbol in table.get_symbols()
        ),
    )
    for child in table.get_children():
        yield from _scopes(child, name, new)


def of_file(path: Path, names: int, seed: int) -> list[Tried]:
    """`names` renames in one file, drawn by its name; none if it is not one of the kinds that are tried."""
    try:
        text = normalise(path.read_text("utf-8"))
    except (UnicodeDecodeError, OSError):
        return []
    language = language_of(path.name, text[:200])
    if language is None or not language.grammar or len(text) > _LARGEST:
        return []
    own = own_names(text, language)
    random.Random(f"{seed}\0{path.name}").shuffle(own)
    return [tried(text, name, language, str(path)) for name in own[:names]]


def shared_names(files: Files, seed: str, most: int) -> list[str]:
    """Names, `most` at most, that one of the files offers to others and another takes, as far as imports tell."""
    places: Counter[str] = Counter()
    for path in files.texts:
        names = files.names(path)
        places.update(names.nodes.keys() if names is not None else ())
    several = sorted(
        name
        for name, count in places.items()
        if count > 1 and len(name) > 1 and not (name.startswith("__") and name.endswith("__"))
    )
    random.Random(seed).shuffle(several)
    return list(islice((name for name in several if _is_shared(files, name)), most))


def _is_shared(files: Files, name: str) -> bool:
    offering = [
        path for path in files.texts if name in files.texts[path] and files.offer(path, name).anything
    ]
    if not offering:
        return False
    for path in files.texts:
        names = files.names(path)
        if names is None or name not in names.nodes or path in offering:
            continue
        links = links_of(files, path, names, name)
        if links.starts or links.keys or links.types:
            return True
    return False


def tried_together(texts: Mapping[str, str], name: str, known: Mapping[str, str], where: str) -> Tried:
    """Rename `name` in all the files of a run to a fresh one and back, and look at both results."""
    new = fresh("\n".join(texts.values()), name)
    language = language_of(next(iter(texts)))
    kind = language.name if language is not None else ""
    try:
        there = _renamed(texts, Rename(name, new), known)
    except NotApplicable as error:
        return Tried(kind, where, name, refusal=str(error.message))
    fault = ""
    for path, text in texts.items():
        own = language_of(Path(path).name, text[:200])
        if own is not None and there[path] != text:
            fault = fault or _fault(text, there[path], own, name, new)
    if there == dict(texts):
        fault = "nothing was renamed"
    fault = fault or _lost(Files(texts, known), Files(there, known), name, new)
    if not fault:
        try:
            back = _renamed(there, Rename(new, name), known)
        except NotApplicable as error:
            fault = f"the way back is refused: {error.message}"
        else:
            same = all(_same_text(back[path], text, name) for path, text in texts.items())
            fault = "" if same else "the way back ends elsewhere"
    return Tried(kind, where, name, fault=fault)


def _renamed(texts: Mapping[str, str], value: Rename, known: Mapping[str, str]) -> dict[str, str]:
    """The files after a rename; raises NotApplicable if one is refused, but not for one that has no such name."""
    files = Files(texts, known)
    done = {}
    for path, text in texts.items():
        language = language_of(Path(path).name, text[:200])
        try:
            made = edits(text, value, language, beside=Beside(files, path))
        except NotHere:
            made = []
        done[path] = apply(text, made)
    return done


def _lost(before: Files, after: Files, name: str, new: str) -> str:
    """What a file took from another, and now cannot; empty if nothing."""
    for path in before.texts:
        old_ones, new_ones = before.imports(path), after.imports(path)
        if len(old_ones) != len(new_ones):
            return f"{path} imports something else"
        for old, now in zip(old_ones, new_ones, strict=True):
            if old.path is None or old.name not in (name, new) or now.path is None:
                continue
            if before.exports(old.path, old.name) and not after.exports(now.path, now.name):
                return f"{path} takes `{now.name}` from a file that has none"
    return ""


def of_folder(folder: Path, names: int, seed: int) -> list[Tried]:
    """`names` renames over the files of a folder, of each language in it that has at least two files."""
    by_language: dict[str, dict[str, str]] = defaultdict(dict)
    known: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.name == "go.mod":
            known[path.as_posix()] = path.read_text("utf-8")
        try:
            text = normalise(path.read_text("utf-8")) if path.is_file() else ""
        except (UnicodeDecodeError, OSError):
            continue
        language = language_of(path.name, text[:200])
        if text and language is not None and language.grammar and len(text) < _LARGEST:
            by_language[_FAMILIES.get(language.name, language.name)][path.as_posix()] = text
    found = []
    for texts in by_language.values():
        if len(texts) < 2:
            continue
        shared = shared_names(Files(texts, known), f"{seed}\0{folder.name}", names)
        found += [tried_together(texts, name, known, folder.as_posix()) for name in shared]
    return found


_FAMILIES: Final = {
    "javascriptreact": "javascript",
    "typescript": "javascript",
    "typescriptreact": "javascript",
    "c": "cpp",
}


def table(found: Iterable[Tried]) -> str:
    """For each language: files, names, refusals and faults."""
    rows: dict[str, list[Tried]] = defaultdict(list)
    for one in found:
        rows[one.language].append(one)
        rows["all"].append(one)
    lines = ["language            files  names  refused        faults"]
    for language in [*sorted(rows.keys() - {"all"}), *(["all"] if rows else [])]:
        tries = rows[language]
        refused, faults = sum(bool(one.refusal) for one in tries), sum(bool(one.fault) for one in tries)
        files = len({one.path for one in tries})
        lines.append(
            f"{language:18} {files:6} {len(tries):6} {refused:8} ({refused / len(tries):4.0%}) {faults:6}"
        )
    return "\n".join(lines)


def main() -> int:
    """Try, print the table and the reasons, and end with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument(
        "--names", type=int, default=3, help="names to try in each file (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--refusals", action="store_true", help="print every refusal, not only their kinds")
    parser.add_argument("--together", action="store_true", help="each folder is one run, of all its files")
    options = parser.parse_args()
    paths = sorted(path for folder in options.folders for path in folder.rglob("*") if path.is_file())
    if options.together:
        paths = options.folders
    found: list[Tried] = []
    with ProcessPoolExecutor(options.jobs) as pool:
        count = len(paths)
        for tries in pool.map(
            of_folder if options.together else of_file,
            paths,
            [options.names] * count,
            [options.seed] * count,
            chunksize=8,
        ):
            found += tries
    for one in found:
        if one.fault:
            print(f"{one.path}: {one.name}: {one.fault}")
        elif options.refusals and one.refusal:
            print(f"{one.path}: {one.name}: refused: {one.refusal}")
    kinds = Counter((one.language, _QUOTED.sub("…", one.refusal)) for one in found if one.refusal)
    for (language, kind), times in kinds.most_common():
        print(f"{times:6} {language}: {kind}")
    print(table(found))
    return 1 if any(one.fault for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
