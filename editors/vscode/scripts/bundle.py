"""Make ``server/``: what the extension needs to install its language server.

    python scripts/bundle.py                                             # the server's wheel and the tested versions
    python scripts/bundle.py --platform linux-x64 [--pythons 3.11,3.12]  # with the wheels of all that it needs
    python scripts/bundle.py --wheel FOLDER                              # the wheel alone, for other editors

A platform is one that ``vsce package --target`` knows. Wheels come from the index that pip is configured for, as
wheels only, so those of other systems can be had here too; uv says which they are. The wheel of editsvc is the same,
byte for byte, for the same files and the same version of setuptools.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

EXTENSION = Path(__file__).parents[1]
ROOT = EXTENSION.parents[1]
SERVER = EXTENSION / "server"
CONSTRAINTS = ROOT / "constraints.txt"
SOURCES = ("editsvc", "lsp", "pyproject.toml", "README.md", "LICENSE", "docs/editsvc.1")
EPOCH = "946684800"
"""The time of all files in packages, so that nothing depends on when they were made."""
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
ENVIRONMENT_BYTES = 190_000_000
"""About what an environment takes, with bytecode."""

_MANYLINUX = ("2_28", "2_27", "2_26", "2_24", "2_17", "2_12", "2_5")
_OLD_NAMES = {"2_17": "2014", "2_12": "2010", "2_5": "1"}
_MUSL = ("1_2", "1_1")


def _linux(machine: str) -> list[str]:
    new = [f"manylinux_{version}_{machine}" for version in _MANYLINUX]
    return [*new, *(f"manylinux{name}_{machine}" for name in _OLD_NAMES.values()), f"linux_{machine}"]


def _macos(machine: str, oldest: int) -> list[str]:
    versions = [f"{major}_0" for major in range(14, 10, -1)]
    if oldest == 10:  # noqa: PLR2004
        versions += [f"10_{minor}" for minor in range(16, 8, -1)]
    return [f"macosx_{version}_{kind}" for version in versions for kind in (machine, "universal2")]


# A target of vsce: the platform that uv resolves for, and the tags of wheels that fit, the best first.
PLATFORMS: dict[str, tuple[str, list[str]]] = {
    "linux-x64": ("x86_64-manylinux_2_28", _linux("x86_64")),
    "linux-arm64": ("aarch64-manylinux_2_28", _linux("aarch64")),
    "alpine-x64": ("x86_64-unknown-linux-musl", [f"musllinux_{one}_x86_64" for one in _MUSL]),
    "alpine-arm64": ("aarch64-unknown-linux-musl", [f"musllinux_{one}_aarch64" for one in _MUSL]),
    "darwin-x64": ("x86_64-apple-darwin", _macos("x86_64", 10)),
    "darwin-arm64": ("aarch64-apple-darwin", _macos("arm64", 11)),
    "win32-x64": ("x86_64-pc-windows-msvc", ["win_amd64"]),
    "win32-arm64": ("aarch64-pc-windows-msvc", ["win_arm64"]),
}


def copy_sources(folder: Path) -> None:
    """What git knows of the product, into `folder`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *SOURCES], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
        target.chmod(0o644)


def build_wheel(folder: Path) -> Path:
    """The wheel of what git knows of the product, made in `folder`."""
    with tempfile.TemporaryDirectory() as made:
        source = Path(made) / "source"
        copy_sources(source)
        pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(source))
    return max(folder.glob("editsvc-*.whl"), key=lambda path: path.stat().st_mtime)


def fetch_wheels(folder: Path, platform: str, pythons: list[str]) -> None:
    """All that editsvc needs on `platform`, in the tested versions, for each of `pythons`, into `folder`."""
    for_uv, tags = PLATFORMS[platform]
    for python in pythons:
        minor = python.removeprefix("3.")
        with tempfile.TemporaryDirectory() as made:
            wanted = Path(made) / "wanted.txt"
            run(
                *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate"),
                *("--python-version", python, "--python-platform", for_uv, "--constraint", str(CONSTRAINTS)),
                *("--output-file", str(wanted), str(ROOT / "pyproject.toml")),
            )
            pip(
                *("download", "--no-deps", "--only-binary", ":all:", "--dest", str(folder)),
                *("--python-version", python, "--implementation", "cp"),
                *(word for abi in (f"cp3{minor}", "abi3", "none") for word in ("--abi", abi)),
                *(word for tag in (*tags, "any") for word in ("--platform", tag)),
                *("--requirement", str(wanted)),
            )


def pip(*words: str) -> None:
    """Run pip."""
    run(sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words)


def run(*words: str) -> None:
    """Run a program; if it fails, say what it printed, and end."""
    environ = {"SOURCE_DATE_EPOCH": EPOCH, **os.environ}
    done = subprocess.run(words, check=False, env=environ, cwd=EXTENSION, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\n{' '.join(words)} failed.")


def main() -> None:
    """Make the folder anew."""
    parser = argparse.ArgumentParser(description="Make what the extension installs its language server from.")
    parser.add_argument("--platform", choices=PLATFORMS, help="bring along all wheels for this platform")
    parser.add_argument(
        "--pythons", default=",".join(PYTHONS), help="for these versions (default: %(default)s)"
    )
    parser.add_argument("--wheel", type=Path, metavar="FOLDER", help="make the wheel there, and nothing else")
    chosen = parser.parse_args()
    if chosen.wheel:
        chosen.wheel.mkdir(parents=True, exist_ok=True)
        sys.stdout.write(f"{build_wheel(chosen.wheel.absolute())}\n")
        return
    pythons = chosen.pythons.split(",")
    manifest = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    if manifest["version"] != version:
        sys.exit(
            f"package.json has version {manifest['version']}, and pyproject.toml {version}; they go together."
        )
    shutil.rmtree(SERVER, ignore_errors=True)
    SERVER.mkdir()
    wheel = build_wheel(SERVER)
    shutil.copyfile(CONSTRAINTS, SERVER / "constraints.txt")
    if chosen.platform:
        fetch_wheels(SERVER / "wheels", chosen.platform, pythons)
    digest = hashlib.sha256(wheel.read_bytes() + CONSTRAINTS.read_bytes()).hexdigest()
    said = {
        "version": version,
        "digest": digest,
        "wheel": wheel.name,
        "wheels": bool(chosen.platform),
        "pythons": pythons if chosen.platform else [],
        "bytes": ENVIRONMENT_BYTES,
    }
    (SERVER / "bundle.json").write_text(json.dumps(said, indent=2) + "\n", "utf-8")
    files = [path for path in SERVER.rglob("*") if path.is_file()]
    total = sum(path.stat().st_size for path in files)
    sys.stdout.write(f"{SERVER.relative_to(ROOT)}: {len(files)} files, {total / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()
