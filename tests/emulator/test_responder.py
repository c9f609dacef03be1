"""Who plays the model, and which file they think a request is about."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from editsvc.emulator.options import EmulatorOptions, ReplyStyle
from editsvc.emulator.responder import (
    Case,
    EchoResponder,
    ModelReply,
    ModelReplyKind,
    OfflineResponder,
    ScriptResponder,
    load_script,
    responder_for,
    written,
)
from editsvc.emulator.task import Job, read_job
from editsvc.emulator.wire import ChatRequest, WireMessage, WirePrediction
from editsvc.errors import ModelRefused, UsageError
from editsvc.prompt import rendering
from editsvc.text.section import Section

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BEFORE = "import os\n\n\ndef first():\n    return 1\n\n\ndef second():\n    return 2\n"
AFTER = BEFORE.replace("return 2", "return 20")
IMPORTS = "import os\n\n\n"
FIRST = "def first():\n    return 1\n\n\n"
SECOND = "def second():\n    return 2\n"
TOP = Section(0, "import os\n", 1)
CASE = Case("Return 20 from second.", BEFORE, AFTER, "second-20")


def asked(*contents: str, predicted: str | None = None) -> Job:
    request = ChatRequest("m", [WireMessage("user", content) for content in contents])
    if predicted is not None:
        request.prediction = WirePrediction("content", predicted)
    job = read_job(request)
    assert job is not None
    return job


def rendered(document: str, instruction: str, *texts: str, excerpts: Sequence[Section] | None = None) -> Job:
    sections = [Section(number, text, line_of(text, document)) for number, text in enumerate(texts, 1)]
    task = rendering.Task(document, instruction, "x.py", sections=sections, excerpts=excerpts)
    messages, _ = rendering.render(task)
    return job_in(messages)


def line_of(text: str, document: str) -> int:
    return document[: document.index(text)].count("\n") + 1


def job_in(messages: Sequence[rendering.Message]) -> Job:
    job = read_job(ChatRequest("m", [WireMessage(one.role, one.content) for one in messages]))
    assert job is not None
    return job


# --- which file ---------------------------------------------------------------------------------------------


def test_a_request_of_ours_is_read_by_the_prompts_own_parser() -> None:
    job = rendered(BEFORE, "Do it.", "def second():\n    return 2\n")

    assert (job.document, job.sections) == (BEFORE, [Section(0, "def second():\n    return 2\n")])
    assert (job.text, job.numbered) == ("def second():\n    return 2\n", False)
    assert (job.instruction, job.filename) == ("Do it.", "x.py")
    assert job.wrapper.wrap("x\n") == "````\nx\n````"


def test_without_parts_it_is_the_whole_file() -> None:
    job = rendered(BEFORE, "Do it.")

    assert (job.document, job.sections, job.text, job.numbered) == (BEFORE, [], BEFORE, False)


def test_numbered_parts_are_read_with_their_numbers() -> None:
    job = rendered(BEFORE, "Do it.", IMPORTS, FIRST, SECOND)

    assert (job.document, job.sections) == (
        BEFORE,
        [Section(1, IMPORTS), Section(2, FIRST), Section(3, SECOND)],
    )
    assert job.numbered


def test_of_a_long_file_there_are_only_the_parts() -> None:
    job = rendered(BEFORE, "Do it.", FIRST, SECOND, excerpts=[TOP])

    assert (job.document, job.sections) == ("", [Section(1, FIRST), Section(2, SECOND)])


def test_a_remark_on_a_reply_does_not_change_the_job() -> None:
    messages, _ = rendering.render(rendering.Task(BEFORE, CASE.instruction, "x.py"))
    once = job_in(messages)
    again = job_in(
        [
            *messages,
            rendering.Message("assistant", "````\ndef second(:\n````"),
            rendering.Message("user", "The code has a syntax error in line 1. Reply again."),
        ]
    )

    assert (once.turn, again.turn) == (0, 1)
    assert again == replace(once, turn=1)
    assert ScriptResponder([CASE]).answer(again) == ScriptResponder([CASE]).answer(once)


def test_a_strangers_file_is_the_prediction() -> None:
    job = asked("Change the colour.", BEFORE, predicted=BEFORE)

    assert (job.document, job.instruction) == (BEFORE, "Change the colour.")
    assert job.wrapper.wrap("x\n") == "x\n"


def test_a_prediction_in_a_fence_asks_for_a_reply_in_that_fence() -> None:
    job = asked(f"Change it.\n\n```python\n{BEFORE}```", predicted=f"```python\n{BEFORE}```")

    assert (job.document, job.instruction) == (BEFORE, "Change it.")
    assert job.wrapper.wrap("x\n") == "```python\nx\n```"


def test_without_a_prediction_it_is_the_largest_fenced_block() -> None:
    job = asked(f"Like this:\n```\nshort\n```\nChange it.\n~~~py\n{BEFORE}~~~\nThanks.")

    assert job.document == BEFORE
    assert "Change it." in job.instruction
    assert BEFORE not in job.instruction


def test_without_a_fence_it_is_the_longest_of_several_messages() -> None:
    assert asked("Change it.", BEFORE).document == BEFORE


def test_a_single_sentence_holds_no_file() -> None:
    assert read_job(ChatRequest("m", [WireMessage("user", "Hello!")])) is None


# --- the script ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "variant",
    [
        BEFORE,
        BEFORE.replace("\n", "\r\n"),
        BEFORE.replace("\n", "\r"),
        "\ufeff" + BEFORE,
        BEFORE + "\n\n",
    ],
    ids=["same", "crlf", "cr", "bom", "more-newlines"],
)
def test_a_case_is_found_by_its_file_and_instruction_whatever_the_line_ends(variant: str) -> None:
    reply = ScriptResponder([CASE]).answer(asked(CASE.instruction, variant))

    assert reply == ModelReply(ModelReplyKind.CODE, AFTER, "second-20")


def test_a_file_without_a_final_newline_is_answered_without_one() -> None:
    reply = ScriptResponder([CASE]).answer(asked(CASE.instruction, BEFORE.removesuffix("\n")))

    assert reply.text == AFTER.removesuffix("\n")


def test_a_case_whose_final_newline_is_what_changes_is_answered_as_it_is() -> None:
    case = Case("End the file properly.", BEFORE.removesuffix("\n"), BEFORE)

    assert ScriptResponder([case]).answer(asked(case.instruction, case.before)).text == BEFORE


def test_the_instruction_tells_cases_with_the_same_file_apart() -> None:
    other = Case("Return 10 from first.", BEFORE, BEFORE.replace("return 1", "return 10"), "first-10")
    responder = ScriptResponder([CASE, other])

    assert responder.answer(rendered(BEFORE, other.instruction)).case == "first-10"
    assert responder.answer(rendered(BEFORE, CASE.instruction)).case == "second-20"


def test_an_instruction_that_contains_another_is_not_taken_for_it() -> None:
    longer = Case("Return 20 from second. Also rename it.", BEFORE, "renamed\n", "longer")
    responder = ScriptResponder([CASE, longer])

    assert responder.answer(asked(longer.instruction, BEFORE)).case == "longer"
    assert responder.answer(asked(CASE.instruction, BEFORE)).case == "second-20"


@pytest.mark.parametrize(
    ("instruction", "text"), [("Something else.", BEFORE), (CASE.instruction, "x = 1\n" * 9)]
)
def test_another_file_or_another_instruction_has_no_case(instruction: str, text: str) -> None:
    assert ScriptResponder([CASE]).answer(asked(instruction, text)).kind is ModelReplyKind.CANNOT


def test_files_of_one_line_have_cases_too() -> None:
    case = Case("Make it two.", "x = 1\n", "x = 2\n", "one-line")

    assert ScriptResponder([CASE, case]).answer(asked("Make it two.", "x = 1\n")).case == "one-line"


def test_a_part_that_holds_all_changes_is_answered_by_its_part() -> None:
    part = "def second():\n    return 2\n"
    reply = ScriptResponder([CASE]).answer(rendered(BEFORE, CASE.instruction, part))

    assert reply == ModelReply(ModelReplyKind.CODE, "def second():\n    return 20\n", "second-20")


def test_a_part_that_gains_lines_is_answered_with_them() -> None:
    case = Case("Say it.", BEFORE, BEFORE.replace("    return 1\n", "    print(1)\n    return 1\n"))
    reply = ScriptResponder([case]).answer(rendered(BEFORE, "Say it.", "def first():\n    return 1\n"))

    assert reply.text == "def first():\n    print(1)\n    return 1\n"


def test_a_part_that_misses_a_change_asks_for_the_whole_file() -> None:
    case = Case("Return more.", BEFORE, AFTER.replace("return 1", "return 10"))
    reply = ScriptResponder([case]).answer(rendered(BEFORE, "Return more.", "def second():\n    return 2\n"))

    assert reply.kind is ModelReplyKind.WHOLE_FILE


def test_of_equal_parts_the_one_that_changes_is_meant() -> None:
    twice = "def f():\n    pass\n\n\ndef f():\n    pass\n"
    case = Case("Second.", twice, "def f():\n    pass\n\n\ndef f():\n    return\n")
    reply = ScriptResponder([case]).answer(rendered(twice, "Second.", "def f():\n    pass\n"))

    assert reply.text == "def f():\n    return\n"


def test_of_numbered_parts_those_that_change_are_answered() -> None:
    reply = ScriptResponder([CASE]).answer(rendered(BEFORE, CASE.instruction, IMPORTS, FIRST, SECOND))

    assert reply == ModelReply(
        ModelReplyKind.CODE, AFTER, "second-20", (Section(3, SECOND.replace("2", "20")),)
    )


def test_numbered_parts_that_miss_a_change_ask_for_the_whole_file() -> None:
    reply = ScriptResponder([CASE]).answer(rendered(BEFORE, CASE.instruction, IMPORTS, FIRST))

    assert reply.kind is ModelReplyKind.WHOLE_FILE


def test_where_nothing_changes_the_first_part_is_repeated() -> None:
    case = Case("Leave it.", BEFORE, BEFORE)
    reply = ScriptResponder([case]).answer(rendered(BEFORE, "Leave it.", IMPORTS, FIRST, SECOND))

    assert reply.sections == (Section(1, IMPORTS),)


def test_of_a_long_file_the_case_says_where_its_parts_are() -> None:
    job = rendered(BEFORE, CASE.instruction, FIRST, SECOND, excerpts=[TOP])
    reply = ScriptResponder([CASE]).answer(job)

    assert reply == ModelReply(ModelReplyKind.CODE, "", "second-20", (Section(2, SECOND.replace("2", "20")),))


def test_a_script_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    line = {"instruction": "i", "before": "b", "after": "a", "language": "python"}
    path.write_text(json.dumps(line) + "\n\n")

    assert load_script(path) == [Case("i", "b", "a")]
    assert isinstance(responder_for(EmulatorOptions(script=path)), ScriptResponder)


@pytest.mark.parametrize("content", ["", "{}\n", "not json\n"])
def test_a_script_without_cases_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(content)

    with pytest.raises(UsageError):
        load_script(path)


def test_a_script_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        load_script(tmp_path / "missing.jsonl")


# --- the others ---------------------------------------------------------------------------------------------


def test_the_echo_returns_what_was_to_be_rewritten() -> None:
    part = "def second():\n    return 2\n"

    assert EchoResponder().answer(rendered(BEFORE, "Do it.", part)).text == part


def test_the_echo_of_numbered_parts_is_the_first() -> None:
    whole = EchoResponder().answer(rendered(BEFORE, "Do it.", IMPORTS, FIRST, SECOND))
    some = EchoResponder().answer(rendered(BEFORE, "Do it.", FIRST, SECOND, excerpts=[TOP]))

    assert whole == ModelReply(ModelReplyKind.CODE, BEFORE, sections=(Section(1, IMPORTS),))
    assert some == ModelReply(ModelReplyKind.CODE, "", sections=(Section(1, FIRST),))


def test_the_engine_gets_the_whole_file_and_answers_for_the_part() -> None:
    def rewrite(text: str, instruction: str, *, filename: str) -> str:
        assert (text, instruction, filename) == (BEFORE, "Do it.", "x.py")
        return AFTER

    job = rendered(BEFORE, "Do it.", "def second():\n    return 2\n")

    assert OfflineResponder(rewrite).answer(job).text == "def second():\n    return 20\n"


def test_what_the_engine_does_not_understand_it_says() -> None:
    def rewrite(_: str, __: str, *, filename: str) -> str:
        raise ModelRefused(f"No idea what to do with {filename}.")

    reply = OfflineResponder(rewrite).answer(rendered(BEFORE, "Sing."))

    assert reply == ModelReply(ModelReplyKind.CANNOT, "No idea what to do with x.py.")


def double_returns(text: str, _: str, *, filename: str) -> str:
    if "return" not in text:
        raise ModelRefused(f"Nothing returns in this part of {filename}.")
    return text.replace("return", "return 2 *")


def test_of_a_long_file_the_engine_gets_each_part_by_itself() -> None:
    job = rendered(BEFORE, "Double it.", IMPORTS, FIRST, SECOND, excerpts=[TOP])
    reply = OfflineResponder(double_returns).answer(job)

    assert reply == ModelReply(
        ModelReplyKind.CODE,
        "",
        sections=(
            Section(2, FIRST.replace("1", "2 * 1")),
            Section(3, SECOND.replace("return 2", "return 2 * 2")),
        ),
    )


def test_of_a_long_file_one_part_alone_has_no_number() -> None:
    reply = OfflineResponder(double_returns).answer(rendered(BEFORE, "Double it.", SECOND, excerpts=[TOP]))

    assert reply == ModelReply(ModelReplyKind.CODE, SECOND.replace("return 2", "return 2 * 2"))


def test_where_the_engine_can_do_nothing_with_any_part_it_says_so() -> None:
    reply = OfflineResponder(double_returns).answer(
        rendered(BEFORE, "Double it.", "import os\n", "\n", excerpts=[TOP])
    )

    assert reply == ModelReply(ModelReplyKind.CANNOT, "Nothing returns in this part of x.py.")


def test_where_the_engine_changes_no_part_the_first_is_repeated() -> None:
    def leave(text: str, _: str, *, filename: str) -> str:
        return text

    reply = OfflineResponder(leave).answer(rendered(BEFORE, "Leave it.", FIRST, SECOND, excerpts=[TOP]))

    assert reply.sections == (Section(1, FIRST),)


def test_without_other_orders_the_offline_engine_answers() -> None:
    responder = responder_for(EmulatorOptions())

    renamed = responder.answer(rendered(BEFORE, "rename first to initial"))
    unclear = responder.answer(rendered(BEFORE, "make it more beautiful"))

    assert renamed == ModelReply(ModelReplyKind.CODE, BEFORE.replace("first", "initial"))
    assert unclear.kind is ModelReplyKind.CANNOT


# --- how replies are written --------------------------------------------------------------------------------

CODE = ModelReply(ModelReplyKind.CODE, "x = 1\n")


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (ReplyStyle.AUTO, "````\nx = 1\n````"),
        (ReplyStyle.RAW, "x = 1\n"),
        (ReplyStyle.FENCED, "```\nx = 1\n```"),
        (
            ReplyStyle.PROSE,
            (
                "Sure! Here is the updated file:\n\n```\nx = 1\n```\n\n"
                "Let me know if anything else should change."
            ),
        ),
        (ReplyStyle.PROSE_RAW, "Sure! Here is the updated file:\n\nx = 1\n"),
    ],
)
def test_code_is_written_in_the_style_that_was_asked_for(style: ReplyStyle, text: str) -> None:
    assert written(CODE, rendered(BEFORE, "Do it."), style) == text


PARTS = ModelReply(ModelReplyKind.CODE, "x = 1\ny = 2\n", sections=(Section(1, "x = 1\n"), Section(4, "")))


def test_numbered_parts_are_written_in_frames_with_their_numbers() -> None:
    job = rendered(BEFORE, "Do it.", IMPORTS, FIRST, SECOND)

    assert written(PARTS, job, ReplyStyle.AUTO) == "```` 1\nx = 1\n````\n```` 4 deleted\n````"


def test_in_a_style_of_its_own_a_model_forgets_about_the_parts_and_writes_the_file() -> None:
    job = rendered(BEFORE, "Do it.", IMPORTS, FIRST, SECOND)

    assert written(PARTS, job, ReplyStyle.RAW) == PARTS.text
    assert written(PARTS, job, ReplyStyle.FENCED) == f"```\n{PARTS.text}```"


def test_in_a_style_of_its_own_a_model_that_saw_no_whole_file_writes_the_parts_without_numbers() -> None:
    job = rendered(BEFORE, "Do it.", FIRST, SECOND, excerpts=[TOP])
    reply = ModelReply(ModelReplyKind.CODE, "", sections=(Section(1, "x = 1\n"), Section(2, "y = 2\n")))

    assert written(reply, job, ReplyStyle.PROSE_RAW).endswith("\n\nx = 1\ny = 2\n")


def test_a_strangers_frame_has_no_place_for_a_number() -> None:
    wrapper = asked("a", f"```py\n{BEFORE}```").wrapper

    assert wrapper.wrap_sections([Section(1, "x\n"), Section(2, "y\n")]) == "```py\nx\n```\n```py\ny\n```"


def test_a_fence_is_longer_than_any_in_the_code() -> None:
    reply = ModelReply(ModelReplyKind.CODE, "````\nquoted\n````\n")

    assert written(reply, asked("a", BEFORE), ReplyStyle.FENCED).startswith("`````\n")


def test_refusals_have_the_agreed_form() -> None:
    job = rendered(BEFORE, "Do it.")

    assert written(ModelReply(ModelReplyKind.CANNOT, "No."), job, ReplyStyle.AUTO) == "CANNOT: No."
    assert (
        written(ModelReply(ModelReplyKind.WHOLE_FILE, "More."), job, ReplyStyle.AUTO) == "WHOLE FILE: More."
    )


def test_a_stranger_gets_a_sentence_instead() -> None:
    job = asked("Do it.", BEFORE)

    assert "can't" in written(ModelReply(ModelReplyKind.CANNOT, "No."), job, ReplyStyle.AUTO)
    assert "whole file" in written(ModelReply(ModelReplyKind.WHOLE_FILE, "More."), job, ReplyStyle.AUTO)
