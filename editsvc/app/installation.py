"""Whether what is installed is what editsvc needs: versions by the bounds of its own metadata, grammars by trying them.

Needs nothing but `packaging` to compare versions, so that it can tell what else is missing.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata, util
from typing import TYPE_CHECKING, Final

from editsvc.system.processes import NO_WINDOW, command_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packaging.requirements import Requirement

NAME: Final = "editsvc"
# What the product uses where it is installed; the other extras are for who works on it.
_OPTIONAL: Final = ("keyring", "postgresql")
_PATIENCE_S: Final = 120
# The path is handed over whole: neither the folder that the user is in nor a variable decides what is imported.
_TRY_GRAMMARS: Final = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
import tree_sitter
from editsvc.syntax.trial import attempts, parsed_languages
for attempt in attempts(parsed_languages()):
    print(json.dumps(attempt), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """A distribution that is missing, outside of its bounds, or does not work; one sentence with the way out."""

    distribution: str
    sentence: str


def version_problems(path: Sequence[str] | None = None) -> list[Problem]:
    """Each distribution that editsvc requires and that is missing or outside of the bounds of editsvc's metadata.

    What optional extras need is looked at only where it is installed. `path` is where distributions are looked for;
    None means ``sys.path``.
    """
    found: dict[str, Problem] = {}
    if _installed(NAME, path) is None:
        return [
            Problem(NAME, f"{NAME} is not installed as a distribution, so its requirements are not known.")
        ]
    for requirement, optional in _requirements(path):
        problem = _compared(requirement, path, optional=optional)
        if problem is not None:
            found.setdefault(problem.distribution, problem)
    return list(found.values())


def versions(path: Sequence[str] | None = None) -> dict[str, str]:
    """The versions of the distributions that editsvc requires, as far as they are installed."""
    there = {}
    for requirement, _ in _requirements(path):
        found = _installed(requirement.name, path)
        if found is not None:
            there[requirement.name] = found.version
    return there


def grammar_problems(path: Sequence[str] | None = None, *, patience_s: float = _PATIENCE_S) -> list[Problem]:
    """What goes wrong when a line is parsed in every language, in a process of its own: a crash ends that one."""
    searched = list(sys.path if path is None else path)
    command = [sys.executable, "-I", "-c", _TRY_GRAMMARS, json.dumps(searched)]
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=patience_s,
            creationflags=NO_WINDOW,
        )
    except subprocess.TimeoutExpired as exc:
        printed = exc.stdout.decode() if isinstance(exc.stdout, bytes) else exc.stdout or ""
        return [_ended(printed, f"did not end within {patience_s:g} s", path)]
    problems: dict[str, Problem] = {}
    for language, problem in map(json.loads, filter(None, done.stdout.split("\n"))):
        if problem:
            name = _distribution_of(language)
            problems.setdefault(name, _misfit(name, language, problem, path))
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        how = f"crashed ({_signal(-done.returncode)})" if done.returncode < 0 else f"failed ({last})"
        problems.setdefault("tree-sitter", _ended(done.stdout, how, path))
    return list(problems.values())


def command_for(requirement: str) -> str:
    """The command that installs `requirement` into the environment that this process runs in."""
    if util.find_spec("pip") is None:
        return command_line(["uv", "pip", "install", "--python", sys.executable, "--upgrade", requirement])
    return command_line([sys.executable, "-m", "pip", "install", "--upgrade", requirement])


def _requirements(path: Sequence[str] | None) -> Iterator[tuple[Requirement, bool]]:
    """What applies to this Python, and whether it is optional; what a requirement's own extras need comes after it."""
    from packaging.utils import canonicalize_name  # noqa: PLC0415  (see the module's docstring)

    seen = {(canonicalize_name(NAME), extra) for extra in ("", *_OPTIONAL)}
    waiting: list[tuple[str, str, bool]] = [(NAME, "", False), *((NAME, extra, True) for extra in _OPTIONAL)]
    while waiting:
        name, extra, optional = waiting.pop(0)
        for requirement in _required_by(name, extra, path):
            yield requirement, optional
            for inner in sorted(requirement.extras):
                key = (canonicalize_name(requirement.name), inner)
                if key not in seen:
                    seen.add(key)
                    waiting.append((requirement.name, inner, optional))


def _required_by(name: str, extra: str, path: Sequence[str] | None) -> Iterator[Requirement]:
    """What the distribution requires for `extra` alone; for no extra, what it always requires."""
    from packaging.requirements import Requirement  # noqa: PLC0415  (see the module's docstring)

    found = _installed(name, path)
    for line in (found.requires or []) if found is not None else []:
        requirement = Requirement(line)
        marker = requirement.marker
        always = marker is None or marker.evaluate({"extra": ""})
        if always != bool(extra) and (always or (marker is not None and marker.evaluate({"extra": extra}))):
            yield requirement


def _compared(requirement: Requirement, path: Sequence[str] | None, *, optional: bool) -> Problem | None:
    from packaging.version import InvalidVersion  # noqa: PLC0415  (see the module's docstring)

    wanted = f"{requirement.name}{requirement.specifier}"
    found = _installed(requirement.name, path)
    if found is None:
        if optional:
            return None
        return Problem(requirement.name, f"{requirement.name} is not installed; run: {command_for(wanted)}")
    version = found.metadata["Version"] or ""
    try:
        fits = requirement.specifier.contains(version, prereleases=True)
    except InvalidVersion:
        fits = False
    if fits:
        return None
    bounds = ", ".join(sorted(str(bound) for bound in requirement.specifier))
    return Problem(
        requirement.name,
        f"{requirement.name} {version} is installed, and editsvc needs {bounds}; run: {command_for(wanted)}",
    )


def _installed(name: str, path: Sequence[str] | None) -> metadata.Distribution | None:
    """The distribution that an import finds first."""
    searched = sys.path if path is None else path
    return next(iter(metadata.distributions(name=name, path=list(searched))), None)


def _distribution_of(language: str) -> str:
    from editsvc.syntax.trial import distribution, parsed_languages  # noqa: PLC0415  (tree-sitter may be missing)

    return next(distribution(parsed) for parsed in parsed_languages() if parsed.name == language)


def _wanted(name: str, path: Sequence[str] | None) -> str:
    for requirement, _ in _requirements(path):
        if requirement.name == name:
            return f"{name}{requirement.specifier}"
    return name


def _named(name: str, path: Sequence[str] | None) -> str:
    found = _installed(name, path)
    return f"{name} {found.metadata['Version']}" if found is not None else name


def _misfit(name: str, language: str, problem: str, path: Sequence[str] | None) -> Problem:
    run = command_for(_wanted(name, path))
    return Problem(name, f"{_named(name, path)} cannot be used for {language} ({problem}); run: {run}")


def _ended(printed: str, how: str, path: Sequence[str] | None) -> Problem:
    """The process of the grammars ended before its work: what it had begun last says where."""
    lines = [line for line in printed.split("\n") if line.endswith("]")]
    where = f" when it parsed a line of {json.loads(lines[-1])[0]}" if lines else " before it parsed anything"
    run = command_for(_wanted("tree-sitter", path))
    return Problem("tree-sitter", f"{_named('tree-sitter', path)} {how}{where}: upgrade it; run: {run}")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
