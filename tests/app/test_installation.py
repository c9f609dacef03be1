"""What is installed, compared with what editsvc needs: real folders of metadata, and real processes that crash."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from editsvc.app.installation import command_for, grammar_problems, version_problems

CRASHING = """
import os, signal
class Language:
    def __init__(self, pointer): ...
class Parser:
    def __init__(self, language): os.kill(os.getpid(), signal.SIGSEGV)
"""


def add(folder: Path, name: str, version: str, *requires: str) -> None:
    """A distribution as its metadata shows it."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Requires-Dist: {one}" for one in requires),
    ]
    (info / "METADATA").write_text("\n".join(lines) + "\n")


def doctor(path: Path, *, flags: tuple[str, ...] = ()) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """The exit code, and the findings by name, with `path` first among the places where packages are found."""
    done = subprocess.run(
        [sys.executable, *flags, "-m", "editsvc", "doctor", "--json"],
        env={**os.environ, "PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    found: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(done.stdout)["findings"]:
        found.setdefault(one["name"], []).append(one)
    return done.returncode, found


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for packages; no key, no settings, no log of the user's."""
    (tmp_path / "config.toml").touch()
    monkeypatch.setenv("EDITSVC_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("EDITSVC_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CEREBRAS_API_KEY", "")
    return tmp_path / "packages"


def test_what_the_tests_run_with_is_what_editsvc_requires() -> None:
    assert version_problems() == []
    assert grammar_problems() == []


def test_doctor_says_so(alone: Path) -> None:
    code, found = doctor(alone)
    assert code == 0
    assert [one["ok"] for one in (*found["packages"], *found["grammars"])] == [True, True]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "version", "bounds"),
    [
        ("tree-sitter", "0.25.2", ">=0.26.1"),
        ("tree-sitter-go", "0.23.1", ">=0.23.2"),
        ("msgspec", "0.19.0", ">=0.21"),
        ("pygls", "3.0.0", "<3, >=2.0"),
        ("psycopg", "3.1.20", None),
        ("h2", "2.6.2", None),
    ],
)
def test_doctor_names_a_version_outside_of_the_bounds_and_the_command(
    alone: Path, name: str, version: str, bounds: str | None
) -> None:
    """Also what only an extra needs (psycopg), and what an extra of a requirement needs (h2, for httpcore)."""
    add(alone, name, version)
    code, found = doctor(alone)
    assert code == 4
    (one,) = found["packages"]
    assert one["ok"] is False
    said = re.fullmatch(
        r"(\S+ \S+) is installed, and editsvc needs (.+); run: (\S+) -m pip install --upgrade '(\S+)'",
        one["text"],
    )
    assert said is not None, one["text"]
    assert said[1] == f"{name} {version}"
    assert bounds in {None, said[2]}
    assert said[3] == sys.executable
    wanted = Requirement(said[4])
    assert wanted.name == name
    assert not wanted.specifier.contains(version)


def test_a_crash_of_tree_sitter_is_one_sentence(alone: Path) -> None:
    add(alone, "tree-sitter", "0.26.1")
    (alone / "tree_sitter.py").write_text(CRASHING)
    code, found = doctor(alone)
    assert code == 4
    (one,) = found["grammars"]
    assert one["text"] == (
        "tree-sitter 0.26.1 crashed (SIGSEGV) when it parsed a line of python: upgrade it; run: "
        + command_for("tree-sitter>=0.26.1")
    )
    assert "settings" in found, "doctor goes on"


@pytest.mark.slow
def test_a_grammar_that_fails_is_named_once_and_the_others_are_tried(alone: Path) -> None:
    alone.mkdir()
    (alone / "tree_sitter_typescript.py").write_text("raise RuntimeError('another ABI')\n")
    code, found = doctor(alone)
    assert code == 4
    (one,) = found["grammars"]
    assert one["text"].startswith("tree-sitter-typescript ")
    assert "cannot be used for typescript (RuntimeError: another ABI); run: " in one["text"]


def test_a_trial_that_does_not_end_is_said_too(alone: Path) -> None:
    alone.mkdir()
    (alone / "tree_sitter_python.py").write_text("import time\ntime.sleep(3600)\n")
    (one,) = grammar_problems([str(alone), *sys.path], patience_s=3)
    assert re.match(r"tree-sitter \S+ did not end within 3 s", one.sentence)


def test_a_package_that_is_missing_is_a_sentence_and_no_traceback(alone: Path) -> None:
    alone.mkdir()
    (alone / "msgspec.py").write_text(
        "raise ModuleNotFoundError('No module named msgspec', name='msgspec')\n"
    )
    code, found = doctor(alone)
    assert code == 4
    assert found["packages"][-1]["text"] == (
        "msgspec cannot be imported (No module named msgspec), so the rest was not looked at."
    )


def test_requirements_are_read_with_their_markers_and_extras(tmp_path: Path) -> None:
    add(
        tmp_path,
        "editsvc",
        "1",
        "old>=2",
        "never>=1; python_version < '3'",
        "with-extra[more]>=1",
        "absent>=1",
        "optional-there>=2; extra == 'keyring'",
        "optional-away>=2; extra == 'keyring'",
        "for-tests>=2; extra == 'test'",
        "pre>=1",
    )
    add(tmp_path, "old", "1")
    add(tmp_path, "never", "0")
    add(tmp_path, "with-extra", "1", "inner>=1; extra == 'more'", "other>=1; extra == 'less'")
    add(tmp_path, "inner", "0.9")
    add(tmp_path, "other", "0.9")
    add(tmp_path, "optional-there", "1")
    add(tmp_path, "for-tests", "1")
    add(tmp_path, "pre", "2.0rc1")
    named = [one.distribution for one in version_problems([str(tmp_path)])]
    assert named == ["old", "absent", "optional-there", "inner"]


def test_a_version_that_is_not_one_is_outside(tmp_path: Path) -> None:
    add(tmp_path, "editsvc", "1", "odd>=1")
    add(tmp_path, "odd", "unknown")
    (one,) = version_problems([str(tmp_path)])
    assert "odd unknown is installed" in one.sentence


def test_a_tree_that_was_never_installed_says_so(tmp_path: Path) -> None:
    (one,) = version_problems([str(tmp_path)])
    assert "editsvc is not installed" in one.sentence
