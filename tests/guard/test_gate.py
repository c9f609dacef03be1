"""The gate: what is found, what can be waived, and that nothing outside of an edit changes."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc import syntax
from editsvc.errors import GuardRefused
from editsvc.guard import gate
from editsvc.guard.findings import WAIVABLE, Answer, Check, Lines
from editsvc.guard.identity import prove
from editsvc.guard.proposal import Piece, Proposal, Received
from editsvc.guard.soundness import broken_syntax
from editsvc.instruction.intent import intent_of
from editsvc.text.document import Edit, Snapshot, apply, normalise, split_lines
from editsvc.text.section import Section

FILE = "".join(f"def step_{number}(value):\n    return value + {number}\n\n\n" for number in range(30))
HALF = FILE[: FILE.index("def step_15")]
PYTHON = syntax.by_name("python")


def verdict(
    code: str, instruction: str, *, original: str = FILE, allow: tuple[Check, ...] = ()
) -> gate.Verdict:
    """What the gate says of a model that has been asked again, and insists."""
    piece = Piece(Section(0, original, 1), code)
    proposal = Proposal(original, code, intent_of(instruction), PYTHON, pieces=(piece,), received=Received())
    return gate.examine(proposal, allow=allow, asked=True)


def check(
    code: str, instruction: str = "Rename step_1.", *, original: str = FILE, allow: tuple[Check, ...] = ()
) -> str | None:
    refused = verdict(code, instruction, original=original, allow=allow).refused
    return None if refused is None else refused.kind


REFUSED = {
    Check.EMPTY: "\n",
    Check.ELISION: HALF + "# ... the rest stays the same ...\n",
    Check.TAIL: HALF,
    Check.SHRINK: "x = 1\n" + "".join(split_lines(FILE)[-30:]),
    Check.ENTITIES: FILE.replace("value", "a < b").replace("return a < b + 3\n", "return a &lt; b + 3\n"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_check_can_be_waived_by_its_name(name: Check) -> None:
    original = FILE.replace("value", "a < b") if name is Check.ENTITIES else FILE
    others = tuple(WAIVABLE - {name})
    assert check(REFUSED[name], original=original, allow=others) == name
    assert check(REFUSED[name], original=original, allow=tuple(WAIVABLE)) is None


def test_what_the_instruction_asks_to_remove_may_go() -> None:
    shorter = FILE[:600]
    assert check(shorter, "Add a docstring to step_1.") is not None
    tail = FILE[: FILE.index("def step_25")]
    assert check(tail, "Remove the last five steps.") is None
    assert check(tail, "Rename step_1.") == Check.TAIL


def test_half_of_the_file_may_not_go_even_if_something_is_to_be_removed() -> None:
    assert check(FILE[: len(FILE) // 3], "Remove step_1.") == Check.TAIL


def test_a_refusal_names_the_line_and_quotes_it() -> None:
    code = HALF + "# ... rest of the code unchanged ...\n"
    refused = verdict(code, "x").refused
    assert refused is not None
    assert re.search(r"Line \d+ .* “# ... rest of the code unchanged ...”", refused.message)
    assert (refused.kind, refused.after) == (Check.ELISION, Lines(code.count("\n"), code.count("\n")))


@pytest.mark.parametrize(
    "line",
    [
        "# ... existing code ...",
        "// ... rest of the file unchanged ...",
        "/* … remaining methods … */",
        "<!-- ... rest of the page ... -->",
        "{/* ... existing props ... */}",
        "-- ... other columns stay the same ...",
        "# ...",
        "// …",
        "... rest of the function ...",
        "[... remaining code ...]",
        "# rest of the code remains unchanged",
        "// existing code here",
        "value = compute()  # ... rest as before",
    ],
)
def test_remarks_in_place_of_code_are_recognised(line: str) -> None:
    assert check(HALF + line + "\n" + FILE[FILE.index("def step_25") :]) == Check.ELISION


@pytest.mark.parametrize(
    "line",
    [
        "x = [...values]",
        "    ...",
        "call(...rest)",
        '"... and the rest"',
        "# TODO: more of this",
        "print('loading ...')",
    ],
)
def test_lines_with_dots_that_are_code_are_no_remarks(line: str) -> None:
    step = "def step_1(value):\n    return value + 1\n"
    code = FILE.replace(step, f"def step_1(value):\n{line}\n")
    assert check(code, allow=(Check.SYNTAX,)) is None


def test_an_unchanged_reply_passes_every_check() -> None:
    assert check(FILE) is None
    assert check("", original="") is None


@given(
    st.text(alphabet="ab\r\n😀", max_size=20),
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 4), st.text(alphabet="xy\n", max_size=4)), max_size=3
    ),
)
def test_an_edit_that_is_what_it_says_is_proven(text: str, raw: list[tuple[int, int, str]]) -> None:
    edits, position = [], 0
    for start, length, new in sorted(raw):
        begin = min(max(start, position), len(text))
        end = min(begin + length, len(text))
        edits.append(Edit(begin, end, new))
        position = end
    for before in (Snapshot(text), Snapshot(text, bom=True)):
        after = prove(before, apply(text, edits), edits, normalise(apply(text, edits)))
        assert after == replace(before, text=apply(text, edits))


@pytest.mark.parametrize(
    "after",
    ["éXc!\n", "ÉXc\n", "éXc\r\n", "éXc", "éX\u200bc\n", "\ufefféXc\n"],
    ids=["behind", "before", "line end", "no line end", "invisible", "BOM"],
)
def test_a_byte_outside_of_the_edits_is_never_changed(after: str) -> None:
    """Also where the text reads as it was meant to: line ends do not count there, but every byte does here."""
    with pytest.raises(GuardRefused) as refused:
        prove(Snapshot("ébc\n"), after, [Edit(1, 2, "X")], normalise(after))
    assert refused.value.check == Check.IDENTITY
    assert Check.IDENTITY not in WAIVABLE


def test_an_edit_whose_line_ends_merge_is_not_what_was_intended() -> None:
    before, edits = Snapshot("\ra\n"), [Edit(1, 3, "\n")]
    with pytest.raises(GuardRefused):
        prove(before, "\r\n", edits, "\n\n")
    assert prove(before, "\r\r", [Edit(1, 3, "\r")], "\n\n").text == "\r\r"


@pytest.mark.parametrize(
    "remark",
    [
        "# [unchanged]",
        "# etc.",
        "# 8< ----",
        "# steps 5-9 omitted",
        "# TODO: keep the others",
        "# como antes",
    ],
)
def test_a_comment_that_is_left_of_a_block_is_refused_whatever_it_says(remark: str) -> None:
    block = FILE[FILE.index("def step_10(") : FILE.index("def step_15(")]
    shorter = FILE.replace(block, remark + "\n\n\n").replace("step_3(", "third(")
    assert check(shorter, "Call step_3 third.") == Check.ELISION
    if "unchanged" not in remark:
        assert check(shorter, "Call step_3 third, and remove the steps 10 to 14.") is None


def test_a_comment_beside_new_code_and_one_for_a_few_lines_are_edits() -> None:
    block = FILE[FILE.index("def step_10(") : FILE.index("def step_15(")]
    assert check(FILE.replace(block, "# All in one.\nstep = int.__add__\n\n\n"), "Use one function.") is None
    two = FILE[FILE.index("def step_10(") : FILE.index("def step_12(")]
    assert check(FILE.replace(two, "# 10 and 11 are reserved.\n\n\n"), "Reserve 10 and 11.") is None


def test_faults_in_a_dialect_that_the_grammar_cannot_read_are_asked_about_only() -> None:
    lines = "".join(
        f"describe 'case {number}'\n  it 'works'\n    go({number}).should.be 1\n  end\nend\n"
        for number in range(4)
    )
    more = lines + "describe 'another'\n  it 'works'\n    post('/', function(){ return 1 })\n  end\nend\n"
    found = Proposal(lines, more, intent_of("cover another case"), syntax.by_name("javascript"), "a.js")
    assert {finding.answer for finding in broken_syntax(found)[0]} <= {Answer.ASK_THEN_WARN}
    sound = "f(1);\n" * 4
    cut = Proposal(
        sound, sound + "g(function () {\n", intent_of("cover it"), syntax.by_name("javascript"), "a.js"
    )
    assert {finding.answer for finding in broken_syntax(cut)[0]} == {Answer.ASK_THEN_REFUSE}
    torn = Proposal(lines, more.replace("return 1 })", "return 1 )"), found.intent, found.language, "a.js")
    assert {finding.answer for finding in broken_syntax(torn)[0]} == {Answer.ASK_THEN_REFUSE}
