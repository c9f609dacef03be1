"""What the model is asked, and that it can be read back."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.prompt import rendering
from editsvc.prompt.rendering import CANNOT, SYSTEM, WHOLE_FILE, EarlierEdit, Frame, Message, Parsed, Task
from editsvc.text.document import split_lines
from editsvc.text.section import Section

lines = st.lists(
    st.sampled_from(["a", "", "```", "`````sh", "File: x", "Instruction:", "  `", "x``````y"]), max_size=8
)
code = lines.map(lambda parts: "".join(part + "\n" for part in parts))


INSTRUCTION = "Do `this`\nand ```that```.\n\nInstruction:\nnothing else"


def sections_of(*texts: str) -> list[Section]:
    sections = []
    line = 1
    for number, text in enumerate(texts, 1):
        sections.append(Section(number, text, line, name=f"thing_{number}"))
        line += len(split_lines(text))
    return sections


def read_back(task: Task) -> Parsed:
    messages, frame = rendering.render(task)
    parsed = rendering.parse(messages)
    assert parsed is not None
    assert (parsed.instruction, parsed.filename, parsed.frame) == (task.instruction, "x.py", frame)
    return parsed


@given(code)
def test_a_whole_file_can_be_read_back(document: str) -> None:
    parsed = read_back(Task(document, INSTRUCTION, "x.py", "python"))
    assert (parsed.document, list(parsed.sections)) == (document, [])


@given(code, code, st.booleans())
def test_an_edit_before_is_no_part_of_the_task(document: str, diff: str, plain: bool) -> None:
    lines = "".join(f"+{line}" for line in split_lines(diff))
    earlier = EarlierEdit(lines, "Instruction:\nnone")
    parsed = read_back(Task(document, INSTRUCTION, "x.py", "" if plain else "python", earlier=earlier))
    assert (parsed.document, list(parsed.sections)) == (document, [])


@given(code, code, code)
def test_one_part_can_be_read_back(before: str, target: str, after: str) -> None:
    section = Section(1, target, 2)
    parsed = read_back(Task(before + target + after, INSTRUCTION, "x.py", "python", [section]))
    assert (parsed.document, list(parsed.sections)) == (before + target + after, [Section(0, target)])


@given(st.lists(code.filter(bool), min_size=2, max_size=4), st.booleans())
def test_several_parts_can_be_read_back_whether_they_are_listed_or_shown(
    texts: list[str], everything: bool
) -> None:
    document = "".join(texts)
    sections = sections_of(*texts) if everything else sections_of(*texts)[1:]
    parsed = read_back(Task(document, INSTRUCTION, "x.py", "python", sections))
    shown = [Section(section.number, section.text) for section in sections]
    assert (parsed.document, list(parsed.sections)) == (
        document,
        shown if len(shown) > 1 else [Section(0, shown[0].text)],
    )


@given(st.lists(code.filter(bool), min_size=3, max_size=3))
def test_of_a_long_file_only_excerpts_are_shown(texts: list[str]) -> None:
    first, second, _ = sections_of(*texts)
    excerpts = [Section(0, texts[0] + texts[1], first.first_line)]
    task = Task("".join(texts), INSTRUCTION, "x.py", "python", [second], excerpts)
    assert list(read_back(task).sections) == [Section(0, texts[1])]
    assert read_back(task).document == ""
    numbered = read_back(Task("".join(texts), INSTRUCTION, "x.py", "python", [first, second], excerpts))
    assert list(numbered.sections) == [Section(1, texts[0]), Section(2, texts[1])]


def test_sections_are_listed_with_their_lines_and_how_they_begin() -> None:
    texts = ["import os\n\n", "@cache\ndef get():\n    pass\n"]
    first, second = sections_of(*texts)
    messages, frame = rendering.render(
        Task("".join(texts), "x", "x.py", "python", [first, replace(second, name="get")])
    )
    assert messages[1].content.endswith(
        "The sections of the file, with their lines and how they begin:\n"
        "1 (1-2) thing_1: import os\n"
        "2 (3-5) get: @cache\n\n"
        "Instruction:\nx"
    )
    assert (
        frame.wrap_sections([Section(2, "x\n"), Section(7, "")])
        == "````python 2\nx\n````\n````python 7 deleted\n````"
    )


@given(code)
def test_nothing_in_the_file_can_close_the_frame(text: str) -> None:
    _, frame = rendering.render(Task(text, "x ``````` y", "f"))
    assert frame.fence not in text
    assert len(frame.fence) >= 8


def test_the_first_message_never_changes_and_the_instruction_comes_last() -> None:
    one, _ = rendering.render(Task("a\n", "first", "f"))
    two, _ = rendering.render(Task("a\n", "second", "f"))
    assert one[0] == two[0] == Message("system", SYSTEM)
    assert one[1].content.removesuffix("first") == two[1].content.removesuffix("second")
    assert CANNOT in SYSTEM
    assert WHOLE_FILE in SYSTEM


def test_the_prediction_begins_as_the_file_does_in_the_message() -> None:
    messages, frame = rendering.render(Task("a\nb", "x", "f.py", "python"))
    assert frame.wrap("a\nb") == "````python\na\nb\n````"
    assert frame.wrap("a\nb") in messages[1].content


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [Message("user", "hello")],
        [Message("user", "File: x\n\nno fence\n\nInstruction:\nx")],
        [Message("assistant", "")],
    ],
)
def test_other_peoples_messages_are_not_ours(messages: list[Message]) -> None:
    assert rendering.parse(messages) is None


def test_an_empty_file_has_a_frame_with_nothing_in_it() -> None:
    assert Frame("````", "css").wrap("") == "````css\n````"


@pytest.mark.parametrize("form", list(rendering.EditFormat))
def test_all_that_messages_say_of_themselves_is_known_as_their_wording(form: rendering.EditFormat) -> None:
    texts = ["alpha\n", "beta\n", "gamma\n"]
    first, second, third = sections_of(*texts)
    document = "".join(texts)
    for task in (
        Task(document, "Say delta.", "x.txt"),
        Task(document, "Say delta.", "x.txt", sections=[second]),
        Task(document, "Say delta.", "x.txt", sections=[first, third]),
        Task(document, "Say delta.", "x.txt", sections=[first, second, third]),
        Task(document, "Say delta.", "x.txt", sections=[second], excerpts=[first]),
    ):
        for message in rendering.render(task, form)[0]:
            said = [line for line in message.content.split("\n") if line and not line.startswith("````")]
            others = [line for line in said if not rendering.is_wording(line)]
            assert set(others) <= {"alpha", "beta", "gamma", "File: x.txt", "Say delta."}
    assert not rendering.is_wording("alpha")
