"""Document a definition: a stub in the language's form, with every parameter named.

The stub says what the signature says and marks the rest with TODO; it never pretends to know what code does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.offline.errors import NotApplicable, NotHere
from editsvc.offline.outcome import lines_of
from editsvc.offline.signatures import name_of, parameter_list, parameters
from editsvc.offline.trees import the_one, tree_of
from editsvc.syntax.outline import TYPE_KINDS, outline
from editsvc.text.document import Edit, line_end, split_lines

if TYPE_CHECKING:
    import tree_sitter

    from editsvc.instruction.commands import AddDocstring
    from editsvc.syntax import Language, ParseBudget, Tree
    from editsvc.syntax.outline import Located

_NESTED: Final = frozenset(
    {
        "function_definition",
        "lambda",
        "class_definition",
        "function_declaration",
        "function_expression",
        "arrow_function",
        "generator_function",
        "method_definition",
        "class_declaration",
        "class",
        "lambda_expression",
        "class_body",
    }
)
_BLOCK_LANGUAGES: Final = frozenset(
    {"javascript", "javascriptreact", "typescript", "typescriptreact", "java", "c", "cpp"}
)
_LINE_MARKS: Final = {"go": "//", "rust": "///"}
# The openings that make a comment directly above a definition its documentation.
_DOC_MARKS: Final = {
    "go": ("//", "/*"),
    "rust": ("///", "/**"),
    "c": ("/*", "///", "//!"),
    "cpp": ("/*", "///", "//!"),
}
_MOST: Final = 4
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")


@dataclass(frozen=True, slots=True)
class _Signature:
    """The contents of a stub: parameters with their types (empty if not annotated), and the returned type.

    `returns` is None for a function that returns nothing, and empty if the returned type is not annotated.
    """

    parameters: tuple[tuple[str, str], ...]
    returns: str | None


def apply(text: str, value: AddDocstring, language: Language | None, *, budget: ParseBudget) -> list[Edit]:
    """Edits that document `value.name`, or everything public without documentation.

    Raises NotApplicable if there is nothing to document, or if the language has no form for it.
    """
    tree = tree_of(text, language, budget=budget)
    name = tree.language.name
    if name != "python" and name not in _BLOCK_LANGUAGES and name not in _LINE_MARKS:
        raise NotApplicable(f"Documentation comments cannot be written in {name} files.")
    if value.name is None:
        wanted = [
            located
            for located in outline(tree)
            if _is_public(tree, located)
            and _is_of(located, value.kind)
            and not _documented(tree, located)
            and not _is_overload(tree, located)
        ]
        stubs = [_stub(tree, located) for located in wanted]
        left = [
            located for located, stub in zip(wanted, stubs, strict=True) if not stub and _is_named(located)
        ]
        if left:
            named = ", ".join(f"`{located.definition.qualified}`" for located in left[:_MOST])
            where = lines_of(text, (located.definition.name_start for located in left))
            what = "shares its line" if len(left) == 1 else "share their lines"
            raise NotApplicable(
                f"{named} on {where} {what} with other code, where no documentation fits: put the code on lines of its "
                "own, or name what is to be documented."
            )
        if not any(stubs):
            raise NotHere("Everything public in the file is documented.")
        return [edit for stub in stubs for edit in stub]
    located = the_one(tree, value.name)
    if _documented(tree, located):
        raise NotApplicable(f"`{value.name}` is already documented.")
    edits = _stub(tree, located)
    if not edits:
        raise NotApplicable(f"`{value.name}` shares its line with other code, where no documentation fits.")
    return edits


def _is_of(located: Located, kind: str) -> bool:
    """True if a definition is of the kind that was asked for: "function", "class", or any."""
    return not kind or (located.definition.kind in TYPE_KINDS) == (kind == "class")


def _is_public(tree: Tree, located: Located) -> bool:
    """Public by the language's rule, and not inside of a function."""
    definition, node = located.definition, located.node
    parent = located.parent
    inside = parent is not None and parent.kind not in TYPE_KINDS | {"namespace", "module"}
    if inside or definition.kind in ("impl", "rule", "declaration"):
        return False
    match tree.language.name:
        case "go":
            return definition.name[:1].isupper()
        case "rust":
            return any(child.type == "visibility_modifier" for child in node.children)
        case "java":
            modifiers = next((child for child in node.children if child.type == "modifiers"), None)
            return modifiers is not None and "public" in tree.source(modifiers).split()
        case "c" | "cpp":
            return not any(tree.source(child) == "static" for child in node.children)
        case _:
            hidden = any(
                child.type == "accessibility_modifier" and tree.source(child) == "private"
                for child in node.children
            )
            path = definition.qualified.split(".")
            return not hidden and not any(part.startswith(("_", "#")) for part in path)


def _is_overload(tree: Tree, located: Located) -> bool:
    """True for a signature of Python, whose implementation is documented."""
    above = tree.text[located.definition.start : located.definition.node_start]
    return tree.language.name == "python" and re.search(r"@(?:\w+\.)?overload\b", above) is not None


def _is_named(located: Located) -> bool:
    """False for a function in an object, which is a value more than a definition."""
    node = located.node
    return node.type != "pair" and (node.parent is None or node.parent.type != "object")


def _documented(tree: Tree, located: Located) -> bool:
    if tree.language.name == "python":
        body = located.node.child_by_field_name("body")
        first = body.named_children[0] if body is not None and body.named_children else None
        return (
            first is not None
            and first.type == "expression_statement"
            and first.named_children[0].type in ("string", "concatenated_string")
        )
    above = tree.text[located.definition.start : located.head].strip()
    marks = _DOC_MARKS.get(tree.language.name, ("/**",))
    return any(line.lstrip().startswith(marks) for line in split_lines(above))


