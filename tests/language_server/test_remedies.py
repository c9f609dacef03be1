"""What can be done about an edit that was not made: as data, for errors of every kind."""

import importlib
import json
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsp_session import STEPS, URI, Session

import editsvc
from editsvc.errors import EditsvcError, Means, Remedy, in_a_row, listed
from editsvc.offline.errors import NotUnderstood
from lsp.contract import AnswerStatus, Anyway, RemedyKind
from lsp.remedies import BY_ERROR, message_of, offered

Start = Callable[..., Any]


def kinds_of(found: type[EditsvcError]) -> set[type[EditsvcError]]:
    return {found}.union(*map(kinds_of, found.__subclasses__()))


# A class is known when its module is loaded. Some need another system, and tests have errors of their own.
for module in pkgutil.walk_packages(editsvc.__path__, "editsvc."):
    if not re.search(r"\.(__main__|migrations|system)\b", module.name):
        importlib.import_module(module.name)
ERRORS = sorted(
    kind.__name__
    for kind in kinds_of(EditsvcError) - {EditsvcError}
    if kind.__module__.startswith(("editsvc.", "lsp."))
)


def kinds(answer: dict[str, Any]) -> list[str]:
    return [remedy["kind"] for remedy in answer["remedies"]]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("offline", [False, True])
def test_there_is_something_to_be_done_about_every_error(error: str, offline: bool) -> None:
    found = offered(AnswerStatus.FAILED, error, (), offline=offline)

    assert found
    assert all(remedy.title for remedy in found)


def test_the_table_has_each_error_and_no_other() -> None:
    assert set(BY_ERROR) == set(ERRORS)


@pytest.mark.parametrize("means", Means)
def test_what_an_error_says_itself_never_hides_what_is_for_all_of_its_kind(means: Means) -> None:
    usual = {remedy.kind for remedy in offered(AnswerStatus.FAILED, "ProviderRejected", ())}

    assert usual <= {
        remedy.kind for remedy in offered(AnswerStatus.FAILED, "ProviderRejected", (Remedy(means),))
    }


@pytest.mark.parametrize("error", BY_ERROR)
@pytest.mark.parametrize("means", [None, *Means])
def test_all_buttons_fit_beside_each_other(error: str, means: Means | None) -> None:
    remedies = () if means is None else (Remedy(means),)
    guarded = error == "GuardRefused"
    anyway = Anyway(allow=("elision",)) if guarded else None
    found = offered(AnswerStatus.REFUSED, error, remedies, anyway=anyway, reply=guarded)

    # In VS Code, whose messages are narrow, a button takes about as much as its letters and three more.
    assert sum(len(remedy.title) + 3 for remedy in found) <= 56


@pytest.mark.parametrize("status", [AnswerStatus.CHANGED, AnswerStatus.UNCHANGED, AnswerStatus.CANCELLED])
def test_where_nothing_went_wrong_there_is_nothing_to_be_done(status: AnswerStatus) -> None:
    assert offered(status, None, ()) == ()


def test_an_editor_that_did_not_take_an_edit_can_be_asked_again() -> None:
    assert [remedy.kind for remedy in offered(AnswerStatus.CONFLICT, None, ())] == [RemedyKind.RETRY]


async def test_a_key_that_is_not_accepted_can_be_set(start: Start) -> None:
    answer = await (await start(api_key="another")).edit()

    assert answer["error"] == "ProviderAuthError"
    assert kinds(answer) == ["set-key", "show-log"]


async def test_a_server_that_cannot_be_reached_can_be_tried_again(start: Start) -> None:
    session: Session = await start(environ={"CEREBRAS_BASE_URL": "http://127.0.0.1:9"})
    answer = await session.edit()

    assert answer["error"] == "ProviderUnreachable"
    assert kinds(answer) == ["retry", "show-log"]


async def test_a_reply_that_a_check_refused_can_be_seen_or_accepted(start: Start, tmp_path: Path) -> None:
    script = tmp_path / "elides.jsonl"
    elided = "def step_0(number):\n    return number\n\n\n# ... rest of the code unchanged ...\n"
    script.write_text(json.dumps({"instruction": "Shorten.", "before": STEPS, "after": elided}) + "\n")
    answer = await (await start(script=script)).edit("Shorten.", scope="file")

    assert answer["error"].startswith("GuardRefused:")
    assert kinds(answer) == ["retry", "anyway", "show-reply"]
    titles = {remedy["kind"]: remedy["title"] for remedy in answer["remedies"]}
    assert titles["anyway"] == "Accept anyway"
    assert titles["show-reply"] == "Show the reply"


async def test_what_the_offline_engine_cannot_do_needs_a_key(start: Start) -> None:
    session: Session = await start(environ={"CEREBRAS_API_KEY": ""})
    answer = await session.edit("make it faster")

    assert (answer["status"], answer["offline"]) == ("refused", True)
    assert answer["error"] == "NotUnderstood"
    assert answer["message"].startswith(
        "The offline engine does not understand “faster” in this instruction."
    )
    assert "It understands: “set timeout to 30”, “" in answer["message"]
    assert kinds(answer) == ["set-key", "offline-help"]


async def test_a_file_that_is_not_edited_unasked_can_be_edited_all_the_same(start: Start) -> None:
    uri = "file:///project/keys.pem"
    session: Session = await start(opened={URI: STEPS, uri: "text\n"})
    answer = await session.edit(uri=uri)

    assert answer["error"] == "PathRefused"
    assert kinds(answer) == ["anyway", "show-log"]
    assert answer["remedies"][0]["title"] == "Edit anyway"


async def test_settings_that_are_wrong_are_read_again(start: Start, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("max_retries = 'often'\n")
    session: Session = await start(options={"settings": {"mode": "apply"}})
    answer = await session.edit()

    assert answer["error"] == "SettingsError"
    assert kinds(answer) == ["restart", "show-log"]


def test_an_editor_without_lines_gets_a_list_in_a_row() -> None:
    refusal = NotUnderstood(
        "The instruction ends before it says what should change.",
        hint=listed("It understands", ["sort imports", "add docstrings"]),
        remedies=(Remedy(Means.ANY_KEY),),
    )
    assert message_of(refusal).startswith(
        "The instruction ends before it says what should change. It understands: “sort imports”, “add docstrings”. For "
    )


def test_a_text_without_a_list_stays_as_it_is() -> None:
    assert in_a_row("No list: none.") == "No list: none."
