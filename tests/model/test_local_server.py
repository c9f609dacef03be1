"""A slow server with one slot, as people run it: with no settings but its address.

The model is too small for most edits: what counts here is that each ends by itself, with a sentence, and that a file is
either as it was or right.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from local_servers import with_servers

from editsvc.provider.patience import WHOLE_S

pytestmark = pytest.mark.model

EDITSVC = str(Path(sys.executable).with_name("editsvc"))
SIZE = 'WIDTH = 80\nHEIGHT = 24\nTITLE = "shop"\n'
RIGHT = SIZE.replace("80", "100")
ASKED = ("rewrite", "-i", "change WIDTH to 100", "--apply")
LONG = "".join(f"def step_{number}(value):\n    return value + {number}\n\n\n" for number in range(700))


@pytest.fixture
def nobody() -> Iterator[str]:
    """The address of a server that is not there."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def ran(folder: Path, environ: dict[str, str], *words: str) -> tuple[int, list[dict[str, Any]], str]:
    done = subprocess.run(
        [EDITSVC, *words], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    edits: list[dict[str, Any]] = json.loads(done.stdout)["edits"] if done.stdout else []
    return done.returncode, edits, done.stderr


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text(SIZE)


def is_sound(folder: Path, edit: dict[str, Any]) -> bool:
    """Whether an edit ended as it should: right, or with a sentence and nothing changed; and not for want of time."""
    text = (folder / edit["path"]).read_text()
    if edit["status"] == "changed":
        return text == RIGHT
    message = str(edit["message"])
    late = "No data" in message or "No word" in message or "longer than" in message
    return text == SIZE and bool(message) and not late


def test_as_the_second_server(model: str, tmp_path: Path, nobody: str) -> None:
    write(tmp_path, "size.py")
    environ = with_servers(tmp_path, first=nobody, second=model)
    _, (edit,), _ = ran(tmp_path, environ, *ASKED, "--json", "size.py")
    assert is_sound(tmp_path, edit), edit["message"]
    assert edit["attempts"][0]["provider"] == "first"
    assert edit["attempts"][1]["provider"] == "second"
    assert edit["usage"]["prompt_tokens"]


def test_four_files_at_once_take_turns(model: str, tmp_path: Path) -> None:
    names = [f"size_{number}.py" for number in range(4)]
    write(tmp_path, *names)
    _, edits, _ = ran(tmp_path, with_servers(tmp_path, local=model), *ASKED, "--json", *names)
    assert [is_sound(tmp_path, edit) for edit in edits] == [True] * 4, [edit["message"] for edit in edits]
    assert {edit["provider"] for edit in edits} == {"local"}


def test_a_request_that_is_too_long_is_told_as_such(model: str, tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text(LONG)
    environ = with_servers(tmp_path, local=model) | {"EDITSVC_LOCATE": "off"}
    code, (edit,), _ = ran(tmp_path, environ, *ASKED, "--json", "--scope", "file", "steps.py")
    assert code in {1, 3}
    assert "tokens" in edit["message"]
    assert (tmp_path / "steps.py").read_text() == LONG


def test_ctrl_c_ends_an_edit_and_the_server_is_free_again(model: str, tmp_path: Path) -> None:
    write(tmp_path, "size.py")
    environ = with_servers(tmp_path, local=model)
    with subprocess.Popen(
        [EDITSVC, *ASKED, "size.py"],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as editing:
        time.sleep(3)  # it reads the file
        editing.send_signal(signal.SIGINT)
        editing.communicate(timeout=WHOLE_S)
    assert editing.returncode == 130
    assert (tmp_path / "size.py").read_text() == SIZE
    _, (edit,), _ = ran(tmp_path, environ, *ASKED, "--json", "size.py")
    assert is_sound(tmp_path, edit), edit["message"]


def test_a_client_that_is_killed_leaves_the_file_and_the_server_as_they_were(
    model: str, tmp_path: Path
) -> None:
    write(tmp_path, "size.py")
    environ = with_servers(tmp_path, local=model)
    with subprocess.Popen([EDITSVC, *ASKED, "size.py"], cwd=tmp_path, env=environ) as editing:
        time.sleep(3)
        editing.kill()
    assert (tmp_path / "size.py").read_text() == SIZE
    _, (edit,), _ = ran(tmp_path, environ, *ASKED, "--json", "size.py")
    assert is_sound(tmp_path, edit), edit["message"]


def test_a_server_that_is_killed_in_mid_reply_ends_the_edit_with_a_sentence(
    own_model: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    write(tmp_path, "size.py")
    assert own_model.stdout is not None
    address = own_model.stdout.readline().strip()
    killing = threading.Timer(6, os.kill, (own_model.pid, signal.SIGKILL))
    killing.start()
    code, (edit,), _ = ran(tmp_path, with_servers(tmp_path, local=address), *ASKED, "--json", "size.py")
    killing.join()
    assert (code, edit["status"]) == (3, "failed"), edit["message"]
    assert edit["message"].rstrip()[-1] in ".)"
    assert (tmp_path / "size.py").read_text() == SIZE
