"""Instructions the offline engine understands: from a sentence to a value, or to nothing.

Parsing is conservative. A sentence must match a form from its first word to its last, so a sentence that asks
for more than the engine can do is not understood, rather than done in part. The values also serve to draft
predictions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc import late

if TYPE_CHECKING:
    from collections.abc import Callable


class Rename(msgspec.Struct, frozen=True):
    """Rename the identifier `old` to `new`; if asked, also as a whole word in comments and strings.

    With `across_files`, files that are imported from are taken to be renamed as well.
    """

    old: str
    new: str
    in_comments: bool = False
    in_strings: bool = False
    across_files: bool = False


class Replace(msgspec.Struct, frozen=True):
    """Replace the text `old` by `new`, wherever it occurs.

    With `whole_parts`, only where it is not part of a longer word: the parts of a name count as words
    (``Writter`` in ``ResponseWritterTest``), letters inside a word do not (``int`` in ``print``).
    """

    old: str
    new: str
    whole_parts: bool = False


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
    """Document `name`, or with None everything public that has no documentation."""

    name: str | None = None


class SortImports(msgspec.Struct, frozen=True):
    """Sort the imports at the top of the file."""


class AddParameter(msgspec.Struct, frozen=True):
    """Add `parameter` to `function`; `annotation` and `default` are source text, empty where not given."""

    function: str
    parameter: str
    annotation: str = ""
    default: str = ""


Instruction = Rename | Replace | ChangeColour | Remove | AddDocstring | SortImports | AddParameter

EXAMPLES: Final[tuple[tuple[str, str], ...]] = (
    ("rename fetch to download", "renames an identifier, in code only"),
    ("rename fetch to download everywhere", "also renames it in comments and strings"),
    ("replace 'http://' with 'https://'", "replaces a text wherever it occurs"),
    ("change Writter to Writer", "replaces a word, also as part of longer names"),
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


_QUOTE: Final = r"[`'\"\u2018\u2019\u201c\u201d]?"
_IDENTIFIER: Final = r"[^\W\d][\w$]*"
_CALL: Final = r"(?:\(\))?"
_KIND: Final = (
    r"(?:function|func|fn|method|class|struct|enum|trait|interface|type|record|union|module|namespace|macro)"
)
_NAMED_THING: Final = (
    rf"(?:{_KIND}|variable|identifier|constant|field|property|attribute|parameter|argument|symbol|key|target|rule|job|task|step|"
    rf"section|heading|label|option|setting|column|table|service|command|flag)"
)


def _name(group: str, pattern: str = _IDENTIFIER) -> str:
    return rf"{_QUOTE}(?P<{group}>{pattern}){_CALL}{_QUOTE}"


_PATH: Final = rf"~?{_IDENTIFIER}(?:(?:\.|::|#)~?{_IDENTIFIER})*"
_CSS_NAME: Final = r"[^\W\d][\w$-]*"
_REACH: Final = (
    r"(?P<reach>,? (?:everywhere|(?:including|also in|and in) (?:all )?(?:the )?"
    r"(?:comments and strings|strings and comments|comments|strings)"
    r"(?: too| as well)?))?"
)
_HERE: Final = r"(?:,? (?:throughout|in (?:this|the) (?:file|code|document)|throughout the file))?"
# What a rename does anyway.
_USES: Final = (
    r"(?:,? (?:and|,) (?:also )?(?:update|change|adjust|fix) (?:all )?(?:of )?(?:the |its )?"
    r"(?:references|usages|uses|callers|calls|call ?sites|occurrences)(?: to it| of it)?(?: accordingly| too)?)?"
)
_ARROW: Final = r"(?:to|as|into|->|=>|→)"

_RENAME: Final = late.pattern(
    rf"renam(?:e|es|ed|ing) (?:(?:all|every|each) (?:occurrences?|uses?|instances?) of )?(?:the )?(?:{_NAMED_THING} )?"
    rf"(?:name )?(?:from )?{_name('old', _CSS_NAME)} ?{_ARROW} ?{_name('new', _CSS_NAME)}{_HERE}{_REACH}{_USES}",
    re.IGNORECASE,
)
_CHANGE_NAME: Final = late.pattern(
    rf"chang(?:e|es|ed|ing) (?:the )?(?:{_NAMED_THING} name (?:from )?|name of (?:the )?(?:{_NAMED_THING} )?)"
    rf"{_name('old', _CSS_NAME)} {_ARROW} {_name('new', _CSS_NAME)}{_HERE}{_REACH}{_USES}",
    re.IGNORECASE,
)

_QUOTED: Final = (
    r"(?:`(?P<{0}_tick>[^`]+)`|'(?P<{0}_single>[^']+)'|\"(?P<{0}_double>[^\"]+)\"|“(?P<{0}_curly>[^”]+)”)"
)
_NEW_QUOTED: Final = _QUOTED.replace("]+)", "]*)")
_CHANGE: Final = r"(?:replac(?:e|es|ed|ing)|chang(?:e|es|ed|ing)|substitut(?:e|es))"
_ALL: Final = r"(?:(?:all|every|each) (?:(?:the )?occurrences? of |instances? of )?)?"
_REPLACE_QUOTED: Final = late.pattern(
    rf"{_CHANGE} {_ALL}(?:the )?(?:(?:text|string|word) )?{_QUOTED.format('old')}"
    rf" (?:with|by|to|->) (?:the )?(?:(?:text|string|word) )?{_NEW_QUOTED.format('new')}"
    rf"{_HERE}(?: everywhere)?",
    re.IGNORECASE,
)
_WORD: Final = r"[\w$][\w$.:/@+-]*[\w$]|[\w$]"
_REPLACE_WORD: Final = late.pattern(
    rf"{_CHANGE} {_ALL}(?P<old>{_WORD}) (?:with|by|to|->) (?P<new>{_WORD}){_HERE}", re.IGNORECASE
)
# Words that describe text instead of quoting it: "change tabs to spaces" is not a replacement.
_DESCRIPTIONS: Final = frozenset(
    {"all", "everything", "it", "that", "them", "these", "this", "those"}
    | {"camelcase", "case", "casing", "lowercase", "pascalcase", "snakecase", "uppercase"}
    | {"async", "code", "english", "indentation", "quotes", "space", "spaces", "sync", "tab", "tabs"}
)

_COLOUR: Final = r"#[0-9a-f]{3,8}|[a-z]+|(?:rgba?|hsla?|hwb|(?:ok)?lab|(?:ok)?lch)\([^()]*\)"
_COLOUR_WORD: Final = r"colou?rs?"
_CHANGE_COLOUR: Final = late.pattern(
    rf"(?:{_CHANGE}|turn|make) {_ALL}(?:the )?(?:{_COLOUR_WORD} )?(?:from )?"
    rf"{_QUOTE}(?P<old>{_COLOUR}){_QUOTE}(?: {_COLOUR_WORD})?(?: text)?"
    rf" ?(?:with|by|to|into|->|→)? ?{_QUOTE}(?P<new>{_COLOUR}){_QUOTE}{_HERE}",
    re.IGNORECASE,
)
_ASPECT: Final = r"text|font|foreground|background|border|outline|fill|stroke|caret|accent"
_CHANGE_THE_COLOUR: Final = late.pattern(
    rf"(?:{_CHANGE}|make|set|turn) (?:the )?"
    rf"(?:(?P<aspect>{_ASPECT})(?:[ -]{_COLOUR_WORD})?|{_COLOUR_WORD})"
    rf"(?: of the text)? ?(?:with|by|to|into|->|→)? {_QUOTE}(?P<new>{_COLOUR}){_QUOTE}{_HERE}",
    re.IGNORECASE,
)
_PROPERTIES: Final = {
    "text": "color",
    "font": "color",
    "foreground": "color",
    "fill": "fill",
    "stroke": "stroke",
    "background": "background",
    "border": "border",
    "outline": "outline",
    "caret": "caret-color",
    "accent": "accent-color",
}

_REMOVE: Final = late.pattern(
    rf"(?:remov(?:e|es|ed|ing)|delet(?:e|es|ed|ing)|drops?) (?:the )?(?:unused |obsolete )?"
    rf"(?P<kind>{_KIND}) {_name('name', _PATH)}(?: (?:from|of|in) (?:the )?(?:class )?{_name('owner', _PATH)})?{_HERE}",
    re.IGNORECASE,
)
_REMOVE_KIND_LAST: Final = late.pattern(
    rf"(?:remov(?:e|es|ed|ing)|delet(?:e|es|ed|ing)|drops?) (?:the )?(?:unused |obsolete )?"
    rf"{_name('name', _PATH)} (?P<kind>{_KIND}){_HERE}",
    re.IGNORECASE,
)

_DOC: Final = r"(?:docstring|doc[- ]?string|doc(?:umentation)?[- ]comment|jsdoc(?: comment)?|javadoc|doc)"
_KINDS_OF_ALL: Final = r"(?:functions?|methods?|class(?:es)?|definitions?)"
_ALL_OF_THEM: Final = (
    rf"(?:(?:all|every) )?(?:(?:the )?public )?{_KINDS_OF_ALL}(?:(?:, | and |, and ){_KINDS_OF_ALL})*"
    r"(?: without (?:one|them))?"
)
_DOCUMENT_ONE: Final = late.pattern(
    rf"(?:add|write) (?:an? |the )?(?:missing )?{_DOC} (?:to|for) (?:the )?(?:{_KIND} )?"
    rf"{_name('name', _PATH)}(?: {_KIND})?|document (?:the )?{_KIND} {_name('documented', _PATH)}",
    re.IGNORECASE,
)
_DOCUMENT_ALL: Final = late.pattern(
    rf"(?:add|write) (?:all )?(?:the )?(?:missing )?{_DOC}s(?: (?:to|for) "
    rf"{_ALL_OF_THEM})?{_HERE}|document {_ALL_OF_THEM}{_HERE}",
    re.IGNORECASE,
)
_SORT: Final = late.pattern(
    rf"(?:sort|order|organi[sz]e)s? (?:all )?(?:the )?(?:import|use)s?(?: statements?)?"
    rf"(?: alphabetically)?{_HERE}",
    re.IGNORECASE,
)

_PARAMETER_WORD: Final = r"(?:parameter|param|argument|arg)"
_ADJECTIVE: Final = r"(?:an? |the )?(?:new |optional |default |keyword )*"
_TARGET: Final = rf" to (?:the )?(?:(?:function|method|constructor) )?{_name('function', _PATH)}"
_ADD_PARAMETER: Final = late.pattern(
    rf"adds? {_ADJECTIVE}{_PARAMETER_WORD} (?:named |called )?(?P<declaration>.+?){_TARGET}", re.IGNORECASE
)
_ADD_PARAMETER_LAST: Final = late.pattern(
    rf"adds? {_ADJECTIVE}(?P<declaration>.+?) {_PARAMETER_WORD}{_TARGET}", re.IGNORECASE
)
# A default that contains "to" is a string, or else the sentence goes on to a second function.
_DEFAULT: Final = r"`[^`]*`|'[^']*'|\"[^\"]*\"|(?:(?! to ).)+"
_DECLARATION: Final = late.pattern(
    rf"(?P<name>{_IDENTIFIER})(?:\s*:\s*(?P<annotation>[^=]+?))?"
    rf"(?:\s*(?:=|with (?:a )?default(?: value)?(?: of)?)\s*(?P<default>{_DEFAULT}))?"
)
_TYPED_FIRST: Final = late.pattern(
    rf"(?P<annotation>[\w:<>,*& ]*[\w>*&]) ?(?<=[ *&])(?P<name>{_IDENTIFIER})\s*=\s*(?P<default>{_DEFAULT})"
)
# "Add a parameter to f" and "add an extra parameter to f" do not say its name.
_NO_NAMES: Final = frozenset({"a", "an", "another", "extra", "one", "second", "the", "third"})

_COMMIT_PREFIX: Final = late.pattern(
    r"(?:build|chore|ci|docs|feat|fix|perf|refactor|style|test)(?:\([^)]*\))?!?: "
)
# Not only the conventional types: many projects put the changed component there ("tree: ", "ignore/types: ").
_SUBJECT_PREFIX: Final = late.pattern(r"\s*(?P<kind>\w[\w./-]*)(?:\([^()\n]*\))?!?:\s+")
_ISSUE: Final = late.pattern(
    r"(?:\s?\([^()\n]*#\d+[^()\n]*\)|[,.;]?\s(?:close|fix|resolve)(?:[sd]|es|ed)?:? #\d+)[.\s]*$",
    re.IGNORECASE,
)
_POLITE: Final = late.pattern(r"(?:please,? |(?:can|could) you (?:please )?)", re.IGNORECASE)
# What people add to instructions for a chat model; it says nothing about the edit.
_REPLY_FORM: Final = late.pattern(
    r"[.;,]?\s*(?:respond|reply|answer|output|return)(?: with)? only (?:with )?(?:the )?(?:\w+ )?code"
    r"(?:,? and with no markdown formatting|, no markdown)?\.?\s*$",
    re.IGNORECASE,
)


def parse(instruction: str) -> Instruction | None:
    """The value of `instruction`, or None if it is not one of the forms, from its first word to its last."""
    sentence = " ".join(instruction.split())
    sentence = _REPLY_FORM.sub("", sentence)
    sentence = _COMMIT_PREFIX.sub("", sentence, count=1) if _COMMIT_PREFIX.match(sentence) else sentence
    sentence = _POLITE.sub("", sentence, count=1) if _POLITE.match(sentence) else sentence
    sentence = sentence.rstrip(" .!?") if sentence.endswith((".", "!", "?", " ")) else sentence
    sentence = re.sub(r",? please$", "", sentence, flags=re.IGNORECASE)
    verb = _VERB.match(sentence)
    for form in _FORMS[verb.lastgroup or ""] if verb is not None else ():
        value = form(sentence)
        if value is not None:
            return value
    return None


def subject(instruction: str) -> tuple[str, str]:
    """A commit's subject line as (the type before the colon, in lower case, without its scope; the rest).

    The first is empty where there is none; issue numbers at the end ("(#123)", "fixes #123") are dropped.

    >>> subject("Refactor(api)!: rename foo to bar (#12)")
    ('refactor', 'rename foo to bar')
    """
    match = _SUBJECT_PREFIX.match(instruction)
    kind, rest = (match["kind"].lower(), instruction[match.end() :]) if match else ("", instruction)
    return kind, _ISSUE.sub("", rest).strip()


def _rename(sentence: str) -> Rename | None:
    match = _RENAME.fullmatch(sentence) or _CHANGE_NAME.fullmatch(sentence)
    if match is None or match["old"] == match["new"]:
        return None
    reach = (match["reach"] or "").lower()
    everywhere = "everywhere" in reach
    return Rename(
        match["old"],
        match["new"],
        in_comments=everywhere or "comments" in reach,
        in_strings=everywhere or "strings" in reach,
    )


def _colour(sentence: str) -> ChangeColour | None:
    from editsvc.instruction.palette import is_colour  # noqa: PLC0415 - a table that few instructions need

    match = _CHANGE_THE_COLOUR.fullmatch(sentence)
    if match is not None and is_colour(match["new"]):
        aspect = match["aspect"]
        return ChangeColour(match["new"], aspect=_PROPERTIES[aspect.lower()] if aspect else None)
    match = _CHANGE_COLOUR.fullmatch(sentence)
    if match is not None and is_colour(match["old"]) and is_colour(match["new"]):
        return ChangeColour(match["new"], old=match["old"])
    return None


def _replace(sentence: str) -> Replace | None:
    match = _REPLACE_QUOTED.fullmatch(sentence)
    if match is not None:
        old, new = (_quoted(match, group) for group in ("old", "new"))
        return Replace(old, new) if old != new else None
    match = _REPLACE_WORD.fullmatch(sentence)
    if match is None or match["old"] == match["new"]:
        return None
    if {match["old"].lower(), match["new"].lower()} & _DESCRIPTIONS:
        return None
    return Replace(match["old"], match["new"], whole_parts=True)


def _quoted(match: re.Match[str], group: str) -> str:
    marks = ("tick", "single", "double", "curly")
    return next(text for mark in marks if (text := match[f"{group}_{mark}"]) is not None)


def _remove(sentence: str) -> Remove | None:
    match = _REMOVE.fullmatch(sentence) or _REMOVE_KIND_LAST.fullmatch(sentence)
    if match is None:
        return None
    owner = match.groupdict().get("owner")
    name = f"{owner}.{match['name']}" if owner else match["name"]
    return Remove(match["kind"].lower(), dotted(name))


def _document(sentence: str) -> AddDocstring | None:
    if _DOCUMENT_ALL.fullmatch(sentence):
        return AddDocstring()
    match = _DOCUMENT_ONE.fullmatch(sentence)
    return None if match is None else AddDocstring(dotted(match["name"] or match["documented"]))


def _sort(sentence: str) -> SortImports | None:
    return SortImports() if _SORT.fullmatch(sentence) else None


def _parameter(sentence: str) -> AddParameter | None:
    match = _ADD_PARAMETER.fullmatch(sentence) or _ADD_PARAMETER_LAST.fullmatch(sentence)
    if match is None:
        return None
    text = match["declaration"].strip("`'\"" if match["declaration"][0] == match["declaration"][-1] else "`")
    declaration = _DECLARATION.fullmatch(text) or _TYPED_FIRST.fullmatch(text)
    if declaration is None or text.lower() in _NO_NAMES:
        return None
    return AddParameter(
        dotted(match["function"]),
        declaration["name"],
        annotation=(declaration["annotation"] or "").strip(),
        default=(declaration["default"] or "").strip("` "),
    )


def dotted(path: str) -> str:
    """A qualified name with dots: ``A::f`` and ``A#f`` are ``A.f``."""
    return path.replace("::", ".").replace("#", ".")


# By the verb that a form begins with: most sentences begin with none, and no pattern is compiled for them.
_VERB: Final = late.pattern(
    r"(?P<rename>renam)|(?P<change>chang)|(?P<replace>replac|substitut)|(?P<make>make|set|turn)"
    r"|(?P<remove>remov|delet|drop)|(?P<add>add|write)|(?P<document>document)|(?P<sort>sort|order|organi)",
    re.IGNORECASE,
)
_FORMS: Final[dict[str, tuple[Callable[[str], Instruction | None], ...]]] = {
    "rename": (_rename,),
    "change": (_rename, _colour, _replace),
    "replace": (_colour, _replace),
    "make": (_colour,),
    "remove": (_remove,),
    "add": (_document, _parameter),
    "document": (_document,),
    "sort": (_sort,),
}
