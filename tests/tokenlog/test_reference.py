"""The page about the log describes the columns that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from editsvc.tokenlog.reference import columns_table, with_columns
from editsvc.tokenlog.schema import REQUESTS

PAGE = Path(__file__).parents[2] / "docs" / "log.md"


def test_the_page_shows_the_current_columns() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_columns(page) == page, "run: python docs/reference.py"


def test_every_column_is_described_in_a_sentence() -> None:
    assert all(column.doc and column.doc.endswith(".") for column in REQUESTS.columns)
    assert all(f"| `{column.name}` |" in columns_table() for column in REQUESTS.columns)


def test_a_page_without_markers_is_not_written_to() -> None:
    with pytest.raises(ValueError, match="no markers"):
        with_columns("# Something else\n")
