"""A document that is remembered costs less, and gets the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.engine.remembered import RememberedDocuments
from editsvc.errors import ScopeRefused
from editsvc.guard import secrets
from editsvc.scope import scopes
from editsvc.syntax import language_of

KEY = "q7Zr2mXb9LtWk4Vn8EXAMPLE"
BODY = "MIIEexampleEXAMPLE0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij"
LINES = [
    "total = 0\n",
    f'api_key = "{KEY}"\n',
    f"# it was {KEY} before\n",
    "-----BEGIN PRIVATE KEY-----\n",
    f"{BODY}\n",
    "-----END PRIVATE KEY-----\n",
    "dsn = 'postgresql://app:hunter2!x@db/'\n",
    "token =",
    "\n",
    "é\r",
]
texts = st.lists(st.sampled_from(LINES), max_size=12).map("".join)


@given(st.lists(texts, min_size=1, max_size=4), st.integers(0, 400))
def test_the_secrets_of_a_document_that_changes_are_those_of_its_text(versions: list[str], most: int) -> None:
    documents = RememberedDocuments(most_characters=most)

    for text in versions:
        assert documents.secrets("a.py", text) == secrets.find(text)


@given(texts, texts, texts, texts)
def test_a_text_is_searched_again_only_where_it_differs(head: str, old: str, new: str, tail: str) -> None:
    before = secrets.scan(head + old + tail)

    after = secrets.scan(head + new + tail, before)

    assert after.secrets() == secrets.find(head + new + tail)


def test_the_same_document_gets_the_same_scope_and_another_one_its_own() -> None:
    documents = RememberedDocuments()
    language = language_of("a.py", "")
    document = "".join(f"def f{number}():\n    return {number}\n\n\n" for number in range(40))

    def chosen(text: str, request: scopes.ScopeRequest, divide_above: int = 100) -> scopes.Scope:
        found = documents.scope("a.py", request, text, language, divide_above=divide_above)
        assert found == scopes.choose(request, text, language, divide_above=divide_above)
        return found

    auto, symbol = scopes.ScopeRequest(), scopes.parse("symbol:f7")
    first = chosen(document, auto)

    assert chosen(document, auto) is first
    assert chosen(document, symbol) != first
    assert chosen(document, auto, 10_000) != first
    assert chosen(document + "x = 1\n", auto) != first
    with pytest.raises(ScopeRefused):
        chosen(document, scopes.parse("symbol:g"))


def test_what_is_too_much_to_remember_is_found_out_again() -> None:
    documents = RememberedDocuments(most_characters=2_000)
    request = scopes.ScopeRequest()
    texts = ["x = 1\n" * 100, "y = 2\n" * 100]

    found = [documents.scope(text[0], request, text, None, divide_above=10_000) for text in texts]

    again = [documents.scope(text[0], request, text, None, divide_above=10_000) for text in reversed(texts)]
    assert again[0] is found[1]
    assert again[1] is not found[0] and again[1] == found[0]
