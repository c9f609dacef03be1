"""Text as tokens."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from editsvc.tokens import O200kPieces, Tokenizer, estimate_from_text, tokenizer

CODE = 'def greet(name: str) -> str:\n    return f"Hello, {name}!"\n'
# Its wheels end with Python 3.13. Where it is required and missing, tests/app/test_installation.py says so.
HAS_VOCABULARY = find_spec("rs_bpe") is not None
needs_vocabulary = pytest.mark.skipif(not HAS_VOCABULARY, reason="rs-bpe is not installed")
texts = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture(params=["installed", "pieces"])
def tokens(request: pytest.FixtureRequest) -> Tokenizer:
    return tokenizer() if request.param == "installed" else O200kPieces()


def test_the_tokenizer_is_the_vocabulary_where_it_is_installed_and_is_loaded_once() -> None:
    expected = ("o200k_base", True) if HAS_VOCABULARY else ("o200k-pieces", False)
    assert (tokenizer().name, tokenizer().exact) == expected
    assert tokenizer() is tokenizer()


@needs_vocabulary
def test_the_vocabulary_numbers_are_those_that_were_published() -> None:
    assert list(tokenizer().encode("hello world")) == [24912, 2375]


def test_pieces_say_that_they_are_an_approximation() -> None:
    assert (O200kPieces().name, O200kPieces().exact) == ("o200k-pieces", False)


def test_code_falls_into_words_with_the_space_before_them(tokens: Tokenizer) -> None:
    assert tokens.pieces("x = foo(bar)\n") == ["x", " =", " foo", "(bar", ")\n"]


@needs_vocabulary
def test_a_character_of_several_tokens_is_one_unit_that_counts_them() -> None:
    units = tokenizer().units("﷽")

    assert [unit.text for unit in units] == ["﷽"]
    assert units[0].tokens == tokenizer().count("﷽") > 1


def test_special_tokens_in_a_file_are_plain_text() -> None:
    assert tokenizer().count("<|endoftext|>") > 1


def test_no_text_has_no_tokens(tokens: Tokenizer) -> None:
    assert (tokens.count(""), tokens.units(""), tokens.encode("")) == (0, [], [])


@pytest.mark.parametrize("exact", [True, False])
def test_units_join_to_the_text_and_add_up_to_its_count(*, exact: bool) -> None:
    tokens: Tokenizer = tokenizer() if exact else O200kPieces()

    @given(texts)
    @example("e\u0301 \u00e9 \U0001f469\u200d\U0001f4bb \r\n\x0c\u2028 \ufdfa\x00")
    @example(CODE)
    def check(text: str) -> None:
        units = tokens.units(text)
        assert "".join(unit.text for unit in units) == text
        assert tokens.pieces(text) == [unit.text for unit in units]
        assert sum(unit.tokens for unit in units) == tokens.count(text) == len(tokens.encode(text))

    check()


LONG = {
    "code": CODE * 4_000,
    "numbers": "".join(f"ENTRY_{number} = {number * 7919 % 10007}\n" for number in range(20_000)),
    "prose": "".join(
        f"The river of town {number} was old, and nobody went there.\n" for number in range(9_000)
    ),
    "code and a blob": CODE * 4_000 + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9w\n" * 4_000,
    "every other line in Chinese": ("def sum(prices):\n" + "价格的总和" * 4 + "\n") * 9_000,
    "one line": "function entry(a,b){return a+b*1234}" * 9_000,
}


@pytest.mark.parametrize("name", LONG)
def test_the_samples_of_a_long_text_speak_for_the_whole(name: str) -> None:
    text = LONG[name]
    size = 8_000
    in_parts = sum(estimate_from_text(text[at : at + size]) for at in range(0, len(text), size))

    assert estimate_from_text(text) == pytest.approx(in_parts, rel=0.06)
