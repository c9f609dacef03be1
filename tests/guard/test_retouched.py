"""Lines that a reply kept in another dress: the old bytes come back, and the edit stays as it is.

Special characters are written as escapes where a reader could not tell them apart.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from editsvc import syntax
from editsvc.guard.findings import Answer, Check, Finding
from editsvc.guard.proposal import Piece, Proposal
from editsvc.guard.retouched import restore
from editsvc.instruction.intent import Intent
from editsvc.text.document import split_lines
from editsvc.text.section import Section

if TYPE_CHECKING:
    from collections.abc import Callable

    Retouching = Callable[[str], str]

SET_LIMIT = "set the limit to 4"


def proposal(
    before: str,
    after: str,
    instruction: str = SET_LIMIT,
    filename: str = "notes.txt",
    *,
    narrow: bool = False,
) -> Proposal:
    intent = Intent(literal=instruction, understood=True, narrow=narrow)
    return Proposal(before, after, intent, syntax.language_of(filename), filename)


def answers(findings: list[Finding]) -> set[Answer]:
    return {finding.answer for finding in findings}


def replaced(**pairs: str) -> Retouching:
    return lambda line: line.translate(str.maketrans(pairs))


def of(table: dict[str, str]) -> Retouching:
    return lambda line: line.translate(str.maketrans(table))


PROSE = """\
# Caf\u00e9

She said, \u201cHello.\u201d It\u2019s late \u2014 we\u2019re going.
1990\u20132000, a na\u00efve d\u00e9cor, \u201egut\u201c, \u00ab bien \u00bb.

Prix\u00a0: 3\u202f000\u00a0\u20ac \u2026 and so on, \u00a9 2020.
\u270e\ufe0f Draft, zero\u200bwidth, \u200fright to left.

Stra\u00dfe, Gr\u00f6\u00dfe, \u00c4rger.

