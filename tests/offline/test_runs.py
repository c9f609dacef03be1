"""Renames over several files: every run of fixtures/offline-runs, and what imports cannot tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from editsvc.errors import Refused
from editsvc.offline import rewrite
from editsvc.offline.naming.links import Files

FOLDER = Path(__file__).parents[2] / "fixtures" / "offline-runs"
FORM = re.compile(r"(?P<prose>.+?)\n\n-- instruction --\n(?P<instruction>.+?)\n(?P<files>-- .+)", re.DOTALL)
FILE = re.compile(
    r"-- (?P<kind>before|after|refused|known): (?P<path>\S+) --\n(?P<text>.*?)(?=^-- |\Z)",
    re.DOTALL | re.MULTILINE,
)
RUNS = {path.stem: path for path in sorted(FOLDER.glob("*.txt"))}


def read(path: Path) -> tuple[str, dict[str, dict[str, str]]]:
    """The instruction, and for each kind the files by their paths."""
    match = FORM.fullmatch(path.read_text("utf-8"))
    assert match is not None, f"{path.name} is not of the form of a run"
    found: dict[str, dict[str, str]] = {kind: {} for kind in ("before", "after", "refused", "known")}
    for file in FILE.finditer(match["files"]):
        found[file["kind"]][file["path"]] = file["text"]
    assert "".join(file[0] for file in FILE.finditer(match["files"])) == match["files"]
    return match["instruction"], found


def ends(instruction: str, found: dict[str, dict[str, str]]) -> dict[str, str]:
    """What becomes of each file: its new text, or the sentence of the refusal."""
    files = Files(found["before"], found["known"])
    ended = {}
    for path, text in found["before"].items():
        try:
            ended[path] = rewrite(text, instruction, filename=Path(path).name, files=files)
        except Refused as exc:
            ended[path] = f"{exc.message}\n"
    return ended


def test_there_are_runs_of_every_language_that_imports() -> None:
    ends_of = {Path(path).suffix for run in RUNS.values() for path in read(run)[1]["before"]}
    assert ends_of >= {".py", ".js", ".ts", ".go", ".rs", ".java", ".c", ".h", ".cpp"}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_a_run_ends_as_it_says(run: Path) -> None:
    instruction, found = read(run)
    expected = {**found["before"], **found["after"], **found["refused"]}
    ended = ends(instruction, found)
    unchanged = {
        path for path in found["before"] if path not in found["after"] and path not in found["refused"]
    }
    for path, text in ended.items():
        if path in unchanged:
            assert text == found["before"][path] or text.startswith(
                ("What this file calls", "The file has no")
            ), path
        else:
            assert text == expected[path], path


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_a_run_and_the_way_back_end_at_the_same_texts(run: Path) -> None:
    instruction, found = read(run)
    match = re.fullmatch(r"rename (\S+) to (\S+)", instruction)
    if match is None or found["refused"]:
        pytest.fail(f"{run.name}: a run without a way back") if match is None else None
        return
    there = {**found["before"], **found["after"]}
    back = ends(f"rename {match[2]} to {match[1]}", {"before": there, "known": found["known"]})
    for path, text in back.items():
        assert text == found["before"][path] or path not in found["after"], path
