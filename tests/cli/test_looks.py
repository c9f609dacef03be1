"""How a diff looks: colours where they are wanted, the words that changed, and the user's pager."""

import os
import shutil
import subprocess
import sys

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import Shell

from editsvc.cli import output
from editsvc.cli.marks import changed_words

CODE = "def fetch():\n    return 1\n\n\nfetch()\n"
EDIT = ("rewrite", "--offline", "-i", "rename fetch to download")
ESCAPE = "\x1b["
LONG = "def fetch(number):\n    return number\n\n\n" + "".join(f"fetch({number})\n" for number in range(200))


@pytest.fixture
def place(offline_shell: Shell) -> Shell:
    offline_shell.file("a.py", CODE)
    offline_shell.environ.setenv("HOME", str(offline_shell.folder.parent))
    for name in ("PAGER", "GIT_PAGER", "LESS", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"):
        offline_shell.environ.delenv(name, raising=False)
    return offline_shell


def on_terminal(place: Shell, *args: str, keys: str = "", until: str = "", **environ: str) -> str:
    child = pexpect.spawn(
        sys.executable,
        ["-m", "editsvc", *args],
        cwd=place.folder,
        env=os.environ | {"TERM": "xterm-256color"} | environ,
        dimensions=(30, 100),
        encoding="utf-8",
        timeout=60,
    )
    shown = ""
    if until:
        child.expect_exact(until)
        shown = child.before + child.after
        child.send(keys)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, child.before
    return shown + str(child.before)


def piped(place: Shell, *args: str, **environ: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "editsvc", *args],
        cwd=place.folder,
        env=os.environ | {"TERM": "xterm"} | environ,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("args", "environ", "coloured"),
    [
        ([], {}, False),
        (["--color", "always"], {}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"CLICOLOR_FORCE": "1"}, True),
        ([], {"FORCE_COLOR": "0"}, False),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        (["--color", "auto"], {"FORCE_COLOR": "1"}, True),
    ],
)
def test_whether_a_pipe_gets_colours(
    place: Shell, args: list[str], environ: dict[str, str], coloured: bool
) -> None:
    assert (ESCAPE in piped(place, *EDIT, *args, "a.py", **environ)) is coloured


@pytest.mark.parametrize(
    ("args", "environ", "coloured"),
    [
        ([], {}, True),
        (["--color", "never"], {}, False),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"CLICOLOR": "0"}, False),
        ([], {"TERM": "dumb"}, False),
        (["--color", "always"], {"TERM": "dumb"}, True),
    ],
)
def test_whether_a_terminal_gets_colours(
    place: Shell, args: list[str], environ: dict[str, str], coloured: bool
) -> None:
    shown = on_terminal(place, *EDIT, *args, "a.py", **environ)
    assert "download" in shown
    assert (f"{ESCAPE}31m" in shown) is coloured


def test_git_applies_what_a_pipe_gets(place: Shell) -> None:
    diff = piped(place, *EDIT, "a.py")
    subprocess.run(["git", "apply"], cwd=place.folder, input=diff, text=True, check=True)
    assert (place.folder / "a.py").read_text() == CODE.replace("fetch", "download")


def marked(old: list[str], new: list[str]) -> tuple[list[list[str]], list[list[str]]]:
    was, now = changed_words(old, new)
    return (
        [[line[a:b] for a, b in ranges] for line, ranges in zip(old, was, strict=True)],
        [[line[a:b] for a, b in ranges] for line, ranges in zip(new, now, strict=True)],
    )


@pytest.mark.parametrize(
    ("old", "new", "marks"),
    [
        (["x = fetch(y)"], ["x = load(y)"], ([["fetch"]], [["load"]])),
        (["f(a)"], ["f(a, b)"], ([[]], [[", b"]])),
        (["a = one(1)", "b = two(2)"], ["a = one(1)", "b = three(2)"], ([[], ["two"]], [[], ["three"]])),
        (["call(a, b, c)"], ["call(", "a, b, c)"], ([[]], [[], []])),
        (["wholly different"], ["nothing in common here"], ([[]], [[]])),
        (["größe = 1"], ["größe = 2"], ([["1"]], [["2"]])),
        (["only removed"], [], ([[]], [])),
    ],
)
def test_the_words_that_changed_are_marked(
    old: list[str], new: list[str], marks: tuple[list[list[str]], list[list[str]]]
) -> None:
    assert marked(old, new) == marks


