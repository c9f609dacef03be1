"""A server's numbers may be anything: the edit ends well, is logged once, and every report goes on to work."""

import asyncio
import itertools
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from engine_world import MODEL, Memory, Told
from formats import rendered, strict_json
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from odd_server import OddServer, odd_server
from patience import HANGING_S

from editsvc.engine.edit import EditRequest, EditResult
from editsvc.engine.service import EditService
from editsvc.errors import Status
from editsvc.provider.cerebras import CerebrasProvider
from editsvc.provider.chain import Chain
from editsvc.provider.upstreams import RetryPolicy, Upstream, Upstreams
from editsvc.report import read
from editsvc.settings.schema import Settings
from editsvc.text.document import Snapshot
from editsvc.tokenlog import Source, TokenLog
from editsvc.tokenlog.rows import believed

BEFORE = "".join(f"def step_{number}(value):\n    return value + {number}\n\n\n" for number in range(12))
AFTER = BEFORE.replace("step_7", "seventh_step")
NUMBER = st.one_of(
    st.sampled_from(
        [
            "-5",
            str(2**63 - 1),
            "1" * 400,
            "NaN",
            "Infinity",
            "1e400",
            "12.5",
            "true",
            '"7"',
            "{}",
            "[]",
            "null",
        ]
    ),
    st.integers(-9, 10**10).map(str),
    st.floats().map(json.dumps),
)
COUNTS = st.tuples(*[NUMBER] * 6)
TIMES = st.tuples(*[NUMBER] * 4)


WHOLE_PROMPT = 10_000
"""More tokens than any prompt here has."""


def is_a_part(prompt: str) -> bool:
    """Whether a count says that a part of the prompt was read."""
    with suppress(ValueError):
        return 0 < float(prompt.strip('"')) < WHOLE_PROMPT
    return False


def usage(counts: tuple[str, ...]) -> bytes:
    prompt, cached, completion, reasoning, accepted, rejected = counts
    return (
        f'{{"prompt_tokens":{prompt},"prompt_tokens_details":{{"cached_tokens":{cached}}},'
        f'"completion_tokens":{completion},"completion_tokens_details":{{"reasoning_tokens":{reasoning},'
        f'"accepted_prediction_tokens":{accepted},"rejected_prediction_tokens":{rejected}}}}}'
    ).encode()


def time_info(times: tuple[str, ...]) -> bytes:
    names = ("queue_time", "prompt_time", "completion_time", "total_time")
    return b"{%s}" % ",".join(f'"{name}":{each}' for name, each in zip(names, times, strict=True)).encode()


def cannot_be(counts: tuple[str, ...], times: tuple[str, ...]) -> bool:
    """Whether one of the numbers is none that a server can have counted or measured."""

    def possible(value: Any, most: int) -> bool:
        return type(value) in {int, float} and 0 <= value <= most

    of_tokens, of_time = [json.loads(each) for each in counts], [json.loads(each) for each in times]
    # Nothing, as 0, is what servers say that do not measure.
    if not all(possible(value, 10**6) for value in of_time if value):
        return True
    if not all(possible(value, 10**9) and value == int(value) for value in of_tokens if value is not None):
        return True
    # More cached tokens than the prompt has are counted apart from it.
    _, _, completion, *parts = of_tokens
    return any(None not in {part, completion} and part > completion for part in parts)


@pytest.fixture(scope="module")
def server() -> Iterator[OddServer]:
    with odd_server(AFTER) as running:
        yield running


async def edited(server: OddServer) -> tuple[EditResult, Memory]:
    provider = CerebrasProvider(api_key="x", base_url=server.url, read_timeout_s=HANGING_S)
    clock, log, numbers = asyncio.get_running_loop().time, Memory(), itertools.count()
    service = EditService(
        provider=Chain(Upstreams([Upstream(provider)], RetryPolicy(max_retries=0), clock=clock)),
        settings=Settings(),
        models={"gpt-oss-120b": MODEL},
        recorder=log,
        shown_once=Told(),
        clock=clock,
        now=lambda: datetime(2026, 1, 2, tzinfo=UTC),
        new_id=lambda: f"edit-{next(numbers)}",
    )
    try:
        request = EditRequest(Snapshot(BEFORE), "Call step 7 seventh_step.", "steps.py", Source.CLI)
        return await service.edit(request), log
    finally:
        provider.close()


@pytest.mark.slow
@given(counts=COUNTS, times=TIMES)
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example is an edit: shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_edit_ends_well_and_every_report_goes_on_to_work(
    server: OddServer,
    tmp_path_factory: pytest.TempPathFactory,
    counts: tuple[str, ...],
    times: tuple[str, ...],
) -> None:
    # A server that says to have read a part of the prompt is believed, and its reply is not used.
    assume(not is_a_part(counts[0]))
    server.usage, server.time_info = usage(counts), time_info(times)
    result, log = asyncio.run(edited(server))
    assert (result.status, result.after) == (Status.CHANGED, Snapshot(AFTER))
    (record,) = log.records
    told = sum("impossible numbers" in warning for warning in result.warnings)
    assert told == cannot_be(counts, times)
    with TokenLog(tmp_path_factory.mktemp("log") / "log.db") as kept:
        kept.append(record)
        assert list(kept.records()) == [believed(record)]
        report = read(kept, by=["model", "size"], days=True)
    assert not report.missing
    found = rendered(report)
    assert strict_json(found["json"])["requests"] == 1
    for text in found.values():
        assert not re.search(r"\b(nan|inf)\b", text, re.IGNORECASE)


@pytest.mark.parametrize("number", ["-5", str(2**63 - 1), "1" * 400, "NaN"])
def test_a_number_that_cannot_be_is_said_once_and_not_reported(server: OddServer, number: str) -> None:
    server.usage, server.time_info = usage(("900", "0", number, "0", "3", "1")), b"null"
    result, log = asyncio.run(edited(server))
    (told,) = [warning for warning in result.warnings if "impossible numbers" in warning]
    assert told.startswith("cerebras reported impossible numbers (completion tokens ")
    assert told.endswith("); they count as not reported.")
    assert len(told) < 150
    assert (result.usage.prompt_tokens, result.usage.completion_tokens) == (900, None)
    assert (result.cost_usd, result.timing.tokens_per_s) == (None, None)
    (record,) = log.records
    assert (record.usage.completion_tokens, record.usage.accepted_prediction_tokens) == (None, 3)


def test_a_usual_server_is_not_warned_about(server: OddServer) -> None:
    server.usage = usage(("900", "0", "400", "0", "380", "3"))
    server.time_info = time_info(("0.0", "0.01", "0.0", "0.3"))
    result, _ = asyncio.run(edited(server))
    assert not [warning for warning in result.warnings if "impossible numbers" in warning]


def test_tokens_per_second_count_what_was_received(server: OddServer) -> None:
    """Over the whole time; rejected and reasoning tokens are billed with the completion, but never arrive."""
    server.usage, server.time_info = usage(("900", "0", "400", "50", "300", "30")), b"null"
    result, log = asyncio.run(edited(server))
    assert result.timing.total_s
    assert result.timing.tokens_per_s == pytest.approx((400 - 50 - 30) / result.timing.total_s)
    (record,) = log.records
    assert record.timing == result.timing


def test_tokens_per_second_without_details_count_the_completion(server: OddServer) -> None:
    server.usage, server.time_info = b'{"prompt_tokens":900,"completion_tokens":400}', b"null"
    result, _ = asyncio.run(edited(server))
    assert result.timing.total_s
    assert result.timing.tokens_per_s == pytest.approx(400 / result.timing.total_s)
