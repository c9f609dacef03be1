"""The manual page says what help says, and roff reads it without a warning."""

import re
import shutil
import subprocess

import pytest
from command_tree import nodes
from shell import Shell


def test_every_command_and_option_is_in_it(offline_shell: Shell) -> None:
    ran = offline_shell.run("help", "--man")
    text = ran.out.decode().replace("\\-", "-")
    assert (ran.code, ran.err) == (0, "")
    for node in nodes():
        assert not node.words or f"\n.SS {' '.join(['editsvc', *node.words])}\n" in text
        options = {option for param in node.found.params for option in param.opts if option.startswith("--")}
        assert [
            option for option in options if not re.search(rf"^\.B .*{option}\b", text, re.MULTILINE)
        ] == []


def test_the_page_is_about_all_commands(offline_shell: Shell) -> None:
    assert offline_shell.run("help", "--man", "log").code == 2


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff here")
def test_roff_reads_it_without_a_warning(offline_shell: Shell) -> None:
    page = offline_shell.run("help", "--man").out
    done = subprocess.run(["groff", "-man", "-ww", "-Tutf8"], input=page, capture_output=True, check=True)
    assert done.stderr == b""
    assert b"EXIT STATUS" in re.sub(rb".\x08", b"", done.stdout)
