"""What a command did not expect, and bytes that are not text: one sentence, an exit code, one record."""

import re
import subprocess
import sys

import click
import pytest
from shell import INSTRUCTION, Shell

from editsvc.cli import main


@click.command()
def broken() -> int:
    """A command with a defect."""
    return int({}["a line of the file"])


def test_a_defect_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([], group=broken)
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (1, "")
    assert re.fullmatch(
        r"editsvc: editsvc has a bug: KeyError in editsvc\.cli\.group, line \d+\."
        r" Please report it and say what you did\.\n",
        err,
    )


def test_whoever_develops_sees_where_it_was(shell: Shell) -> None:
    program = "import click\nfrom editsvc.cli import main\nmain([], group=click.Command('x', callback=lambda: 1 / 0))"
    ran = subprocess.run(
        [sys.executable, "-X", "dev", "-c", program], check=False, capture_output=True, text=True
    )
    assert "ZeroDivisionError" in ran.stderr
    assert "Traceback" in ran.stderr


@pytest.mark.parametrize("instruction", ["\udcff", f"{INSTRUCTION} \udcc3"])
def test_an_instruction_that_is_not_text_is_refused_and_recorded(shell: Shell, instruction: str) -> None:
    path = shell.file()
    before = path.read_bytes()
    ran = shell.run("rewrite", "-i", instruction, "--apply", "steps.py")
    assert (ran.code, ran.out, path.read_bytes()) == (2, b"", before)
    assert ran.err.startswith("editsvc: The instruction is not valid Unicode: character ")
    assert ran.err.count("\n") == 1
    (record,) = shell.records()
    assert (record["status"], record["error"]) == ("failed", "UsageError")


@pytest.mark.parametrize(
    ("variable", "setting"),
    [("EDITSVC_MODEL", "model"), ("CEREBRAS_BASE_URL", "base_url"), ("EDITSVC_DATA_DIR", "data_dir")],
)
def test_a_setting_that_is_not_text_is_refused(shell: Shell, variable: str, setting: str) -> None:
    shell.file()
    shell.environ.setenv(variable, "http://x\udcff/")
    ran = shell.run("rewrite", "-i", INSTRUCTION, "steps.py")
    assert (ran.code, ran.err) == (4, f"editsvc: environment: {setting} is not valid UTF-8. Set it again.\n")


@pytest.mark.parametrize(
    "url", ["http://a..b", "http://a b", "http://" + "a" * 64 + ".example", "http://h:99999"]
)
def test_a_base_url_that_no_connection_can_be_made_to_is_refused(shell: Shell, url: str) -> None:
    shell.file()
    shell.environ.setenv("CEREBRAS_BASE_URL", url)
    ran = shell.run("rewrite", "-i", INSTRUCTION, "steps.py")
    assert ran.code == 4
    assert ran.err.startswith(f"editsvc: environment: base_url is not the URL of a server: {url}.")
