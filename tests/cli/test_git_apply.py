"""``editsvc rewrite … | git apply``, with real git: from many places, under many names, for many kinds of files."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from shell import Shell

from editsvc.files.diff_names import OUTSIDE

CALL = ("rewrite", "--offline", "-i", "replace 'two' with 'TWO'")
IDENTITY = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "protocol.file.allow=always")

NAMES = (
    "plain.txt",
    "with blanks .txt",
    " begins with one.txt",
    'quo"te.txt',
    "apo'strophe.txt",
    "back\\slash.txt",
    "t\tab.txt",
    "new\nline.txt",
    "é新😀.txt",
    "\udcff\udcfe.txt",
    "-dash.txt",
    "--apply",
    "a",
    "b",
    "$(x)`y`.txt",
    "*?[x].txt",
    "\x01\x7f.txt",
    "# comment.txt",
    "dev null",
)
CONTENTS = {
    "lines": b"one\ntwo\nthree\n",
    "no newline at the end": b"one\ntwo",
    "no newline above": b"two\nthree",
    "CRLF": b"one\r\ntwo\r\nthree\r\n",
    "CRLF and no newline": b"one\r\ntwo",
    "mixed": b"one\r\ntwo\nthree\r\n",
    "BOM": b"\xef\xbb\xbftwo\nthree\n",
    "BOM and CRLF": b"\xef\xbb\xbfone\r\ntwo\r\n",
    "one line": b"two\n",
    "blank lines": b"\n\ntwo\n\n\n",
    "trailing blanks": b"one  \ntwo \t\n  \n",
    "form feed": b"one\n\x0c\ntwo\n",
    "like a diff": b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-two\n+x\n",
    "other scripts": "один\ntwo\n新\u2028\n".encode(),
}


def git(folder: Path, *words: str, data: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(
        ["git", *IDENTITY, *words], cwd=folder, input=data, env=environ, capture_output=True, check=False
    )


def repository(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    assert git(folder, "init", "-q").returncode == 0
    assert git(folder, "commit", "-q", "--allow-empty", "-m", "x").returncode == 0
    return folder


@dataclass(frozen=True)
class Place:
    """Where the command runs, how its files are named there, and the folders that they are really in.

    Folders are relative to one that holds the repository `repo`, and so are those that `makes` are made in.
    """

    here: str
    typed: tuple[str, ...]
    real: tuple[str, ...]
    outside: bool = False
    makes: tuple[str, ...] = ()


def submodule(base: Path) -> None:
    source = repository(base / "source")
    added = git(base / "repo", "submodule", "--quiet", "add", str(source), "module")
    assert added.returncode == 0, added.stderr
    (base / "repo" / "module" / "sub").mkdir()


def worktree(base: Path) -> None:
    assert git(base / "repo", "worktree", "add", "-q", "../tree").returncode == 0
    (base / "tree" / "sub").mkdir()


MAKES: dict[str, Callable[[Path], object]] = {
    "repo2": lambda base: repository(base / "repo2"),
    "repo3": lambda base: repository(base / "repo3"),
    "submodule": submodule,
    "worktree": worktree,
    "way into it": lambda base: (base / "way").symlink_to(base / "repo" / "sub"),
    "way in it": lambda base: (base / "repo" / "way").symlink_to("sub/deep"),
}
TOP, SUB, DEEP = "repo", "repo/sub", "repo/sub/deep"
PLACES = {
    "the top": Place(TOP, ("",), (TOP,)),
    "the top, files below": Place(TOP, ("sub/deep/", "sub/"), (DEEP, SUB)),
    "a folder": Place(SUB, ("",), (SUB,)),
    "a folder, files below": Place(SUB, ("deep/", "./"), (DEEP, SUB)),
    "a folder, files above": Place(DEEP, ("../", ""), (SUB, DEEP), outside=True),
    "a folder, files beside": Place(DEEP, ("../../other/",), ("repo/other",), outside=True),
    "a folder, absolute paths": Place(SUB, ("{base}/repo/sub/deep/",), (DEEP,)),
    "a folder, a way round": Place(SUB, ("../sub/deep/../deep/",), (DEEP,)),
    "no repository": Place("none", ("", "sub/"), ("none", "none/sub")),
    "no repository, two below": Place("", ("repo/sub/", "repo2/"), (SUB, "repo2"), makes=("repo2",)),
    "files of another repository": Place(SUB, ("{base}/repo2/",), ("repo2",), outside=True, makes=("repo2",)),
    "files of three repositories": Place(
        SUB,
        ("deep/", "{base}/repo2/", "{base}/repo3/"),
        (DEEP, "repo2", "repo3"),
        outside=True,
        makes=("repo2", "repo3"),
    ),
    "a submodule, from above": Place(TOP, ("module/sub/",), ("repo/module/sub",), makes=("submodule",)),
    "a submodule": Place("repo/module/sub", ("",), ("repo/module/sub",), makes=("submodule",)),
    "another work tree": Place("tree/sub", ("",), ("tree/sub",), makes=("worktree",)),
    "a folder that is a link": Place("way", ("", "deep/"), (SUB, DEEP), makes=("way into it",)),
    "a link to a folder": Place(TOP, ("way/",), (DEEP,), makes=("way in it",)),
}


def world(base: Path, makes: tuple[str, ...] = ()) -> Path:
    repository(base / "repo")
    for folder in (DEEP, "repo/other", "none/sub"):
        (base / folder).mkdir(parents=True)
    for name in makes:
        MAKES[name](base)
    return base


def diff_of(shell: Shell, here: Path, files: list[str]) -> tuple[bytes, str]:
    """The diff of those files, and what was said."""
    shell.environ.chdir(here)
    ran = shell.run(*CALL, "--color", "never", "--", *files)
    assert ran.code == 0, ran.err
    return ran.out, ran.err


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_git_takes_one_diff_of_all_names_from_anywhere(
    offline_shell: Shell, tmp_path: Path, place: Place
) -> None:
    base = world(tmp_path / "world", place.makes)
    here = base / place.here
    files = [base / folder / name for folder in place.real for name in NAMES]
    contents = list(CONTENTS.values())
    before = {path: contents[at % len(contents)] for at, path in enumerate(files)}
    for path, content in before.items():
        path.write_bytes(content)
    typed = [prefix.format(base=base) + name for prefix in place.typed for name in NAMES]
    diff, said = diff_of(offline_shell, here, typed)
    assert said.count(OUTSIDE) == place.outside  # once in a run
    if place.outside:
        assert git(here, "apply", data=diff).returncode != 0
        assert {path: path.read_bytes() for path in files} == before
    options = ("--unsafe-paths",) if place.outside else ()
    applied = git(here, "apply", *options, data=diff)
    assert applied.returncode == 0, applied.stderr
    expected = {path: content.replace(b"two", b"TWO") for path, content in before.items()}
    assert {path: path.read_bytes() for path in files} == expected
    # And back, as git does with any diff of its own.
    assert git(here, "apply", "-R", *options, data=diff).returncode == 0
    assert {path: path.read_bytes() for path in files} == before


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize(
    "configured",
    [
        ("core.autocrlf=false",),
        ("core.autocrlf=true",),
        ("core.autocrlf=input",),
        ("core.quotePath=false", "diff.noprefix=true"),
        ("core.quotePath=true", "diff.mnemonicPrefix=true", "apply.ignoreWhitespace=change"),
        ("apply.whitespace=error", "core.whitespace=cr-at-eol,-blank-at-eol,-blank-at-eof,-space-before-tab"),
    ],
    ids=" ".join,
)
def test_git_takes_every_kind_of_file_whatever_is_configured(
    offline_shell: Shell, tmp_path: Path, content: bytes, configured: tuple[str, ...]
) -> None:
    top = repository(tmp_path / "world" / "repo")
    for setting in configured:
        assert git(top, "config", *setting.split("=")).returncode == 0
    (top / "sub").mkdir()
    names = ("plain.txt", "é.txt", "two words.txt")
    for name in names:
        (top / "sub" / name).write_bytes(content)
    diff, _ = diff_of(offline_shell, top / "sub", list(names))
    applied = git(top / "sub", "apply", data=diff)
    assert applied.returncode == 0, applied.stderr
    for name in names:
        found, expected = (top / "sub" / name).read_bytes(), content.replace(b"two", b"TWO")
        if "core.autocrlf=true" in configured:  # git writes other line ends then, as it is told to
            found, expected = (text.replace(b"\r\n", b"\n") for text in (found, expected))
        assert found == expected


def test_git_takes_it_into_the_index_of_a_file_that_is_tracked(offline_shell: Shell, tmp_path: Path) -> None:
    top = repository(tmp_path / "world" / "repo")
    (top / "sub").mkdir()
    path = top / "sub" / "run.sh"
    path.write_bytes(b"one\ntwo\n")
    path.chmod(0o755)
    git(top, "add", "-A")
    git(top, "commit", "-qm", "y")
    diff, _ = diff_of(offline_shell, top / "sub", ["run.sh"])
    assert git(top / "sub", "apply", "--index", data=diff).returncode == 0
    assert git(top, "diff", "--cached", "--name-only").stdout == b"sub/run.sh\n"
    assert path.stat().st_mode & 0o111
