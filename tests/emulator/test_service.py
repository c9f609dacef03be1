"""The service without a network: what is due when, and what stays the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from editsvc.emulator import EmulatorOptions, parse_fault
from editsvc.emulator.answer import Begin, Hang, Reset, Send
from editsvc.emulator.prompt_cache import BLOCK, PromptCache
from editsvc.emulator.quota import Quota
from editsvc.emulator.responder import Case, EchoResponder, ScriptResponder
from editsvc.emulator.service import EmulatedService, ServedCall
from editsvc.prompt import rendering
from editsvc.reply.search_replace import RESPONSE_FORMAT
from editsvc.text.section import Section
from editsvc.tokens import tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.emulator.answer import Event

    Body = Callable[..., dict[str, Any]]


def events(body: dict[str, Any], **options: Any) -> list[Event]:
    service = EmulatedService(EmulatorOptions(echo=True, **options), EchoResponder(), tokenizer())
    return list(service.answer(ServedCall(json.dumps(body).encode(), now=1_000_000.0)).events)


def test_headers_come_with_the_first_token_and_tokens_one_by_one(echo_body: Body) -> None:
    begin, role, *content, final, done = events(echo_body(stream=True), ttft=0.25, speed=8)

    assert isinstance(begin, Begin)
    assert begin.due_s == role.due_s == 0.25
    assert [event.due_s for event in content] == [0.25 + (i + 1) / 8 for i in range(len(content))]
    assert final.due_s == done.due_s == content[-1].due_s


def test_the_prompt_is_read_at_its_own_speed(echo_body: Body) -> None:
    made = events(echo_body(), ttft=0.25, prefill=100)
    [body] = [event for event in made if isinstance(event, Send)]
    prompt_tokens = json.loads(body.data)["usage"]["prompt_tokens"]

    assert made[0].due_s == pytest.approx(0.25 + prompt_tokens / 100)


def test_a_prediction_that_fits_makes_the_reply_come_sooner(echo_body: Body, source: str) -> None:
    body = echo_body(stream=True, prediction={"type": "content", "content": source})
    tokens = tokenizer().count(source)
    own = tokens // 33  # every full pass of 32 accepted tokens adds one of its own

    assert events(echo_body(stream=True), speed=100)[-1].due_s == pytest.approx(tokens / 100)
    assert events(body, speed=100, verify_cost=1)[-1].due_s == pytest.approx(own / 100)
    assert events(body, speed=100, verify_cost=2)[-1].due_s == pytest.approx((own + own + 1) / 100)


def test_a_slow_reply_has_a_pause_before_each_event(echo_body: Body) -> None:
    made = events(echo_body(stream=True), tokens_per_event=100, faults=(parse_fault("slow:0.5"),))

    assert [event.due_s for event in made] == [i * 0.5 for i in range(len(made))]


@pytest.mark.parametrize(("fault", "event"), [("reset", Reset), ("stall-start", Hang)])
def test_nothing_is_sent_before_the_faults_that_come_first(
    echo_body: Body, fault: str, event: type[object]
) -> None:
    [only] = events(echo_body(), faults=(parse_fault(fault),))

    assert isinstance(only, event)


def test_the_same_request_to_a_new_engine_gets_the_same_bytes(echo_body: Body) -> None:
    options: dict[str, Any] = {"tokens_per_event": 0, "seed": 3}
    body = echo_body(stream=True)

    assert events(body, **options) == events(body, **options)
    assert len(events(body, **options)) != len(events(body, tokens_per_event=0, seed=4))


def test_all_tokens_of_a_reply_are_counted_as_sent(echo_body: Body, source: str) -> None:
    made = events(echo_body(stream=True), tokens_per_event=0)

    assert sum(event.tokens for event in made if isinstance(event, Send)) == tokenizer().count(source)


# --- structured edits ---------------------------------------------------------------------------------------

TWICE = "def one():\n    return 0\n\n\ndef two():\n    return 0\n"
RESULT = TWICE[:30] + TWICE[30:].replace("return 0", "return 2")
LAST = Section(2, "def two():\n    return 0\n", 5)


@pytest.mark.parametrize(
    ("sections", "edit"),
    [
        ((), {"search": "def two():\n    return 0", "replace": "def two():\n    return 2"}),
        ((LAST,), {"search": "    return 0", "replace": "    return 2"}),
        (
            (Section(1, TWICE[: -len(LAST.text)], 1), LAST),
            {"search": "def two():\n    return 0", "replace": "def two():\n    return 2"},
        ),
    ],
    ids=["file", "one-part", "numbered-parts"],
)
def test_a_search_text_occurs_once_in_what_may_be_edited(
    sections: tuple[Section, ...], edit: dict[str, str]
) -> None:
    task = rendering.Task(TWICE, "Return 2 from two.", "x.py", "python", sections)
    messages, _ = rendering.render(task, rendering.EditFormat.SEARCH_REPLACE)
    body = {
        "model": "gpt-oss-120b",
        "messages": [{"role": one.role, "content": one.content} for one in messages],
        "response_format": RESPONSE_FORMAT,
    }
    responder = ScriptResponder([Case("Return 2 from two.", TWICE, RESULT)])
    service = EmulatedService(EmulatorOptions(echo=True), responder, tokenizer())
    made = service.answer(ServedCall(json.dumps(body).encode(), now=0)).events
    [reply] = [json.loads(event.data) for event in made if isinstance(event, Send)]

    assert json.loads(reply["choices"][0]["message"]["content"]) == {"edits": [edit], "cannot": None}


# --- the prompt cache ---------------------------------------------------------------------------------------


def test_whole_blocks_at_the_start_are_remembered() -> None:
    cache = PromptCache()
    prompt = list(range(3 * BLOCK + 50))

    assert cache.remember("m", prompt) == 0
    assert cache.remember("m", prompt) == 3 * BLOCK
    assert cache.remember("m", prompt[: 2 * BLOCK + 1]) == 2 * BLOCK


def test_a_block_counts_only_behind_the_same_blocks() -> None:
    cache = PromptCache()
    prompt = list(range(3 * BLOCK))
    cache.remember("m", prompt)

    assert cache.remember("m", [-1, *prompt[1:]]) == 0
    assert cache.remember("m", [*prompt[:BLOCK], -1, *prompt[BLOCK + 1 :]]) == BLOCK


def test_another_model_remembers_nothing_of_it() -> None:
    cache = PromptCache()
    prompt = list(range(2 * BLOCK))
    cache.remember("m", prompt)

    assert cache.remember("n", prompt) == 0


def test_the_last_token_is_always_read() -> None:
    cache = PromptCache()
    prompt = list(range(2 * BLOCK))
    cache.remember("m", prompt)

    assert cache.remember("m", prompt) == BLOCK


def test_what_was_not_used_for_long_is_forgotten() -> None:
    cache = PromptCache(capacity=2)
    cache.remember("m", [1] * (BLOCK + 1))
    cache.remember("m", [2] * (BLOCK + 1))
    cache.remember("m", [1] * (BLOCK + 1))
    cache.remember("m", [3] * (BLOCK + 1))

    assert cache.remember("m", [1] * (BLOCK + 1)) == BLOCK
    assert cache.remember("m", [2] * (BLOCK + 1)) == 0


# --- the quota ----------------------------------------------------------------------------------------------


def test_what_is_refused_takes_nothing_from_the_quota() -> None:
    quota = Quota(100)

    assert quota.reserve(60, now=0).granted
    assert not quota.reserve(60, now=10).granted
    assert quota.reserve(40, now=20).granted


def test_a_new_minute_is_a_new_quota() -> None:
    quota = Quota(100)
    quota.reserve(100, now=59)

    refused = quota.reserve(1, now=59.5)
    assert (refused.granted, refused.retry_after_s) == (False, 1)
    assert quota.reserve(1, now=60).granted


def test_without_a_limit_everything_is_granted_and_headers_are_sent_all_the_same() -> None:
    quota = Quota(0)

    reservation = quota.reserve(10**9, now=0)
    assert reservation.granted
    assert reservation.headers["x-ratelimit-remaining-tokens-minute"] == "0"
