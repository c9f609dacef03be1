"""The command line, run in this process with an environment of its own."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from patience import read_timeout_s

from editsvc.cli import main

EXAMPLE = (
    "".join(f"def step_{number}(value):\n    return value + {number}\n\n\n" for number in range(20)).rstrip(
        "\n"
    )
    + "\n"
)
EDITED = EXAMPLE.replace("step_7", "seventh_step")
INSTRUCTION = "Call step 7 seventh_step."


@dataclass(frozen=True)
class Ran:
    code: int
    out: bytes
    err: str

    @property
    def json(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded

    @property
    def edit(self) -> dict[str, Any]:
        (only,) = self.json["edits"]
        entry: dict[str, Any] = only
        return entry


@dataclass(frozen=True)
class Shell:
    """A folder to work in and a way to run commands in it."""

    folder: Path
    data: Path
    environ: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[bytes]

    def run(self, *args: str, fault: str = "") -> Ran:
        self.environ.setenv("EDITSVC_READ_TIMEOUT_S", str(read_timeout_s(fault)))
        if fault:
            self.environ.setenv("CEREBRAS_CUSTOM_HEADERS", f"x-emulator-fault: {fault}")
        else:
            self.environ.delenv("CEREBRAS_CUSTOM_HEADERS", raising=False)
        with pytest.raises(SystemExit) as ended:
            main(list(args))
        out, err = self.capture.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return Ran(code, out, err.decode())

    def file(self, name: str = "steps.py", content: str | bytes = EXAMPLE) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run("log", "export").out.split(b"\n") if line]
