"""Of a long file the model sees the head and what is around the place, and never more than it may."""

from hypothesis import given
from hypothesis import strategies as st

from editsvc.prompt.excerpts import excerpts
from editsvc.text.document import split_lines
from editsvc.text.section import Section
from editsvc.tokens import estimate_from_length

DOCUMENT = "".join(f"value_{number} = {number}\n" for number in range(10_000))
LINES = split_lines(DOCUMENT)


def lines(first: int, last: int) -> Section:
    return Section(1, "".join(LINES[first - 1 : last]), first)


def test_a_file_that_fits_is_shown_whole() -> None:
    assert excerpts("a\nb\n", [Section(1, "a\n", 1)], 1_000) is None


def test_the_head_and_the_surroundings_are_shown_and_the_range_itself_is_not() -> None:
    head, above, below = excerpts(DOCUMENT, [lines(5_000, 5_010)], 2_000) or []
    assert head.first_line == 1
    assert (above.last_line, below.first_line) == (4_999, 5_011)
    assert below.text.startswith("value_5010 =")
    shown = sum(estimate_from_length(len(one.text)) for one in (head, above, below))
    assert 1_000 < shown < 2_000


@given(
    st.integers(1, 10_000).flatmap(
        lambda first: st.tuples(st.just(first), st.integers(first, min(10_000, first + 50)))
    ),
    st.integers(1_000, 20_000),
)
def test_excerpts_are_lines_of_the_file_in_order_and_outside_of_the_range(
    range_: tuple[int, int], most: int
) -> None:
    found = excerpts(DOCUMENT, [lines(*range_)], most) or []
    last = 0
    for one in found:
        assert last < one.first_line <= one.last_line
        assert one.text == "".join(LINES[one.first_line - 1 : one.last_line])
        assert one.last_line < range_[0] or one.first_line > range_[1]
        last = one.last_line
