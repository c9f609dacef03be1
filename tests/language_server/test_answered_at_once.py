"""Commands of code actions are answered before they begin: some editors let nobody type until the answer comes."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from code_actions import begin, choose, offered
from held_server import held_server
from lsp_client import EMACS, PROFILES, VSCODE, Profile
from lsp_session import RENAME, RENAMED, STEPS, URI, Session
from patience import until

Start = Callable[..., Any]
PRESET = {"id": "r", "title": "Rename", "instruction": RENAME}
OTHER = {"id": "s", "title": "Shout", "instruction": "Shout."}
OPTIONS = {"settings": {"presets": [PRESET, OTHER], "builtin_presets": False}}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
async def test_the_answer_is_there_before_the_edit_and_says_so(start: Start, profile: Profile) -> None:
    with held_server("", RENAMED) as server:
        session = await start(profile, options=OPTIONS, environ={"CEREBRAS_BASE_URL": server.url})
        answer = await begin(session, "Rename")
        assert (answer["status"], answer["message"], answer["hunks"]) == ("running", "", [])
        session.client.type(URI, 0, 0, "# typed meanwhile\n")
        server.go_on.set()
        await session.settled()
    session.client.report(URI)

    assert session.client.text(URI) == f"# typed meanwhile\n{RENAMED}"
    assert session.same_text()


async def test_the_answer_comes_before_anything_that_the_editor_is_asked(start: Start) -> None:
    """A question of the editor's own, such as Emacs' whether to make the edit, must not be ended by our answer."""
    session = await start(EMACS, options=OPTIONS)
    order: list[str] = []

    def receive(message: dict[str, Any]) -> None:
        order.append(message.get("method", "answer"))
        session.client.receive(message)

    await choose(session, "Rename")
    session.channel.deliver = receive
    await begin(session, "Reject all changes")
    await session.settled()

    sent = order.index("workspace/applyEdit")
    assert order[:sent].count("answer") == 2, "to the request for actions, and to the command"


async def test_the_same_action_twice_edits_once(start: Start) -> None:
    with held_server("", RENAMED) as server:
        session = await start(options=OPTIONS, environ={"CEREBRAS_BASE_URL": server.url})
        first = await begin(session, "Rename")
        again = await begin(session, "Rename")
        assert (again["editId"], again["status"]) == (first["editId"], "running")
        assert session.told() == ["This edit is running already."]
        server.go_on.set()
        await session.settled()

    assert session.client.text(URI) == RENAMED
    assert len(session.records()) == 1


async def test_another_action_on_the_document_waits_for_its_turn(start: Start) -> None:
    with held_server("", RENAMED) as server:
        session = await start(options=OPTIONS, environ={"CEREBRAS_BASE_URL": server.url})
        first = await begin(session, "Rename")
        second = await begin(session, "Shout")
        assert first["editId"] != second["editId"]
        running = [one["title"] for one in await offered(session) if one["title"].startswith("Cancel")]
        assert len(running) == 2
        server.go_on.set()
        await session.settled()

    assert len(session.records()) == 2
    assert session.client.text(URI).count("third(") == 1


async def test_one_that_is_cancelled_is_told_and_leaves_the_text(start: Start) -> None:
    session = await start(options=OPTIONS, speed=2.0)
    await begin(session, "Rename")
    await choose(session, "Cancel the running edit")

    assert session.told() == ["The edit was cancelled."]
    assert session.client.text(URI) == STEPS


async def test_a_shutdown_ends_what_goes_on_behind_an_answer(start: Start) -> None:
    session = await start(options=OPTIONS, speed=2.0)
    await begin(session, "Rename")
    await asyncio.wait_for(session.client.shutdown(), 60)

    assert [record["status"] for record in session.records()] == ["cancelled"]
    assert session.client.text(URI) == STEPS


async def test_a_cancelled_request_that_is_answered_already_goes_on(start: Start) -> None:
    session = await start(options=OPTIONS)
    await begin(session, "Rename")
    for number in session.client.answers:
        session.client.notify("$/cancelRequest", {"id": number})
    await session.settled()

    assert session.client.text(URI) == RENAMED


async def test_progress_does_not_use_the_token_of_a_request_that_was_answered(start: Start) -> None:
    with held_server("", RENAMED) as server:
        session = await start(options=OPTIONS, environ={"CEREBRAS_BASE_URL": server.url})
        (action,) = [one for one in await offered(session) if one["title"] == "Rename"]
        command = {**action["command"], "workDoneToken": "of-the-request"}
        await session.client.request("workspace/executeCommand", command)
        # An edit that is over before its progress has begun shows none.
        while not session.client.said("$/progress"):
            await asyncio.sleep(0.005)
        server.go_on.set()
        await session.settled()
    tokens = {one["token"] for one in session.client.said("$/progress")}

    assert tokens == {"editsvc-1"}, "short, because Helix shows it"


async def test_that_there_is_nothing_to_change_is_told(start: Start) -> None:
    text = "import a\nimport b\n"
    preset = {"id": "s", "title": "Sort", "instruction": "sort the imports"}
    options = {"settings": {"presets": [preset]}}
    session = await start(options=options, offline=True, script=None, opened={URI: text})
    await choose(session, "Sort")

    assert session.told() == ["There is nothing to change."]


@pytest.mark.parametrize("progress", [True, False], ids=["with progress", "without"])
async def test_a_client_without_progress_is_told_of_what_it_cannot_see(
    start: Start, *, progress: bool
) -> None:
    capabilities = {"window": {"workDoneProgress": progress}}
    session = await start(VSCODE, options=OPTIONS, capabilities=capabilities)
    await choose(session, "Rename")

    ready = "2 changes are in the document, to be accepted or rejected: see the code actions."
    assert session.told() == ([] if progress else [ready])


async def test_a_defect_of_the_server_is_told_too(start: Start) -> None:
    session = await start(options=OPTIONS)
    session.server.edits.root = 3  # what no path can be joined with
    await choose(session, "Rename")

    (message,) = session.told()
    assert message.startswith("Internal error of editsvc: ")
    await until(lambda: not session.server.edits.running_in(URI))


UNREAD = [
    pytest.param("editsvc.edit", "needs an instruction", id="an edit"),
    pytest.param("editsvc.acceptHunk", "needs a change", id="a hunk"),
    pytest.param("editsvc.acceptEdit", "No change is open", id="nothing to accept"),
    pytest.param("editsvc.rejectEdit", "No change is open", id="nothing to reject"),
    pytest.param("editsvc.showDiff", "There is no edit to show", id="nothing to show"),
    pytest.param("editsvc.cancel", "No edit is running", id="nothing to cancel"),
    pytest.param("editsvc.report", "0 edits in the log", id="the report"),
]


@pytest.mark.parametrize(("command", "words"), UNREAD)
async def test_a_command_from_a_picker_without_arguments_is_answered_where_it_is_read(
    start: Start, command: str, words: str
) -> None:
    """Helix' picker passes no arguments, and shows neither results nor errors."""
    session = await start()
    await asyncio.wait({session.client.command(command)})

    (message,) = session.told()
    assert words in message
    assert len(message.splitlines()) == 1


async def test_what_a_status_line_may_cut_off_is_whole_in_the_log(start: Start) -> None:
    session: Session = await start()
    await asyncio.wait({session.client.command("editsvc.edit")})

    (message,) = session.told()
    assert [said["message"] for said in session.client.said("window/logMessage")] == [message]
