"""What is tried on the syntax check: the same damage each time, and each right edit as it is."""

from __future__ import annotations

import json

from bench.syntax import BRACKET, CUT_OFF, DAMAGE, LINE, RIGHT, damaged, table, verdicts

TEXT = "".join(f"def f{number}(a):\n    return (a + {number})\n\n" for number in range(10))


def test_each_kind_of_damage_takes_away_what_it_says() -> None:
    cut, line, bracket = (damaged(TEXT, kind, "a") for kind in (CUT_OFF, LINE, BRACKET))
    assert cut and line and bracket
    assert TEXT.startswith(cut) and len(TEXT) / 3 <= len(cut) < len(TEXT)
    assert len(TEXT.split("\n")) - len(line.split("\n")) == 1
    assert len(TEXT) - len(bracket) == 1


def test_damage_depends_on_the_commit_alone() -> None:
    assert [damaged(TEXT, kind, "a") for kind in DAMAGE] == [damaged(TEXT, kind, "a") for kind in DAMAGE]
    assert len({damaged(TEXT, BRACKET, str(seed)) for seed in range(20)}) > 5


def test_where_there_is_no_room_for_damage_there_is_none() -> None:
    assert [damaged("x = 1\n", kind, "a") for kind in DAMAGE] == [None, None, None]


def test_a_commit_is_tried_as_it_is_and_damaged_and_counted_for_its_language() -> None:
    case = {"id": "a", "path": "shop.json", "before": "[\n" + "1,\n" * 9 + "2]\n"}
    case["after"] = case["before"].replace("2", "3")
    found = list(verdicts([json.dumps(case), json.dumps(case | {"path": "notes.txt"})]))
    assert [(language, kind, bool(faults)) for language, kind, _, faults in found] == [
        ("json", RIGHT, False),
        ("json", CUT_OFF, True),
        ("json", LINE, True),
        ("json", BRACKET, True),
    ]
    assert "| json | 1/1 (100.0 %) | 1/1 (100.0 %) | 1/1 (100.0 %) | 0/1 (0.0 %) |" in table(found)
