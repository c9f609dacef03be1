"""Files that may not be edited are not, and nothing of them leaves: by the command line and by the language server."""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsp_client import VSCODE
from lsp_session import RENAME, RENAMED, STEPS, opened_session
from shell import EDITED, EXAMPLE, INSTRUCTION, Shell
from wire import tapped

from editsvc.files import disk

OUTSIDE = "outside.py"


def to_a_file(work: Path) -> str:
    (work / "link.py").symlink_to(work.parent / OUTSIDE)
    return "link.py"


def to_a_folder(work: Path) -> str:
    (work / "sub").symlink_to(work.parent)
    return f"sub/{OUTSIDE}"


def upwards(_work: Path) -> str:
    return f"../{OUTSIDE}"


def to_keys(work: Path) -> str:
    (work / ".env").write_text(EXAMPLE)
    (work / "notes.py").symlink_to(".env")
    return "notes.py"


def keys(work: Path) -> str:
    (work / ".env").write_text(EXAMPLE)
    return ".env"


def a_private_key(work: Path) -> str:
    (work / "id_ed25519").write_text(EXAMPLE)
    return "id_ed25519"


def git(work: Path) -> str:
    (work / ".git").mkdir()
    (work / ".git" / "config").write_text(EXAMPLE)
    return ".git/config"


def git_in_capitals(work: Path) -> str:
    (work / ".GIT").mkdir()
    (work / ".GIT" / "config").write_text(EXAMPLE)
    return ".GIT/config"


PATHS = [to_a_file, to_a_folder, upwards, to_keys, keys, a_private_key, git, git_in_capitals]
MakePath = Callable[[Path], str]


@pytest.fixture
def outside(shell: Shell) -> Path:
    path = shell.folder.parent / OUTSIDE
    path.write_text(EXAMPLE)
    return path


@pytest.mark.parametrize("make", PATHS)
def test_the_command_refuses_and_nothing_is_sent_and_one_record_says_so(
    shell: Shell, outside: Path, emulator: str, make: MakePath
) -> None:
    path = make(shell.folder)
    with tapped(emulator) as server:
        shell.environ.setenv("CEREBRAS_BASE_URL", server.url)
        ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", "--json", path)
        assert server.connections == 0
    assert (ran.code, ran.edit["status"], ran.edit["error"], ran.edit["diff"]) == (
        1,
        "refused",
        "PathRefused",
        "",
    )
    assert ran.edit["message"].endswith(f"To edit it anyway, pass --allow-path {path}.")
    assert ran.err.startswith(f"editsvc: {path} ") and ran.err.count("\n") == 1
    assert (outside.read_text(), (shell.folder / path).read_text()) == (EXAMPLE, EXAMPLE)
    (record,) = shell.records()
    assert (record["status"], record["error"], record["usage"]["prompt_tokens"]) == (
        "refused",
        "PathRefused",
        None,
    )
    assert path not in str(record)


@pytest.mark.parametrize("make", PATHS)
def test_the_command_edits_what_is_named_expressly(shell: Shell, outside: Path, make: MakePath) -> None:
    path = make(shell.folder)
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", "--allow-path", path, path)
    assert (ran.code, (shell.folder / path).read_text()) == (0, EDITED), ran.err
    assert shell.run("undo").code == 0
    assert (shell.folder / path).read_text() == EXAMPLE


def test_what_is_named_expressly_needs_not_be_named_twice_and_allows_nothing_else(shell: Shell) -> None:
    for name in (".env", ".env.local"):
        shell.file(name)
    assert shell.run("rewrite", "-i", INSTRUCTION, "--apply", "--allow-path", ".env").code == 0
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", "--allow-path", ".env", ".env.local")
    assert (ran.code, (shell.folder / ".env.local").read_text()) == (1, EXAMPLE)


def test_the_others_are_edited_all_the_same(shell: Shell, outside: Path) -> None:
    good = shell.file("good.py")
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", "--json", upwards(shell.folder), "good.py")
    assert (ran.code, [edit["status"] for edit in ran.json["edits"]]) == (1, ["refused", "changed"])
    assert (good.read_text(), outside.read_text()) == (EDITED, EXAMPLE)


def test_an_absolute_path_is_edited_from_any_folder(shell: Shell, outside: Path) -> None:
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", str(outside))
    assert (ran.code, outside.read_text()) == (0, EDITED)


def test_a_workspace_that_is_itself_reached_through_a_link_is_no_problem(shell: Shell) -> None:
    path = shell.file()
    link = shell.folder.parent / "link"
    link.symlink_to(shell.folder)
    shell.environ.chdir(link)
    for name in ("steps.py", str(link / "steps.py")):
        path.write_text(EXAMPLE)
        assert shell.run("rewrite", "-i", INSTRUCTION, "--apply", name).code == 0
        assert path.read_text() == EDITED


# The language server


SERVER_PATHS = [to_a_file, to_a_folder, to_keys, keys, a_private_key, git, git_in_capitals]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / OUTSIDE).write_text(STEPS)
    return folder


@pytest.mark.parametrize("make", SERVER_PATHS)
async def test_the_server_refuses_and_nothing_is_sent_and_one_record_says_so(
    tmp_path: Path, work: Path, make: MakePath
) -> None:
    uri = (work / make(work)).as_uri()
    with tapped() as nobody:
        environ = {"CEREBRAS_BASE_URL": nobody.url}
        async with opened_session(
            tmp_path, VSCODE, opened={uri: STEPS}, root=work.as_uri(), environ=environ
        ) as session:
            answer = await session.edit(uri=uri, mode="apply")
            assert (answer["status"], answer["diff"], answer["hunks"]) == ("refused", "", [])
            assert answer["anyway"] == {"allowPath": True}
            assert session.client.text(uri) == STEPS
            (record,) = session.records()
            assert (record["status"], record["error"], record["source"]) == ("refused", "PathRefused", "lsp")
        assert nobody.connections == 0


