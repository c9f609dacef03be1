"""Hunk by hunk, as ``git add -p`` asks: which keys do what, when files are asked about, and what is said at the end."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from shell import EDITED, EXAMPLE, INSTRUCTION, Shell
from terminal import Gates, Terminal, editsvc, gated

SWAP = "Swap the operands."
# Two hunks, of which the second one holds two changes.
AFTER = (
    EXAMPLE.replace("return value + 3\n", "return 3 + value\n")
    .replace("return value + 16\n", "return 16 + value\n")
    .replace("return value + 17\n", "return 17 + value\n")
)
NAMES = ("alpha.py", "beta.py", "gamma.py", "delta.py")


def swapped(*steps: int) -> str:
    text = EXAMPLE
    for step in steps:
        text = text.replace(f"return value + {step}\n", f"return {step} + value\n")
    return text


@pytest.fixture(scope="module")
def swapping(start_emulator: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("swap") / "cases.jsonl"
    path.write_text(json.dumps({"instruction": SWAP, "before": EXAMPLE, "after": AFTER}) + "\n")
    return start_emulator("--script", str(path))


class Asked(Terminal):
    """A terminal on which questions are answered, each when it is there and was not answered before."""

    answered = 0

    @property
    def questions(self) -> int:
        return self.text.count("Take this hunk")

    def asks(self) -> bool:
        return self.questions > self.answered and self.text.endswith("]?")

    def press(self, keys: str) -> None:
        for key in keys:
            self.until(self.asks)
            if key != "\r":  # which is no answer
                self.answered = self.questions
            self.child.send(key)


def asked(shell: Shell, url: str, *options: str, **environ: str) -> Asked:
    return Asked(
        editsvc("rewrite", "-i", SWAP, "--interactive", *options, "steps.py"),
        folder=shell.folder,
        rows=60,
        columns=150,
        environ={"CEREBRAS_BASE_URL": url, **environ},
    )


@pytest.mark.parametrize(
    ("keys", "steps", "said", "verdict"),
    [
        ("yy", (3, 16, 17), "all 2 hunks taken", ("accepted", 2, 2)),
        ("nn", (), "all 2 hunks left out", ("rejected", 2, 0)),
        ("yn", (3,), "1 of 2 hunks taken", ("partial", 2, 1)),
        ("a", (3, 16, 17), "all 2 hunks taken", ("accepted", 2, 2)),
        ("d", (), "all 2 hunks left out", ("rejected", 2, 0)),
        ("yd", (3,), "1 of 2 hunks taken", ("partial", 2, 1)),
        ("na", (16, 17), "1 of 2 hunks taken", ("partial", 2, 1)),
        ("yq", (3,), "1 of 2 hunks taken, left with q", ("partial", 2, 1)),
        ("nq", (), "all 2 hunks left out, left with q", ("rejected", 2, 0)),
        ("q", (), "none of 2 hunks taken, left with q", (None, 3, None)),
        ("\x04", (), "none of 2 hunks taken, left with q", (None, 3, None)),
        # Back to what was decided, which stays so unless it is decided anew.
        ("nKyy", (3, 16, 17), "all 2 hunks taken", ("accepted", 2, 2)),
        ("yKJn", (3,), "1 of 2 hunks taken", ("partial", 2, 1)),
        # What is left undecided is asked again.
        ("jyn", (16, 17), "1 of 2 hunks taken", ("partial", 2, 1)),
        ("jkny", (16, 17), "1 of 2 hunks taken", ("partial", 2, 1)),
        ("jnJKKy", (3,), "1 of 2 hunks taken", ("partial", 2, 1)),
        # Split: three hunks, of which each counts.
        ("ysyn", (3, 16), "2 of 3 hunks taken", ("partial", 3, 2)),
        ("ysny", (3, 17), "2 of 3 hunks taken", ("partial", 3, 2)),
        ("nsa", (16, 17), "2 of 3 hunks taken", ("partial", 3, 2)),
        # Keys that mean nothing here change nothing.
        ("skKux\ryy", (3, 16, 17), "all 2 hunks taken", ("accepted", 2, 2)),
        ("?pyy", (3, 16, 17), "all 2 hunks taken", ("accepted", 2, 2)),
    ],
)
def test_keys_do_what_they_do_in_git(
    shell: Shell,
    swapping: str,
    keys: str,
    steps: tuple[int, ...],
    said: str,
    verdict: tuple[str | None, int, int | None],
) -> None:
    path = shell.file()
    terminal = asked(shell, swapping, "--apply")
    terminal.press(keys)
    assert terminal.end() == 0
    assert path.read_text() == swapped(*steps)
    last = terminal.text.split("\n")[-1]
    assert last.startswith(f"{said} · " + ("written · " if steps else "") + "gpt-oss-120b · "), last
    assert "nothing to change" not in terminal.text
    (record,) = shell.records()
    assert (record["verdict"], record["hunks"], record["hunks_accepted"]) == verdict


def test_a_question_says_where_it_is_and_which_keys_there_are(shell: Shell, swapping: str) -> None:
    shell.file()
    terminal = asked(shell, swapping)
    terminal.until(terminal.asks)
    assert terminal.text.endswith("(1/2) Take this hunk [y,n,q,a,d,j,J,g,/,e,p,?]?")
    assert "steps.py: 2 hunks" in terminal.text
    assert "@@ -11,7 +11,7 @@ step_3" in terminal.text
    terminal.press("y")
    terminal.until(lambda: terminal.text.endswith("(2/2) Take this hunk [y,n,q,a,d,K,g,/,s,e,p,?]?"))
    assert "@@ -63,11 +63,11 @@ step_16" in terminal.text
    terminal.press("K")
    terminal.until(lambda: terminal.text.endswith("(1/2) Take this hunk (was: y) [y,n,q,a,d,j,J,g,/,e,p,?]?"))
    terminal.press("?")
    terminal.until(lambda: "? - list these keys" in terminal.text and terminal.asks())
    assert "j - go on to the next undecided hunk" in terminal.text
    terminal.press("q")
    assert terminal.end() == 0
    assert "+    return 3 + value" in terminal.text  # without --apply, the diff of what was taken comes last


def test_a_hunk_is_found_by_its_number_and_by_a_regex(shell: Shell, swapping: str) -> None:
    path = shell.file()
    terminal = asked(shell, swapping, "--apply")
    terminal.press("g")
    terminal.until(lambda: terminal.text.endswith("Which hunk?"))
    assert "   2: -63,11 +63,11 -    return value + 16" in terminal.text
    terminal.child.send("2\r")
    terminal.until(lambda: "(2/2) Take" in terminal.text and terminal.asks())
    terminal.press("/")
    terminal.until(lambda: terminal.text.endswith("Regular expression?"))
    terminal.child.send(r"\b3 \+ val" + "\r")
    terminal.until(lambda: terminal.text.count("(1/2) Take") == 2 and terminal.asks())
    terminal.press("/")
    terminal.until(lambda: terminal.text.endswith("Regular expression?"))
    terminal.child.send("nowhere\r")
    terminal.until(lambda: "No hunk has that." in terminal.text and terminal.asks())
    terminal.press("/")
    terminal.until(lambda: terminal.text.endswith("Regular expression?"))
    terminal.child.send("(\r")
    terminal.until(lambda: "is not a regular expression" in terminal.text and terminal.asks())
    terminal.press("y")
    terminal.until(lambda: "(2/2) Take" in terminal.text.split("\n")[-1])
    terminal.press("n")
    assert terminal.end() == 0
    assert path.read_text() == swapped(3)


def editor(shell: Shell, script: str) -> str:
    path = shell.folder.parent / "editor.sh"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_an_edited_hunk_is_taken_as_it_was_written(shell: Shell, swapping: str) -> None:
    path = shell.file()
    seen = shell.folder.parent / "seen"
    with_sed = editor(shell, f'cp "$1" {seen}; sed -i "s/^+    return 3 + value/+    return 4 + value/" "$1"')
    terminal = asked(shell, swapping, "--apply", VISUAL=with_sed)
    terminal.press("e")
    terminal.until(lambda: "(2/2) Take" in terminal.text and terminal.asks())
    terminal.press("n")
    assert terminal.end() == 0
    assert path.read_text() == EXAMPLE.replace("return value + 3\n", "return 4 + value\n")
    guide = seen.read_text()
    assert guide.startswith(
        "# Change the lines of this hunk; what each sign means stands below it.\n@@ -11,7 +11,7 @@ step_3\n"
    )
    assert "# A line with '-' goes: put a blank in place of the sign to keep it.\n" in guide


@pytest.mark.parametrize(("again", "expected"), [("n", EXAMPLE), ("y", EXAMPLE)])
def test_an_edited_hunk_that_does_not_apply_can_be_edited_again(
    shell: Shell, swapping: str, again: str, expected: str
) -> None:
    path = shell.file()
    wrong = editor(shell, 'sed -i "s/^ def step_3/ def stop_3/" "$1"')
    terminal = asked(shell, swapping, "--apply", VISUAL=wrong)
    terminal.press("e")
    question = "Change it once more (n drops what you changed) [y,n]?"
    terminal.until(lambda: terminal.text.endswith(question))
    assert "is not in the file at that place: 'def stop_3(value):'." in terminal.text
    terminal.child.send(again)
    if again == "y":
        terminal.until(lambda: terminal.text.count(question) == 2 and terminal.text.endswith(question))
        terminal.child.send("n")
    terminal.until(lambda: terminal.text.split("\n")[-1].startswith("(1/2) Take"))
    terminal.press("d")
    assert terminal.end() == 0
    assert path.read_text() == expected


def test_an_edit_without_lines_leaves_the_hunk_undecided(shell: Shell, swapping: str) -> None:
    path = shell.file()
    terminal = asked(shell, swapping, "--apply", VISUAL=editor(shell, ': > "$1"'))
    terminal.press("e")
    terminal.until(lambda: terminal.text.count("(1/2) Take") == 2)
    terminal.press("a")
    assert terminal.end() == 0
    assert path.read_text() == AFTER


def test_a_hunk_of_a_file_with_crlf_is_edited_without_them_and_keeps_them(
    shell: Shell, swapping: str
) -> None:
    path = shell.file(content=EXAMPLE.replace("\n", "\r\n"))
    seen = shell.folder.parent / "seen"
    with_sed = editor(shell, f'cp "$1" {seen}; sed -i "s/^+    return 3.*/&\\n+    # new/" "$1"')
    terminal = asked(shell, swapping, "--apply", VISUAL=with_sed)
    terminal.press("e")
    terminal.until(lambda: "(2/2) Take" in terminal.text)
    terminal.press("n")
    assert terminal.end() == 0
    expected = EXAMPLE.replace("return value + 3\n", "return 3 + value\n    # new\n")
    assert path.read_bytes() == expected.replace("\n", "\r\n").encode()
    assert b"\r" not in seen.read_bytes()


def by_lines(shell: Shell, url: str, answers: str, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        editsvc("rewrite", "-i", SWAP, "--interactive", "--apply", *options, "steps.py"),
        cwd=shell.folder,
        env=os.environ | {"CEREBRAS_BASE_URL": url},
        input=answers,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("answers", "steps"),
    [
        ("y\nn\n", (3,)),
        ("n\n  yes\n", (16, 17)),
        ("g 2\ny\nn\n", (16, 17)),
        ("/ 17 \\+\ny\n", (16, 17)),
        ("/\n17 \\+\ny\n", (16, 17)),
        ("y\n\n\nn", (3,)),
        ("y\ns\nn\ny\n", (3, 17)),
        ("y\n", (3,)),
        ("", ()),
    ],
)
def test_without_a_terminal_answers_are_lines(
    shell: Shell, swapping: str, answers: str, steps: tuple[int, ...]
) -> None:
    path = shell.file()
    ran = by_lines(shell, swapping, answers)
    assert ran.returncode == 0, ran.stderr
    assert path.read_text() == swapped(*steps)
    assert "Take this hunk" in ran.stderr


def test_json_says_what_was_chosen(shell: Shell, swapping: str) -> None:
    shell.file()
    ran = by_lines(shell, swapping, "n\ny\n", "--json")
    (entry,) = json.loads(ran.stdout)["edits"]
    assert (entry["status"], entry["message"]) == ("changed", "1 of 2 hunks taken")
    shell.file()
    (entry,) = json.loads(by_lines(shell, swapping, "d\n", "--json").stdout)["edits"]
    assert (entry["status"], entry["message"], entry["diff"]) == ("unchanged", "all 2 hunks left out", "")


@contextmanager
def many(shell: Shell, emulator: str, *options: str) -> Iterator[tuple[Gates, Asked]]:
    """Four files, whose edits wait until they are let through."""
    for name in NAMES:
        shell.file(name)
    with gated(emulator, NAMES) as gates:
        command = editsvc("rewrite", "-i", INSTRUCTION, "--interactive", "--apply", *options, *NAMES)
        yield gates, Asked(command, folder=shell.folder, environ={"CEREBRAS_BASE_URL": gates.url})


def contents(shell: Shell) -> list[bool]:
    return [(shell.folder / name).read_text() == EDITED for name in NAMES]


def test_files_are_asked_about_as_they_end_while_others_go_on(shell: Shell, emulator: str) -> None:
    with many(shell, emulator) as (gates, terminal):
        terminal.until(lambda: gates.most == len(NAMES))
        gates.let("gamma.py")
        terminal.until(lambda: "gamma.py: 1 hunk" in terminal.text and terminal.asks())
        assert " done" not in terminal.shown[-1] + terminal.text  # nothing is drawn while somebody reads
        gates.let("alpha.py")
        terminal.press("y")
        terminal.until(lambda: "alpha.py: 1 hunk" in terminal.text and terminal.asks())
        assert "gamma.py: the only hunk taken · written · " in terminal.text
        assert contents(shell) == [False, False, True, False]
        terminal.press("n")
        terminal.until(lambda: "2 of 4 done" in terminal.text)
        gates.let("beta.py", "delta.py")
        terminal.press("yy")
        assert terminal.end() == 0
        lines = terminal.text.split("\n")
        assert lines[-1] == "In all 3 of 4 hunks taken, in 4 files."
        assert any(line.startswith("alpha.py: the only hunk left out · gpt") for line in lines)
        assert " done" not in terminal.text
    assert contents(shell) == [False, True, True, True]


def test_q_ends_what_is_under_way_and_keeps_what_was_chosen(shell: Shell, emulator: str) -> None:
    with many(shell, emulator) as (gates, terminal):
        terminal.until(lambda: gates.most == len(NAMES))
        gates.let("beta.py")
        terminal.press("y")
        terminal.until(lambda: "1 of 4 done" in terminal.text)
        gates.let("alpha.py")
        terminal.until(lambda: "alpha.py: 1 hunk" in terminal.text and terminal.asks())
        terminal.press("q")
        assert terminal.end() == 0
        assert (
            terminal.text.split("\n")[-1] == "In all 1 of 2 hunks taken, in 2 files; 2 files not asked about."
        )
        assert "alpha.py: none of 1 hunk taken, left with q" in terminal.text
        assert "cancelled" not in terminal.text
    assert contents(shell) == [False, True, False, False]
    verdicts = {(record["status"], record["verdict"]) for record in shell.records()}
    assert verdicts == {("changed", "accepted"), ("changed", None), ("cancelled", None)}


def test_ctrl_c_at_a_question_ends_what_is_under_way_too(shell: Shell, emulator: str) -> None:
    with many(shell, emulator) as (gates, terminal):
        terminal.until(lambda: gates.most == len(NAMES))
        gates.let("alpha.py")
        terminal.press("y")
        terminal.until(lambda: "1 of 4 done" in terminal.text)
        gates.let("beta.py")
        terminal.until(lambda: "beta.py: 1 hunk" in terminal.text and terminal.asks())
        terminal.child.sendintr()
        assert terminal.end() == 130
        assert "alpha.py: the only hunk taken · written · " in terminal.text
        assert "editsvc: beta.py: The edit was cancelled." in terminal.text
        assert "editsvc: cancelled for the same reason as beta.py: gamma.py, delta.py" in terminal.text
    assert contents(shell) == [True, False, False, False]


def test_ctrl_c_before_the_first_question_leaves_none_to_be_asked(shell: Shell, emulator: str) -> None:
    with many(shell, emulator) as (gates, terminal):
        terminal.until(lambda: gates.most == len(NAMES) and "0 of 4 done" in terminal.text)
        terminal.child.sendintr()
        assert terminal.end() == 130
        assert terminal.text.split("\n") == [
            "editsvc: alpha.py: The edit was cancelled.",
            f"editsvc: cancelled for the same reason as alpha.py: {', '.join(NAMES[1:])}",
        ]
    assert contents(shell) == [False] * 4


def test_a_file_without_a_question_is_told_among_those_with_one(shell: Shell, swapping: str) -> None:
    shell.file()
    ran = by_lines(shell, swapping, "a\n", "missing.py")
    assert ran.returncode == 1
    assert "missing.py" in ran.stderr
    assert "steps.py: all 2 hunks taken · written" in ran.stderr


def test_a_terminal_that_can_only_print_has_lines_too(shell: Shell, swapping: str) -> None:
    path = shell.file()
    terminal = asked(shell, swapping, "--apply", TERM="dumb")
    for number, line in enumerate("yn", 1):
        terminal.until(lambda number=number: f"({number}/2) Take" in terminal.text)  # type: ignore[misc]
        terminal.child.sendline(line)
    assert terminal.end() == 0
    assert path.read_text() == swapped(3)
    assert "\x1b" not in terminal.raw
