"""Less than the file is rewritten, and what comes out is right to the byte: engine, wire and emulator together."""

from pathlib import Path
from typing import Any

import pytest
from engine_world import Watcher, world

from editsvc.emulator import parse_fault
from editsvc.engine.edit import EditRequest, EditResult, Restart
from editsvc.errors import Status
from editsvc.prediction.candidates import PredictionKind
from editsvc.prompt.rendering import EditFormat
from editsvc.scope import scopes
from editsvc.scope.scopes import ScopeKind, ScopeReason
from editsvc.text.document import Snapshot
from editsvc.tokenlog import Source

LONG = (
    '"""Steps."""\n\nimport os\n\n\n'
    + "".join(
        f"def step_{number}(value, path):\n    total = value + {number}\n    if total > {number * 7}:\n"
        f"        print('step {number}', total, path)\n    return total\n\n\n"
        for number in range(60)
    ).rstrip("\n")
    + "\n"
)
ONE = LONG.replace("total = value + 17\n", "total = 17 + value\n")
IMPORT = LONG.replace("import os\n", "import logging\nimport os\n").replace(
    "print('step 41', total, path)", "logging.info('step 41')"
)
GONE = LONG[: LONG.index("def step_30(")] + LONG[LONG.index("def step_31(") :]
LAST_GONE = LONG[: LONG.index("\n\n\ndef step_59(")] + "\n"
RENAMED = LONG.replace("step_12(", "twelfth(")
CASES = {
    "Swap the sum in step 17.": ONE,
    "Log instead of printing in step 41.": IMPORT,
    "Take step 30 away.": GONE,
    "Take the last step away.": LAST_GONE,
    "rename step_12 to twelfth": RENAMED,
    "Leave it.": LONG,
    "Break it.": LONG.replace("def step_5(value, path):", "def step_5(value, path:"),
}
SCRIPT = [
    {"instruction": instruction, "before": LONG, "after": after} for instruction, after in CASES.items()
]


async def run(
    tmp_path: Path,
    instruction: str,
    spec: str = "auto",
    *,
    text: str = LONG,
    watcher: Watcher | None = None,
    settings: dict[str, Any] | None = None,
    request: dict[str, Any] | None = None,
    **options: Any,
) -> EditResult:
    async with world(tmp_path, SCRIPT, settings=settings, **options) as here:
        asked = EditRequest(
            Snapshot(text),
            instruction,
            "steps.py",
            Source.CLI,
            **{"scope": scopes.parse(spec), **(request or {})},
        )
        return await here.service.edit(asked, watcher)


def text_of(result: EditResult) -> str:
    assert result.after is not None, result.message
    return result.after.text


@pytest.mark.parametrize("instruction", CASES)
@pytest.mark.parametrize("preset", ["resync", "prefix-only"])
async def test_sections_give_the_same_file_as_a_whole_rewrite(
    tmp_path: Path, instruction: str, preset: str
) -> None:
    settings = {"on_syntax_error": "refuse", "allow": ["syntax"]}
    result = await run(tmp_path, instruction, settings=settings, preset=preset)
    assert text_of(result) == CASES[instruction]
    assert result.restarts == ()
    assert result.scope is not None
    assert result.scope.kind is ScopeKind.SECTIONS


async def test_only_the_sections_that_change_are_billed(tmp_path: Path) -> None:
    whole = await run(tmp_path, "Swap the sum in step 17.", "file")
    parts = await run(tmp_path, "Swap the sum in step 17.")
    assert parts.usage.completion_tokens is not None
    assert whole.usage.completion_tokens is not None
    assert parts.usage.completion_tokens < whole.usage.completion_tokens / 5
    assert (parts.parts_rewritten, parts.parts_offered) == (1, 61)
    assert parts.scope is not None
    assert "def step_17" in parts.scope.sections[0].text


async def test_an_edit_that_needs_an_import_outside_of_its_symbol_comes_out_right(tmp_path: Path) -> None:
    watcher = Watcher()
    result = await run(tmp_path, "Log instead of printing in step 41.", "symbol:step_41", watcher=watcher)
    assert text_of(result) == IMPORT
    assert result.restarts == (Restart.WHOLE_FILE,)
    assert result.scope is not None
    assert (result.scope.kind, result.scope.reason) == (ScopeKind.SECTIONS, ScopeReason.WIDENED)
    assert watcher.restarts == 1


async def test_lines_that_the_user_drew_are_a_limit(tmp_path: Path) -> None:
    result = await run(tmp_path, "Log instead of printing in step 41.", "lines:290-300")
    assert (result.status, result.after) == (Status.REFUSED, None)
    assert result.message.startswith("The change needs more than lines 290 to 300")


