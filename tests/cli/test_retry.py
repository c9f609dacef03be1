"""What a check refused: seen with ``--show-refused``, and made with ``editsvc retry``, without asking a model again."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from shell import EXAMPLE, Shell

from editsvc.guard.findings import WAIVABLE, Check

ELIDE = "Make the steps clearer."
LEFT_OUT = "# ... rest of the code unchanged ..."
ELIDED = f"def step_0(number):\n    return number\n\n\n{LEFT_OUT}\n"
KEY = "AKIAIOSFODNN7" + "EXAMPLR"
SECRET = f'KEY = "{KEY}"\n'
ESCAPE = "\x1b]0;owned\x07"
STEERS = ELIDED.replace("(number)", f"(number):  # {ESCAPE}\u202e", 1)
EVERYTHING = tuple(word for check in sorted(WAIVABLE) for word in ("--allow", check.value))


@pytest.fixture(scope="module")
def eliding(start_emulator: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model that leaves most of a file out, with a remark in its place, and does so again when it is asked again."""
    path = tmp_path_factory.mktemp("eliding") / "cases.jsonl"
    cases = [
        {"instruction": ELIDE, "before": EXAMPLE, "after": ELIDED},
        {"instruction": "Steer.", "before": EXAMPLE, "after": STEERS},
        {"instruction": "Append.", "before": EXAMPLE, "after": f"{EXAMPLE}LAST = 1\n"},
    ]
    path.write_text("".join(json.dumps(case) + "\n" for case in cases))
    return start_emulator("--script", str(path))


@pytest.fixture
def shell(offline_shell: Shell, eliding: str) -> Iterator[Shell]:
    """A shell whose model elides."""
    offline_shell.environ.setenv("CEREBRAS_API_KEY", "csk-very-secret")
    offline_shell.environ.setenv("CEREBRAS_BASE_URL", eliding)
    return offline_shell


def refuse(shell: Shell, *names: str, instruction: str = ELIDE) -> str:
    for name in names:
        shell.file(name)
    ran = shell.run("rewrite", "-i", instruction, "--scope", "file", "--apply", *names)
    assert (ran.code, ran.out) == (1, b"")
    return ran.err


def kept(shell: Shell) -> list[Path]:
    return sorted((shell.data / "refused").glob("*/*.refused"))


def asked(shell: Shell) -> int:
    """How many requests a model was sent, in all."""
    return sum(record["attempts"] for record in shell.records())


def test_a_refusal_says_how_to_see_it_and_how_to_have_it(shell: Shell) -> None:
    told = refuse(shell, "steps.py")
    assert LEFT_OUT in told
    assert "To see what was refused: editsvc retry --show-refused." in told
    (command,) = re.findall(r"To make that edit without asking again: editsvc (retry.*)\.", told)
    assert "--allow elision" in command
    ran = shell.run(*command.split())
    assert (ran.code, ran.out.count(b"+++ b/steps.py")) == (0, 1)


def test_the_refused_diff_goes_to_stderr_with_the_lines_of_what_was_found(shell: Shell) -> None:
    shell.file()
    ran = shell.run("rewrite", "-i", ELIDE, "--scope", "file", "--show-refused", "steps.py")
    assert (ran.code, ran.out) == (1, b"")
    assert "refused (elision, line 5 of the new text): " in ran.err
    assert "--- a/steps.py\n+++ b/steps.py\n@@ " in ran.err
    assert f"+{LEFT_OUT}\n" in ran.err


def test_with_several_files_each_is_shown(shell: Shell) -> None:
    for name in ("a.py", "b.py"):
        shell.file(name)
    ran = shell.run("rewrite", "-i", ELIDE, "--scope", "file", "--show-refused", "a.py", "b.py")
    assert (ran.code, ran.out) == (1, b"")
    assert "+++ b/a.py\n" in ran.err
    assert "+++ b/b.py\n" in ran.err
    assert ran.err.count("To make that edit without asking again") == 1


def test_the_refused_edit_is_made_without_asking_and_paying_again(shell: Shell) -> None:
    refuse(shell, "steps.py")
    sent = asked(shell)
    ran = shell.run("retry", *EVERYTHING)
    assert ran.code == 0
    assert (shell.folder / "steps.py").read_text() == EXAMPLE
    subprocess.run(["git", "apply", "-"], input=ran.out, cwd=shell.folder, check=True)
    assert (shell.folder / "steps.py").read_text() == ELIDED
    assert "no model was asked" in ran.err
    assert asked(shell) == sent
    record = shell.records()[-1]
    assert (record["status"], record["cost_usd"], record["usage"]["completion_tokens"]) == (
        "changed",
        None,
        None,
    )


