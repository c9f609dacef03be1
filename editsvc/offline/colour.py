"""Change a colour in CSS, and in the style elements and attributes of HTML; in declared values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.instruction.palette import Colour, colour
from editsvc.offline.errors import NotApplicable
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
# A style attribute holds declarations without a rule around them.
_RULE: Final = ("a{", "}")


@dataclass(frozen=True, slots=True)
class _Use:
    start: int
    end: int
    aspect: str
    colour: Colour


def apply(text: str, value: ChangeColour, language: Language | None, *, budget: ParseBudget) -> list[Edit]:
    """Edits that replace every spelling of `value.old`, or the only colour there is, by `value.new`.

    Raises NotApplicable if the file is neither CSS nor HTML, or the colour is not there or not the only one.
    """
    if language is None or language.name not in ("css", "html"):
        raise NotApplicable("Colours are changed in CSS and HTML files only.")
    uses = list(_uses(text, language, budget))
    if value.old is not None:
        old = colour(value.old)
        chosen = [use for use in uses if use.colour == old]
        if not chosen:
            raise NotApplicable(f"No declaration of the file has the colour {value.old}{_those(text, uses)}.")
    else:
        chosen = _only(text, value, uses)
    return [Edit(use.start, use.end, value.new) for use in chosen]


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


def _in_css(sheet: str, shift: int, budget: ParseBudget) -> Iterator[_Use]:
    tree = tree_of(sheet, _CSS, budget=budget)
    for declaration in tree.captures(_DECLARATIONS):
        aspect = tree.source(declaration.named_children[0]).lower()
        addresses = [node.byte_range for node in tree.captures(_ADDRESSES, declaration)]
        for node in tree.captures(_VALUES, declaration):
            found = colour(tree.source(node))
            inside = any(start <= node.start_byte < end for start, end in addresses)
            if found is not None and not inside:
                start, end = tree.span(node)
                yield _Use(start + shift, end + shift, aspect, found)
