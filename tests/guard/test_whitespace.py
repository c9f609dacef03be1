"""White space that nobody asked to change: tabs, indentation, hard breaks, blank lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc import syntax
from editsvc.guard.findings import Answer, Finding
from editsvc.guard.proposal import Proposal
from editsvc.guard.retouched import restore
from editsvc.instruction.intent import Intent
from editsvc.text.document import split_lines
from tests.support.proposals import parts, sections_of


def restored(
    before: str, after: str, filename: str, instruction: str = "set the limit to 4", *, narrow: bool = False
) -> tuple[str, list[Finding]]:
    intent = Intent(literal=instruction, understood=True, narrow=narrow)
    return restore(Proposal(before, after, intent, syntax.language_of(filename), filename))


def answers(findings: list[Finding]) -> set[Answer]:
    return {finding.answer for finding in findings}


TABBED = {
    "a.py": "class A:\n\tdef f(self):\n\t\tx = 1\n\t\treturn x\n\n\tlimit = 3\n",
    "a.go": "func f() {\n\tif x {\n\t\treturn 1\n\t}\n\tlimit := 3\n}\n",
    "a.c": "int f(void)\n{\n\tint x = 1;\n\treturn x;\n}\n/*\n * limit\n */\nint g() {\n\tint limit = 3;\n}\n",
    "Makefile": "all: build\n\nbuild:\n\tcc -o app main.c\n\nclean:\n\trm -f app\n\ttest limit = 3\n",
    "a.unknown": "begin\n\tone\n\ttwo\n\t\tthree\nend\n\tlimit 3\n",
}


@pytest.mark.parametrize("width", [2, 4, 8])
@pytest.mark.parametrize("filename", TABBED)
def test_tabs_that_came_back_as_spaces_are_tabs_again_on_the_edited_line_too(
    filename: str, width: int
) -> None:
    before = TABBED[filename]
    edited = before.replace("= 3", "= 4").replace("limit 3", "limit 4")
    assert edited != before
    text, findings = restored(before, edited.replace("\t", " " * width), filename)
    assert text == edited
    assert answers(findings) == {Answer.RESTORE}


def test_one_function_with_spaces_in_a_file_of_tabs_has_tabs_again() -> None:
    before = "class A:\n\tdef f(self):\n\t\tx = 1\n\t\ty = 2\n\t\treturn x\n\n\tdef g(self):\n\t\treturn 2\n"
    edited = before.replace("y = 2", "y = 3")
    reply = (
        edited.replace("\t\tx", "        x")
        .replace("\t\ty", "        y")
        .replace("\t\treturn x", " " * 8 + "return x")
    )
    assert restored(before, reply, "a.py")[0] == edited


def test_the_only_recipe_of_a_makefile_has_its_tab_again_though_it_was_edited() -> None:
    text, _ = restored(
        "all:\n\tcc main.c\n", "all:\n    clang main.c\n", "Makefile", "use clang instead of cc"
    )
    assert text == "all:\n\tclang main.c\n"


def test_spaces_that_came_back_as_tabs_are_spaces_again() -> None:
    before = "def f():\n    x = 1\n    if x:\n        return x\n    limit = 3\n"
    edited = before.replace("= 3", "= 4")
    assert restored(before, edited.replace("    ", "\t"), "a.py")[0] == edited


@pytest.mark.parametrize(
    "instruction", ["use spaces instead of tabs", "format the file", "indent with spaces", "\u7f29\u8fdb"]
)
def test_tabs_may_go_if_the_instruction_speaks_of_them(instruction: str) -> None:
    reply = TABBED["a.py"].replace("\t", "    ").replace("= 3", "= 4")
    assert restored(TABBED["a.py"], reply, "a.py", instruction) == (reply, [])


def test_a_block_that_was_wrapped_stays_where_it_is() -> None:
    before = "def f():\n    a = 1\n    b = 2\n    c = 3\n    d = 4\n    return a\n"
    body = "".join(f"    {line}" for line in split_lines(before)[1:])
    reply = f"def f():\n    if ready:\n{body}"
    assert restored(before, reply, "a.py", "do it only if ready") == (reply, [])


def test_a_wrapped_block_of_tabs_that_came_back_as_spaces_is_deeper_and_has_tabs() -> None:
    before = "def f():\n\ta = 1\n\tb = 2\n\treturn a\n\n\ndef g():\n\treturn 1\n"
    reply = (
        "def f():\n    if ready:\n        a = 1\n        b = 2\n        return a\n\n\ndef g():\n\treturn 1\n"
    )
    text, _ = restored(before, reply, "a.py", "do it only if ready")
    assert text == "def f():\n\tif ready:\n\t\ta = 1\n\t\tb = 2\n\t\treturn a\n\n\ndef g():\n\treturn 1\n"


NESTED = "def f():\n    x = 1\n    if x:\n        return x\n    limit = 3\n    return limit\n"


def test_indentation_that_was_lost_comes_back() -> None:
    edited = NESTED.replace("= 3", "= 4")
    reply = "".join(line.lstrip(" ") for line in split_lines(edited))
    assert restored(NESTED, reply, "a.py")[0] == edited


def test_another_width_of_all_indentation_is_asked_about_and_put_back_if_only_one_thing_was_asked_for() -> (
    None
):
    edited = NESTED.replace("= 3", "= 4")
    reply = edited.replace("    ", "  ")
    text, findings = restored(NESTED, reply, "a.py")
    assert text == reply
    assert answers(findings) == {Answer.ASK_THEN_REFUSE}
    assert restored(NESTED, reply, "a.py", narrow=True)[0] == edited


TABLE = "id\tname\tprice\n1\tapple\t3\n2\tpear\t4\n3\tplum\t5\n4\tfig\t6\n"


@pytest.mark.parametrize("gap", [" ", "  ", "    ", "        "])
def test_the_columns_of_a_table_are_tabs_again_in_the_edited_line_too(gap: str) -> None:
    edited = TABLE.replace("fig\t6", "fig\t7")
    text, findings = restored(TABLE, edited.replace("\t", gap), "prices.tsv", "set the price of fig to 7")
    assert text == edited
    assert answers(findings) == {Answer.RESTORE}


def test_an_edited_line_of_a_table_whose_columns_are_not_clear_is_asked_about() -> None:
    reply = TABLE.replace("fig\t6", "green fig\t7").replace("\t", " ")
    _, findings = restored(TABLE, reply, "prices.tsv", "fig becomes green fig, 7")
    assert Answer.ASK_THEN_REFUSE in answers(findings)


POEM = "# Poem\n\nRoses are red,  \nviolets are blue,  \nsugar is sweet,  \nand so are you.  \n\nThe limit is 3.\n"


def test_the_hard_breaks_of_a_markdown_page_come_back() -> None:
    edited = POEM.replace("is 3", "is 4")
    reply = "".join(line.rstrip() + "\n" for line in split_lines(edited))
    assert restored(POEM, reply, "poem.md")[0] == edited


def test_trailing_spaces_elsewhere_may_go_as_editors_strip_them() -> None:
    before = "a = 1  \nb = 2  \nc = 3 \n\n\n\n\n\nlimit = 3\n"
    reply = before.replace(" \n", "\n").replace(" \n", "\n").replace("limit = 3", "limit = 4")
    assert restored(before, reply, "a.py") == (reply, [])


PARAGRAPHS = "# T\n\nOne one one.\n\nTwo two two.\n\nThree three.\n\nFour four.\n\nThe limit is 3.\n"


def test_blank_lines_between_paragraphs_come_back() -> None:
    edited = PARAGRAPHS.replace("is 3", "is 4")
    reply = edited.replace("\n\n", "\n")
    assert restored(PARAGRAPHS, reply, "p.md", narrow=True)[0] == edited
    text, findings = restored(PARAGRAPHS, reply, "p.md", "improve the limit")
    assert text == reply
    assert answers(findings) == {Answer.ASK_THEN_REFUSE}


def test_blank_lines_that_were_put_between_all_lines_go_again() -> None:
    before = "one\ntwo\nthree\nfour\nlimit 3\n"
    reply = before.replace("\n", "\n\n").replace("limit 3", "limit 4").rstrip("\n") + "\n"
    assert restored(before, reply, "p.txt", narrow=True)[0] == before.replace("limit 3", "limit 4")


def test_two_blank_lines_between_definitions_come_back() -> None:
    before = "".join(f"def f{number}():\n    return {number}\n\n\n" for number in range(6)) + "limit = 3\n"
    edited = before.replace("limit = 3", "limit = 4")
    assert restored(before, edited.replace("\n\n\n", "\n\n"), "a.py", narrow=True)[0] == edited


def test_a_page_break_comes_back() -> None:
    before = "one\n\x0c\ntwo\n\n\n\n\n\nlimit 3\n"
    edited = before.replace("limit 3", "limit 4")
    assert restored(before, edited.replace("\x0c\n", "\n"), "a.el")[0] == edited


@pytest.mark.parametrize(
    "instruction", ["remove the blank lines", "squeeze paragraphs", "entferne Leerzeilen"]
)
def test_blank_lines_may_go_if_the_instruction_speaks_of_them(instruction: str) -> None:
    reply = PARAGRAPHS.replace("is 3", "is 4").replace("\n\n", "\n")
    assert restored(PARAGRAPHS, reply, "p.md", instruction) == (reply, [])


def test_a_blank_line_that_the_edit_removes_stays_removed() -> None:
    before = "a = 1\n\nb = 2\n\nc = 3\n\nd = 4\n"
    reply = "a = 1\nb = 2\n\nc = 3\n\nd = 5\n"
    assert restored(before, reply, "a.py") == (reply, [])


@given(
    depths=st.lists(st.integers(0, 3), min_size=3, max_size=12),
    width=st.sampled_from([2, 4, 8]),
    chosen=st.integers(0, 11),
)
def test_with_all_other_lines_in_spaces_exactly_the_edit_is_left(
    depths: list[int], width: int, chosen: int
) -> None:
    chosen %= len(depths)
    before = ["\t" * depth + f"line {number}" for number, depth in enumerate(depths)]
    edited = ["\t" * depths[chosen] + "quite new" if n == chosen else line for n, line in enumerate(before)]
    reply = [line if n == chosen else line.replace("\t", " " * width) for n, line in enumerate(edited)]
    text, _ = restored("\n".join(before) + "\n", "\n".join(reply) + "\n", "a.txt", "write quite new")
    assert text == "\n".join(edited) + "\n"


STEPS = sections_of(
    "def shop():\n",
    "    total = 3\n    print(total)\n",
    "    count = 3\n    print(count)\n",
    "    price = 3\n    return price\n",
)


def flush_left(text: str) -> str:
    return "".join(line.removeprefix("    ") for line in split_lines(text))


@pytest.mark.parametrize("rewritten", [{2}, {2, 4}, {2, 3, 4}])
def test_parts_that_came_back_flush_left_stand_where_they_stood(rewritten: set[int]) -> None:
    edited = {part.number: part.text.replace("3", "4") for part in STEPS if part.number in rewritten}
    proposal = parts(STEPS, {number: flush_left(text) for number, text in edited.items()})
    text, findings = restore(proposal)
    assert text == parts(STEPS, edited).after
    assert answers(findings) == {Answer.RESTORE}


def test_parts_of_a_document_that_was_indented_anew_stay_as_they_came() -> None:
    page = sections_of(
        "<div>\n    <p>one</p>\n    <p>1.0</p>\n</div>\n",
        "  <li>two</li>\n  <li>three</li>\n  <li>four</li>\n",
        "<ul>\n  <li>five</li>\n</ul>\n",
    )
    new = {
        1: "<div>\n<p>one</p>\n<p>2.0</p>\n</div>\n",
        2: "<li>two</li>\n<li>three</li>\n<li>four</li>\n",
    }
    proposal = parts(page, new, "docs of version two", "page.html")
    assert restore(proposal)[0] == proposal.after


def test_parts_of_which_no_line_was_kept_stay_as_they_came() -> None:
    new = {2: "amount = 4\nshow(amount)\n", 3: "pieces = 4\nshow(pieces)\n"}
    proposal = parts(STEPS, new)
    assert restore(proposal) == (proposal.after, [])


def test_one_part_of_which_no_line_was_kept_is_indented_again() -> None:
    proposal = parts(STEPS, {2: "amount = 4\nshow(amount)\n"})
    wanted = parts(STEPS, {2: "    amount = 4\n    show(amount)\n"}).after
    assert restore(proposal)[0] == wanted
