"""Whether what an instruction plainly says was done, and whether that was all."""

from __future__ import annotations

import pytest

from editsvc.guard.findings import Answer, Check, Finding
from editsvc.guard.proposal import Proposal
from editsvc.guard.undone import beyond_draft, undone
from editsvc.instruction.intent import intent_of
from editsvc.syntax import by_name

SHOP = """\
# Kept by hand.
PORT = 8080
HOST = "localhost"


def fetch(url):
    # no retries
    return open(url).read()


def main():
    print(fetch("a.txt"))
    print("end")
"""
RENAMED = SHOP.replace("fetch", "download")


def proposed(instruction: str, after: str, *, drafted: str | None = None) -> Proposal:
    return Proposal(SHOP, after, intent_of(instruction), by_name("python"), "shop.py", drafted=drafted)


def one(findings: object) -> Finding:
    (finding,) = findings  # type: ignore[misc]
    assert isinstance(finding, Finding)
    return finding


@pytest.mark.parametrize(
    "after", [SHOP, SHOP.replace("end", "done"), SHOP.replace("open(url)", "fetch(url)")]
)
def test_a_reply_that_does_nothing_of_the_draft_has_not_carried_out_the_instruction(after: str) -> None:
    finding = one(undone(proposed("rename fetch to download", after, drafted=RENAMED)))

    assert finding.kind is Check.UNDONE
    assert finding.answer is Answer.ASK_THEN_REFUSE
    assert finding.message == (
        "The instruction was not carried out: `download` occurs nowhere in the new text."
    )


def test_a_reply_that_does_the_draft_or_does_it_in_another_way_has() -> None:
    other = SHOP.replace("def fetch(url)", "def download(address)").replace("fetch", "download")
    for after in (RENAMED, other):
        assert not list(undone(proposed("rename fetch to download", after, drafted=RENAMED)))


def test_a_removal_is_undone_as_long_as_every_line_of_it_stands() -> None:
    start, end = SHOP.index("def fetch"), SHOP.index("def main")
    drafted = SHOP[:start] + SHOP[end:]
    instruction = "remove the function fetch"

    assert one(undone(proposed(instruction, SHOP, drafted=drafted))).message.endswith("nothing was changed.")
    assert list(undone(proposed(instruction, SHOP.replace("8080", "80"), drafted=drafted)))
    assert not list(undone(proposed(instruction, drafted, drafted=drafted)))


@pytest.mark.parametrize(
    "instruction", ["set PORT to 9090", "setze PORT auf 9090", "把PORT改为9090", "поменяй PORT на 9090"]
)
def test_without_a_draft_the_value_that_a_narrow_instruction_gives_has_to_be_there(instruction: str) -> None:
    finding = one(undone(proposed(instruction, SHOP.replace("end", "done"))))

    assert finding.answer is Answer.ASK_THEN_REFUSE
    assert "`9090` occurs nowhere" in finding.message
    assert list(undone(proposed(instruction, SHOP)))
    assert not list(undone(proposed(instruction, SHOP.replace("8080", "9090"))))


def test_where_the_old_word_is_gone_other_words_are_believed_and_said() -> None:
    after = SHOP.replace('print("end")', "print(*'bye')")

    assert one(undone(proposed("write finish instead of end", after))).answer is Answer.ASK_THEN_WARN


@pytest.mark.parametrize("instruction", ["rename get to load", "refactor", "fix the port", "", "Ondoa fetch"])
def test_an_instruction_about_other_files_or_without_a_plain_change_is_never_undone(instruction: str) -> None:
    assert not list(undone(proposed(instruction, SHOP)))
    assert not list(undone(proposed(instruction, SHOP.replace("end", "done"))))


def test_lines_that_the_draft_keeps_and_the_reply_loses_are_asked_for() -> None:
    after = RENAMED.replace("# Kept by hand.\n", "").replace("    # no retries\n", "")
    finding = one(beyond_draft(proposed("rename fetch to download", after, drafted=RENAMED)))

    assert finding.kind is Check.UNASKED
    assert finding.answer is Answer.ASK_THEN_REFUSE
    assert finding.message.startswith("2 lines are gone of which the instruction does not speak")


def test_lines_that_moved_are_not_lost() -> None:
    after = RENAMED.replace("PORT = 8080\n", "").replace("\n\ndef main", "\nPORT = 8080\n\n\ndef main")
    assert all(
        finding.answer is Answer.WARN
        for finding in beyond_draft(proposed("rename fetch to download", after, drafted=RENAMED))
    )


def test_other_changes_beside_the_draft_are_said_with_their_lines() -> None:
    after = RENAMED.replace('"end"', '"done"')
    finding = one(beyond_draft(proposed("rename fetch to download", after, drafted=RENAMED)))

    assert finding.answer is Answer.WARN
    assert finding.message == "The reply also changes line 13, of which the instruction does not speak."
    assert finding.after is not None
    assert finding.after.first == 13


def test_the_name_may_change_in_places_that_the_draft_leaves_out() -> None:
    drafted = SHOP.replace("def fetch", "def download")
    assert not list(beyond_draft(proposed("rename fetch to download", RENAMED, drafted=drafted)))


def test_without_a_draft_many_lines_lost_beside_a_narrow_change_are_asked_for() -> None:
    after = SHOP[: SHOP.index("def fetch")].replace("8080", "9090") + SHOP[SHOP.index("def main") :]

    assert one(beyond_draft(proposed("set PORT to 9090", after))).answer is Answer.ASK_THEN_REFUSE
    assert not list(beyond_draft(proposed("fix fetch", after)))


@pytest.mark.parametrize(
    ("name", "done"), [("safe_obtain", True), ("safeObtain", True), ("safeobtain", False)]
)
def test_a_word_that_is_a_part_of_names_now_is_there(name: str, *, done: bool) -> None:
    reply = proposed("use obtain instead of fetch", SHOP.replace("fetch", name))
    assert done is not bool(list(undone(reply)))


def test_a_pattern_for_several_names_stands_nowhere_itself() -> None:
    after = SHOP.replace("fetch", "download")
    assert not list(undone(proposed('rename fetch to "download.{c,h}"', after)))
