"""Which lines are comments: of the new text, they are told from those of the old one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc import syntax
from editsvc.guard.remarks import Remarks, comment_lines
from editsvc.text.comparison import Comparison, Lined
from editsvc.text.document import split_lines

LINES = [
    "x = 1",
    "# why",
    '"""',
    '"""Done."""',
    '"""It',
    "// why",
    "/*",
    "* it",
    "*/",
    "/* it */ x",
    "<!--",
    "-->",
    "",
]


@given(st.data(), st.sampled_from(["python", "typescript", "html", "css", "shellscript"]))
def test_comments_of_the_new_text_are_found_without_reading_what_stayed(
    data: st.DataObject, name: str
) -> None:
    language = syntax.by_name(name)
    assert language is not None
    texts = st.lists(st.sampled_from(LINES), max_size=14)
    old = data.draw(texts)
    start = data.draw(st.integers(0, len(old)))
    end = data.draw(st.integers(start, len(old)))
    new = [*old[:start], *data.draw(texts), *old[end:]]
    before, after = ("".join(f"{line}\n" for line in lines) for lines in (old, new))
    both = Comparison(Lined(before), after)
    found = Remarks.of(both.old, language).changed(both)
    assert found == Remarks.of(split_lines(after), language)


@pytest.mark.parametrize(
    ("name", "text", "comments"),
    [
        ("python", '"""It\n\nis.\n"""\nx = 1  # one\n# two\n', [0, 1, 2, 3, 5]),
        ("typescript", "/* a\n b */\nx /* c */\n/* d */ y\n// e\n", [0, 1, 4]),
        ("html", "<p>\n<!-- a\n-->\n", [1, 2]),
    ],
)
def test_a_line_is_a_comment_if_it_begins_as_one_or_within_one(
    name: str, text: str, comments: list[int]
) -> None:
    language = syntax.by_name(name)
    assert language is not None
    found = comment_lines(split_lines(text), language)
    assert [number for number, comment in enumerate(found) if comment] == comments
