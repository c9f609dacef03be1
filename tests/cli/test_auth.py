"""``editsvc auth``: where a key is kept, which one counts, and that nobody else sees it."""

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pexpect
import pytest
from shell import Shell

KEY, OTHER = "csk-0123456789-abcdefgh-wxyz", "csk-9876543210-hgfedcba-4321"
SUPPORT = Path(__file__).parents[1] / "support"


@pytest.fixture
def place(offline_shell: Shell, emulator: str) -> Shell:
    """A shell without a keyring, with the emulator as its server."""
    offline_shell.environ.setenv("CEREBRAS_BASE_URL", emulator)
    offline_shell.environ.setenv("EDITSVC_READ_TIMEOUT_S", "60")
    offline_shell.environ.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return offline_shell


@pytest.fixture
def with_keyring(place: Shell, tmp_path: Path) -> Shell:
    place.environ.setenv("PYTHON_KEYRING_BACKEND", "file_keyring.FileKeyring")
    place.environ.setenv("PYTHONPATH", str(SUPPORT))
    place.environ.setenv("KEYRING_FILE", str(tmp_path / "keyring.json"))
    return place


def auth(place: Shell, *args: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "editsvc", "auth", *args],
        cwd=place.folder,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


class _Refusal(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def refusing() -> Iterator[str]:
    """A server that takes no key."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def kept(place: Shell) -> Path:
    return place.data / "keys.json"


def test_without_a_keyring_the_key_is_in_a_file_that_its_owner_alone_can_read(place: Shell) -> None:
    ran = auth(place, "login", "--with-token", given=f"{KEY}\n")
    assert (ran.returncode, ran.stdout) == (0, "")
    assert (
        f"The key is kept: in {kept(place)}, which only you can read; {os.environ['CEREBRAS_BASE_URL']} takes it."
        in (ran.stderr)
    )
    assert stat.S_IMODE(kept(place).stat().st_mode) == 0o600
    assert json.loads(kept(place).read_text()) == {"cerebras": KEY}
    said = auth(place, "status", "--check")
    assert (said.returncode, said.stdout) == (0, f"…wxyz  {kept(place)}  (counts)\n")
    out = auth(place, "logout")
    assert (out.returncode, kept(place).exists()) == (0, False)
    none = auth(place, "status")
    assert (none.returncode, none.stderr) == (
        4,
        "editsvc: no API key was found; editsvc auth login keeps one.\n",
    )
    for shown in (ran, said, out, none):
        assert KEY[:12] not in shown.stdout + shown.stderr


def test_an_edit_uses_the_key_that_was_kept(place: Shell) -> None:
    place.file()
    auth(place, "login", "--with-token", given=KEY)
    assert (
        place.run("rewrite", "-i", "Call step 7 seventh_step.", "--json", "steps.py").edit["provider"]
        == "cerebras"
    )


def test_with_a_keyring_the_key_is_there_and_an_old_file_goes(with_keyring: Shell, tmp_path: Path) -> None:
    with_keyring.environ.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    auth(with_keyring, "login", "--with-token", given=OTHER)
    assert kept(with_keyring).exists()
    with_keyring.environ.setenv("PYTHON_KEYRING_BACKEND", "file_keyring.FileKeyring")
    ran = auth(with_keyring, "login", "--with-token", "--json", given=KEY)
    assert json.loads(ran.stdout)["kept"] == json.loads(ran.stdout)["counts"] == "keyring"
    assert not kept(with_keyring).exists()
    assert auth(with_keyring, "status").stdout == "…wxyz  keyring  (counts)\n"
    assert json.loads(auth(with_keyring, "logout", "--json").stdout)["removed"] == ["keyring"]
    assert json.loads((tmp_path / "keyring.json").read_text()) == {}


def test_a_keyring_that_keeps_nothing_is_not_relied_on(place: Shell) -> None:
    place.environ.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    auth(place, "login", "--with-token", given=KEY)
    assert kept(place).exists()


def test_the_variable_counts_first_and_that_is_said(place: Shell) -> None:
    place.environ.setenv("CEREBRAS_API_KEY", OTHER)
    ran = auth(place, "login", "--with-token", given=KEY)
    assert "the key in CEREBRAS_API_KEY counts as long as it is set" in ran.stderr
    found = json.loads(auth(place, "status", "--json").stdout)["sources"]
    assert found == [
        {"origin": "CEREBRAS_API_KEY", "key": "…4321", "counts": True},
        {"origin": str(kept(place)), "key": "…wxyz", "counts": False},
    ]
    assert "there still is a key in CEREBRAS_API_KEY" in auth(place, "logout").stderr


def test_a_key_that_the_server_refuses_is_not_kept(place: Shell) -> None:
    with refusing() as url:
        place.environ.setenv("CEREBRAS_BASE_URL", url)
        ran = auth(place, "login", "--with-token", given=KEY)
    assert ran.returncode == 4, ran.stderr
    assert "the key was not kept." in ran.stderr
    assert not kept(place).exists()


def test_a_server_that_cannot_be_asked_is_said_and_the_check_can_be_left_out(place: Shell) -> None:
    place.environ.setenv("CEREBRAS_BASE_URL", "http://127.0.0.1:9")
    ran = auth(place, "login", "--with-token", given=KEY)
    assert (ran.returncode, kept(place).exists()) == (3, False)
    assert "--no-check keeps it unchecked" in ran.stderr
    ran = auth(place, "login", "--with-token", "--no-check", given=KEY)
    assert (ran.returncode, "not checked" in ran.stderr) == (0, True)
    assert kept(place).exists()


def test_a_file_that_others_can_read_is_refused(place: Shell) -> None:
    auth(place, "login", "--with-token", given=KEY)
    kept(place).chmod(0o644)
    ran = auth(place, "status")
    assert (ran.returncode, ran.stdout) == (4, "")
    assert f"Run: chmod 600 {kept(place)}" in ran.stderr


@pytest.mark.parametrize("typed", ["", "two words", "a\nb"])
def test_what_cannot_be_a_key_is_refused(place: Shell, typed: str) -> None:
    ran = auth(place, "login", "--with-token", given=typed)
    assert ran.returncode == (4 if typed else 2)
    assert not kept(place).exists()


def test_the_second_server_has_a_key_of_its_own(place: Shell) -> None:
    assert auth(place, "login", "--fallback", "--with-token", given=KEY).returncode == 4
    place.environ.setenv("EDITSVC_FALLBACK_BASE_URL", os.environ["CEREBRAS_BASE_URL"])
    place.environ.setenv("EDITSVC_FALLBACK_MODEL", "m")
    assert auth(place, "login", "--fallback", "--with-token", given=KEY).returncode == 0
    assert auth(place, "status").returncode == 4
    assert "…wxyz" in auth(place, "status", "--fallback").stdout


def test_the_terminal_does_not_show_the_key_that_is_typed(place: Shell) -> None:
    child = pexpect.spawn(
        sys.executable, ["-m", "editsvc", "auth", "login"], cwd=place.folder, encoding="utf-8", timeout=60
    )
    child.expect_exact("API key (it is not shown)")
    child.waitnoecho()
    child.sendline(KEY)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert KEY not in child.before
    assert kept(place).exists()


def test_without_a_terminal_the_key_must_be_announced(place: Shell) -> None:
    ran = auth(place, "login", given=KEY)
    assert (ran.returncode, kept(place).exists()) == (2, False)
    assert "To read it from standard input: --with-token." in ran.stderr


@pytest.mark.parametrize(
    "line", ['data_dir = "."', 'api_key_command = ["echo", "csk-theirs"]', 'base_url = "http://127.0.0.1:9"']
)
def test_a_workspace_has_no_say_in_it(place: Shell, line: str) -> None:
    (place.folder / ".editsvc.toml").write_text(line + "\n")
    (place.folder / "keys.json").write_text('{"cerebras": "csk-theirs"}')
    (place.folder / "keys.json").chmod(0o600)
    assert auth(place, "status").returncode == 4
    assert auth(place, "login", "--with-token", given=KEY).returncode == 0
    assert json.loads(kept(place).read_text()) == {"cerebras": KEY}
    assert auth(place, "status").stdout == f"…wxyz  {kept(place)}  (counts)\n"
