"""``editsvc doctor``: each server, its key, its models, its breaker, and what became of the requests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shell import INSTRUCTION, Shell

Start = Callable[..., str]


def findings(shell: Shell) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in shell.run("doctor", "--json").json["findings"]}


@pytest.fixture
def with_fallback(offline_shell: Shell, start_emulator: Start, script: Path) -> Shell:
    """A first server that always fails, and a second one."""
    environ = offline_shell.environ
    environ.setenv("CEREBRAS_API_KEY", "csk-very-secret")
    environ.setenv("CEREBRAS_BASE_URL", start_emulator("--script", str(script), "--fault", "status:503"))
    environ.setenv("EDITSVC_FALLBACK_BASE_URL", start_emulator("--script", str(script)))
    environ.setenv("EDITSVC_FALLBACK_MODEL", "gpt-oss-120b")
    return offline_shell


def test_one_server_that_works(shell: Shell) -> None:
    found = findings(shell)
    assert found["key"]["text"] == "from CEREBRAS_API_KEY"
    assert found["server"]["text"].endswith("lists 3 models")
    assert found["breaker"] == {"name": "breaker", "ok": True, "text": "closed"}
    assert found["limits"] == {"name": "limits", "ok": True, "text": "none learned"}
    assert "fallback server" not in found
    assert "fallback limits" not in found
    assert "requests" not in found


def test_what_a_server_was_found_to_take(offline_shell: Shell, start_emulator: Start, script: Path) -> None:
    shell = offline_shell
    shell.environ.setenv("CEREBRAS_API_KEY", "csk-very-secret")
    small = ("--script", str(script), "--model", "gpt-oss-120b:context=700", "--tokens-per-minute", "30000")
    shell.environ.setenv("CEREBRAS_BASE_URL", start_emulator(*small))
    shell.file()
    assert shell.run("rewrite", "-i", INSTRUCTION, "--scope", "lines:1-40", "steps.py").code == 3
    assert findings(shell)["limits"]["text"].startswith(
        "gpt-oss-120b takes 700 tokens a request, learned 0 min ago"
    )
    shell.environ.setenv("CEREBRAS_BASE_URL", start_emulator("--script", str(script)))
    assert findings(shell)["limits"]["text"] == "none learned"


def test_a_server_that_is_let_alone_and_the_one_that_answers_instead(with_fallback: Shell) -> None:
    shell = with_fallback
    shell.file()
    for _ in range(4):
        ran = shell.run("rewrite", "-i", INSTRUCTION, "steps.py")
        assert ran.code == 0
        assert "fallback answered instead" in ran.err
    found = findings(shell)
    assert found["breaker"]["text"].startswith(("open, for", "open, half-open"))
    assert "after 3 failures in a row (the last, ProviderUnavailable," in found["breaker"]["text"]
    assert found["fallback key"]["text"] == "none"
    assert found["fallback breaker"]["text"] == "closed"
    assert found["requests"]["text"] == (
        "4 edits in 7 days took more than one request or failed; 4 sent to the fallback; "
        "3 cerebras ProviderUnavailable"
    )


def test_a_fallback_that_is_away_is_a_note_and_no_problem(shell: Shell) -> None:
    shell.environ.setenv("EDITSVC_FALLBACK_BASE_URL", "http://127.0.0.1:9")
    shell.environ.setenv("EDITSVC_FALLBACK_MODEL", "any")
    assert shell.run("doctor").code == 0
    found = findings(shell)["fallback server"]
    assert found["ok"] is None
    assert found["text"].startswith("No connection to 127.0.0.1")


def test_a_fallback_alone_must_be_there(offline_shell: Shell) -> None:
    offline_shell.environ.setenv("EDITSVC_FALLBACK_BASE_URL", "http://127.0.0.1:9")
    offline_shell.environ.setenv("EDITSVC_FALLBACK_MODEL", "any")
    assert offline_shell.run("doctor").code == 3
    assert findings(offline_shell)["key"]["text"] == "none for Cerebras: the fallback is the only server."


@pytest.mark.parametrize(
    ("name", "missing"), [("BASE_URL", "fallback_model"), ("MODEL", "fallback_base_url")]
)
def test_half_a_fallback_is_a_mistake_in_the_settings(shell: Shell, name: str, missing: str) -> None:
    shell.environ.setenv(f"EDITSVC_FALLBACK_{name}", "http://127.0.0.1:9")
    ran = shell.run("doctor")
    assert ran.code == 4
    assert f"{missing} is not" in ran.out.decode()


def test_how_servers_verify_is_said_and_what_it_was_before_a_change(shell: Shell) -> None:
    assert "verification" not in findings(shell)
    shell.file()
    assert shell.run("rewrite", "-i", INSTRUCTION, "steps.py").code == 0
    assert "is not known yet (1 request so far)" in findings(shell)["verification"]["text"]
