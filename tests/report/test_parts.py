"""A part of a report that fails takes only itself down, and says so in every format."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from formats import rendered, strict_json

from editsvc.errors import UsageError
from editsvc.report.aggregate import report
from editsvc.report.evidence import gather
from editsvc.report.parts import Missing, Parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.report import Report
    from editsvc.tokenlog import RequestRecord

TEXT: Any = "no number"


def broken(records: list[RequestRecord], **fields: Any) -> Report:
    """The report on `records` of which the first was read wrongly."""
    evidence = gather(records, by=("model",), since=None)
    first, *others = evidence.sample
    return report(replace(evidence, sample=[first._replace(**fields), *others]))


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"total_s": TEXT}, "Speed"),
        ({"hunks": TEXT, "hunks_accepted": TEXT}, "Hunks accepted"),
        ({"accepted_prediction_tokens": TEXT}, "Acceptance"),
        ({"completion_tokens": TEXT}, "Coverage"),
        ({"what_if": {"file:resync": [TEXT, 1]}}, "The what-if scores"),
        ({"created_at": TEXT}, "The sums of each day"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_other_parts_stand(busy_month: list[RequestRecord], fields: dict[str, Any], part: str) -> None:
    records = busy_month[:200]
    # The first that takes part in every figure.
    place = next(number for number, one in enumerate(records) if one.prediction.sent and one.verdict)
    records[0], records[place] = records[place], records[0]
    earliest = replace(records[0], created_at=min(one.created_at for one in records))
    found = broken([earliest, *records[1:]], **fields)
    assert part in {each.part for each in found.missing}
    whole = report(gather([earliest, *records[1:]], by=("model",), since=None))
    assert found.summary.tokens == whole.summary.tokens
    assert found.summary.verdicts.accepted == whole.summary.verdicts.accepted
    # What is missing is not taken for nothing, where the advice depends on it.
    advised = part == "The what-if scores"
    assert (found.recommendations[0].kind == "not-worked-out") is not advised
    texts = rendered(found)
    (sentence,) = [each.sentence for each in found.missing if each.part == part]
    assert sentence.startswith(f"{part} could not be computed (")
    assert sentence in {each["sentence"] for each in strict_json(texts["json"])["missing"]}
    for form, text in texts.items():
        assert f"{part} could not be computed" in " ".join(text.split()), form
    assert f'editsvc_missing_parts{{part="{part}"}} 1' in texts["prometheus"]


def test_a_part_that_cannot_be_drawn_is_missing_where_it_would_stand(busy_month: list[RequestRecord]) -> None:
    found = report(gather(busy_month[:200], by=(), since=None))
    odd = replace(found, effect=replace(found.effect, total_s=replace(found.effect.total_s, saved=TEXT)))
    texts = rendered(odd)
    for form in ("table", "md", "html"):
        assert "could not be computed" in texts[form], form
        assert "Acceptance" in texts[form], form


def test_a_report_of_which_nothing_is_missing_does_not_speak_of_it(
    make_record: Callable[..., RequestRecord],
) -> None:
    texts = rendered(report(gather([make_record()], by=(), since=None)))
    assert strict_json(texts["json"])["missing"] == []
    for form in ("table", "md", "html", "prometheus"):
        assert "could not be computed" not in texts[form]


def test_what_is_the_readers_to_mend_is_no_missing_part() -> None:
    def refuse() -> None:
        raise UsageError("no")

    parts = Parts()
    with pytest.raises(UsageError):
        parts.part("x", refuse, None)
    assert parts.missing == []


def test_a_part_is_named_once() -> None:
    parts = Parts([Missing("Before", "why")])
    assert [parts.part("Speed", lambda: 1 // 0, 7) for _ in range(3)] == [7, 7, 7]
    assert [each.part for each in parts.missing] == ["Before", "Speed"]
