"""The emulated API, asked by the real SDK over real HTTP."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from patience import until

from editsvc.emulator import EmulatedModel
from editsvc.emulator.responder import ModelReply, ModelReplyKind
from editsvc.errors import UsageError
from editsvc.prediction.verifier import PRESETS, verify
from editsvc.reply.search_replace import RESPONSE_FORMAT, NotApplied, apply, parse
from editsvc.tokens import tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    import httpx

    from editsvc.emulator.server import Emulator
    from editsvc.emulator.task import Job

    Emulated = Callable[..., AbstractAsyncContextManager[Emulator]]
    Body = Callable[..., dict[str, Any]]

CHAT = "/v1/chat/completions"
ANOTHER_SCHEMA = {"name": "colours", "schema": {"type": "object", "properties": {"red": {}}}}


class Says:
    """Answers the same to everything."""

    def __init__(self, text: str) -> None:
        self.text = text

    def answer(self, _: Job) -> ModelReply:
        return ModelReply(ModelReplyKind.CODE, self.text, "case-1")


def predicted(text: str) -> dict[str, Any]:
    return {"prediction": {"type": "content", "content": text}}


# --- replies ------------------------------------------------------------------------------------------------


async def test_the_asynchronous_client_streams_a_reply(
    emulated: Emulated, async_sdk: Any, echo_body: Body, source: str
) -> None:
    async with emulated() as emulator, async_sdk(emulator) as client:
        stream = await client.chat.completions.create(**echo_body(stream=True))
        chunks = [chunk async for chunk in stream]

    assert {type(chunk).__name__ for chunk in chunks} == {"ChatChunkResponse"}
    first, *content, final = chunks
    assert (first.choices[0].delta.role, first.choices[0].delta.content) == ("assistant", None)
    assert "".join(chunk.choices[0].delta.content for chunk in content) == source
    assert (final.choices[0].finish_reason, final.choices[0].delta.content) == ("stop", None)
    assert final.time_info.total_time is not None
    assert all(chunk.usage is None and chunk.choices[0].finish_reason is None for chunk in chunks[:-1])
    assert len({(chunk.id, chunk.model, chunk.system_fingerprint) for chunk in chunks}) == 1


async def test_the_synchronous_client_streams_a_reply(
    emulated: Emulated, sync_sdk: Any, echo_body: Body, source: str
) -> None:
    async with emulated() as emulator:

        def ask() -> str:
            with sync_sdk(emulator) as client:
                stream = client.chat.completions.create(**echo_body(stream=True))
                return "".join(chunk.choices[0].delta.content or "" for chunk in stream)

        assert await asyncio.to_thread(ask) == source


async def test_a_reply_can_come_in_one_piece(
    emulated: Emulated, async_sdk: Any, echo_body: Body, source: str
) -> None:
    async with emulated(reasoning_tokens=5) as emulator, async_sdk(emulator) as client:
        reply = await client.chat.completions.create(**echo_body())

    assert type(reply).__name__ == "ChatCompletionResponse"
    assert reply.choices[0].message.content == source
    assert reply.choices[0].message.reasoning == " think" * 5
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.completion_tokens == tokenizer().count(source) + 5


@pytest.mark.parametrize(
    "case", [(preset, stream) for preset in PRESETS for stream in (True, False)], ids=str
)
async def test_usage_is_what_the_verifier_counts(
    emulated: Emulated, http: httpx.AsyncClient, echo_body: Body, source: str, case: tuple[str, bool]
) -> None:
    preset, stream = case
    changed = source.replace("function_7", "renamed").replace("value + 12", "value - 12")
    body = echo_body(stream=stream, **predicted(source))
    async with emulated(Says(changed), preset=preset, reasoning_tokens=9) as emulator:
        response = await http.post(emulator.base_url + CHAT, json=body)
    events = [line[6:] for line in response.text.split("\n") if line.startswith("data: {")]
    usage = json.loads(events[-1] if stream else response.text)["usage"]
    details = usage["completion_tokens_details"]
    encode = tokenizer().encode
    expected = verify(encode(source), encode(changed), PRESETS[preset])

    assert details["accepted_prediction_tokens"] == expected.accepted > 0
    assert details["rejected_prediction_tokens"] == expected.rejected
    assert details["reasoning_tokens"] == 9
    assert usage["completion_tokens"] == tokenizer().count(changed) + 9 + expected.rejected
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.parametrize("guess", ["something else\n" * 50, ""], ids=["wrong", "empty"])
async def test_a_prediction_does_not_change_the_reply(
    emulated: Emulated, async_sdk: Any, echo_body: Body, source: str, guess: str
) -> None:
    async with emulated(Says(source)) as emulator, async_sdk(emulator) as client:
        reply = await client.chat.completions.create(**echo_body(**predicted(guess)))

    assert reply.choices[0].message.content == source
    assert reply.usage.completion_tokens_details.accepted_prediction_tokens == 0


async def test_reasoning_comes_before_the_content_and_can_be_hidden(
    emulated: Emulated, async_sdk: Any, echo_body: Body
) -> None:
    async with emulated(reasoning_tokens=3) as emulator, async_sdk(emulator) as client:
        shown = [c async for c in await client.chat.completions.create(**echo_body(stream=True))]
        hidden = [
            c
            async for c in await client.chat.completions.create(
                **echo_body(stream=True, reasoning_format="hidden")
            )
        ]
        without = await client.chat.completions.create(**echo_body(reasoning_effort="none"))

    assert [c.choices[0].delta.reasoning for c in shown[1:4]] == [" think"] * 3
    assert shown[4].choices[0].delta.content
    assert all(c.choices[0].delta.reasoning is None for c in hidden)
    assert hidden[-1].usage.completion_tokens_details.reasoning_tokens == 3
    assert without.usage.completion_tokens_details.reasoning_tokens == 0


async def test_models_that_do_not_reason_do_not(emulated: Emulated, async_sdk: Any, echo_body: Body) -> None:
    models = (EmulatedModel("plain", reasoning=False),)
    async with emulated(reasoning_tokens=3, models=models) as emulator, async_sdk(emulator) as client:
        reply = await client.chat.completions.create(**echo_body(model="plain"))

    assert reply.usage.completion_tokens_details.reasoning_tokens == 0


@pytest.mark.parametrize("size", [4, 0], ids=["four", "random"])
async def test_an_event_can_hold_several_tokens(
    emulated: Emulated, async_sdk: Any, echo_body: Body, source: str, size: int
) -> None:
    async with emulated(tokens_per_event=size) as emulator, async_sdk(emulator) as client:
        stream = await client.chat.completions.create(**echo_body(stream=True))
        texts = [chunk.choices[0].delta.content or "" async for chunk in stream]
    tokens = [tokenizer().count(text) for text in texts if text]

    assert "".join(texts) == source
    assert max(tokens) <= (size or 8)
    assert len(tokens) < tokenizer().count(source) / 2


async def test_the_limit_ends_a_reply_and_counts_reasoning_and_rejected_tokens(
    emulated: Emulated, async_sdk: Any, echo_body: Body, source: str
) -> None:
    body = echo_body(max_completion_tokens=60, **predicted("x" + source))
    async with emulated(Says(source), reasoning_tokens=20) as emulator, async_sdk(emulator) as client:
        reply = await client.chat.completions.create(**body)

    assert reply.choices[0].finish_reason == "length"
    assert reply.usage.completion_tokens == 60
    assert source.startswith(reply.choices[0].message.content)


async def test_a_stop_sequence_ends_a_reply(emulated: Emulated, async_sdk: Any, echo_body: Body) -> None:
    async with emulated() as emulator, async_sdk(emulator) as client:
        reply = await client.chat.completions.create(**echo_body(stop=["function_2", "function_1("]))

    assert reply.choices[0].message.content.endswith("def ")
    assert "function_1" not in reply.choices[0].message.content


# --- what a server remembers --------------------------------------------------------------------------------


async def test_a_prompt_that_was_seen_is_cached_in_blocks(
    emulated: Emulated, async_sdk: Any, echo_body: Body, source: str
) -> None:
    other_end = echo_body()
    other_end["messages"] = [{"role": "user", "content": source}, {"role": "user", "content": "Now this."}]
    same_start = echo_body()
    same_start["messages"] = [{"role": "user", "content": source}, {"role": "user", "content": "Now that."}]
    async with emulated() as emulator, async_sdk(emulator) as client:
        replies = [
            await client.chat.completions.create(**body) for body in (other_end, same_start, echo_body())
        ]
    cached = [reply.usage.prompt_tokens_details.cached_tokens for reply in replies]

    assert cached[0] == cached[2] == 0
    assert cached[1] > 0
    assert cached[1] % 128 == 0
    assert replies[1].usage.prompt_tokens - cached[1] < 128 + 20


async def test_replies_carry_rate_limits_and_an_inference_id(
    emulated: Emulated, http: httpx.AsyncClient, echo_body: Body
) -> None:
    async with emulated() as emulator:
        first = await http.post(emulator.base_url + CHAT, json=echo_body())
        second = await http.post(emulator.base_url + CHAT, json=echo_body())

    assert first.headers["inference-id"] != second.headers["inference-id"]
    for name in ("requests-day", "tokens-minute"):
        limit, *left = (
            int(response.headers[f"x-ratelimit-{kind}-{name}"])
            for kind, response in (("limit", first), ("remaining", first), ("remaining", second))
        )
        assert limit > left[0]
        assert float(first.headers[f"x-ratelimit-reset-{name}"]) > 0


async def test_tokens_are_reserved_up_front_so_that_a_large_limit_is_refused_early(
    emulated: Emulated, http: httpx.AsyncClient, echo_body: Body
) -> None:
    async with emulated(tokens_per_minute=5000) as emulator:
        refused = await http.post(emulator.base_url + CHAT, json=echo_body(max_completion_tokens=9000))
        granted = await http.post(emulator.base_url + CHAT, json=echo_body(max_completion_tokens=2000))

    assert (refused.status_code, granted.status_code) == (429, 200)
    assert set(refused.json()) == {"message", "type", "param", "code"}
    assert 0 < int(refused.headers["retry-after"]) <= 60


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status", "word"),
    [
        ({"model": "gpt-9"}, 404, "gpt-9"),
        ({"model": "qwen-3.8-27b", **predicted("x")}, 400, "property 'prediction' is unsupported"),
        ({"tools": [{"type": "function"}], **predicted("x")}, 400, "tools"),
        ({"logprobs": True, **predicted("x")}, 400, "logprobs"),
        ({"n": 2, **predicted("x")}, 400, "'n'"),
        ({"n": 2}, 400, "one choice"),
        ({"messages": []}, 400, "message"),
        ({"messages": "hello"}, 400, "messages"),
        ({"prediction": {"type": "guess", "content": "x"}}, 400, "prediction"),
        ({"max_completion_tokens": 0}, 400, "max_completion_tokens"),
        ({"max_completion_tokens": 200_000}, 400, "reduce the length"),
        ({"reasoning_format": "raw"}, 400, "reasoning"),
        ({"response_format": {"type": "json_object"}, "stream": True}, 400, "streamed"),
        ({"response_format": {"type": "json_object"}, "tools": [{"type": "function"}]}, 400, "tools"),
        ({"response_format": RESPONSE_FORMAT, "tools": [{"type": "function"}]}, 400, "tools"),
        ({"response_format": {"type": "json_schema"}}, 400, "schema"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}}, 400, "name"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "a"}}}, 400, "schema"),
        ({"response_format": {"type": "json_schema", "json_schema": ANOTHER_SCHEMA}}, 400, "one schema only"),
        ({"response_format": {"type": "xml"}}, 400, "response_format"),
    ],
    ids=str,
)
async def test_requests_that_the_server_does_not_take_are_refused(
    emulated: Emulated,
    http: httpx.AsyncClient,
    echo_body: Body,
    *,
    changes: dict[str, Any],
    status: int,
    word: str,
) -> None:
    async with emulated() as emulator:
        response = await http.post(emulator.base_url + CHAT, json=echo_body(**changes))

    assert response.status_code == status
    assert word in response.json()["error"]["message"]
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("stream", [True, False])
async def test_a_reply_can_be_held_to_the_schema_of_edits(
    emulated: Emulated, async_sdk: Any, echo_body: Body, source: str, *, stream: bool
) -> None:
    changed = source.replace("return value + 7", "return value - 7")
    body = echo_body(stream=stream, response_format=RESPONSE_FORMAT)
    async with emulated(Says(changed)) as emulator, async_sdk(emulator) as client:
        reply = await client.chat.completions.create(**body)
        if stream:
            content = "".join([chunk.choices[0].delta.content or "" async for chunk in reply])
        else:
            content = reply.choices[0].message.content

    assert apply(source, parse(content).edits) == changed


async def test_a_json_object_in_one_piece_holds_edits_too(
    emulated: Emulated, async_sdk: Any, echo_body: Body, source: str
) -> None:
    async with emulated() as emulator, async_sdk(emulator) as client:
        reply = await client.chat.completions.create(**echo_body(response_format={"type": "json_object"}))

    assert parse(reply.choices[0].message.content).edits == ()


async def test_a_schema_and_a_prediction_go_together(
    emulated: Emulated, async_sdk: Any, echo_body: Body, source: str
) -> None:
    body = echo_body(response_format=RESPONSE_FORMAT, **predicted(source))
    async with emulated() as emulator, async_sdk(emulator) as client:
        reply = await client.chat.completions.create(**body)

    assert parse(reply.choices[0].message.content).edits == ()


async def test_text_is_what_is_replied_anyway(
    emulated: Emulated, async_sdk: Any, echo_body: Body, source: str
) -> None:
    body = echo_body(response_format={"type": "text"}, tools=[])
    async with emulated() as emulator, async_sdk(emulator) as client:
        reply = await client.chat.completions.create(**body)

    assert reply.choices[0].message.content == source


async def test_a_prose_reply_breaks_the_schema_on_request(
    emulated: Emulated, async_sdk: Any, echo_body: Body
) -> None:
    body = echo_body(response_format=RESPONSE_FORMAT, extra_headers={"x-emulator-fault": "prose-only"})
    async with emulated() as emulator, async_sdk(emulator) as client:
        reply = await client.chat.completions.create(**body)

    with pytest.raises(NotApplied):
        parse(reply.choices[0].message.content)


async def test_a_prompt_that_does_not_fit_the_context_is_refused(
    emulated: Emulated, http: httpx.AsyncClient, echo_body: Body
) -> None:
    async with emulated(models=(EmulatedModel("small", context=100),)) as emulator:
        response = await http.post(emulator.base_url + CHAT, json=echo_body(model="small"))

    assert (response.status_code, response.json()["error"]["code"]) == (400, "context_length_exceeded")


async def test_only_the_right_key_is_let_in(emulated: Emulated, async_sdk: Any, echo_body: Body) -> None:
    from cerebras.cloud.sdk import AuthenticationError

    async with emulated(api_key="right") as emulator:
        async with async_sdk(emulator, api_key="wrong") as client:
            with pytest.raises(AuthenticationError):
                await client.chat.completions.create(**echo_body())
            with pytest.raises(AuthenticationError):
                await client.models.list()
        async with async_sdk(emulator, api_key="right") as client:
            assert (await client.chat.completions.create(**echo_body())).usage is not None


async def test_a_body_may_be_compressed(
    emulated: Emulated, http: httpx.AsyncClient, echo_body: Body, source: str
) -> None:
    body = gzip.compress(json.dumps(echo_body()).encode())
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    async with emulated() as emulator:
        response = await http.post(emulator.base_url + CHAT, content=body, headers=headers)

    assert response.json()["choices"][0]["message"]["content"] == source


async def test_a_body_that_is_no_json_is_refused(emulated: Emulated, http: httpx.AsyncClient) -> None:
    async with emulated() as emulator:
        response = await http.post(emulator.base_url + CHAT, content=b"\xff{")

    assert (response.status_code, response.json()["error"]["code"]) == (400, "wrong_api_format")


# --- the other places ---------------------------------------------------------------------------------------


async def test_models_can_be_listed_and_looked_up(emulated: Emulated, async_sdk: Any) -> None:
    from cerebras.cloud.sdk import NotFoundError

    async with emulated() as emulator, async_sdk(emulator) as client:
        listed = await client.models.list()
        one = await client.models.retrieve("gpt-oss-120b")
        with pytest.raises(NotFoundError):
            await client.models.retrieve("gpt-9")

    assert [model.id for model in listed.data] == ["gpt-oss-120b", "zai-glm-4.7", "qwen-3.8-27b"]
    assert (one.id, one.object) == ("gpt-oss-120b", "model")


async def test_a_connection_can_be_warmed(emulated: Emulated, http: httpx.AsyncClient) -> None:
    async with emulated() as emulator:
        assert (await http.get(emulator.base_url + "/v1/tcp_warming")).status_code == 200


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v1/v1/models", 404), ("GET", CHAT, 405)])
async def test_other_places_do_not_exist(
    emulated: Emulated, http: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    async with emulated() as emulator:
        response = await http.request(method, emulator.base_url + path)

    assert response.status_code == status
    assert response.json()["error"]["message"]


# --- the log ------------------------------------------------------------------------------------------------


async def test_the_log_has_numbers_and_names_and_no_text(
    emulated: Emulated, http: httpx.AsyncClient, echo_body: Body, source: str, tmp_path: Path
) -> None:
    log = tmp_path / "requests.jsonl"
    headers = {"x-emulator-fault": "no-done"}
    async with emulated(Says(source), log=log) as emulator:
        await http.post(
            emulator.base_url + CHAT, json=echo_body(**predicted(source), stream=True), headers=headers
        )
        seen = (await http.get(emulator.base_url + "/emulator/requests")).json()
    [line] = log.read_text().strip().split("\n")

    assert [json.loads(line)] == seen
    record = seen[0]
    assert (record["model"], record["preset"], record["fault"]) == ("gpt-oss-120b", "resync", "no-done")
    assert (record["case"], record["reply"], record["finish_reason"]) == ("case-1", "code", "stop")
    assert record["sent_tokens"] == record["output_tokens"] == tokenizer().count(source)
    assert record["accepted_tokens"] > 0
    assert not record["disconnected"]
    assert "function_" not in line


async def test_a_client_that_leaves_in_mid_reply_is_noticed(
    emulated: Emulated, http: httpx.AsyncClient, echo_body: Body
) -> None:
    async with emulated(speed=20) as emulator:
        async with http.stream("POST", emulator.base_url + CHAT, json=echo_body(stream=True)) as response:
            lines = response.aiter_lines()
            while "content" not in await anext(lines):
                pass
        await until(emulator.records)
    [record] = emulator.records()

    assert record.disconnected
    assert 0 < record.sent_tokens < record.output_tokens


async def test_a_client_that_leaves_before_there_is_an_answer_has_asked_all_the_same(
    emulated: Emulated, http: httpx.AsyncClient, echo_body: Body
) -> None:
    class Slow(Says):
        def __init__(self) -> None:
            super().__init__("x\n")
            self.asked, self.go_on = threading.Event(), threading.Event()

        def answer(self, job: Job) -> ModelReply:
            self.asked.set()
            assert self.go_on.wait(60)
            return super().answer(job)

    slow = Slow()
    async with emulated(responder=slow) as emulator:
        asking = asyncio.create_task(http.post(emulator.base_url + CHAT, json=echo_body(stream=True)))
        await asyncio.to_thread(slow.asked.wait, 60)
        asking.cancel()
        await asyncio.wait({asking})
        assert emulator._runner is not None
        server = emulator._runner.server
        assert server is not None
        await until(lambda: not server.connections)  # it has noticed
        slow.go_on.set()
        await until(emulator.records)
    [record] = emulator.records()
    assert (record.disconnected, record.status, record.sent_tokens) == (True, 0, 0)


async def test_the_modelled_time_is_kept(emulated: Emulated, async_sdk: Any, echo_body: Body) -> None:
    async with emulated(speed=2000, ttft=0.05) as emulator, async_sdk(emulator) as client:
        stream = await client.chat.completions.create(**echo_body(stream=True))
        times = [chunk.time_info async for chunk in stream][-1]
    [record] = emulator.records()

    assert record.modelled_s == pytest.approx(times.total_time)
    assert times.prompt_time == 0.05
    assert times.completion_time == pytest.approx(record.output_tokens / 2000)


# --- starting and stopping ----------------------------------------------------------------------------------


async def test_a_port_that_is_taken_is_refused(emulated: Emulated) -> None:
    async with emulated() as emulator:
        port = int(emulator.base_url.rpartition(":")[2])
        with pytest.raises(UsageError, match="can't listen"):
            async with emulated(port=port):
                pass


async def test_a_log_that_cannot_be_opened_is_refused(emulated: Emulated, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be opened"):
        async with emulated(log=tmp_path):
            pass


async def test_two_emulators_do_not_know_each_other(
    emulated: Emulated, http: httpx.AsyncClient, echo_body: Body
) -> None:
    async with emulated() as one, emulated() as other:
        await http.post(one.base_url + CHAT, json=echo_body())

        assert (len(one.records()), len(other.records())) == (1, 0)
