"""The figures of an edit: one for one thing, in the answer, the progress, the log and the report."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import virtual_time
from lsp_client import PROFILES, Profile
from lsp_session import STEPS, URI, Session
from tuning_logs import logged

from editsvc import figures
from editsvc.engine.edit import StreamUpdate
from editsvc.text.streaming_diff import Block
from editsvc.tokenlog import LOG_FILE, TokenLog
from lsp.editing.progress import StreamReporter

Start = Callable[..., Any]
# The removal of the comment is a hunk of its own, far from the other one, or one with it.
COMMENTS = {
    "far": "# edit: rename step_9 to ninth\n" + STEPS,
    "near": STEPS.replace("def step_9", "# edit: rename step_9 to ninth\ndef step_9"),
}


async def applied(session: Session, text: str) -> dict[str, Any]:
    """What the instruction in the comment made of the buffer."""
    at = text.index("# edit") + 5
    offered = await session.client.request(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": URI},
            "range": session.client.range(text, at, at),
            "context": {"diagnostics": []},
        },
    )
    (action,) = [one for one in offered if one["title"].startswith("Apply this instruction")]
    (argument,) = action["command"]["arguments"]
    answer: dict[str, Any] = await session.client.command(action["command"]["command"], argument)
    await session.settled()
    session.client.report(URI)
    return answer


@pytest.mark.parametrize("place", COMMENTS)
@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
async def test_the_comments_removal_counts_as_the_hunk_that_it_is(
    start: Start, profile: Profile, place: str
) -> None:
    text = COMMENTS[place]
    session = await start(profile, offline=True, script=None, opened={URI: text})
    answer = await applied(session, text)
    decided = await session.client.command("editsvc.acceptEdit", {"editId": answer["editId"]})
    assert {hunk["state"] for hunk in decided["hunks"]} == {"accepted"}
    shown = await session.client.command("editsvc.report", {"format": "json"})
    assert shown["missing"] == []
    await session.client.request("shutdown")
    (record,) = session.records()
    assert (record["hunks"], record["hunks_accepted"]) == (len(decided["hunks"]), len(decided["hunks"]))


async def test_hunks_that_nobody_decided_on_are_counted_too(start: Start) -> None:
    text = COMMENTS["far"]
    session = await start(offline=True, script=None, opened={URI: text})
    await applied(session, text)
    await session.client.request("shutdown")
    (record,) = session.records()
    assert record["hunks_survived"] == record["hunks"] > 1
    assert record["hunks_accepted"] == 0


async def test_a_policy_that_is_old_is_told_of_with_the_next_edit(start: Start, tmp_path: Path) -> None:
    """Nobody waits for that: it is found out behind an edit."""
    (tmp_path / "data").mkdir()
    with TokenLog(tmp_path / "data" / LOG_FILE) as log:
        for record in logged(60, accepted=0.02, start=datetime.now(UTC) - timedelta(days=6)):
            log.append(record)
    session = await start()
    first = await session.edit(mode="preview")
    while not session.server.service_handle.reminder():
        await asyncio.sleep(0.01)
    second = await session.edit(mode="preview")

    assert first["shown"]["policy"] is None
    assert second["shown"]["policy"] == (
        "editsvc tune would decide otherwise by now: cerebras gpt-oss-120b: do not predict (before: built-in rule)."
    )


async def test_the_answer_words_the_figures_for_every_client(start: Start) -> None:
    session = await start()
    answer = await session.edit(prediction="on")
    usage, shown = answer["usage"], answer["shown"]
    accepted, rejected = usage["accepted_prediction_tokens"], usage["rejected_prediction_tokens"]
    assert shown == {
        "tokens": f"{usage['completion_tokens']} tokens",
        "acceptance": figures.percent(accepted / (accepted + rejected)),
        "total": f"{answer['timing']['total_s']:.1f} s",
        "cost": None if answer["cost_usd"] is None else figures.dollars(answer["cost_usd"]),
        "policy": None,
    }
    ends = [said["value"] for said in session.client.said("$/progress") if said["value"]["kind"] == "end"]
    assert [end["message"] for end in ends] == [
        f"2 hunks · {shown['acceptance']} of the prediction accepted · {shown['total']}"
    ]


class Heard:
    """A client that keeps what it is told."""

    backlog = 0

    def __init__(self) -> None:
        self.said: asyncio.Queue[str] = asyncio.Queue()

    def report(self, message: str, percentage: int) -> None:
        assert 0 <= percentage <= 99
        self.said.put_nowait(message)

    def stream(self, *_: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("kept", "words"), [(0, "0 %"), (1, "<1 %"), (87, "41 %"), (210, ">99 %"), (211, "100 %")]
)
async def test_lines_that_stay_are_not_called_predicted(kept: int, words: str) -> None:
    """What was accepted of a prediction is known at the end, and is counted in tokens."""
    heard, lines = Heard(), 211
    reporter = StreamReporter(heard, asyncio.get_running_loop(), stream=False)
    blocks = [Block(0, kept, 0, kept, equal=True), Block(kept, lines, kept, lines, equal=False)]
    update = StreamUpdate([each for each in blocks if each.new_end > each.new_start], lines, 300, [], [])
    reporter.streamed(update)
    message = await asyncio.wait_for(heard.said.get(), 60)
    reporter.finish()
    assert (
        message == f"211/300 lines · {figures.count(int(kept < lines), 'hunk')} · {words} of the lines kept"
    )


def test_a_client_is_told_how_long_a_slow_server_has_been_reading_and_writing() -> None:
    async def edit() -> list[str]:
        heard = Heard()
        reporter = StreamReporter(heard, asyncio.get_running_loop(), stream=False)
        await asyncio.sleep(4.5)
        reporter.streamed(StreamUpdate([Block(0, 1, 0, 1, equal=True)], 1, 9, [], []))
        await asyncio.sleep(5)
        reporter.restarted()
        await asyncio.sleep(2.5)
        reporter.begun()
        await asyncio.sleep(3.5)
        reporter.finish()
        await asyncio.sleep(5)
        return [heard.said.get_nowait() for _ in range(heard.said.qsize())]

    said = virtual_time.run(edit())
    assert said[:3] == [f"reading the file ({seconds} s)" for seconds in (2, 3, 4)]
    assert "of the lines kept" in said[3]
    assert said[4:] == ["reading the file (2 s)", "writing (2 s)", "writing (3 s)"]


async def test_a_client_is_told_at_once_that_the_place_is_looked_for() -> None:
    heard = Heard()
    reporter = StreamReporter(heard, asyncio.get_running_loop(), stream=False)
    reporter.locating()
    reporter.finish()
    assert heard.said.get_nowait() == "finding the place"
