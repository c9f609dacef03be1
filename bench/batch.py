"""Many files in one run: ``python -m bench.batch [--json] [--rounds N]``.

``editsvc rewrite --apply`` of 200 files, eight at a time, beside ``xargs -P8`` with a script that asks for the same
with the SDK and writes the reply to the file; from start to end, with no pace to keep. The peer takes a fifth of the
files, since each costs it the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import rows, texts
from bench.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILES: Final = 200
LINES: Final = 60
AT_ONCE: Final = 8
_SCRIPT: Final = """\
import sys
from cerebras.cloud.sdk import Cerebras
path = sys.argv[1]
text = open(path).read()
stream = Cerebras(warm_tcp_connection=False).chat.completions.create(
    model="gpt-oss-120b",
    messages=[{"role": "user", "content": f"````python\\n{text}````\\n\\n{sys.argv[2]}"}],
    prediction={"type": "content", "content": f"````python\\n{text}````\\n"},
    stream=True,
)
reply = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
open(path, "w").write(reply.partition("\\n")[2].rpartition("````")[0])
"""


def measure(rounds: int) -> Iterator[rows.Row]:
    """All rows."""
    files = 20 if rows.is_short() else FILES
    found = compared(files, files // 5, max(1, rounds // 2))
    yield rows.compared(
        f"{files} files in one run, a file",
        f"xargs -P{AT_ONCE}, SDK script",
        found["editsvc"],
        found["xargs"],
    )


def compared(files: int, of_peer: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds a file, of ours with so many files and of the peer with so many."""
    case = texts.rewritten(LINES, 0.05)
    editsvc = str(Path(sys.executable).parent / "editsvc")
    with Server({"a": case.reply}) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = folder / "script"
        script.write_text(_SCRIPT, "utf-8")
        names = [f"module_{number}.py" for number in range(files)]
        environ = {
            **os.environ,
            "CEREBRAS_API_KEY": "csk-for-a-measurement",
            "CEREBRAS_BASE_URL": server.base_url("http", "a"),
            "EDITSVC_DATA_DIR": str(folder / "data"),
            "EDITSVC_CONFIG": str(folder / "settings.toml"),
        }
        (folder / "settings.toml").write_text("exploration = 0\n", "utf-8")

        def run(command: list[str], names: list[str], given: str | None = None) -> Callable[[], float]:
            paths = [folder / name for name in names]

            def once() -> float:
                for path in paths:
                    path.write_text(case.before, "utf-8")
                taken = rows.wall_ms(
                    lambda: subprocess.run(
                        command,
                        input=given,
                        check=True,
                        capture_output=True,
                        text=True,
                        env=environ,
                        cwd=folder,
                    )
                )
                if any(path.read_text("utf-8") != case.after for path in paths):
                    raise RuntimeError(f"{command[0]} did not make the edits.")
                return taken / len(paths)

            return once

        ours = [editsvc, "rewrite", "--apply", "--jobs", str(AT_ONCE), "--scope", "file"]
        peer = ["xargs", f"-P{AT_ONCE}", "-I{}", sys.executable, str(script), "{}", texts.INSTRUCTION]
        return rows.interleaved(
            {
                "editsvc": run([*ours, "-i", texts.INSTRUCTION, *names], names),
                "xargs": run(peer, names[:of_peer], "\n".join(names[:of_peer])),
            },
            rounds=rounds,
            warmups=0,
        )


if __name__ == "__main__":
    rows.main(__doc__, measure)
