"""Which sections a reply asks for, in the agreed line and in the words of models that do not keep to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.reply.needed import Needed, needed


@pytest.mark.parametrize(
    ("reply", "sections"),
    [
        ("SECTIONS: 3, 17-19", [(3, 3), (17, 19)]),
        ("SECTIONS: 12\n", [(12, 12)]),
        ("**SECTIONS:** 3 and 7", [(3, 3), (7, 7)]),
        ("sections: 4", [(4, 4)]),
        ("SECTIONS:\n3\n5", [(3, 3), (5, 5)]),
        ("SECTIONS: [3, 5]", [(3, 3), (5, 5)]),
        ("SECTIONS: 9\u201311", [(9, 11)]),
        ("SECTIONS: 11-9", [(9, 11)]),
        ("3, 5", [(3, 3), (5, 5)]),
        ("```\nSECTIONS: 8\n```", [(8, 8)]),
        ("<think>The change is in section 40.</think>\nSECTIONS: 41", [(41, 41)]),
        ("The change needs sections 3, 7 and 9.", [(3, 3), (7, 7), (9, 9)]),
        ("Section 12 holds the function fetch2.", [(12, 12)]),
        ("17 (301-340) def fetch2(path):\n18 (341-350) def load3():", [(17, 17), (18, 18)]),
        ("- 17 (301-340)\n- 20-24 (400-500) class A", [(17, 17), (20, 24)]),
    ],
)
def test_sections_are_read_in_many_forms(reply: str, sections: list[tuple[int, int]]) -> None:
    assert needed(reply) == Needed(sections=tuple(sections))


@pytest.mark.parametrize(
    ("reply", "lines"),
    [
        ("lines 120-140", [(120, 140)]),
        ("SECTIONS: line 12", [(12, 12)]),
        ("The change is on lines 5 and 9.", [(5, 5), (9, 9)]),
    ],
)
def test_lines_are_told_from_sections(reply: str, lines: list[tuple[int, int]]) -> None:
    assert needed(reply) == Needed(lines=tuple(lines))


@pytest.mark.parametrize("reply", ["", "I need more of the file.", "None of them.", "SECTIONS: none"])
def test_a_reply_without_numbers_asks_for_nothing(reply: str) -> None:
    assert needed(reply) == Needed()


def test_numbers_in_a_long_text_count_only_as_sections() -> None:
    talk = "This is about 3 things, of which 2 are hard to find in a file like this one. " * 4
    assert needed(talk) == Needed()
    assert needed(talk + "It is in section 8.").sections == ((8, 8),)


def test_a_refusal_is_no_request() -> None:
    assert needed("CANNOT: there is no such function") == Needed(refusal="there is no such function")


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 100)), min_size=1, max_size=20))
def test_the_agreed_line_is_read_back(ranges: list[tuple[int, int]]) -> None:
    wanted = tuple((first, first + more) for first, more in ranges)
    said = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in wanted)
    assert needed(f"SECTIONS: {said}").sections == wanted


@given(st.text())
def test_any_text_is_read(reply: str) -> None:
    assert all(first <= last for first, last in needed(reply).sections)
