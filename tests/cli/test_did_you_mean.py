"""Whoever misspells a name is asked whether the likely one was meant."""

from pathlib import Path

import pytest
from shell import INSTRUCTION, Shell

CODE = "class Client:\n    def fetch(self):\n        return 1\n\n    def close(self):\n        return 2\n"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("a/clinet.py", "Did you mean a/client.py?"),
        ("A/client.py", "Did you mean a/client.py?"),
        ("a/client.pyy", "Did you mean a/client.py?"),
        ("b/../a/clien.py", "Did you mean b/../a/client.py?"),
    ],
)
def test_a_file(offline_shell: Shell, typed: str, said: str) -> None:
    for folder in ("a", "b"):
        (offline_shell.folder / folder).mkdir()
    offline_shell.file("a/client.py")
    ran = offline_shell.run("rewrite", "-i", "sort imports", typed)
    assert (ran.code, said in ran.err) == (1, True), ran.err


def test_nothing_is_suggested_that_is_not_like_it(offline_shell: Shell) -> None:
    offline_shell.file("client.py")
    assert "Did you mean" not in offline_shell.run("rewrite", "-i", "sort imports", "zebra.txt").err
    assert "Did you mean" not in offline_shell.run("rewrite", "-i", "sort imports", "none/at/all.py").err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("fecth", "fetch"), ("Client.fetsch", "Client.fetch"), ("client", "Client"), ("clos", "close")],
)
def test_a_symbol(offline_shell: Shell, typed: str, meant: str) -> None:
    offline_shell.file("client.py", CODE)
    ran = offline_shell.run("rewrite", "-i", "sort imports", "--scope", f"symbol:{typed}", "client.py")
    assert (ran.code, f"Did you mean {meant}? The file has Client, Client.fetch" in ran.err) == (1, True), (
        ran.err
    )


def test_a_model(shell: Shell) -> None:
    shell.file()
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--model", "gpt-os-120b", "steps.py")
    assert (ran.code, "Did you mean --model gpt-oss-120b?" in ran.err) == (3, True), ran.err
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--model", "zzz", "steps.py")
    assert (ran.code, "Did you mean" in ran.err) == (3, False), ran.err


def test_a_folder_of_many_names_is_looked_through(tmp_path: Path, offline_shell: Shell) -> None:
    for number in range(300):
        offline_shell.file(f"file-{number}.py", "a\n")
    offline_shell.file("client.py")
    assert "Did you mean client.py?" in offline_shell.run("rewrite", "-i", "sort imports", "cleint.py").err
