"""Documents as text: nothing is lost between bytes, lines, positions and edits."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.errors import DocumentRefused
from editsvc.text.document import (
    Edit,
    LineIndex,
    PositionEncoding,
    Snapshot,
    apply,
    decode,
    line_end,
    normalise,
    split_lines,
)

# Everything that some library takes for a line end, and everything that has more than one length.
AWKWARD = "ab \t\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029é́😀\u200d\ufeff"
texts = st.text(alphabet=AWKWARD, max_size=60)
ENCODERS = {
    PositionEncoding.UTF8: lambda text: len(text.encode("utf-8")),
    PositionEncoding.UTF16: lambda text: len(text.encode("utf-16-le")) // 2,
    PositionEncoding.UTF32: len,
}


@given(texts)
def test_splitting_loses_nothing_and_breaks_only_at_newlines_and_carriage_returns(text: str) -> None:
    lines = split_lines(text)
    assert "".join(lines) == text
    for line in lines:
        assert line
        content = line.removesuffix(line_end(line))
        assert "\n" not in content
        assert "\r" not in content


@pytest.mark.parametrize("character", "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
def test_a_character_that_python_takes_for_a_line_end_is_none(character: str) -> None:
    assert split_lines(f"a{character}b\n") == [f"a{character}b\n"]
    assert LineIndex(f"a{character}b\n").line_count == 2


def test_every_kind_of_line_end_is_told_apart() -> None:
    assert [line_end(line) for line in split_lines("a\nb\r\nc\rd")] == ["\n", "\r\n", "\r", ""]
    assert split_lines("\r\r\n\n") == ["\r", "\r\n", "\n"]


@given(texts)
def test_normalising_keeps_the_number_of_lines(text: str) -> None:
    normal = normalise(text)
    assert "\r" not in normal
    assert len(split_lines(normal)) == len(split_lines(text))
    assert normalise(normal) == normal


@given(st.binary(max_size=40) | texts.map(str.encode))
def test_bytes_are_either_refused_or_come_back_unchanged(data: bytes) -> None:
    try:
        snapshot = decode(data)
    except DocumentRefused:
        assert b"\0" in data or data.decode(errors="ignore").encode() != data
    else:
        assert snapshot.encode() == data


def test_a_bom_is_remembered_and_is_no_part_of_the_text() -> None:
    snapshot = decode(b"\xef\xbb\xbfa\n")
    assert (snapshot.text, snapshot.bom) == ("a\n", True)
    assert snapshot.encode() == b"\xef\xbb\xbfa\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"ab\x00c", "byte 2 is NUL"),
        (b"caf\xe9", "byte 3 (0xe9)"),
        (b"\xff\xfea\0", "byte 3 is NUL"),
        (b"a\xed\xa0\x80", "byte 1 (0xed)"),
    ],
)
def test_what_is_not_utf8_text_is_refused_with_the_byte_offset(data: bytes, words: str) -> None:
    with pytest.raises(DocumentRefused, match=re.escape(words)):
        decode(data)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = draw(texts)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return text, [Edit(start, end, draw(texts)) for start, end in pairs]


@given(edited())
def test_edits_change_what_they_name_and_nothing_else(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    expected, shift = text, 0
    for edit in edits:
        expected = expected[: edit.start + shift] + edit.new_text + expected[edit.end + shift :]
        shift += len(edit.new_text) - (edit.end - edit.start)
    assert apply(text, edits) == expected
    assert apply(text, reversed(edits)) == expected or len({edit.start for edit in edits}) < len(edits)


@pytest.mark.parametrize(
    "edits",
    [[Edit(-1, 0, "")], [Edit(0, 4, "")], [Edit(2, 1, "")], [Edit(0, 2, "x"), Edit(1, 3, "y")]],
    ids=["before the start", "past the end", "backwards", "overlapping"],
)
def test_edits_that_make_no_sense_are_an_error(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match=r"outside|overlaps"):
        apply("abc", edits)


@given(texts, st.sampled_from(PositionEncoding), st.data())
def test_positions_and_offsets_are_each_others_inverse(
    text: str, encoding: PositionEncoding, data: st.DataObject
) -> None:
    index = LineIndex(text)
    offset = data.draw(st.integers(0, len(text)))
    line, column = index.position(offset, encoding)
    start = index.starts[line]
    assert column == ENCODERS[encoding](text[start:offset])
    between = text[offset - 1 : offset + 1] == "\r\n"
    assert index.offset(line, column, encoding) == (offset - 1 if between else offset)


@given(texts, st.sampled_from(PositionEncoding), st.integers(0, 80), st.integers(0, 80))
def test_a_position_past_the_end_of_a_line_means_its_end(
    text: str, encoding: PositionEncoding, line: int, column: int
) -> None:
    index = LineIndex(text)
    offset = index.offset(line, column, encoding)
    if line >= index.line_count:
        assert offset == len(text)
    else:
        start, end = index.line_span(line)
        assert start <= offset <= end


@pytest.mark.parametrize(
    ("encoding", "columns"),
    [
        (PositionEncoding.UTF8, [0, 1, 5, 6, 8, 9]),
        (PositionEncoding.UTF16, [0, 1, 3, 4, 5, 6]),
        (PositionEncoding.UTF32, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_columns_of_an_emoji_and_a_combining_mark(encoding: PositionEncoding, columns: list[int]) -> None:
    index = LineIndex("a😀e\u0301b")
    assert [index.position(offset, encoding)[1] for offset in range(6)] == columns


def test_a_column_inside_of_a_character_means_its_start() -> None:
    index = LineIndex("😀b")
    assert index.offset(0, 1, PositionEncoding.UTF16) == 0
    assert [index.offset(0, column, PositionEncoding.UTF8) for column in (1, 2, 3, 4)] == [0, 0, 0, 1]


def test_the_line_index_agrees_with_split_lines_on_a_text_of_200_000_lines() -> None:
    text = "".join(f"line {number}\n" for number in range(200_000))
    index = LineIndex(text)
    assert index.line_count == 200_001
    assert index.position(len(text), PositionEncoding.UTF16) == (200_000, 0)
    assert index.line_span(123_456) == (text.index("line 123456"), text.index("line 123456") + 11)


def test_one_line_of_five_megabytes_is_one_line() -> None:
    snapshot = decode(b"x" * 5_000_000)
    assert split_lines(snapshot.text) == [snapshot.text]
    assert LineIndex(snapshot.text).position(4_999_999, PositionEncoding.UTF16) == (0, 4_999_999)


def test_an_empty_document_has_one_empty_line() -> None:
    assert split_lines("") == []
    assert LineIndex("").line_span(0) == (0, 0)
    assert decode(b"") == Snapshot("")
