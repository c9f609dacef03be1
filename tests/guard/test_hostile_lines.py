"""Lines that would take a pattern's time: what is written out instead decides as the plain pattern does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.guard import gate
from editsvc.guard.fold import FOLDS, Dress
from editsvc.guard.proposal import Piece, Proposal, Received
from editsvc.guard.unasked import judge, without_block_comments
from editsvc.instruction.intent import intent_of
from editsvc.text.section import Section

COMMENTS = re.compile(r"/\*[^*]*(?:\*(?!/)[^*]*)*\*/|<!--.*?-->")
DASHES = re.compile("[ \t]*[-\u2013]+[ \t]*")
DECIMALS = re.compile(r"(?<![\d.])(\d+)\.(\d*?)0+(?![\d.])")


def texts_of(*parts: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from([*parts])).map("".join)


@given(texts_of("/*", "*/", "<!--", "-->", "*", "/", "-", "<", "!", ">", "a", "\n"))
def test_block_comments_are_what_the_pattern_for_them_finds(text: str) -> None:
    assert without_block_comments(text) == COMMENTS.sub("", text)


@given(texts_of(" ", "\t", "-", "\u2013", "  "))
def test_dashes_are_what_the_pattern_for_them_finds(text: str) -> None:
    assert FOLDS[Dress.DASHES](f"a{text}") == DASHES.sub("-", f"a{text}")


@given(texts_of("0", "1", ".", "a"))
def test_zeros_at_the_end_of_decimals_are_what_the_pattern_for_them_finds(text: str) -> None:
    plain = DECIMALS.sub(lambda found: found[1] + (f".{found[2]}" if found[2] else ""), text)
    assert FOLDS[Dress.NUMBERS](text) == re.sub(r"(?<![\w.])0(?=\.\d)", "", plain)


@pytest.mark.parametrize("unit", [" ", "\t", "\u00a0", "<!--", "/* ", "0.", "-", "\\", "'", "_", "a "])
def test_a_long_run_of_anything_is_looked_at_in_linear_time(unit: str) -> None:
    """With a pattern that tries each place again, one of these would take hours."""
    before = f'start\nx = "here" 0.{unit * (300_000 // len(unit))}1 y\nend\n'
    after = before.replace("here", "there")
    whole = (Piece(Section(1, before, 1), after),)
    proposal = Proposal(before, after, intent_of("say there"), pieces=whole, received=Received())
    assert gate.examine(proposal).decision is gate.Decision.PASS
    assert len(judge(proposal)) == 1