async def test_what_streams_from_sections_is_shown_at_its_place_in_the_file(tmp_path: Path) -> None:
    watcher = Watcher()
    await run(tmp_path, "Log instead of printing in step 41.", watcher=watcher, speed=20_000.0)
    lines = LONG.split("\n")
    changed = [block for update in watcher.updates for block in update.blocks if not block.equal]
    old = "\n".join(line for block in changed for line in lines[block.old_start : block.old_end])
    assert "print('step 41', total, path)" in old


async def test_crlf_and_a_bom_stay_as_they_are(tmp_path: Path) -> None:
    result = await run(tmp_path, "Swap the sum in step 17.", text=LONG.replace("\n", "\r\n"))
    assert text_of(result) == ONE.replace("\n", "\r\n")


async def test_a_draft_is_predicted_and_makes_the_reply_nearly_free(tmp_path: Path) -> None:
    drafted = await run(tmp_path, "rename step_12 to twelfth", preset="prefix-only")
    plain = await run(tmp_path, "rename step_12 to twelfth", preset="prefix-only", settings={"drafts": False})
    assert text_of(drafted) == text_of(plain) == RENAMED
    assert (drafted.prediction_kind, plain.prediction_kind) == (PredictionKind.DRAFT, PredictionKind.SCOPE)
    assert drafted.usage.rejected_prediction_tokens == 0
    assert (drafted.usage.accepted_prediction_tokens or 0) > (plain.usage.accepted_prediction_tokens or 0)


async def test_a_model_that_answers_with_a_number_of_its_own_is_asked_for_the_whole_file(
    tmp_path: Path,
) -> None:
    fault = (parse_fault("wrong-part"),)
    result = await run(tmp_path, "Swap the sum in step 17.", faults=fault)
    assert text_of(result) == ONE
    assert result.restarts == (Restart.MISFIT,)


@pytest.mark.parametrize("style", ["raw", "fenced", "prose"])
async def test_a_model_that_writes_the_whole_file_instead_is_taken_at_its_word(
    tmp_path: Path, style: str
) -> None:
    result = await run(tmp_path, "Swap the sum in step 17.", reply=style)
    assert text_of(result) == ONE
    assert result.scope is not None
    assert (result.scope.kind, result.restarts) == (ScopeKind.FILE, ())


async def test_an_edit_that_breaks_the_syntax_is_made_again_with_the_errors_named(tmp_path: Path) -> None:
    result = await run(tmp_path, "Swap the sum in step 17.", faults=(parse_fault("broken-syntax:1"),))
    assert text_of(result) == ONE
    assert result.restarts == (Restart.SYNTAX,)
    assert (
        result.prediction_kind is PredictionKind.DRAFT
    )  # the reply that was wrong is most of the one that is right


@pytest.mark.parametrize(("setting", "restarts"), [("retry", ("syntax",)), ("refuse", ())])
async def test_an_edit_that_breaks_the_syntax_again_is_refused(
    tmp_path: Path, setting: str, restarts: tuple[str, ...]
) -> None:
    result = await run(tmp_path, "Break it.", settings={"on_syntax_error": setting})
    assert (result.status, result.error, result.restarts) == (Status.REFUSED, "GuardRefused:syntax", restarts)
    assert "would break the file's syntax (line " in result.message


async def test_a_broken_edit_can_be_vouched_for(tmp_path: Path) -> None:
    result = await run(tmp_path, "Break it.", settings={"allow": ["syntax"]})
    assert text_of(result) == CASES["Break it."]


NESTED = LONG.replace("value + 17", "value + " + "(" * 600 + "17" + ")" * 600)


@pytest.mark.parametrize(
    ("filename", "after", "allow", "extent"),
    [
        ("steps.py", ONE, [], "whole"),
        ("steps.py", NESTED, [], "unknown"),
        ("steps.py", NESTED, ["syntax"], None),
        ("steps.py", LONG, [], None),
        ("steps.sql", ONE, [], None),
    ],
    ids=["parsed", "too deep to be parsed", "waived", "nothing changed", "no grammar"],
)
async def test_an_edit_whose_syntax_was_not_checked_says_so(
    tmp_path: Path, filename: str, after: str, allow: list[str], extent: str | None
) -> None:
    script = [{"instruction": "Do it.", "before": LONG, "after": after}]
    async with world(tmp_path, script, settings={"allow": allow}) as here:
        result = await here.service.edit(EditRequest(Snapshot(LONG), "Do it.", filename, Source.CLI))
    assert result.after is not None, result.message
    assert result.syntax_check == here.log.records[0].syntax_check == extent
    told = [warning for warning in result.warnings if "was not fully checked" in warning]
    assert bool(told) == (extent == "unknown")


