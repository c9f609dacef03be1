"""What fits into a request, and which way of asking costs less."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.engine.room import ASSUMED_CONTEXT, Room, asks_first
from editsvc.prediction.verifier import Latency
from editsvc.provider.models import Model, table
from editsvc.tuning.objective import Worth

MODEL = table()["gpt-oss-120b"]


def test_the_room_is_the_least_of_what_is_known() -> None:
    assert Room.of(MODEL).context == 131_072
    assert Room.of(MODEL, learned=65_536).context == 65_536
    assert Room.of(MODEL, learned=65_536).within(8_192) == Room(8_192, 8_192, 8_192)
    assert Room.of(Model()).context == ASSUMED_CONTEXT


def test_what_is_assumed_is_told_apart_from_what_is_known() -> None:
    assert Room.of(Model()).known_context is None
    assert Room.of(MODEL).known_context == 131_072
    assert Room.of(Model()).within(4_096).known_context == 4_096


def test_the_user_may_have_less_shown() -> None:
    room = Room.of(MODEL, shown_at_most=10_000)
    assert room.takes(9_000, 40)
    assert not room.takes(11_000, 50)


@pytest.mark.parametrize("context", [16_384, 32_768, 65_536, 131_072])
def test_what_a_request_offers_leaves_room_for_the_reply(context: int) -> None:
    room = Room(context, min(context, 40_960), context)
    offered = room.offers(room.contents)
    assert room.contents + 1.1 * offered + 1.5 * offered <= context
    assert 1.5 * offered <= room.reply + 2


def test_a_file_that_does_not_fit_is_located_whatever_it_costs() -> None:
    assert asks_first(120_000, 500, Room.of(MODEL), MODEL, Worth())
    assert asks_first(40_000, 160, Room.of(MODEL, learned=32_768), MODEL, Worth())


def test_a_short_file_is_shown_and_a_long_one_located() -> None:
    room = Room.of(MODEL)
    located = [
        tokens
        for tokens in range(1_000, 60_000, 1_000)
        if asks_first(tokens, tokens // 225, room, MODEL, Worth())
    ]
    assert located
    # One border, and no way back.
    assert located == list(range(located[0], 60_000, 1_000))
    assert 3_000 <= located[0] <= 15_000


def test_a_slow_start_speaks_for_one_request_and_a_dear_prompt_for_two() -> None:
    room, tokens, sections = Room.of(MODEL), 20_000, 90
    slow = Latency(first_token_s=5.0)
    assert asks_first(tokens, sections, room, MODEL, Worth())
    assert not asks_first(tokens, sections, room, MODEL, Worth(), latency=slow)
    dear = Model(context_tokens=131_072, usd_per_million_input=1_000.0, usd_per_million_output=1.0)
    assert asks_first(tokens, sections, room, dear, Worth(), latency=slow)


UNKNOWN = Model()


@given(st.none() | st.integers(1, 500_000), st.none() | st.integers(1, 10_000_000))
def test_what_was_learned_is_a_limit_and_no_size(context: int | None, learned: int | None) -> None:
    model = Model(context_tokens=context)
    room, before = Room.of(model, learned=learned), Room.of(model)
    assert room.context == min(before.context, before.context if learned is None else learned)
    assert room.reply <= before.reply and room.shown <= before.shown


@pytest.mark.parametrize(
    ("learned", "known"),
    [(None, None), (10_000_000, None), (8_192, 8_192)],
    ids=["nothing", "the tokens of a minute", "a limit"],
)
def test_of_a_model_without_a_row_only_a_lower_limit_says_what_it_takes(
    learned: int | None, known: int | None
) -> None:
    room = Room.of(UNKNOWN, learned=learned)
    assert (room.known_context, room.context) == (known, min(ASSUMED_CONTEXT, learned or ASSUMED_CONTEXT))
