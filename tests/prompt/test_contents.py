"""The question which sections an edit needs, and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from editsvc.prompt import contents, rendering
from editsvc.prompt.contents import Entry, Hint, Question

ENTRIES = [Entry(1, 1, 1, 40, "import os"), Entry(2, 9, 41, 380, "class A: def f")]


def test_the_question_begins_with_what_only_the_file_decides() -> None:
    system, first = contents.render("a.py", "Do this.", 380, ENTRIES, [Hint(2, 77, "x = 1")])
    _, other = contents.render("a.py", "Do that.", 380, ENTRIES)
    shared = first.content.index("Places that")
    assert first.content[:shared] == other.content[:shared]
    assert system.content.startswith(rendering.SYSTEM)


def test_a_question_says_what_it_is_about_and_ends_with_the_instruction() -> None:
    _, asked = contents.render("a.py", "Do this.", 380, ENTRIES, [Hint(2, 77, "x = 1")])
    assert asked.content == (
        "File: a.py\n\nThe file has 380 lines and is not shown at once. Its contents:\n"
        "1 (1-40) import os\n2-9 (41-380) class A: def f\n\n"
        "Places that have to do with the instruction:\nsection 2, line 77: x = 1\n\n"
        "Which sections does the change need? Reply with one line: SECTIONS: and their numbers.\n\n"
        "Instruction:\nDo this."
    )


def test_a_question_is_read_back() -> None:
    _, asked = contents.render("a.py", "Do this.", 380, ENTRIES, [Hint(2, 77, "x = 1")])
    assert contents.parse(asked.content) == Question(ENTRIES, "Do this.", "a.py")
    more = contents.render_more("Do this.", ENTRIES[:1])
    assert contents.parse(more.content) == Question(ENTRIES[:1], "Do this.", "")


def test_another_message_is_no_question() -> None:
    task = rendering.Task("x = 1\n", "Do this.", "a.py")
    assert contents.parse(rendering.render(task)[0][1].content) is None
    assert contents.parse("") is None


@given(
    st.lists(
        st.builds(
            Entry,
            st.integers(1, 10**6),
            st.integers(1, 10**6),
            st.integers(1, 10**6),
            st.integers(1, 10**6),
            st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), max_size=40),
        ),
        min_size=1,
        max_size=20,
    ),
    st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), max_size=200),
)
def test_any_contents_are_read_back(entries: list[Entry], instruction: str) -> None:
    _, asked = contents.render("a.py", instruction, 1, entries)
    found = contents.parse(asked.content)
    assert found is not None
    assert list(found.entries)[: len(entries)] == entries or "Instruction:\n" in instruction
    assert asked.content.endswith(instruction)
