"""The documentation says what the product does."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from editsvc.cli import COMMANDS, command

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("**/*.md")),
]


@pytest.mark.parametrize("name", ["commands.md", "settings.md", "errors.md", "faults.md"])
def test_a_reference_page_is_what_the_product_says_of_itself(name: str) -> None:
    program = "import sys, reference; sys.stdout.write(reference.pages()[sys.argv[1]])"
    made = subprocess.run(
        [sys.executable, "-c", program, name],
        cwd=ROOT / "docs",
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert (ROOT / "docs" / name).read_text("utf-8") == made.stdout, "run: python docs/reference.py"


def test_the_list_of_commands_says_what_each_command_says() -> None:
    context = click.Context(command)
    for name, (_, line) in COMMANDS.items():
        found = command.get_command(context, name)
        assert found is not None
        assert found.get_short_help_str(200) == line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_what_is_said_to_be_checked_has_a_check() -> None:
    named = re.findall(r"`((?:tests|\.ci)/[^`]+)`", (ROOT / "SECURITY.md").read_text("utf-8"))
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []


def console_lines() -> list[str]:
    text = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [
        line.removeprefix("$ ")
        for block in blocks
        for line in block.split("\n")
        if line.startswith("$ editsvc ")
    ]


@pytest.mark.parametrize("line", console_lines())
def test_every_command_in_the_readme_runs(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interactive ones are only parsed: their questions are tested on a terminal of their own."""
    monkeypatch.delenv("CEREBRAS_API_KEY", raising=False)
    monkeypatch.setenv("EDITSVC_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "client.py").write_bytes((ROOT / "fixtures" / "demo" / "client.py").read_bytes())
    (tmp_path / "cases.jsonl").write_bytes((ROOT / "fixtures" / "replay" / "cases.jsonl").read_bytes())
    words = shlex.split(line.partition("#")[0].partition("|")[0])[1:]
    if "--interactive" in words:
        words = [*words, "--help"]
    done = subprocess.run(
        [sys.executable, "-m", "editsvc", *words], cwd=tmp_path, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout


def test_the_picture_loads_nothing_from_elsewhere() -> None:
    picture = (ROOT / "docs" / "terminal.svg").read_text("utf-8")
    assert "<svg" in picture
    assert not re.findall(r"(?:url\(|src=|href=)[\"']?https?:", picture)
    assert "<script" not in picture
