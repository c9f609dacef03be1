"""A report in every format."""

import io
import json
from typing import Any

import msgspec
from rich.console import Console

from editsvc.report import Report, to_json
from editsvc.report.page import to_html
from editsvc.report.parts import Parts
from editsvc.report.prometheus import to_prometheus
from editsvc.report.table import to_table
from editsvc.report.tabular import to_csv, to_markdown


def rendered(report: Report) -> dict[str, str]:
    """The report's text by format; raises what a front end would not show."""
    parts = Parts(report.missing)
    return {
        "table": _table(report, parts),
        "json": msgspec.json.encode(to_json(report, parts)).decode(),
        "csv": to_csv(report),
        "md": to_markdown(report, parts),
        "html": to_html(report, parts),
        "prometheus": to_prometheus(report, parts),
    }


def _table(report: Report, parts: Parts) -> str:
    target = io.StringIO()
    Console(file=target, width=100, highlight=False).print(to_table(report, parts))
    return target.getvalue()


def strict_json(text: str) -> Any:
    """`text` as JSON, which has no NaN and no infinity."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)
