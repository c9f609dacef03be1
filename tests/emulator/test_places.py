"""The emulated model that is asked where: it names the sections in which its script has changes."""

from __future__ import annotations

import pytest

from editsvc import syntax
from editsvc.emulator import places
from editsvc.emulator.responder import Case, Mislocating, ModelReplyKind, ScriptResponder
from editsvc.emulator.task import read_job
from editsvc.emulator.wire import ChatRequest, WireMessage
from editsvc.prompt import contents as listing
from editsvc.scope import contents
from editsvc.scope.sections import divide

BEFORE = "import os\n\n\n" + "".join(
    f"def step_{number}(value):\n    total = value + {number}\n    print('step {number}', total)\n"
    "    return total\n\n\n"
    for number in range(40)
)
SECTIONS = divide(BEFORE, syntax.by_name("python"), longest_tokens=30)
ENTRIES = contents.entries(SECTIONS, 10_000)


def holding(text: str) -> int:
    return next(section.number for section in SECTIONS if text in section.text)


@pytest.mark.parametrize(
    ("after", "texts"),
    [
        (BEFORE.replace("value + 17\n", "17 + value\n"), ["def step_17("]),
        (
            BEFORE.replace("import os", "import re").replace("value + 30\n", "0\n"),
            ["import os", "def step_30("],
        ),
        (BEFORE + "\n\ndef last():\n    pass\n", ["def step_39("]),
        (BEFORE, ["import os"]),
    ],
)
def test_the_sections_with_changes_are_needed(after: str, texts: list[str]) -> None:
    assert places.needed(ENTRIES, BEFORE, after) == [(holding(text), holding(text)) for text in texts]


def test_contents_are_known_by_their_lines_and_beginnings() -> None:
    assert places.are_of(ENTRIES, BEFORE)
    assert not places.are_of(ENTRIES, BEFORE.replace("def step", "def other"))
    assert not places.are_of(ENTRIES, BEFORE[: len(BEFORE) // 2])
    assert not places.are_of([], BEFORE)


def test_on_one_line_the_words_tell() -> None:
    line = ";".join(f"var setting{number}={number}" for number in range(2_000))
    sections = divide(line, None)
    after = line.replace("setting1234=1234", "setting1234=0")
    ((first, last),) = places.needed(contents.entries(sections, 10_000), line, after)
    assert first == last
    assert "setting1234=" in sections[first - 1].text


def question(instruction: str = "Swap.") -> ChatRequest:
    messages = listing.render("steps.py", instruction, BEFORE.count("\n"), ENTRIES)
    return ChatRequest(
        model="m", messages=[WireMessage(message.role, message.content) for message in messages]
    )


CASE = Case("Swap.", BEFORE, BEFORE.replace("value + 17\n", "17 + value\n"))


def test_a_script_answers_the_question() -> None:
    job = read_job(question())
    assert job is not None
    assert job.asks_where
    reply = ScriptResponder([CASE]).answer(job)
    assert (reply.kind, reply.text) == (ModelReplyKind.NEEDED, str(holding("def step_17(")))


def test_a_model_that_locates_wrongly_does_so_once_and_always_in_the_same_requests() -> None:
    job = read_job(question())
    assert job is not None
    wrong = Mislocating(ScriptResponder([CASE]), 1.0)
    first = wrong.answer(job)
    assert first.text != str(holding("def step_17("))
    assert wrong.answer(job) == first
    assert Mislocating(ScriptResponder([CASE]), 0.0).answer(job).text == str(holding("def step_17("))
    asked = question()
    asked.messages.append(WireMessage("assistant", "SECTIONS: 1"))
    asked.messages.append(WireMessage("user", listing.render_more("Swap.", ENTRIES).content))
    again = read_job(asked)
    assert again is not None
    assert wrong.answer(again).text == str(holding("def step_17("))
