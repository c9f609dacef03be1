"""How many realistic secrets are found, and how many words of code without secrets are taken for one.

``python -m bench.secrets [FOLDER]``: the first number is for ``fixtures/secrets/kinds.txt``, the second for the texts
in FOLDER, which is that of the installed packages unless it is given.
"""

from __future__ import annotations

import sys
import sysconfig
import time
from pathlib import Path
from typing import Final

from editsvc.guard.secrets import find

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))
from secret_kinds import Example, examples  # type: ignore[import-not-found,unused-ignore]

_TEXTS: Final = frozenset(
    {
        ".c",
        ".cfg",
        ".css",
        ".go",
        ".h",
        ".html",
        ".ini",
        ".js",
        ".json",
        ".lua",
        ".md",
        ".py",
        ".pyi",
        ".pyx",
        ".rs",
    }
    | {".rst", ".sh", ".toml", ".ts", ".txt", ".xml", ".yaml", ".yml"}
)
_SEEDS: Final = 5
_NEARLY_ALL: Final = 0.8


def _is_found(example: Example) -> bool:
    hidden = sum(
        max(0, min(secret.end, example.end) - max(secret.start, example.start))
        for secret in find(example.text)
    )
    return bool(hidden >= _NEARLY_ALL * (example.end - example.start))


def main() -> None:
    """Print both numbers, what was missed, and what was taken for a secret."""
    tried = [example for seed in range(_SEEDS) for example in examples(seed)]
    missed = [example.kind for example in tried if not _is_found(example)]
    sys.stdout.write(
        f"found: {1 - len(missed) / len(tried):.1%} of {len(tried):,}; missed: {sorted(set(missed))}\n"
    )
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else sysconfig.get_paths()["purelib"])
    size, seconds, alarms = 0, 0.0, 0
    for path in sorted(folder.rglob("*")):
        if path.suffix not in _TEXTS or not path.is_file():
            continue
        try:
            text = path.read_text("utf-8")
        except ValueError:
            continue
        started = time.perf_counter()
        found = find(text)
        seconds += time.perf_counter() - started
        size += len(text)
        alarms += len(found)
        for secret in found:
            line = text.count("\n", 0, secret.start) + 1
            sys.stdout.write(f"{path.relative_to(folder)}:{line}: {secret.kind}\n")
    sys.stdout.write(f"taken for secrets: {alarms} words in {size / 1e6:.0f} MB, read in {seconds:.1f} s\n")


if __name__ == "__main__":
    main()