The limit is 3.
"""

TYPOGRAPHY = {
    "quotes straightened": of(
        {
            "\u201c": '"',
            "\u201d": '"',
            "\u2019": "'",
            "\u201e": '"',
            "\u00ab": '"',
            "\u00bb": '"',
        }
    ),
    "dashes made hyphens": of({"\u2014": "-", "\u2013": "-"}),
    "dashes made double": of({"\u2014": "--", "\u2013": "--"}),
    "dots spelt out": of({"\u2026": "..."}),
    "copyright spelt out": of({"\u00a9": "(c)"}),
    "letters decomposed": lambda line: unicodedata.normalize("NFD", line),
    "compatibility characters": lambda line: unicodedata.normalize("NFKC", line),
    "accents dropped": lambda line: re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", line)),
    "umlauts spelt out": of({"\u00f6": "oe", "\u00df": "ss", "\u00c4": "Ae"}),
    "invisible characters dropped": of({"\ufe0f": "", "\u200b": "", "\u200f": ""}),
    "no-break spaces made plain": of({"\u00a0": " ", "\u202f": " "}),
    "letters unknown": lambda line: re.sub("[\u00c0-\u00ff]", "\ufffd", line),
    "letters asked for": lambda line: re.sub("[\u00c0-\u00ff]", "?", line),
    "entities": of({"\u00e9": "&eacute;", "\u201c": "&ldquo;", "\u201d": "&rdquo;", "\u00a0": "&nbsp;"}),
    "escapes": of({"\u00e9": "\\u00e9", "\u201c": "\\u201c", "\u201d": "\\u201d"}),
}


@pytest.mark.parametrize("name", TYPOGRAPHY)
def test_the_typography_of_a_page_comes_back(name: str) -> None:
    edited = PROSE.replace("limit is 3", "limit is 4")
    reply = TYPOGRAPHY[name](edited)
    assert reply != edited
    text, findings = restore(proposal(PROSE, reply, filename="page.md", narrow=True))
    assert text == edited
    assert answers(findings) == {Answer.RESTORE}


@pytest.mark.parametrize(
    ("filename", "line", "other"),
    [
        ("a.ts", 'const s = "a && b";', 'const s = "a &amp;&amp; b";'),
        ("a.html", "<p>a &amp; b &copy;</p>", "<p>a & b \u00a9</p>"),
        ("a.json", '"name": "J\\u00fcrgen"', '"name": "J\u00fcrgen"'),
        ("a.css", "color: #FFEEDD;", "color: #ffeedd;"),
        ("a.c", "int mask = 0xFF00;", "int mask = 0xff00;"),
        ("a.yml", "version: 3.10", "version: 3.1"),
        ("a.toml", "ratio = 1.0", "ratio = 1"),
        ("a.js", "const url = '/a%20b';", "const url = '/a b';"),
        ("a.zh.md", "\u4f60\u597d\uff0c\u4e16\u754c\uff01", "\u4f60\u597d,\u4e16\u754c!"),
        ("a.hs", "f x = x \u2192 y \u2264 z", "f x = x -> y <= z"),
    ],
)
def test_one_line_far_from_the_edit_comes_back(filename: str, line: str, other: str) -> None:
    rest = "".join(f"line number {number}\n" for number in range(8))
    before = f"{line}\n{rest}limit 3\n"
    text, findings = restore(proposal(before, f"{other}\n{rest}limit 4\n", filename=filename))
    assert text == f"{line}\n{rest}limit 4\n"
    assert answers(findings) == {Answer.RESTORE}


def test_plain_quotes_that_came_back_curly_on_more_lines_than_were_edited_are_plain_again() -> None:
    before = "it's\nisn't\naren't\n\n\n\n\n\nlimit 3\n"
    edited = before.replace("limit 3", "limit 4")
    assert restore(proposal(before, edited.replace("'", "\u2019")))[0] == edited


def test_one_plain_sign_that_became_typographic_may_be_what_a_person_does_as_they_pass() -> None:
    before = "a -> b\n\n\n\n\n\nlimit 3\n"
    reply = "a \u2192 b\n\n\n\n\n\nlimit 4\n"
    assert restore(proposal(before, reply)) == (reply, [])


def test_a_character_that_was_a_string_stays_one_where_quotes_differ() -> None:
    before = "".join(f'f{n}("a");\n' for n in range(4)) + "\n\n\n\n\nlimit = 3;\n"
    reply = before.replace('"', "'").replace("limit = 3", "limit = 4")
    assert restore(proposal(before, reply, filename="A.java"))[0] == reply


@pytest.mark.parametrize("sign", ["\x0c", "\ufeff", "\u200b", "\u200f"])
def test_one_sign_that_nobody_sees_is_put_back_if_one_thing_was_asked_for_and_asked_about_else(
    sign: str,
) -> None:
    before = f"a {sign}b\n\n\n\n\n\nlimit 3\n"
    edited = before.replace("limit 3", "limit 4")
    reply = edited.replace(sign, "")
    assert restore(proposal(before, reply, narrow=True))[0] == edited
    text, findings = restore(proposal(before, reply, "improve the limit"))
    assert text == reply
    assert answers(findings) == {Answer.ASK_THEN_REFUSE}


def test_the_ends_of_an_edited_line_come_back_if_kept_lines_lost_the_same() -> None:
    before = "Prix\u00a0: 3\u00a0\u20ac\nReste\u00a0: 1\u00a0\u20ac\n"
    text, _ = restore(proposal(before, "Prix : 4 \u20ac\nReste : 1 \u20ac\n", narrow=True))
    assert text == "Prix\u00a0: 4\u00a0\u20ac\nReste\u00a0: 1\u00a0\u20ac\n"


@pytest.mark.parametrize("code_page", ["cp1252", "latin-1", "cp1251", "cp437", "mac_roman"])
def test_letters_in_the_wrong_encoding_are_asked_about(code_page: str) -> None:
    before = "K\u00f6ln hat zw\u00f6lf\nStra\u00dfen gr\u00fc\u00dfen\nEnde\n"
    garbled = before.encode().decode(code_page, "replace").replace("Ende", "Schluss")
    text, findings = restore(proposal(before, garbled, "write Schluss instead of Ende"))
    assert text == garbled
    assert answers(findings) == {Answer.ASK_THEN_REFUSE}


def test_an_edited_line_with_a_letter_lost_is_asked_about() -> None:
    _, findings = restore(proposal("Gr\u00f6\u00dfe 3\nEnde\n", "Gr\ufffd\ufffde 4\nEnde\n"))
    assert answers(findings) == {Answer.ASK_THEN_REFUSE}


@pytest.mark.parametrize(
    ("instruction", "retouching"),
    [
        ("use straight quotes, and set the limit to 4", "quotes straightened"),
        ("Ersetze die Anf\u00fchrungszeichen durch gerade", "quotes straightened"),
        ("\u628a\u5f15\u53f7\u6539\u6210\u76f4\u7684", "quotes straightened"),
        ("replace \u2014 by --", "dashes made double"),
        ("spell out the umlauts", "umlauts spelt out"),
        ("escape the accents as entities", "entities"),
        ("remove no-break spaces", "no-break spaces made plain"),
        ("normalize to NFD", "letters decomposed"),
    ],
)
def test_what_the_instruction_speaks_of_stays(instruction: str, retouching: str) -> None:
    reply = TYPOGRAPHY[retouching](PROSE.replace("limit is 3", "limit is 4"))
    assert restore(proposal(PROSE, reply, instruction, "page.md")) == (reply, [])


def test_quotes_around_a_word_of_the_instruction_do_not_speak_of_quotes() -> None:
    reply = TYPOGRAPHY["quotes straightened"](PROSE.replace("limit is 3", "limit is 4"))
    text, _ = restore(proposal(PROSE, reply, "schreibe \u201e4\u201c statt \u201e3\u201c"))
    assert text == PROSE.replace("limit is 3", "limit is 4")


def test_a_reply_that_does_nothing_else_is_asked_about_and_left() -> None:
    reply = TYPOGRAPHY["quotes straightened"](PROSE)
    text, findings = restore(proposal(PROSE, reply, "make it nicer"))
    assert text == reply
    assert answers(findings) == {Answer.ASK_THEN_REFUSE}


def test_it_is_believed_if_nobody_knows_what_the_instruction_asks_for() -> None:
    reply = TYPOGRAPHY["quotes straightened"](PROSE)
    strange = Proposal(PROSE, reply, Intent(literal="fai bello", understood=False))
    assert answers(restore(strange)[1]) == {Answer.ASK_THEN_WARN}


@pytest.mark.parametrize("check", [Check.RETOUCHED])
def test_a_waived_kind_is_left_alone(check: Check) -> None:
    reply = TYPOGRAPHY["quotes straightened"](PROSE.replace("limit is 3", "limit is 4"))
    assert restore(proposal(PROSE, reply), waived={check}) == (reply, [])


def test_a_finding_says_how_many_lines_and_where() -> None:
    reply = TYPOGRAPHY["dashes made hyphens"](PROSE.replace("limit is 3", "limit is 4"))
    [finding] = restore(proposal(PROSE, reply))[1]
    assert (
        finding.message
        == "2 lines that the reply keeps came back with other dashes; the old ones were put back."
    )
    assert finding.kind is Check.RETOUCHED
    assert (finding.before, finding.after) == (finding.after, finding.before)


PYTHON = """\
import os

