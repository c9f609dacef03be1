"""One edit from end to end, in one process: what is sent, shown, retried, cancelled and recorded."""

import asyncio
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from engine_world import Memory, Told, Watcher, world
from patience import HANGING_S, until
from scripted import Says, Scripted

from editsvc.emulator import parse_fault
from editsvc.engine.edit import EditRequest, Restart, StreamUpdate
from editsvc.engine.service import EditService
from editsvc.errors import ExitCode, Status
from editsvc.prediction.policy import PredictionMode
from editsvc.provider.base import Completer, Completion, CompletionRequest, Receiver
from editsvc.provider.chain import Chain
from editsvc.provider.models import Model
from editsvc.provider.upstreams import RetryPolicy, Upstream, Upstreams
from editsvc.scope import scopes
from editsvc.settings.schema import Settings
from editsvc.text.document import Snapshot, split_lines
from editsvc.tokenlog import RequestRecord, Source
from editsvc.usage import Usage

FILE = "".join(f"def step_{number}(value):\n    return value + {number}\n\n\n" for number in range(30))
EDITED = FILE.replace("return value + 7\n", "return 7 + value\n").replace("step_20", "twentieth")
SCATTERED = FILE.replace("value", "amount")
CASES = [
    {"instruction": "Swap.", "before": FILE, "after": EDITED},
    {"instruction": "Say amount.", "before": FILE, "after": SCATTERED},
]


def an_edit(instruction: str = "Swap.", **more: Any) -> EditRequest:
    return EditRequest(Snapshot(FILE), instruction, "steps.py", Source.CLI, **more)


async def test_an_edit_gives_the_new_text_and_leaves_one_record(tmp_path: Path) -> None:
    async with world(tmp_path, CASES) as here:
        result = await here.service.edit(an_edit(path="/somewhere/steps.py"))
    assert result.status is Status.CHANGED
    assert result.after is not None
    assert result.after.text == EDITED
    assert len(result.edits) == 2
    (record,) = here.log.records
    assert (record.id, record.status, record.hunks, record.attempts) == ("edit-1", Status.CHANGED, 2, 1)
    assert record.usage.accepted_prediction_tokens == result.usage.accepted_prediction_tokens
    assert record.max_completion_tokens
    assert record.language == "python"


async def test_what_streams_builds_the_same_text_and_deletes_nothing_unreached() -> None:
    watcher = Watcher()
    model = Scripted("cerebras", [Says(f"````python\n{EDITED}````", first_s=0, every_s=0, piece=40)])
    chain = Chain(Upstreams([Upstream(model)], RetryPolicy(), clock=lambda: 0.0))
    result = await serving(chain, Memory()).edit(an_edit(prediction=PredictionMode.OFF), watcher)
    assert result.status is Status.CHANGED
    assert len(watcher.updates) > 5
    old = split_lines(FILE)
    reached = 0
    for update in watcher.updates:
        for block in update.blocks:
            assert block.old_start == reached
            reached = block.old_end
            if block.equal:
                assert (
                    old[block.old_start : block.old_end] == update.new_lines[block.new_start : block.new_end]
                )
        assert update.reached == reached
        assert update.total == len(old)
    changed = [block for update in watcher.updates for block in update.blocks if not block.equal]
    assert sum(block.old_end - block.old_start for block in changed) <= 4


async def test_when_rejected_tokens_use_up_the_limit_the_request_is_sent_without_a_prediction(
    tmp_path: Path,
) -> None:
    """A verifier that proposes much and drops most of it: the words of every other line differ."""
    watcher = Watcher()
    async with world(tmp_path, CASES, model=Model(prediction=True, max_output_tokens=700)) as here:
        result = await here.service.edit(an_edit("Say amount."), watcher)
        first, second = here.emulator.records()
    assert result.after is not None
    assert result.after.text == SCATTERED
    assert (first.finish_reason, second.finish_reason) == ("length", "stop")
    assert first.rejected_tokens > 70
    assert second.prediction_tokens is None
    assert result.decision is not None
    assert (result.decision.send, result.decision.reason) == (False, "too-many-rejected")
    assert (here.log.records[0].prediction.sent, here.log.records[0].prediction.drawn) == (False, True)
    assert watcher.restarts == 1
    assert result.usage.rejected_prediction_tokens == first.rejected_tokens


async def test_a_server_without_predictions_is_remembered(tmp_path: Path) -> None:
    async with world(tmp_path, CASES, faults=(parse_fault("prediction-unsupported"),)) as here:
        first = await here.service.edit(an_edit())
        second = await here.service.edit(an_edit())
        requests = here.emulator.records()
    assert (first.status, second.status) == (Status.CHANGED, Status.CHANGED)
    assert [one.status for one in requests] == [400, 200, 200]
    assert [record.attempts for record in here.log.records] == [2, 1]
    assert [record.prediction.drawn for record in here.log.records] == [True, False]
    assert second.decision is not None
    assert second.decision.reason == "server-refused"


