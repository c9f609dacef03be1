"""Renames by what a name means: there and back over every readable file of fixtures, and with an owner."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.renames import own_names, tried
from editsvc.instruction.commands import Rename
from editsvc.offline import NotApplicable, edits
from editsvc.syntax import Language, by_name, language_of
from editsvc.text.document import apply

FIXTURES = Path(__file__).parents[2] / "fixtures"


def _documents() -> list[tuple[str, Language, str]]:
    """Every document before its edit, with its language and the fixture that it is of, that defines names."""
    found = []
    for path in sorted(FIXTURES.rglob("*.txt")):
        _, mark, rest = path.read_bytes().decode("utf-8", "replace").partition("-- before: ")
        filename, end, text = rest.partition(" --\n")
        text = text.partition("\n-- ")[0] + "\n"
        language = language_of(filename) if mark and end else None
        if language is not None and language.grammar and own_names(text, language):
            found.append((path.stem, language, text))
    return found


DOCUMENTS = _documents()
LANGUAGES = sorted({language.name for _, language, _ in DOCUMENTS})


def test_documents_of_ten_languages_define_names() -> None:
    assert len(LANGUAGES) >= 10
    assert len(DOCUMENTS) > 80


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=st.data())
def test_a_rename_there_and_back_is_the_identity_and_keeps_the_program(
    language: str, data: st.DataObject
) -> None:
    name, known, text = data.draw(st.sampled_from([one for one in DOCUMENTS if one[1].name == language]))
    own = data.draw(st.sampled_from(own_names(text, known)))
    assert tried(text, own, known).fault == "", name


def test_few_names_of_the_fixtures_are_refused() -> None:
    tries = [tried(text, own, known) for _, known, text in DOCUMENTS for own in own_names(text, known)]
    refused = [one for one in tries if one.refusal]
    assert len(refused) < 0.1 * len(tries), refused


SHOP = """\
class Client:
    timeout = 3

    def fetch(self):
        return self.timeout


class Patient(Client):
    def fetch(self):
        return super().fetch()


class Cache:
    def fetch(self): ...


def fetch(client: Client, cache: Cache, timeout=1):
    client.fetch()
    cache.fetch()
    Patient().fetch()
    return timeout


fetch(Client(), Cache(), timeout=2)
"""
STRUCTS = """\
package a

type Client struct{ n int }
type Cache struct{ n int }

func (c *Client) Size() int { return c.n }
func (c Cache) Size() int { return c.n }

func both(a *Client, b Cache) int { return a.Size() + b.Size() + Client{n: 1}.n + Cache{n: 2}.n }
"""


def _renamed(text: str, old: str, new: str, language: str) -> str:
    return apply(text, edits(text, Rename(old, new), by_name(language)))


@pytest.mark.parametrize("new", ["download", "Client.download"])
def test_a_method_of_one_class_is_renamed_with_what_overrides_it(new: str) -> None:
    expected = SHOP.replace("def fetch(self):\n", "def download(self):\n")
    expected = expected.replace("super().fetch", "super().download").replace(
        "client.fetch", "client.download"
    )
    assert _renamed(SHOP, "Client.fetch", new, "python") == expected.replace(
        "Patient().fetch", "Patient().download"
    )


def test_a_variable_of_one_function_is_renamed_with_its_keywords() -> None:
    expected = SHOP.replace("timeout=", "limit=").replace("return timeout", "return limit")
    assert _renamed(SHOP, "fetch.timeout", "limit", "python") == expected


def test_a_field_of_one_struct_is_renamed_in_its_literals() -> None:
    expected = STRUCTS.replace("Client struct{ n", "Client struct{ count").replace(
        "Client{n: 1}.n", "Client{count: 1}.count"
    )
    expected = expected.replace(
        "(c *Client) Size() int { return c.n", "(c *Client) Size() int { return c.count"
    )
    assert _renamed(STRUCTS, "Client.n", "count", "go") == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "rust",
            "impl A { fn OLD() -> A { A::OLD() } }\nimpl B { fn OTHER() -> B { Self::OTHER(); A::OLD() } }\n",
        ),
        ("cpp", "struct A { int OLD(); };\nstruct B { int OTHER(); };\nint A::OLD() { return OLD(); }\n"),
        (
            "java",
            "class A { int OLD; int f() { return OLD; } }\nclass B { int OTHER; int f(A a) { return a.OLD; } }\n",
        ),
        ("typescript", "class A { OLD = 1 }\nclass B { OTHER = 2; f(a: A) { return a.OLD + this.OTHER } }\n"),
        (
            "c",
            "struct A { int OLD; };\nstruct B { int OTHER; };\nint f(struct A *a, B b) { return a->OLD; }\n",
        ),
    ],
)
def test_a_member_of_one_type_is_told_from_that_of_another(language: str, text: str) -> None:
    before = text.replace("OLD", "size").replace("OTHER", "size")
    after = text.replace("OLD", "count").replace("OTHER", "size")
    assert _renamed(before, "A.size", "count", language) == after


def test_a_member_that_a_type_does_not_have_is_not_found() -> None:
    with pytest.raises(NotApplicable, match=r"no identifier named `Client\.close`"):
        _renamed(SHOP, "Client.close", "shut", "python")


def test_a_rename_does_not_move_a_member() -> None:
    with pytest.raises(NotApplicable, match="would have to move"):
        _renamed(SHOP, "Client.fetch", "Cache.get", "python")
