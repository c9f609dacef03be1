"""How long a server is waited for, and what of its behaviour is noticed: over HTTP, with a server that does as told."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from in_a_thread import at_work

from editsvc.errors import (
    ContextExceeded,
    ProviderBusy,
    ProviderError,
    ProviderProtocolError,
    ProviderTimeout,
    ProviderUnavailable,
)
from editsvc.prompt.rendering import Message
from editsvc.provider import dialects
from editsvc.provider.base import Completion, CompletionRequest
from editsvc.provider.cerebras import CerebrasProvider
from editsvc.provider.fields import Fields
from editsvc.provider.lessons import Lessons
from editsvc.provider.patience import Waits

MANY_WORDS = "word " * 100


class Told(ThreadingHTTPServer):
    """A server; `answer` gets its request, and the handler to answer with."""

    daemon_threads = True
    answer: Callable[[dict[str, Any], "Handler"], None]
    asked: list[dict[str, Any]]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Told

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        try:
            self.server.answer(body, self)
        except OSError:  # the client has left
            self.close_connection = True

    def refuse(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, *events: object, kind: str = "text/event-stream") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.end_headers()
        for event in events:
            if isinstance(event, bytes):
                self.wfile.write(event)
            else:
                self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
            self.wfile.flush()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def said(text: object, finish: str | None = None, **more: Any) -> dict[str, Any]:
    delta = {} if text is None else {"content": text}
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def usage(prompt: int = 100, completion: int = 100, **details: int) -> dict[str, Any]:
    found: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": completion}
    return {"usage": found | ({"completion_tokens_details": details} if details else {})}


@contextmanager
def told(answer: Callable[[dict[str, Any], Handler], None]) -> Iterator[Told]:
    server = Told(("127.0.0.1", 0), Handler)
    server.answer, server.asked = answer, []
    with at_work(server):
        yield server


def asked(
    server: Told,
    dialect: str = "compatible",
    *,
    prediction: str | None = None,
    prompt_tokens: int = 0,
    waits: Waits | None = None,
    lessons: Lessons | None = None,
    messages: Sequence[Message] = (Message("user", "x"),),
) -> tuple[str, Completion]:
    """The content and the end of one reply; raises the error that there was."""
    provider = CerebrasProvider(
        api_key="a-secret-key",
        base_url=f"http://127.0.0.1:{server.server_port}",
        name="one",
        dialect=dialects.table()[dialect],
        lessons=lessons,
    )
    request = CompletionRequest("m", messages, 1_000, prediction, prompt_tokens=prompt_tokens, waits=waits)
    deltas: list[str] = []
    try:
        done = asyncio.run(provider.complete(request, deltas.append))
    finally:
        provider.close()
    return "".join(deltas), done


def whole(_: dict[str, Any], handler: Handler) -> None:
    handler.stream(said(MANY_WORDS), said(None, "stop", **usage()), b"data: [DONE]\n\n")


# --- waiting -----------------------------------------------------------------------------------------------------


def test_comments_are_no_token() -> None:
    over = threading.Event()

    def only_comments(_: dict[str, Any], handler: Handler) -> None:
        handler.stream(b": one moment\n\n")
        while not over.wait(0.05):
            handler.wfile.write(b": one moment\n\n")

    with told(only_comments) as server:
        with pytest.raises(ProviderTimeout, match=r"No word of the reply from 127.0.0.1 within 0.5 s"):
            asked(server, waits=Waits(first_token_s=0.5))
        over.set()


def test_comments_in_mid_reply_are_no_token_either() -> None:
    over = threading.Event()

    def then_comments(_: dict[str, Any], handler: Handler) -> None:
        handler.stream(said("a"))
        while not over.wait(0.05):
            handler.wfile.write(b": one moment\n\n")

    with told(then_comments) as server:
        with pytest.raises(ProviderTimeout, match=r"No data from 127.0.0.1 for 0.5 s"):
            asked(server, waits=Waits(first_token_s=60, gap_s=0.5))
        over.set()


def test_reasoning_is_a_sign_of_life() -> None:
    def thinks(_: dict[str, Any], handler: Handler) -> None:
        thought = {"choices": [{"index": 0, "delta": {"reasoning_content": "hm"}}]}
        handler.stream(thought)
        for _ in range(8):
            time.sleep(0.2)
            handler.wfile.write(b"data: " + json.dumps(thought).encode() + b"\n\n")
        handler.wfile.write(b"data: " + json.dumps(said("a", "stop")).encode() + b"\n\n")

    with told(thinks) as server:
        assert asked(server, waits=Waits(first_token_s=0.9, gap_s=60))[0] == "a"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}},
        {"error": "server busy, please try again.  maximum pending requests exceeded"},
        {"error": "Model is currently loading", "estimated_time": 20.0},
    ],
)
def test_a_server_that_is_not_ready_says_so(body: object) -> None:
    with told(lambda _, handler: handler.refuse(503, body)) as server, pytest.raises(ProviderBusy):
        asked(server)
    with told(lambda _, handler: handler.refuse(503, {"error": "down"})) as server:
        with pytest.raises(ProviderUnavailable) as error:
            asked(server)
        assert not isinstance(error.value, ProviderBusy)


# --- fields ------------------------------------------------------------------------------------------------------


def strict(*unknown: str) -> Callable[[dict[str, Any], Handler], None]:
    """A server that refuses the fields of these names, one at a time."""

    def answer(body: dict[str, Any], handler: Handler) -> None:
        wrong = next((name for name in unknown if name in body), None)
        if wrong is None:
            whole(body, handler)
        else:
            detail = [
                {"type": "extra_forbidden", "loc": ["body", wrong], "msg": "Extra inputs are not permitted"}
            ]
            handler.refuse(422, {"object": "error", "message": {"detail": detail}})

    return answer


def test_a_field_that_is_refused_is_left_out_once_and_remembered() -> None:
    lessons = Lessons()
    with told(strict("stream_options", "max_tokens")) as server:
        assert asked(server, lessons=lessons)[0] == MANY_WORDS
        assert len(server.asked) == 3
        asked(server, lessons=lessons)
    assert lessons.of("m").fields == Fields(frozenset({"stream_options"}), "max_completion_tokens")
    last = server.asked[3]
    assert len(server.asked) == 4
    assert "stream_options" not in last
    assert last["max_completion_tokens"] == 1_000


def one_speaker_at_a_time(status: int) -> Callable[[dict[str, Any], Handler], None]:
    def answer(body: dict[str, Any], handler: Handler) -> None:
        if any(message["role"] == "system" for message in body["messages"]):
            handler.refuse(status, {"error": {"message": "System role not supported", "code": status}})
        else:
            whole(body, handler)

    return answer


@pytest.mark.parametrize("status", [400, 422, 500])
def test_a_template_without_a_system_gets_its_message_from_the_user_and_that_is_remembered(
    status: int,
) -> None:
    lessons, messages = Lessons(), (Message("system", "Be brief."), Message("user", "x"))
    with told(one_speaker_at_a_time(status)) as server:
        assert asked(server, lessons=lessons, messages=messages)[0] == MANY_WORDS
        asked(server, lessons=lessons, messages=messages)
    assert lessons.of("m").fields == Fields(two_speakers=True)
    assert [len(body["messages"]) for body in server.asked] == [2, 1, 1]
    assert server.asked[1]["messages"] == [{"role": "user", "content": "Be brief.\n\nx"}]


def test_what_did_not_help_is_not_remembered() -> None:
    lessons = Lessons()
    with told(strict("max_tokens", "max_completion_tokens")) as server:
        with pytest.raises(ProviderError, match=r"body\.max_completion_tokens: Extra inputs"):
            asked(server, lessons=lessons)
        assert len(server.asked) == 2
    assert lessons.of("m").fields == Fields()


# --- what is noticed ---------------------------------------------------------------------------------------------


def test_a_prediction_that_nothing_comes_of_is_noticed_and_after_two_it_is_known() -> None:
    lessons = Lessons()
    with told(whole) as server:
        _, done = asked(server, prediction=MANY_WORDS, lessons=lessons)
        assert [notice.kind for notice in done.notices] == ["ignores-predictions"]
        assert not lessons.of("m").ignores_predictions
        asked(server, prediction=MANY_WORDS, lessons=lessons)
        assert lessons.of("m").ignores_predictions
        _, plain = asked(server, lessons=lessons)
        assert not plain.notices


def test_a_server_that_reports_nothing_of_predictions_is_not_suspected() -> None:
    with told(whole) as server:
        assert not asked(server, "mistral", prediction=MANY_WORDS)[1].notices


def test_a_prediction_that_was_looked_at_is_noticed_too() -> None:
    def looks(_: dict[str, Any], handler: Handler) -> None:
        counts = usage(accepted_prediction_tokens=0, rejected_prediction_tokens=9)
        handler.stream(said(MANY_WORDS), said(None, "stop", **counts))

    lessons = Lessons()
    with told(looks) as server:
        assert not asked(server, prediction=MANY_WORDS, lessons=lessons)[1].notices
    assert lessons.of("m").ignored == 0


def test_a_prompt_that_was_cut_is_no_ground_for_a_reply() -> None:
    def cuts(_: dict[str, Any], handler: Handler) -> None:
        handler.stream(said("something"), said(None, "stop", **usage(prompt=2_049)))

    with told(cuts) as server:
        with pytest.raises(ContextExceeded, match=r"has read only 2,049 of about 5,900 tokens") as error:
            asked(server, "ollama", prompt_tokens=5_900)
        assert error.value.limit == 4_098
        assert "OLLAMA_CONTEXT_LENGTH" in error.value.hint
        assert asked(server, "ollama", prompt_tokens=2_600)[0] == "something"


def test_an_empty_reply_is_none() -> None:
    def nothing(_: dict[str, Any], handler: Handler) -> None:
        handler.stream(said(None, "stop"), b"data: [DONE]\n\n")

    with told(nothing) as server:
        with pytest.raises(ProviderProtocolError, match="sent an empty reply"):
            asked(server)
        with pytest.raises(ContextExceeded, match="as it does where its context is too short"):
            asked(server, "lmstudio")


def test_a_server_that_does_not_stream_is_noticed() -> None:
    def at_once(_: dict[str, Any], handler: Handler) -> None:
        message = {"role": "assistant", "content": "a"}
        handler.refuse(200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    lessons = Lessons()
    with told(at_once) as server:
        text, done = asked(server, lessons=lessons)
    assert (text, [notice.kind for notice in done.notices]) == ("a", ["whole"])
    assert lessons.of("m").whole


@pytest.mark.parametrize("word", ["eos", "end_turn", "stop", "STOP", "End_Turn"])
def test_other_words_for_the_end_mean_the_same(word: str) -> None:
    with told(lambda _, handler: handler.stream(said("a", word))) as server:
        assert asked(server)[1].finish_reason == "stop"


def test_a_reply_that_ends_with_an_error_is_broken_off() -> None:
    with (
        told(lambda _, handler: handler.stream(said("a", "error"))) as server,
        pytest.raises(ProviderUnavailable, match="broke off the reply"),
    ):
        asked(server)


def test_thoughts_in_the_content_are_left_out() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "let me see"}]},
        {"type": "text", "text": "the reply"},
    ]
    with told(lambda _, handler: handler.stream(said(parts), said("!", "stop"))) as server:
        assert asked(server)[0] == "the reply!"


def test_the_key_goes_where_azure_looks_for_it() -> None:
    keys: list[str | None] = []

    def listens(body: dict[str, Any], handler: Handler) -> None:
        keys.append(handler.headers.get("api-key"))
        whole(body, handler)

    with told(listens) as server:
        asked(server, "azure")
        asked(server, "openai")
    assert keys == ["a-secret-key", None]
