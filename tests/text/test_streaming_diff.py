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


# (what becomes of the next lines, how many): kept, changed, dropped, new ones added, blank ones added, indented, taken
# from elsewhere in the file.
steps = st.lists(
    st.tuples(
        st.sampled_from(["keep", "change", "drop", "add", "blank", "indent", "move"]),
        st.one_of(st.integers(1, 8), st.integers(1, 700)),
    ),
    max_size=14,
)


def edited(old: list[str], steps: list[tuple[str, int]]) -> list[str]:
    new: list[str] = []
    at = 0
    for number, (step, count) in enumerate(steps):
        here = old[at : at + count]
        match step:
            case "keep":
                new += here
            case "change":
                new += [f"changed {number}\n" for number, _ in enumerate(here)]
            case "add":
                new += [f"added {number} {line}\n" for line in range(count)]
            case "blank":
                new += ["\n"] * count
            case "indent":
                new += ["    " + line for line in here]
            case "move":
                start = (at + 37 * count) % len(old)
                new += old[start : start + count]
        if step in {"keep", "change", "drop", "indent"}:
            at += count
    return new + old[at:]


@given(steps)
def test_no_line_waits_for_more_than_200_others_whatever_the_edit(steps: list[tuple[str, int]]) -> None:
    new = edited(FILE, steps)
    diff, committed = StreamingDiff(FILE), 0
    for number, line in enumerate(new, 1):
        for block in diff.push([line]):
            committed = block.new_end
        assert number - committed <= 200


@given(st.integers(0, len(FILE)), st.integers(1, 900), st.sampled_from(["new", "blank", "common", "alike"]))
def test_lines_that_are_new_never_make_others_look_deleted(at: int, count: int, kind: str) -> None:
    lines = {"new": "added {}\n", "blank": "\n", "common": "}}\n", "alike": "    statement {}\n"}
    brought = [lines[kind].format(10_000 + number) for number in range(count)]
    old = [
        line for number, line in enumerate(FILE) for line in ([line, "}\n"] if number % 6 == 5 else [line])
    ]
    diff = StreamingDiff(old)
    blocks = [block for line in [*old[:at], *brought, *old[at:]] for block in diff.push([line])]

    assert all(block.equal or block.old_start == block.old_end for block in blocks)
    assert diff.reached == len(old)


def test_every_second_line_is_told_apart_from_its_changed_neighbour_before_the_reply_ends() -> None:
    diff = StreamingDiff(FILE)
    blocks = [
        block
        for number, line in enumerate(FILE)
        for block in diff.push([line if number % 2 else f"changed {number}\n"])
    ]

    assert sum(block.old_end - block.old_start for block in blocks if block.equal) > 200


def test_random_edits_of_a_long_file_are_followed_closely() -> None:
    rng = random.Random(7)
    old = [f"line {number} {rng.random()}\n" for number in range(20_000)]
    new = [line if rng.random() > 0.3 else f"changed {rng.random()}\n" for line in old]
    diff, worst = StreamingDiff(old), 0
    for number, line in enumerate(new):
        diff.push([line])
        worst = max(worst, number + 1 - diff.reached)
    assert worst < 200
