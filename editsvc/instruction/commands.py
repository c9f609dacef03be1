"""What can be asked for in full: the actions of the offline engine, as values, and examples of them.

`editsvc.instruction.reading` makes them of sentences. They are carried out by the offline engine, serve to draft
predictions, and tell the guard what an instruction asks for.
"""

from __future__ import annotations

import re
from typing import Final, assert_never

import msgspec

from editsvc import late


class Rename(msgspec.Struct, frozen=True):
    """Rename the identifier `old` to `new`; if asked, also as a whole word in comments and strings.

    `owner` is the type that has it as a member, for ``Client.fetch``; empty for a plain name. With `across_files`,
    files that are imported from are taken to be renamed as well.
    """

    old: str
    new: str
    in_comments: bool = False
    in_strings: bool = False
    across_files: bool = False
    owner: str = ""


class Replace(msgspec.Struct, frozen=True):
    """Replace the text `old` by `new`, wherever it occurs.

    With `whole_parts`, only where it is not part of a longer word: the parts of a name count as words
    (``Writter`` in ``ResponseWritterTest``), letters inside a word do not (``int`` in ``print``).
    """

    old: str
    new: str
    whole_parts: bool = False


class SetValue(msgspec.Struct, frozen=True):
    """Give `name` the value `new`, where it is given one: an assignment, a key, an attribute, a default.

    A `name` with blanks is the words of one in any case style: "log level" is LOG_LEVEL, logLevel or log-level.
    With `old`, only where that is its value; with `owner`, only in the definition, table or object of that name; with
    `everywhere`, also where several places give it different values, with `default`, only as that of a parameter. A
    value that is `quoted` is text, one that is `code` is written as it is, and any other is what the old value was.
    """

    name: str
    new: str
    old: str | None = None
    owner: str = ""
    everywhere: bool = False
    default: bool = False
    quoted: bool = False
    code: bool = False


class ChangeColour(msgspec.Struct, frozen=True):
    """Change the colour `old`, in any spelling, to `new`.

    Without `old`, the only colour that there is: of the property `aspect` (``color``, ``background``, …), or
    of the whole file.
    """

    new: str
    old: str | None = None
    aspect: str | None = None


class Remove(msgspec.Struct, frozen=True):
    """Remove the definition `name` (``foo`` or ``Bar.foo``); `kind` is the user's word for it, or empty."""

    kind: str
    name: str


class AddDocstring(msgspec.Struct, frozen=True):
    """Document `name`, or with None everything public that has no documentation.

    Of everything, only what is of `kind` ("function", "class"), if that is given.
    """

    name: str | None = None
    kind: str = ""


class SortImports(msgspec.Struct, frozen=True):
    """Sort the imports at the top of the file."""


class AddParameter(msgspec.Struct, frozen=True):
    """Add `parameter` to `function`; `annotation` and `default` are source text, empty where not given."""

    function: str
    parameter: str
    annotation: str = ""
    default: str = ""


Instruction = Rename | Replace | SetValue | ChangeColour | Remove | AddDocstring | SortImports | AddParameter

EXAMPLES: Final[tuple[tuple[str, str], ...]] = (
    ("rename fetch to download", "renames an identifier, in code only"),
    ("rename fetch to download everywhere", "also renames it in comments and strings"),
    ("replace 'http://' with 'https://'", "replaces a text wherever it occurs"),
    ("change Writter to Writer", "replaces a word, also as part of longer names"),
    ("set timeout to 30", "gives a name another value: an assignment, a key, an attribute, a default"),
    ("change port from 8080 to 9090", "gives it another value only where it has that one"),
    ("change #00FF00 to blue", "changes a colour in CSS and HTML, however it is spelt"),
    ("change the text color to blue", "changes the only text colour"),
    ("remove the function fetch", "removes a definition with its decorators and comments"),
    ("add a docstring to fetch", "writes a documentation stub in the language's form"),
    ("add docstrings", "writes stubs for all undocumented public definitions"),
    ("sort imports", "sorts the imports at the top of the file"),
    ("add a parameter timeout=30 to fetch", "adds a parameter with a default"),
)