A = 'one'
B = 'two'
C = ['three', 'four']


def f(x='five'):
    return x + 'six'


limit = 3
"""
SCRIPT = """\
const a = "one";
const b = ["two", "three"];
call("four", a);

function f() {
  return "five";
}


let limit = 3;
"""


@pytest.mark.parametrize(
    ("before", "restyle", "filename"),
    [
        (PYTHON, of({"'": '"'}), "a.py"),
        (SCRIPT, of({'"': "'"}), "a.js"),
        (SCRIPT, of({'"': "`"}), "a.ts"),
        (SCRIPT, of({";": ""}), "a.js"),
        ('import {a} from "a"\nimport b from "b"\nuse("c")\n\n\n\n\n\nlimit = 3\n', of({'"': "'"}), "a.mjs"),
        ("a:\n  - 'x'\n  - 'y'\n  - 'z'\n\n\n\n\nlimit: 3\n", of({"'": '"'}), "a.yml"),
        ("$a = 'x';\n$b = 'y';\n$c = 'z';\n\n\n\n\n$limit = 3;\n", of({"'": '"'}), "a.php"),
    ],
)
def test_the_style_of_strings_and_line_ends_comes_back(
    before: str, restyle: Retouching, filename: str
) -> None:
    edited = before.replace("limit = 3", "limit = 4").replace("limit: 3", "limit: 4")
    last = "".join(split_lines(edited)[-1:])
    reply = restyle(edited.removesuffix(last)) + last
    text, findings = restore(proposal(before, reply, filename=filename, narrow=True))
    assert text == edited
    assert answers(findings) == {Answer.RESTORE}
    text, findings = restore(proposal(before, reply, "improve the limit", filename))
    assert text == reply
    assert answers(findings) == {Answer.ASK_THEN_REFUSE}


@pytest.mark.parametrize(
    "instruction", ["use double quotes, limit 4", "reformat with black", "Apply the linter", "clean up f"]
)
def test_the_style_of_strings_stays_if_it_is_asked_for(instruction: str) -> None:
    reply = PYTHON.replace("'", '"').replace("limit = 3", "limit = 4")
    assert restore(proposal(PYTHON, reply, instruction, "a.py")) == (reply, [])


def test_the_quotes_of_the_line_beside_an_edit_may_be_part_of_it() -> None:
    before = "a = 'x'\nlimit = 3\n"
    reply = 'a = "x"\nlimit = 4\n'
    assert restore(proposal(before, reply, filename="a.py")) == (reply, [])


def test_a_comma_that_the_edit_needs_stays() -> None:
    before = 'items = [\n    "one",\n    "two"\n]\nlimit = 3\n'
    reply = 'items = [\n    "one",\n    "two",\n    "three"\n]\nlimit = 3\n'
    assert restore(proposal(before, reply, "add three", "a.py")) == (reply, [])


WORDS = st.text(
    st.sampled_from("abcdefgh xyz.,:()=<>&'\"-\u201c\u201d\u2019\u2014\u2026\u00a0\u00e9\u00f6\u00df\u200b"),
    min_size=1,
    max_size=20,
)


@given(
    lines=st.lists(WORDS, min_size=1, max_size=12), edit=st.data(), name=st.sampled_from(sorted(TYPOGRAPHY))
)
def test_with_all_other_lines_retouched_exactly_the_edit_is_left(
    lines: list[str], edit: st.DataObject, name: str
) -> None:
    """A line that is edited has words that no other line has; all others are retouched."""
    before = [f"{number} {line.strip()}x" for number, line in enumerate(lines)]
    chosen = edit.draw(st.sets(st.integers(0, len(before) - 1), min_size=1, max_size=len(before)))
    edited = [f"quite new {number}" if number in chosen else line for number, line in enumerate(before)]
    reply = [line if number in chosen else TYPOGRAPHY[name](line) for number, line in enumerate(edited)]
    assume(reply != edited)
    text, _ = restore(
        proposal("\n".join(before) + "\n", "\n".join(reply) + "\n", "write something quite new", narrow=True)
    )
    assert text == "\n".join(edited) + "\n"


@given(before=st.lists(WORDS, max_size=8), after=st.lists(WORDS, max_size=8))
def test_nothing_is_ever_put_back_twice(before: list[str], after: list[str]) -> None:
    first, _ = restore(proposal("\n".join(before), "\n".join(after)))
    second, _ = restore(proposal("\n".join(before), first))
    assert second == first


def test_a_selected_part_that_came_back_flush_left_is_indented_again() -> None:
    before = "class A:\n    def f(self):\n        x = 1\n        return x\n"
    section = Section(1, "        x = 1\n        return x\n", 3, len("class A:\n    def f(self):\n"))
    after = "class A:\n    def f(self):\nx = 2\nreturn x\n"
    piece = Piece(section, "x = 2\nreturn x\n")
    part = Proposal(before, after, Intent("set x to 2", understood=True), pieces=(piece,), whole=False)
    text, findings = restore(part)
    assert text == "class A:\n    def f(self):\n        x = 2\n        return x\n"
    assert answers(findings) == {Answer.RESTORE}


def test_few_lines_in_another_style_beside_a_far_larger_edit_are_asked_about_only() -> None:
    edits = "".join(f"set_{number} = {number}\n" for number in range(20))
    before = f"{PYTHON}\n\n\n{edits}"
    new = (
        before.replace("A = 'one'", 'A = "one"').replace("B = 'two'", 'B = "two"').replace("'five'", '"five"')
    )
    small = new.replace("set_19 = ", "put_19 = ")
    assert answers(restore(proposal(before, small, "improve it", "a.py"))[1]) == {Answer.ASK_THEN_REFUSE}
    large = re.sub(r"set_(\d+) = ", r"put_\1 = ", new)
    assert answers(restore(proposal(before, large, "improve it", "a.py"))[1]) == {Answer.ASK_THEN_WARN}


def test_one_number_comes_back_unless_the_edit_is_far_larger() -> None:
    edits = "".join(f"limit {number}\n" for number in range(9))
    before = f"alpha 1.0\n\n\n\n\n{edits}"
    small = before.replace("limit 8", "limit 4").replace("1.0", "1")
    text, findings = restore(proposal(before, small, "raise the limit"))
    assert (text, answers(findings)) == (before.replace("limit 8", "limit 4"), {Answer.RESTORE})
    large = re.sub(r"limit (\d)", r"at most \1", small)
    text, findings = restore(proposal(before, large, "raise the limit"))
    assert (text, answers(findings)) == (large, {Answer.ASK_THEN_WARN})
