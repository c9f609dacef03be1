"""Text as tokens."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from editsvc.tokens import O200kPieces, Tokenizer, tokenizer

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
