"""What the gate finds, from the reply to the result, the log and a second try without a model."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from emulated import Verbatim
from engine_world import Watcher, world
from patience import until

from editsvc.engine.edit import EditRequest, Restart
from editsvc.errors import Status
from editsvc.guard.findings import Action, Check
from editsvc.provider.models import Model
from editsvc.text.document import Snapshot
from editsvc.tokenlog import Source

BEFORE = "\r\n".join(f"def step_{number}(value):\r\n    return value\r\n" for number in range(12))
ELIDED = "def step_0(value):\n    return value + 1\n\n# ... the rest stays the same ...\n"
SCRIPT = [{"instruction": "Add one in step 0.", "before": BEFORE.replace("\r\n", "\n"), "after": ELIDED}]
REQUEST = EditRequest(Snapshot(BEFORE), "Add one in step 0.", "steps.py", Source.CLI)


async def test_a_finding_is_named_to_the_model_once_and_then_refused(tmp_path: Path) -> None:
    async with world(tmp_path, SCRIPT) as here:
        result = await here.service.edit(REQUEST)
    assert (result.status, result.after, result.restarts) == (Status.REFUSED, None, (Restart.FINDINGS,))
    assert len(result.attempts) == 2
    elisions = [found for found in result.findings if found.kind is Check.ELISION]
    assert [found.action for found in elisions] == [Action.ASKED_AGAIN, Action.REFUSED]
    assert "# ... the rest stays the same ..." in elisions[0].message
    (record,) = here.log.records
    assert record.findings is not None
    assert record.findings["elision:asked-again"] == record.findings["elision:refused"] == 1


async def test_what_was_refused_can_be_had_without_asking_and_paying_again(tmp_path: Path) -> None:
    async with world(tmp_path, SCRIPT) as here:
        refused = await here.service.edit(REQUEST)
        assert refused.refused is not None
        still = await here.service.retry(REQUEST, refused.refused)
        allowed = replace(REQUEST, allow=tuple(Check))
        result = await here.service.retry(allowed, refused.refused)
    assert (still.status, still.error) == (Status.REFUSED, refused.error)
    assert result.status is Status.CHANGED
    assert result.after == Snapshot(ELIDED.replace("\n", "\r\n"))
    assert (result.usage.completion_tokens, result.cost_usd, result.attempts) == (None, None, ())
    assert [record.status for record in here.log.records] == ["refused", "refused", "changed"]


LONG = "".join(f"def step_{number}(value, more):\n    return value + {number}\n\n\n" for number in range(200))
ASKED = EditRequest(Snapshot(LONG), "Add one in step 0.", "steps.py", Source.CLI)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ("````python\n" + "x = 1\n" * 20_000, "repeats itself without end .“x = 1”"),
        (
            "I would begin like this.\n" * 3 + "And so on, and so forth.\n" * 20_000,
            "neither a fence|repeats itself",
        ),
        (
            "".join(f"Thought number {number}.\n" for number in range(20_000)),
            "hold neither a fence nor a line",
        ),
        (
            "````python\nx = 1\n````\n" + "".join(f"Thought {number}.\n" for number in range(20_000)),
            "goes on after its closing fence",
        ),
    ],
    ids=["repeats", "repeats words", "only talks", "talks afterwards"],
)
async def test_a_reply_that_comes_to_nothing_is_ended_early(tmp_path: Path, reply: str, says: str) -> None:
    """Usage is not reported then, since the server never came to that; it does not count as zero."""
    # All of it would take ten seconds.
    async with world(tmp_path, [], responder=Verbatim(reply), speed=1_000) as here:
        result = await here.service.edit(ASKED)
        await until(here.emulator.records)
        (sent,) = here.emulator.records()
    ends = {(Status.FAILED, "EndlessReply"), (Status.REFUSED, "GuardRefused:frame")}
    assert (result.status, result.error) in ends
    assert re.search(says, result.message)
    assert result.usage.completion_tokens is None
    assert sent.disconnected


SIZE = EditRequest(Snapshot("WIDTH = 80\nHEIGHT = 24\n"), "Change WIDTH to 100.", "size.py", Source.CLI)


@pytest.mark.parametrize(
    ("reply", "error", "requests"),
    [
        ("The width of the file is fixed.\n\n" * 500, "EndlessReply", 1),
        ("````python\nWIDTH = 100\n" + "HEIGHT = 24\n" * 5_000, "EndlessReply", 1),
        ("````python\n" + "".join(f"WIDTH_{n} = {n}\n" for n in range(9_000)), "IncompleteReply:length", 2),
    ],
    ids=["repeats words", "repeats code", "counts up"],
)
async def test_a_reply_that_repeats_itself_up_to_its_limit_is_not_asked_for_again_with_more_room(
    tmp_path: Path, reply: str, error: str, requests: int
) -> None:
    watcher = Watcher()
    async with world(tmp_path, [], responder=Verbatim(reply), speed=100_000, model=Model()) as here:
        result = await here.service.edit(SIZE, watcher)
    assert (result.status, result.error, len(result.attempts)) == (Status.FAILED, error, requests)
    assert ("and more room would not help" in result.message) is (requests == 1)
    assert watcher.begins == requests
    assert result.usage.completion_tokens
    assert result.after is None
