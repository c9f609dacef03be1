"""What the model is asked, and that it can be read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc import prompt
from editsvc.prompt import CANNOT, SYSTEM, WHOLE_FILE, Frame, Message, Task

lines = st.lists(
    st.sampled_from(["a", "", "```", "`````sh", "File: x", "Instruction:", "  `", "x``````y"]), max_size=8
)
code = lines.map(lambda parts: "".join(part + "\n" for part in parts))


@given(code, code, code, st.booleans())
def test_a_task_can_be_read_back_from_its_messages(before: str, target: str, after: str, whole: bool) -> None:
    document = before + target + after
    task = Task(document, document if whole else target, "Do `this`\nand ```that```.", "x.py", "python", 2, 3)
    messages, frame = prompt.render(task)
    parsed = prompt.parse(messages)
    assert parsed is not None
    assert (parsed.document, parsed.target) == (task.document, task.target)
    assert (parsed.instruction, parsed.filename, parsed.frame) == (task.instruction, "x.py", frame)


@given(code)
def test_nothing_in_the_file_can_close_the_frame(text: str) -> None:
    _, frame = prompt.render(Task(text, text, "x ``````` y", "f"))
    assert frame.fence not in text
    assert len(frame.fence) >= 8


def test_the_first_message_never_changes_and_the_instruction_comes_last() -> None:
    one, _ = prompt.render(Task("a\n", "a\n", "first", "f"))
    two, _ = prompt.render(Task("a\n", "a\n", "second", "f"))
    assert one[0] == two[0] == Message("system", SYSTEM)
    assert one[1].content.removesuffix("first") == two[1].content.removesuffix("second")
    assert CANNOT in SYSTEM
    assert WHOLE_FILE in SYSTEM


def test_the_prediction_begins_as_the_file_does_in_the_message() -> None:
    messages, frame = prompt.render(Task("a\nb", "a\nb", "x", "f.py", "python"))
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
    assert prompt.parse(messages) is None


def test_an_empty_file_has_a_frame_with_nothing_in_it() -> None:
    assert Frame("````", "css").wrap("") == "````css\n````"
