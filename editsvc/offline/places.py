"""Where names are given values: by syntax where there is a grammar, else by lines of the form ``name = value``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.offline.errors import NotApplicable
from editsvc.offline.trees import tree_of
from editsvc.syntax.outline import outline
from editsvc.text.document import LineIndex

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from editsvc.syntax import Language, ParseBudget, Tree

# Data without a grammar, line by line.
_BY_LINES: Final = frozenset({"ini", "dotenv", "properties"})
_SECTION: Final = re.compile(r"[ \t]*\[\s*(?P<name>[^\]\r\n]+?)\s*\]")
_SETTING: Final = re.compile(
    r"(?P<before>[ \t]*(?:export[ \t]+)?)(?P<name>[^\s=:#;\[][^\r\n=:]*?)[ \t]*[=:][ \t]*(?P<value>[^\r\n]*)"
)
# In a text whose language is not known: "timeout = 5", "timeout: int = 5", "timeout: 5", "\"timeout\": 5".
_ASSIGNED: Final = re.compile(
    r"(?<![\w.$-])(?P<name>[^\W\d][\w-]*)[\"']?(?:[ \t]*:[ \t]*[\w.\[\]]{1,40}(?=[ \t]*=))?"
    r"[ \t]*(?::=|=(?![=>~])|:(?!:))[ \t]*"
    r"(?P<value>-?\d[\w.]*(?!\w)|(?i:true|false|none|null|nil)\b|\"[^\"\r\n]*\"|'[^'\r\n]*')(?P<rest>[^\r\n]*)"
)
_INLINE_COMMENT: Final = re.compile(r"(?:^|[ \t])[#;].*$")
_QUOTED: Final = re.compile(r"(?P<quote>[\"'])(?P<text>.*?)(?P=quote)")
_MOST_LINES: Final = 100_000


@dataclass(frozen=True, slots=True)
class Place:
    """A value and where it stands, in code points; `path` are the names of what is around it, the innermost last."""

    name: str
    start: int
    end: int
    source: str
    path: tuple[str, ...] = ()
    default: bool = False
    bare: bool = False
    """True where text needs no quotes: a word of YAML, of a style sheet, of an attribute."""


def places(text: str, language: Language | None, *, budget: ParseBudget) -> list[Place]:
    """Every place of `text` where a name is given a value, in order.

    Raises NotApplicable if the language has no such places, or if parsing exceeds the budget.
    """
    if language is not None and language.name in _BY_LINES:
        return list(_of_lines(text, language))
    if language is None or not language.grammar:
        return list(_of_text(text, language))
    tree = tree_of(text, language, budget=budget)
    if not any(each.language.values for each in (tree, *tree.injected)):
        raise NotApplicable(f"Nothing is given a value in {language.name} files.")
    found = [place for each in (tree, *tree.injected) for place in _of_tree(each)]
    return sorted(found, key=lambda place: (place.start, place.end))


def _of_lines(text: str, language: Language) -> Iterator[Place]:
    index = LineIndex(text)
    section = ""
    for line in range(index.line_count):
        start, end = index.line_span(line)
        stripped = text[start:end].lstrip()
        heading = _SECTION.match(text, start, end)
        if heading is not None and language.name == "ini":
            section = heading["name"]
            continue
        found = _SETTING.match(text, start, end)
        if found is None or stripped[:1] in ("#", ";", "!"):
            continue
        value_start, value_end = found.span("value")
        quoted = _QUOTED.match(text, value_start, value_end)
        if quoted is not None:
            value_end = quoted.end()
        elif language.name != "properties":
            comment = _INLINE_COMMENT.search(text, value_start, value_end)
            value_end = comment.start() if comment is not None else value_end
        source = text[value_start:value_end].rstrip()
        path = (section,) if section else ()
        yield Place(found["name"], value_start, value_start + len(source), source, path, bare=quoted is None)


def _of_text(text: str, language: Language | None) -> Iterator[Place]:
    marks = tuple(filter(None, (language.line_comment if language is not None else "#", "//")))
    for found in _ASSIGNED.finditer(text):
        line_start = max(text.rfind("\n", 0, found.start()), text.rfind("\r", 0, found.start())) + 1
        if text[line_start : found.start()].lstrip().startswith(marks):
            continue
        source = found["value"]
        more = found["rest"].lstrip()
        # "30 * 60" is computed.
        if more[:1] in ("*", "+", "/", "%", "-", "?", ".", "(", "[") and not more.startswith(marks):
            continue
        yield Place(found["name"], *found.span("value"), source)


def _of_tree(tree: Tree) -> Iterator[Place]:
    matches = [captures for _, captures in tree.matches(tree.language.values)]
    around = [(node.start_byte, node.end_byte, name) for node, name in _scopes(tree, matches)]
    around.sort(key=lambda scope: (scope[0], -scope[1]))
    for captures in matches:
        if "scope" in captures:
            continue
        default = "default" in captures
        name, value = captures["name"][0], captures["default" if default else "value"][0]
        spelt = _key(tree.source(name))
        owners = [_key(tree.source(node)) for node in captures.get("owner", ())]
        node = _value_node(tree, value)
        if node is None:
            continue
        start, end = node
        path = [
            scope
            for first, last, scope in around
            if first <= value.start_byte
            and value.end_byte <= last
            and last - first > value.end_byte - value.start_byte
        ]
        inner, _, last_name = spelt.rpartition(".") if tree.language.name == "toml" else ("", "", spelt)
        source = tree.text[start:end]
        yield Place(
            last_name,
            start,
            end,
            source,
            (*path, *owners, *filter(None, (inner,))),
            default=default,
            bare=_is_bare(tree, value),
        )


def _scopes(
    tree: Tree, matches: list[dict[str, list[tree_sitter.Node]]]
) -> Iterator[tuple[tree_sitter.Node, str]]:
    for captures in matches:
        name = _key(tree.source(captures["name"][0]))
        if "scope" in captures:
            yield captures["scope"][0], name
        elif tree.language.name != "css":
            node = captures["default" if "default" in captures else "value"][0]
            if node.named_child_count:
                yield (node.parent if node.parent is not None else node), name
    for located in outline(tree):
        yield located.node, located.definition.name


def _key(source: str) -> str:
    """A name without quotes, and without blanks around its dots."""
    source = source.strip()
    if len(source) > 1 and source[0] in "\"'" and source[-1] == source[0]:
        return source[1:-1]
    return re.sub(r"\s*\.\s*", ".", source)


def _value_node(tree: Tree, value: tree_sitter.Node) -> tuple[int, int] | None:
    """Where a value stands; None for what is no value of its own."""
    if tree.language.name == "css":
        # A declaration: all behind the colon, but for what makes it important.
        found = [child for child in value.named_children[1:] if child.type not in ("important", "comment")]
        if not found:
            return None
        return tree.offset(found[0].start_byte), tree.offset(found[-1].end_byte)
    start, end = tree.span(value)
    source = tree.text[start:end]
    return start + len(source) - len(source.lstrip()), end - (len(source) - len(source.rstrip()))


def _is_bare(tree: Tree, value: tree_sitter.Node) -> bool:
    match tree.language.name:
        case "css" | "html":
            return True
        case "yaml":
            return bool(value.named_children) and value.named_children[-1].type == "plain_scalar"
        case "shellscript" | "zsh":
            return value.type in ("word", "number")
        case _:
            return False