async def test_a_model_that_needs_the_whole_file_gets_it_once_and_tokens_add_up(tmp_path: Path) -> None:
    watcher = Watcher()
    async with world(tmp_path, CASES) as here:
        result = await here.service.edit(an_edit(scope=scopes.parse("symbol:step_7")), watcher)
        requests = here.emulator.records()
    assert result.restarts == (Restart.WHOLE_FILE,)
    assert here.log.records[0].restarts == ["whole-file"]
    assert result.after is not None
    assert result.after.text == EDITED
    assert len(requests) == 2
    assert result.usage.completion_tokens == sum(one.completion_tokens for one in requests)
    assert here.log.records[0].attempts == 2
    assert watcher.restarts == 1


async def test_a_cancelled_edit_is_recorded_and_its_stream_closed(tmp_path: Path) -> None:
    watcher = Watcher()
    async with world(tmp_path, CASES, speed=20.0) as here:
        task = asyncio.create_task(here.service.edit(an_edit(prediction=PredictionMode.OFF), watcher))
        await until(lambda: watcher.updates)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        (record,) = here.log.records
        assert (record.status, record.error) == (Status.CANCELLED, "Cancelled")
        await until(here.emulator.records)
        assert here.emulator.records()[0].disconnected


async def test_an_edit_has_one_deadline(tmp_path: Path) -> None:
    async with world(tmp_path, CASES, settings={"deadline_s": 0.3}, speed=100.0) as here:
        result = await here.service.edit(an_edit(prediction=PredictionMode.OFF))
    assert (result.status, result.error) == (Status.FAILED, "ProviderTimeout")
    assert "longer than 0.3 s" in result.message
    assert len(here.log.records) == 1


async def test_what_cannot_fit_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    async with world(tmp_path, CASES, model=Model(max_output_tokens=100)) as here:
        result = await here.service.edit(an_edit())
        assert here.emulator.records() == []
    assert (result.status, result.error) == (Status.REFUSED, "DocumentRefused")
    assert "output limit is 100 tokens" in result.message


async def test_a_log_that_fails_warns_and_the_edit_stands(tmp_path: Path) -> None:
    async with world(tmp_path, CASES) as here:
        here.log.broken = True
        result = await here.service.edit(an_edit())
    assert result.status is Status.CHANGED
    assert result.warnings == ("The edit was not logged. The disk is full.",)


async def test_edits_run_side_by_side(tmp_path: Path) -> None:
    async with world(tmp_path, CASES, speed=2000.0) as here:
        results = await asyncio.gather(
            *(here.service.edit(an_edit(prediction=PredictionMode.OFF)) for _ in range(5))
        )
    assert {result.status for result in results} == {Status.CHANGED}
    assert len({result.id for result in results}) == 5


async def test_a_failed_edit_that_used_tokens_says_so(tmp_path: Path) -> None:
    async with world(tmp_path, CASES, faults=(parse_fault("length"),)) as here:
        result = await here.service.edit(an_edit())
    assert (result.status, result.error, result.finish_reason) == (
        Status.FAILED,
        "IncompleteReply:length",
        "length",
    )
    (record,) = here.log.records
    assert record.usage.completion_tokens
    assert record.finish_reason == "length"


def test_counts_that_one_request_did_not_report_are_not_known_of_both() -> None:
    assert Usage(1, None, 3) + Usage(10, 20, 30) == Usage(11, None, 33)
    both = Completion("stop", Usage(1), attempts=1, total_s=2.0).after(
        Completion("length", Usage(5), attempts=2, total_s=1.0)
    )
    assert (both.finish_reason, both.usage.prompt_tokens, both.attempts, both.total_s) == ("stop", 6, 3, 3.0)


async def test_an_edit_that_is_cancelled_while_it_is_recorded_was_cancelled(tmp_path: Path) -> None:
    class Slow(Memory):
        def __init__(self) -> None:
            super().__init__()
            self.begun, self.go_on = threading.Event(), threading.Event()

        def append(self, record: RequestRecord) -> None:
            self.begun.set()
            assert self.go_on.wait(HANGING_S)
            super().append(record)

    log = Slow()
    async with world(tmp_path, CASES, log=log) as here:
        task = asyncio.create_task(here.service.edit(an_edit()))
        await asyncio.to_thread(log.begun.wait, HANGING_S)
        task.cancel()
        log.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [(record.status, record.error) for record in log.records] == [("cancelled", "Cancelled")]


