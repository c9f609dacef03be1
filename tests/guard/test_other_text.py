"""A text that has nothing to do with the file does not take its place."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proposals import parts, sections_of, whole

from editsvc.guard.findings import Answer, Check
from editsvc.guard.other_text import other_text
from editsvc.guard.proposal import Proposal

FILES = {
    "shop.py": "def load(path):\n    rows = read(path)\n    return rows\n\n\ndef sort(n):\n    return rows\n",
    "game.py": "import random\n\nsecret = random.choice(A)\nwhile int(input('Guess: ')) != secret:\n    print('No')\n",
    "main.go": 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("hello")\n}\n',
    "tree.rs": "struct Tree {\n    left: Link,\n}\n\nimpl Tree {\n    fn depth(&self) -> i8 {\n        1\n    }\n}\n",
    "notes.md": "# Setup\n\nInstall the tool with pip.\nRun it once.\n\n## Use\n\nCall it from a shell.\n",
    "ci.yml": "name: ci\non: push\njobs:\n  test:\n    runs-on: linux\n    steps:\n      - run: make\n",
    "page.html": "<h1>Welcome</h1>\n<p>Our bakery opens daily.</p>\n<p>Bring a basket.</p>\n",
}
PAIRS = [(one, other) for one in FILES for other in FILES if one != other]


def kinds(proposal: Proposal) -> set[tuple[Check, Answer]]:
    return {(finding.kind, finding.answer) for finding in other_text(proposal)}


@pytest.mark.parametrize(("name", "other"), PAIRS)
def test_another_file_does_not_take_the_place_of_this_one(name: str, other: str) -> None:
    proposal = whole(FILES[name], FILES[other], "Fix the first line.", name)
    assert kinds(proposal) == {(Check.OTHER_TEXT, Answer.ASK_THEN_REFUSE)}


@pytest.mark.parametrize("name", FILES)
def test_a_large_change_is_not_another_text(name: str) -> None:
    before = FILES[name]
    assert not kinds(whole(before, before.upper(), filename=name))
    assert not kinds(whole(before, before + "more\n" * 100, filename=name))
    assert not kinds(whole(before, "\n".join(before.split("\n")[:3]) + "\n", filename=name))


def test_a_translation_is_another_text_that_was_asked_for() -> None:
    before = FILES["notes.md"]
    after = "# Anfang\n\nDas Programm mit Pip einrichten.\nEs einmal starten.\n\n## Gebrauch\n\nIm Terminal rufen.\n"
    proposal = whole(before, after, "translate to German", "notes.md")
    asked = replace(proposal, intent=replace(proposal.intent, rewrites=True))
    assert not kinds(asked)
    unknown = replace(proposal, intent=replace(proposal.intent, understood=False, rewrites=False))
    assert kinds(unknown) == {(Check.OTHER_TEXT, Answer.ASK_THEN_WARN)}


def test_of_a_tiny_file_all_may_change() -> None:
    assert not kinds(whole("1.2.3\nstable\n", "2.0.0\nbeta\n", filename="VERSION"))


def test_a_part_may_be_written_anew() -> None:
    sections = sections_of("import csv\n\n\n", FILES["shop.py"])
    assert not kinds(parts(sections, {2: FILES["game.py"]}))


lines = st.lists(
    st.sampled_from(["alpha beta", "gamma delta", "epsilon", "zeta eta", "}"]), min_size=1, max_size=9
)


@given(lines, lines, lines)
def test_what_keeps_a_part_of_the_file_is_not_another_text(
    head: list[str], old: list[str], new: list[str]
) -> None:
    before, after = ("\n".join(["the head of all", *head, *part]) + "\n" for part in (old, new))
    assert not kinds(whole(before, after, filename="a.txt"))
