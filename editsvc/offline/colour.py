"""Change a colour in CSS, and in the style elements and attributes of HTML; in declared values only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.instruction.palette import Colour, colour, may_be_colour
from editsvc.offline.errors import NotApplicable
from editsvc.offline.outcome import Outcome, lines_of
from editsvc.offline.trees import tree_of
from editsvc.syntax.languages import LANGUAGES
from editsvc.text.document import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editsvc.instruction.commands import ChangeColour
    from editsvc.syntax import Language, ParseBudget

_CSS: Final = next(language for language in LANGUAGES if language.name == "css")
_DECLARATIONS: Final = "(declaration) @declaration"
_VALUES: Final = "[(color_value) (plain_value) (call_expression)] @value"
_ADDRESSES: Final = '((call_expression (function_name) @_name) @url (#match? @_name "^[uU][rR][lL]$"))'
_STYLES: Final = """
(style_element (raw_text) @sheet)
(attribute (attribute_name) @_name (quoted_attribute_value (attribute_value) @style) (#eq? @_name "style"))
"""
# Attributes of HTML and SVG that hold a colour (HTML Standard, "Rendering"; SVG 2, "Presentation attributes").
_COLOURED: Final = """
(attribute (attribute_name) @_name [
  (attribute_value) @value (quoted_attribute_value (attribute_value) @value)
] (#match? @_name "^(fill|stroke|color|bgcolor|stop-color|flood-color|lighting-color|text|link|vlink|alink)$"))
"""
# Properties whose words are names of the author, not colours.
_NAMING: Final = re.compile(
    r"(?:-\w+-)?(?:animation|grid|counter|font|transition|container|view-transition|anchor|position|scroll|view)\b"
    r"|will-change|content|quotes|page|list-style|timeline|offset|display|float"
)
# A style attribute holds declarations without a rule around them.
_RULE: Final = ("a{", "}")
_MOST: Final = 3


@dataclass(frozen=True, slots=True)
class _Use:
    """A colour in a declaration of the property `aspect`; None if its value is not known here."""

    start: int
    end: int
    aspect: str
    colour: Colour | None


def apply(text: str, value: ChangeColour, language: Language | None, *, budget: ParseBudget) -> Outcome:
    """Edits that replace every spelling of `value.old`, or the only colour there is, by `value.new`.

    Colours that are computed (``var()``, ``calc()``, other colour spaces) stay, with a note. Raises NotApplicable if
    the file is neither CSS nor HTML, or the colour is not there or not the only one.
    """
    if language is None or language.name not in ("css", "html"):
        raise NotApplicable("Colours are changed in CSS and HTML files only.")
    found = list(_uses(text, language, budget))
    uses = [use for use in found if use.colour is not None]
    computed = [use for use in found if use.colour is None]
    if value.old is not None:
        old = colour(value.old)
        chosen = [use for use in uses if use.colour == old]
        if not chosen:
            raise NotApplicable(f"No declaration of the file has the colour {value.old}{_those(text, uses)}.")
    else:
        chosen = _only(text, value, found)
        computed = []
    computed = [use for use in computed if not any(use.start <= inner.start < use.end for inner in chosen)]
    notes = []
    if computed:
        spelt = ", ".join(dict.fromkeys(f"`{text[use.start : use.end]}`" for use in computed[:_MOST]))
        where = lines_of(text, (use.start for use in computed))
        notes.append(f"Whether {spelt} on {where} is {value.old} as well cannot be told, so it stays.")
    return Outcome([Edit(use.start, use.end, value.new) for use in chosen], tuple(notes))


def _only(text: str, value: ChangeColour, uses: list[_Use]) -> list[_Use]:
    # "The color" alone means the property of that name, or any colour if that property is not declared.
    aspect = value.aspect or "color"
    chosen = [use for use in uses if use.aspect in (aspect, f"{aspect}-color")]
    if value.aspect is None and not chosen:
        chosen, aspect = uses, "any property"
    if not chosen:
        raise NotApplicable(f"No declaration of {aspect} in the file has a colour{_those(text, uses)}.")
    if len({use.colour for use in chosen}) > 1:
        raise NotApplicable(f"It is not clear which colour is meant{_those(text, chosen)}.")
    return chosen


def _those(text: str, uses: list[_Use]) -> str:
    spellings = dict.fromkeys(text[use.start : use.end] for use in uses)
    return f"; the file has {', '.join(spellings)}" if spellings else ""


def _uses(text: str, language: Language, budget: ParseBudget) -> Iterator[_Use]:
    if language.name == "css":
        yield from _in_css(text, 0, budget)
        return
    tree = tree_of(text, language, budget=budget)
    for _, captures in tree.matches(_STYLES):
        for name, (before, after) in (("sheet", ("", "")), ("style", _RULE)):
            for node in captures.get(name, ()):
                start, end = tree.span(node)
                sheet = f"{before}{text[start:end]}{after}"
                yield from _in_css(sheet, start - len(before), budget)
    for _, captures in tree.matches(_COLOURED):
        start, end = tree.span(captures["value"][0])
        found = colour(text[start:end])
        if found is not None:
            aspect = tree.source(captures["_name"][0]).lower()
            yield _Use(start, end, "background" if aspect == "bgcolor" else aspect, found)


def _in_css(sheet: str, shift: int, budget: ParseBudget) -> Iterator[_Use]:
    tree = tree_of(sheet, _CSS, budget=budget)
    for declaration in tree.captures(_DECLARATIONS):
        aspect = tree.source(declaration.named_children[0]).lower()
        addresses = [node.byte_range for node in tree.captures(_ADDRESSES, declaration)]
        if _NAMING.match(aspect):
            continue
        within = -1
        for node in tree.captures(_VALUES, declaration):
            if node.start_byte < within:
                continue  # a part of a colour
            source = tree.source(node)
            found = colour(source)
            inside = any(start <= node.start_byte < end for start, end in addresses)
            if inside or (found is None and not may_be_colour(source)):
                continue
            # What a computed colour is made of may be a colour, too: rgb(from red r g b).
            within = node.end_byte if found is not None else within
            start, end = tree.span(node)
            yield _Use(start + shift, end + shift, aspect, found)
