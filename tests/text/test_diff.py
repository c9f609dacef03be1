"""The exact difference: git takes it, line ends survive it, and nothing else changes."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from editsvc.text.choosing import choosable
from editsvc.text.diff import Span, changed_spans, edits, unified_diff
from editsvc.text.document import apply, line_end, normalise, split_lines

LINES = [
    "",
    "a",
    "b",
    "  b",
    "\tb",
    "x\x0cy",
    "x\x0b",
    "\x1c",
    "\x85",
    "u\u2028v",
    "😀",
    "é",
    "-- a",
    "+++ b",
    "@@ -1 +1 @@",
]
any_end = st.sampled_from(["\n", "\r\n", "\r"])


@st.composite
def documents(draw: st.DrawFn, ends: st.SearchStrategy[str] = any_end) -> str:
    lines = draw(st.lists(st.tuples(st.sampled_from(LINES), ends), max_size=12))
    last = draw(st.sampled_from(["", "end", "\u2028"]))
    return "".join(line + end for line, end in lines) + last


lf_documents = documents(st.just("\n"))


@given(lf_documents, lf_documents)
def test_applying_the_edits_gives_the_new_text(old: str, new: str) -> None:
    assert apply(old, edits(old, new)) == new


def lines_of(*texts: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from([*texts])).map("".join)


FEW_LINES = lines_of("a\n", "b\n", " c\n", "$d\n", "\n", "@@ -1 +1 @@\n", "e\n")
ABOVE = "heading\n" + "  line\n" * 20_000
BELOW = "  line\n" * 5_000 + "end\n" * 20_000


@settings(max_examples=30, deadline=None)
@given(FEW_LINES, FEW_LINES, st.sampled_from([ABOVE, ""]), st.sampled_from([BELOW, BELOW + "end", ""]))
def test_in_a_long_text_what_differs_is_found_between_the_equal_ends(
    old: str, new: str, above: str, below: str
) -> None:
    before, after = above + old + below, above + new + below
    assert apply(before, edits(before, after)) == after
    # The same places, as if there were nothing far away.
    skipped = len(split_lines(above)) - len(split_lines(above[-700:]))
    near = changed_spans(above[-700:] + old + below[:700], above[-700:] + new + below[:700])
    found = changed_spans(before, after)
    assert [span.old_start - skipped for span in found] == [span.old_start for span in near]
    diff = unified_diff(before.encode(), after.encode(), "x")
    assert diff.count(b"\n@@ ") == len(choosable(before, after).parts)


def test_the_hunk_of_a_long_text_has_its_line_and_the_heading_far_above() -> None:
    before = f"{ABOVE}  change\n{BELOW}"
    diff = unified_diff(before.encode(), before.replace("change", "changed").encode(), "x")
    assert diff.decode().split("\n")[2] == "@@ -19999,7 +19999,7 @@ heading"


def test_a_change_that_fits_anywhere_in_a_long_text_is_at_the_same_place_as_in_a_short_one() -> None:
    for count in (10, 100_000):
        before = "x\n" * count
        assert changed_spans(before, before + "x\n") == [Span(count, count, count, count + 1)]
        assert unified_diff(before.encode(), (before + "x\n").encode(), "f").endswith(b" x\n x\n x\n+x\n")


@pytest.mark.parametrize(
    ("old", "new", "after"),
    [
        pytest.param("\ra\n", "\n\n", "\r\r", id="an empty line behind a carriage return"),
        pytest.param("a\rb\n\n", "a\n\n", "a\n\n", id="a line between the two goes"),
        pytest.param("\ra\r\n\n", "b\n\n\n", "b\n\n\n", id="beside another edit"),
    ],
)
def test_no_two_line_ends_become_one(old: str, new: str, after: str) -> None:
    assert apply(old, edits(old, new)) == after


@given(documents(), lf_documents)
def test_line_ends_do_not_matter_to_what_is_edited(old: str, new: str) -> None:
    assert normalise(apply(old, edits(old, new))) == new


@given(documents())
def test_a_text_that_only_lost_its_line_ends_is_unchanged(text: str) -> None:
    assert edits(text, normalise(text)) == []


@given(documents(), st.data())
def test_lines_that_stay_keep_their_ends_and_new_ones_follow_their_neighbours(
    text: str, data: st.DataObject
) -> None:
    lines = split_lines(text)
    at = data.draw(st.integers(0, len(lines)))
    if at and not line_end(lines[at - 1]):
        at -= 1
    new = normalise("".join(lines[:at])) + "NEW\n" + normalise("".join(lines[at:]))
    result = split_lines(apply(text, edits(text, new)))
    added = result.pop(at)
    assert result == lines
    ends = {line_end(line) for line in lines} - {""}
    assert line_end(added) in (ends or {"\n"})


def test_each_replaced_line_keeps_its_own_end() -> None:
    assert apply("a\r\nb\nc\r", edits("a\r\nb\nc\r", "A\nB\nC\n")) == "A\r\nB\nC\r"


def test_a_line_added_behind_a_last_line_without_an_end_follows_the_file() -> None:
    assert apply("a\r\nb", edits("a\r\nb", "a\nb\nc")) == "a\r\nb\r\nc"


@given(lf_documents, lf_documents)
def test_spans_name_exactly_what_differs(old: str, new: str) -> None:
    before, after = split_lines(old), split_lines(new)
    old_at = new_at = 0
    for span in changed_spans(old, new):
        assert before[old_at : span.old_start] == after[new_at : span.new_start]
        assert before[span.old_start : span.old_end] != after[span.new_start : span.new_end]
        old_at, new_at = span.old_end, span.new_end
    assert before[old_at:] == after[new_at:]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(old=documents(), new=documents())
def test_git_applies_the_diff_to_the_byte(tmp_path: Path, old: str, new: str) -> None:
    assert git_apply(tmp_path, "f.txt", old.encode(), new.encode()) == new.encode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"", b"a\n"),
        (b"", b"a"),
        (b"a\n", b""),
        (b"a", b"a\n"),
        (b"a\n", b"a"),
        (b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfb\n"),
        (b"a\r\nb\r\n", b"a\r\nc\r\n"),
        (b"a\rb\rc", b"a\rB\rc"),
    ],
    ids=[
        "fill",
        "fill without end",
        "empty",
        "add final newline",
        "drop final newline",
        "BOM",
        "CRLF",
        "lone CR",
    ],
)
def test_git_applies_the_diff_of_odd_files(tmp_path: Path, old: bytes, new: bytes) -> None:
    assert git_apply(tmp_path, "f.txt", old, new) == new


@pytest.mark.parametrize(
    "name",
    [
        "plain.py",
        "with space.py",
        'quo"te.py',
        "back\\slash.py",
        "tab\tname.py",
        "é.py",
        "新しい.py",
        "dir/in dir.py",
        "a\nb.py",
    ],
)
def test_git_finds_the_file_whatever_its_name(tmp_path: Path, name: str) -> None:
    assert git_apply(tmp_path, name, b"one\ntwo\n", b"one\n2\n") == b"one\n2\n"


def test_git_finds_the_file_from_a_folder_inside_of_a_work_tree(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    inner = tmp_path / "inner"
    inner.mkdir()
    assert git_apply(inner, "f.txt", b"a\n", b"b\n") == b"b\n"


def test_the_diff_reads_like_one() -> None:
    assert unified_diff(b"a\nb\nc", b"a\nB\nc", "x.py").decode() == (
        "--- a/x.py\n+++ b/x.py\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n\\ No newline at end of file\n"
    )
    assert unified_diff(b"a\n", b"a\n", "x.py") == b""


def test_a_diff_of_200_000_lines_is_exact() -> None:
    old = "".join(f"line {number}\n" for number in range(200_000))
    new = old.replace("line 1000\n", "").replace("line 150000\n", "changed\nand more\n")
    assert len(edits(old, new)) == 2
    assert apply(old, edits(old, new)) == new


def git_apply(folder: Path, name: str, old: bytes, new: bytes) -> bytes:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(old)
    diff = unified_diff(old, new, name)
    if diff:
        subprocess.run(["git", "apply", "-"], input=diff, cwd=folder, check=True, capture_output=True)
    return path.read_bytes()


def numbered(count: int) -> list[str]:
    return [
        f"line {number} of a text that is long enough to be compared in part\n" for number in range(count)
    ]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 4_999),
            st.integers(0, 3),
            st.lists(st.sampled_from(["new\n", "line 7\n"]), max_size=3),
        ),
        max_size=4,
    ),
    st.booleans(),
)
@settings(max_examples=30)
def test_of_large_texts_only_what_differs_is_compared_and_the_lines_are_right(
    changes: list[tuple[int, int, list[str]]], final_newline: bool
) -> None:
    lines = numbered(5_000)
    old = "".join(lines) if final_newline else "".join(lines).rstrip("\n")
    for at, gone, came in sorted(changes, reverse=True):
        lines[at : at + gone] = came
    new = "".join(lines) if final_newline else "".join(lines).rstrip("\n")
    assert apply(old, edits(old, new)) == new
    old_lines, new_lines = split_lines(old), split_lines(new)
    for span in changed_spans(old, new):
        old_lines[span.old_start : span.old_end] = [""] * (span.old_end - span.old_start)
        new_lines[span.new_start : span.new_end] = [""] * (span.new_end - span.new_start)
    assert "".join(old_lines) == "".join(new_lines)
    if old != new:
        diff = unified_diff(old.encode(), new.encode(), "a.txt").decode()
        found = choosable(old, new)
        bodies = "".join(line for part in found.parts for line in found.body(part))
        _, _, *lines = split_lines(diff)
        assert bodies == "".join(line for line in lines if not line.startswith("@@ "))
