"""Exchanges with servers of each kind, as files: what is read from their replies, refusals and words for too long."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from answering import JSON, Answer, served

from editsvc.errors import EditsvcError
from editsvc.prompt.rendering import Message
from editsvc.provider import dialects, overflow
from editsvc.provider.base import Completion, CompletionRequest
from editsvc.provider.cerebras import CerebrasProvider
from editsvc.provider.fields import Fields
from editsvc.provider.wire import request_fields
from editsvc.usage import Drafts

FOLDER = Path(__file__).parents[2] / "fixtures" / "dialects"
TABLE = dialects.table()
TELL_NOTHING = {"compatible"}
TELL_OF_PREDICTIONS = {"cerebras", "openai", "azure", "openrouter"}
TELL_OF_DRAFTS = {"fireworks", "vllm"}
FILE = re.compile(
    r"(?P<about>.+?\.)\n\n-- reply --\n(?P<reply>.+?)-- refusal of (?P<field>\S+) --\n(?P<refusal>.*?)\n"
    r"-- too long, of (?P<limit>[^\n]+) --\n(?P<long>.*?)\n",
    re.DOTALL,
)


def exchange(name: str) -> dict[str, str]:
    found = FILE.fullmatch((FOLDER / f"{name}.txt").read_text())
    assert found is not None, name
    return found.groupdict()


def test_each_dialect_has_an_exchange() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
async def test_a_reply_is_read_with_all_that_it_tells(name: str) -> None:
    deltas: list[str] = []
    with served() as server:
        server.answer = Answer(exchange(name)["reply"].encode(), JSON | {"content-type": "text/event-stream"})
        provider = CerebrasProvider(api_key="a-key", base_url=server.url, dialect=TABLE[name])
        try:
            done: Completion = await provider.complete(
                CompletionRequest("m", [Message("user", "x")], 100, "p"), deltas.append
            )
        finally:
            provider.close()
    assert "".join(deltas) == "x = 1\n"
    assert done.finish_reason == "stop"
    expected = (None, None) if name in TELL_NOTHING else (31, 5)
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == expected
    accepted = 3 if name in TELL_OF_PREDICTIONS else None
    assert done.usage.accepted_prediction_tokens == accepted
    # What it says of drafts of its own is neither accepted nor rejected prediction.
    assert done.drafts == (Drafts(4, 3) if name in TELL_OF_DRAFTS else Drafts())


@pytest.mark.parametrize("name", [name for name in TABLE if exchange(name)["field"] != "nothing"])
def test_what_it_refuses_is_left_out_or_renamed(name: str) -> None:
    body: Any = json.loads(exchange(name)["refusal"])
    field = exchange(name)["field"]
    request = CompletionRequest("m", [Message("user", "x")], 100, "p", "low")
    sent = request_fields(request, TABLE[name]) | {field: True}
    if field == "max_completion_tokens":
        sent.pop("max_tokens")
    changed = Fields().after_refusal(body, sent, TABLE[name])
    assert changed is not None
    assert (changed.limit is not None) is (field in {"max_tokens", "max_completion_tokens"})
    assert changed.dropped == frozenset() if changed.limit else changed.dropped == {field}


@pytest.mark.parametrize("name", [name for name in TABLE if exchange(name)["long"]])
def test_its_word_for_too_long_is_understood(name: str) -> None:
    found = overflow.read(json.loads(exchange(name)["long"]))
    assert found is not None
    assert found.limit == int(exchange(name)["limit"])


def of_transformers() -> dict[str, str]:
    parts = re.split(
        r"^-- (.+) --\n", (FOLDER.parent / "servers" / "transformers.txt").read_text(), flags=re.MULTILINE
    )
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize(
    ("part", "status", "told"),
    [
        ("reply", 200, ""),
        ("broken off", 200, "with an error: `penalty` has to be a strictly positive float, but is -4.0."),
        ("another model", 400, "(400: Server is pinned to './smollm2'; requested 'other')"),
        ("a field that it does not know", 422, "(422: Unexpected fields in the request: {'speed'})"),
    ],
)
async def test_a_server_of_an_unknown_kind_is_understood(part: str, status: int, told: str) -> None:
    """It says nothing of predictions, ends without ``[DONE]``, and tells the usage with the last chunk, unasked."""
    deltas: list[str] = []
    with served() as server:
        kind = {"content-type": "text/event-stream; charset=utf-8"} if status == 200 else JSON
        server.answer = Answer(of_transformers()[part].encode(), kind, status)
        provider = CerebrasProvider(api_key="a-key", base_url=server.url, dialect=TABLE["compatible"])
        request = CompletionRequest("./smollm2", [Message("user", "x")], 100, "p")
        try:
            if told:
                with pytest.raises(EditsvcError) as raised:
                    await provider.complete(request, deltas.append)
                assert told in str(raised.value)
                return
            done: Completion = await provider.complete(request, deltas.append)
            server.answer = Answer(of_transformers()["models"].encode())
            assert await provider.models() == ["./smollm2"]
        finally:
            provider.close()
    assert ("".join(deltas), done.finish_reason) == ("x = 1\n", "stop")
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (31, 5)
    assert done.usage.accepted_prediction_tokens is None
