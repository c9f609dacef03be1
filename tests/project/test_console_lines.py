"""Every line of a page that somebody may copy into a shell is run by a test, or known to be another program's."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "editors/vscode/README.md")),
    *sorted(page for page in (ROOT / "docs").glob("**/*.md") if page.name != "commands.md"),
]
# tests/cli/test_examples.py runs these, on the pages that it reads.
OURS = re.compile(r"(?:[A-Z_]+=\S+ )*(?:(?:echo|cat) [^|]+ \| )?editsvc [a-z].*")
READ_THERE = {"README.md", *(page.name for page in (ROOT / "docs").glob("**/*.md"))}
MAKE = re.compile(r"make ([a-z-]+)(?: [A-Z]+=\S+)*")
# Programs of others, which a test cannot count on, and the test that does what the line is for, if there is one.
INSTALLED = r"(\.|\./editsvc-\S+\.whl)"
OF_OTHERS = {
    rf'pipx install (--pip-args "--constraint \$PWD/constraints\.txt" )?{INSTALLED}': "tests/project/test_packaging.py",
    rf"uv tool install (--constraints constraints\.txt )?{INSTALLED}": "tests/project/test_packaging.py",
    r"code --install-extension editors/vscode/editsvc(-linux-x64)?\.vsix": "tests/editors",
    r"mkdir -p ~/\.local/share/nvim/\S+|ln -s /path/to/editsvc/editors/nvim \S+": "tests/editors",
    r"vllm serve .*|llama-server .*|transformers serve .*|OLLAMA_CONTEXT_LENGTH=\d+ ollama serve": "tests/provider",
}


def lines() -> list[tuple[str, str]]:
    """The lines of shells on the pages, without their remarks."""
    found = []
    for page in PAGES:
        text = page.read_text("utf-8")
        for language, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            for line in block.split("\n"):
                is_shell = language in {"console", "sh", "bash", "shell"}
                if line.strip() and (is_shell or line.startswith("$ ") or OURS.fullmatch(line.strip())):
                    name = str(page.relative_to(ROOT))
                    found.append((name, line.removeprefix("$ ").partition(" # ")[0].strip()))
    return found


ALL = lines()


@pytest.mark.parametrize(("page", "line"), ALL, ids=[f"{page}: {line}" for page, line in ALL])
def test_a_line_is_run_or_known(page: str, line: str) -> None:
    if OURS.fullmatch(line):
        assert Path(page).name in READ_THERE, "tests/cli/test_examples.py does not read this page"
        return
    if found := MAKE.fullmatch(line):
        assert re.search(rf"^{found[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        return
    known = [test for pattern, test in OF_OTHERS.items() if re.fullmatch(pattern, line)]
    assert known, "no test runs this line"
    assert (ROOT / known[0]).exists()


def test_no_known_line_is_gone() -> None:
    shown = [line for _, line in ALL]
    assert [pattern for pattern in OF_OTHERS if not any(re.fullmatch(pattern, line) for line in shown)] == []


@pytest.mark.slow
def test_the_demo_ends_with_what_a_prediction_is_worth(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "fixtures" / "demo", tmp_path / "fixtures" / "demo")
    shutil.copy(ROOT / "Makefile", tmp_path)
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("CEREBRAS_", "EDITSVC_"))
    }
    done = subprocess.run(
        ["make", "-s", "-o", f"{sys.prefix}/product", f"VENV={sys.prefix}", "demo"],
        cwd=tmp_path,
        env=environ | {"XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        r"Predictions made this \d+\.\d times faster\.", done.stdout.rstrip("\n").split("\n")[-1]
    )
    assert "def download" in (tmp_path / ".demo" / "client.py").read_text()