@pytest.mark.parametrize("make", SERVER_PATHS)
async def test_the_server_edits_what_is_allowed_expressly(tmp_path: Path, work: Path, make: MakePath) -> None:
    uri = (work / make(work)).as_uri()
    async with opened_session(tmp_path, VSCODE, opened={uri: STEPS}, root=work.as_uri()) as session:
        answer = await session.edit(uri=uri, mode="apply", allowPath=True)
        assert (answer["status"], session.client.text(uri)) == ("changed", RENAMED)


@pytest.mark.parametrize("uri", ["untitled:.env", "vscode-notebook-cell:/project/.git/a.ipynb#W0", "outside"])
async def test_what_is_no_file_of_the_folder_is_edited(tmp_path: Path, work: Path, uri: str) -> None:
    uri = (tmp_path / OUTSIDE).as_uri() if uri == "outside" else uri
    async with opened_session(tmp_path, VSCODE, opened={uri: STEPS}, root=work.as_uri()) as session:
        answer = await session.edit(uri=uri, mode="apply")
        assert (answer["status"], session.client.text(uri)) == ("changed", RENAMED)


async def test_a_path_that_can_be_none_is_refused(tmp_path: Path, work: Path) -> None:
    uri = f"{work.as_uri()}/.git%00/x.py"
    async with opened_session(tmp_path, VSCODE, opened={uri: STEPS}, root=work.as_uri()) as session:
        answer = await session.edit(uri=uri, mode="apply")
        assert (answer["status"], answer["message"]) == ("refused", "A path cannot hold a NUL character.")


async def test_code_actions_obey_the_same_rule(tmp_path: Path, work: Path) -> None:
    text = f"# edit: {RENAME}\n{STEPS}"
    uri = (work / ".env.py").as_uri()
    async with opened_session(tmp_path, VSCODE, opened={uri: text}, root=work.as_uri()) as session:
        place = {"start": {"line": 0, "character": 3}, "end": {"line": 0, "character": 3}}
        asked = {"textDocument": {"uri": uri}, "range": place, "context": {"diagnostics": []}}
        found: list[dict[str, Any]] = await session.client.request("textDocument/codeAction", asked)
        assert len(found) > 1
        for action in found:
            (argument,) = action["command"]["arguments"]
            told = len(session.told())
            await session.client.command("editsvc.edit", argument)
            await session.settled()
            assert ".env.py" in session.told()[told], action["title"]
            assert session.client.text(uri) == text, action["title"]


# What is sent


MARKER = "marker-of-another-file"


def context(folder: Path) -> None:
    """Files beside the one that is edited, each with a marker."""
    for name in (".env", "secrets.py", "README.md", ".editsvc.toml"):
        (folder / name).write_text(f"# {MARKER}\n")


def test_the_command_sends_the_file_and_nothing_of_what_is_around_it(shell: Shell, emulator: str) -> None:
    shell.file()
    context(shell.folder)
    with tapped(emulator) as server:
        shell.environ.setenv("CEREBRAS_BASE_URL", server.url)
        assert shell.run("rewrite", "-i", INSTRUCTION, "--apply", "steps.py").code == 0
        heard = server.heard
    assert b"def step_7" in heard and b"steps.py" in heard
    for private in (MARKER, str(shell.folder), shell.folder.name + "/", str(Path.home()) + "/"):
        assert private.encode() not in heard


async def test_the_server_sends_the_document_and_nothing_of_what_is_around_it(
    tmp_path: Path, work: Path
) -> None:
    context(work)
    uri, other = (work / "steps.py").as_uri(), (work / "other.py").as_uri()
    opened = {uri: STEPS, other: f"# {MARKER}\n"}
    async with opened_session(tmp_path, VSCODE, opened=opened, root=work.as_uri()) as first:
        with tapped(first.emulator.base_url) as server:
            environ = {"CEREBRAS_BASE_URL": server.url}
            async with opened_session(
                tmp_path, VSCODE, opened=opened, root=work.as_uri(), environ=environ
            ) as session:
                assert (await session.edit(uri=uri, mode="apply"))["status"] == "changed"
            heard = server.heard
    assert b"def step_3" in heard
    assert MARKER.encode() not in heard and str(work).encode() not in heard


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
@pytest.mark.parametrize("names", [1, 2], ids=["replaced", "written in place"])
def test_a_changed_file_runs_as_nobody_else(tmp_path: Path, names: int) -> None:
    path = tmp_path / "tool.py"
    path.write_bytes(b"x = 1\n")
    for number in range(1, names):
        os.link(path, tmp_path / f"name{number}")
    path.chmod(0o6755)
    disk.write(disk.read(path), b"x = 2\n")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"x = 2\n", 0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="no folder is renamed there while a file in it is open")
def test_a_folder_that_becomes_a_link_at_the_last_moment_leads_nowhere(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "a.py").write_bytes(b"x = 1\n")
    source = disk.read(inside / "a.py")
    with (
        disk._held_folder(inside) as held,
        disk._beside(source.path) as new,
        disk._open_unchanged(source, os.O_RDONLY) as opened,
    ):
        os.write(new.descriptor, b"x = 2\n")
        inside.rename(tmp_path / "moved")
        inside.symlink_to(outside, target_is_directory=True)
        assert held is not None
        disk._replace_in(held, new, source.path, opened)
    assert (outside / "a.py").read_bytes() == b"x = 1\n"
    assert (tmp_path / "moved" / "a.py").read_bytes() == b"x = 2\n"