@pytest.mark.parametrize("instruction", ["Swap the sum in step 17.", "Log instead of printing in step 41."])
async def test_structured_edits_are_applied_exactly(tmp_path: Path, instruction: str) -> None:
    result = await run(tmp_path, instruction, settings={"edit_format": "search-replace"})
    assert text_of(result) == CASES[instruction]
    assert (result.edit_format, result.restarts) == (EditFormat.SEARCH_REPLACE, ())
    assert result.decision is not None
    assert (result.decision.send, result.decision.reason) == (False, "structured")
    assert (result.usage.completion_tokens or 0) < 400


@pytest.mark.parametrize("fault", ["search-missing", "search-twice", "prose-only"])
async def test_structured_edits_that_do_not_say_where_end_in_a_rewrite(tmp_path: Path, fault: str) -> None:
    result = await run(
        tmp_path,
        "Swap the sum in step 17.",
        settings={"edit_format": "search-replace"},
        faults=(parse_fault(fault),),
        fault_count=1,
    )
    assert text_of(result) == ONE
    assert (result.edit_format, result.restarts) == (EditFormat.REWRITE, (Restart.SEARCH,))


async def test_structured_edits_stay_within_lines_that_the_user_drew(tmp_path: Path) -> None:
    settings = {"edit_format": "search-replace"}
    result = await run(tmp_path, "Swap the sum in step 17.", "lines:125-130", settings=settings)
    assert text_of(result) == ONE


async def test_what_one_file_taught_drafts_the_next(tmp_path: Path) -> None:
    one = "".join(
        f"def load_{n}(path):\n    text = open(path).read()\n    return text + '{n}'\n\n\n" for n in range(12)
    )
    two = "".join(
        f"def keep_{n}(path):\n    text = open(path).read()\n    return text * {n}\n\n\n" for n in range(12)
    )
    script = [
        {
            "instruction": "Use pathlib.",
            "before": text,
            "after": text.replace("open(path).read()", "path.read_text()"),
        }
        for text in (one, two)
    ]
    async with world(tmp_path, script, preset="prefix-only") as here:
        kinds = []
        for text in (one, two):
            asked = EditRequest(Snapshot(text), "Use pathlib.", "x.py", Source.CLI, batch="run")
            result = await here.service.edit(asked)
            assert text_of(result) == text.replace("open(path).read()", "path.read_text()")
            kinds.append((result.prediction_kind, result.usage.rejected_prediction_tokens))
    assert kinds[0][0] is PredictionKind.FILE
    assert kinds[1] == (PredictionKind.DRAFT, 0)


BROKEN = LONG.replace("def step_50(value, path):", "def step_50(value, path:")
PAGE = (
    "<html>\n<head>\n<style>\n"
    + "".join(f".box-{n} {{\n  width: {n}px;\n}}\n\n" for n in range(60))
    + "</style>\n</head>\n<body>\n<script>\n"
    + "".join(f"function go{n}(value) {{\n  return value + {n};\n}}\n\n" for n in range(60))
    + "</script>\n</body>\n</html>\n"
)
PROSE = "".join(f"Chapter {n}\n\nIt was day {n}, and it rained.\nNobody came.\n\n" for n in range(150))


@pytest.mark.parametrize(
    ("filename", "before", "after"),
    [
        pytest.param("steps.py", BROKEN, BROKEN.replace("value + 17", "17 + value"), id="errors elsewhere"),
        pytest.param("steps.py", BROKEN, LONG, id="errors repaired"),
        pytest.param("page.html", PAGE, PAGE.replace("value + 33", "33 + value"), id="a script in a page"),
        pytest.param("page.html", PAGE, PAGE.replace("width: 7px", "width: 70px"), id="a style in a page"),
        pytest.param("story.unknown", PROSE, PROSE.replace("day 77", "night 77"), id="no known language"),
        pytest.param(
            "story.txt",
            PROSE + "\x0c\u2028",
            PROSE.replace("day 9,", "day 10,") + "\x0c\u2028",
            id="odd characters",
        ),
    ],
)
async def test_whatever_the_file_is_the_edit_comes_out_right(
    tmp_path: Path, filename: str, before: str, after: str
) -> None:
    script = [{"instruction": "Change it.", "before": before, "after": after}]
    async with world(tmp_path, script) as here:
        result = await here.service.edit(EditRequest(Snapshot(before), "Change it.", filename, Source.CLI))
    assert text_of(result) == after
    assert result.restarts == ()
    assert result.scope is not None
    assert result.scope.kind is ScopeKind.SECTIONS
