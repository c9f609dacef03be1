"""The picture of a terminal in the README, made from a real run.

    python -m bench.picture docs/terminal.svg

Commands run in a pseudo-terminal of 92 columns, in a copy of fixtures/demo; what they print becomes an SVG
without scripts and without anything from elsewhere.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import pexpect
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

COLUMNS = 92
ROOT = Path(__file__).parents[1]
COMMANDS = (
    ["rewrite", "-i", "rename fetch to download", "--apply", "client.py"],
    ["report"],
)
# Cursor movements and erasures of what was drawn while the reply streamed; colours stay.
_MOVES = re.compile(r"\x1b\[\??[0-9;]*[A-HJKSTfhln]|\r")


def run(command: list[str], folder: Path) -> str:
    """What one command leaves on a terminal."""
    environ = os.environ | {"EDITSVC_DATA_DIR": str(folder / "data"), "TERM": "xterm-256color"}
    for name in list(environ):
        if (
            name.startswith(("CEREBRAS_", "EDITSVC_", "COLUMNS", "LINES", "NO_COLOR"))
            and name != "EDITSVC_DATA_DIR"
        ):
            del environ[name]
    environ["XDG_CONFIG_HOME"] = str(folder / "config")
    offline = ["--offline"] if command[0] == "rewrite" else []
    child = pexpect.spawn(
        sys.executable,
        ["-m", "editsvc", *command, *offline],
        cwd=folder,
        env=environ,
        dimensions=(50, COLUMNS),
        encoding="utf-8",
    )
    child.expect(pexpect.EOF)
    text: str = child.before
    # The live display is transient: everything before its last erasure is gone from the screen.
    text = text[text.rfind("\x1b[2K") + 4 :] if "\x1b[2K" in text else text
    return _MOVES.sub("", text)


def picture() -> str:
    """The drawing of one run of the commands."""
    console = Console(record=True, width=COLUMNS, file=Path(os.devnull).open("w"), force_terminal=True)  # noqa: SIM115
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "fixtures" / "demo", folder, dirs_exist_ok=True)
        for command in COMMANDS:
            shown = " ".join(f'"{word}"' if " " in word else word for word in command)
            console.print(Text(f"$ editsvc {shown}", style="bold"))
            console.print(Text.from_ansi(run(command, folder).rstrip()))
            console.print()
    # One id, so that a new picture differs in what it shows alone.
    svg = console.export_svg(title="editsvc", theme=MONOKAI, unique_id="terminal")
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", "ui-monospace, DejaVu Sans Mono, Menlo, Consolas, monospace")


def main() -> None:
    """Draw."""
    Path(sys.argv[1]).write_text(picture(), "utf-8")


if __name__ == "__main__":
    main()
