"""What a reply leaves out: found wherever it stood, and however short the file, unless it was to go."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc import syntax
from editsvc.guard.findings import Answer, Check, Finding, Lines
from editsvc.guard.loss import lost
from editsvc.guard.proposal import Piece, Proposal
from editsvc.instruction.intent import Intent
from editsvc.text.document import split_lines
from editsvc.text.section import Section

NARROW = Intent(
    "rename width to breadth", understood=True, narrow=True, words=frozenset({"width", "breadth"})
)
PLAIN = Intent(
    "let the parcel be fragile", understood=True, words=frozenset({"let", "parcel", "be", "fragile"})
)
UNKNOWN = Intent("Päckchen zerbrechlich machen", words=frozenset({"päckchen", "zerbrechlich", "machen"}))
REMOVES = Intent(
    "remove the function weigh",
    understood=True,
    removes=True,
    words=frozenset({"remove", "function", "weigh"}),
)

PARCELS = '''\
"""Parcels, and what it costs to send them."""

from shop.prices import PRICES


def measure(parcel):
    sides = sorted(parcel.sides)
    return sides[0] * sides[1] * sides[2]


def weigh(parcel):
    total = parcel.box.weight
    for item in parcel.items:
        total += item.weight
    return total


def stamp(parcel, country):
    zone = PRICES[country]
    return zone.base + zone.rate * weigh(parcel)


def label(parcel):
    first, rest = parcel.address.split(",", 1)
    return first.upper() + rest


def send(parcel, country):
    parcel.price = stamp(parcel, country)
    parcel.sent = True
    return parcel
'''


def found(
    before: str, after: str, intent: Intent = PLAIN, name: str = "parcels.py", **more: str
) -> list[Finding]:
    return list(lost(Proposal(before, after, intent, syntax.language_of(name), filename=name, **more)))


def kinds(findings: list[Finding]) -> list[tuple[Check, Answer]]:
    return [(finding.kind, finding.answer) for finding in findings]


def without(text: str, first: str, behind: str) -> str:
    return text[: text.index(first)] + text[text.index(behind) :]


def test_a_function_that_is_still_used_may_not_go() -> None:
    (finding,) = found(PARCELS, without(PARCELS, "def weigh", "def stamp"))
    assert (finding.kind, finding.answer, finding.before) == (
        Check.LOSS,
        Answer.ASK_THEN_REFUSE,
        Lines(11, 15),
    )
    assert "weigh" in finding.message
    assert "still used on line 13" in finding.message


def test_that_it_is_used_does_not_depend_on_how_the_instruction_is_read() -> None:
    assert kinds(found(PARCELS, without(PARCELS, "def weigh", "def stamp"), UNKNOWN)) == [
        (Check.LOSS, Answer.ASK_THEN_REFUSE)
    ]


def test_a_function_that_nothing_uses_is_asked_about() -> None:
    dropped = without(PARCELS, "def label", "def send")
    assert kinds(found(PARCELS, dropped)) == [(Check.LOSS, Answer.ASK_THEN_WARN)]
    assert kinds(found(PARCELS, dropped, UNKNOWN)) == [(Check.LOSS, Answer.ASK_THEN_WARN)]
    assert kinds(found(PARCELS, dropped, NARROW)) == [(Check.LOSS, Answer.ASK_THEN_REFUSE)]


def test_what_a_complete_draft_keeps_may_not_go() -> None:
    drafted = PARCELS.replace("sides", "edges")
    dropped = without(drafted, "def label", "def send")
    assert kinds(found(PARCELS, dropped, UNKNOWN, drafted=drafted)) == [(Check.LOSS, Answer.ASK_THEN_REFUSE)]


def test_what_the_instruction_names_may_go_and_nothing_else() -> None:
    assert found(PARCELS, without(PARCELS, "def weigh", "def stamp"), REMOVES) == []
    other = without(without(PARCELS, "def weigh", "def stamp"), "def label", "def send")
    assert kinds(found(PARCELS, other, replace(REMOVES, narrow=True))) == [
        (Check.LOSS, Answer.ASK_THEN_REFUSE)
    ]


@pytest.mark.parametrize(
    "words",
    ["Entferne weigh", "supprime weigh", "elimina weigh", "删除 weigh", "weigh を削除", "удали weigh"],
)
def test_a_removal_is_carried_out_in_any_language_that_is_understood(words: str) -> None:
    intent = Intent(words, understood=True, removes=True, words=frozenset({"weigh"}))
    assert found(PARCELS, without(PARCELS, "def weigh", "def stamp"), intent) == []


def test_a_definition_that_moved_or_has_another_name_is_not_lost() -> None:
    start, end = PARCELS.index("def weigh"), PARCELS.index("def stamp")
    moved = PARCELS[:start] + PARCELS[end:] + "\n\n" + PARCELS[start:end].rstrip() + "\n"
    assert found(PARCELS, moved) == []
    assert found(PARCELS, PARCELS.replace("weigh", "heft"), NARROW) == []


def test_a_helper_that_the_edit_no_longer_uses_may_go() -> None:
    inlined = without(PARCELS, "def weigh", "def stamp").replace(
        "weigh(parcel)", "sum(item.weight for item in parcel.items)"
    )
    assert found(PARCELS, inlined) == []


def test_a_line_of_a_function_in_the_place_of_all_of_it() -> None:
    torn = PARCELS.replace(
        PARCELS[PARCELS.index("def stamp") : PARCELS.index("def label")], "    return zone.base\n\n\n"
    )
    assert kinds(found(PARCELS, torn, UNKNOWN)) == [(Check.LOSS, Answer.ASK_THEN_REFUSE)]


def test_several_functions_are_gone_and_nothing_came() -> None:
    some = (
        PARCELS
        + "\n\n"
        + PARCELS[PARCELS.index("def label") :].replace("label", "tag").replace("send", "post")
    )
    dropped = without(some, "def label", "def tag").replace("parcel.sent", "parcel.posted")
    assert kinds(found(some, dropped))[0] == (Check.LOSS, Answer.ASK_THEN_REFUSE)


@pytest.mark.parametrize("intent", [PLAIN, NARROW])
def test_a_reply_that_ends_early(intent: Intent) -> None:
    (finding,) = found(PARCELS, PARCELS[: PARCELS.index("def label")], intent)
    assert (finding.kind, finding.answer, finding.before) == (
        Check.TAIL,
        Answer.ASK_THEN_REFUSE,
        Lines(23, 31),
    )


def test_a_reply_that_ends_inside_of_a_function() -> None:
    assert kinds(
        found(PARCELS * 4, (PARCELS * 4)[: -len("    parcel.sent = True\n    return parcel\n")], NARROW)
    ) == [(Check.TAIL, Answer.ASK_THEN_WARN)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    parcel.sent = True\n    return parcel\n", "    return parcel.as_sent()\n"),
        (
            "    parcel.price = stamp(parcel, country)\n    parcel.sent = True\n    return parcel\n",
            "    return replace(parcel, price=stamp(parcel, country), sent=True)\n",
        ),
    ],
)
def test_a_last_function_that_became_shorter_is_not_cut_off(old: str, new: str) -> None:
    assert found(PARCELS, PARCELS.replace(old, new)) == []


@pytest.mark.parametrize("share", [(0, 0.5), (0.3, 0.75), (0.5, 1)], ids=["head", "middle", "tail"])
@pytest.mark.parametrize("name", ["words.txt", "list.yaml", "page.md", "rules.unknown"])
def test_half_of_a_file_in_any_language(share: tuple[float, float], name: str) -> None:
    lines = [f"entry-{number}: {'abcdefgh'[number % 8]}{number}\n" for number in range(24)]
    first, last = (int(part * len(lines)) for part in share)
    kept = "".join(lines[:first] + lines[last:])
    (finding,) = found("".join(lines), kept, name=name)
    assert finding.answer is Answer.ASK_THEN_REFUSE
    assert finding.before == Lines(first + 1, last)
    (asked,) = found("".join(lines), kept, UNKNOWN, name=name)
    assert asked.answer is Answer.ASK_THEN_WARN


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a = 1\nb = 2\n", "a = 3\n"),
        ("width = 1\nheight = 2\ndepth = 3\n", "width = 10\n"),
        ("width = 1\nheight = 2\ndepth = 3\n", "depth = 10\n"),
        ("a: 1\nb: 2\nc: 3\nd: 4\ne: 5\n", "a: 1\nb: 9\ne: 5\n"),
        ("eins\nzwei\ndrei\nvier\n", "vier\n"),
        ("一\n二\n三\n四\n", "一\n四\n"),
    ],
)
def test_short_files_of_short_lines(before: str, after: str) -> None:
    assert [finding.answer for finding in found(before, after, NARROW, "x.conf")] == [Answer.ASK_THEN_REFUSE]


def test_lines_that_were_joined_are_not_lost() -> None:
    before = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"
    assert found(before, "one\ntwo, three, four\nfive\nsix\nseven\n", name="list.txt") == []


def test_one_line_that_the_instruction_speaks_of_may_go_with_a_change() -> None:
    before = (
        "".join(f"import part_{number}\n" for number in range(20))
        + "import width\n"
        + "x = width.get()\n" * 3
    )
    after = before.replace("import width\n", "").replace("width.get", "breadth.get")
    assert Answer.ASK_THEN_REFUSE not in {finding.answer for finding in found(before, after, NARROW)}


def test_nearly_everything_may_not_go_with_one_named_function() -> None:
    rest = PARCELS[PARCELS.index("def label") : PARCELS.index("def send")]
    assert kinds(found(PARCELS, rest, REMOVES)) == [(Check.SHRINK, Answer.ASK_THEN_REFUSE)]
    everything = Intent("remove all functions but one", understood=True, removes=True)
    assert kinds(found(PARCELS, rest, everything)) == [(Check.SHRINK, Answer.ASK_THEN_WARN)]


def test_a_document_of_sections_that_are_said_to_go_may_not_become_empty_unless_all_of_it_was_named() -> None:
    weigh = PARCELS[PARCELS.index("def weigh") : PARCELS.index("def stamp")]
    (piece,) = sections(weigh)
    gone = Proposal(weigh, "", REMOVES, syntax.by_name("python"), pieces=(replace(piece, deleted=True),))
    assert kinds(list(lost(gone))) == [(Check.EMPTY, Answer.ASK_THEN_WARN)]
    assert kinds(list(lost(replace(gone, intent=PLAIN)))) == [(Check.EMPTY, Answer.ASK_THEN_REFUSE)]


def sections(text: str) -> tuple[Piece, ...]:
    return (Piece(Section(0, text, 1), ""),)


@given(st.lists(st.text("abc =#\n", max_size=12), max_size=30), st.data())
def test_what_is_only_added_is_no_loss(lines: list[str], data: st.DataObject) -> None:
    before = "".join(f"{line}\n" for line in lines)
    at = data.draw(st.integers(0, before.count("\n")))
    parts = split_lines(before)
    after = "".join([*parts[:at], "new line 42\n", *parts[at:]])
    for intent in (PLAIN, NARROW, UNKNOWN):
        assert found(before, after, intent) == []


def kinds_of(before: str, after: str, intent: Intent, filename: str) -> set[tuple[Check, Answer]]:
    found = lost(Proposal(before, after, intent, syntax.language_of(filename), filename))
    return {(finding.kind, finding.answer) for finding in found}


SERVER = """\
local util = require 'tools.util'

