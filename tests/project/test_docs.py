"""The documentation says what the product does."""

import html
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from command_tree import nodes

from editsvc.cli import COMMANDS, command
from editsvc.settings.schema import Layer, Settings, resolve

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("**/*.md")),
]


@pytest.mark.parametrize(
    "name",
    [
        "ARCHITECTURE.md",
        "commands.md",
        "editsvc.1",
        "emulator.md",
        "errors.md",
        "faults.md",
        "log.md",
        "settings.md",
    ],
)
def test_a_reference_page_is_what_the_product_says_of_itself(name: str) -> None:
    program = "import sys, reference; sys.stdout.write(reference.PAGES[sys.argv[1]]())"
    made = subprocess.run(
        [sys.executable, "-c", program, name],
        cwd=ROOT / "docs",
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert (ROOT / "docs" / name).read_text("utf-8") == made.stdout, "run: python docs/reference.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"`((?:[\w.-]+/)+[\w-]+\.(?:py|toml|ts|mjs|json))`", page.read_text("utf-8")))
    roots = (ROOT, ROOT / "editsvc", page.parent)
    assert [name for name in sorted(named) if not any((root / name).exists() for root in roots)] == []


@pytest.mark.parametrize("package", ["editsvc", "lsp"])
def test_the_architecture_lists_every_package_and_module(package: str) -> None:
    page = (ROOT / "docs" / "ARCHITECTURE.md").read_text("utf-8")
    table = page.partition(f"| `{package}/` |")[2].partition("\n\n")[0]
    there = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in (ROOT / package).iterdir()
        if (path.is_dir() or path.suffix == ".py") and not path.name.startswith("__")
    }
    assert (
        set(re.findall(r"`([\w/]+(?:\.py)?)`", "\n".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE))))
        == there
    )


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


HAND_WRITTEN = [page for page in PAGES if "Made by docs/reference.py" not in page.read_text("utf-8")]
# Assignments, variables and options that are not ours: of a plugin, a formula, code, tests, and programs in bench/.
NOT_SETTINGS = {"keymaps", "advance", "t", "key"}
OPTIONS_OF_OTHERS = {"--unsafe-paths", "--against", "--front", "--quick"}
VARIABLES = {"CONFIG", "FALLBACK_API_KEY", "NAME_API_KEY", "LOG_KEY", "LSP_TOKEN", "PICTURES", "ROUNDS"}


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=lambda page: page.name)
def test_what_a_page_says_to_set_can_be_set(page: Path) -> None:
    text = page.read_text("utf-8")
    lines = [
        line for line in re.findall(r"`([a-z_]+ = [^`\n]+)`", text) if line.split()[0] not in NOT_SETTINGS
    ]
    for block in re.findall(r"^```toml\n# config\.toml.*?\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        lines += block.strip().split("\n")
    values = tomllib.loads("\n".join(dict.fromkeys(lines)))
    for key, value in values.items():
        # One at a time: what needs another setting has it.
        others = {"fallback_base_url": "http://127.0.0.1", "fallback_model": "m"} if "fallback" in key else {}
        resolve([Layer(page.name, {**others, key: value})])
    known = {name.upper() for name in Settings.__struct_fields__} | VARIABLES
    assert set(re.findall(r"\bEDITSVC_([A-Z_]+)\b", text)) <= known


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=lambda page: page.name)
def test_every_option_that_a_page_names_exists(page: Path) -> None:
    known = {option for node in nodes() for found in node.found.params for option in found.opts}
    named = re.findall(r"`(--[a-z][a-z-]*)[^`]*`", page.read_text("utf-8"))
    assert set(named) <= known | OPTIONS_OF_OTHERS | {"--help"}


def test_what_is_said_to_be_checked_has_a_check() -> None:
    named = re.findall(r"`((?:tests|\.ci)/[^`]+)`", (ROOT / "SECURITY.md").read_text("utf-8"))
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_picture_loads_nothing_from_elsewhere() -> None:
    picture = (ROOT / "docs" / "terminal.svg").read_text("utf-8")
    assert "<svg" in picture
    assert not re.findall(r"(?:url\(|src=|href=)[\"']?https?:", picture)
    assert "<script" not in picture


def lines_of(picture: str) -> list[str]:
    """What a picture of a terminal shows, without what differs from run to run: times, speeds and the date."""
    lines: dict[str, str] = {}
    for attributes, text in re.findall(r"<text ([^>]*)>(.*?)</text>", picture):
        height = re.search(r' y="([\d.]+)"', attributes)
        assert height is not None
        lines[height[1]] = lines.get(height[1], "") + html.unescape(text).replace("\xa0", " ")
    varying = re.compile(r"\d+(?:\.\d+)? s\b|\d{4}-\d\d-\d\d| +\d[\d,]*$")
    return [" ".join(varying.sub(" ~", line.rstrip()).split()) for line in lines.values()]


def test_the_picture_shows_what_the_product_prints() -> None:
    program = "import sys; from bench.picture import picture; sys.stdout.write(picture())"
    made = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, encoding="utf-8"
    ).stdout
    shown = (ROOT / "docs" / "terminal.svg").read_text("utf-8")
    assert lines_of(shown) == lines_of(made), "run: python -m bench.picture docs/terminal.svg"


def test_a_setting_that_a_page_calls_off_by_default_is_off() -> None:
    assert Settings().hedge_after_s is None  # docs/providers.md