def describe() -> list[tuple[str, str]]:
    """A capability of the engine: an instruction that it understands, and its effect."""
    return list(EXAMPLES)


# Not only the conventional types: many projects put the changed component there ("tree: ", "ignore/types: ").
_SUBJECT_PREFIX: Final = late.pattern(r"\s*(?P<kind>\w[\w./-]*)(?:\([^()\n]*\))?!?:\s+")
_ISSUE: Final = late.pattern(
    r"(?:\s?\([^()\n]*#\d+[^()\n]*\)|[,.;]?\s(?:close|fix|resolve)(?:[sd]|es|ed)?:? #\d+)[.\s]*$",
    re.IGNORECASE,
)


def wording(value: Instruction) -> str:
    """A sentence that asks for `value` and nothing else, in English, with every name marked as one."""
    match value:
        case Rename(old=old, new=new, owner=owner):
            path = f"{owner}." if owner else ""
            reach = {
                (True, True): " everywhere",
                (True, False): " including comments",
                (False, True): " including strings",
            }
            return (
                f"rename `{path}{old}` to `{path}{new}`{reach.get((value.in_comments, value.in_strings), '')}"
            )
        case Replace(old=old, new=new, whole_parts=True):
            return f"replace {old} with {new}"
        case Replace(old=old, new=new):
            return f"replace {_quoted(old)} with {_quoted(new)}"
        case SetValue():
            return _set_wording(value)
        case ChangeColour(new=new, old=None, aspect=aspect):
            kind = {"color": "text ", "caret-color": "caret ", "accent-color": "accent "}.get(
                aspect or "", aspect or ""
            )
            return f"change the {kind.strip()}{' ' if kind else ''}color to {new}"
        case ChangeColour(new=new, old=old):
            return f"change the color {old} to {new}"
        case Remove(kind=kind, name=name):
            return f"remove the {kind} `{name}`" if kind else f"remove `{name}`"
        case AddDocstring(name=None, kind=kind):
            return (
                f"add docstrings to all {kind}{'es' if kind == 'class' else 's'}"
                if kind
                else "add docstrings"
            )
        case AddDocstring(name=name):
            return f"add a docstring to `{name}`"
        case SortImports():
            return "sort imports"
        case AddParameter(function=function, parameter=parameter, annotation=annotation, default=default):
            typed = f"{parameter}: {annotation}" if annotation else parameter
            return f"add a parameter {typed}{f' = {default}' if default else ''} to `{function}`"
    assert_never(value)


def _set_wording(value: SetValue) -> str:
    name = f"`{value.owner}.{value.name}`" if value.owner else f"`{value.name}`"
    if " " in value.name:  # words that stand for a name
        name = f"{value.name} of `{value.owner}`" if value.owner else value.name
    new = _quoted(value.new) if value.quoted else f"`{value.new}`" if value.code else value.new
    start = f" from {value.old}" if value.old is not None else ""
    what = f"the default of {name}" if value.default else name
    return f"set {what}{start} to {new}{' everywhere' if value.everywhere else ''}"


def _quoted(text: str) -> str:
    mark = next((mark for mark in ("'", '"', "`") if mark not in text), "'")
    return f"{mark}{text}{mark}"


def dotted(path: str) -> str:
    """A qualified name with dots: ``A::f`` and ``A#f`` are ``A.f``."""
    return path.replace("::", ".").replace("->", ".").replace("#", ".")


def subject(instruction: str) -> tuple[str, str]:
    """A commit's subject line as (the type before the colon, in lower case, without its scope; the rest).

    The first is empty where there is none; issue numbers at the end ("(#123)", "fixes #123") are dropped.

    >>> subject("Refactor(api)!: rename foo to bar (#12)")
    ('refactor', 'rename foo to bar')
    """
    match = _SUBJECT_PREFIX.match(instruction)
    kind, rest = (match["kind"].lower(), instruction[match.end() :]) if match else ("", instruction)
    return kind, _ISSUE.sub("", rest).strip()
