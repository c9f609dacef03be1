"""A reply that repeats itself without end is known by what it repeats, and a file that does so is left alone."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.reply.runaway import Runaway

BLOCK = "".join(f"    total += prices[{n}]\n" for n in range(30))


def stopped(
    original: str, reply: str, *, pieces: int = 1000, one_line: bool = False, instruction: str = ""
) -> str | None:
    runaway = Runaway(original, one_line=one_line, instruction=instruction)
    parts = (reply[at : at + pieces] for at in range(0, len(reply), pieces))
    return next(filter(None, map(runaway.push, parts)), None)


@pytest.mark.parametrize(
    "block",
    [
        "x = 1\n",
        "\n",
        "a\nb\nc\n",
        "def f():\n    return 1\n\n\n",
        "".join(f"{n}\n" for n in range(8)),
        "a\na\nb\nb\n",
        BLOCK,
    ],
)
def test_a_block_that_comes_again_and_again_is_found(block: str) -> None:
    found = stopped("x = 1\ny = 2\n", "x = 1\n" + block * 600)
    assert found is not None
    assert "repeats itself without end" in found


def test_a_file_that_repeats_itself_may_go_on_doing_so() -> None:
    data = "0,\n" * 5_000
    assert stopped(data, data + "0,\n" * 300) is None
    assert stopped(data, data + "0,\n" * 900) is not None


def test_what_the_instruction_counts_may_come_so_often() -> None:
    zeros = "0,\n" * 1_000
    assert stopped("", zeros, instruction="add 1000 zeros") is None
    assert stopped("", zeros, instruction="add a thousand zeros") is None
    assert stopped("", zeros, instruction="füge 1000 Nullen hinzu") is None
    assert stopped("", zeros, instruction="加1000个零") is None
    for instruction in (
        "add 10 zeros",
        "change the width to 1000",
        "set it to 1000 and rename it",
        "x_1000 is 0",
    ):
        assert stopped("", zeros, instruction=instruction) is not None


@pytest.mark.parametrize("unit", ["The number is fixed. ", "0", "0, ", "a; bb; ccc; "])
def test_what_repeats_within_a_line_is_found_long_before_a_line_is_too_long(unit: str) -> None:
    found = stopped("x = 1\n", "y = 2\nz = " + unit * (20_000 // len(unit)))
    assert found is not None
    assert "repeats itself without end" in found
    assert "characters of line 2" in found
    assert stopped(unit * (30_000 // len(unit)), unit * (34_000 // len(unit))) is None


def test_a_line_without_an_end_is_found_and_a_long_one_that_the_file_has_is_not() -> None:
    lengthy = " ".join(f"{number * number:x}" for number in range(30_000))
    assert stopped("short\n", lengthy) == (
        "Line 1 of the reply has no end: it was stopped after 101,000 characters."
    )
    minified = "var a;" * 50_000 + "\n"
    assert stopped(minified, minified) is None
    assert stopped("x\n" * 100_000, '{"edits": "' + "y" * 150_000, one_line=True) is None


@given(st.lists(st.sampled_from(["a", "b", ""]), max_size=40), st.integers(1, 50))
def test_nothing_short_is_ever_stopped_however_it_is_cut(lines: list[str], size: int) -> None:
    text = "\n".join(itertools.chain.from_iterable(itertools.repeat(lines, 8)))
    assert stopped("", text, pieces=size) is None


SENTENCES = "".join(
    f"The instructions are too long for the given {side}.\n\n" for side in ("width", "height")
)


def cut_off(
    original: str, reply: str, at: int, *, one_line: bool = False, instruction: str = ""
) -> str | None:
    return Runaway(original, one_line=one_line, instruction=instruction).at_its_limit(reply[:at])


@pytest.mark.parametrize("at", [2_201, 2_277, 2_340])
@pytest.mark.parametrize(
    "reply",
    [
        "The file is too large.\n\n" + SENTENCES * 40,
        "The stock of a shop is a list of items. " + "The number of items is fixed. " * 100,
        "````python\n" + "x = 1\n" * 1_000,
        "x = 1\n" + "\n" * 5_000,
        "".join(f"x{n} = {n}\n" for n in range(20)) + "    if a:\n        b()\n    if a:\n        c()\n" * 60,
    ],
    ids=["sentences", "one line", "code", "blank lines", "a block"],
)
def test_a_reply_that_only_repeated_itself_up_to_its_limit_gets_no_more_room(reply: str, at: int) -> None:
    found = cut_off("WIDTH = 80\nHEIGHT = 24\n", reply, at, instruction="change WIDTH to 1000")
    assert found is not None
    assert found.startswith("The reply repeats itself without end (")
    assert found.endswith("): it was cut off, and more room would not help.")


def test_edits_as_data_that_repeat_themselves_are_known_on_their_one_line() -> None:
    reply = '{"edits": [' + '{"search": "a = 1\\n", "replace": "a = 1\\n"}, ' * 100
    assert cut_off("a = 1\n", reply, 2_300, one_line=True) is not None


@pytest.mark.parametrize(
    ("original", "reply", "instruction"),
    [
        ("", "".join(f"PIN_{n} = {n}\n" for n in range(500)), "give each pin a name"),
        (
            "",
            "\n".join(", ".join(f"0x{n * 77 % 256:02x}" for n in range(8 * m, 8 * m + 8)) for m in range(99)),
            "",
        ),
        ("", "    0,\n" * 500, "fill the table with 512 zeros"),
        ("", "0, " * 1_000, "fill the table with a thousand zeros"),
        ("[\n" + "    0,\n" * 500, "[\n" + "    1,\n" * 600, "replace 0 with 1"),
        ("x = '" + "ab" * 2_000 + "'\n", "y = '" + "ab" * 2_000 + "'\n", "rename x to y"),
        (BLOCK * 12, "# A sum.\n" + BLOCK * 13, "add a heading"),
        ("", BLOCK * 4, ""),
        ("", "x = 1\n" + "# " + "-" * 78 + "\n", "add a ruler"),
    ],
    ids=["counts up", "data", "counted", "a thousand", "a table", "a literal", "fixtures", "few", "ruler"],
)
def test_a_reply_that_may_well_repeat_itself_gets_more_room(
    original: str, reply: str, instruction: str
) -> None:
    for at in range(len(reply) // 3, len(reply) + 1, max(1, len(reply) // 40)):
        assert cut_off(original, reply, at, instruction=instruction) is None


@given(st.lists(st.sampled_from(["a", "bb", "", "x" * 70]), max_size=12), st.integers(1, 80), st.data())
def test_a_file_as_it_is_never_repeats_itself_too_often_wherever_it_is_cut(
    lines: list[str], times: int, data: st.DataObject
) -> None:
    text = "".join(f"{line}\n" for line in lines * times)
    assert cut_off(text, text, data.draw(st.integers(0, len(text)))) is None
