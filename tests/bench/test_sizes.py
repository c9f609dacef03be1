"""What the steps of an edit are measured on: every kind of file goes through all of them."""

from __future__ import annotations

import pytest

from bench.sizes import CHANGED, KINDS, Steps, a_file
from editsvc.text.document import line_count


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_file_is_as_large_as_it_is_said_to_be_and_has_one_place_to_change(kind: str) -> None:
    text = a_file(kind, "100k")
    assert 100_000 <= len(text) < 101_000
    assert text.count(CHANGED) == 1
    assert (line_count(text) == 1) == (kind in {"minified", "json-line"})


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_goes_through_all_steps(kind: str) -> None:
    name, _ = KINDS[kind]
    titles = []
    for title, call in Steps(name, a_file(kind, "warm").encode()).run():
        titles.append(title)
        call()  # the last one is followed by a look at the file that was written
    assert {"secrets", "divide", "examine", "write"} <= set(titles)
