"""A file, half of it or a definition that a document would hold twice is seen, however short the file is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proposals import parts, sections_of, whole

from editsvc.guard.doubling import doubling
from editsvc.guard.findings import Answer, Check
from editsvc.guard.proposal import Proposal
from editsvc.text.document import split_lines
from editsvc.text.section import Section

FILES = {
    "shop.py": (
        "def load(path):\n    rows = read(path)\n    return rows\n\n\n"
        "def total(rows):\n    amount = sum(rows)\n    return round(amount)\n"
    ),
    "shop.go": "func load(p string) int {\n\treturn size(p)\n}\n\nfunc total(n []int) int {\n\treturn sum(n)\n}\n",
    "shop.md": "# Shop\n\nOpen daily.\n\n## Prices\n\nAll total prices in euros.\nAsk for more.\n",
    "ci.yml": "name: ci\non: push\njobs:\n  total:\n    runs-on: linux\n    steps:\n      - run: make\n",
    "list.txt": "milk\ntotal\nsalt\n",
    "q.sql": "select total\nfrom shop\nwhere price > 3;\n",
    ".env": "A=1\nTOTAL=total\n",
}
REFUSED = {(Check.DOUBLING, Answer.ASK_THEN_REFUSE)}


def kinds(proposal: Proposal) -> set[tuple[Check, Answer]]:
    return {(finding.kind, finding.answer) for finding in doubling(proposal)}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_there_twice_is_refused(name: str) -> None:
    before = FILES[name]
    after = before.replace("total", "sum_of")
    assert not kinds(whole(before, after, filename=name))
    assert kinds(whole(before, after + after, filename=name)) == REFUSED
    assert kinds(whole(before, f"{after}\n\n{after}", filename=name)) == REFUSED


@pytest.mark.parametrize("name", ["shop.py", "shop.go", "shop.md", "ci.yml"])
def test_the_two_copies_may_differ_a_little(name: str) -> None:
    before = FILES[name]
    after = before.replace("total", "sum_of")
    assert kinds(whole(before, before + after, filename=name)) == REFUSED
    assert kinds(whole(before, after + before, filename=name)) == REFUSED


@pytest.mark.parametrize("name", ["shop.py", "shop.go", "shop.md", "ci.yml"])
def test_half_of_it_twice_is_too_much(name: str) -> None:
    before = "".join(FILES[name].replace("\n", f"  # {letter}\n") for letter in "abc")
    lines = split_lines(before)
    half = "".join(lines[: len(lines) // 2])
    assert kinds(whole(before, half + before, filename=name)) == REFUSED


def test_a_definition_twice_is_named() -> None:
    before = FILES["shop.py"]
    (finding,) = doubling(whole(before, before + "\n\n" + before[before.index("def total") :]))
    assert finding.message == "total is defined twice."


def test_a_helper_that_another_function_has_as_well_is_no_definition_twice() -> None:
    helper = "    seen = []\n\n    def note(sender, total):\n        seen.append((sender, total))\n\n"
    before = f"def test_open():\n{helper}    opened.connect(note)\n    assert seen\n"
    added = f"\n\ndef test_close():\n{helper}    closed.connect(note)\n    assert seen == [1]\n"
    section = Section(1, before, 1)
    assert not kinds(parts([section], {1: before + added}))


def test_a_part_that_is_there_twice_is_refused() -> None:
    sections = sections_of("import csv\n\n\n", "def load(path):\n    rows = read(path)\n    return rows\n")
    new = sections[1].text.replace("rows", "lines")
    assert not kinds(parts(sections, {2: new}))
    assert kinds(parts(sections, {2: new + "\n\n" + new})) == REFUSED


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 1\nb: 2\n", "a: 1\nb: 2\nc: 3\nd: 4\n"),
        ("jobs:\n  a:\n    run: x\n", "jobs:\n  a:\n    run: x\n  b:\n    run: x\n"),
        (
            FILES["shop.py"],
            FILES["shop.py"] + FILES["shop.py"].replace("load", "fetch").replace("rows", "lines"),
        ),
    ],
)
def test_what_is_much_alike_is_no_doubling(before: str, after: str) -> None:
    assert not kinds(whole(before, after))


words = st.lists(
    st.integers(0, 10**9).map(lambda number: f"word_{number}"), min_size=2, max_size=20, unique=True
)


@given(words, words)
def test_what_holds_no_line_twice_is_no_doubling(before: list[str], after: list[str]) -> None:
    assert not kinds(whole("\n".join(before) + "\n", "\n".join(after) + "\n"))
    assert kinds(whole("\n".join(before) + "\n", "\n".join(after * 2) + "\n")) == REFUSED


def test_what_a_part_has_twice_of_its_own_lines_is_a_copy_and_else_it_belongs_elsewhere() -> None:
    steps = "".join(f"    step_{number}(order)\n" for number in range(11))
    others = "".join(f"    check_{number}(order)\n" for number in range(11))
    rest = "".join(f"    keep_{number}(order)\n" for number in range(11))
    sections = sections_of(f"def pack(order):\n{steps}{rest}\n\n", f"def send(order):\n{others}")
    copied = f"def pack(order):\n{steps}{rest}\n\ndef pack_again(order):\n{steps}\n\n"
    (found,) = doubling(parts(sections, {1: copied}, "let orders be packed twice"))
    assert found.answer is Answer.ASK_THEN_WARN
    foreign = f"def pack(order):\n{steps}{rest}\n\ndef pack_again(order):\n{others}\n\n"
    (found,) = doubling(parts(sections, {1: foreign}, "let orders be packed twice"))
    assert found.answer is Answer.ASK_THEN_REFUSE
    news = "".join(f"    new_{number}(order)\n" for number in range(15))
    made = foreign.replace("def pack_again(order):\n", f"def pack_again(order):\n{news}")
    (found,) = doubling(parts(sections, {1: made}, "let orders be packed twice"))
    assert found.answer is Answer.ASK_THEN_WARN
