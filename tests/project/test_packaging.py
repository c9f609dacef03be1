"""What is installed, and what is not."""

import ast
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    bundle = ROOT / "editors" / "vscode" / "scripts" / "bundle.py"
    subprocess.run([sys.executable, str(bundle), "--wheel", str(folder)], check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(path).namelist())


def test_the_wheel_holds_the_two_packages_and_nothing_else(wheel: set[str]) -> None:
    folders = {name.split("/")[0] for name in wheel if ".dist-info" not in name}
    assert {name for name in folders if not name.endswith(".data")} == {"editsvc", "lsp"}
    (page,) = (name for name in wheel if ".data/" in name)
    assert page.endswith(".data/data/share/man/man1/editsvc.1")
    for needed in (
        "editsvc/instruction/vocabulary.toml",
        "editsvc/provider/dialects.toml",
        "editsvc/provider/models.toml",
        "editsvc/py.typed",
        "editsvc/tokenlog/migrations/env.py",
        "lsp/__init__.py",
    ):
        assert needed in wheel


def test_the_wheel_has_both_scripts_and_the_licence(wheel: set[str]) -> None:
    assert any(name.endswith("entry_points.txt") for name in wheel)
    assert any(name.endswith("LICENSE") for name in wheel)
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert scripts == {"editsvc": "editsvc.cli:main", "editsvc-lsp": "lsp:main"}


def test_the_list_of_commands_needs_click_and_nothing_else() -> None:
    program = (
        "import sys; from editsvc.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(*sorted(name for name in sys.modules if '.' not in name), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    loaded = set(done.stderr.split())
    heavy = {
        "msgspec",
        "httpx",
        "cerebras",
        "rich",
        "pygit2",
        "sqlalchemy",
        "aiohttp",
        "asyncio",
        "tree_sitter",
        "platformdirs",
    }
    assert not loaded & heavy
    assert "rewrite" in done.stdout


@pytest.mark.parametrize("package", ["editsvc", "lsp"])
def test_difflib_and_splitlines_do_not_occur(package: str) -> None:
    """The linter knows `str.splitlines` only by that name; a method call on any value counts here."""
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            assert not (isinstance(node, ast.Attribute) and node.attr == "splitlines"), path
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                assert "difflib" not in names, path


def test_no_constraint_is_missing_for_a_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().split("\n")
    }
    wanted = [
        *project["dependencies"],
        *project["optional-dependencies"]["test"],
        *project["optional-dependencies"]["lint"],
    ]
    for line in wanted:
        name = line.replace("[", " ").replace(">", " ").split()[0].lower()
        assert name == "editsvc" or name in pinned, name
