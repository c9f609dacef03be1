"""An answer's diff is one that git takes in the folder that the editor has open."""

import subprocess
from pathlib import Path

import pytest
from lsp_session import STEPS, opened_session


def git(folder: Path, *words: str, data: str = "") -> None:
    subprocess.run(["git", *words], cwd=folder, input=data.encode(), check=True)


@pytest.mark.parametrize(
    ("root", "head"),
    [
        ("", "--- a/lib/lib/steps.py\n"),
        ("lib", "diff --git a/lib/lib/steps.py b/lib/lib/steps.py\n"),
        ("lib/lib", "--- a/steps.py\n"),
    ],
)
async def test_git_applies_the_diff_in_the_open_folder(tmp_path: Path, root: str, head: str) -> None:
    inner, outer = tmp_path / "tree" / "lib" / "lib" / "steps.py", tmp_path / "tree" / "lib" / "steps.py"
    inner.parent.mkdir(parents=True)
    for path in (inner, outer):
        path.write_text(STEPS)
    git(tmp_path / "tree", "init", "-q")
    folder, uri = tmp_path / "tree" / root, inner.as_uri()
    async with opened_session(tmp_path, opened={uri: STEPS}, root=folder.as_uri()) as session:
        answer = await session.edit(uri=uri, mode="preview")
    assert answer["diff"].startswith(head)
    git(folder, "apply", "-", data=answer["diff"])
    assert outer.read_text() == STEPS
    assert inner.read_text() != STEPS
