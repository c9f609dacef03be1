"""On a real terminal: what streams, what is asked, and Ctrl-C."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte
import pytest
from shell import EXAMPLE, INSTRUCTION, Shell

from editsvc.text.document import split_lines

TWO = EXAMPLE.replace("return value + 3\n", "return 3 + value\n").replace(
    "return value + 17\n", "return 17 + value\n"
)
SWAP = "Swap the operands."


@pytest.fixture(scope="module")
def slow_emulator(start_emulator: Callable[..., str], script: Path) -> str:
    return start_emulator(
        "--script", str(script), "--speed", "150", "--preset", "prefix-only", "--reply", "auto"
    )


@pytest.fixture(scope="module")
def two_hunks(start_emulator: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    import json

    path = tmp_path_factory.mktemp("two") / "cases.jsonl"
    path.write_text(json.dumps({"instruction": SWAP, "before": EXAMPLE, "after": TWO}) + "\n")
    return start_emulator("--script", str(path))


def spawn(shell: Shell, base_url: str, *args: str) -> "pexpect.spawn[str]":
    environ = os.environ | {
        "CEREBRAS_BASE_URL": base_url,
        "TERM": "xterm-256color",
        "EDITSVC_READ_TIMEOUT_S": "60",
    }
    return pexpect.spawn(
        sys.executable,
        ["-m", "editsvc", "rewrite", *args],
        cwd=shell.folder,
        env=environ,
        dimensions=(40, 100),
        encoding="utf-8",
        timeout=60,
    )


def test_the_diff_streams_and_then_the_exact_one_stays(shell: Shell, slow_emulator: str) -> None:
    shell.file()
    child = spawn(shell, slow_emulator, "-i", INSTRUCTION, "--prediction", "off", "steps.py")
    screen = pyte.Screen(100, 40)
    terminal = pyte.Stream(screen)
    seen_while_streaming = False
    while True:
        try:
            terminal.feed(child.read_nonblocking(4096, timeout=60))
        except pexpect.EOF:
            break
        shown = "\n".join(screen.display)
        if "+def seventh_step" in shown and "lines · 1 place changed" in shown:
            seen_while_streaming = True
    child.close()
    assert child.exitstatus == 0
    assert seen_while_streaming
    final = [line.rstrip() for line in screen.display if line.strip()]
    assert "+def seventh_step(value):" in final
    assert final[-2].startswith("gpt-oss-120b · ")
    assert final[-1] == "Not written; add --apply."
    assert not any("place changed" in line for line in final)


def test_ctrl_c_at_a_question_changes_nothing(shell: Shell, two_hunks: str) -> None:
    path = shell.file()
    child = spawn(shell, two_hunks, "-i", SWAP, "--interactive", "--apply", "steps.py")
    child.expect_exact("Take this hunk")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert path.read_text() == EXAMPLE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_it_streams_changes_nothing_and_is_recorded(
    shell: Shell, slow_emulator: str, number: int
) -> None:
    path = shell.file()
    child = spawn(shell, slow_emulator, "-i", INSTRUCTION, "--prediction", "off", "--apply", "steps.py")
    child.expect_exact(f"/{len(split_lines(EXAMPLE))} lines")
    child.kill(number)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert path.read_text() == EXAMPLE
    (record,) = shell.records()
    assert (record["status"], record["message"]) == ("cancelled", "Cancelled")


def test_code_cannot_steer_the_terminal(shell: Shell, two_hunks: str) -> None:
    from editsvc.cli.output import coloured_line, visible

    assert visible("a\x1b[2Jb\u202ec\td") == "a\\x1b[2Jb\\u202ec\td"
    assert "\x1b[2J" not in coloured_line("+\x1b[2J")


def shown(shell: Shell, line: str) -> str:
    child = pexpect.spawn(
        "/bin/sh", ["-c", f"{sys.executable} -m editsvc {line}"], cwd=shell.folder, encoding="utf-8", timeout=60,
        env=os.environ | {"TERM": "xterm-256color", "GIT_PAGER": ""},
    )  # fmt: skip
    child.expect(pexpect.EOF)
    return str(child.before)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('rewrite --offline -i "rename step_1 to one" steps.py', True),
        ('rewrite --offline -i "rename step_1 to one" --apply steps.py', False),
        ('rewrite --offline -i "rename step_1 to one" --json steps.py', False),
        ('rewrite --offline -i "rename step_1 to one" steps.py | cat', False),
        ('rewrite --offline -i "rename step_1 to one" steps.py 2>&1 >/dev/null | cat', False),
        ('rewrite --offline -i "rename nothing_here to one" steps.py', False),
        ('rewrite --offline -i "sort imports" steps.py', False),
    ],
)
def test_what_was_not_written_is_said_on_a_terminal_alone(
    offline_shell: Shell, line: str, said: bool
) -> None:
    offline_shell.file()
    assert ("Not written; add --apply." in shown(offline_shell, line)) is said
