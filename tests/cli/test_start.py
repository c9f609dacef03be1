"""What a command does not load before its request is on the way: that would be time in which nobody is asked.

The moment is that of the first connection, as the interpreter's own audit tells it.
"""

import os
import subprocess
import sys

import pytest
from held_server import held_server

_NOTED = """
import os, sys

def note(event, _):
    if event == "socket.connect" and not os.path.exists("loaded"):
        with open("loaded", "w") as file:
            file.write(" ".join(sys.modules))

sys.addaudithook(note)
from editsvc.cli import main
main(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The modules that are loaded when ``editsvc rewrite`` connects to the server."""
    folder = tmp_path_factory.mktemp("start")
    (folder / "client.py").write_text("import os\n")
    with held_server("import sys\n", "") as server:
        server.go_on.set()
        ran = subprocess.run(
            [sys.executable, "-c", _NOTED, "rewrite", "-i", "use sys", "client.py"],
            cwd=folder,
            env={
                **os.environ,
                "CEREBRAS_API_KEY": "k",
                "CEREBRAS_BASE_URL": server.url,
                "EDITSVC_DATA_DIR": str(folder / "data"),
                "EDITSVC_CONFIG": os.devnull,
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert "+import sys" in ran.stdout, ran.stderr
    assert (folder / "data" / "log.db").exists()
    return set((folder / "loaded").read_text().split())


@pytest.mark.parametrize(
    "module",
    [
        "aiohttp",  # the emulator
        "alembic",
        "editsvc.engine.places",
        "editsvc.files.journal",  # for undo and retry
        "editsvc.guard.gate",
        "editsvc.instruction.kind",  # for the log
        "editsvc.offline.transform",
        "editsvc.prediction.what_if",
        "editsvc.prompt.contents",  # of a file that is not shown whole
        "editsvc.reply.sections",
        "editsvc.scope.sections",
        "editsvc.syntax.broken",
        "editsvc.tokenlog.record",
        "editsvc.tuning.policy_file",
        "pygit2",  # diffs
        "pygments",
        "rich",
        "rs_bpe",  # the tokenizer
        "sqlalchemy",
        "sqlite3",
        "tree_sitter",
    ],
)
def test_rewrite_asks_before_it_loads(loaded: set[str], module: str) -> None:
    assert "httpx" in loaded
    assert module not in loaded
