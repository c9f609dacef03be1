"""Many files at the same time: what a terminal shows, what is printed in which order, and what Ctrl-C leaves."""

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from shell import EDITED, INSTRUCTION, Shell
from terminal import Gates, Terminal, editsvc, gated

from editsvc.cli.board import FileLine
from editsvc.engine.edit import StreamUpdate

NAMES = ("alpha.py", "beta.py", "gamma.py", "delta.py")
CALL = ("rewrite", "-i", INSTRUCTION)


@contextmanager
def run(
    shell: Shell,
    emulator: str,
    names: tuple[str, ...] = NAMES,
    *options: str,
    words: str = "{}",
    rows: int = 40,
    columns: int = 100,
    **environ: str,
) -> Iterator[tuple[Gates, Terminal]]:
    """The command on a terminal, in a line for the shell that `words` completes, with a server that waits."""
    for name in names:
        shell.file(name)
    with gated(emulator, names) as gates:
        line = words.format(shlex.join(editsvc(*CALL, *options, *names)))
        terminal = Terminal(
            ["/bin/sh", "-c", f"exec {line}" if words == "{}" else line],
            folder=shell.folder,
            rows=rows,
            columns=columns,
            environ={"CEREBRAS_BASE_URL": gates.url, **environ},
        )
        yield gates, terminal


def board(terminal: Terminal) -> list[str]:
    """The lines that are drawn: those from the first file under way to the sum."""
    lines = [line for line in terminal.shown if line]
    if not lines or " done" not in lines[-1]:
        return []
    first = next((at for at, line in enumerate(lines) if "reading" in line), len(lines) - 1)
    return lines[first:]


def all_wait(terminal: Terminal, gates: Gates, count: int = len(NAMES)) -> Callable[[], bool]:
    return lambda: gates.most == count and len(board(terminal)) == count + 1


def assert_together(text: str, names: tuple[str, ...] = NAMES) -> None:
    """Each file's diff is followed by its line, in whatever order they ended."""
    marks = sorted((text.index(mark), name) for name in names for mark in (f"+++ b/{name}", f"{name}: "))
    assert [one for _, one in marks[::2]] == [one for _, one in marks[1::2]], text


def assert_in_order(text: str, names: tuple[str, ...] = NAMES) -> None:
    """Each file's diff is followed by its line, and then comes the next file."""
    wanted = [part for name in names for part in (f"+++ b/{name}", f"{name}: ")]
    at = [text.index(part) for part in wanted]
    assert at == sorted(at), text


def test_files_are_edited_side_by_side_and_shown_as_they_end(shell: Shell, emulator: str) -> None:
    with run(shell, emulator, NAMES, "--apply") as (gates, terminal):
        terminal.until(all_wait(terminal, gates))
        assert [line.split()[0] for line in board(terminal)] == [*NAMES, "0"]
        assert board(terminal)[-1] == "0 of 4 done"
        assert terminal.screen.cursor.hidden
        gates.let("gamma.py")
        terminal.until(lambda: "gamma.py: written" in terminal.text and "1 of 4 done" in terminal.text)
        assert "alpha.py: " not in terminal.text
        gates.let("alpha.py")
        terminal.until(lambda: "alpha.py: written" in terminal.text)
        gates.let("beta.py", "delta.py")
        assert terminal.end() == 0
        assert_together(terminal.text)
        assert terminal.text.index("gamma.py: ") < terminal.text.index("alpha.py: ")
        assert " done" not in terminal.text
        summary = terminal.text.split("\n")[-1]
        assert summary.startswith("editsvc: 4 files: 4 written · ")
        assert " tokens · $0.00" in summary
        assert "reading" not in terminal.text
        assert not terminal.screen.cursor.hidden
    assert [(shell.folder / name).read_text() for name in NAMES] == [EDITED] * 4


