"""What the end of an edit is measured on: an edit that the guard lets pass, in every form."""

from __future__ import annotations

import pytest

from bench.ending import FORMS, LANGUAGES, a_file, edited, run
from editsvc.text.diff import changed_spans
from editsvc.text.document import line_count


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_lines_of_a_hundred_are_changed_all_over_the_file(language: str) -> None:
    text = a_file(language, 1_000)
    spans = changed_spans(text, edited(language, text))
    assert 1_000 <= line_count(text) < 1_050
    assert len(spans) == 20
    assert spans[0].old_start < 200
    assert spans[-1].old_end > 800


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_an_edit_passes_every_check_and_its_steps_are_told(language: str, form: str) -> None:
    (row,) = run([1_200], [language], 1, [form])
    assert row["lines"] >= 1_200
    assert row["ours_ms"] > 0
    assert {"assemble", "gate", "judge", "edits", "prove", "marks"} <= {
        step for step, spent in row["steps_ms"].items() if spent > 0
    }
