"""A file that is not shown whole: the place is asked for, and what comes out is right to the byte."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from engine_world import MODEL, Watcher, world

from editsvc.emulator.responder import ModelReply, ModelReplyKind
from editsvc.engine.edit import EditRequest, EditResult, Restart
from editsvc.errors import Status
from editsvc.provider.models import Model
from editsvc.scope import scopes
from editsvc.scope.scopes import ScopeReason
from editsvc.text.document import Snapshot
from editsvc.tokenlog import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from editsvc.emulator.task import Job

LONG = '"""Steps."""\n\nimport os\n\n\n' + "".join(
    f"def step_{number}(value, path):\n    total = value + {number}\n    if total > {number * 7}:\n"
    f"        print('step {number}', total, path)\n    return total\n\n\n"
    for number in range(400)
).rstrip("\n").join(("", "\n"))
SWAPPED = LONG.replace("total = value + 217\n", "total = 217 + value\n")
LOGGED = LONG.replace("import os\n", "import logging\nimport os\n").replace(
    "print('step 301', total, path)", "logging.info('step 301')"
)
EVERYWHERE = LONG.replace("total", "amount")
GONE = LONG[: LONG.index("def step_30(")] + LONG[LONG.index("def step_31(") :]
APPENDED = LONG + "\n\ndef last():\n    return None\n"
CASES = {
    "Swap the sum in step 217.": SWAPPED,
    "Log instead of printing in step 301.": LOGGED,
    "Speak of amounts.": EVERYWHERE,
    "Take step 30 away.": GONE,
    "Add a function last.": APPENDED,
}
SCRIPT = [{"instruction": said, "before": LONG, "after": after} for said, after in CASES.items()]
ALWAYS = {"locate": "on"}
SMALL = Model(prediction=True, reasoning_effort=True, context_tokens=16_000, max_output_tokens=8_000)


async def run(
    tmp_path: Path,
    instruction: str,
    *,
    text: str = LONG,
    spec: str = "auto",
    watcher: Watcher | None = None,
    **options: Any,
) -> EditResult:
    script = options.pop("script", SCRIPT)
    options.setdefault("settings", ALWAYS)
    async with world(tmp_path, script, **options) as here:
        asked = EditRequest(Snapshot(text), instruction, "steps.py", Source.CLI, scope=scopes.parse(spec))
        return await here.service.edit(asked, watcher)


def text_of(result: EditResult) -> str:
    assert result.after is not None, result.message
    return result.after.text


@pytest.mark.parametrize("instruction", CASES)
async def test_what_is_located_is_edited_exactly(tmp_path: Path, instruction: str) -> None:
    result = await run(tmp_path, instruction)
    assert text_of(result) == CASES[instruction]
    assert result.restarts[0] is Restart.LOCATED
    assert result.scope is not None
    assert result.scope.reason is ScopeReason.LOCATED


async def test_the_first_request_shows_the_contents_and_the_second_goes_on_from_there(tmp_path: Path) -> None:
    async with world(tmp_path, SCRIPT, settings=ALWAYS) as here:
        asked = EditRequest(Snapshot(LONG), "Swap the sum in step 217.", "steps.py", Source.CLI)
        result = await here.service.edit(asked)
        first, second = here.emulator.records()
    assert text_of(result) == SWAPPED
    assert first.prompt_tokens is not None
    assert second.cached_tokens is not None
    # The prompt cache counts in blocks, and the second request begins with all of the first.
    assert second.cached_tokens >= 0.9 * first.prompt_tokens
    assert result.usage.prompt_tokens == first.prompt_tokens + (second.prompt_tokens or 0)


async def test_a_front_end_is_told_that_the_place_is_looked_for(tmp_path: Path) -> None:
    watcher = Watcher()
    await run(tmp_path, "Swap the sum in step 217.", watcher=watcher)
    assert watcher.locates == 1
    assert watcher.restarts == 0
    assert watcher.updates


async def test_a_file_that_does_not_fit_is_located_by_itself(tmp_path: Path) -> None:
    result = await run(tmp_path, "Swap the sum in step 217.", settings={}, model=SMALL)
    assert text_of(result) == SWAPPED
    assert result.restarts == (Restart.LOCATED,)


async def test_a_change_everywhere_is_rewritten_in_parts(tmp_path: Path) -> None:
    result = await run(tmp_path, "Speak of amounts.", settings={}, model=SMALL)
    assert text_of(result) == EVERYWHERE
    assert Restart.NEXT_PART in result.restarts


async def test_what_the_instruction_says_completely_needs_no_question(tmp_path: Path) -> None:
    after = LONG.replace("step_217(", "chosen(")
    script = [{"instruction": "rename step_217 to chosen", "before": LONG, "after": after}]
    result = await run(tmp_path, "rename step_217 to chosen", script=script)
    assert text_of(result) == after
    assert result.restarts == ()


async def test_with_locate_off_a_file_that_fits_is_shown(tmp_path: Path) -> None:
    model = Model(prediction=True, reasoning_effort=True, context_tokens=131_072, max_output_tokens=40_000)
    result = await run(tmp_path, "Swap the sum in step 217.", settings={"locate": "off"}, model=model)
    assert text_of(result) == SWAPPED
    assert result.restarts == ()


async def test_with_locate_off_a_file_that_does_not_fit_is_refused_with_the_figures(tmp_path: Path) -> None:
    result = await run(tmp_path, "Swap the sum in step 217.", settings={"locate": "off"}, model=SMALL)
    assert (result.status, result.error) == (Status.REFUSED, "DocumentRefused")
    assert "16,000" in result.message


@dataclass
class Wayward:
    """A model that answers the question with what `said` holds, in turn, and everything else as `then` does."""

    said: list[str]
    then: Callable[[Job], ModelReply]
    asked: list[Job] = field(default_factory=list)

    def answer(self, job: Job) -> ModelReply:
        self.asked.append(job)
        if job.asks_where and self.said:
            return ModelReply(ModelReplyKind.PROSE, self.said.pop(0))
        return self.then(job)


def knowing(cases: Sequence[dict[str, str]]) -> Callable[[Job], ModelReply]:
    from editsvc.emulator.responder import Case, ScriptResponder

    return ScriptResponder([Case(**case) for case in cases]).answer


async def test_a_model_that_looks_in_the_wrong_place_asks_for_the_right_one(tmp_path: Path) -> None:
    model = Wayward(["SECTIONS: 3"], knowing(SCRIPT))
    result = await run(tmp_path, "Swap the sum in step 217.", responder=model)
    assert text_of(result) == SWAPPED
    assert result.restarts == (Restart.LOCATED, Restart.MORE_SECTIONS)


async def test_a_model_that_names_no_section_is_asked_again(tmp_path: Path) -> None:
    model = Wayward(["Let me think about that."], knowing(SCRIPT))
    result = await run(tmp_path, "Swap the sum in step 217.", responder=model)
    assert text_of(result) == SWAPPED
    assert result.restarts == (Restart.LOCATED, Restart.LOCATED)


async def test_where_a_model_will_not_say_the_words_of_the_instruction_come_first(tmp_path: Path) -> None:
    model = Wayward(["Hm.", "Hm."], knowing(SCRIPT))
    result = await run(tmp_path, "Swap the sum in step_217.", responder=model, script=[])
    # The model knows another instruction; what counts here is what it was shown.
    shown = "".join(section.text for section in model.asked[-1].sections)
    assert "def step_217(" in shown
    assert result.status is Status.REFUSED


async def test_a_model_that_asks_for_what_it_has_is_refused_with_the_place(tmp_path: Path) -> None:
    def insists(job: Job) -> ModelReply:
        return ModelReply(ModelReplyKind.NEEDED, str(job.sections[1].number))

    result = await run(tmp_path, "Swap the sum in step 217.", responder=Wayward(["SECTIONS: 217"], insists))
    assert (result.status, result.error) == (Status.REFUSED, "ModelRefused")
    assert "which it had been shown" in result.message
    assert "(lines" in result.message


async def test_a_refusal_instead_of_a_place_is_passed_on(tmp_path: Path) -> None:
    model = Wayward(["CANNOT: there is no step 900."], knowing(SCRIPT))
    result = await run(tmp_path, "Swap the sum in step 900.", responder=model)
    assert (result.status, result.message) == (
        Status.REFUSED,
        "The model cannot do this: there is no step 900.",
    )


@pytest.mark.slow
async def test_a_file_of_megabytes_is_found_through_an_outline_of_its_parts(tmp_path: Path) -> None:
    text = "".join(f"def f_{n}(value):\n    return value + {n}\n\n\n" for n in range(25_000))
    after = text.replace("return value + 7777\n", "return 7777 + value\n")
    script = [{"instruction": "Swap the sum.", "before": text, "after": after}]
    result = await run(tmp_path, "Swap the sum.", text=text, script=script, settings={}, model=MODEL)
    assert text_of(result) == after
    assert (result.usage.prompt_tokens or 0) < 80_000


@pytest.mark.slow
async def test_data_of_many_lines_is_found_by_what_the_instruction_quotes(tmp_path: Path) -> None:
    text = "".join(f"value_{n} = {n}\n" for n in range(100_000))
    after = text.replace("value_54321 = 54321\n", "value_54321 = 1\n")
    script = [{"instruction": "Make `value_54321` one.", "before": text, "after": after}]
    result = await run(tmp_path, "Make `value_54321` one.", text=text, script=script, settings={})
    assert text_of(result) == after
