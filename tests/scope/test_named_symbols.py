"""Which definitions an instruction names: a table of what people write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc import syntax
from editsvc.scope.named_symbols import named

FILES = {
    "client.py": """\
def fetch(url): ...
def parse_url(url): ...
def error(message): ...
def value(): ...
def http2(): ...
def close(): ...

class URL: ...

class Client:
    def get(self, url): ...
    def put(self, url): ...
    def close(self): ...

class AsyncClient:
    def get(self, url): ...
    def close(self): ...
""",
    "shapes.cpp": """\
namespace geo {
class Shape { public: double area(); ~Shape(); };
}
double geo::Shape::area() { return 0; }
double area(int width) { return width; }
""",
    "cache.ts": """\
function load(key: string): string;
function load(key: number): string;
function load(key: any) { return store.get(key) }
class Cache { get(key: string) { return 1 } private evict() {} }
Store.prototype.get = function () {};
const useCache = () => 1;
""",
    "set.rs": """\
struct Set { a: u8 }
impl Set { fn from(a: u8) -> Set { Set { a } } fn len(&self) -> u8 { 1 } }
trait Sized { fn len(&self) -> u8; }
""",
    "theme.css": "body { a: b }\n.button, .link { c: d }\n.button:hover { e: f }\n#main { g: h }\n",
    "run.sh": "build-all() { :; }\nclean() { :; }\n",
}


def known(filename: str) -> list[syntax.Definition]:
    language = syntax.language_of(filename)
    assert language is not None
    return syntax.definitions(FILES[filename], language, budget=syntax.ParseBudget(2_000_000))


def names(instruction: str, filename: str) -> list[str]:
    return [one.qualified for one in named(instruction, known(filename))]


PLAIN = [
    # As code.
    ("Make `fetch` retry three times", "client.py", "fetch"),
    ("Make 'fetch' retry three times", "client.py", "fetch"),
    ('Make "fetch" retry three times', "client.py", "fetch"),
    ("Make “fetch” retry three times", "client.py", "fetch"),
    ("Make fetch() retry three times", "client.py", "fetch"),
    ("fetch(url) should retry three times", "client.py", "fetch"),
    ("Change `def fetch(url)` so that it retries", "client.py", "fetch"),
    ("`value` and `error` should be async", "client.py", "error value"),
    # By a shape that English words do not have.
    ("Speed up parse_url", "client.py", "parse_url"),
    ("Speed up parse_url.", "client.py", "parse_url"),
    ("AsyncClient should have a timeout", "client.py", "AsyncClient"),
    ("Drop http2 support", "client.py", "http2"),
    ("Memoise useCache", "cache.ts", "useCache"),
    # A type in the middle of a sentence.
    ("Add a timeout to Client", "client.py", "Client"),
    # By a word for the kind.
    ("The function fetch should retry", "client.py", "fetch"),
    ("Make the fetch function async", "client.py", "fetch"),
    ("Make the fetch and value functions async", "client.py", "fetch value"),
    ("Make the functions fetch, value and error async", "client.py", "fetch error value"),
    ("Add a docstring to the function named value", "client.py", "value"),
    ("Add a docstring to class URL", "client.py", "URL"),
    ("Freeze the Client class", "client.py", "Client"),
    ("Document struct Set", "set.rs", "Set"),
    # As a path.
    ("Make Client.get retry", "client.py", "Client.get"),
    ("Make `Client.get()` retry", "client.py", "Client.get"),
    ("Make client.get() retry", "client.py", "Client.get"),
    ("Make Client#get retry", "client.py", "Client.get"),
    ("Make geo::Shape::area const", "shapes.cpp", "geo.Shape.area geo.Shape.area"),
    ("Make Shape::area const", "shapes.cpp", "geo.Shape.area geo.Shape.area"),
    ("Replace mylib.Client", "client.py", "Client"),
    ("Use self.put there", "client.py", "Client.put"),
    ("Rewrite Store.prototype.get", "cache.ts", "Store.get"),
    # A member that is not there yet goes into its class.
    ("Add `Client.patch`", "client.py", "Client"),
    ("Add a method `patch` to `Client`", "client.py", "Client"),
    # Where only a name can stand.
    ("rename fetch to load", "client.py", "fetch"),
    ("Replace fetch with value", "client.py", "fetch value"),
    ("Use fetch instead of value", "client.py", "fetch value"),
    ("call fetch in error", "client.py", "fetch error"),
    # Several definitions of one name.
    ("Log every `get`", "client.py", "Client.get AsyncClient.get"),
    ("`close` should be idempotent", "client.py", "close Client.close AsyncClient.close"),
    ("Overload `load` for dates", "cache.ts", "load load load"),
    ("Let the impl Set derive nothing", "set.rs", "Set"),
    ("Make `len` const", "set.rs", "Set.len Sized.len"),
    # A class that says where.
    ("Retry in the method get of Client", "client.py", "Client.get"),
    ("Make Client's get method retry", "client.py", "Client.get"),
    ("Make the Client class's `get` retry", "client.py", "Client.get"),
    ("Make get in Client retry", "client.py", "Client.get"),
    ("Make `get` in the class `Client` retry", "client.py", "Client.get"),
    ("In Client, make `get` and `close` async", "client.py", "Client.get Client.close"),
    ("In `AsyncClient`, `get` must be async", "client.py", "AsyncClient.get"),
    ("In Client, add a timeout", "client.py", "Client"),
    # A class that is named for itself as well.
    ("Rename `Client` to `Session`, and log in `Client.get`", "client.py", "Client Client.get"),
    # Names that are no words of letters.
    ("Make .button red", "theme.css", ".button, .link"),
    ("Make `.button:hover` red", "theme.css", ".button:hover"),
    ("#main needs a margin", "theme.css", "#main"),
    ("The body rule needs a margin", "theme.css", "body"),
    ("Let build-all run in parallel", "run.sh", "build-all"),
    ("Let `~Shape` be virtual", "shapes.cpp", "geo.Shape.~Shape"),
]

NOT_PLAIN = [
    ("Fix the error", "client.py"),
    ("Parse the input and close the file", "client.py"),
    ("Return the value, or an error(s) list", "client.py"),
    ("The function is too slow", "client.py"),
    ("Client should retry", "client.py"),
    ("Fix the URL parsing", "client.py"),
    ("Say “the value is missing” instead", "client.py"),
    ("Say 'the error is known' instead", "client.py"),
    ("Add a function that can fetch", "client.py"),
    ("Don't fetch twice", "client.py"),
    ("Use os.close", "client.py"),
    ("Load it from https://example.org/value", "client.py"),
    ("Fetch the `Value`", "client.py"),
    ("Make it clean", "run.sh"),
    ("A type error", "client.py"),
    ("Rename `send` to `post`", "client.py"),
    ("", "client.py"),
]


@pytest.mark.parametrize(("instruction", "filename", "expected"), PLAIN)
def test_what_is_plainly_named_is_found(instruction: str, filename: str, expected: str) -> None:
    assert " ".join(names(instruction, filename)) == expected


@pytest.mark.parametrize(("instruction", "filename"), NOT_PLAIN)
def test_a_word_that_may_be_english_names_nothing(instruction: str, filename: str) -> None:
    assert names(instruction, filename) == []


def test_a_prototype_and_its_body_are_both_meant() -> None:
    found = named("Change `Shape::area`", known("shapes.cpp"))
    assert [one.kind for one in found] == ["declaration", "function"]


def test_nothing_is_named_in_a_file_that_defines_nothing() -> None:
    assert named("Rename `a` to `b`", []) == []


WORDS = (
    *("the", "function", "class", "in", "of", "and", "to", "rename", ",", "`", "'", '"', "(", "“", "'s"),
    *("Client", "Client's", "get", "fetch()", "`get`", "Client.get", "error", "'value'"),
)


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_every_answer_is_a_part_of_what_is_known_in_its_order(instruction: str) -> None:
    everything = known("client.py")
    found = named(instruction, everything)
    assert [one for one in everything if one in found] == found


@given(st.text(max_size=60))
def test_any_text_is_an_instruction(instruction: str) -> None:
    assert set(named(instruction, known("client.py"))) <= set(known("client.py"))
