from __future__ import annotations

from typing import TYPE_CHECKING

from bench.renames import Tried, fresh, of_file, own_names, table, tried
from editsvc.syntax import by_name

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = "from lib import get\n\n\ndef load(url):\n    return get(url)\n"


def test_own_names_are_those_that_the_file_defines() -> None:
    python = by_name("python")
    assert python is not None
    assert own_names(PROGRAM, python) == ["load", "url"]


def test_a_fresh_name_does_not_occur_and_has_the_letters_of_the_old() -> None:
    assert fresh("fetch fetch_q", "fetch") == "fetch_qq"
    assert fresh("", "Client") == "ClientQ"
    assert fresh("", "size_t") == "size_q_t"


def test_a_rename_that_holds_has_no_fault_and_a_refusal_has_a_reason() -> None:
    python = by_name("python")
    assert python is not None
    assert tried(PROGRAM, "load", python) == Tried("python", "", "load")
    assert "vars" in tried("def vars_of(a):\n    return vars(a)['a']\n", "a", python).refusal


def test_the_names_of_a_file_are_drawn_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "load.py"
    file.write_text(PROGRAM)
    first = of_file(file, 1, 1)
    assert first == of_file(file, 1, 1)
    assert len(first) == 1
    assert "python" in table(first)
    assert of_file(tmp_path / "none.py", 1, 1) == []
