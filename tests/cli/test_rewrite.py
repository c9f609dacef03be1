"""``editsvc rewrite`` as its users meet it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from shell import EDITED, EXAMPLE, INSTRUCTION, Shell
from wire import tapped

from editsvc import __version__
from editsvc.prompt.version import prompt_version
from editsvc.text.document import split_lines


def test_without_apply_nothing_is_written_and_stdout_is_a_diff_that_git_applies(shell: Shell) -> None:
    path = shell.file()
    ran = shell.run("rewrite", "-i", INSTRUCTION, "steps.py")
    assert ran.code == 0
    assert path.read_text() == EXAMPLE
    assert ran.out.startswith(b"--- a/steps.py\n+++ b/steps.py\n@@ ")
    subprocess.run(["git", "apply", "-"], input=ran.out, cwd=shell.folder, check=True)
    assert path.read_text() == EDITED


def test_one_line_for_people_tells_model_tokens_acceptance_and_cost(shell: Shell) -> None:
    shell.file()
    err = shell.run("rewrite", "-i", INSTRUCTION, "steps.py").err
    assert err.startswith("gpt-oss-120b · ")
    assert " tokens in 0." in err
    assert " % of the prediction accepted (" in err
    assert err.count("\n") == 1
    assert "$0.0" in err


def test_apply_writes_the_file(shell: Shell) -> None:
    path = shell.file()
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", "steps.py")
    assert (ran.code, path.read_text()) == (0, EDITED)
    assert "written" in ran.err


@pytest.mark.parametrize("kind", ["crlf", "bom", "no final newline", "cr", "mixed"])
def test_bytes_outside_of_the_edit_stay_as_they_are(shell: Shell, kind: str) -> None:
    def vary(text: str) -> bytes:
        match kind:
            case "crlf":
                return text.replace("\n", "\r\n").encode()
            case "bom":
                return b"\xef\xbb\xbf" + text.encode()
            case "cr":
                return text.replace("\n", "\r").encode()
            case "mixed":
                lines = enumerate(split_lines(text))
                return "".join(line[:-1] + ("\n" if n % 3 else "\r\n") for n, line in lines).encode()
            case _:
                return text.rstrip("\n").encode()

    path = shell.file(content=vary(EXAMPLE))
    assert shell.run("rewrite", "-i", INSTRUCTION, "--apply", "steps.py").code == 0
    assert path.read_bytes() == vary(EDITED)


def test_json_is_one_object_with_everything_in_it(shell: Shell) -> None:
    shell.file()
    edit = shell.run("rewrite", "-i", INSTRUCTION, "--json", "--scope", "file", "steps.py").edit
    assert edit["path"] == "steps.py"
    assert (edit["status"], edit["message"], edit["finish_reason"]) == ("changed", "", "stop")
    assert edit["scope"] == {
        "kind": "file",
        "start_line": 1,
        "end_line": EXAMPLE.count("\n"),
        "reason": "asked",
        "parts_offered": 1,
        "parts_rewritten": 1,
    }
    assert (edit["edit_format"], edit["restarts"]) == ("rewrite", [])
    assert (edit["provider"], edit["model"]) == ("cerebras", "gpt-oss-120b")
    assert edit["prediction"] == {"sent": True, "kind": "file", "reason": "predictable"}
    assert edit["usage"]["accepted_prediction_tokens"] > 0
    assert set(edit["usage"]) == {
        "prompt_tokens",
        "cached_tokens",
        "completion_tokens",
        "reasoning_tokens",
        "accepted_prediction_tokens",
        "rejected_prediction_tokens",
    }
    assert set(edit["timing"]) == {"ttft_s", "total_s", "tokens_per_s"}
    assert edit["cost_usd"] > 0
    assert edit["request_id"]
    assert edit["diff"].startswith("--- a/steps.py")


def test_what_the_server_does_not_report_is_null(shell: Shell) -> None:
    shell.file()
    edit = shell.run("rewrite", "-i", INSTRUCTION, "--json", "steps.py", fault="no-usage").edit
    assert edit["status"] == "changed"
    assert set(edit["usage"].values()) == {None}
    assert edit["cost_usd"] is None


@pytest.mark.parametrize(
    ("mode", "sent", "reason"),
    [("on", True, "asked"), ("off", False, "declined"), ("auto", True, "predictable")],
)
def test_the_prediction_can_be_ordered_and_forbidden(
    shell: Shell, mode: str, sent: bool, reason: str
) -> None:
    shell.file()
    edit = shell.run("rewrite", "-i", INSTRUCTION, "--prediction", mode, "--json", "steps.py").edit
    assert (edit["status"], edit["prediction"]["sent"], edit["prediction"]["reason"]) == (
        "changed",
        sent,
        reason,
    )


def test_a_server_without_predictions_is_asked_again_without_one(shell: Shell) -> None:
    path = shell.file()
    ran = shell.run(
        "rewrite", "-i", INSTRUCTION, "--apply", "--json", "steps.py", fault="prediction-unsupported"
    )
    assert (ran.code, path.read_text()) == (0, EDITED)
    assert ran.edit["prediction"] == {"sent": False, "kind": None, "reason": "server-refused"}
    (record,) = shell.records()
    assert record["attempts"] == 2


def test_only_the_lines_in_the_scope_are_rewritten(shell: Shell) -> None:
    path = shell.file()
    line = EXAMPLE[: EXAMPLE.index("step_7")].count("\n") + 1
    for spec in (f"lines:{line}-{line + 1}", "symbol:step_7"):
        path.write_text(EXAMPLE)
        edit = shell.run("rewrite", "-i", INSTRUCTION, "--scope", spec, "--apply", "--json", "steps.py").edit
        assert path.read_text() == EDITED
        assert (edit["scope"]["kind"], edit["scope"]["start_line"]) == (spec.split(":")[0], line)


def test_a_model_that_needs_more_than_its_part_gets_the_whole_file(shell: Shell) -> None:
    path = shell.file()
    edit = shell.run(
        "rewrite", "-i", INSTRUCTION, "--scope", "symbol:step_3", "--apply", "--json", "steps.py"
    ).edit
    assert path.read_text() == EDITED
    assert (edit["scope"]["kind"], edit["scope"]["reason"]) == ("file", "widened")
    assert edit["restarts"] == shell.records()[0]["restarts"] == ["whole-file"]


def test_lines_that_the_user_drew_are_not_exceeded(shell: Shell) -> None:
    path = shell.file()
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--scope", "lines:1-2", "--apply", "steps.py")
    assert (ran.code, path.read_text()) == (1, EXAMPLE)
    assert "The change needs more than lines 1 to 2" in ran.err


def test_several_files_are_all_done_and_the_worst_code_counts(shell: Shell) -> None:
    good = shell.file("good.py")
    shell.file("bad.py", b"\xff\n")
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", "--json", "bad.py", "good.py", "gone.py")
    assert ran.code == 1
    assert [edit["status"] for edit in ran.json["edits"]] == ["refused", "changed", "refused"]
    assert good.read_text() == EDITED
    assert "byte 0 (0xff)" in ran.json["edits"][0]["message"]
    assert len(shell.records()) == 3


def test_standard_input_becomes_a_diff_or_with_apply_the_new_text(shell: Shell, tmp_path: Path) -> None:
    source = tmp_path / "input"
    source.write_text(EXAMPLE)
    for more, expected in ((["--apply"], EDITED.encode()), ([], b"--- a/steps.py\n")):
        command = [
            sys.executable,
            "-m",
            "editsvc",
            "rewrite",
            "-i",
            INSTRUCTION,
            "--stdin-filename",
            "steps.py",
        ]
        with source.open("rb") as stdin:
            done = subprocess.run([*command, *more, "-"], stdin=stdin, capture_output=True, check=True)
        assert done.stdout.startswith(expected)


@pytest.mark.parametrize("what", ["changed", "gone", "a folder"])
def test_a_file_that_changed_during_the_edit_is_left_alone_and_the_log_says_so(
    shell: Shell, emulator: str, what: str
) -> None:
    path = shell.file()

    def meddle() -> None:
        if path.is_file() and path.read_text() == EXAMPLE:
            path.unlink()
            if what == "changed":
                path.write_text("mine\n")
            elif what == "a folder":
                path.mkdir()

    with tapped(emulator, meddle) as server:
        shell.environ.setenv("CEREBRAS_BASE_URL", server.url)
        ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", "--json", "steps.py")
    assert (ran.code, ran.edit["status"], ran.edit["error"], ran.edit["diff"]) == (1, "refused", "Stale", "")
    assert path.read_text() == "mine\n" if what == "changed" else not path.is_file()
    (record,) = shell.records()
    assert (record["status"], record["error"]) == ("refused", "Stale")
    assert record["usage"]["completion_tokens"] > 0
    assert shell.run("undo").code == 1


def test_the_kind_of_what_ended_an_edit_is_told_and_null_if_nothing_did(shell: Shell) -> None:
    shell.file()
    shell.file("bad.py", b"\xff\n")
    edits = shell.run("rewrite", "-i", INSTRUCTION, "--json", "steps.py", "bad.py", "gone.py").json["edits"]
    assert [edit["error"] for edit in edits] == [None, "DocumentRefused", "FileError"]
    (edit,) = shell.run("rewrite", "-i", INSTRUCTION, "--json", "steps.py", fault="status:500").json["edits"]
    assert (edit["status"], edit["error"]) == ("failed", "ProviderUnavailable")


def test_nothing_to_change_is_success(shell: Shell, start_emulator: Callable[..., str]) -> None:
    shell.environ.setenv("CEREBRAS_BASE_URL", start_emulator("--echo"))
    shell.file()
    ran = shell.run("rewrite", "-i", "Leave it.", "--apply", "steps.py")
    assert (ran.code, ran.out) == (0, b"")
    assert ran.err.startswith("nothing to change · ")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["-i", " ", "steps.py"], "The instruction is empty."),
        (["-i", "x", "--scope", "part", "steps.py"], "'part' is not a scope."),
        (["-i", "x", "steps.py", "steps.py"], "A file is named twice."),
        (["-i", "x", "--interactive", "-"], "--interactive reads the answers from standard input"),
        (["-F", "-", "--interactive", "steps.py"], "--interactive reads the answers from standard input"),
        (["-i", "x"], "Missing argument"),
        (["steps.py"], "No instruction was given"),
        (["-i", "x", "--allow", "identity", "steps.py"], "identity"),
    ],
)
def test_a_wrong_call_is_explained_and_ends_with_2(shell: Shell, args: list[str], words: str) -> None:
    shell.file()
    ran = shell.run("rewrite", *args)
    assert (ran.code, ran.out) == (2, b"")
    assert words in ran.err


def test_a_wrong_key_ends_with_4(shell: Shell, start_emulator: Callable[..., str], script: Path) -> None:
    shell.environ.setenv(
        "CEREBRAS_BASE_URL", start_emulator("--script", str(script), "--api-key", "the-right-one")
    )
    shell.file()
    ran = shell.run("rewrite", "-i", INSTRUCTION, "steps.py")
    assert ran.code == 4
    assert "does not accept the API key" in ran.err
    assert "csk-very-secret" not in ran.err


def test_a_wrong_setting_ends_with_4(shell: Shell) -> None:
    shell.environ.setenv("EDITSVC_JOBS", "none")
    shell.file()
    ran = shell.run("rewrite", "-i", INSTRUCTION, "steps.py")
    assert ran.code == 4
    assert ran.err.startswith('editsvc: environment: jobs is "none", and takes a whole number')


def test_a_log_that_fails_is_a_warning_and_the_edit_is_made(shell: Shell) -> None:
    shell.data.write_text("a file where the folder should be")
    path = shell.file()
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", "steps.py")
    assert (ran.code, path.read_text()) == (0, EDITED)
    assert "The edit was not logged." in ran.err


def test_a_log_that_is_switched_off_is_not_made(shell: Shell) -> None:
    shell.environ.setenv("EDITSVC_LOG_ENABLED", "false")
    shell.file()
    assert shell.run("rewrite", "-i", INSTRUCTION, "steps.py").code == 0
    assert not (shell.data / "log.db").exists()


def test_an_unknown_model_is_mentioned_once(
    shell: Shell, start_emulator: Callable[..., str], script: Path
) -> None:
    shell.environ.setenv("CEREBRAS_BASE_URL", start_emulator("--script", str(script), "--model", "brand-new"))
    shell.file()
    first = shell.run("rewrite", "-i", INSTRUCTION, "--model", "brand-new", "steps.py")
    second = shell.run("rewrite", "-i", INSTRUCTION, "--model", "brand-new", "steps.py")
    assert "The model brand-new is not in the model table" in first.err
    assert "not in the model table" not in second.err
    assert (first.code, second.code) == (0, 0)


def test_the_record_has_numbers_and_neither_code_nor_instruction_nor_path(shell: Shell) -> None:
    shell.file()
    shell.run("rewrite", "-i", INSTRUCTION, "--apply", "steps.py")
    (record,) = shell.records()
    stored = json.dumps(record)
    for secret in ("step_7", "seventh", "Call step", "steps.py", str(shell.folder), "csk-very-secret"):
        assert secret not in stored
        assert secret.encode() not in (shell.data / "log.db").read_bytes()
    assert record["status"] == "changed"
    assert record["usage"]["accepted_prediction_tokens"] > 0
    assert (record["propensity"], record["policy_version"]) == (1, "rule-1")
    assert (record["editsvc_version"], record["prompt_version"]) == (__version__, prompt_version())
    assert record["hunks"] == 1


def test_without_a_key_the_offline_engine_edits_and_says_so(offline_shell: Shell) -> None:
    path = offline_shell.file()
    ran = offline_shell.run("rewrite", "-i", "rename step_7 to seventh_step", "--apply", "steps.py")
    assert (ran.code, path.read_text()) == (0, EDITED)
    assert "offline engine edits (set CEREBRAS_API_KEY" in ran.err
    assert "offline engine · " in ran.err
    edit = offline_shell.run("rewrite", "-i", "rename step_8 to x", "--offline", "--json", "steps.py").edit
    assert edit["offline"] is True


def test_what_the_offline_engine_leaves_on_purpose_is_said(offline_shell: Shell) -> None:
    path = offline_shell.folder / "net.py"
    path.write_text("import requests\n\ntimeout = 3\nrequests.get('x', timeout=timeout)\n")
    ran = offline_shell.run("rewrite", "--offline", "-i", "rename timeout to limit", "--apply", "net.py")
    assert path.read_text().endswith("\nlimit = 3\nrequests.get('x', timeout=limit)\n")
    assert "`timeout` stays on line 4, where it names something that this file does not define." in ran.err
    edit = offline_shell.run(
        "rewrite", "--offline", "-i", "rename limit to patience", "--json", "net.py"
    ).edit
    assert edit["warnings"] == []


def test_what_the_offline_engine_cannot_do_it_explains_in_a_sentence(offline_shell: Shell) -> None:
    offline_shell.file()
    ran = offline_shell.run("rewrite", "-i", "make it faster", "--offline", "steps.py")
    assert (ran.code, ran.out) == (1, b"")
    reason, *forms, key = ran.err.rstrip("\n").split("\n")
    assert reason.startswith("editsvc: The offline engine does not understand “faster”")
    assert all(form.startswith("  · ") for form in forms)
    assert 0 < len(forms) <= 5
    assert "CEREBRAS_API_KEY" in key


def test_of_several_files_those_without_what_is_meant_are_unchanged_and_counted(offline_shell: Shell) -> None:
    for name in ("steps.py", "more.py"):
        offline_shell.file(name)
    for name in ("a.py", "b.py", "c.py", "d.py"):
        offline_shell.file(name, "x = 1\n")
    files = ("a.py", "b.py", "steps.py", "c.py", "d.py", "more.py")
    call = ("rewrite", "--offline", "-i", "rename step_7 to seventh_step")
    ran = offline_shell.run(*call, *files)
    assert ran.code == 0
    assert ran.out.count(b"+++ b/") == 2
    assert "nothing to change in 4 files: a.py, b.py, c.py and 1 more" in ran.err
    assert "2 changed, 4 unchanged" in ran.err
    edits = offline_shell.run(*call, "--json", *files).json["edits"]
    assert [edit["status"] for edit in edits].count("unchanged") == 4
    assert edits[0]["message"] == "The file has no identifier named `step_7`."
    assert edits[0]["error"] is None


def test_what_no_file_has_is_an_error_with_what_may_be_meant(offline_shell: Shell) -> None:
    offline_shell.file("steps.py", "def fetch(): ...\n")
    offline_shell.file("a.py", "x = 1\n")
    ran = offline_shell.run("rewrite", "--offline", "-i", "rename fetsh to get", "steps.py", "a.py")
    assert (ran.code, ran.out) == (1, b"")
    assert "The file has no identifier named `fetsh`; did you mean `fetch`?" in ran.err
    assert "nothing to change in 2 files: steps.py, a.py" in ran.err


def test_a_rename_over_several_files_is_one_rename(offline_shell: Shell) -> None:
    offline_shell.file("steps.py", "def fetch():\n    return 1\n")
    offline_shell.file("uses.py", "from steps import fetch\nprint(fetch())\n")
    offline_shell.file("other.py", "from elsewhere import fetch\nprint(fetch())\n")
    call = ("rewrite", "--offline", "-i", "rename fetch to download", "--apply")
    ran = offline_shell.run(*call, "uses.py", "steps.py", "other.py")
    assert ran.code == 0
    assert (offline_shell.folder / "uses.py").read_text() == "from steps import download\nprint(download())\n"
    assert (offline_shell.folder / "steps.py").read_text() == "def download():\n    return 1\n"
    assert (offline_shell.folder / "other.py").read_text() == "from elsewhere import fetch\nprint(fetch())\n"
