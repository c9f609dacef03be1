"""Every part of a reply goes to its place, and a whole file is not taken for a part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.engine.assembly import Misfit, assemble
from editsvc.errors import GuardRefused
from editsvc.reply import Framing, Reply, ReplyKind
from editsvc.scope import scopes
from editsvc.scope.scopes import Scope, ScopeKind, ScopeReason
from editsvc.text.document import split_lines
from editsvc.text.section import Section

DOCUMENT = """\
import os


def read(path):
    return open(path).read()


def write(path, text):
    open(path, "w").write(text)


def main():
    print(read("notes"))
"""
READ, WRITE, MAIN = (4, 5), (8, 9), (12, 13)


def scope(*ranges: tuple[int, int], kind: ScopeKind = ScopeKind.SYMBOL, bounded: bool = False) -> Scope:
    lines = split_lines(DOCUMENT)
    sections = []
    for number, (first, last) in enumerate(ranges, 1):
        start = len("".join(lines[: first - 1]))
        sections.append(Section(number, "".join(lines[first - 1 : last]), first, start))
    return Scope(kind, ScopeReason.CURSOR, tuple(sections), bounded)


def text(code: str) -> Reply:
    return Reply(ReplyKind.CODE, code, Framing.AGREED)


def numbered(*parts: tuple[int, str]) -> Reply:
    return Reply(ReplyKind.CODE, framing=Framing.AGREED, sections=tuple(Section(*part) for part in parts))


def test_a_part_goes_to_its_place() -> None:
    new = "def read(path):\n    return path.read_text()\n"
    done = assemble(DOCUMENT, scope(READ), text(new))
    assert done.document == DOCUMENT.replace("open(path).read()", "path.read_text()")
    assert (done.texts, done.whole) == ((new,), False)


def test_a_whole_file_in_the_place_of_a_part_is_taken_for_what_it_is() -> None:
    changed = DOCUMENT.replace("open(path).read()", "path.read_text()").replace('"w"', '"a"')
    done = assemble(DOCUMENT, scope(READ), text(changed))
    assert (done.document, done.whole) == (changed, True)


def test_of_a_whole_file_that_changed_only_the_part_the_part_is_used() -> None:
    changed = DOCUMENT.replace("open(path).read()", "path.read_text()")
    done = assemble(DOCUMENT, scope(READ, kind=ScopeKind.LINES, bounded=True), text(changed))
    assert (done.document, done.whole) == (changed, False)


def test_a_whole_file_that_changed_more_than_the_user_allowed_is_refused() -> None:
    changed = DOCUMENT.replace("open(", "io.open(")
    with pytest.raises(GuardRefused, match="changes more than lines 4 to 5") as refused:
        assemble(DOCUMENT, scope(READ, kind=ScopeKind.LINES, bounded=True), text(changed))
    assert refused.value.check == "scope"


def test_a_reply_that_runs_on_behind_the_part_fits_nowhere() -> None:
    with pytest.raises(Misfit, match="goes beyond the part"):
        assemble(
            DOCUMENT, scope(READ), text(DOCUMENT[DOCUMENT.index("def read") : DOCUMENT.index("def main")])
        )


def test_a_whole_file_with_another_head_is_not_taken_for_a_part() -> None:
    with pytest.raises(Misfit, match="goes beyond the part"):
        assemble(DOCUMENT, scope(READ), text(DOCUMENT.replace("import os", "import pathlib")))


def test_numbered_parts_go_to_their_places_and_the_others_stay() -> None:
    reply = numbered((1, "def read(path):\n    pass\n"), (3, "def main():\n    pass\n"))
    done = assemble(DOCUMENT, scope(READ, WRITE, MAIN), reply)
    expected = DOCUMENT.replace("    return open(path).read()", "    pass").replace(
        '    print(read("notes"))', "    pass"
    )
    assert done.document == expected
    assert len(done.sections) == 2


def test_a_whole_file_under_the_number_of_one_part_is_taken_for_what_it_is() -> None:
    changed = DOCUMENT.replace("open(path).read()", "path.read_text()")
    done = assemble(
        DOCUMENT, scope(READ, WRITE, MAIN, kind=ScopeKind.SECTIONS), numbered((2, changed + "\n\n"))
    )
    assert (done.document, done.whole) == (changed, True)


def test_a_part_that_runs_into_the_next_is_no_whole_file() -> None:
    text_of = DOCUMENT[DOCUMENT.index("def write") :]
    done = assemble(DOCUMENT, scope(READ, WRITE, MAIN, kind=ScopeKind.SECTIONS), numbered((2, text_of)))
    assert not done.whole


def test_short_lines_tell_as_much_as_long_ones() -> None:
    section = Section(1, "c\n", 3, len("a\nb\n"))
    short = Scope(ScopeKind.SYMBOL, ScopeReason.CURSOR, (section,))
    done = assemble("a\nb\nc\nd\ne\n", short, text("a\nb\nx\nd\nf\n"))
    assert (done.document, done.whole) == ("a\nb\nx\nd\nf\n", True)


def test_where_a_part_is_gone_one_gap_is_left() -> None:
    done = assemble(DOCUMENT, scope(READ, WRITE, MAIN), numbered((2, "")))
    assert done.document == DOCUMENT.replace(
        'def write(path, text):\n    open(path, "w").write(text)\n\n\n', ""
    )


def test_where_the_last_part_is_gone_no_gap_is_left() -> None:
    done = assemble(DOCUMENT, scope(READ, WRITE, MAIN), numbered((3, "")))
    assert done.document == DOCUMENT[: DOCUMENT.index("\n\n\ndef main")] + "\n"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        pytest.param(numbered((7, "x\n")), "section 7, which was not offered", id="a number of its own"),
        pytest.param(numbered((1, "x\n"), (1, "y\n")), "a section twice", id="a number twice"),
        pytest.param(text("def read(path):\n    pass\n"), "not divided into the sections", id="no number"),
    ],
)
def test_parts_that_were_not_offered_fit_nowhere(reply: Reply, words: str) -> None:
    with pytest.raises(Misfit, match=words):
        assemble(DOCUMENT, scope(READ, WRITE), reply)


def test_a_whole_file_in_the_place_of_sections_is_the_file() -> None:
    changed = DOCUMENT.replace("os", "io")
    done = assemble(DOCUMENT, scope((1, 3), (4, 13), kind=ScopeKind.SECTIONS), text(changed))
    assert (done.document, done.whole) == (changed, True)


lines = st.lists(
    st.sampled_from(["a = 1\n", "\n", "def f():\n", "    return 1\n", "}\n"]), min_size=1, max_size=6
)


@given(st.lists(lines, min_size=2, max_size=5), st.data())
def test_parts_that_stay_as_they_are_give_the_document(parts: list[list[str]], data: st.DataObject) -> None:
    document = "".join(map("".join, parts))
    ranges, at = [], 0
    for part in parts:
        ranges.append((at, at + len("".join(part))))
        at = ranges[-1][1]
    offered = Scope(
        ScopeKind.SECTIONS,
        ScopeReason.UNKNOWN_PLACE,
        tuple(
            Section(number, document[start:end], 1, start) for number, (start, end) in enumerate(ranges, 1)
        ),
    )
    kept = [section for section in offered.sections if section.text.strip()]
    chosen = data.draw(st.lists(st.sampled_from(kept), unique=True)) if kept else []
    reply = numbered(*((section.number, section.text) for section in chosen))
    assert assemble(document, offered, reply).document == document


def test_the_whole_file_is_the_reply() -> None:
    assert assemble("a\n", scopes.whole("a\n"), text("b\n")).document == "b\n"