def _stub(tree: Tree, located: Located) -> list[Edit]:
    """The edit that documents one definition; no edit if the definition shares its line with other code."""
    if tree.language.name == "python":
        return _python(tree, located, _signature(tree, located))
    name = located.definition.name
    if tree.language.name == "go":
        lines = [f"// {name} TODO."]
    elif tree.language.name == "rust":
        lines = [f"/// {_words(name)}."]
    else:
        lines = _block(tree.language.name, name, _signature(tree, located))
    start = located.head
    indent, ending = _layout(tree.text, start)
    if indent.strip():
        return []
    return [Edit(start, start, "".join(f"{line}{ending}{indent}" for line in lines))]


def _block(language: str, name: str, signature: _Signature) -> list[str]:
    """A JSDoc, Javadoc or Doxygen comment."""
    script = language.startswith(("javascript", "typescript"))
    type_ = "{*} " if language.startswith("javascript") else ""  # TypeScript has its types in the code
    dash = "- " if script else ""
    tags = [f" * @param {type_}{parameter} {dash}TODO." for parameter, _ in signature.parameters]
    if signature.returns is not None:
        tags.append(f" * {'@returns' if script else '@return'} {type_}TODO.")
    brief = "@brief " if language in ("c", "cpp") else ""
    return ["/**", f" * {brief}{_words(name)}.", *([" *", *tags] if tags else []), " */"]


def _python(tree: Tree, located: Located, signature: _Signature) -> list[Edit]:
    body = located.node.child_by_field_name("body")
    if body is None or not body.named_children:
        return []
    indent, ending = _layout(tree.text, tree.offset(body.start_byte))
    if indent.strip():
        return []
    # Directly below the header's line: a comment above the first statement stays with that statement.
    colon = max(tree.offset(child.end_byte) for child in located.node.children if child.type == ":")
    line_stop = min(place for mark in "\r\n" if (place := tree.text.find(mark, colon)) >= 0)
    summary = f'"""{_words(located.definition.name)}.'
    sections: list[str] = []
    if signature.parameters:
        sections += ["", "Args:"]
        sections += [
            f"    {name} ({annotation}): TODO." if annotation else f"    {name}: TODO."
            for name, annotation in signature.parameters
        ]
    if signature.returns is not None:
        sections += ["", "Returns:", f"    {signature.returns + ': ' if signature.returns else ''}TODO."]
    lines = [summary, *sections, '"""'] if sections else [summary + '"""']
    if located.definition.kind == "class" and split_lines(tree.text[line_stop:])[1].strip():
        lines.append("")  # PEP 257: a blank line after the docstring of a class
    text = "".join(ending + (indent + line if line else "") for line in lines)
    return [Edit(line_stop, line_stop, text)]


def _layout(text: str, offset: int) -> tuple[str, str]:
    """The text before `offset` on its line, and the line end in use around it."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    following = split_lines(text[offset : offset + 1000])
    ending = line_end(following[0]) if following else ""
    if start:
        ending = "\r\n" if text.endswith("\r\n", 0, start) else text[start - 1]
    return text[start:offset], ending or "\n"


def _words(name: str) -> str:
    """The words of a name as the beginning of a sentence: ``getUserName`` is "Get user name"."""
    parts = [part for part in _CAMEL.split(name.strip("_#~$")) if part]
    words = " ".join(part if part.isupper() and len(part) > 1 else part.lower() for part in parts)
    return words[:1].upper() + words[1:] if words else name


def _signature(tree: Tree, located: Located) -> _Signature:
    kind = located.definition.kind
    if kind not in ("function", "method", "declaration"):
        return _Signature((), None)
    listed = parameter_list(located.node)
    named: list[tuple[str, str]] = []
    for node in parameters(listed) if listed is not None else ():
        name = name_of(node)
        annotation = node.child_by_field_name("type")
        if name is not None and tree.source(name) not in ("self", "cls", "this"):
            named.append((tree.source(name), tree.source(annotation) if annotation is not None else ""))
    return _Signature(tuple(named), _returned(tree, located))


def _returned(tree: Tree, located: Located) -> str | None:
    node = located.node
    constructor = located.definition.name in ("__init__", "constructor")
    if constructor or node.type == "constructor_declaration":
        return None
    for field in ("value", "right"):
        inner = node.child_by_field_name(field)
        if inner is not None:
            node = inner
    annotation = node.child_by_field_name("return_type") or node.child_by_field_name("type")
    if annotation is not None:
        pointer = node.child_by_field_name("declarator")
        type_ = tree.source(annotation).lstrip(": ")
        plain = pointer is None or pointer.type == "function_declarator"
        return None if plain and type_ in ("None", "void", "never", "Never", "NoReturn") else type_
    body = node.child_by_field_name("body")
    if body is None or tree.language.name in ("c", "cpp", "java"):
        return None
    if body.type not in ("block", "statement_block"):
        return ""  # an arrow function whose body is its value
    returns = tree.captures("(return_statement (_)) @return", body)
    return "" if any(_owner(found, body) for found in returns) else None


def _owner(node: tree_sitter.Node, body: tree_sitter.Node) -> bool:
    """True if no function stands between `node` and `body`."""
    parent = node.parent
    while parent is not None and parent != body:
        if parent.type in _NESTED:
            return False
        parent = parent.parent
    return True
