"""The contents of a document that is not shown whole, and the places that an instruction points at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc import syntax
from editsvc.prompt.contents import Entry, Hint
from editsvc.scope import contents
from editsvc.scope.sections import divide
from editsvc.text.section import Section
from editsvc.tokens import estimate_from_text

PYTHON = syntax.by_name("python")
STEPS = "import os\n\n\n" + "".join(
    f"def step_{number}(value, path):\n    total = value + {number}\n    if total > {number * 7}:\n"
    f"        print('step {number}', total, path)\n    return total\n\n\n"
    for number in range(60)
)
SECTIONS = divide(STEPS, PYTHON)


def hints(instruction: str, document: str = STEPS, cursor_line: int = 0) -> list[Hint]:
    sections = divide(document, PYTHON)
    outline = syntax.outline_of(document, PYTHON)
    return contents.hints(
        instruction,
        document,
        sections,
        definitions=outline.definitions if outline else (),
        cursor_line=cursor_line,
    )


def test_a_short_list_has_a_line_for_each_section() -> None:
    entries = contents.entries(SECTIONS, 10_000)
    assert [entry.first for entry in entries] == [section.number for section in SECTIONS]
    assert all(entry.alone for entry in entries)
    assert str(entries[1]) == f"2 ({SECTIONS[1].first_line}-{SECTIONS[1].last_line}) def step_0(value, path):"


def test_a_section_inside_of_something_says_what_it_is_a_part_of() -> None:
    inner = Section(
        7, "        return total\n", 90, 0, "a_very_long_module_name.Warehouse.total_of_everything"
    )
    assert contents.beginning(inner) == "Warehouse.total_of_everything: return total"


def test_a_long_list_has_a_line_for_each_group_of_neighbours() -> None:
    entries = contents.entries(SECTIONS, 300)
    assert not any(entry.alone for entry in entries[:-1])
    assert [number for entry in entries for number in range(entry.first, entry.last + 1)] == [
        section.number for section in SECTIONS
    ]
    assert "step_1" in entries[0].heading


def test_only_what_was_asked_for_is_listed_and_groups_do_not_reach_over_gaps() -> None:
    entries = contents.entries(SECTIONS, 30, {3, 4, 5, 6, 20, 21, 22})
    covered = [number for entry in entries for number in range(entry.first, entry.last + 1)]
    assert covered == [3, 4, 5, 6, 20, 21, 22]


@given(st.integers(1, 400), st.integers(20, 5_000))
def test_a_list_is_no_longer_than_it_may_be(count: int, most: int) -> None:
    sections = [Section(n, f"def f_{n}():\n    pass\n", 2 * n - 1, 0, f"f_{n}") for n in range(1, count + 1)]
    entries = contents.entries(sections, most)
    tokens = sum(estimate_from_text(str(entry)) + 1 for entry in entries)
    assert tokens <= most or len(entries) == 1
    assert (entries[0].first, entries[-1].last) == (1, count)


@pytest.mark.parametrize(
    ("numbers", "lines", "found"),
    [
        ([(2, 3)], [], {2, 3}),
        ([(0, 1)], [], {1}),
        ([(900, 950)], [], set()),
        ([], [(1, 2)], {1}),
        ([], [(SECTIONS[4].first_line, SECTIONS[5].first_line)], {5, 6}),
        ([], [(99_999, 99_999)], set()),
    ],
)
def test_what_a_reply_asks_for_are_sections_that_the_file_has(
    numbers: list[tuple[int, int]], lines: list[tuple[int, int]], found: set[int]
) -> None:
    assert contents.numbers_of(SECTIONS, numbers, lines) == found


@pytest.mark.parametrize(
    "instruction",
    [
        "Fix line 123.",
        "steps.py:123: total is wrong",
        "Zeile 123 ist falsch",
        "Corrige la l\u00ednea 123",
        "\u0438\u0441\u043f\u0440\u0430\u0432\u044c \u0441\u0442\u0440\u043e\u043a\u0443 123",
        "\u4fee\u6539123\u884c",
        "change lines 123-123",
        "see L123",
    ],
)
def test_a_line_that_the_instruction_names_is_the_first_hint(instruction: str) -> None:
    first = hints(instruction)[0]
    assert first.line == 123
    section = next(section for section in SECTIONS if section.first_line <= 123 <= section.last_line)
    assert first.section == section.number


@pytest.mark.parametrize(
    "instruction",
    [
        "Say `print('step 41', total, path)` louder.",
        "Rename step_41 to forty_one.",
        "In step_41(), log instead of printing.",
        'Replace "step 41" by something else.',
        "The threshold of step 41 is wrong.",
    ],
)
def test_quotes_names_and_words_point_at_their_place(instruction: str) -> None:
    index = next(section.number for section in SECTIONS if "def step_41(" in section.text)
    assert index in [hint.section for hint in hints(instruction)]


def test_a_version_is_no_line() -> None:
    assert hints("Require zlib 1.2 and Python3.11.", "alpha\nbeta\ngamma\ndelta\n") == []


def test_the_cursor_is_a_hint() -> None:
    assert hints("Make it faster.", cursor_line=40)[0].line == 40


def test_hints_are_few_each_line_once_and_no_section_fills_them() -> None:
    found = hints("total value path step print return")
    assert len(found) <= 24
    assert len({(hint.section, hint.line) for hint in found}) == len(found)
    assert max(sum(hint.section == other.section for other in found) for hint in found) <= 3


def test_of_a_long_line_what_stands_around_the_place_is_shown() -> None:
    document = ";".join(f"var setting{number}={number}" for number in range(5_000))
    (hint, *_) = hints("Set `setting4321` to zero.", document)
    assert "setting4321" in hint.text
    assert len(hint.text) <= 100
    section = divide(document, PYTHON)[hint.section - 1]
    assert "setting4321" in section.text


@given(st.text(max_size=200), st.text(max_size=400))
def test_any_instruction_gives_hints_that_exist(instruction: str, document: str) -> None:
    document = document.replace("\r", "")
    sections = divide(document, None)
    for hint in contents.hints(instruction, document, sections, cursor_line=3):
        assert 1 <= hint.section <= len(sections)
        assert hint.line >= 1


def test_an_entry_is_what_the_model_reads() -> None:
    assert str(Entry(3, 9, 41, 120, "class A")) == "3-9 (41-120) class A"
    assert str(Entry(3, 3, 41, 50)) == "3 (41-50)"
