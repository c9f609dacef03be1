"""The emulator as a process: its first line, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request

import pytest

CODE = """
from editsvc.emulator import EmulatorOptions, run
run(EmulatorOptions(echo=True), as_json={as_json})
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("as_json", [False, True])
def test_it_says_where_it_listens_and_ends_cleanly_when_told_to(
    number: signal.Signals, *, as_json: bool
) -> None:
    command = [sys.executable, "-c", CODE.format(as_json=as_json)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = json.loads(line)["base_url"] if as_json else line.removeprefix("listening on ").strip()
        with urllib.request.urlopen(url + "/v1/models", timeout=60) as response:
            listed = json.load(response)
        process.send_signal(number)
        rest, errors = process.communicate(timeout=60)

    assert listed["data"][0]["id"] == "gpt-oss-120b"
    assert (process.returncode, rest, errors) == (0, "", "")
