"""Proposals as the tests of checks write them: a file before and after, or some of its parts rewritten."""

from collections.abc import Mapping, Sequence

from editsvc import syntax
from editsvc.guard.findings import Lines
from editsvc.guard.proposal import Piece, Proposal
from editsvc.instruction.intent import intent_of
from editsvc.text.document import split_lines
from editsvc.text.section import Section


def whole(
    before: str, after: str, instruction: str = "Rename total to sum_of.", filename: str = "shop.py"
) -> Proposal:
    """A reply that is the whole file."""
    return Proposal(
        before,
        after,
        intent_of(instruction),
        syntax.language_of(filename),
        filename,
        (Piece(Section(1, before, 1), after),),
    )


def parts(
    sections: Sequence[Section],
    new: Mapping[int, str],
    instruction: str = "Rename total to sum_of.",
    filename: str = "shop.py",
    *,
    selected: bool = False,
) -> Proposal:
    """A reply that rewrites some sections of a document, which all of them make up: their new texts by number."""
    before = "".join(section.text for section in sections)
    after = "".join(new.get(section.number, section.text) for section in sections)
    pieces = tuple(Piece(section, new[section.number]) for section in sections if section.number in new)
    lines = Lines(pieces[0].section.first_line, pieces[-1].section.last_line) if selected else None
    language = syntax.language_of(filename)
    return Proposal(
        before, after, intent_of(instruction), language, filename, pieces, whole=False, selected=lines
    )


def sections_of(*texts: str) -> list[Section]:
    """`texts` as the numbered sections of the document that they make up."""
    sections: list[Section] = []
    start = 0
    for number, text in enumerate(texts, 1):
        first_line = len(split_lines("".join(texts[: number - 1]))) + 1
        head = next((line for line in split_lines(text) if line.strip()), "").split("(")[0]
        name = (head.split() or [""])[-1].strip(".:{")
        sections.append(Section(number, text, first_line, start, name))
        start += len(text)
    return sections