def test_apply_writes_it_once(shell: Shell) -> None:
    refuse(shell, "steps.py")
    ran = shell.run("retry", *EVERYTHING, "--apply", "steps.py")
    assert ran.code == 0
    assert ran.err.startswith("written · the reply that was refused · ")
    assert (shell.folder / "steps.py").read_text() == ELIDED
    assert kept(shell) == []
    again = shell.run("retry", *EVERYTHING, "--apply", "steps.py")
    assert (again.code, again.out) == (1, b"")
    assert "No refused reply is kept for steps.py." in again.err
    assert shell.run("undo").code == 0
    assert (shell.folder / "steps.py").read_text() == EXAMPLE


def test_what_is_not_allowed_is_refused_again_and_what_was_allowed_once_stays_so(shell: Shell) -> None:
    refuse(shell, "steps.py")
    plain = shell.run("retry", "--apply")
    assert (plain.code, plain.out) == (1, b"")
    assert LEFT_OUT in plain.err
    one = shell.run("retry", "--allow", "elision", "--apply")
    assert (one.code, one.out) == (1, b"")
    assert LEFT_OUT not in one.err
    (command,) = re.findall(r"To make that edit without asking again: editsvc (retry.*)\.", one.err)
    assert "elision" not in command
    assert shell.run(*command.split(), "--apply").code == 0
    assert (shell.folder / "steps.py").read_text() == ELIDED


def test_a_file_that_changed_since_is_refused_until_it_is_as_it_was(shell: Shell) -> None:
    refuse(shell, "steps.py")
    path = shell.file(content=f"# mine\n{EXAMPLE}")
    ran = shell.run("retry", *EVERYTHING, "--apply")
    assert (ran.code, ran.out) == (1, b"")
    assert "The file was changed since the reply that was refused." in ran.err
    assert path.read_text() == f"# mine\n{EXAMPLE}"
    shell.file()
    assert shell.run("retry", *EVERYTHING, "--apply").code == 0
    assert path.read_text() == ELIDED


def test_a_file_that_is_gone_is_said(shell: Shell) -> None:
    refuse(shell, "steps.py")
    (shell.folder / "steps.py").unlink()
    ran = shell.run("retry", *EVERYTHING)
    assert ran.code == 1
    assert "cannot be read" in ran.err


def test_a_file_is_retried_by_name_and_no_other_with_it(shell: Shell) -> None:
    refuse(shell, "a.py", "b.py")
    assert shell.run("retry", *EVERYTHING, "--apply", "a.py").code == 0
    assert (shell.folder / "a.py").read_text() == ELIDED
    assert (shell.folder / "b.py").read_text() == EXAMPLE
    other = shell.run("retry", *EVERYTHING, "c.py", "b.py")
    assert other.code == 1
    assert "c.py" in other.err
    assert b"+++ b/b.py\n" in other.out


def test_without_a_name_the_last_run_is_meant(shell: Shell) -> None:
    refuse(shell, "a.py")
    refuse(shell, "b.py", "c.py")
    assert shell.run("retry", *EVERYTHING, "--apply").code == 0
    texts = [(shell.folder / name).read_text() for name in ("a.py", "b.py", "c.py")]
    assert texts == [EXAMPLE, ELIDED, ELIDED]
    assert shell.run("retry", *EVERYTHING, "--apply").code == 0
    assert (shell.folder / "a.py").read_text() == ELIDED


def test_a_later_reply_takes_the_place_of_an_earlier_one(shell: Shell) -> None:
    refuse(shell, "steps.py")
    refuse(shell, "steps.py", instruction="Steer.")
    assert len(kept(shell)) == 1
    assert shell.run("retry", *EVERYTHING, "--apply").code == 0
    assert (shell.folder / "steps.py").read_text() == STEERS


def test_a_file_that_is_written_meanwhile_keeps_nothing(shell: Shell) -> None:
    refuse(shell, "steps.py")
    assert shell.run("rewrite", "-i", "Append.", "--apply", "steps.py").code == 0
    assert kept(shell) == []


def test_nothing_refused_is_said(shell: Shell) -> None:
    ran = shell.run("retry")
    assert (ran.code, ran.out) == (1, b"")
    assert ran.err == "editsvc: There is nothing to retry: no refused reply is kept.\n"


def test_the_setting_of_undo_turns_it_off(shell: Shell) -> None:
    shell.environ.setenv("EDITSVC_UNDO_ENABLED", "false")
    told = refuse(shell, "steps.py")
    assert kept(shell) == []
    assert "To see what was refused, add --show-refused." in told
    ran = shell.run("retry", *EVERYTHING)
    assert (ran.code, ran.out) == (1, b"")
    assert "The setting undo_enabled is off." in ran.err


