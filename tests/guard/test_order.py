"""Definitions in another order than before, where nobody asked for that."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc import syntax
from editsvc.guard.findings import Answer, Check, Lines
from editsvc.guard.order import reordered
from editsvc.guard.proposal import Proposal
from editsvc.instruction.intent import Intent

NARROW = Intent("set the fee of b to 5", understood=True, narrow=True)
PLAIN = Intent("let b be cheaper", understood=True)

FORMS = {
    "x.py": "def {0}(fee):\n    return fee + {1}\n\n\n",
    "x.go": "func {0}(fee int) int {{\n\treturn fee + {1}\n}}\n\n",
    "x.rs": "fn {0}(fee: u8) -> u8 {{\n    fee + {1}\n}}\n\n",
    "x.ts": "export function {0}(fee: number) {{\n  return fee + {1};\n}}\n\n",
    "x.css": ".{0} {{\n  width: {1}px;\n}}\n\n",
    "x.java": "class {0} {{\n  int fee = {1};\n}}\n\n",
}


def text(name: str, order: str, **fees: int) -> str:
    return "".join(FORMS[name].format(letter, fees.get(letter, "abcdef".index(letter))) for letter in order)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("order", ["cba", "bca", "fedcba", "dabc"])
def test_another_order_is_refused_where_one_change_was_stated(name: str, order: str) -> None:
    before = text(name, "".join(sorted(order)))
    (finding,) = reordered(Proposal(before, text(name, order, b=5), NARROW, syntax.language_of(name)))
    assert (finding.kind, finding.answer) == (Check.ORDER, Answer.ASK_THEN_REFUSE)


def test_as_few_as_possible_are_named() -> None:
    (finding,) = reordered(
        Proposal(text("x.py", "abcdef"), text("x.py", "bcdefa"), PLAIN, syntax.by_name("python"))
    )
    assert finding.message == "a stands in another place than before."
    assert (finding.before, finding.after) == (Lines(1, 2), Lines(21, 22))
    assert finding.answer is Answer.WARN


@pytest.mark.parametrize("field", ["reorders", "rewrites", "removes"])
def test_an_order_that_was_asked_for(field: str) -> None:
    intent = replace(PLAIN, **{field: True})
    assert (
        list(reordered(Proposal(text("x.py", "abc"), text("x.py", "cba"), intent, syntax.by_name("python"))))
        == []
    )


def test_what_goes_along_with_a_class_is_not_named() -> None:
    method = "    def {0}(self):\n        return {0!r}\n\n"
    one = "class A:\n" + "".join(map(method.format, "fg")) + "\n"
    other = "class B:\n" + "".join(map(method.format, "hij")) + "\n"
    (finding,) = reordered(Proposal(one + other, other + one, PLAIN, syntax.by_name("python")))
    assert finding.message == "A stands in another place than before."


def test_blocks_of_lines_where_no_grammar_tells_definitions() -> None:
    blocks = [
        "def a\n  one\n  two\nend\n\n",
        "def b\n  three\n  four\nend\n\n",
        "def c\n  five\n  six\n  seven\nend\n\n",
    ]
    before, after = "".join(blocks), "".join([blocks[1], blocks[2], blocks[0]])
    (finding,) = reordered(Proposal(before, after, NARROW, syntax.by_name("ruby")))
    assert (finding.kind, finding.answer) == (Check.ORDER, Answer.ASK_THEN_REFUSE)


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6, unique=True), st.data())
def test_definitions_that_come_go_or_change_are_in_order(letters: list[str], data: st.DataObject) -> None:
    order = sorted(letters)
    kept = [letter for letter in order if data.draw(st.booleans())]
    before, after = text("x.py", "".join(order)), text("x.py", "".join(kept), a=7, c=9)
    assert list(reordered(Proposal(before, after, NARROW, syntax.by_name("python")))) == []
    assert list(reordered(Proposal(after, before, NARROW, syntax.by_name("python")))) == []
