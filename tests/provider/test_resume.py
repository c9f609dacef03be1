"""A reply that broke off: what is predicted of the rest, and what of the next reply is new to somebody who watches."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from editsvc.prediction.verifier import PRESETS, verify
from editsvc.provider.resume import ResumedReply, rest_predicted

OLD = "".join(f"line {number}\n" for number in range(40))
TEXT = st.text("ab\n", max_size=30)


def test_where_nothing_changed_the_rest_is_what_was_not_reached() -> None:
    at = OLD.index("line 20")
    assert rest_predicted(OLD, OLD[:at]) == OLD
    assert rest_predicted(OLD, OLD[: at + 4]) == OLD  # in the middle of a line


def test_changed_lines_stay_as_they_were_received() -> None:
    received = OLD[: OLD.index("line 20")].replace("line 7\n", "line seven\n")
    assert rest_predicted(OLD, received) == OLD.replace("line 7\n", "line seven\n")


def test_a_line_that_broke_off_elsewhere_is_left_to_the_model() -> None:
    received = OLD[: OLD.index("line 20")] + "something el"
    assert rest_predicted(OLD, received) == received + "\n" + OLD[OLD.index("line 21") :]


def test_the_prediction_of_a_resumed_reply_is_accepted_as_if_nothing_had_changed() -> None:
    new = OLD.replace("line 3\n", "line three\nand a half\n")
    received = new[: new.index("line 25") + 3]
    words = rest_predicted(OLD, received).split(" "), new.split(" ")
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words[0] + words[1]))}
    predicted, reply = ([numbers[word] for word in text] for text in words)
    for preset in PRESETS.values():
        counts = verify(predicted, reply, preset)
        assert counts.rejected == 0, preset


@given(TEXT, TEXT)
def test_what_was_received_is_always_predicted_first(old: str, received: str) -> None:
    assert rest_predicted(old, received).startswith(received)


def played(replies: list[str], cuts: list[list[int]]) -> tuple[str, int]:
    """What somebody sees who reads along, and how often it began anew."""
    seen, voids = "", 0
    shown = ResumedReply()
    for reply, places in zip(replies, cuts, strict=True):
        shown.begin_again()
        edges = sorted({0, len(reply), *(place % (len(reply) + 1) for place in places)})
        pieces = [reply[a:b] for a, b in pairwise(edges)]
        for void, text in [*map(shown.push, pieces), *([shown.finish()] if reply is replies[-1] else [])]:
            if void:
                seen, voids = "", voids + 1
            seen += text
    assert shown.seen == seen
    return seen, voids


@given(
    st.lists(st.tuples(TEXT, st.lists(st.integers(0, 100), max_size=6)), min_size=1, max_size=4),
)
def test_in_the_end_one_sees_exactly_the_last_reply(plays: list[tuple[str, list[int]]]) -> None:
    replies = [f"{reply}" for reply, _ in plays]
    seen, _ = played(replies, [cuts for _, cuts in plays])
    assert seen == replies[-1]


@given(TEXT, st.integers(0, 30), st.lists(st.integers(0, 100), max_size=6))
def test_a_reply_that_repeats_what_was_seen_goes_on_without_a_flicker(
    text: str, at: int, cuts: list[int]
) -> None:
    assert played([text[:at], text], [cuts, cuts]) == (text, 0)


def test_one_that_says_something_else_takes_its_place_at_once() -> None:
    shown = ResumedReply()
    shown.push("abcdef")
    shown.begin_again()
    assert shown.push("abc") == (False, "")
    assert shown.push("xyz") == (True, "abcxyz")
    assert shown.push("!") == (False, "!")