async def test_for_a_listener_that_looks_at_nothing_nothing_is_worked_out(tmp_path: Path) -> None:
    watcher = Watcher(follows=False)
    async with world(tmp_path, CASES, speed=4000.0) as here:
        result = await here.service.edit(an_edit(), watcher)
    assert result.status is Status.CHANGED
    assert not watcher.updates


# --- what nobody expected ----------------------------------------------------------------------------------------


class Broken:
    """A server, or what follows an edit, that fails in a way of its own."""

    name = "cerebras"
    refuses_predictions = False

    def ignores_predictions(self, _: str) -> bool:
        return False

    def context_tokens(self, _model: str) -> int | None:
        return None

    follows = True

    async def complete(self, request: CompletionRequest, receiver: Receiver) -> Completion:
        raise KeyError(request.messages[-1].content)

    def restarted(self) -> None:
        raise KeyError("a line of the file")

    def streamed(self, update: StreamUpdate) -> None:
        raise KeyError(update.new_lines)

    def released(self) -> None:
        pass

    def begun(self) -> None:
        pass

    def locating(self) -> None:
        pass

    def held(self, seconds: float | None) -> None:
        raise KeyError(seconds)


class Forgetful(Memory):
    """A log that cannot make anything of a record."""

    def append(self, record: RequestRecord) -> None:
        raise ValueError(record.id)


def serving(provider: Completer, log: Memory) -> EditService:
    return EditService(
        provider=provider,
        settings=Settings(),
        models={},
        recorder=log,
        shown_once=Told(),
        clock=lambda: 0.0,
        now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        new_id=lambda: "edit-1",
    )


async def test_what_nobody_expected_is_one_sentence_and_one_record() -> None:
    log = Memory()
    asked = EditRequest(Snapshot("x = 1\n"), "Do it.", "a.py", Source.CLI)
    result = await serving(Broken(), log).edit(asked)
    assert (result.status, result.error, result.exit_code) == (
        Status.FAILED,
        "Defect:KeyError",
        ExitCode.REFUSED,
    )
    # Where it was, and nothing of what it said: that may be code.
    assert result.message.startswith("editsvc has a bug: KeyError in editsvc.")
    assert "x = 1" not in result.message
    (record,) = log.records
    assert (record.status, record.error) == (Status.FAILED, "Defect:KeyError")


async def test_a_listener_that_fails_ends_its_own_edit(tmp_path: Path) -> None:
    case = {"instruction": "Do it.", "before": "x = 1\n", "after": "x = 2\n"}
    async with world(tmp_path, [case]) as here:
        asked = EditRequest(Snapshot("x = 1\n"), "Do it.", "a.py", Source.CLI)
        result = await here.service.edit(asked, Broken())
        assert (result.status, result.error) == (Status.FAILED, "Defect:KeyError")
        again = await here.service.edit(asked)
        assert again.status is Status.CHANGED
        assert [record.status for record in here.log.records] == [Status.FAILED, Status.CHANGED]


async def test_an_edit_is_not_lost_with_its_record(tmp_path: Path) -> None:
    case = {"instruction": "Do it.", "before": "x = 1\n", "after": "x = 2\n"}
    async with world(tmp_path, [case], log=Forgetful()) as here:
        result = await here.service.edit(EditRequest(Snapshot("x = 1\n"), "Do it.", "a.py", Source.CLI))
    assert result.status is Status.CHANGED
    assert result.warnings[-1].startswith("The edit was not logged. editsvc has a bug: ValueError in ")


@pytest.mark.parametrize(
    ("text", "instruction", "error", "message"),
    [
        (
            "x = 1\n",
            "Do \udcff it.",
            "UsageError",
            "The instruction is not valid Unicode: character 4 is the byte 0xff.",
        ),
        (
            "x = 1\n",
            "\ud83d it",
            "UsageError",
            "The instruction is not valid Unicode: character 1 is U+D83D, an unpaired",
        ),
        (
            "x\n\ud800\n",
            "Do it.",
            "DocumentRefused",
            "The document is not valid Unicode: line 2 contains U+D800, an unpaired",
        ),
    ],
)
async def test_what_is_not_unicode_is_said_before_anything_is_sent(
    tmp_path: Path, text: str, instruction: str, error: str, message: str
) -> None:
    async with world(tmp_path, [{"instruction": "x", "before": "x\n", "after": "y\n"}]) as here:
        result = await here.service.edit(EditRequest(Snapshot(text), instruction, "a.py", Source.LSP))
        assert (result.error, here.emulator.records()) == (error, [])
        assert result.message.startswith(message)
        (record,) = here.log.records
        assert record.error == error