def test_no_more_files_than_jobs_are_under_way(shell: Shell, emulator: str) -> None:
    with run(shell, emulator, NAMES, "--jobs", "2") as (gates, terminal):
        terminal.until(lambda: gates.most == 2 and len(board(terminal)) == 3)
        gates.let(*NAMES)
        assert terminal.end() == 0
        assert gates.most == 2
        assert_together(terminal.text)


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {}])
def test_a_narrow_terminal_has_one_line_for_each_file(
    shell: Shell, emulator: str, more: dict[str, str]
) -> None:
    names = (*NAMES, "a-name-that-is-far-too-long-for-a-terminal-of-forty-columns.py")
    with run(shell, emulator, names, "--jobs", "5", columns=40, rows=200, **more) as (gates, terminal):
        terminal.until(all_wait(terminal, gates, 5))
        assert [len(line) < 40 for line in board(terminal)] == [True] * 6
        assert board(terminal)[4].startswith("…")
        assert "forty-columns.py  reading" in board(terminal)[4]
        gates.let(*names)
        assert terminal.end() == 0
        assert ("\x1b[31m" in terminal.raw) == (not more)
        assert " done" not in terminal.text


def test_a_low_terminal_shows_as_many_files_as_fit(shell: Shell, emulator: str) -> None:
    with run(shell, emulator, NAMES, rows=5) as (gates, terminal):
        terminal.until(lambda: gates.most == 4 and "2 more under way" in terminal.text)
        assert board(terminal)[-1] == "0 of 4 done · 2 more under way"
        gates.let(*NAMES)
        assert terminal.end() == 0
        assert_together(terminal.text)
        assert "under way" not in terminal.text


def test_a_dumb_terminal_gets_plain_lines_and_files_are_still_edited_side_by_side(
    shell: Shell, emulator: str
) -> None:
    with run(shell, emulator, TERM="dumb", NO_COLOR="1") as (gates, terminal):
        while gates.most < 4:
            terminal.until(lambda: True)
        gates.let(*NAMES)
        assert terminal.end() == 0
        assert "\x1b" not in terminal.raw
        assert_in_order(terminal.text)


@pytest.mark.parametrize("way", ["{} > out.diff", "{} | cat > out.diff"])
def test_a_diff_that_goes_elsewhere_leaves_only_lines_on_the_terminal(
    shell: Shell, emulator: str, way: str
) -> None:
    with run(shell, emulator, words=way) as (gates, terminal):
        terminal.until(all_wait(terminal, gates))
        gates.let(*NAMES)
        assert terminal.end() == 0
        assert "+++" not in terminal.text
        assert [line.split(":")[0] for line in terminal.text.split("\n")] == [*NAMES, "editsvc"]
    diff = (shell.folder / "out.diff").read_text()
    assert [line for line in diff.split("\n") if line.startswith("+++")] == [
        f"+++ b/{name}" for name in NAMES
    ]


def test_diffs_for_whoever_reads_a_pipe_and_draws_come_when_nothing_is_drawn(
    shell: Shell, emulator: str
) -> None:
    with run(shell, emulator, words="{} | cat") as (gates, terminal):
        terminal.until(all_wait(terminal, gates))
        gates.let(*NAMES)
        assert terminal.end() == 0
        assert terminal.raw.rindex("+++ b/alpha.py") > terminal.raw.rindex(" done")
        assert " done" not in terminal.text
        assert [line for line in terminal.text.split("\n") if line.startswith("+++")] == [
            f"+++ b/{name}" for name in NAMES
        ]


def test_a_terminal_for_diffs_alone_shows_nothing_else(shell: Shell, emulator: str) -> None:
    with run(shell, emulator, words="{} 2> out.txt") as (gates, terminal):
        while gates.most < 4:
            terminal.until(lambda: True)
        gates.let(*NAMES)
        assert terminal.end() == 0
        assert "alpha.py: " not in terminal.text
        assert terminal.text.count("+++ b/") == 4
    said = (shell.folder / "out.txt").read_text().strip().split("\n")
    assert [line.split(":")[0] for line in said] == [*NAMES, "editsvc"]


@pytest.mark.parametrize("columns", [60, 160])
def test_another_size_of_the_window_is_followed(shell: Shell, emulator: str, columns: int) -> None:
    with run(shell, emulator) as (gates, terminal):
        terminal.until(all_wait(terminal, gates))
        terminal.resize(30, columns)
        state = r"reading( \(\d+ s\))?" if columns < 70 else r"reading the file( \(\d+ s\))?"

        def all_read() -> bool:
            states = [line.split(maxsplit=1)[-1] for line in board(terminal)[:4]]
            return len(states) == 4 and all(re.fullmatch(state, one) for one in states)

        terminal.until(all_read)
        gates.let(*NAMES)
        assert terminal.end() == 0
        assert_together(terminal.text)
        assert " done" not in terminal.text


