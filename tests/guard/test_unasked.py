"""Which changes an instruction explains, and which are more than was asked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from editsvc.guard.findings import Lines, Mark
from editsvc.guard.proposal import Proposal
from editsvc.guard.unasked import judge
from editsvc.instruction.intent import intent_of
from editsvc.syntax import by_name

SHOP = """\
import os

RATE = 0.2
LIMIT = 10


def total(items):
    # the sum before tax
    return sum(items)


def with_tax(items):
    return total(items) * (1 + RATE)


def report(items):
    print('total', total(items))
    for item in items:
        print(item)
    print("end")
    return len(items)
"""


def judged(
    instruction: str,
    *changes: tuple[str, str],
    before: str = SHOP,
    selected: Lines | None = None,
    drafted: str | None = None,
) -> list[Mark]:
    """How each hunk is judged if `changes`, old text to new text, are made in the document."""
    after = before
    for old, new in changes:
        assert old in after
        after = after.replace(old, new, 1)
    proposal = Proposal(
        before,
        after,
        intent_of(instruction),
        by_name("python"),
        "shop.py",
        selected=selected,
        drafted=drafted,
    )
    found = judge(proposal)
    assert [each.span for each in found] == proposal.spans
    return [each.mark for each in found]


def test_what_the_instruction_names_is_explained_and_what_it_does_not_name_is_not() -> None:
    assert judged("set LIMIT to 20", ("LIMIT = 10", "LIMIT = 20"), ('print("end")', 'print("done")')) == [
        Mark.EXPLAINED,
        Mark.UNEXPLAINED,
    ]


def test_a_change_inside_of_the_named_function_is_explained() -> None:
    assert judged(
        "let `report` print numbers",
        ("print(item)", "print(item, end=',')"),
        ("return sum(items)", "return 0"),
    ) == [Mark.UNEXPLAINED, Mark.EXPLAINED]


def test_what_uses_a_name_that_came_with_an_explained_change_is_explained() -> None:
    assert judged(
        "add a parameter currency to `report`",
        ("import os\n", "import os\nimport money\n"),
        ("RATE = 0.2", "RATE = 0.2\nEURO = money.Euro()"),
        ("def report(items):", "def report(items, currency=EURO):"),
    ) == [Mark.EXPLAINED, Mark.EXPLAINED, Mark.EXPLAINED]


def test_what_only_looks_different_is_harmless() -> None:
    assert judged(
        "set LIMIT to 20",
        ("LIMIT = 10", "LIMIT = 20"),
        ("print('total', total(items))", 'print("total", total(items))'),
        ("return len(items)", "return len( items )  # of them"),
    ) == [Mark.EXPLAINED, Mark.HARMLESS, Mark.HARMLESS]


def test_a_comment_that_is_gone_is_not_harmless() -> None:
    assert judged("set LIMIT to 20", ("    # the sum before tax\n", "")) == [Mark.UNEXPLAINED]


def test_another_indentation_is_not_harmless_where_it_has_a_meaning() -> None:
    assert judged("set LIMIT to 20", ('    print("end")', '        print("end")')) == [Mark.UNEXPLAINED]


def test_another_text_in_quotes_is_not_harmless() -> None:
    assert judged("set LIMIT to 20", ('"end"', '"e nd"')) == [Mark.UNEXPLAINED]


def test_a_whole_function_that_goes_is_not_explained_by_a_name_in_one_of_its_lines() -> None:
    report = SHOP[SHOP.index("def report") :]
    assert judged("rename total to sum_up", (report, "")) == [Mark.UNEXPLAINED]
    assert judged("fix the total", (report, "")) != [Mark.EXPLAINED]


def test_what_is_to_be_removed_may_go() -> None:
    report = SHOP[SHOP.index("\n\ndef report") :]
    assert judged("remove the function report", (report, "")) == [Mark.EXPLAINED]


def test_a_selection_explains_what_lies_in_it() -> None:
    assert judged(
        "make it faster", ("RATE = 0.2", "RATE = 0.3"), ("LIMIT = 10", "LIMIT = 11"), selected=Lines(3, 4)
    ) == [Mark.EXPLAINED]


def test_a_complete_draft_explains_what_it_makes_too() -> None:
    drafted = SHOP.replace('"end"', '"done"')
    assert judged("write done instead of end", ('"end"', '"done"'), drafted=drafted) == [Mark.EXPLAINED]


def test_nobody_can_tell_what_a_wide_instruction_leaves_out() -> None:
    for instruction in ("refactor", "improve the code", "", "Ondoa mistari ya mwisho"):
        assert judged(instruction, ("RATE = 0.2", "RATE = 0.3"), ('"end"', '"done"')) == [Mark.UNKNOWN] * 2


def test_words_that_point_nowhere_explain_nothing_and_forbid_nothing() -> None:
    assert judged("support mortgages", ("RATE = 0.2", "RATE = 0.3")) == [Mark.UNKNOWN]


def test_the_parts_of_a_name_that_is_there_do_not_point_at_other_names() -> None:
    before = "def old_price(a):\n    return a + 1\n\n\ndef new_price(a):\n    return a + 2\n"
    assert judged(
        "`old_price` should add 3",
        ("a + 1", "a + 3"),
        ("def new_price(a)", "def new_price(b)"),
        before=before,
    ) == [Mark.EXPLAINED, Mark.UNEXPLAINED]


@given(st.text("ab_\n (\"'#", max_size=60), st.text("ab_\n (\"'#", max_size=60), st.text(max_size=30))
def test_every_changed_span_is_judged_whatever_the_texts(before: str, after: str, instruction: str) -> None:
    proposal = Proposal(before, after, intent_of(instruction))
    assert [each.span for each in judge(proposal)] == proposal.spans
