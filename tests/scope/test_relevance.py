"""Which texts an instruction is about."""

from hypothesis import given
from hypothesis import strategies as st

from editsvc.scope.relevance import rank

TEXTS = [
    "import json\nimport urllib\n",
    "def parse_headers(raw):\n    return dict(line.split(':') for line in raw)\n",
    "class RetryPolicy:\n    def next_delay(self, attempt):\n        return 2 ** attempt\n",
    "def fetch(url, retries=3):\n    return urllib.request.urlopen(url)\n",
]


def test_a_rare_word_decides() -> None:
    assert rank("Make the retry delay configurable", TEXTS)[0] == 2
    assert rank("parsing of headers should strip blanks", TEXTS)[0] == 1


def test_names_are_taken_apart_and_endings_off() -> None:
    assert rank("parse header lines", TEXTS)[0] == 1
    assert rank("RetryPolicies", TEXTS)[0] == 2


def test_texts_that_share_no_word_are_left_out() -> None:
    assert rank("frobnicate", TEXTS) == []
    assert rank("", TEXTS) == []
    assert rank("fetch", []) == []


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=6))
def test_each_text_is_ranked_once_at_most(instruction: str, texts: list[str]) -> None:
    found = rank(instruction, texts)
    assert len(set(found)) == len(found)
    assert all(0 <= number < len(texts) for number in found)
