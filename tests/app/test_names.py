"""Repositories and users in the log: off by default, by keyed hashes, and never a reason to lose an edit."""

from __future__ import annotations

import asyncio
import getpass
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from lsp_session import STEPS

from editsvc.app.composition import open_log, open_service
from editsvc.app.names import Names
from editsvc.engine.edit import EditRequest, EditResult
from editsvc.errors import DocumentRefused, SettingsError
from editsvc.settings.environment import load
from editsvc.text.document import Snapshot
from editsvc.tokenlog import RequestRecord, Source
from editsvc.tokenlog.privacy import keyed_name, load_key

if TYPE_CHECKING:
    from pathlib import Path

KEY = "a key that a team shares"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for arguments in (["init", "-q"], ["remote", "add", "origin", "git@example.com:owner/name.git"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


def settings_of(folder: Path, text: str, **environ: str) -> Any:
    (folder / "config.toml").write_text(text)
    given = {
        "EDITSVC_CONFIG": str(folder / "config.toml"),
        "EDITSVC_DATA_DIR": str(folder / "data"),
        **environ,
    }
    return load(environ=given, folder=folder).settings


async def edited(
    folder: Path, text: str, path: Path, **environ: str
) -> tuple[EditResult, list[RequestRecord]]:
    """The result of an edit by the offline engine, and what is logged of it and of a file that was refused."""
    settings = settings_of(folder, text, **environ)
    async with open_service(settings, offline=True, environ=environ) as service:
        result = await service.edit(
            EditRequest(Snapshot(STEPS), "rename step_0 to first_step", path.name, Source.CLI, str(path))
        )
        await service.record_refusal(DocumentRefused("No text."), source=Source.CLI, path=str(path))
    with open_log(settings) as log:
        return result, await asyncio.to_thread(lambda: list(log.records()))


ON = "log_repository = true\nlog_user = true\n"


async def test_nothing_is_logged_and_no_key_is_made_unless_it_is_switched_on(
    tmp_path: Path, project: Path
) -> None:
    _, records = await edited(tmp_path, "", project / "a.py", EDITSVC_LOG_KEY=KEY)
    assert {(each.repository_hmac, each.user_hmac) for each in records} == {(None, None)}
    assert not (tmp_path / "data" / "log-key").exists()


async def test_records_have_hashes_and_the_log_no_names(tmp_path: Path, project: Path) -> None:
    _, records = await edited(tmp_path, ON, project / "a.py")
    key = load_key(tmp_path / "data")
    expected = (
        keyed_name("repository", "example.com/owner/name", key),
        keyed_name("user", getpass.getuser(), key),
    )
    assert [(each.repository_hmac, each.user_hmac) for each in records] == [expected, expected]
    logged = (tmp_path / "data" / "log.db").read_bytes()
    assert b"owner/name" not in logged
    assert b"example.com" not in logged


async def test_a_shared_key_makes_the_same_names_and_each_setting_its_own(
    tmp_path: Path, project: Path
) -> None:
    _, records = await edited(tmp_path, "log_repository = true\n", project / "a.py", EDITSVC_LOG_KEY=KEY)
    expected = keyed_name("repository", "example.com/owner/name", KEY.encode())
    assert {(each.repository_hmac, each.user_hmac) for each in records} == {(expected, None)}
    assert not (tmp_path / "data" / "log-key").exists()
    command = json.dumps([sys.executable, "-c", f"print({KEY!r})"])
    settings = settings_of(tmp_path, f"{ON}log_key_command = {command}\n")
    assert Names(settings, {})(str(project / "b.py")).repository == expected


async def test_a_file_outside_of_a_repository_is_in_none(tmp_path: Path) -> None:
    _, (record, _) = await edited(tmp_path, ON, tmp_path / "a.py")
    assert record.repository_hmac == "none"


async def test_a_key_that_cannot_be_had_is_a_warning_and_the_edit_is_logged(
    tmp_path: Path, project: Path
) -> None:
    result, records = await edited(tmp_path, ON, project / "a.py", EDITSVC_LOG_KEY="short")
    assert result.after is not None
    assert {(each.repository_hmac, each.user_hmac) for each in records} == {(None, None)}
    (said,) = [each for each in result.warnings if "Neither repository nor user was logged." in each]
    assert "has 5 bytes; expected at least 16" in said
    with pytest.raises(SettingsError, match="expected at least 16"):
        Names(settings_of(tmp_path, ON), {"EDITSVC_LOG_KEY": "short"}).of("/a.py")
