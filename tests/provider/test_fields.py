"""What a refusal says about a field that was sent, in every shape that servers have, and what is sent instead."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.prompt.rendering import Message
from editsvc.provider import dialects
from editsvc.provider.base import CompletionRequest
from editsvc.provider.fields import Fields, named, said
from editsvc.provider.wire import request_fields, two_speakers

ASKED = CompletionRequest("m", [Message("user", "x")], 100, "p", "low")
TABLE = dialects.table()


def sent(dialect: str = "cerebras", fields: Fields | None = None) -> dict[str, Any]:
    return request_fields(ASKED, TABLE[dialect], fields or Fields())


REFUSALS: dict[str, tuple[Any, str | None]] = {
    "param": (
        {"error": {"message": "Unsupported parameter", "param": "reasoning_effort"}},
        "reasoning_effort",
    ),
    "param at the top": ({"message": "No.", "type": "x", "param": "stream_options"}, "stream_options"),
    "param with a path": ({"error": {"message": "No.", "param": "body.stream_options.x"}}, "stream_options"),
    "loc": (
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs"}]},
        "stream_options",
    ),
    "message is an object": (
        {
            "object": "error",
            "message": {"detail": [{"loc": ["body", "max_completion_tokens"], "msg": "Extra"}]},
        },
        "max_completion_tokens",
    ),
    "instead": (
        {"error": {"message": "Unsupported parameter: 'max_completion_tokens'. Use 'max_tokens' instead."}},
        "max_completion_tokens",
    ),
    "property": ({"error": {"message": "property 'prediction' is unsupported"}}, "prediction"),
    "plain": ("Unrecognized request argument supplied: reasoning_effort", "reasoning_effort"),
    "value": ({"error": {"message": "'temperature' does not support 0 with this model."}}, "temperature"),
    "another matter": ({"error": {"message": "The model is overloaded."}}, None),
    "a word of everyday speech": ({"error": {"message": "The prediction of the weather is invalid."}}, None),
    "a field that was not sent": (
        {"error": {"message": "'logprobs' is not supported", "param": "logprobs"}},
        None,
    ),
    "nothing": (None, None),
    "the request repeated": ({"detail": [{"input": {"stream_options": {}}, "msg": "Invalid."}]}, None),
}


@pytest.mark.parametrize(("body", "name"), REFUSALS.values(), ids=REFUSALS)
def test_the_field_that_a_refusal_names_is_found(body: Any, name: str | None) -> None:
    assert named(body, {**sent(), "stream_options": {}}) == name


def refusal(name: str) -> dict[str, Any]:
    return {"error": {"message": f"Unsupported parameter: '{name}'", "param": name}}


@pytest.mark.parametrize("name", ["temperature", "reasoning_effort"])
def test_a_refused_field_is_left_out_and_the_rest_stays(name: str) -> None:
    found = Fields().after_refusal(refusal(name), sent(), TABLE["cerebras"])
    assert found is not None
    assert sent().keys() - sent(fields=found).keys() == {name}


def test_the_limit_goes_by_its_other_name_once_and_is_never_left_out() -> None:
    first = Fields().after_refusal(refusal("max_completion_tokens"), sent(), TABLE["cerebras"])
    assert first is not None
    assert sent(fields=first)["max_tokens"] == 100
    again = sent(fields=first)
    assert first.after_refusal(refusal("max_tokens"), again, TABLE["cerebras"]) is None


def test_what_a_server_cannot_do_without_is_never_left_out() -> None:
    for name in ("model", "messages", "stream", "prediction"):
        assert Fields().after_refusal(refusal(name), sent(), TABLE["cerebras"]) is None


def test_a_limit_that_does_not_go_with_a_prediction_is_renamed_and_the_prediction_stays() -> None:
    body = {
        "error": {
            "message": "'prediction' is not supported with max_completion_tokens.",
            "param": "prediction",
        }
    }
    found = Fields().after_refusal(body, sent(), TABLE["cerebras"])
    assert found is not None
    assert {"prediction", "max_tokens"} <= sent(fields=found).keys()


@pytest.mark.parametrize(
    "message",
    [
        "System role not supported",
        "'system' role is not supported by this model",
        "Only user and assistant roles are supported!",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "Developer instruction is not enabled for models/a-small-one",
        "This model does not support system messages.",
    ],
)
def test_models_of_two_speakers_say_so_in_many_words(message: str) -> None:
    found = Fields().after_refusal({"error": {"message": message}}, sent(), TABLE["compatible"])
    assert found == Fields(two_speakers=True)
    assert found.after_refusal({"error": {"message": message}}, sent(), TABLE["compatible"]) is None


@pytest.mark.parametrize(
    "message",
    [
        "The system is not available right now",
        "The system does not know this model",
        "Your role does not allow this",
        "The system prompt is too long",
    ],
)
def test_other_matters_of_systems_and_roles_are_none_of_speakers(message: str) -> None:
    assert Fields().after_refusal({"error": {"message": message}}, sent(), TABLE["compatible"]) is None


ROLES = st.sampled_from(["system", "user", "assistant"])


@given(st.lists(st.builds(Message, ROLES, st.text(st.characters(codec="utf-8"), min_size=1)), max_size=8))
def test_two_speakers_take_turns_and_nothing_that_was_said_is_lost(messages: list[Message]) -> None:
    told = two_speakers(messages)
    assert all(one.role != other.role for one, other in pairwise(told))
    assert "\n\n".join(message.content for message in told) == "\n\n".join(
        message.content for message in messages
    )


def test_a_request_that_is_too_long_is_no_matter_of_fields() -> None:
    body = {
        "error": {
            "message": "This model's maximum context length is 4096 tokens, with max_completion_tokens.",
            "param": "max_completion_tokens",
        }
    }
    assert Fields().after_refusal(body, sent(), TABLE["cerebras"]) is None


def test_each_dialect_has_the_fields_that_its_documentation_names() -> None:
    common = {"model", "messages", "temperature", "stream", "prediction", "reasoning_effort"}
    assert sent("cerebras").keys() == common | {"max_completion_tokens"}
    for name in ("openai", "azure"):  # no max_completion_tokens beside a prediction
        assert sent(name).keys() == common | {"max_tokens", "stream_options"}
    assert sent("mistral").keys() == common | {"max_tokens"}
    assert sent("fireworks")["context_length_exceeded_behavior"] == "error"
    for name in ("ollama", "llama.cpp", "lmstudio", "compatible", "openrouter"):
        assert sent(name).keys() == common | {"max_tokens", "stream_options"}


@pytest.mark.parametrize(
    ("model", "has"), [("gpt-5-mini", False), ("o3", False), ("gpt-4.1", True), ("gpt-4o", True)]
)
def test_reasoning_models_of_openai_get_no_temperature(model: str, has: bool) -> None:
    request = CompletionRequest(model, [Message("user", "x")], 100)
    assert ("temperature" in request_fields(request, TABLE["openai"], Fields())) == has


def test_every_shape_of_an_error_is_told_in_words() -> None:
    bodies = {
        '{"error": "no such model"}': "no such model",
        '{"error": {"message": "a"}}': "a",
        '{"message": {"detail": [{"loc": ["body", "x"], "msg": "Extra inputs"}]}}': "body.x: Extra inputs",
        '{"detail": "Not Found"}': "Not Found",
        '{"object": "error", "message": "b"}': "b",
        "[]": "",
        "5": "",
    }
    assert {body: said(json.loads(body)) for body in bodies} == bodies
