"""From deltas to code, and what of it is refused: every file of fixtures/replies, cut in every way."""

import random

import pytest
import sections
from hypothesis import assume, given
from hypothesis import strategies as st

from editsvc import syntax
from editsvc.guard import gate
from editsvc.guard.proposal import Piece, Proposal, Received
from editsvc.instruction.intent import intent_of
from editsvc.prompt import rendering
from editsvc.prompt.rendering import Frame, Task
from editsvc.reply import Framing, Reply, ReplyKind, ReplyParser
from editsvc.reply.parser import LineBuffer
from editsvc.text.document import normalise, split_lines
from editsvc.text.section import Section as Part
from editsvc.tokens import tokenizer

CASES = sections.folder("replies")
SENTENCES = {ReplyKind.CANNOT: "cannot", ReplyKind.WHOLE_FILE: "whole file"}


def frame_of(case: dict[str, sections.Section]) -> Frame:
    original = case["original"].text
    language = syntax.language_of(case["original"].value)
    info = language.name if language else ""
    return rendering.frame_for(
        Task(original, original, case["instruction"].text, case["original"].value, info)
    )


def parsed(case: dict[str, sections.Section], pieces: list[str]) -> tuple[Reply, list[str]]:
    parser = ReplyParser(frame_of(case), case["original"].text)
    shown = [line for piece in pieces for line in parser.push(piece)]
    return parser.finish(), shown


def outcome(case: dict[str, sections.Section], reply: Reply) -> tuple[str, str]:
    if reply.kind is not ReplyKind.CODE:
        return SENTENCES[reply.kind], reply.reason
    original = case["original"].text
    proposal = Proposal(
        original,
        reply.code,
        intent_of(case["instruction"].text),
        syntax.language_of(case["original"].value),
        pieces=(Piece(Part(0, original, 1), reply.code),),
        received=Received(reply.framing, reply.closed, reply.after),
    )
    verdict = gate.examine(proposal, asked=True)
    if verdict.refused is not None:
        return "refused", verdict.refused.kind
    return "code", verdict.document


def expected(case: dict[str, sections.Section]) -> tuple[str, str]:
    for name in ("code", "cannot", "whole file", "refused"):
        if name in case:
            text = case[name].value or case[name].text
            return name, text if name == "code" else text.strip()
    raise AssertionError("the fixture has no outcome")


@pytest.mark.parametrize("name", CASES)
def test_a_reply_ends_as_its_fixture_says_however_it_is_cut(name: str) -> None:
    case = CASES[name]
    text = case["reply"].text
    whole, _ = parsed(case, [text])
    assert outcome(case, whole) == expected(case)
    rng = random.Random(name)
    cuttings = [list(text), tokenizer().pieces(text)]
    for _ in range(20):
        cuts = sorted(rng.randrange(len(text) + 1) for _ in range(rng.randrange(1, 6)))
        cuttings.append([text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)])
    for pieces in cuttings:
        assert parsed(case, pieces)[0] == whole


@pytest.mark.parametrize("name", CASES)
def test_what_is_shown_while_it_streams_is_a_beginning_of_the_code(name: str) -> None:
    case = CASES[name]
    reply, shown = parsed(case, list(case["reply"].text))
    final = "".join(shown)
    assert (reply.code + "\n").startswith(
        final.rstrip("`\n") if not reply.closed or "sticks" in name else final
    )


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if expected(case)[0] == "code"])
@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_the_line_ends_of_a_reply_do_not_matter(name: str, end: str) -> None:
    case = CASES[name]
    whole, _ = parsed(case, [case["reply"].text])
    assert parsed(case, list(case["reply"].text.replace("\n", end)))[0] == whole


code = st.lists(
    st.sampled_from(
        ["a", "  b", "", "```", "````sh", "~~~", "CANNOT: no", "Sure, here it is:", "x\x0cy", "u\u2028v"]
    ),
    min_size=1,
    max_size=12,
).map("\n".join)


@given(code, code, st.booleans(), st.data())
def test_whatever_the_code_is_it_comes_back_from_the_agreed_frame(
    original: str, new: str, final: bool, data: st.DataObject
) -> None:
    """For the frame is longer than any fence in the file; only new fences of its own length could end it."""
    end = "\n" if final else ""
    original, new = original + end, new + end
    frame = rendering.frame_for(Task(original, original, "", "f", "py"))
    assume(all(line.rstrip() != frame.fence for line in split_lines(new)))
    parser = ReplyParser(frame, original)
    text = frame.wrap(new)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True):
        parser.push(text[a:b])
    reply = parser.finish()
    assert (reply.kind, reply.framing, reply.closed) == (ReplyKind.CODE, Framing.AGREED, True)
    if original and final == new.endswith("\n") == original.endswith("\n"):
        assert reply.code == new


@given(code, st.data())
def test_a_bare_reply_equal_to_the_file_changes_nothing(original: str, data: st.DataObject) -> None:
    assume(original.strip() and split_lines(original)[0].strip())
    parser = ReplyParser(rendering.frame_for(Task(original, original, "", "f")), original)
    cut = data.draw(st.integers(0, len(original)))
    parser.push(original[:cut])
    parser.push(original[cut:])
    reply = parser.finish()
    assert reply.kind is ReplyKind.CODE
    assert reply.code == original


@pytest.mark.parametrize(
    ("original", "reply", "result"),
    [
        ("a\nb", "````\na\nB\n````", "a\nB"),
        ("a\nb", "````\na\nB\n\n````", "a\nB\n"),
        ("a\nb\n", "````\na\nB\n````", "a\nB\n"),
        ("a\nb", "a\nB\n", "a\nB"),
        ("a\nb\n", "a\nB", "a\nB\n"),
        ("\ufeffa\n".removeprefix("\ufeff"), "\ufeffa\n", "a\n"),
    ],
    ids=["framed", "framed, one blank line more", "framed with", "bare, added", "bare, left out", "a BOM"],
)
def test_the_final_newline_follows_the_original(original: str, reply: str, result: str) -> None:
    parser = ReplyParser(Frame("````"), original)
    parser.push(reply)
    assert parser.finish().code == result


def test_an_instruction_about_the_final_newline_lets_the_reply_decide() -> None:
    parser = ReplyParser(Frame("````"), "a\nb", final_newline_meant=True)
    parser.push("````\na\nb\n````")
    assert parser.finish().code == "a\nb\n"


@given(st.text(alphabet="ab\r\n\x0c\u2028", max_size=30), st.data())
def test_lines_are_the_same_however_the_deltas_are_cut(text: str, data: st.DataObject) -> None:
    buffer = LineBuffer()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    lines = [
        line for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True) for line in buffer.push(text[a:b])
    ]
    lines += buffer.finish()
    assert lines == split_lines(normalise(text))


def test_one_line_of_megabytes_in_small_deltas_stays_linear() -> None:
    parser = ReplyParser(Frame("````"), "x")
    parser.push("````\n")
    for _ in range(200_000):
        parser.push("xxxxxxxxxxxxxxxxxxxxxxxxx")
    parser.push("\n````")
    assert parser.finish().code == "x" * 5_000_000


@pytest.mark.parametrize("fence", ["```", "````", "~~~"])
def test_what_is_written_into_an_empty_file_ends_with_a_newline_whatever_the_frame(fence: str) -> None:
    parser = ReplyParser(Frame("````", "python"), "")
    parser.push(f"{fence}python\nx = 1\n{fence}")
    assert parser.finish().code == "x = 1\n"
