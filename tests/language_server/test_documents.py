"""The mirror of an open document equals a plain string that is changed in the same way, whatever is in it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.text.document import Edit, LineIndex, PositionEncoding, apply
from lsp.documents import (
    CHUNK_POINTS,
    HISTORY_CHANGES,
    LATE_MESSAGES,
    ContentChange,
    Document,
    DocumentStore,
    Problem,
)

URI = "file:///a.py"
UTF8, UTF16, UTF32 = PositionEncoding.UTF8, PositionEncoding.UTF16, PositionEncoding.UTF32
# What some library takes for a line end, and what has another length in each encoding, or joins the one before.
AWKWARD = "ab\n\r\x0b\x0c\x1c\x85\u2028é\u0301😀\u200d\ufeff"
texts = st.text(alphabet=AWKWARD, max_size=30)
encodings = st.sampled_from(PositionEncoding)


def opened(text: str, encoding: PositionEncoding = UTF16, version: int = 1) -> Document:
    return Document(URI, "python", version, text, encoding)


def made(text: str, changes: Sequence[Edit]) -> str:
    for change in changes:
        text = apply(text, [change])
    return text


def long_text(character: str, line_end: str) -> str:
    """Several chunks, with borders at every possible place of a line; one line, if lines have no end."""
    return "".join(character * (number % 7) + str(number) + line_end for number in range(CHUNK_POINTS))


@st.composite
def positions(draw: st.DrawFn) -> tuple[int, int]:
    """A position in a document or behind the end of a line or of all lines."""
    return draw(st.integers(0, 8)), draw(st.sampled_from([*range(8), 2**31 - 1]))


@given(texts, encodings, st.lists(st.tuples(positions(), positions(), texts), max_size=6))
def test_the_mirror_equals_a_plain_string_after_any_changes(
    text: str, encoding: PositionEncoding, changes: list[tuple[tuple[int, int], tuple[int, int], str]]
) -> None:
    document = opened(text, encoding)
    for one, other, new_text in changes:
        index = LineIndex(text)
        start, end = sorted((index.offset(*one, encoding), index.offset(*other, encoding)))
        expected = apply(text, [Edit(start, end, new_text)])
        assert made(text, document.apply_change(*one, *other, new_text)) == expected
        text = expected
        assert document.text == text
        assert len(document) == len(text)
        assert document.line_count == LineIndex(text).line_count


@given(st.data(), encodings)
def test_the_same_holds_over_the_borders_of_chunks(data: st.DataObject, encoding: PositionEncoding) -> None:
    text = long_text(
        data.draw(st.sampled_from(["a", "é", "😀", "\x0c"])),
        data.draw(st.sampled_from(["\n", "\r\n", "\r", ""])),
    )
    document = opened(text, encoding)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.sampled_from([0, 1, 2, CHUNK_POINTS, 4 * CHUNK_POINTS])))
        new_text = data.draw(st.sampled_from(["", "\r", "\n", "x", "😀\r\n", text[: 3 * CHUNK_POINTS]]))
        index = LineIndex(text)
        one, other = index.position(start, encoding), index.position(end, encoding)
        start, end = index.offset(*one, encoding), index.offset(*other, encoding)
        text = apply(text, [Edit(start, end, new_text)])
        document.apply_change(*one, *other, new_text)
        index = LineIndex(text)
        assert document.text == text
        assert document.line_count == index.line_count
        offset = data.draw(st.integers(0, len(text)))
        place = index.position(offset, encoding)
        assert document.offset(*place) == index.offset(*place, encoding)
        assert document.position(document.offset(*place)) == index.position(
            index.offset(*place, encoding), encoding
        )
        until = data.draw(st.integers(offset, len(text)))
        assert document.text_between(offset, until) == text[offset:until]


@given(texts, encodings)
def test_every_offset_has_the_position_that_leads_back_to_it(text: str, encoding: PositionEncoding) -> None:
    document, index = opened(text, encoding), LineIndex(text)
    for offset in range(len(text) + 1):
        if text.startswith("\r\n", offset - 1) and offset:
            assert document.position(offset) == document.position(offset - 1)
        else:
            assert document.position(offset) == index.position(offset, encoding)
            assert document.offset(*document.position(offset)) == offset


@given(texts, encodings, positions())
def test_every_position_means_what_the_specification_says(
    text: str, encoding: PositionEncoding, position: tuple[int, int]
) -> None:
    assert opened(text, encoding).offset(*position) == LineIndex(text).offset(*position, encoding)


@pytest.mark.parametrize(
    ("encoding", "columns"),
    [(UTF8, [0, 1, 1, 3, 3, 3, 3, 7, 7]), (UTF16, [0, 1, 2, 2, 4, 4]), (UTF32, [0, 1, 2, 3, 3])],
)
def test_a_column_inside_of_a_character_means_its_start_and_one_past_the_line_its_end(
    encoding: PositionEncoding, columns: list[int]
) -> None:
    document = opened("aé😀\r\nb", encoding)
    found = [document.position(document.offset(0, column))[1] for column in range(len(columns))]
    assert found == columns
    assert document.offset(0, 2**31 - 1) == 3
    assert document.offset(1, 9) == document.offset(2, 0) == len(document) == 6


@pytest.mark.parametrize("encoding", PositionEncoding)
def test_half_a_surrogate_pair_counts_as_the_one_unit_that_it_is(encoding: PositionEncoding) -> None:
    document = opened("a\ud83db", encoding)
    column = {UTF8: 4, UTF16: 2, UTF32: 2}[encoding]
    assert document.offset(0, column) == 2
    assert document.position(2) == (0, column)


def test_a_carriage_return_and_a_newline_become_one_line_end_when_they_meet() -> None:
    document = opened("a\rx\nb")
    assert document.line_count == 3
    document.apply_change(1, 0, 1, 1, "")
    assert document.text == "a\r\nb"
    assert document.line_count == 2


def test_a_line_end_that_is_cut_becomes_two() -> None:
    document = opened("a\nb")
    document.apply_change(0, 1, 0, 1, "\r")
    assert document.line_count == 2
    document.replace_all("a\r-\nb")
    assert document.line_count == 3


@pytest.mark.parametrize("separator", "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
def test_other_separators_are_characters_like_any_others(separator: str) -> None:
    document = opened(f"a{separator}b\nc\n")
    document.apply_change(1, 0, 1, 1, "C")
    assert document.text == f"a{separator}b\nC\n"
    assert document.line_count == 3


def test_offsets_and_positions_outside_of_the_document_are_refused() -> None:
    document = opened("ab")
    for offset in (-1, 3):
        with pytest.raises(ValueError, match="outside of a text of 2"):
            document.position(offset)
    with pytest.raises(ValueError, match="negative"):
        document.offset(-1, 0)
    with pytest.raises(ValueError, match="negative"):
        ContentChange("x", (0, 0, 0, -1))


def test_a_change_is_only_what_differs_however_much_was_sent() -> None:
    document = opened("one\ntwo\nthree\nfour\n")
    assert document.apply_change(0, 0, 4, 0, "one\nTwo\nthree\nfourth\n") == [
        Edit(18, 18, "th"),
        Edit(4, 5, "T"),
    ]
    assert document.replace_all("one\nTwo\nthree\nfour\n") == [Edit(18, 20, "")]
    assert document.replace_all(document.text) == []


def test_the_snapshot_is_the_document_at_its_version() -> None:
    document = opened("\ufeffa\n", version=7)
    snapshot = document.snapshot()
    document.apply_change(0, 0, 0, 0, "x")
    assert (snapshot.text, snapshot.uri, snapshot.version, snapshot.bom) == ("\ufeffa\n", URI, 7, False)


@given(texts, st.lists(st.lists(texts, max_size=3), min_size=1, max_size=5), st.integers(0, 5))
def test_the_history_leads_from_any_version_to_the_current_text(
    text: str, messages: list[list[str]], chosen: int
) -> None:
    store = DocumentStore()
    store.open(URI, "python", 0, text)
    document = store.get(URI)
    assert document is not None
    versions = {0: text}
    for number, message in enumerate(messages):
        store.change(URI, 2 * number + 1, [ContentChange(new) for new in message])
        versions[2 * number + 1] = document.text
    for version, known in versions.items():
        changes = document.history_since(version)
        assert changes is not None
        assert made(known, changes) == document.text
    assert document.history_since(document.version + 1 + chosen) is None
    assert document.history_since(-1) is None


def test_the_history_is_bounded_and_says_so() -> None:
    document = opened("", version=0)
    for version in range(1, HISTORY_CHANGES + 2):
        document.apply_change(0, 0, 0, 0, "x")
        document.advance(version)
    assert document.history_since(0) is None
    known = document.history_since(1)
    assert known is not None
    assert len(known) == HISTORY_CHANGES
    document.apply_change(0, 0, 0, 0, "y" * (1 << 20) + "z")
    assert document.history_since(HISTORY_CHANGES + 1) is None


def test_a_version_that_was_used_twice_has_no_history_until_there_is_a_new_one() -> None:
    document = opened("", version=5)
    document.apply_change(0, 0, 0, 0, "a")
    assert not document.advance(3)
    assert document.version == 3
    assert document.history_since(3) is None
    assert document.history_since(5) is None
    assert document.advance(6)
    document.apply_change(0, 0, 0, 0, "b")
    assert document.history_since(6) == [Edit(0, 0, "b")]


@given(st.data())
def test_changes_that_overtake_each_other_end_in_the_same_text(data: st.DataObject) -> None:
    texts_typed = data.draw(st.lists(st.sampled_from(["a", "b\n", "😀", "\r\n"]), min_size=1, max_size=20))
    in_order, as_they_came = opened("start\n", version=1), opened("start\n", version=1)
    messages = []
    for version, typed in enumerate(texts_typed, start=2):
        line, column = in_order.position(data.draw(st.integers(0, len(in_order))))
        message = [ContentChange(typed, (line, column, line, column))]
        assert in_order.change(version, message)[1] is None
        messages.append((version, message))
    text = as_they_came.text
    for version, message in data.draw(st.permutations(messages)):
        changes, _ = as_they_came.change(version, message)
        text = made(text, changes)
        assert text == as_they_came.text
    assert as_they_came.text == in_order.text
    assert as_they_came.version == in_order.version
    known = as_they_came.history_since(1)
    assert known is not None
    assert made("start\n", known) == in_order.text


def test_a_version_whose_text_was_wrong_for_a_while_has_no_history() -> None:
    document = opened("", version=1)
    document.change(2, [ContentChange("a", (0, 0, 0, 0))])
    document.change(4, [ContentChange("c", (0, 2, 0, 2))])
    assert document.text == "ac"
    assert document.change(3, [ContentChange("b", (0, 1, 0, 1))]) == ([Edit(1, 1, "b")], Problem.LATE)
    assert (document.text, document.version) == ("abc", 4)
    assert document.history_since(2) is not None
    assert document.history_since(4) is None
    document.change(5, [ContentChange("d", (0, 3, 0, 3))])
    assert document.history_since(5) == []


def test_a_client_that_leaves_versions_out_is_not_waited_for() -> None:
    document = opened("", version=0)
    for version in range(2, 2 * LATE_MESSAGES + 4, 2):
        assert document.change(version, [ContentChange("x", (0, 0, 0, 0))])[1] is None
    assert document.change(3, [ContentChange("y", (0, 0, 0, 0))])[1] is Problem.VERSION_NOT_NEWER


def test_the_store_keeps_documents_from_open_to_close() -> None:
    store = DocumentStore(UTF8)
    assert store.open(URI, "python", 1, "é\n").problem is None
    assert store.open("notebook:cell", "python", 1, "").problem is None
    assert [document.uri for document in store] == [URI, "notebook:cell"]
    changed = store.change(URI, 2, [ContentChange("x", (0, 2, 0, 2)), ContentChange("y", (0, 3, 0, 3))])
    assert changed.changes == (Edit(1, 1, "x"), Edit(2, 2, "y"))
    assert changed.problem is None
    assert changed.document is not None
    assert (changed.document.text, changed.document.version) == ("éxy\n", 2)
    assert store.close(URI).document is changed.document
    assert store.get(URI) is None
    assert len(store) == 1


def test_what_a_client_does_against_the_protocol_is_reported_and_done_as_far_as_it_can_be() -> None:
    store = DocumentStore()
    assert store.change(URI, 1, [ContentChange("x")]).problem is Problem.NOT_OPEN
    assert store.close(URI).problem is Problem.NOT_OPEN
    store.open(URI, "python", 4, "a")
    again = store.open(URI, "python", 4, "b")
    assert again.problem is Problem.ALREADY_OPEN
    older = store.change(URI, 4, [ContentChange("c", (0, 0, 0, 1))])
    assert older.problem is Problem.VERSION_NOT_NEWER
    assert older.document is again.document
    assert older.document is not None
    assert older.document.text == "c"
