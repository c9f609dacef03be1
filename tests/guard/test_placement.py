"""A part of a reply goes into the document only if it fits where it is to go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proposals import parts, sections_of, whole

from editsvc.emulator.parts import rewritten
from editsvc.guard.findings import Answer, Check
from editsvc.guard.placement import placement
from editsvc.guard.proposal import Proposal
from editsvc.text.section import Section

FILES = {
    "prices.py": [
        "import csv\n\n\n",
        "def load(path):\n    with open(path) as file:\n        return list(csv.reader(file))\n\n\n",
        "def total(rows):\n    amount = sum(row[1] for row in rows)\n    return round(amount, 2)\n\n\n",
        "def show(rows):\n    for name, price in rows:\n        print(name, price)\n",
    ],
    "prices.go": [
        'package shop\n\nimport "fmt"\n\n',
        "func load(path string) []int {\n\tdata := read(path)\n\treturn parse(data)\n}\n\n",
        "func total(rows []int) int {\n\tamount := sum(rows)\n\treturn amount + tax\n}\n\n",
        "func show(rows []int) {\n\tfor _, row := range rows {\n\t\tfmt.Println(row)\n\t}\n}\n",
    ],
    "shop.yml": [
        "name: shop\non: push\n\n",
        "load:\n  image: alpine\n  run: make load\n",
        "total:\n  image: debian\n  run: make total\n",
        "show:\n  image: fedora\n  run: make show\n",
    ],
    "shop.md": [
        "# Shop\n\nAll about it.\n\n",
        "## Load\n\nRead the list.\nIt may be long.\n\n",
        "## Total\n\nThe total is a sum.\nIt is rounded.\n\n",
        "## Show\n\nPrint it.\nOn paper.\n",
    ],
    "list.txt": ["milk\nbread\nham\n", "tea\nsalt\ncorn\n", "rice\ntotal\nmint\n", "beer\noats\nsoap\n"],
    "shop.css": [
        "body {\n  margin: 0;\n}\n",
        ".load {\n  color: red;\n  width: 3em;\n}\n",
        ".total {\n  color: blue;\n  height: 4em;\n}\n",
        ".show {\n  display: none;\n  border: 0;\n}\n",
    ],
}
OWN = 3  # the number of the section that is to change


def kinds(proposal: Proposal) -> set[tuple[Check, Answer]]:
    return {(finding.kind, finding.answer) for finding in placement(proposal)}


def changed(sections: list[Section]) -> str:
    return sections[OWN - 1].text.replace("total", "sum_of").replace("Total", "Sum").replace("round", "cut")


REFUSED = {(Check.PLACE, Answer.ASK_THEN_REFUSE)}


@pytest.fixture(params=FILES)
def file(request: pytest.FixtureRequest) -> tuple[str, list[Section]]:
    return request.param, sections_of(*FILES[request.param])


def test_the_part_itself_fits(file: tuple[str, list[Section]]) -> None:
    name, sections = file
    assert not kinds(parts(sections, {OWN: changed(sections)}, filename=name))


def test_a_part_that_runs_into_the_next_one_does_not_fit(file: tuple[str, list[Section]]) -> None:
    name, sections = file
    assert kinds(parts(sections, {OWN: changed(sections) + sections[OWN].text}, filename=name)) == REFUSED


def test_nor_one_that_begins_with_the_part_before(file: tuple[str, list[Section]]) -> None:
    name, sections = file
    assert kinds(parts(sections, {OWN: sections[OWN - 2].text + changed(sections)}, filename=name)) == REFUSED


def test_nor_one_whose_next_part_is_changed_too(file: tuple[str, list[Section]]) -> None:
    name, sections = file
    lines = sections[OWN].text.rstrip("\n").split("\n")
    following = "\n".join([*lines[:-1], lines[-1] + " again"]) + "\n"
    assert kinds(parts(sections, {OWN: changed(sections) + following}, filename=name)) == REFUSED


@pytest.mark.parametrize("number", [1, 2, 4])
def test_nor_one_that_comes_under_the_number_of_another(file: tuple[str, list[Section]], number: int) -> None:
    name, sections = file
    assert kinds(parts(sections, {number: changed(sections)}, filename=name)) == REFUSED


def test_nor_two_that_changed_places(file: tuple[str, list[Section]]) -> None:
    name, sections = file
    new = {2: sections[2].text + "\n", 3: sections[1].text + "\n"}
    assert kinds(parts(sections, new, filename=name)) == REFUSED
    assert not kinds(parts(sections, {2: sections[1].text + "\n", 3: sections[2].text + "\n"}, filename=name))


def test_nor_the_whole_file_as_a_part(file: tuple[str, list[Section]]) -> None:
    name, sections = file
    everything = "".join(section.text for section in sections)
    document = everything.replace(sections[OWN - 1].text, changed(sections))
    assert kinds(parts(sections, {OWN: document}, filename=name)) == REFUSED


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("prices.py", "    return amount\n"),
        ("prices.go", "\tamount := count(rows)\n"),
        ("shop.yml", "  image: ubuntu\n"),
        ("shop.css", "  color: green;\n"),
        ("shop.md", "The sum of it is a sum.\n"),
    ],
)
def test_nor_only_the_line_that_changed(name: str, fragment: str) -> None:
    sections = sections_of(*FILES[name])
    assert kinds(parts(sections, {OWN: fragment}, filename=name)) == REFUSED


def test_a_part_may_go_be_moved_or_grow() -> None:
    sections = sections_of(*FILES["prices.py"])
    for new in (
        {OWN: ""},
        {OWN: "", 4: sections[2].text + sections[3].text},
        {OWN: sections[2].text + "def count(rows):\n    return len(rows)\n\n\n"},
        {OWN: sections[2].text.replace("total", "sum_of"), 4: sections[3].text.replace("show", "display")},
    ):
        assert not kinds(parts(sections, new))


@pytest.mark.parametrize(
    ("imported", "filename"),
    [
        ("import math\n", "a.py"),
        ("from math import fsum\n", "a.py"),
        ("import { fsum } from 'math';\n", "a.ts"),
        ("const math = require('math');\n", "a.js"),
        ("#include <math.h>\n", "a.c"),
        ("use std::f64;\n", "a.rs"),
        ("using System.Linq;\n", "a.cs"),
        ("require 'bigdecimal'\n", "a.rb"),
    ],
)
def test_an_import_does_not_belong_before_a_symbol(imported: str, filename: str) -> None:
    sections = sections_of("the head of the file\n\n", "total(rows) {\n  add(rows)\n}\n")
    new = sections[1].text.replace("add", "fsum")
    assert kinds(parts(sections, {2: f"{imported}\n{new}"}, filename=filename)) == REFUSED
    assert not kinds(parts(sections, {2: new}, filename=filename))


@pytest.mark.parametrize(
    "reply", ["kappa three\ndelta four\n", "beta two\nkappa three\n", "beta two\nkappa three\ndelta four\n"]
)
def test_one_line_too_many_beside_a_selection_is_seen(reply: str) -> None:
    sections = sections_of("alpha one\nbeta two\n", "gamma three\n", "delta four\nepsilon five\n")
    assert kinds(parts(sections, {2: reply}, filename="a.txt", selected=True)) == REFUSED
    assert not kinds(parts(sections, {2: "kappa three\n"}, filename="a.txt", selected=True))
    assert not kinds(parts(sections, {2: ""}, filename="a.txt", selected=True))


def test_the_lines_of_the_part_are_named() -> None:
    sections = sections_of(*FILES["prices.py"])
    (finding,) = placement(parts(sections, {3: changed(sections) + sections[3].text}))
    assert finding.message == "The new text for lines 9 to 13 ends with lines that stand behind them."
    assert finding.before is not None
    assert (finding.before.first, finding.before.last) == (9, 13)


def test_a_whole_file_has_no_place_to_miss() -> None:
    assert not kinds(whole("a\nb\nc\n", "b\nc\n"))


lines = st.lists(st.sampled_from(["}", "else:", "", "    return", "end", "{"]), min_size=1, max_size=4)


@given(st.lists(lines, min_size=2, max_size=5), st.integers(0, 4), lines)
def test_lines_that_any_text_has_tell_nothing(texts: list[list[str]], at: int, new: list[str]) -> None:
    sections = sections_of(*("".join(f"{line}\n" for line in text) for text in texts))
    number = sections[at % len(sections)].number
    assert not kinds(parts(sections, {number: "".join(f"{line}\n" for line in new)}))


names = st.lists(st.integers(0, 10**6), min_size=12, max_size=24, unique=True)


@given(names, st.data())
def test_the_true_sections_of_an_edit_that_adds_lines_always_fit(
    numbers: list[int], data: st.DataObject
) -> None:
    sections = sections_of(
        *("".join(f"word_{n}\n" for n in numbers[at : at + 4]) for at in range(0, len(numbers), 4))
    )
    before = "".join(section.text for section in sections)
    kept = before.split("\n")[:-1]
    at = data.draw(st.integers(0, len(kept)))
    added = data.draw(st.lists(st.integers(10**7, 10**8).map(lambda n: f"new_{n}"), min_size=1, max_size=6))
    after = "\n".join([*kept[:at], *added, *kept[at:], ""])
    new = rewritten([section.text for section in sections], before, after)
    assert new is not None
    proposal = parts(sections, {sections[index].number: text for index, text in new.items()})
    assert proposal.after == after
    assert not kinds(proposal)


def test_a_definition_that_was_rewritten_under_another_name_fits() -> None:
    was = (
        "    def _is_setup_finished(self) -> bool:\n        return self.debug and self._got_first_request\n\n"
    )
    new = (
        "    def _check_setup_finished(self, name: str) -> None:\n        if self.started:\n"
        "            raise AssertionError(name)\n\n"
    )
    sections = sections_of(
        "class App:\n    name = 'app'\n\n", was, "    def run(self):\n        self.serve()\n"
    )
    assert not kinds(parts(sections, {2: new}))


def test_other_text_in_the_place_of_a_long_part_is_no_fragment() -> None:
    licence = "".join(f"Permission number {number} is hereby granted to everybody.\n" for number in range(30))
    short = "".join(f"Permission number {number} is granted to everybody.\n" for number in range(6))
    sections = sections_of("First notice.\n\n", licence, "Last notice.\n")
    assert not kinds(parts(sections, {2: short}, filename="NOTICES.txt"))


def test_where_most_of_a_document_comes_anew_no_part_is_out_of_place() -> None:
    texts = [
        f"def f_{number}(value):\n    first = value + {number}\n    return first * {number}\n\n"
        for number in range(12)
    ]
    sections = sections_of(*texts)
    moved = {number: texts[-number].replace("value", "amount") for number in range(1, 12)}
    assert not kinds(parts(sections, moved))


def test_lines_of_the_preprocessor_say_nothing_of_where_a_block_stands() -> None:
    sections = sections_of(
        "int a;\n\n", "#if OLD\n    [Test]\n    void F() {\n        g();\n    }\n#endif\n\n", "int b;\n"
    )
    assert not kinds(
        parts(sections, {2: "    [Test]\n    void F() {\n        h();\n    }\n\n"}, "say it", "a.cs")
    )
    body = "        g(1);\n        h();\n"
    assert kinds(parts(sections, {2: body}, "say it", "a.cs")) == REFUSED


def test_imports_may_move_between_two_parts_of_the_head() -> None:
    head, code = "import csv\nimport os\n\n", "class Shop:\n    name = ''\n"
    sections = sections_of(head, code)
    moved = {1: "import csv\n\n", 2: "import io\nimport os\n\n" + code}
    assert not kinds(parts(sections, moved, "say it"))
    assert kinds(parts(sections, {2: "import io\n\n" + code}, "say it")) == REFUSED


def test_a_neighbour_that_was_copied_to_become_something_else_fits() -> None:
    sections = sections_of(
        "test('one', () => {\n  const a = make(1);\n  a.open();\n});\n\n",
        "test('two', () => {\n  const b = make(2);\n  b.listen();\n  b.send();\n  b.close();\n  check(b);\n});\n",
    )
    copy = (
        sections[1]
        .text.replace("two", "three")
        .replace("make(2)", "make(3)")
        .replace("b.close", "b.wait();\n  b.close")
    )
    assert not kinds(parts(sections, {1: sections[0].text + copy}, "cover three", "a.test.js"))
    over = sections[0].text.replace("open", "start") + sections[1].text.replace("make(2)", "make(3)")
    assert kinds(parts(sections, {1: over}, "cover three", "a.test.js")) == REFUSED
