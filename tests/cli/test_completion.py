"""Completion in the shells themselves: what a line becomes when Tab is pressed.

The suite installs no shell: those that are missing are skipped, and `.ci/run` installs them where it can.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from shell import Shell

from editsvc.cli.completion import SCRIPTS
from editsvc.settings.schema import Settings

CODE = "class Client:\n    def fetch(self):\n        return 1\n\n\ndef price_of(article):\n    return 2\n"
START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
LOAD = {
    "bash": "source <(editsvc completion bash)",
    "zsh": "autoload -U compinit; compinit -u -D; source <(editsvc completion zsh)",
    "fish": "editsvc completion fish | source",
}
CTRL_A, CTRL_E, CTRL_U, TAB = "\x01", "\x05", "\x15", "\t"
THERE = [name for name in START if shutil.which(name)]

# What is typed before Tab, and the words of the line after it.
CASES = [
    ("editsvc rewr", ["rewrite"]),
    ("editsvc config unse", ["config", "unset"]),
    ("editsvc rewrite --show-r", ["rewrite", "--show-refused"]),
    ("editsvc rewrite cli", ["rewrite", "client.py"]),
    ("editsvc rewrite wit", ["rewrite", "with blank"]),
    ("editsvc rewrite with\\ blank/my", ["rewrite", "with blank/my file.py"]),
    ("editsvc rewrite 'with blank/my", ["rewrite", "with blank/my file.py"]),
    ("editsvc rewrite -F wis", ["rewrite", "-F", "wish.txt"]),
    ("editsvc rewrite --file=wis", ["rewrite", "--file=wish.txt"]),
    ("editsvc rewrite --model gpt-o", ["rewrite", "--model", "gpt-oss-120b"]),
    ("editsvc rewrite --allow eli", ["rewrite", "--allow", "elision"]),
    ("editsvc rewrite --prediction=of", ["rewrite", "--prediction=off"]),
    ("editsvc rewrite --scope sy", ["rewrite", "--scope", "symbol:"]),
    ("editsvc rewrite client.py --scope symbol:pri", ["rewrite", "client.py", "--scope", "symbol:price_of"]),
    ("editsvc rewrite client.py --scope=symbol:pri", ["rewrite", "client.py", "--scope=symbol:price_of"]),
    (
        "editsvc rewrite with\\ blank/my\\ file.py --scope symbol:Client.",
        ["rewrite", "with blank/my file.py", "--scope", "symbol:Client.fetch"],
    ),
    ("editsvc config set on_sy", ["config", "set", "on_syntax_error"]),
    ("editsvc config set on_syntax_error ref", ["config", "set", "on_syntax_error", "refuse"]),
    ("editsvc config set drafts f", ["config", "set", "drafts", "false"]),
    ("editsvc completion z", ["completion", "zsh"]),
]


class Session:
    """An interactive shell with the completion loaded."""

    def __init__(self, name: str, folder: Path) -> None:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("EDITSVC_")}
        environ |= {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TERM": "xterm",
            "HOME": str(folder.parent),
            "XDG_CONFIG_HOME": str(folder.parent),
            "XDG_DATA_HOME": str(folder.parent),
            "LC_ALL": "C.UTF-8",
        }
        program, *options = START[name]
        self._child = pexpect.spawn(
            program,
            options,
            cwd=str(folder),
            env=environ,
            dimensions=(50, 160),
            encoding="utf-8",
            timeout=30,
        )
        self._child.sendline(f"{LOAD[name]}; echo load''ed")
        self._child.expect_exact("loaded")

    def words(self, typed: str) -> list[str]:
        """The words that the shell reads when Tab was pressed behind what was typed."""
        self._child.send(f"{CTRL_E}{CTRL_U}{typed}{TAB}")
        # The shell takes the rest when it has completed, and has closed a quote.
        self._child.send(f"{CTRL_A}printf '<%s>' \r")
        # What follows the last word has to be there, too: the shell may write its words one by one.
        self._child.expect(r"<editsvc>((?:<[^>\r\n]*>)*)[\r\n\x1b]")
        found = self._child.match[1]
        # zsh takes the slash behind a folder away again when something else is typed than a name.
        return [word.removeprefix("<").removesuffix("/") for word in found.split(">")[:-1]]

    def close(self) -> None:
        self._child.close(force=True)


@pytest.fixture(scope="module", params=list(START))
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    if request.param not in THERE:
        pytest.skip(f"{request.param} is not installed")
    folder = tmp_path_factory.mktemp("home") / "work"
    (folder / "with blank").mkdir(parents=True)
    for name in ("client.py", "with blank/my file.py"):
        (folder / name).write_text(CODE)
    (folder / "wish.txt").write_text("sort imports\n")
    opened = Session(request.param, folder)
    yield opened
    opened.close()


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "expected"), CASES, ids=[typed for typed, _ in CASES])
def test_tab_completes_the_line(session: Session, typed: str, expected: list[str]) -> None:
    assert session.words(typed) == expected


def test_bash_is_there() -> None:
    assert "bash" in THERE


def complete(shell: Shell, *words: str, after: tuple[str, ...] = ()) -> list[str]:
    """What zsh would be offered."""
    shell.environ.setenv("_EDITSVC_COMPLETE", "zsh_complete")
    shell.environ.setenv("EDITSVC_WORDS", "\x1f".join(["editsvc", *words, *after]))
    shell.environ.setenv("EDITSVC_CURRENT", str(len(words)))
    ran = shell.run()
    shell.environ.delenv("_EDITSVC_COMPLETE")
    return [line.split("\t")[1] for line in ran.out.decode().rstrip("\n").split("\n") if line]


def test_every_setting_and_its_values_are_offered(offline_shell: Shell) -> None:
    assert complete(offline_shell, "config", "get", "") == list(Settings.__struct_fields__)
    assert complete(offline_shell, "config", "set", "prediction", "") == ["auto", "on", "off"]
    assert complete(offline_shell, "config", "set", "reasoning_effort", "") == ["low", "medium", "high"]
    assert "gpt-oss-120b" in complete(offline_shell, "config", "set", "model", "")
    assert complete(offline_shell, "config", "set", "jobs", "") == []


def test_symbols_are_those_of_the_file_on_the_line_also_behind_the_cursor(offline_shell: Shell) -> None:
    offline_shell.file("client.py", CODE)
    asked = ("rewrite", "--scope", "symbol:")
    expected = ["symbol:Client", "symbol:Client.fetch", "symbol:price_of"]
    assert complete(offline_shell, *asked, after=("client.py",)) == expected
    assert complete(offline_shell, *asked) == []
    assert complete(offline_shell, *asked, after=("none.py", ".")) == []


def test_wrong_settings_do_not_get_in_the_way(offline_shell: Shell) -> None:
    (offline_shell.folder / ".editsvc.toml").write_text("jobs = \n")
    assert "gpt-oss-120b" in complete(offline_shell, "rewrite", "--model", "")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_printed(offline_shell: Shell, name: str) -> None:
    ran = offline_shell.run("completion", name)
    assert (ran.code, ran.out.decode(), ran.err) == (0, SCRIPTS[name], "")