local bin_name = 'reader'
local cmd = { bin_name, '--stdio' }

if on_windows() then
  cmd = { 'cmd.exe', '/C', bin_name, '--stdio' }
end

return {
  cmd = cmd,
  root = util.root(),
}
"""


def test_values_that_were_used_where_the_text_is_written_anew_are_not_lost() -> None:
    head, _, tail = SERVER.partition("local bin_name")
    tail = tail[tail.index("return") :]
    inlined = head + tail.replace("cmd = cmd", "cmd = { 'reader', '--stdio' }")
    assert not kinds_of(SERVER, inlined, PLAIN, "server.lua")
    still_used = head + tail.replace("util.root()", "util.root(1)")
    assert kinds_of(SERVER, still_used, PLAIN, "server.lua") == {(Check.SHRINK, Answer.ASK_THEN_REFUSE)}
    used_anew = head + tail.replace("cmd = cmd", "cmd = wrapped(cmd)")
    assert kinds_of(SERVER, used_anew, PLAIN, "server.lua") == {(Check.SHRINK, Answer.ASK_THEN_REFUSE)}


@pytest.mark.parametrize(
    ("filename", "imports", "uses", "rest"),
    [
        (
            "a.rs",
            "extern crate shelf;\nextern crate books;\nuse rows::{Row, Board};\n",
            "use old::{books, shelf, Board};\n",
            "use new::all;\nmod util;\n",
        ),
        (
            "a.lua",
            "local shelf = require 'shelf'\nlocal books = require 'books'\n",
            "x = shelf + books\n",
            "x = 1\ny = 2\n",
        ),
        ("a.py", "import shelf\nfrom books import read\n", "X = shelf + read()\n", "X = 1\nY = 2\n"),
    ],
)
def test_imports_of_what_is_no_longer_used_are_no_loss(
    filename: str, imports: str, uses: str, rest: str
) -> None:
    before = imports + uses + "".join(split_lines(rest)[1:])
    assert not kinds_of(before, rest, PLAIN, filename)
    code = "shelf = 1\nbooks = 2\nfetch(Board)\n"
    assert kinds_of(code + rest, rest, PLAIN, filename)


@pytest.mark.parametrize(
    ("filename", "line"), [("__init__.py", "from .{0} import {0}\n"), ("lib.rs", "pub mod {0};\n")]
)
def test_an_index_of_modules_uses_none_of_them_and_may_lose_none(filename: str, line: str) -> None:
    names = ["alpha", "beta", "gamma", "delta", "kappa", "omega", "sigma", "lambda_", "zeta", "theta"]
    before = "".join(map(line.format, names))
    after = "".join(map(line.format, names[:3]))
    assert Answer.ASK_THEN_REFUSE in {answer for _, answer in kinds_of(before, after, PLAIN, filename)}


def test_a_line_that_has_what_is_replaced_or_was_joined_to_another_is_accounted_for() -> None:
    replaces = Intent(
        "use once instead of lazy", understood=True, narrow=True, wanted=("once",), named=("lazy",)
    )
    rows = "".join(f"row_{number} = {number}\n" for number in range(30))
    before = f"use lazy\n{rows}a = lazy(\n  b)\n"
    after = f"{rows}a = once(b)\n"
    assert {answer for _, answer in kinds_of(before, after, replaces, "a.txt")} <= {Answer.WARN}
    dropped = before.replace("row_7 = 7\n", "").replace("lazy(", "once(")
    assert (Check.LOSS, Answer.ASK_THEN_WARN) in kinds_of(before, dropped, replaces, "a.txt")


def test_one_line_of_a_short_file_is_asked_about_and_two_are_refused() -> None:
    before = "tags\nbuild\ncache\ndist\nnotes\n"
    assert {
        answer for _, answer in kinds_of(before, "tags\ncache\ndist\nnotes\nmore\nlogs\n", PLAIN, "a")
    } <= {
        Answer.WARN,
        Answer.ASK_THEN_WARN,
    }
    assert kinds_of(before, "tags\ndist\nnotes\n", PLAIN, "a") == {(Check.SHRINK, Answer.ASK_THEN_REFUSE)}


def test_lines_that_came_beside_the_head_of_a_definition_are_no_part_of_its_body() -> None:
    before = (
        "class A {\n  private Map<B> made;\n\n  void setUp() {\n    base();\n    made = new Map();\n  }\n}\n"
    )
    after = "class A {\n  private Set made = new Set();\n}\n"
    assert (Check.LOSS, Answer.ASK_THEN_REFUSE) not in kinds_of(before, after, PLAIN, "A.java")


SHELF = """\
def add(shelf, book):
    shelf.check()
    shelf.append(book)
    shelf.count += 1


def lend(shelf, book):
    shelf.check()
    shelf.remove(book)
    shelf.count -= 1


def fine(book, days):
    rate = book.rate
    total = rate * days
    return round(total, 2)


COMMANDS = [
    add,
    lend,
    fine,
]
"""


def test_a_definition_that_went_with_all_of_its_uses_is_said_only() -> None:
    fewer = SHELF[: SHELF.index("def fine")] + SHELF[SHELF.index("COMMANDS") :]
    assert (Check.LOSS, Answer.ASK_THEN_REFUSE) in kinds_of(SHELF, fewer, PLAIN, "shelf.py")
    assert kinds_of(SHELF, fewer.replace("    fine,\n", ""), PLAIN, "shelf.py") == {(Check.LOSS, Answer.WARN)}


def test_what_lost_definitions_use_of_each_other_explains_nothing() -> None:
    before = SHELF.replace("    fine,\n", "").replace("shelf.count -= 1", "shelf.count -= fine(book, 1)")
    after = before[: before.index("def lend")] + before[before.index("COMMANDS") :].replace("    lend,\n", "")
    assert (Check.LOSS, Answer.WARN) not in kinds_of(before, after, PLAIN, "shelf.py")
