"""Known weaknesses in what editsvc is made of: ``make audit``.

Asks the advisory services about the versions in constraints.txt (pip-audit, at PyPI and else at OSV) and about what the
VS Code plugin is built from (npm audit). A finding fails. Where no service can be reached nothing was audited, which is
said in as many words, and fails nothing: a machine without a network learns nothing about weaknesses.
"""  # noqa: INP001 - a script

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
PINS: Final = ROOT / "constraints.txt"
PLUGIN: Final = ROOT / "editors" / "vscode"
_PATIENCE_S: Final = 120
_ADVISORIES: Final = ("pypi", "osv")


@dataclass
class Audit:
    """What was looked at, and what was found; `audited` counts packages that a service knows."""

    what: str
    audited: int = 0
    skipped: int = 0
    findings: list[str] = field(default_factory=list)
    reason: str = ""

    def sentences(self) -> list[str]:
        """What to tell."""
        if not self.audited and not self.findings:
            return [f"{self.what}: NOTHING WAS AUDITED: {self.reason or 'no service answered'}."]
        rest = f", {self.skipped} that no service knows" if self.skipped else ""
        found = f"{len(self.findings)} known weaknesses" if self.findings else "no known weakness"
        return [
            f"{self.what}: {found} in {self.audited} packages{rest}.",
            *(f"  {one}" for one in self.findings),
        ]


def of_python(report: dict[str, Any], what: str) -> Audit:
    """The audit that ``pip-audit --format json`` reports."""
    audit = Audit(what, reason="the service knows none of the packages")
    for package in report.get("dependencies", []):
        if "skip_reason" in package:
            audit.skipped += 1
            continue
        audit.audited += 1
        for weakness in package.get("vulns", []):
            fixed = ", ".join(weakness.get("fix_versions", [])) or "no version yet"
            audit.findings.append(
                f"{package['name']} {package['version']}: {weakness['id']}, fixed in {fixed}"
            )
    return audit


def of_npm(report: dict[str, Any], what: str) -> Audit:
    """The audit that ``npm audit --json`` reports."""
    audit = Audit(what)
    if "vulnerabilities" not in report:
        error = report.get("error")
        said = error.get("summary") if isinstance(error, dict) else None
        audit.reason = str(report.get("message") or said or "the service did not answer")
        return audit
    audit.audited = int(report.get("metadata", {}).get("dependencies", {}).get("total", 0)) or 1
    for name, weakness in sorted(report["vulnerabilities"].items()):
        audit.findings.append(f"{name} {weakness.get('range', '')}: {weakness.get('severity', 'unknown')}")
    return audit


def audit_python() -> Audit:
    """Ask about the pinned versions, one service after the other."""
    audit, reasons = Audit("Python packages", reason="pip-audit is not installed"), []
    if importlib.util.find_spec("pip_audit") is None:
        return audit
    for service in _ADVISORIES:
        command = [
            sys.executable,
            "-m",
            "pip_audit",
            "--vulnerability-service",
            service,
            "--requirement",
            str(PINS),
        ]
        command += [
            "--no-deps",
            "--disable-pip",
            "--format",
            "json",
            "--progress-spinner",
            "off",
            "--timeout",
            "10",
        ]
        report = _json_of(command, ROOT)
        if report is None:
            reasons.append(f"{service} could not be asked")
            continue
        audit = of_python(report, audit.what)
        if audit.audited:
            return audit
        reasons.append(f"{service} knows none of the packages, so it was not really reached")
    audit.reason = ", ".join(reasons)
    return audit


def audit_plugin() -> Audit:
    """Ask about what the plugin is built from: by its lock file, else by the versions that npm would take today."""
    what = "Packages of the VS Code plugin"
    if shutil.which("npm") is None:
        return Audit(what, reason="npm is not installed")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(PLUGIN / "package.json", folder)
        if (PLUGIN / "package-lock.json").exists():
            shutil.copy(PLUGIN / "package-lock.json", folder)
        else:
            lock = ["npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"]
            if _run(lock, Path(folder)) is None:
                return Audit(what, reason="npm could not resolve the packages")
        report = _json_of(["npm", "audit", "--json"], Path(folder))
    return Audit(what, reason="npm audit did not answer") if report is None else of_npm(report, what)


def _run(command: list[str], folder: Path) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=_PATIENCE_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout


def _json_of(command: list[str], folder: Path) -> dict[str, Any] | None:
    """What the command prints as a JSON object, whatever its status; None if that is none."""
    try:
        found = json.loads(_run(command, folder) or "")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def main() -> int:
    """Audit everything; 1 if anything was found."""
    audits = [audit_python(), audit_plugin()]
    for audit in audits:
        print(*audit.sentences(), sep="\n")  # noqa: T201 - this is what it is for
    return int(any(audit.findings for audit in audits))


if __name__ == "__main__":
    sys.exit(main())
