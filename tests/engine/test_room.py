"""How much a request can hold: what is learned of a server only ever takes from what is known of the model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.engine.room import ASSUMED_CONTEXT, Room
from editsvc.provider.models import Model

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
