"""The audit of dependencies: a finding fails, and what was not audited does not pass for sound."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "audit.py"


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    import sys

    spec = importlib.util.spec_from_file_location("dependency_audit", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


def test_a_weakness_in_a_python_package_is_a_finding(audit: ModuleType) -> None:
    report = {
        "dependencies": [
            {"name": "sound", "version": "1.0", "vulns": []},
            {"name": "weak", "version": "2.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["2.1"]}]},
            {"name": "ours", "skip_reason": "not there"},
        ]
    }
    found = audit.of_python(report, "Python packages")
    assert found.sentences() == [
        "Python packages: 1 known weaknesses in 2 packages, 1 that no service knows.",
        "  weak 2.0: PYSEC-2026-1, fixed in 2.1",
    ]


@pytest.mark.parametrize(
    "report",
    [{}, {"dependencies": []}, {"dependencies": [{"name": "click", "skip_reason": "not found on PyPI"}]}],
)
def test_a_service_that_knows_nothing_has_audited_nothing(
    audit: ModuleType, report: dict[str, object]
) -> None:
    (sentence,) = audit.of_python(report, "Python packages").sentences()
    assert sentence.startswith("Python packages: NOTHING WAS AUDITED: ")


def test_a_weakness_in_a_package_of_the_plugin_is_a_finding(audit: ModuleType) -> None:
    report = {
        "vulnerabilities": {"weak": {"severity": "high", "range": "<2.1.0"}},
        "metadata": {"dependencies": {"total": 90}},
    }
    assert audit.of_npm(report, "Plugin").sentences() == [
        "Plugin: 1 known weaknesses in 90 packages.",
        "  weak <2.1.0: high",
    ]
    sound = {"vulnerabilities": {}, "metadata": {"dependencies": {"total": 90}}}
    assert audit.of_npm(sound, "Plugin").sentences() == ["Plugin: no known weakness in 90 packages."]


@pytest.mark.parametrize(
    "report", [{"message": "405 Method Not Allowed"}, {"error": {"summary": "no lock file"}}, {}]
)
def test_npm_without_an_answer_has_audited_nothing(audit: ModuleType, report: dict[str, object]) -> None:
    (sentence,) = audit.of_npm(report, "Plugin").sentences()
    assert sentence.startswith("Plugin: NOTHING WAS AUDITED: ")
