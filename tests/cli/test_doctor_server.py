"""`editsvc doctor --server`: one tiny request, and what it shows."""

from pathlib import Path

from emulated import serving
from shell import Shell

from editsvc.emulator import EmulatorOptions, parse_fault


def named(shell: Shell, url: str, dialect: str) -> None:
    path = shell.data.parent / "servers.toml"
    path.write_text(f'[servers.mine]\nbase_url = "{url}"\ndialect = "{dialect}"\nmodel = "gpt-oss-120b"\n')
    shell.environ.setenv("EDITSVC_CONFIG", str(path))
    shell.environ.setenv("EDITSVC_MINE_API_KEY", "a-key")


def test_a_tiny_request_shows_what_a_server_takes(shell: Shell) -> None:
    with serving(EmulatorOptions(dialect="openai", echo=True)) as emulator:
        named(shell, emulator.base_url, "compatible")
        ran = shell.run("doctor", "--server", "mine")
        (record,) = emulator.records()
    said = ran.out.decode()
    assert ran.code == 0, said
    assert "mine request: gpt-oss-120b answered" in said
    assert "mine usage: told" in said
    assert "mine stream: yes" in said
    assert "for the first token" in said
    assert record.reserved_tokens < 1_000


def test_what_is_wrong_with_it_is_said(shell: Shell) -> None:
    with serving(EmulatorOptions(echo=True, faults=(parse_fault("status:500"),))) as emulator:
        named(shell, emulator.base_url, "compatible")
        ran = shell.run("doctor", "--server", "mine")
    assert (ran.code, "problem  mine request: 127.0.0.1 failed (500" in ran.out.decode()) == (3, True)


def test_a_server_that_nobody_named_is_a_mistake(shell: Shell, tmp_path: Path) -> None:
    ran = shell.run("doctor", "--server", "theirs")
    assert (ran.code, "There is no server 'theirs'. The settings name cerebras." in ran.err) == (2, True)
