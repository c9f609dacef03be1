"""`editsvc report` in a shell: formats, files, and a terminal that is watched."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pexpect
import pyte
import pytest

from editsvc.errors import Status
from editsvc.tokenlog import LOG_FILE, Source, TokenLog
from editsvc.tokenlog.rows import record_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shell import Shell

FORMATS = {
    "report.txt": "2 requests on ",
    "report.json": '{\n  "schema": 1,',
    "report.csv": "requests,",
    "report.md": "# 2 requests on ",
    "report.html": "<!doctype html>",
    "report.prom": "# HELP editsvc_requests",
}


@pytest.fixture
def append(offline_shell: Shell) -> Callable[[str], None]:
    def append(name: str) -> None:
        with TokenLog(offline_shell.data / LOG_FILE) as log:
            log.append(
                record_of(
                    {
                        "id": name,
                        "created_at": datetime.now(UTC),
                        "source": Source.CLI,
                        "status": Status.CHANGED,
                        "model": "gpt-oss-120b",
                        "prediction_sent": True,
                        "completion_tokens": 120,
                        "accepted_prediction_tokens": 60,
                        "rejected_prediction_tokens": 40,
                        "attempts": 1,
                    }
                )
            )

    return append


@pytest.fixture
def two_requests(append: Callable[[str], None]) -> None:
    append("one")
    append("two")


@pytest.mark.parametrize(("name", "begin"), FORMATS.items())
def test_the_suffix_of_the_file_decides_on_the_format(
    offline_shell: Shell, two_requests: None, name: str, begin: str
) -> None:
    ran = offline_shell.run("report", "-o", name)
    assert (ran.code, ran.out, ran.err) == (0, b"", "")
    assert (offline_shell.folder / name).read_text("utf-8").startswith(begin)


def test_a_format_that_is_named_counts_more_than_the_suffix(offline_shell: Shell, two_requests: None) -> None:
    offline_shell.run("report", "--format", "json", "-o", "report.txt")
    assert json.loads((offline_shell.folder / "report.txt").read_text("utf-8"))["requests"] == 2


def test_without_a_file_the_report_goes_to_stdout(offline_shell: Shell, two_requests: None) -> None:
    assert offline_shell.run("report", "--format", "json").json["prediction"]["accepted_tokens"] == 120
    rows = csv.DictReader(
        io.StringIO(offline_shell.run("report", "--format", "csv", "--by", "model").out.decode())
    )
    assert [row["model"] for row in rows] == ["", "gpt-oss-120b"]
    assert offline_shell.run("report", "--format", "html").out.startswith(b"<!doctype html>")


def test_a_file_that_is_there_is_replaced_whole_and_keeps_its_permissions(
    offline_shell: Shell, two_requests: None
) -> None:
    file = offline_shell.file("report.json", "old")
    file.chmod(0o640)
    reader = file.open("rb")
    offline_shell.run("report", "-o", "report.json")
    with reader:
        assert reader.read() == b"old"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert json.loads(file.read_text("utf-8"))["requests"] == 2
    assert [path.name for path in offline_shell.folder.iterdir()] == ["report.json"]


def test_a_file_that_cannot_be_written_is_said_in_a_sentence(
    offline_shell: Shell, two_requests: None
) -> None:
    ran = offline_shell.run("report", "-o", "missing/report.html")
    assert ran.code == 1
    assert "report.html cannot be written: No such file or directory." in ran.err


@pytest.mark.parametrize("form", ["table", "json", "csv", "md", "html", "prometheus"])
def test_an_empty_log_is_no_failure_in_any_format(offline_shell: Shell, form: str) -> None:
    ran = offline_shell.run("report", "--format", form, "--by", "model,day")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize(
    "options",
    [
        ["--compare", "yesterday"],
        ["--compare", "7d", "--format", "csv"],
        ["--fail-above", "much"],
        ["--fail-above", "-1"],
        ["--fail-above", "5/year"],
        ["--fail-above", "5/"],
        ["--by", "colour"],
        ["--watch"],
        ["--watch", "-o", "x.html"],
        ["--since", "yesterday"],
    ],
)
def test_a_call_that_makes_no_sense_is_a_mistake_of_the_user(
    offline_shell: Shell, options: list[str]
) -> None:
    ran = offline_shell.run("report", *options)
    assert ran.code == 2
    assert ran.err.startswith("editsvc: ")


def test_a_comparison_comes_first_and_covers_its_window(offline_shell: Shell, two_requests: None) -> None:
    shown = offline_shell.run("report", "--compare", "7d").out.decode()
    assert "Nothing to compare: 2 requests in the last 7 days, 0 requests in those before." in shown
    assert "The last 7 days against the 7 days before" in shown
    found = offline_shell.run("report", "--compare", "24h", "--format", "json").json
    assert found["comparison"]["now"]["requests"] == 2
    assert found["comparison"]["before"]["requests"] == 0
    assert found["recommendations"][0]["kind"] == "nothing-to-compare"
    assert (datetime.now(UTC) - datetime.fromisoformat(found["since"])).total_seconds() < 25 * 3600


def test_a_report_can_be_of_one_model(offline_shell: Shell, two_requests: None) -> None:
    assert offline_shell.run("report", "--model", "gpt-oss-120b", "--format", "json").json["requests"] == 2
    assert offline_shell.run("report", "--model", "other", "--format", "json").json["requests"] == 0


@pytest.mark.parametrize(("cost", "period", "code"), [(1.5, "/month", 1), (0.5, "", 0), (None, "/day", 1)])
def test_a_cost_above_the_limit_ends_with_1(
    offline_shell: Shell, cost: float | None, code: int, period: str
) -> None:
    with TokenLog(offline_shell.data / LOG_FILE) as log:
        for number, each in enumerate((cost, 0.25)):
            log.append(
                record_of(
                    {
                        "id": str(number),
                        "created_at": datetime.now(UTC),
                        "source": Source.CLI,
                        "status": Status.CHANGED,
                        "completion_tokens": 120,
                        "cost_usd": each,
                        "attempts": 1,
                    }
                )
            )
    ran = offline_shell.run("report", "--fail-above", f"1{period}")
    assert ran.code == code
    said = {
        1.5: "is $1.75, above $1.00.",
        0.5: "is $0.75, within $1.00.",
        None: "cannot be said: the price of the model is unknown for 1 of 2 requests; the others cost $0.25.",
    }
    assert ran.err.rstrip().endswith(said[cost])
    assert b"requests on" in ran.out


def test_a_watched_report_follows_the_log_until_ctrl_c(
    offline_shell: Shell, append: Callable[[str], None], two_requests: None
) -> None:
    screen = pyte.Screen(100, 40)
    terminal = pyte.Stream(screen)
    child = pexpect.spawn(
        sys.executable,
        ["-m", "editsvc", "report", "--watch"],
        cwd=offline_shell.folder,
        env=os.environ | {"TERM": "xterm-256color"},
        dimensions=(40, 100),
        encoding="utf-8",
        timeout=60,
    )

    def wait_for(text: str) -> None:
        until = time.monotonic() + 60
        while not any(text in line for line in screen.display):
            assert time.monotonic() < until, "\n".join(screen.display)
            try:
                terminal.feed(child.read_nonblocking(10_000, 0.2))
            except pexpect.TIMEOUT:
                continue

    wait_for("2 requests")
    append("three")
    wait_for("3 requests")
    child.sendintr()
    rest = child.read()
    terminal.feed(rest)
    child.close()
    assert child.exitstatus == 130
    assert "Traceback" not in rest
    assert not screen.cursor.hidden
    assert any("3 requests" in line for line in screen.display)
