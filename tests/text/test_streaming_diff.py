"""The diff while the reply streams: near-linear, never flipping, never calling the unreached deleted."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.text.streaming_diff import Block, StreamingDiff

lines = st.lists(st.sampled_from(["a\n", "b\n", "  b\n", "c\n", "\n", "d\n", "e\n", "f\n"]), max_size=30)
pair = st.tuples(lines, lines)


def blocks_of(old: list[str], new: list[str], cuts: list[int]) -> list[list[Block]]:
    diff = StreamingDiff(old)
    pushed = [diff.push(new[a:b]) for a, b in zip([0, *cuts], [*cuts, len(new)], strict=True)]
    return [*pushed, diff.finish()]


@given(pair, st.data())
def test_the_blocks_turn_the_old_text_into_the_new_one(
    pair: tuple[list[str], list[str]], data: st.DataObject
) -> None:
    old, new = pair
    cuts = sorted(data.draw(st.lists(st.integers(0, len(new)), max_size=6)))
    old_at = new_at = 0
    for block in (block for pushed in blocks_of(old, new, cuts) for block in pushed):
        assert (block.old_start, block.new_start) == (old_at, new_at)
        assert block.equal == (old[block.old_start : block.old_end] == new[block.new_start : block.new_end])
        old_at, new_at = block.old_end, block.new_end
    assert (old_at, new_at) == (len(old), len(new))


@given(pair)
def test_what_is_committed_does_not_depend_on_how_the_lines_came(pair: tuple[list[str], list[str]]) -> None:
    old, new = pair

    def matched(cuts: list[int]) -> set[tuple[int, int]]:
        found = set()
        for pushed in blocks_of(old, new, cuts):
            for block in pushed:
                if block.equal:
                    found |= set(
                        zip(
                            range(block.old_start, block.old_end),
                            range(block.new_start, block.new_end),
                            strict=True,
                        )
                    )
        return found

    assert matched([]) == matched(list(range(len(new))))


@given(pair)
def test_while_lines_come_nothing_beyond_them_is_committed(pair: tuple[list[str], list[str]]) -> None:
    """A reply that is a beginning of the file never looks like a deletion of the rest."""
    old, _ = pair
    diff = StreamingDiff(old)
    for number, line in enumerate(old):
        for block in diff.push([line]):
            assert block.equal
        assert diff.reached == number + 1


FILE = [f"    statement {number}\n" if number % 6 else f"def function_{number}():\n" for number in range(600)]


@pytest.mark.parametrize(
    ("name", "new", "changed"),
    [
        ("nothing", FILE, 0),
        ("a line in the middle", [*FILE[:300], "changed\n", *FILE[301:]], 1),
        ("a function removed", [*FILE[:60], *FILE[66:]], 6),
        ("a function added", [*FILE[:60], "def new():\n", "    pass\n", "\n", *FILE[60:]], 0),
        ("a block moved down", [*FILE[:100], *FILE[160:400], *FILE[100:160], *FILE[400:]], 60),
        ("a class indented", [*FILE[:100], *("    " + line for line in FILE[100:200]), *FILE[200:]], 100),
        (
            "every tenth line changed",
            [line if number % 10 else "new\n" for number, line in enumerate(FILE)],
            60,
        ),
    ],
)
def test_an_edit_costs_about_as_many_lines_as_it_changes(name: str, new: list[str], changed: int) -> None:
    diff = StreamingDiff(FILE)
    blocks = [block for line in new for block in diff.push([line])]
    blocks += diff.finish()
    lost = sum(block.old_end - block.old_start for block in blocks if not block.equal)
    assert lost <= changed + 2, name


def test_an_indented_block_is_followed_while_it_streams() -> None:
    diff = StreamingDiff(FILE)
    for line in FILE[:300]:
        diff.push(["    " + line])
    assert diff.reached > 290


def test_random_edits_of_a_long_file_are_followed_closely() -> None:
    rng = random.Random(7)
    old = [f"line {number} {rng.random()}\n" for number in range(20_000)]
    new = [line if rng.random() > 0.3 else f"changed {rng.random()}\n" for line in old]
    diff, worst = StreamingDiff(old), 0
    for number, line in enumerate(new):
        diff.push([line])
        worst = max(worst, number + 1 - diff.reached)
    assert worst < 200