@given(
    st.lists(st.text("ab c.\té", max_size=12), max_size=5),
    st.lists(st.text("ab c.\té", max_size=12), max_size=5),
)
def test_what_is_not_marked_is_the_same_on_both_sides(old: list[str], new: list[str]) -> None:
    was, now = changed_words(old, new)
    assert (len(was), len(now)) == (len(old), len(new))
    if any(map(bool, was + now)):
        assert _rest(old, was) == _rest(new, now)


def _rest(lines: list[str], marks: list[list[tuple[int, int]]]) -> str:
    kept = []
    for line, ranges in zip(lines, marks, strict=True):
        inside = {at for start, end in ranges for at in range(start, end)}
        kept.append("".join(char for at, char in enumerate(line) if at not in inside))
    return "".join(kept)


def test_colours_change_no_character_and_what_steers_a_terminal_stays_visible() -> None:
    import click

    diff = "--- a/x\n+++ b/x\n@@ -1,3 +1,2 @@\n--- old \x1b[2J one\n+++ old \x1b[2J two\n-gone\n a\n"
    shown = output.coloured_diff(diff.split("\n"))
    assert click.unstyle("\n".join(shown)) == diff.replace("\x1b", "\\x1b")
    assert f"{ESCAPE}7m" in shown[3]


@pytest.mark.parametrize(
    ("environ", "git", "used"),
    [
        ({"GIT_PAGER": "sed s/^/one:/", "PAGER": "sed s/^/two:/"}, "", "one:"),
        ({"PAGER": "sed s/^/two:/"}, "[core]\npager = sed s/^/three:/\n", "three:"),
        ({"PAGER": "sed s/^/two:/"}, "[core]\npager = x\n[pager]\ndiff = sed s/^/four:/\n", "four:"),
        ({"PAGER": "sed s/^/two:/"}, "", "two:"),
        ({"PAGER": "sed s/^/two:/"}, "[pager]\ndiff = true\n", "two:"),
        ({"PAGER": "sed s/^/two:/"}, "[pager]\ndiff = false\n", ""),
        ({"GIT_PAGER": "", "PAGER": "sed s/^/two:/"}, "", ""),
        ({"GIT_PAGER": "cat"}, "", ""),
        ({"GIT_PAGER": "there-is-no-such-program"}, "", ""),
        ({"GIT_PAGER": "env | sed -n s/^LESS=/five:/p; cat >/dev/null"}, "", "five:FRX"),
    ],
)
def test_which_pager_is_used(place: Shell, environ: dict[str, str], git: str, used: str) -> None:
    (place.folder.parent / ".gitconfig").write_text(git)
    shown = on_terminal(place, *EDIT, "--color", "never", "a.py", **environ)
    assert (used or "\n+def download") in shown
    for other in ("one:", "two:", "three:", "four:"):
        assert (other in shown) is (other == used)


def test_a_repository_does_not_choose_the_pager(place: Shell) -> None:
    subprocess.run(["git", "init", "-q"], cwd=place.folder, check=True)
    subprocess.run(["git", "config", "core.pager", "touch hit; cat"], cwd=place.folder, check=True)
    assert "download" in on_terminal(place, *EDIT, "a.py")
    assert not (place.folder / "hit").exists()


@pytest.mark.parametrize("args", [["--no-pager"], ["--json"]])
def test_the_pager_can_be_left_out(place: Shell, args: list[str]) -> None:
    assert "seen:" not in on_terminal(place, *EDIT, *args, "a.py", GIT_PAGER="sed s/^/seen:/")


def test_a_pipe_has_no_pager(place: Shell) -> None:
    assert "seen:" not in piped(place, *EDIT, "a.py", GIT_PAGER="sed s/^/seen:/")


@pytest.mark.skipif(shutil.which("less") is None, reason="there is no less here")
def test_a_long_diff_waits_in_less_and_q_leaves_it(place: Shell) -> None:
    place.file("long.py", LONG)
    shown = on_terminal(place, *EDIT, "long.py", until="\n:", keys="q")
    assert "offline engine" in shown
    assert "+download(199)" not in shown


def test_many_files_go_through_one_pager(place: Shell) -> None:
    place.file("b.py", CODE)
    shown = on_terminal(place, *EDIT, "a.py", "b.py", GIT_PAGER="sed -e '1s/^/begin:/'")
    assert shown.count("begin:") == 1
    assert shown.count("+++ b/") == 2


def test_an_undo_is_paged_too(place: Shell) -> None:
    on_terminal(place, *EDIT, "--apply", "--no-pager", "a.py")
    assert "seen:" in on_terminal(place, "undo", "--dry-run", GIT_PAGER="sed s/^/seen:/")
