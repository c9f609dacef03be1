"""A diff of a file with Windows line ends, in work trees as git for Windows makes them."""

import subprocess
from pathlib import Path

import pytest
from shell import Shell

OLD = b"import os\r\n\r\n\r\ndef fetch():\r\n    return os.sep\r\n"
NEW = OLD.replace(b"fetch", b"download")


def git(folder: Path, *words: str, data: bytes = b"") -> bytes:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, input=data, capture_output=True, check=True
    ).stdout


@pytest.fixture(params=["true", "false", "input"])
def tree(offline_shell: Shell, request: pytest.FixtureRequest) -> Path:
    """A work tree with a file of Windows line ends that was committed under a setting of core.autocrlf."""
    folder = offline_shell.folder
    git(folder, "init", "-q")
    git(folder, "config", "core.autocrlf", request.param)
    git(folder, "config", "core.safecrlf", "false")
    (folder / "client.py").write_bytes(OLD)
    git(folder, "add", "client.py")
    git(folder, "commit", "-qm", "one")
    return folder


def test_git_takes_the_diff_to_the_byte(offline_shell: Shell, tree: Path) -> None:
    ran = offline_shell.run("rewrite", "--offline", "-i", "rename fetch to download", "client.py")
    assert ran.code == 0
    git(tree, "apply", data=ran.out)
    assert (tree / "client.py").read_bytes() == NEW


def test_what_is_applied_is_one_line_for_git(offline_shell: Shell, tree: Path) -> None:
    assert (
        offline_shell.run(
            "rewrite", "--offline", "-i", "rename fetch to download", "--apply", "client.py"
        ).code
        == 0
    )
    assert (tree / "client.py").read_bytes() == NEW
    assert git(tree, "diff", "--numstat").split()[:2] == [b"1", b"1"]
