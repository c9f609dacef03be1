"""Files that are one long line, or have some: their parts are sections too, and what comes out is right to the byte."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from engine_world import Watcher, world

from editsvc.emulator.responder import Case, ModelReply, ModelReplyKind, ScriptResponder
from editsvc.engine.edit import EditRequest, EditResult, Restart
from editsvc.errors import Status
from editsvc.text.document import Snapshot
from editsvc.tokenlog import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from editsvc.emulator.task import Job


def minified(count: int) -> str:
    return "".join(
        f'function f{number}(a,b){{var c=a+{number % 89};if(c>b){{return c*{number % 13}}}return g(c,"é{number}")}}'
        for number in range(count)
    )


SCRIPT = minified(600)
ROWS = "[" + ",".join(f'{{"id": {number}, "name": "row {number}"}}' for number in range(1_500)) + "]\n"
WORDS = "".join(f"Entry {number} says that all is well 👩‍🚀 there. " for number in range(900)).rstrip()
PAGE = f"<html>\n<script>{SCRIPT[:30_000]}\n</script>\n<p>Prices</p>\n<data>{WORDS[:9_000]}</data>\n</html>\n"
CASES = {
    "one place": ("app.js", SCRIPT, SCRIPT.replace("f300(a,b){var c=a+", "f300(a,b){var c=b-")),
    "places far from each other": (
        "app.js",
        SCRIPT,
        SCRIPT.replace("f3(a", "f3(z").replace("f590(a", "f590(z"),
    ),
    "the beginning": ("app.js", SCRIPT, '"use strict";' + SCRIPT),
    "the end": ("app.js", SCRIPT, SCRIPT + "f1();"),
    "a line in the middle": ("app.js", SCRIPT, SCRIPT.replace("function f200(", "\nfunction f200(")),
    "something goes": (
        "app.js",
        SCRIPT,
        SCRIPT[: SCRIPT.index("function f7(")] + SCRIPT[SCRIPT.index("function f8(") :],
    ),
    "data": ("rows.json", ROWS, ROWS.replace('"row 777"', '"row seven"')),
    "prose": ("log.txt", WORDS, WORDS.replace("Entry 500 says", "Entry 500 told us")),
    "a page with long lines": (
        "page.html",
        PAGE,
        PAGE.replace("Prices", "Offers").replace("Entry 99 ", "N "),
    ),
}


async def run(tmp_path: Path, name: str, instruction: str, before: str, after: str) -> EditResult:
    script = [{"instruction": instruction, "before": before, "after": after}]
    async with world(tmp_path, script, settings={"locate": "on"}) as here:
        asked = EditRequest(Snapshot(before), instruction, name, Source.CLI)
        return await here.service.edit(asked, Watcher())


@pytest.mark.parametrize("case", CASES)
async def test_parts_of_a_long_line_are_edited_exactly(tmp_path: Path, case: str) -> None:
    name, before, after = CASES[case]
    assert before != after
    result = await run(tmp_path, name, "Make the change that we spoke of.", before, after)
    assert result.after is not None, result.message
    assert result.after.text == after
    assert result.restarts[0] is Restart.LOCATED
    assert result.scope is not None
    assert sum(len(section.text) for section in result.scope.sections) < len(before) / 3


class Careless:
    """A model that does what it should, but for what `wrong` makes of the first section it writes."""

    def __init__(self, cases: Sequence[Case], wrong: Callable[[str], str]) -> None:
        self._script, self._wrong = ScriptResponder(cases), wrong

    def answer(self, job: Job) -> ModelReply:
        reply = self._script.answer(job)
        if reply.kind is not ModelReplyKind.CODE:
            return reply
        first, *rest = reply.sections
        return replace(reply, sections=(replace(first, text=self._wrong(first.text)), *rest))


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda text: text + text, id="twice"),
        pytest.param(lambda text: text + WORDS[2_000:5_000], id="goes on with others"),
        pytest.param(lambda _: SCRIPT[-900:], id="of another file"),
        pytest.param(lambda _: WORDS[3_000:4_000], id="another part"),
    ],
)
async def test_a_part_that_comes_back_wrong_is_refused(tmp_path: Path, wrong: Callable[[str], str]) -> None:
    before = WORDS
    after = before.replace("Entry 500 says", "Entry 500 told us").replace(
        "Entry 700 says", "Entry 700 told us"
    )
    instruction = "Make the change that we spoke of."
    model = Careless([Case(instruction, before, after)], wrong)
    async with world(tmp_path, [], settings={"locate": "on"}, responder=model) as here:
        asked = EditRequest(Snapshot(before), instruction, "words.txt", Source.CLI)
        result = await here.service.edit(asked)
    assert result.status is Status.REFUSED
