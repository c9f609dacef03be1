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
