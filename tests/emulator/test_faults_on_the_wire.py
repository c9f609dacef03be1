"""Every fault, as a client sees it: raw bytes first, then what the real SDK makes of them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from patience import read_timeout_s

from editsvc.emulator import FaultName, ReplyStyle
from editsvc.emulator.mistakes import ELISION
from editsvc.prompt import rendering
from editsvc.reply import search_replace
from editsvc.text.section import Section
from editsvc.tokens import tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from editsvc.emulator.server import Emulator

    Emulated = Callable[..., AbstractAsyncContextManager[Emulator]]
    Body = Callable[..., dict[str, Any]]
    Faulty = Callable[..., Any]

CHAT = "/v1/chat/completions"
ENOUGH = 2_000_000
"""Bytes after which the client leaves."""


class Wire:
    """One response as it came: status, headers, body so far, and how it ended."""

    def __init__(self) -> None:
        self.status = 0
        self.headers = httpx.Headers()
        self.body = b""
        self.ended: str = "clean"

    @property
    def events(self) -> list[str]:
        lines = self.body.decode(errors="replace").split("\n")
        return [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]

    @property
    def chunks(self) -> list[dict[str, Any]]:
        return [json.loads(event) for event in self.events if event != "[DONE]"]

    @property
    def content(self) -> str:
        choices = [choice for chunk in self.chunks for choice in chunk.get("choices", [])]
        return "".join(choice["delta"].get("content") or "" for choice in choices)

    @property
    def finish_reason(self) -> str | None:
        reasons = [c.get("finish_reason") for chunk in self.chunks for c in chunk.get("choices", [])]
        return next((reason for reason in reasons if reason), None)

    @property
    def done(self) -> bool:
        return self.events[-1:] == ["[DONE]"]


@pytest.fixture
def faulty(emulated: Emulated, http: httpx.AsyncClient, echo_body: Body) -> Faulty:
    """Asks for the file with a fault, and watches the wire."""

    async def ask(
        fault: str, *, stream: bool = True, options: dict[str, Any] | None = None, **body: Any
    ) -> Wire:
        wire = Wire()
        async with emulated(**(options or {})) as emulator:
            try:
                async with http.stream(
                    "POST",
                    emulator.base_url + CHAT,
                    json=echo_body(stream=stream, **body),
                    headers={"x-emulator-fault": fault},
                    timeout=read_timeout_s(fault),
                ) as response:
                    wire.status, wire.headers = response.status_code, response.headers
                    async for data in response.aiter_bytes():
                        wire.body += data
                        if len(wire.body) > ENOUGH:
                            wire.ended = "enough"
                            break
            except httpx.TransportError as exc:
                wire.ended = type(exc).__name__
            while not emulator.records():
                await asyncio.sleep(0.005)
            [record] = emulator.records()
        assert record.fault == fault
        assert record.status == wire.status
        return wire

    return ask


def asked(
    task: rendering.Task, form: rendering.EditFormat = rendering.EditFormat.REWRITE
) -> list[dict[str, str]]:
    messages, _ = rendering.render(task, form)
    return [{"role": message.role, "content": message.content} for message in messages]


# --- instead of a reply -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503])
async def test_status(faulty: Faulty, code: int) -> None:
    wire = await faulty(f"status:{code},retry-after=2")
    error = json.loads(wire.body)

    assert (wire.status, wire.headers["retry-after"]) == (code, "2")
    assert set(error if code == 429 else error["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(("shape", "key"), [("top", "message"), ("error", "error")])
async def test_status_in_both_shapes(faulty: Faulty, shape: str, key: str) -> None:
    assert key in json.loads((await faulty(f"status:503,shape={shape}")).body)


async def test_prediction_unsupported(faulty: Faulty, source: str) -> None:
    refused = await faulty("prediction-unsupported", prediction={"type": "content", "content": source})
    plain = await faulty("prediction-unsupported")

    assert refused.status == 400
    assert json.loads(refused.body)["error"]["message"] == "property 'prediction' is unsupported"
    assert (plain.status, plain.content) == (200, source)


@pytest.mark.parametrize(("fault", "words"), [("loading", "Loading model"), ("busy", "server busy")])
async def test_loading_and_busy(faulty: Faulty, fault: str, words: str) -> None:
    wire = await faulty(fault)
    assert wire.status == 503
    assert words in json.loads(wire.body)["error"]["message"]


async def test_redirect(faulty: Faulty) -> None:
    wire = await faulty("redirect:/elsewhere")

    assert (wire.status, wire.headers["location"]) == (307, "/elsewhere")


async def test_reset(faulty: Faulty) -> None:
    wire = await faulty("reset")

    assert (wire.status, wire.body) == (0, b"")
    assert wire.ended == "ReadError"


async def test_stall_start(faulty: Faulty) -> None:
    wire = await faulty("stall-start")

    assert (wire.status, wire.ended) == (0, "ReadTimeout")


async def test_html_200(faulty: Faulty) -> None:
    wire = await faulty("html-200")

    assert (wire.status, wire.headers["content-type"]) == (200, "text/html")
    assert wire.body.startswith(b"<!DOCTYPE html>")


async def test_not_stream(faulty: Faulty, source: str) -> None:
    wire = await faulty("not-stream")

    assert wire.headers["content-type"] == "application/json"
    assert json.loads(wire.body)["choices"][0]["message"]["content"] == source


# --- the end comes early ------------------------------------------------------------------------------------


def half(wire: Wire, source: str) -> None:
    """The reply breaks off near its middle."""
    share = tokenizer().count(wire.content) / tokenizer().count(source)
    assert source.startswith(wire.content)
    assert 0.45 < share < 0.55
    assert wire.finish_reason is None
    assert not wire.done


async def test_cut(faulty: Faulty, source: str) -> None:
    wire = await faulty("cut")

    half(wire, source)
    assert wire.ended == "RemoteProtocolError"


async def test_end(faulty: Faulty, source: str) -> None:
    wire = await faulty("end")

    half(wire, source)
    assert wire.ended == "clean"


async def test_stall(faulty: Faulty, source: str) -> None:
    wire = await faulty("stall")

    half(wire, source)
    assert wire.ended == "ReadTimeout"


async def test_endless(faulty: Faulty) -> None:
    wire = await faulty("endless:0")
    single = await faulty("endless:0", stream=False)

    assert (wire.ended, single.ended) == ("enough", "enough")
    wire.body = wire.body[: wire.body.rindex(b"\n\n")]
    assert {chunk["choices"][0]["delta"].get("content", "and so on\n") for chunk in wire.chunks} == {
        "and so on\n"
    }
    assert len(wire.chunks) > 1_000
    assert single.body.count(b"and so on\\n") > 10_000


async def test_endless_event(faulty: Faulty, source: str) -> None:
    wire = await faulty("endless-event")

    assert wire.ended == "enough"
    sound, _, rest = wire.body.rpartition(b"\n\n")
    assert rest.startswith(b"data: xxx")
    wire.body = sound
    half(wire, source)


async def test_endless_error(faulty: Faulty) -> None:
    wire = await faulty("endless-error:503")

    assert (wire.status, wire.ended) == (503, "enough")
    assert wire.body.startswith(b'{"message": "It went wrong. It went')


@pytest.mark.parametrize(("at", "share"), [("0", 0.0), ("0.25", 0.25), ("1", 1.0)])
async def test_a_fault_comes_where_it_is_asked_for(
    faulty: Faulty, source: str, at: str, share: float
) -> None:
    wire = await faulty(f"end:{at}")

    assert tokenizer().count(wire.content) == pytest.approx(tokenizer().count(source) * share, abs=2)


async def test_error_event(faulty: Faulty, source: str) -> None:
    wire = await faulty("error-event:503")

    *before, error = wire.chunks
    assert (error["status_code"], set(error["error"])) == (503, {"message", "type", "param", "code"})
    wire.body = wire.body[: wire.body.index(b'data: {"error"')]
    assert wire.chunks == before
    half(wire, source)


async def test_error_event_without_a_status(faulty: Faulty) -> None:
    assert set((await faulty("error-event")).chunks[-1]) == {"error"}


async def test_error_plain(faulty: Faulty) -> None:
    wire = await faulty("error-plain")

    assert set(wire.chunks[-1]) == {"message", "type", "param", "code"}
    assert not wire.done


async def test_no_done(faulty: Faulty, source: str) -> None:
    wire = await faulty("no-done")

    assert (wire.content, wire.finish_reason, wire.done, wire.ended) == (source, "stop", False, "clean")


@pytest.mark.parametrize(("fault", "reason"), [("length", "length"), ("content-filter", "content_filter")])
async def test_length_and_content_filter(faulty: Faulty, source: str, fault: str, reason: str) -> None:
    wire = await faulty(fault)

    assert (wire.finish_reason, wire.done) == (reason, True)
    assert len(wire.content) < len(source)
    assert source.startswith(wire.content)


# --- something odd in between, and the reply goes on --------------------------------------------------------


async def test_slow(faulty: Faulty, source: str) -> None:
    """Only that it is whole: when its events are due is told in test_engine.py."""
    wire = await faulty("slow:0.001", options={"tokens_per_event": 50})

    assert (wire.content, wire.finish_reason, wire.done) == (source, "stop", True)


async def test_pings(faulty: Faulty, source: str) -> None:
    wire = await faulty("pings:0.3")
    assert wire.body.startswith(b": ping\n\n" * 3)
    assert wire.content == source


async def test_garbage(faulty: Faulty) -> None:
    wire = await faulty("garbage")

    assert "{this is not JSON" in wire.events
    assert wire.done


async def test_empty_data(faulty: Faulty) -> None:
    wire = await faulty("empty-data")

    assert "" in wire.events
    assert wire.done


async def test_bad_utf8(faulty: Faulty) -> None:
    wire = await faulty("bad-utf8")

    with pytest.raises(UnicodeDecodeError):
        wire.body.decode()
    assert wire.done


async def test_finish_eos_and_finish_error(faulty: Faulty, source: str) -> None:
    assert (await faulty("finish-eos")).finish_reason == "eos"
    broken = await faulty("finish-error:0.5")
    assert (broken.status, broken.finish_reason) == (200, "error")
    assert broken.content and source.startswith(broken.content)


async def test_empty_reply(faulty: Faulty) -> None:
    wire = await faulty("empty-reply")
    assert (wire.content, wire.finish_reason) == ("", "stop")


async def test_cut_prompt(faulty: Faulty) -> None:
    whole, cut = await faulty("no-fingerprint"), await faulty("cut-prompt")
    told = [wire.chunks[-1]["usage"]["prompt_tokens"] for wire in (whole, cut)]
    assert told[1] == told[0] // 4


async def test_uncached_usage(emulated: Emulated, http: httpx.AsyncClient, echo_body: Body) -> None:
    async with emulated() as emulator:
        told = []
        for _ in range(2):
            answer = await http.post(
                emulator.base_url + CHAT,
                json=echo_body(stream=False),
                headers={"x-emulator-fault": "uncached-usage"},
            )
            told.append(answer.json()["usage"])
        cached = [record.cached_tokens for record in emulator.records()]
    assert cached[1] > cached[0] == 0
    assert told[0]["prompt_tokens"] - told[1]["prompt_tokens"] == cached[1]
    assert [usage["prompt_tokens_details"]["cached_tokens"] for usage in told] == [0, 0]


async def test_unknown_finish(faulty: Faulty, source: str) -> None:
    wire = await faulty("unknown-finish")

    assert wire.content == source
    assert wire.finish_reason not in (None, "stop", "length", "content_filter", "tool_calls")


@pytest.mark.parametrize(("fault", "key"), [("no-usage", "usage"), ("no-time-info", "time_info")])
async def test_no_usage_and_no_time_info(faulty: Faulty, fault: str, key: str) -> None:
    wire = await faulty(fault)

    assert all(key not in chunk for chunk in wire.chunks)
    assert {"usage", "time_info"} - set(wire.chunks[-1]) == {key}


async def test_no_fingerprint(faulty: Faulty) -> None:
    assert all("system_fingerprint" not in chunk for chunk in (await faulty("no-fingerprint")).chunks)


async def test_trailing_usage(faulty: Faulty) -> None:
    *_, final, trailing = (await faulty("trailing-usage")).chunks

    assert final["choices"][0]["finish_reason"] == "stop"
    assert "usage" not in final
    assert trailing["choices"] == []
    assert trailing["usage"]["completion_tokens"] > 0


async def test_content_in_final(faulty: Faulty, source: str) -> None:
    wire = await faulty("content-in-final")

    assert wire.chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert wire.chunks[-1]["choices"][0]["delta"]["content"]
    assert wire.content == source


# --- the text is wrong --------------------------------------------------------------------------------------


async def test_elision(faulty: Faulty, source: str) -> None:
    wire = await faulty("elision")

    assert wire.content.endswith(ELISION + "\n")
    assert source.startswith(wire.content.removesuffix(ELISION + "\n"))
    assert wire.finish_reason == "stop"


async def test_truncated(faulty: Faulty, source: str) -> None:
    wire = await faulty("truncated", options={"reply": ReplyStyle.FENCED})
    code = wire.content.removeprefix("```\n").removesuffix("```")

    assert wire.content == f"```\n{code}```"
    assert source.startswith(code)
    assert code.count("\n") == source.count("\n") // 2
    assert (wire.finish_reason, wire.done) == ("stop", True)


async def test_unclosed(faulty: Faulty) -> None:
    wire = await faulty("unclosed", options={"reply": ReplyStyle.FENCED})

    assert wire.content.startswith("```\n")
    assert not wire.content.endswith("```")
    assert (wire.finish_reason, wire.done) == ("stop", True)


@pytest.mark.parametrize("fault", ["refusal", "prose-only"])
async def test_refusal_and_prose_only(faulty: Faulty, fault: str) -> None:
    wire = await faulty(fault)

    assert re.fullmatch(r"[A-Z][^\n]+\.", wire.content)
    assert wire.finish_reason == "stop"


async def test_entities(faulty: Faulty) -> None:
    messages = [
        {"role": "user", "content": "Go."},
        {"role": "user", "content": "if a < b && b > c:\n    '\"'\n"},
    ]

    assert (await faulty("entities", messages=messages)).content == (
        "if a &lt; b &amp;&amp; b &gt; c:\n    '\"'\n"
    )


async def test_crlf(faulty: Faulty, source: str) -> None:
    assert (await faulty("crlf")).content == source.replace("\n", "\r\n")


async def test_broken_syntax(faulty: Faulty, source: str) -> None:
    wire = await faulty("broken-syntax")

    assert wire.content == source.replace("function_19(value)", "function_19(value")


async def test_broken_syntax_in_the_first_turn_alone(faulty: Faulty) -> None:
    messages = asked(rendering.Task("x = (1)\n", "Leave it.", "x.py"))
    remark = [{"role": "assistant", "content": "x = (1"}, {"role": "user", "content": "It is not closed."}]

    assert (await faulty("broken-syntax:1", messages=messages)).content == "````\nx = (1\n````"
    assert (await faulty("broken-syntax:1", messages=messages + remark)).content == "````\nx = (1)\n````"


async def test_wrong_part(faulty: Faulty) -> None:
    sections = (Section(1, "x = 1\n", 1), Section(2, "y = 2\n", 2, 6))
    task = rendering.Task("x = 1\ny = 2\n", "Leave it.", "x.py", "python", sections)

    assert (await faulty("wrong-part", messages=asked(task))).content == "````python 3\nx = 1\n````"


@pytest.mark.parametrize(
    ("fault", "search"),
    [("search-missing", "colour = 1\n?"), ("search-twice", "co"), ("no-done", "colour = 1\n")],
)
async def test_search_missing_and_search_twice(faulty: Faulty, fault: str, search: str) -> None:
    task = rendering.Task("colour = 1\ncount = 2\n", "rename colour to shade", "x.py")
    body = {
        "messages": asked(task, rendering.EditFormat.SEARCH_REPLACE),
        "response_format": search_replace.RESPONSE_FORMAT,
    }
    wire = await faulty(fault, options={"offline": True}, **body)

    assert json.loads(wire.content) == {
        "edits": [{"search": search, "replace": "shade = 1\n"}],
        "cannot": None,
    }


# --- replies in one piece -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("fault", "ended"), [("cut", "RemoteProtocolError"), ("stall", "ReadTimeout")])
async def test_a_body_in_one_piece_breaks_too(faulty: Faulty, fault: str, ended: str) -> None:
    assert (await faulty(fault, stream=False)).ended == ended


@pytest.mark.parametrize("fault", ["end", "garbage", "empty-data", "bad-utf8"])
async def test_a_body_in_one_piece_can_be_no_json(faulty: Faulty, fault: str) -> None:
    wire = await faulty(fault, stream=False)

    with pytest.raises(ValueError, match=r"."):
        json.loads(wire.body)


@pytest.mark.parametrize("fault", ["error-event:503", "error-plain"])
async def test_a_body_in_one_piece_can_be_an_error_with_status_200(faulty: Faulty, fault: str) -> None:
    wire = await faulty(fault, stream=False)

    assert wire.status == 200
    assert set(json.loads(wire.body)) in ({"error"}, {"message", "type", "param", "code"})


# --- which requests -----------------------------------------------------------------------------------------


async def test_a_fault_that_does_not_exist_is_said_to_the_client(
    emulated: Emulated, http: httpx.AsyncClient, echo_body: Body
) -> None:
    async with emulated() as emulator:
        response = await http.post(
            emulator.base_url + CHAT, json=echo_body(), headers={"x-emulator-fault": "cutt"}
        )

    assert response.status_code == 400
    assert "'cutt' is not a fault" in response.json()["error"]["message"]


async def test_the_first_requests_can_fail_and_the_others_pass(
    emulated: Emulated, http: httpx.AsyncClient, echo_body: Body
) -> None:
    from editsvc.emulator import parse_fault

    async with emulated(faults=(parse_fault("status:503"),), fault_count=2) as emulator:
        got = [(await http.post(emulator.base_url + CHAT, json=echo_body())).status_code for _ in range(4)]

    assert got == [503, 503, 200, 200]


async def test_a_fault_can_be_asked_for_by_the_sdks_environment(emulated: Emulated) -> None:
    """So that it can be tried with any program that uses the SDK."""
    program = (
        "from cerebras.cloud.sdk import Cerebras\n"
        "client = Cerebras(api_key='any', max_retries=0, warm_tcp_connection=False)\n"
        "client.chat.completions.create(model='gpt-oss-120b', messages=[{'role': 'user', 'content': 'Hi'}])\n"
    )
    async with emulated() as emulator:
        environment = {
            **os.environ,
            "CEREBRAS_BASE_URL": emulator.base_url,
            "CEREBRAS_CUSTOM_HEADERS": "x-emulator-fault: status:503",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, env=environment, stderr=asyncio.subprocess.PIPE
        )
        _, errors = await process.communicate()

    assert b"InternalServerError" in errors
    assert [record.fault for record in emulator.records()] == ["status:503"]


# --- what the SDK makes of them -----------------------------------------------------------------------------


@pytest.fixture
def through_sdk(emulated: Emulated, async_sdk: Any, sync_sdk: Any, echo_body: Body) -> Faulty:
    """All chunks that a client of the SDK gets; for the next byte it waits as `read_timeout_s` says."""

    async def ask(fault: str, kind: str, **options: Any) -> list[Any]:
        headers = {"x-emulator-fault": fault}
        async with emulated(**options) as emulator:
            if kind == "async":
                async with async_sdk(emulator, timeout=read_timeout_s(fault)) as client:
                    stream = await client.chat.completions.create(
                        **echo_body(stream=True), extra_headers=headers
                    )
                    return [chunk async for chunk in stream]

            def run() -> list[Any]:
                with sync_sdk(emulator, timeout=read_timeout_s(fault)) as client:
                    return list(
                        client.chat.completions.create(**echo_body(stream=True), extra_headers=headers)
                    )

            return await asyncio.to_thread(run)

    return ask


kinds = pytest.mark.parametrize("kind", ["sync", "async"])


@kinds
@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (402, "APIStatusError"),
        (403, "PermissionDeniedError"),
        (404, "NotFoundError"),
        (409, "ConflictError"),
        (413, "APIStatusError"),
        (422, "UnprocessableEntityError"),
        (429, "RateLimitError"),
        (500, "InternalServerError"),
        (503, "InternalServerError"),
    ],
)
async def test_the_sdk_raises_by_status(through_sdk: Faulty, kind: str, code: int, error: str) -> None:
    from cerebras.cloud.sdk import APIStatusError

    with pytest.raises(APIStatusError) as caught:
        await through_sdk(f"status:{code}", kind)

    assert type(caught.value).__name__ == error
    assert caught.value.status_code == code
    if code == 429:
        assert isinstance(caught.value.body, dict)
        assert "error" not in caught.value.body


@kinds
async def test_the_sdk_raises_an_error_event_with_a_status_as_that_status(
    through_sdk: Faulty, kind: str
) -> None:
    from cerebras.cloud.sdk import InternalServerError

    with pytest.raises(InternalServerError, match="The model stopped"):
        await through_sdk("error-event:503", kind)


@kinds
async def test_the_sdk_raises_an_error_event_without_a_status_as_status_200(
    through_sdk: Faulty, kind: str
) -> None:
    from cerebras.cloud.sdk import APIStatusError

    with pytest.raises(APIStatusError) as caught:
        await through_sdk("error-event", kind)

    assert caught.value.status_code == 200


@kinds
async def test_the_sdk_does_not_raise_an_error_without_an_error_key(through_sdk: Faulty, kind: str) -> None:
    bogus = (await through_sdk("error-plain", kind))[-1]

    assert not getattr(bogus, "choices", None)


@kinds
async def test_the_sdk_ends_silently_where_the_stream_does(through_sdk: Faulty, kind: str) -> None:
    chunks = await through_sdk("end", kind)

    assert chunks
    assert all(chunk.choices[0].finish_reason is None for chunk in chunks)


@kinds
@pytest.mark.parametrize(
    ("fault", "error"), [("cut", httpx.RemoteProtocolError), ("stall", httpx.ReadTimeout)]
)
async def test_the_sdk_lets_errors_of_the_transport_through(
    through_sdk: Faulty, kind: str, fault: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await through_sdk(fault, kind)


@kinds
async def test_the_sdk_calls_a_reset_before_the_headers_a_connection_error(
    through_sdk: Faulty, kind: str
) -> None:
    from cerebras.cloud.sdk import APIConnectionError

    with pytest.raises(APIConnectionError):
        await through_sdk("reset", kind)


@kinds
async def test_the_sdk_calls_headers_that_never_come_a_timeout(through_sdk: Faulty, kind: str) -> None:
    from cerebras.cloud.sdk import APITimeoutError

    with pytest.raises(APITimeoutError):
        await through_sdk("stall-start", kind)


@kinds
@pytest.mark.parametrize("fault", ["empty-data", "garbage"])
async def test_the_sdk_fails_on_events_that_are_no_json(through_sdk: Faulty, kind: str, fault: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        await through_sdk(fault, kind)


@kinds
async def test_the_sdk_fails_on_bytes_that_are_no_utf8(through_sdk: Faulty, kind: str) -> None:
    with pytest.raises(UnicodeDecodeError):
        await through_sdk("bad-utf8", kind)


@kinds
@pytest.mark.parametrize("fault", ["no-fingerprint", "unknown-finish"])
async def test_the_sdk_takes_odd_chunks_for_another_type_whose_delta_is_a_dict(
    through_sdk: Faulty, kind: str, fault: str
) -> None:
    odd = (await through_sdk(fault, kind))[-1]
    [choice] = odd.choices

    assert type(odd).__name__ != "ChatChunkResponse"
    assert isinstance(choice.delta, dict)


async def test_the_sdk_tries_again_and_keeps_to_retry_after(
    emulated: Emulated, async_sdk: Any, echo_body: Body
) -> None:
    from editsvc.emulator import parse_fault

    faults = (parse_fault("status:429,retry-after=0.01"),)
    async with emulated(faults=faults, fault_count=2) as emulator:
        async with async_sdk(emulator, max_retries=2) as client:
            reply = await client.chat.completions.create(**echo_body())

        assert [record.status for record in emulator.records()] == [429, 429, 200]
    assert reply.choices[0].finish_reason == "stop"


def test_every_fault_has_a_test_that_is_named_after_it() -> None:
    named = " ".join(name for name in globals() if name.startswith("test_"))

    assert [fault for fault in FaultName if fault.replace("-", "_") not in named] == []
