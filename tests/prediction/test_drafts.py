"""Drafts: what an instruction plainly says, done in advance."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.instruction.commands import AddParameter, Remove, Rename, Replace, SortImports
from editsvc.prediction.drafts import Draft, compose, draft, understood
from editsvc.syntax import LANGUAGES, ParseBudget, by_name
from editsvc.text.document import Edit, apply

if TYPE_CHECKING:
    from editsvc.syntax import Language

PYTHON = by_name("python")
SHOP = """\
import sys
import os


def total(items, rate):
    # total_tax is added by the caller
    return sum(items) * rate


def total_tax(items):
    return total(items, 0.2)


def legacy(items):
    return items
"""


def drafted(document: str, instruction: str, language: str = "python") -> str:
    found = draft(document, instruction, by_name(language))
    assert found is not None
    return apply(document, found.edits)


UNDERSTOOD = {
    "rename foo to bar": [Rename("foo", "bar")],
    "tree: rename foo to bar": [Rename("foo", "bar")],
    "ignore/types: rename foo to bar": [Rename("foo", "bar")],
    "refactor(api)!: rename foo to bar (#123)": [Rename("foo", "bar")],
    "chore: sort imports, fixes #12.": [SortImports()],
    "rename foo to bar and baz to qux": [Rename("foo", "bar"), Rename("baz", "qux")],
    "Rename foo to bar, and update all call sites.": [Rename("foo", "bar")],
    "Rename foo to bar. Then remove the class Old.": [Rename("foo", "bar"), Remove("class", "Old")],
    "rename foo to bar, then sort imports; please": [Rename("foo", "bar"), SortImports()],
    "rename foo to bar, including comments and strings; sort imports": [
        Rename("foo", "bar", in_comments=True, in_strings=True),
        SortImports(),
    ],
    "replace 'salt and pepper' with 'a; b' and remove the function f": [
        Replace("salt and pepper", "a; b"),
        Remove("function", "f"),
    ],
    "1. rename foo to bar\n2. sort the imports\r\n- remove method A.b": [
        Rename("foo", "bar"),
        SortImports(),
        Remove("method", "A.b"),
    ],
    "remove class Old and function f": [Remove("class", "Old"), Remove("function", "f")],
    "add a parameter x=1 to f and a parameter y=2 to g": [
        AddParameter("f", "x", default="1"),
        AddParameter("g", "y", default="2"),
    ],
    "don't rename foo to bar": None,
    "rename foo to bar and make it async": None,
    "add a docstring to f": None,
    "make it faster": None,
    "": None,
}


@pytest.mark.parametrize("instruction", [key for key, values in UNDERSTOOD.items() if values is not None])
def test_an_instruction_of_plain_clauses_is_understood_in_all(instruction: str) -> None:
    assert understood(instruction) == (UNDERSTOOD[instruction], True)


@pytest.mark.parametrize("instruction", [key for key, values in UNDERSTOOD.items() if values is None])
def test_an_instruction_that_says_more_is_not_understood_in_all(instruction: str) -> None:
    assert not understood(instruction)[1]


def test_clauses_are_drafted_in_turn_each_on_the_result_of_the_one_before() -> None:
    instruction = "Rename total to amount; rename amount to net_amount, and remove the function legacy."

    assert (
        drafted(SHOP, instruction)
        == """\
import sys
import os


def net_amount(items, rate):
    # total_tax is added by the caller
    return sum(items) * rate


def total_tax(items):
    return net_amount(items, 0.2)
