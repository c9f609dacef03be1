"""Reasoning that a server leaves in the content is taken off, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.prompt.rendering import Frame
from editsvc.reply import Framing, Reply, ReplyParser, SectionsParser
from editsvc.text.section import Section

FILE = "# Hours\n\nOpen from nine.\nClosed at five.\n"
EDITED = "# Hours\n\nOpen from nine.\nClosed at six.\n"
FRAME = Frame("`" * 8, "markdown")
FRAMED = FRAME.wrap(EDITED)
QUOTED = f"The file is:\n\n{FRAME.wrap(FILE)}\n\nso one line changes."

DRESSES = [
    f"<think>\n{QUOTED}\n</think>\n\n",
    f"<thinking>{QUOTED}</thinking>\n",
    f"<reasoning>\n{QUOTED}\n</reasoning>",
    f"[THINK]{QUOTED}[/THINK]\n",
    f"\u25c1think\u25b7{QUOTED}\u25c1/think\u25b7\n",
    f"<|channel|>analysis<|message|>{QUOTED}<|end|><|start|>assistant<|channel|>final<|message|>",
    "<think>\n\n</think>\n",
    "<think></think>\n\n",
]


def parsed(reply: str, size: int = 7) -> tuple[Reply, list[str]]:
    parser = ReplyParser(FRAME, FILE)
    shown = [line for at in range(0, len(reply), size) for line in parser.push(reply[at : at + size])]
    return parser.finish(), shown


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("answer", [FRAMED, EDITED], ids=["framed", "bare"])
def test_reasoning_before_the_answer_is_neither_code_nor_shown(dress: str, answer: str) -> None:
    reply, shown = parsed(dress + answer)
    assert reply.code == EDITED
    assert reply.framing is (Framing.AGREED if answer is FRAMED else Framing.NONE)
    assert EDITED.startswith("".join(shown))


def test_reasoning_whose_beginning_was_in_the_prompt_is_taken_off_at_its_end() -> None:
    reply, _ = parsed(f"They want another hour.\n</think>\n\n{FRAMED}")
    assert (reply.code, reply.framing) == (EDITED, Framing.AGREED)


def test_a_numbered_section_may_follow_reasoning_that_quotes_numbered_frames() -> None:
    sections = [Section(1, "# Hours\n\n", 1, 0), Section(2, FILE[9:], 3, 9)]
    parser = SectionsParser(FRAME, FILE, sections)
    parser.push(f"<think>\n{FRAME.wrap_sections(sections)}\n</think>\n")
    parser.push(FRAME.wrap_sections([Section(2, EDITED[9:])]))
    assert parser.finish().sections == (Section(2, EDITED[9:]),)


@given(st.text(alphabet="ab \n<>", max_size=60))
def test_a_file_that_begins_with_such_a_tag_keeps_it(rest: str) -> None:
    file = f"<think>\nwe keep this\n</think>\n{rest}\nlast\n"
    parser = ReplyParser(Frame("````"), file)
    parser.push(Frame("````").wrap(file))
    assert parser.finish().code == file


def test_reasoning_that_never_ends_leaves_nothing() -> None:
    reply, shown = parsed(f"<think>\n{QUOTED}")
    assert (reply.code, shown) == ("", [])


def test_tags_inside_of_the_frame_are_the_files() -> None:
    text = FILE + "<think>\nA tag of its own.\n</think>\n"
    reply, _ = parsed(FRAME.wrap(text))
    assert reply.code == text
