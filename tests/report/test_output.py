"""A report as JSON, and as a table of 80 columns."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from editsvc.errors import Status
from editsvc.report import aggregate, to_json
from editsvc.report.page import to_html
from editsvc.report.table import to_table
from editsvc.report.tabular import to_markdown
from editsvc.text.document import split_lines
from editsvc.tokenlog import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.report import Report
    from editsvc.tokenlog import RequestRecord

    MakeRecord = Callable[..., RequestRecord]


@pytest.fixture
def report(predicted: MakeRecord) -> Report:
    """Two hundred requests to two models, with everything reported."""
    return aggregate(
        [
            predicted(
                90_000 + 50 * number,
                10 * (number % 9),
                120_000 + number,
                model="gpt-oss-120b" if number % 3 else "qwen-3.8-27b",
                language="typescript" if number % 2 else "python",
                status=Status.CHANGED if number % 7 else Status.REFUSED,
                prompt_tokens=2_000_000,
                cached_tokens=1_000_000,
                reasoning_tokens=1234,
                ttft_s=0.2 + number / 1000,
                total_s=12.0 + number / 10,
                tokens_per_s=2950.0,
                cost_usd=1.25,
                rejected_cost_usd=0.001,
                hunks=4,
                hunks_accepted=number % 5,
                verdict=(None, *Verdict)[number % 4],
            )
            for number in range(200)
        ],
        by=["model", "language"],
    )


def printed(report: Report, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(to_table(report))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in split_lines(console.file.getvalue())]


def test_the_json_has_the_agreed_names(report: Report) -> None:
    shown = json.loads(json.dumps(to_json(report), allow_nan=False))
    assert shown["schema"] == 1
    assert shown["requests"] == 200
    assert set(shown) >= {"prediction", "latency", "verdicts", "groups", "recommendations"}
    prediction = shown["prediction"]
    assert set(prediction["acceptance"]) == set(prediction["coverage"]) == {"value", "low", "high"}
    assert (
        prediction["acceptance"]["low"] < prediction["acceptance"]["value"] < prediction["acceptance"]["high"]
    )
    assert prediction["accepted_tokens"] == sum(90_000 + 50 * number for number in range(200))
    assert prediction["rejected_cost_usd"] == pytest.approx(0.2)
    assert shown["latency"]["ttft_s"]["median"] == pytest.approx(0.2995)
    assert shown["latency"]["with_prediction"]["total_s"] == shown["latency"]["total_s"]
    assert shown["latency"]["without_prediction"]["requests"] == 0
    assert shown["verdicts"]["edits"]["value"] == pytest.approx(
        shown["verdicts"]["accepted"]
        / sum(shown["verdicts"][name] for name in ("accepted", "partial", "rejected"))
    )
    assert shown["groups"][0]["key"] == {"model": "gpt-oss-120b", "language": "typescript"}
    assert set(shown["groups"][0]) - {"key"} == set(shown) - {
        "schema",
        "since",
        "first",
        "last",
        "sample",
        "time_saved",
        "restarts",
        "what_if",
        "calibration",
        "comparison",
        "forecast",
        "days",
        "groups",
        "recommendations",
        "missing",
    }


def test_the_json_of_an_empty_report_holds_nulls_and_not_zeros() -> None:
    shown = to_json(aggregate([]))
    assert shown["requests"] == 0
    assert shown["prediction"]["acceptance"] == {"value": None, "low": None, "high": None}
    assert shown["cost_usd"] is None
    assert (shown["groups"], shown["what_if"], shown["days"]) == ([], [], [])
    assert shown["time_saved"]["total_s"]["median"]["value"] is None


def test_the_table_fits_into_80_columns_and_cuts_no_number(report: Report) -> None:
    lines = printed(report)
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "…" not in text
    assert "200 requests from 2026-11-01 to 2026-11-09" in text
    assert "24,019,900" in text
    assert "$250.00, $0.20 of it for rejected tokens" in text


def test_the_table_tells_its_three_rates_apart(report: Report) -> None:
    text = "\n".join(printed(report))
    for name, of in (
        ("Acceptance", "of the prediction's tokens"),
        ("Coverage", "of all output tokens"),
        ("Edits accepted", "edits with a verdict"),
    ):
        (line,) = (line for line in split_lines(text) if line.startswith(name))
        assert " to " in line
        assert of in line


def test_the_table_says_where_there_is_not_enough_data(predicted: MakeRecord) -> None:
    lines = printed(aggregate([predicted(60, 40, 120)]))
    assert lines[0] == "1 request on 2026-11-01"
    (acceptance,) = (line for line in lines if line.startswith("Acceptance"))
    assert "60.0 %  not enough data" in acceptance
    (verdicts,) = (line for line in lines if line.startswith("Edits accepted"))
    assert verdicts.split()[2] == "-"


def test_the_table_of_an_empty_report_is_a_sentence() -> None:
    assert printed(aggregate([])) == ["No requests."]


def test_a_recommendation_is_printed_below(make_record: MakeRecord) -> None:
    assert printed(aggregate([make_record(offline=True)]), width=200)[-1].startswith("• The offline engine")


def test_a_model_name_with_markup_is_printed_as_it_is(make_record: MakeRecord) -> None:
    report = aggregate([make_record(model="[red]m[/red]")], by=["model"])
    assert any("[red]m[/red]" in line for line in printed(report, width=120))


def test_numbers_are_there_without_rich_or_a_database() -> None:
    script = (
        "import sys; sys.path[:] = sys.argv[1:]\n"
        "import editsvc.report\n"
        "print([name for name in ('rich', 'sqlalchemy') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *sys.path], check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"


def test_costs_say_how_many_requests_they_cover(make_record: Callable[..., RequestRecord]) -> None:
    known = [make_record(cost_usd=0.5, completion_tokens=100) for _ in range(3)]
    unknown = [make_record(completion_tokens=100) for _ in range(2)]
    words = "$1.50 (cost covers 3 of 5 requests)"
    partly, wholly = aggregate([*known, *unknown]), aggregate(known)
    for render in (to_html, to_markdown):
        assert words in render(partly).replace("\\(", "(")
        assert "cost covers" not in render(wholly)
