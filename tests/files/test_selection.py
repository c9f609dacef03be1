"""Which files are taken: what is named always, what is found unless nobody means it."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from editsvc.errors import UsageError
from editsvc.files.selection import (
    LARGEST,
    Selection,
    Skipped,
    Wanted,
    is_plain,
    is_revision,
    names_in,
    select,
)
from editsvc.files.workspace import PathRefused


def make(folder: Path, *names: str, content: bytes = b"a = 1\n") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def git(folder: Path, *args: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    ran = subprocess.run(
        ["git", *identity, *args], cwd=folder, check=True, capture_output=True, text=True, env=os.environ
    )
    return ran.stdout


def repository(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    return folder


def files(here: Path, *paths: str) -> list[str]:
    return [name.replace(os.sep, "/") for name in select(Wanted(paths), here).files]


def left_out(selection: Selection) -> Mapping[str, Sequence[str]]:
    return {
        why.name: [name.replace(os.sep, "/") for name in names] for why, names in selection.left_out.items()
    }


# --- folders ----------------------------------------------------------------------------------------------------------


def test_a_folder_stands_for_all_that_is_below_it_in_order(tmp_path: Path) -> None:
    make(tmp_path, "src/b.py", "src/a/z.py", "src/a/b/c.py", "src/c.txt", "other.py")
    assert files(tmp_path, "src") == ["src/b.py", "src/c.txt", "src/a/z.py", "src/a/b/c.py"]
    assert files(tmp_path / "src", ".") == ["b.py", "c.txt", "a/z.py", "a/b/c.py"]
    assert select(Wanted(("src", "other.py")), tmp_path).found == 4


def test_each_file_is_taken_once(tmp_path: Path) -> None:
    make(tmp_path, "src/a.py", "src/b.py")
    assert files(tmp_path, "src/b.py", "src", "./src/a.py", "src/*.py") == ["src/b.py", "src/a.py"]


def test_what_git_ignores_is_left_out_unless_it_is_tracked(tmp_path: Path) -> None:
    repository(tmp_path)
    make(tmp_path, "a.py", "made/kept.py", "made/new.py", "deep/gen/x.py", "deep/y.py", "x.log", "all/one.py")
    make(tmp_path, ".gitignore", content=b"made/\n*.log\nall/*\n!all/one.py\n")
    make(tmp_path / "deep", ".gitignore", content=b"gen\n")
    git(tmp_path, "add", "-f", "made/kept.py")
    selection = select(Wanted((".",)), tmp_path)
    assert selection.files == ("a.py", "all/one.py", "deep/y.py", "made/kept.py")
    assert left_out(selection)["IGNORED"] == ["x.log", "deep/gen/", "made/new.py"]
    assert files(tmp_path, "x.log") == ["x.log"]  # named


def test_the_rules_of_a_repository_count_below_its_top_too(tmp_path: Path) -> None:
    repository(tmp_path)
    make(tmp_path, "sub/a.py", "sub/gen/b.py")
    make(tmp_path, ".gitignore", content=b"/sub/gen/\n")
    assert files(tmp_path / "sub", ".") == ["a.py"]


def test_what_is_hidden_is_found_by_a_pattern_that_says_so(tmp_path: Path) -> None:
    make(tmp_path, ".github/ci.yml", ".editorconfig", "a.py")
    selection = select(Wanted((".",)), tmp_path)
    assert selection.files == ("a.py",)
    assert left_out(selection) == {"HIDDEN": [".editorconfig", ".github/"]}
    assert files(tmp_path, ".github/*.yml") == [".github/ci.yml"]
    assert files(tmp_path, ".github") == [".github/ci.yml"]
    assert files(tmp_path, "**/.editorconfig") == [".editorconfig"]


def test_other_repositories_are_left_out_within_one_and_followed_outside(tmp_path: Path) -> None:
    for name in ("one", "two"):
        repository(tmp_path / name)
        make(tmp_path / name, "a.py", "b.log")
        make(tmp_path / name, ".gitignore", content=b"*.log\n")
    repository(tmp_path / "one" / "inner")
    make(tmp_path / "one" / "inner", "c.py")
    selection = select(Wanted((".",)), tmp_path)
    assert selection.files == ("one/a.py", "two/a.py")
    assert left_out(selection)["NESTED"] == ["one/inner/"]
    assert files(tmp_path, "one/inner") == ["one/inner/c.py"]


def test_a_submodule_counts_as_another_repository(tmp_path: Path) -> None:
    library = repository(tmp_path / "library")
    make(library, "c.py")
    git(library, "add", ".")
    git(library, "commit", "-qm", "one")
    project = repository(tmp_path / "project")
    git(project, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library), "lib")
    make(project, "a.py")
    assert files(project, ".") == ["a.py"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_not_followed(tmp_path: Path) -> None:
    make(tmp_path, "src/a.py")
    (tmp_path / "src" / "b.py").symlink_to("a.py")
    (tmp_path / "src" / "again").symlink_to(tmp_path / "src")
    selection = select(Wanted(("src",)), tmp_path)
    assert selection.files == ("src/a.py",)
    assert sorted(left_out(selection)["LINK"]) == ["src/again", "src/b.py"]
    assert files(tmp_path, "src/b.py") == ["src/b.py"]


def test_what_tools_make_is_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.js", "node_modules/x/i.js", "vendor/v.js", "package-lock.json", "a.min.js")
    selection = select(Wanted((".",)), tmp_path)
    assert selection.files == ("a.js",)
    assert sorted(left_out(selection)["MADE"]) == [
        "a.min.js",
        "node_modules/",
        "package-lock.json",
        "vendor/",
    ]
    repository(tmp_path)
    # There its owner says what is not theirs; this is never anybody's.
    assert files(tmp_path, ".") == ["a.js", "vendor/v.js"]


def test_binary_and_very_long_files_and_keys_are_left_out_by_name(tmp_path: Path) -> None:
    make(tmp_path, "a.py")
    make(tmp_path, "b.bin", content=b"\x00\x01")
    make(tmp_path, "c.txt", content=b"x" * (LARGEST + 1))
    make(tmp_path, "server.pem", content=b"key\n")
    selection = select(Wanted((".",)), tmp_path)
    assert selection.files == ("a.py",)
    assert left_out(selection) == {"BINARY": ["b.bin"], "LARGE": ["c.txt"], "KEYS": ["server.pem"]}
    assert files(tmp_path, "b.bin", "c.txt", "server.pem") == ["b.bin", "c.txt", "server.pem"]


@pytest.mark.skipif(os.name == "nt", reason="there are none there")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    make(tmp_path, "a.py")
    selection = select(Wanted((".",)), tmp_path)
    assert (selection.files, left_out(selection)) == (("a.py",), {"NO_FILE": ["pipe"]})


def test_a_folder_that_nobody_may_read_is_empty(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "shut/b.py")
    (tmp_path / "shut").chmod(0)
    try:
        assert "a.py" in files(tmp_path, ".")
    finally:
        (tmp_path / "shut").chmod(0o700)


def test_a_folder_outside_the_workspace_is_refused_at_once(tmp_path: Path) -> None:
    make(tmp_path, "other/a.py", "here/b.py")
    with pytest.raises(PathRefused, match=r"\.\./other leads out of the workspace"):
        files(tmp_path / "here", "../other")
    with pytest.raises(PathRefused):
        files(tmp_path / "here", "../other/*.py")
    assert files(tmp_path / "here", str(tmp_path / "other")) == [str(tmp_path / "other" / "a.py")]
    repository(tmp_path)
    assert files(tmp_path / "here", "../other") == ["../other/a.py"]


# --- patterns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.py", ["a.py"]),
        ("src/*.py", ["src/b.py"]),
        ("src/**/*.py", ["src/b.py", "src/deep/c.py"]),
        ("**/*.py", ["a.py", "src/b.py", "src/deep/c.py"]),
        ("src/**", ["src/b.py", "src/d.txt", "src/deep/c.py"]),
        ("s*", ["src/b.py", "src/d.txt", "src/deep/c.py"]),
        ("src/[bd].*", ["src/b.py", "src/d.txt"]),
        ("src/?.txt", ["src/d.txt"]),
        ("./src/*.txt", ["src/d.txt"]),
        ("**/deep/**/c.py", ["src/deep/c.py"]),
    ],
)
def test_a_pattern_that_no_shell_expanded(tmp_path: Path, pattern: str, found: list[str]) -> None:
    make(tmp_path, "a.py", "src/b.py", "src/d.txt", "src/deep/c.py")
    assert files(tmp_path, pattern) == found


def test_a_pattern_that_matches_nothing_is_a_mistake(tmp_path: Path) -> None:
    make(tmp_path, "a.py")
    with pytest.raises(UsageError, match=r"No file matches \*\.rs"):
        files(tmp_path, "*.rs")


def test_a_file_may_be_called_like_a_pattern(tmp_path: Path) -> None:
    make(tmp_path, "[id].ts", "i.ts")
    assert files(tmp_path, "[id].ts") == ["[id].ts"]
    assert is_plain(str(tmp_path / "[id].ts"))
    assert not is_plain("*.ts")


def test_types_are_of_what_is_found(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "b.txt")
    make(tmp_path, "tool", content=b"#!/usr/bin/python3\n")

    def fits(name: str, head: bytes) -> bool:
        return name.endswith(".py") or b"python" in head

    assert select(Wanted((".",), fits=fits), tmp_path).files == ("a.py", "tool")
    assert select(Wanted(("b.txt",), fits=fits), tmp_path).files == ("b.txt",)


# --- what git says ----------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a branch that has changed `committed.py`, and much that is not committed."""
    folder = repository(tmp_path / "project")
    make(folder, "same.py", "committed.py", "dirty.py", "gone.py", "old_name.py", "src/deep.py", "theirs.py")
    make(folder, ".gitignore", content=b"*.log\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    git(folder, "checkout", "-qb", "work")
    make(folder, "committed.py", content=b"a = 2\n")
    git(folder, "commit", "-qam", "two")
    git(folder, "checkout", "-q", "main")
    make(folder, "theirs.py", content=b"a = 3\n")
    git(folder, "commit", "-qam", "three")
    git(folder, "checkout", "-q", "work")
    make(folder, "dirty.py", "src/deep.py", content=b"a = 4\n")
    make(folder, "new.py", "x.log", "src/new.py")
    make(folder, "staged.py", content=b"a = 5\n")
    git(folder, "add", "staged.py")
    git(folder, "mv", "old_name.py", "new_name.py")
    (folder / "gone.py").unlink()
    return folder


def test_changed_is_what_is_not_committed_and_what_is_new(project: Path) -> None:
    found = select(Wanted(changed="HEAD"), project)
    assert found.files == ("dirty.py", "new.py", "new_name.py", "src/deep.py", "src/new.py", "staged.py")
    assert found.found == 6


def test_changed_since_a_branch_is_what_this_branch_has_changed(project: Path) -> None:
    assert "committed.py" in select(Wanted(changed="main"), project).files
    assert "theirs.py" not in select(Wanted(changed="main"), project).files


def test_staged_is_what_the_index_has(project: Path) -> None:
    assert select(Wanted(staged=True), project).files == ("new_name.py", "staged.py")


def test_changed_files_may_be_looked_for_in_one_place(project: Path) -> None:
    assert select(Wanted(("src",), changed="HEAD"), project).files == ("src/deep.py", "src/new.py")
    assert select(Wanted(("src/n*.py", "new.py"), changed="HEAD"), project).files == ("new.py", "src/new.py")
    with pytest.raises(UsageError, match="There is no file or folder mian"):
        select(Wanted(("mian",), changed="HEAD"), project)


def test_changed_counts_for_the_whole_work_tree(project: Path) -> None:
    assert "../dirty.py" in select(Wanted(changed="HEAD"), project / "src").files


def test_before_the_first_commit_everything_has_changed(tmp_path: Path) -> None:
    repository(tmp_path)
    make(tmp_path, "a.py", "b.py")
    git(tmp_path, "add", "a.py")
    assert select(Wanted(changed="HEAD"), tmp_path).files == ("a.py", "b.py")
    assert select(Wanted(staged=True), tmp_path).files == ("a.py",)


def test_without_a_repository_or_a_commit_that_is_said(project: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="git knows what has changed in a repository, and "):
        select(Wanted(changed="HEAD"), tmp_path)
    with pytest.raises(UsageError, match="git knows no commit mian"):
        select(Wanted(changed="mian"), project)
    assert is_revision("main", project)
    assert not is_revision("mian", project)
    assert not is_revision("main", tmp_path)


# --- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"a.py\nb c.py\n\n", b"a.py\r\nb c.py", b"a.py\0b c.py\0"])
def test_a_list_has_a_name_a_line_or_nul_characters(data: bytes) -> None:
    assert names_in(data) == ("a.py", "b c.py")


def test_what_a_list_names_is_taken(tmp_path: Path) -> None:
    make(tmp_path, "a.bin", content=b"\0")
    make(tmp_path, "src/b.py")
    selection = select(Wanted(listed=("a.bin", "gone.py", "src")), tmp_path)
    assert (selection.files, selection.found) == (("a.bin", "gone.py", "src/b.py"), 1)
    assert Skipped.BINARY not in selection.left_out