def test_ctrl_c_reports_what_is_done_and_what_is_not(shell: Shell, emulator: str) -> None:
    with run(shell, emulator, NAMES, "--apply") as (gates, terminal):
        terminal.until(all_wait(terminal, gates))
        gates.let("alpha.py", "gamma.py")
        terminal.until(lambda: "alpha.py: written" in terminal.text and "2 of 4 done" in terminal.text)
        terminal.child.sendintr()
        assert terminal.end() == 130
        text = terminal.text
        assert_together(text, ("alpha.py", "gamma.py"))
        assert "beta.py: The edit was cancelled." in text
        assert "editsvc: cancelled for the same reason as beta.py: delta.py\n" in text
        assert "editsvc: 4 files: 2 written, 2 cancelled · " in text
        assert "editsvc: 2 files left; editsvc rewrite --resume goes on with the run." in text
        assert " done" not in text
        assert "Traceback" not in text
        assert not terminal.screen.cursor.hidden
    changed = [(shell.folder / name).read_text() == EDITED for name in NAMES]
    assert changed == [True, False, True, False]


def test_one_file_still_shows_its_diff_as_it_is_written(shell: Shell, emulator: str) -> None:
    with run(shell, emulator, ("alpha.py",)) as (gates, terminal):
        terminal.until(lambda: "alpha.py: reading the file" in terminal.text)
        gates.let("alpha.py")
        assert terminal.end() == 0
        assert " of 1 done" not in terminal.raw


def test_a_sentence_is_said_once_in_a_run(
    shell: Shell, start_emulator: Callable[..., str], script: Path
) -> None:
    for name in NAMES:
        shell.file(name)
    shell.environ.setenv("EDITSVC_READ_TIMEOUT_S", "20")
    shell.environ.setenv(
        "CEREBRAS_BASE_URL", start_emulator("--script", str(script), "--api-key", "the-right-one")
    )
    ran = shell.run(*CALL, *NAMES)
    assert ran.code == 4
    first, others, summary, left = ran.err.rstrip("\n").split("\n")
    assert first.startswith("editsvc: alpha.py: ")
    assert "does not accept the API key" in first
    assert others == "editsvc: failed for the same reason as alpha.py: beta.py, gamma.py, delta.py"
    assert summary.startswith("editsvc: 4 files: 4 failed · ")
    assert left == "editsvc: 4 files left; editsvc rewrite --resume goes on with the run."


def test_a_warning_about_the_log_is_said_once_in_a_run(shell: Shell, emulator: str) -> None:
    for name in NAMES:
        shell.file(name)
    shell.environ.setenv("EDITSVC_READ_TIMEOUT_S", "20")
    shell.data.write_text("a file where the folder should be")
    ran = shell.run(*CALL, *NAMES)
    assert ran.code == 0
    assert ran.err.count("The edit was not logged.") == 1


def test_without_a_key_that_is_said_once(offline_shell: Shell) -> None:
    for name in NAMES:
        offline_shell.file(name)
    ran = offline_shell.run("rewrite", "-i", "rename step_7 to seventh_step", *NAMES)
    assert ran.code == 0
    assert ran.err.count("no API key was found") == 1


def test_a_file_says_what_is_done_until_more_comes() -> None:
    now = 100.0
    line = FileLine("alpha.py", lambda: now)
    assert (line.state(short=False), line.state(short=True)) == ("reading the file", "reading")
    now += 12.3
    assert (line.state(short=False), line.state(short=True)) == ("reading the file (12 s)", "reading (12 s)")
    line.locating()
    assert (line.state(short=False), line.state(short=True)) == ("finding the place", "locating")
    now += 3
    assert line.state(short=False) == "finding the place (3 s)"
    line.restarted()
    assert line.state(short=False) == "reading the file"
    line.begun()
    now += 4
    assert (line.state(short=False), line.state(short=True)) == ("writing (4 s)", "writing (4 s)")
    line.streamed(StreamUpdate([], 3, 9, [], []))
    assert line.state(short=False) == "3/9 lines · 0 places changed"
