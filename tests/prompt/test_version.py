"""The version of the prompt changes with its text, and with nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import editsvc
from editsvc.prompt import contents, rendering
from editsvc.prompt.version import prompt_version, samples

PROMPT = Path(editsvc.__file__).parent / "prompt"


def of_a_copy(tmp_path: Path, module: str, old: str, new: str) -> str:
    """The version that a copy of the package has, with a text of a module changed."""
    package = tmp_path / "editsvc"
    package.mkdir()
    for entry in PROMPT.parent.iterdir():
        if entry.name not in {"prompt", "__pycache__"}:
            (package / entry.name).symlink_to(entry)
    (package / "prompt").mkdir()
    for file in PROMPT.glob("*.py"):
        text = file.read_text("utf-8")
        if file.name == module:
            assert old in text
            text = text.replace(old, new, 1)
        (package / "prompt" / file.name).write_text(text, "utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from editsvc.prompt.version import prompt_version; print(prompt_version())",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("rendering.py", "exactly as instructed", "just as instructed"),
        ("rendering.py", '"\\n\\n".join(blocks)', '"\\n".join(blocks)'),
        ("contents.py", "That names no section", "This names no section"),
    ],
)
def test_it_changes_with_a_word_and_with_a_line_end(tmp_path: Path, module: str, old: str, new: str) -> None:
    assert of_a_copy(tmp_path, module, old, new) != prompt_version()


def test_it_stays_in_another_process_and_if_only_a_comment_is_changed(tmp_path: Path) -> None:
    assert re.fullmatch("[0-9a-f]{8}", prompt_version())
    assert of_a_copy(tmp_path, "rendering.py", "# Models write three", "# Many models write three") == (
        prompt_version()
    )


@pytest.mark.parametrize("module", [rendering, contents], ids=lambda each: each.__name__)
def test_every_text_of_the_prompt_is_in_a_sample(module: object) -> None:
    sent = "\n".join(message.content for message in samples())
    texts = {
        name: value
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and " " in value
    }
    assert len(texts) >= 5
    for name, value in texts.items():
        for piece in re.split(r"\{\w+\}", value):
            assert piece in sent, name