def test_undo_forgets_it_too(shell: Shell) -> None:
    refuse(shell, "steps.py")
    assert shell.run("undo", "--forget").code == 0
    assert not (shell.data / "refused").exists()
    assert shell.run("retry").code == 1


def test_only_its_owner_can_read_it(shell: Shell) -> None:
    refuse(shell, "steps.py")
    (entry,) = kept(shell)
    modes = [oct(place.stat().st_mode & 0o777) for place in (entry, entry.parent, entry.parent.parent)]
    assert modes == ["0o600", "0o700", "0o700"]


def test_standard_input_is_not_kept(shell: Shell, tmp_path: Path) -> None:
    source = tmp_path / "input"
    source.write_text(EXAMPLE)
    command = [sys.executable, "-m", "editsvc", "rewrite", "-i", ELIDE, "--scope", "file"]
    with source.open("rb") as stdin:
        arguments = [*command, "--stdin-filename", "steps.py", "--show-refused", "-"]
        done = subprocess.run(arguments, stdin=stdin, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert f"+{LEFT_OUT}\n".encode() in done.stderr
    assert kept(shell) == []


def test_a_masked_secret_is_back_in_what_is_kept(shell: Shell, start_emulator: Callable[..., str]) -> None:
    shell.environ.setenv("CEREBRAS_BASE_URL", start_emulator())
    path = shell.file(content=SECRET + EXAMPLE)
    rename = ("rewrite", "-i", "rename step_1 to first", "--scope", "file", "--show-refused", "steps.py")
    ran = shell.run(*rename, fault="elision:0.5")
    assert ran.code == 1
    assert "placeholders take their place" in ran.err
    assert shell.run("retry", *EVERYTHING, "--apply").code == 0
    assert path.read_text().startswith(f"{SECRET}def step_0(value):")
    assert path.read_text().endswith(f"{LEFT_OUT}\n")


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_stay(shell: Shell, line_end: str) -> None:
    path = shell.file(content=b"\xef\xbb\xbf" + EXAMPLE.replace("\n", line_end).encode())
    assert shell.run("rewrite", "-i", ELIDE, "--scope", "file", "steps.py").code == 1
    assert shell.run("retry", *EVERYTHING, "--apply").code == 0
    assert path.read_bytes() == b"\xef\xbb\xbf" + ELIDED.replace("\n", line_end).encode()


def test_what_was_refused_steers_no_terminal(shell: Shell) -> None:
    shell.file()
    ran = shell.run("rewrite", "-i", "Steer.", "--scope", "file", "--show-refused", "steps.py")
    assert ran.code == 1
    assert "\\x1b]0;owned\\x07\\u202e" in ran.err
    assert "\x1b" not in ran.err


def test_json_has_the_refused_diff_and_stdout_holds_nothing_else(shell: Shell) -> None:
    shell.file()
    edit = shell.run("rewrite", "-i", ELIDE, "--scope", "file", "--json", "steps.py").edit
    assert (edit["status"], edit["diff"]) == ("refused", "")
    assert f"+{LEFT_OUT}\n" in edit["refused_diff"]
    assert [found["action"] for found in edit["findings"] if found["kind"] == "elision"] == [
        "asked-again",
        "refused",
    ]
    again = shell.run("retry", "--json").edit
    assert (again["status"], again["refused_diff"]) == ("refused", edit["refused_diff"])
    made = shell.run("retry", *EVERYTHING, "--apply", "--json").edit
    assert (made["status"], made["diff"], made["refused_diff"]) == ("changed", edit["refused_diff"], "")
    assert (made["usage"]["completion_tokens"], made["cost_usd"], made["attempts"]) == (None, None, [])


def test_a_settings_file_that_allows_a_check_is_heeded(shell: Shell) -> None:
    refuse(shell, "steps.py")
    shell.environ.setenv("EDITSVC_ALLOW", "elision")
    others = [word for check in sorted(WAIVABLE - {Check.ELISION}) for word in ("--allow", check.value)]
    assert shell.run("retry", *others, "--apply").code == 0


def test_retrying_needs_no_key(shell: Shell) -> None:
    refuse(shell, "steps.py")
    shell.environ.delenv("CEREBRAS_API_KEY")
    ran = shell.run("retry", *EVERYTHING, "--apply")
    assert ran.code == 0
    assert "key" not in ran.err


def test_a_check_that_cannot_be_waived_is_no_choice(shell: Shell) -> None:
    assert shell.run("retry", "--allow", "frame").code == 2
