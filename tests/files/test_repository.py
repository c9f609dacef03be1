"""One repository is one, however it was cloned, and its name holds no user and no password."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from editsvc.files.repository import repository_of

if TYPE_CHECKING:
    from pathlib import Path


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/owner/name",
        "https://example.com/owner/name.git",
        "https://example.com/owner/name/",
        "https://ann:secret@Example.com/owner/name.git",
        "git@example.com:owner/name.git",
        "example.com:owner/name",
        "ssh://git@example.com:2222/owner/name.git",
        "git://example.com/owner/name",
    ],
)
def test_every_way_to_clone_it_is_the_same_repository(clone: Path, address: str) -> None:
    git(clone, "remote", "add", "origin", address)
    (clone / "src").mkdir()
    assert repository_of(str(clone / "src" / "new.py")) == "example.com/owner/name"


def test_origin_counts_before_other_remotes_and_any_before_none(clone: Path) -> None:
    assert repository_of(str(clone / "a.py")) == os.path.realpath(clone)
    git(clone, "remote", "add", "mirror", "https://example.com/mirror")
    assert repository_of(str(clone / "a.py")) == "example.com/mirror"
    git(clone, "remote", "add", "origin", "https://example.com/origin")
    git(clone, "config", "branch.main.url", "https://example.com/not-a-remote")
    assert repository_of(str(clone / "a.py")) == "example.com/origin"


def test_a_work_tree_of_its_own_belongs_to_the_same_repository(clone: Path, tmp_path: Path) -> None:
    git(clone, "remote", "add", "origin", "https://example.com/owner/name")
    git(
        clone,
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.com",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "a",
    )
    git(clone, "worktree", "add", "-q", str(tmp_path / "other"))
    assert (tmp_path / "other" / ".git").is_file()
    assert repository_of(str(tmp_path / "other" / "a.py")) == "example.com/owner/name"


def test_a_repository_on_a_disk_is_known_by_its_path(clone: Path) -> None:
    git(clone, "remote", "add", "origin", "/srv/git/name.git")
    assert repository_of(str(clone / "a.py")) == "/srv/git/name"


@pytest.mark.parametrize("path", ["", "a.py", "untitled:Untitled-1"])
def test_what_has_no_folder_is_in_no_repository(path: str) -> None:
    assert repository_of(path) is None


def test_nor_is_a_file_beside_it(clone: Path) -> None:
    assert repository_of(str(clone.parent / "a.py")) is None


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among files")
def test_a_repository_that_is_none_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".git")
    assert repository_of(str(tmp_path / "a.py")) == os.path.realpath(tmp_path)