"""
    )


def test_edits_stay_as_small_as_the_clauses_made_them() -> None:
    found = draft(SHOP, "rename items to goods and rate to factor", PYTHON)

    assert found is not None
    assert found.complete
    assert {SHOP[edit.start : edit.end] for edit in found.edits} == {"items", "rate"}


def test_a_compound_name_is_renamed_in_comments_and_a_word_of_english_is_not() -> None:
    assert "# vat is added" in drafted(SHOP, "rename total_tax to vat")
    comment = "# total of all\ntotal = 1\n"
    assert drafted(comment, "rename total to count") == "# total of all\ncount = 1\n"


def test_half_an_instruction_is_drafted_and_says_so() -> None:
    found = draft(SHOP, "Sort imports and make total faster", PYTHON)

    assert found is not None
    assert not found.complete
    assert apply(SHOP, found.edits).startswith("import os\nimport sys\n")


def test_a_clause_about_what_is_elsewhere_leaves_nothing_undone_here() -> None:
    found = draft(SHOP, "rename total to amount and connect to open_link", PYTHON)

    assert found is not None
    assert found.complete


def test_a_clause_that_cannot_be_done_is_skipped() -> None:
    """The name `rate` is taken, so the first rename is not made; the second one is."""
    found = draft(SHOP, "rename items to rate; rename legacy to old", PYTHON)

    assert found is not None
    assert not found.complete
    assert apply(SHOP, found.edits) == SHOP.replace("legacy", "old")


@pytest.mark.parametrize(
    "instruction",
    [
        "rename missing to found",
        "rename legac to old",
        "add docstrings",
        "explain this",
        "rename items to rate",
        "rename legacy to old, then rename old to legacy",
        "remove the function total_items",
    ],
)
def test_nothing_to_draft_is_no_draft(instruction: str) -> None:
    assert draft(SHOP, instruction, PYTHON) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("timeout = 5\nfetch(timeout)\n", "timeout = 30\nfetch(timeout)\n"),
        ("def fetch(url, timeout: float = 2.5):\n", "def fetch(url, timeout: float = 30):\n"),
        ("server:\n  timeout: 5 # seconds\n", "server:\n  timeout: 30 # seconds\n"),
        ('{"timeout": 5, "timeout_ms": 7}\n', '{"timeout": 30, "timeout_ms": 7}\n'),
    ],
)
def test_a_name_that_is_to_become_a_number_gets_it_as_its_value(before: str, after: str) -> None:
    found = draft(before, "change timeout to 30", None)

    assert found is not None
    assert found.complete
    assert apply(before, found.edits) == after


@pytest.mark.parametrize(
    "document",
    [
        "timeout = 5\ntimeout = 6\n",
        "timeout = limit\n",
        "wait(timeout)\n",
        "timeout == 5\n",
        "read_timeout = 5\n",
    ],
)
def test_a_value_that_is_given_twice_or_nowhere_is_not_drafted(document: str) -> None:
    assert draft(document, "change timeout to 30", None) is None


@pytest.mark.parametrize(
    "instruction",
    [
        "set LIMIT to 4",
        "LIMIT should be 4",
        "change LIMIT from 3 to 4",
        "setze LIMIT auf 4",
        "mets LIMIT à 4",
        "把LIMIT改为4",
    ],
)
def test_a_value_is_drafted_in_any_language(instruction: str) -> None:
    found = draft("LIMIT = 3\nprint(LIMIT)\n", instruction, PYTHON)

    assert found == Draft((Edit(8, 9, "4"),), complete=True)


@pytest.mark.parametrize(
    "instruction", ["benenne legacy in outdated um", "renomme legacy en outdated", "把legacy重命名为outdated"]
)
def test_a_rename_is_drafted_in_any_language(instruction: str) -> None:
    assert drafted(SHOP, instruction) == SHOP.replace("legacy", "outdated")


@pytest.mark.parametrize("instruction", ["set legacy to kappa", "setze legacy auf kappa"])
def test_a_name_that_gets_a_word_is_not_renamed(instruction: str) -> None:
    assert draft(SHOP, instruction, PYTHON) is None


def test_without_a_grammar_names_are_words() -> None:
    assert draft("a -> b", "rename a to c", None) == Draft((Edit(0, 1, "c"),), complete=True)


def test_a_colour_is_drafted_in_a_style_sheet() -> None:
    sheet = "a { color: #0f0; border: 1px solid red }\n"

    assert drafted(sheet, "change lime to blue and red to #111", "css") == (
        "a { color: blue; border: 1px solid #111 }\n"
    )


def test_what_comes_when_the_budget_is_used_up_is_left_out() -> None:
    """Replacing parses nothing, so the first clause is done; the second takes all there is."""
    text = SHOP * 200
    instruction = "replace 'sum' with 'fsum', rename total to amount, replace 'def' with 'DEF'"

    found = draft(text, instruction, PYTHON, budget=ParseBudget(5))

    assert found is not None
    assert not found.complete
    assert apply(text, found.edits) == text.replace("sum", "fsum")


def test_a_document_that_takes_too_much_to_parse_has_no_draft() -> None:
    assert draft(SHOP * 200, "sort imports", PYTHON, budget=ParseBudget(5)) is None


def test_a_document_or_an_instruction_beyond_reason_is_not_drafted() -> None:
    assert draft("old " * 300_000, "replace 'old' with 'new'", None) is None
    assert draft("old", "replace 'old' with 'new'" + " " * 5_000, None) is None


def test_a_list_of_very_many_clauses_is_drafted_in_part() -> None:
    text = "".join(f"name{i} = {i}\n" for i in range(40))
    found = draft(text, "; ".join(f"rename name{i} to new{i}" for i in range(40)), PYTHON)

    assert found is not None
    assert not found.complete
    assert "new0 = 0\n" in apply(text, found.edits)


TEXTS = st.text("ab \n", max_size=30)


@st.composite
def changes(draw: st.DrawFn, text: str) -> list[Edit]:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return [Edit(start, end, draw(st.text("XY", max_size=3))) for start, end in pairs]


@given(st.data(), TEXTS)
def test_composed_edits_do_what_the_two_steps_do(data: st.DataObject, text: str) -> None:
    first = data.draw(changes(text))
    middle = apply(text, first)
    second = data.draw(changes(middle))

    composed = compose(first, second, middle=middle)

    assert apply(text, composed) == apply(middle, second)
    assert all(one.end < other.start for one, other in pairwise(composed))


CLAUSES = st.sampled_from(
    [
        "rename a to b",
        "rename the function `f` to g everywhere",
        "replace 'a' with 'é'",
        "change a to x",
        "change red to blue",
        "make the text color white",
        "remove the function f",
        "remove class A",
        "sort imports",
        "add a parameter q=1 to f",
        "add docstrings",
        "update all callers",
        "and",
        "b to c",
    ]
)
INSTRUCTIONS = st.text(max_size=60) | st.lists(
    CLAUSES | st.text(" ,;.'`\"\n#(:", max_size=3), max_size=7
).map(" ".join)
FRAGMENTS = [
    "a",
    "f",
    "def f(a):\n    pass\n",
    "class A:\n  ",
    "import b\nimport a\n",
    "function f(a) {}",
    "<p style='color:red'>",
    "p { color: red }",
    *"\n\r\x0c'\"{}😀\ud800",
]
CODE = st.lists(st.sampled_from(FRAGMENTS) | st.characters(), max_size=25).map("".join)


@given(CODE, INSTRUCTIONS, st.sampled_from([None, *LANGUAGES]))
def test_any_instruction_on_any_document_gives_edits_that_change_something_or_no_draft(
    document: str, instruction: str, language: Language | None
) -> None:
    found = draft(document, instruction, language)

    if found is not None:
        apply(document, found.edits)  # raises for edits that overlap or are out of bounds
        assert found.edits
        assert all(document[edit.start : edit.end] != edit.new_text for edit in found.edits)
