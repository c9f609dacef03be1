"""CSV, Markdown and Prometheus: what another program reads."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from editsvc.report import aggregate, to_json
from editsvc.report.prometheus import to_prometheus
from editsvc.report.tabular import to_csv, to_markdown
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.tokenlog import RequestRecord

    Make = Callable[..., RequestRecord]


def test_csv_has_a_row_for_everything_and_one_for_each_group(busy_month: list[RequestRecord]) -> None:
    report = aggregate(busy_month, by=["model", "language"])
    rows = list(csv.DictReader(io.StringIO(to_csv(report))))
    assert len(rows) == 1 + len(report.groups)
    assert (rows[0]["model"], rows[0]["language"]) == ("", "")
    assert int(rows[0]["requests"]) == 2_400 == sum(int(row["requests"]) for row in rows[1:])
    assert float(rows[0]["acceptance"]) == to_json(report)["prediction"]["acceptance"]["value"]


def test_csv_leaves_empty_what_is_not_known(make_record: Make) -> None:
    (row,) = csv.DictReader(io.StringIO(to_csv(aggregate([make_record()]))))
    assert (row["requests"], row["acceptance"], row["cost_usd"], row["ttft_s_median"]) == ("1", "", "", "")


def test_csv_holds_no_formula(make_record: Make) -> None:
    report = aggregate([make_record(model='=HYPERLINK("x")'), make_record(model="@x")], by=["model"])
    assert {row["model"] for row in csv.DictReader(io.StringIO(to_csv(report)))} == {
        "",
        '\'=HYPERLINK("x")',
        "'@x",
    }


def test_markdown_says_first_what_to_do_and_every_table_is_whole(busy_month: list[RequestRecord]) -> None:
    text = to_markdown(aggregate(busy_month, by=["model"]))
    lines = [line.rstrip("\n") for line in split_lines(text)]
    assert lines[0] == "# 2,400 requests from 2026-10-22 to 2026-11-20"
    assert lines[2].startswith("**Keep predictions on:")
    widths: dict[int, set[int]] = {}
    table = 0
    for before, line in zip(["", *lines], lines, strict=False):
        if line.startswith("|"):
            table += not before.startswith("|")
            widths.setdefault(table, set()).add(len(re.findall(r"(?<!\\)\|", line)))
    assert len(widths) == 5
    assert all(len(found) == 1 for found in widths.values())


def test_markdown_shows_names_as_they_are(make_record: Make) -> None:
    text = to_markdown(aggregate([make_record(model="a|b <b>*c*</b>")], by=["model"]))
    assert r"a\|b &lt;b&gt;\*c\*&lt;/b&gt;" in text


def test_prometheus_metrics_follow_the_text_format(busy_month: list[RequestRecord]) -> None:
    text = to_prometheus(aggregate(busy_month, by=["model"]))
    line = re.compile(
        r'editsvc_[a-z_]+(\{[a-z_]+="(\\.|[^"\\\n])*"(,[a-z_]+="(\\.|[^"\\\n])*")*\})? -?\d+(\.\d+)?(e-?\d+)?\n'
    )
    seen, families = set(), []
    for each in split_lines(text):
        if each.startswith("# TYPE"):
            families.append(each.split()[2])
        elif not each.startswith("#"):
            assert line.fullmatch(each), each
            assert each.split(" ")[0].partition("{")[0] == families[-1]
            seen.add(each.rpartition(" ")[0])
    assert len(families) == len(set(families)) == 12
    assert 'editsvc_requests{status="failed",model="gpt-oss-120b"}' in seen
    assert text.endswith("\n")


def test_prometheus_says_nothing_about_what_is_not_known(make_record: Make) -> None:
    text = to_prometheus(aggregate([make_record()]))
    assert 'editsvc_requests{status="changed"} 1' in text
    assert "cost_usd" not in text and "acceptance" not in text and "None" not in text


def test_prometheus_labels_are_escaped(make_record: Make) -> None:
    text = to_prometheus(aggregate([make_record(model='a"b\\c\nd')], by=["model"]))
    assert r'model="a\"b\\c\nd"' in text
