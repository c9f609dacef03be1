"""Numbers and names of a server or an old log may be anything: edits end well, and reports go on to work."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from outside import EDITED, Product, Request, always, reply, serving

COUNTS = {
    "less than nothing": ["-5"],
    "more than there is": [str(2**63 - 1)],
    "400 digits": ["1" * 400],
    "no number": ["NaN", "1e400"],
    "something else": ["12.5", '"many"', "[]", "true"],
}
TIMES = {
    "less than nothing": "-1.0",
    "400 digits": "1" * 400,
    "beyond every number": "1e400",
    "for ever": "1e300",
    "words": '"soon"',
    "an object": "{}",
}
LONGEST = 200
AS_ASKED = "as asked"


def assert_reports_work(product: Product, requests: int) -> None:
    ran = product.run("report", "--format", "json")
    assert ran.code == 0, ran.err
    report = json.loads(ran.out, parse_constant=float)
    assert report["requests"] == requests
    assert [number for number in numbers(report["tokens"]) if not possible(number, requests * 10**9)] == []
    assert [number for number in numbers(report["latency"]) if not possible(number, 10**9)] == []


def numbers(value: Any) -> list[Any]:
    """All numbers within a value of JSON."""
    if isinstance(value, dict):
        value = list(value.values())
    return [number for each in value for number in numbers(each)] if isinstance(value, list) else [value]


def rewritten(product: Product, replies: dict[str, bytes]) -> dict[str, str]:
    """What became of a file for each reply, in one run: `AS_ASKED`, or how it ended."""
    names = {f"{number}.py": name for number, name in enumerate(replies)}
    for name in names:
        product.file(name)

    def answer(request: Request) -> Iterable[bytes]:
        return [replies[names[request.filename]]]

    with serving(answer) as server:
        product.asks(server.address)
        ran = product.rewrite("--apply", "--json", "--jobs", "1", *names)
    assert ran.is_told, ran.err
    edits = json.loads(ran.out)["edits"]
    return {
        names[edit["path"]]: AS_ASKED
        if (product.folder / edit["path"]).read_text() == EDITED
        else f"{edit['status']}: {edit['message']}"
        for edit in edits
    }


def possible(value: Any, most: float) -> bool:
    return value is None or (type(value) in {int, float} and 0 <= value <= most)


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
def test_no_count_of_a_server_stops_an_edit_or_a_report(product: Product, counts: list[str]) -> None:
    inner = {
        "cached_tokens": "prompt",
        "reasoning_tokens": "completion",
        "accepted_prediction_tokens": "completion",
    }
    told = {}
    for number in counts:
        # 12.5 tokens of a prompt would say that the server has read a part of it, which is believed.
        names = ("completion_tokens", "total_tokens", *(() if number == "12.5" else ("prompt_tokens",)))
        told |= {f"{name} {number}": reply(usage=usage(name, number)) for name in names}
        told |= {
            f"{name} {number}": reply(usage=usage(f"{outer}_tokens_details", f'{{"{name}":{number}}}'))
            for name, outer in inner.items()
        }
    assert rewritten(product, told) == dict.fromkeys(told, AS_ASKED)
    assert_reports_work(product, len(told))
    for record in product.records():
        logged = {name: value for name, value in record.items() if name.endswith("_tokens")}
        assert {name: value for name, value in logged.items() if not possible(value, 10**9)} == {}


def usage(name: str, value: str) -> str:
    counts = {"prompt_tokens": "900", "completion_tokens": "400", name: value}
    return "{" + ",".join(f'"{key}":{each}' for key, each in counts.items()) + "}"


def test_no_time_of_a_server_stops_an_edit_or_a_report(product: Product) -> None:
    replies = {
        name: reply(more=f',"time_info":{{"queue_time":{time},"total_time":{time},"completion_time":{time}}}')
        for name, time in TIMES.items()
    }
    assert rewritten(product, replies) == dict.fromkeys(replies, AS_ASKED)
    assert_reports_work(product, len(replies))
    for record in product.records():
        times = {name: value for name, value in record.items() if name.endswith("_s")}
        assert {name: value for name, value in times.items() if not possible(value, 10**6)} == {}


def test_what_an_older_version_has_logged_stops_no_report(product: Product) -> None:
    product.file("steps.py")
    with serving(always(reply(usage='{"prompt_tokens":900,"completion_tokens":400}'))) as server:
        product.asks(server.address)
        assert product.rewrite("steps.py").code == 0
    odd: list[Any] = [-5, -(2**63), 2**63 - 1, "many", b"\x00\xff", 12.5, float("inf"), 1e308]
    columns = (
        "document_lines",
        "prompt_tokens",
        "completion_tokens",
        "accepted_prediction_tokens",
        "total_s",
    )
    with product.log() as log:
        # What the database makes itself cannot be written.
        names = [column[1] for column in log.execute("PRAGMA table_info(editsvc_requests)")]
        (row,) = log.execute(f"SELECT {','.join(names)} FROM editsvc_requests").fetchall()
        for column in columns:
            for value in odd:
                copy = dict(row) | {column: value, "id": f"{column}-{odd.index(value)}"}
                marks = ",".join("?" * len(copy))
                log.execute(
                    f"INSERT INTO editsvc_requests ({','.join(copy)}) VALUES ({marks})", list(copy.values())
                )
    assert_reports_work(product, 1 + len(odd) * len(columns))
    ran = product.run("log", "export")
    assert ran.code == 0, ran.err
    exported = [json.loads(line) for line in ran.out.strip().split("\n")]
    assert len(exported) == 1 + len(odd) * len(columns)


NAMES = {
    "long": "x" * 100_000,
    "with a command to the terminal": "\x1b]0;owned\x07",
    "with lines": "stop\n2026-01-01 all is well",
    "with letters that turn around": "st\u202eop",
}


def test_names_of_a_server_are_short_and_plain_in_the_log(product: Product) -> None:
    replies = {}
    for what, name in NAMES.items():
        quoted = json.dumps(name)
        replies[f"a reason {what}"] = reply(finish=quoted)
        replies[f"a model {what}"] = reply(more=f',"model":{quoted}')
        replies[f"an id {what}"] = reply().replace(b'"r"', quoted.encode())
    rewritten(product, replies)
    words = [value for record in product.records() for value in record.values() if isinstance(value, str)]
    assert [word[:80] for word in words if len(word) > 2_000 or not word.isprintable()] == []


@pytest.mark.parametrize("field", ["id", "model"])
def test_a_name_that_is_no_text_takes_nothing_from_a_reply(product: Product, field: str) -> None:
    names = ["7", "7.5", "{}", "[]", "true", "null"]
    told = {name: reply(more=f',"{field}":{name}').replace(b'"id":"r",', b"") for name in names}
    assert rewritten(product, told) == dict.fromkeys(told, AS_ASKED)
    assert_reports_work(product, len(told))


def test_of_the_headers_on_limits_only_known_ones_are_logged(product: Product) -> None:
    product.file("steps.py")
    headers = [
        "x-ratelimit-remaining-tokens-minute: 60000",
        f"x-ratelimit-limit-requests-day: {'9' * 5_000}",
        f"x-ratelimit-{'a' * 500}: {'b' * 500}",
        "x-ratelimit-remaining-secrets: all",
        f"x-request-id: {'r' * 5_000}",
    ]
    with serving(always(reply(EDITED, *headers))) as server:
        product.asks(server.address)
        assert product.rewrite("steps.py").code == 0
    (record,) = product.records()
    logged = " ".join(str(value) for value in record.values())
    assert "60000" in logged
    for unknown in ("9" * 40, "a" * 40, "secrets", "r" * (LONGEST + 1)):
        assert unknown not in logged
