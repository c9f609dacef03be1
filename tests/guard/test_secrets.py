"""Secrets are found by their shape or their place, leave as placeholders, and come back where these were moved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from editsvc.guard import secret_places, secrets
from editsvc.guard.secret_places import looks_random
from editsvc.guard.secrets import (
    ASSIGNED,
    PASSWORD,
    PRIVATE_KEY,
    URL_PASSWORD,
    Masked,
    Secret,
    find,
    losses,
    mask,
    mask_edits,
    restore,
)
from editsvc.text import diff
from editsvc.text.document import Edit, apply, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable

FIXTURES = Path(__file__).parents[2] / "fixtures" / "secrets"


def examples() -> list[tuple[str, str]]:
    """(kind, line) of each example; the bar that keeps scanners away is taken out."""
    lines = split_lines((FIXTURES / "keys.txt").read_text("utf-8"))
    pairs = [line.rstrip("\n").split("  ", 1) for line in lines if not line.startswith("#")]
    return [(kind, key.strip().replace("¦", "")) for kind, key in pairs]


def innocent() -> list[str]:
    return split_lines((FIXTURES / "innocent.txt").read_text("utf-8"))


def found(text: str) -> list[tuple[str, str]]:
    return [(secret.kind, text[secret.start : secret.end]) for secret in find(text)]


GITHUB = dict(examples())["GitHub token"]
STRIPE = dict(examples())["Stripe key"]
RANDOM = "q7Zr2mXb9LtWk4Vn8EXAMPLE"
BODY = "MIIEexampleEXAMPLE0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij"
PEM = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n{BODY[::-1]}\nEXAMPLE0123=\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(("kind", "key"), examples(), ids=[kind for kind, _ in examples()])
def test_a_key_is_found_by_its_shape(kind: str, key: str) -> None:
    text = f"client = connect('{key}')  # é\n"
    [secret] = find(text)
    assert secret.kind == kind
    assert text[secret.start : secret.end] in key and text[secret.end] == "'"


def test_every_shape_has_its_example() -> None:
    assert {kind for kind, _ in examples()} == {shape.kind for shape in secrets._SHAPES}


def by_every_pattern(text: str) -> list[Secret]:
    """What `find` finds, by trying every pattern everywhere."""
    candidates = [
        Secret(*match.span(1), shape.kind)
        for shape in secrets._SHAPES
        for match in shape.pattern.finditer(text)
        if len(set(match.group(1))) >= secrets._MIN_DISTINCT
    ]
    candidates += secrets._over_lines(text)
    plain = text.encode("ascii", "replace")
    candidates += [Secret(*span, ASSIGNED) for span in secret_places.assigned(text, plain)]
    candidates += [Secret(*span, PASSWORD) for span in secret_places.passwords(text, plain.lower())]
    for match in secrets._URL.finditer(text):
        user, password = match.groups()
        if password != user and not secrets._NO_PASSWORD.fullmatch(password):
            candidates.append(Secret(*match.span(2), URL_PASSWORD))
    for match in secrets._HEADER.finditer(text):
        if looks_random(match.group(1)):
            candidates.append(Secret(*match.span(1), "authorization header"))
    for values, value, names in (
        (secrets._QUOTED, 2, secrets._NAMES_QUOTED),
        (secrets._BARE, 1, secrets._NAMES_BARE),
    ):
        for match in values.finditer(text):
            before = max(0, match.start() - secrets._NAME_WINDOW)
            if looks_random(match.group(value)) and names.search(text, before, match.start()):
                candidates.append(Secret(*match.span(value), ASSIGNED))
    chosen: list[Secret] = []
    for secret in sorted(candidates, key=secrets.in_order):
        if not chosen or secret.start >= chosen[-1].end:
            chosen.append(secret)
    values = {text[one.start : one.end]: one.kind for one in chosen if one.kind != PRIVATE_KEY}
    taken = {at for secret in chosen for at in range(secret.start, secret.end)}
    again = [
        Secret(*word.span(), values[word.group()])
        for word in secrets._WORD.finditer(text)
        if word.group() in values and taken.isdisjoint(range(*word.span()))
    ]
    return sorted([*chosen, *again])


shaped = st.sampled_from(secrets._SHAPES).flatmap(lambda shape: st.from_regex(shape.pattern))
pieces = st.one_of(
    st.sampled_from([key for _, key in examples()]),
    shaped,
    st.sampled_from([RANDOM, GITHUB, PEM, "postgresql://app:hunter2!x@db/", "://", "Authorization: Bearer "]),
    st.sampled_from(["api_key", "TOKEN", "password", "secret", "set(", "export ", "KEY=", '": "', "'), '"]),
    st.sampled_from([*"\"'`=: \t\n\r/.-_+~@#aZ9é\\\0İK\u2028😀", "\\n", "\\r", " = ", "\n\n", "x" * 40]),
    st.text(max_size=30),
)


@given(st.lists(pieces, max_size=12).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_pattern_finds_more_than_is_found_where_it_can_find_something(text: str) -> None:
    assert find(text) == by_every_pattern(text)


@pytest.mark.parametrize("line", innocent())
def test_code_that_only_speaks_of_secrets_holds_none(line: str) -> None:
    assert found(line) == []


def test_a_longer_word_is_no_key() -> None:
    assert found(f"x = 'a{GITHUB}'") == []
    assert found(f"x = '{'A' * 400}{STRIPE}'") == []


@pytest.mark.parametrize("sign", "+/=.~:%-@#$&,;|")
def test_a_key_may_follow_any_sign(sign: str) -> None:
    key = f"dnkey-{'0Z9y8X7w' * 3}AB-{'1a2B3c4D' * 6}eFgH"
    assert find(f"{sign}{key}") == by_every_pattern(f"{sign}{key}")
    assert found(f"x = '{sign}{key}'") == [("Defined Networking token", key)]


def test_a_key_may_follow_an_escape() -> None:
    assert found(rf"log('token\n{GITHUB}\n')") == [("GitHub token", GITHUB)]


@pytest.mark.parametrize(
    "line",
    [
        'api_key = "VALUE"',
        "apiKey: 'VALUE',",
        '"client_secret": "VALUE"',
        'os.environ["API_TOKEN"] = "VALUE"',
        'os.environ.setdefault("API_TOKEN", "VALUE")',
        'password: str = "VALUE"',
        'ACCESS_KEY = b"VALUE"',
        "const authKey := `VALUE`",
        "export SERVICE_API_KEY=VALUE",
        "aws_secret_access_key = VALUE",
        "  db_password: VALUE  # do not commit",
        'requests.get(url, headers={"Authorization": "Bearer VALUE"})',
    ],
)
def test_a_random_value_behind_a_secrets_name_is_a_secret(line: str) -> None:
    text = f"first line\n{line.replace('VALUE', RANDOM)}\nlast line\n"
    assert [value for _, value in found(text)] == [RANDOM]
    assert found(text.replace(RANDOM, "not_a_random_value_at_all")) == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_bare_value_ends_with_its_line_however_lines_end(end: str) -> None:
    assert found(f"A=1{end}API_KEY={RANDOM}{end}B=2{end}") == [(ASSIGNED, RANDOM)]


def test_the_password_of_a_url_is_a_secret_and_the_rest_is_not() -> None:
    assert found("DSN = 'postgresql+psycopg://app:hunter2!x@db.example.org:5432/app'") == [
        (URL_PASSWORD, "hunter2!x")
    ]
    assert found("redis://:s3cr3tly@cache/0") == [(URL_PASSWORD, "s3cr3tly")]


def test_a_private_key_is_what_stands_between_its_first_and_its_last_line() -> None:
    [(kind, body)] = found(PEM)
    assert kind == PRIVATE_KEY
    assert body == PEM[PEM.index(BODY) : PEM.index("\n-----END")]


def test_two_private_keys_are_two_secrets_and_half_a_one_is_none() -> None:
    assert [kind for kind, _ in found(PEM + PEM)] == [PRIVATE_KEY] * 2
    assert found("-----BEGIN PRIVATE KEY-----\n" + PEM) == found(PEM)
    assert found(PEM[: PEM.index("-----END")]) == []


def test_what_is_a_secret_once_is_a_secret_wherever_it_stands_as_a_word() -> None:
    text = f'api_key = "{RANDOM}"\n# it was {RANDOM} before, not {RANDOM}A\n'
    assert found(text) == [(ASSIGNED, RANDOM)] * 2


def test_overlapping_shapes_make_one_secret() -> None:
    assert found(f'token = "{GITHUB}"') == [("GitHub token", GITHUB)]


def masked(text: str, nonce: str = "an edit") -> Masked:
    return mask(text, find(text), nonce=nonce)


def placeholders(text: str) -> list[str]:
    return list(masked(text).placeholders)


def test_nothing_is_left_to_find_in_a_masked_text() -> None:
    text = "".join(f'api_key = "{key}"\n' for _, key in examples()) + PEM
    assert find(masked(text).text) == []


def test_a_placeholder_is_one_word_and_keeps_the_quotes() -> None:
    text = f'KEY = "{GITHUB}"\nOTHER = "{STRIPE}"\nAGAIN = "{GITHUB}"\n'
    first, second = placeholders(text)
    assert masked(text).text == f'KEY = "{first}"\nOTHER = "{second}"\nAGAIN = "{first}"\n'
    assert re.fullmatch(r"[a-z]{7}_1_[a-z]{10}", first)


def test_a_private_key_is_masked_line_by_line() -> None:
    one, two, three = placeholders(PEM)
    assert masked(PEM).text == (
        f"-----BEGIN PRIVATE KEY-----\n{one}\n{two}\n{three}\n-----END PRIVATE KEY-----\n"
    )
    source = "KEY = (\n" + "".join(f'    b"{line.rstrip()}\\n"\n' for line in split_lines(PEM)) + ")\n"
    assert rf'    b"{placeholders(source)[1]}\n"' in masked(source).text
    assert restore(masked(source).text, masked(source)).text == source


def test_placeholders_are_other_ones_in_another_edit() -> None:
    assert masked(GITHUB, "one").text != masked(GITHUB, "another").text


def test_letters_that_the_text_resembles_are_not_used() -> None:
    first = masked(f'KEY = "{GITHUB}"\n')
    text = f'KEY = "{GITHUB}"  # not {first.stem[0][1:6].upper()}\n'
    second = masked(text)
    assert second.stem != first.stem
    assert restore(second.text, second).text == text


def test_neither_a_masked_nor_a_restored_text_shows_a_secret_by_its_repr() -> None:
    assert GITHUB not in repr(masked(GITHUB)) + repr(restore(masked(GITHUB).text, masked(GITHUB)))


@pytest.mark.parametrize("spans", [[(0, 0)], [(3, 2)], [(0, 99)], [(-1, 2)], [(0, 3), (2, 4)]], ids=str)
def test_spans_that_cannot_be_are_refused(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="is empty, out of bounds or overlaps"):
        mask("some text", [Secret(start, end, "key") for start, end in spans], nonce="x")


CALL = f'first("{GITHUB}")\nsecond("{STRIPE}")\n'
HEAD, TAIL = masked(CALL).stem
ONE, TWO = placeholders(CALL)


def test_a_placeholder_is_restored_wherever_it_went_and_as_often_as_it_is_there() -> None:
    restored = restore(f"B = '{TWO}'\nA = B2 = 'x-{ONE}.{TWO}'\n", masked(CALL))
    assert restored.text == f"B = '{STRIPE}'\nA = B2 = 'x-{GITHUB}.{STRIPE}'\n"
    assert restored.unknown == ()


@pytest.mark.parametrize(
    "written",
    [
        f"{HEAD}_3_{TAIL}",
        f"{HEAD}_01_{TAIL}",
        f"{HEAD}_1",
        f"{ONE}_old",
        f"my_{ONE}",
        ONE.upper(),
        ONE.replace("_1_", "_2_"),
        ONE[:-1],
        f"{HEAD}1{TAIL.title()}",
        f"{HEAD[1:]}_1_{TAIL[:-1]}",
        HEAD[:5],
    ],
)
def test_a_placeholder_that_was_changed_or_invented_is_unknown(written: str) -> None:
    reply = f'first("{written}")\nsecond("{TWO}")\n'
    restored = restore(reply, masked(CALL))
    assert restored.unknown == (written,)
    assert restored.text == reply.replace(TWO, STRIPE)


@pytest.mark.parametrize("between", ['_" + "1_', "-1-", "\n", " "])
def test_a_placeholder_in_two_pieces_is_unknown_by_both(between: str) -> None:
    restored = restore(f'first("{HEAD}{between}{TAIL}")\n', masked(CALL))
    assert [word.strip("_1") for word in restored.unknown] == [HEAD, TAIL]


def test_letters_that_touched_a_secret_may_go_on_touching_its_placeholder() -> None:
    telegram = dict(examples())["Telegram bot token"]
    text = f"url = 'https://chat.example.org/bot{telegram}/send'\n"
    assert re.search(r"/bot[a-z]{7}_1_[a-z]{10}/", masked(text).text)
    assert restore(masked(text).text, masked(text)).text == text


# --- drafts of a masked text -------------------------------------------------------------------------------------


def test_edits_of_the_text_become_edits_of_what_is_sent() -> None:
    text = f'key = "{GITHUB}"\nname = "old"\nother = "{STRIPE}"\nlast = "old"\n'
    replaced = text.replace("old", f"new {STRIPE}")
    edits, whole = mask_edits(diff.edits(text, replaced), masked(text))
    assert whole
    assert restore(apply(masked(text).text, edits), masked(text)).text == replaced


def test_an_edit_that_touches_a_secret_is_left_out() -> None:
    text = f'name = "old"\nkey = "{GITHUB}"\n'
    at = text.index(GITHUB)
    edits = [Edit(text.index("old"), text.index("old") + 3, "new"), Edit(at + 4, at + 8, "x")]
    made, whole = mask_edits(edits, masked(text))
    assert not whole
    assert apply(masked(text).text, made) == masked(text).text.replace("old", "new")


# --- what a reply has lost ---------------------------------------------------------------------------------------

CONFIG = f"""\
import shop

API_KEY = "{GITHUB}"
shop.configure(
    key="{STRIPE}",
    url="https://example.org",
)
"""
KEY_LINE, CALL_LINE = 3, 5


def lost(text: str, change: Callable[[str], str], instruction: str = "") -> list[tuple[int, bool]]:
    one = masked(text)
    found = losses(one.text, change(one.text), one, instruction=instruction)
    return [(loss.line, loss.replaced) for loss in found]


def without_lines(*numbers: int) -> Callable[[str], str]:
    return lambda text: "".join(
        line for number, line in enumerate(split_lines(text), 1) if number not in numbers
    )


def instead(pattern: str, new: str) -> Callable[[str], str]:
    """`pattern` replaced; PLACEHOLDER in it is any."""
    return lambda text: re.sub(pattern.replace("PLACEHOLDER", r"[a-z]{7}_\d+_[a-z]{10}"), new, text)


@pytest.mark.parametrize(
    "change",
    [
        instead("url=.*", 'url="https://example.com",'),
        instead("import shop", "import shop as shop"),
        instead("API_KEY", "SERVICE_KEY"),
        instead(r'API_KEY = ("PLACEHOLDER")', r"API_KEY: str = \1"),
        lambda text: text + text,
        lambda text: without_lines(KEY_LINE)(text) + split_lines(text)[KEY_LINE - 1],
        lambda text: text.replace("    ", "\t"),
    ],
    ids=["beside", "above", "renamed", "typed", "copied", "moved", "reindented"],
)
def test_a_secret_that_stays_or_moves_is_not_lost(change: Callable[[str], str]) -> None:
    assert lost(CONFIG, change) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (instead(r'(key=)"PLACEHOLDER"', r'\1""'), CALL_LINE),
        (instead(r'(API_KEY = )"PLACEHOLDER"', r'\1"changeme"'), KEY_LINE),
        (instead(r'(key=)"PLACEHOLDER"', rf'\1"{placeholders(CONFIG)[0]}"'), CALL_LINE),
    ],
    ids=["emptied", "replaced", "another secret's"],
)
def test_a_line_that_is_there_without_its_secret_has_lost_it(change: Callable[[str], str], line: int) -> None:
    assert lost(CONFIG, change) == [(line, True)]


def test_a_secret_that_went_with_its_line_or_its_statement_is_told_apart() -> None:
    from_environment = instead('API_KEY = "PLACEHOLDER"', 'API_KEY = os.environ["API_KEY"]')
    assert lost(CONFIG, without_lines(KEY_LINE)) == [(KEY_LINE, False)]
    assert lost(CONFIG, from_environment) == [(KEY_LINE, False)]


def test_of_two_places_of_a_secret_one_can_be_lost() -> None:
    text = f"first: {GITHUB}\nsecond: {GITHUB}\n"
    assert lost(text, instead("second: PLACEHOLDER", "second: none")) == [(2, True)]


def test_of_two_secrets_on_a_line_one_can_be_lost() -> None:
    text = f"connect({GITHUB!r}, {STRIPE!r})\n"
    assert lost(text, instead("', 'PLACEHOLDER'", "', ''")) == [(1, True)]


def test_a_secret_that_the_instruction_names_may_go() -> None:
    instruction = f"replace {placeholders(CONFIG)[0]} with changeme"
    assert lost(CONFIG, instead(r'(API_KEY = )"PLACEHOLDER"', r'\1"changeme"'), instruction) == []


TWO_KEYS = f"first = '\n{PEM}'\nsecond = '\n{PEM.replace(BODY[::-1], BODY[5:] + BODY[:5])}'\n"


def turned_round(text: str) -> str:
    lines = split_lines(text)
    return "".join([*lines[:2], *lines[2:5][::-1], *lines[5:]])


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (without_lines(*range(2, 7)), False),
        (without_lines(3), True),
        (without_lines(4), True),
        (without_lines(5), True),
        (instead("first", "one"), False),
        (turned_round, True),
    ],
    ids=["whole", "first line", "middle", "last line", "untouched", "another order"],
)
def test_a_private_key_goes_as_a_whole_or_not_at_all(change: Callable[[str], str], broken: bool) -> None:
    assert any(replaced for _, replaced in lost(TWO_KEYS, change)) == broken


@given(
    st.sampled_from([CONFIG, CALL, PEM, TWO_KEYS, f"api_key: {GITHUB}\nbackup: {GITHUB}\n"]),
    st.data(),
    st.text("abxyzTOKEN_-0123", max_size=8),
)
@settings(max_examples=500)
def test_whatever_piece_of_a_placeholder_is_replaced_everywhere_is_noticed(
    text: str, data: st.DataObject, new: str
) -> None:
    one = masked(text)
    name = data.draw(st.sampled_from(list(one.placeholders)))
    start = data.draw(st.integers(0, len(name) - 1))
    piece = name[start : data.draw(st.integers(start + 1, len(name)))]
    assume(new != piece)
    reply = one.text.replace(piece, new)
    restored = restore(reply, one)
    noticed = restored.unknown or any(loss.replaced for loss in losses(one.text, reply, one))
    # A digit may only stand in a number of another placeholder, which is whole afterwards.
    assert noticed or all(
        restored.text.count(value) >= text.count(value) for value in one.placeholders.values()
    )


FRAGMENTS = st.sampled_from(
    [*(key for _, key in examples()), PEM, RANDOM, *innocent(), '"', "'", "\n", " = ", "api_key", "\\n", "editsvc",
     "_SECRET", "_1_", HEAD, TAIL, ONE, HEAD[:5].upper()]
)  # fmt: skip
TEXTS = st.lists(FRAGMENTS | st.text(max_size=8), max_size=12).map("".join)


@given(TEXTS)
def test_restoring_a_masked_text_gives_the_text_back(text: str) -> None:
    one = masked(text)
    assert one.text.count("\n") == text.count("\n")
    restored = restore(one.text, one)
    assert (restored.text, restored.unknown) == (text, ())


@given(TEXTS, st.data())
def test_any_spans_can_be_masked_and_restored(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    spans = [Secret(start, end, "key") for start, end in zip(cuts[::2], cuts[1::2], strict=False)]
    one = mask(text, spans, nonce="x")
    restored = restore(one.text, one)
    assert (restored.text, restored.unknown) == (text, ())
    assert set(one.placeholders.values()) == {text[span.start : span.end] for span in spans}


@given(TEXTS)
def test_secrets_are_in_order_inside_of_the_text_and_apart(text: str) -> None:
    position = 0
    for secret in find(text):
        assert position <= secret.start < secret.end <= len(text)
        position = secret.end


# Each is long enough that a pattern which goes back over what it has read would not come to an end.
HOSTILE = [
    *(key[: len(key) // 2] for _, key in examples()),
    *("eyJ", "eyJa.", "-----BEGIN PRIVATE KEY-----\n", "-----BEGIN ", "-----END PRIVATE KEY-----", "://", "://a:"),
    *("api_key", "api_key=", "api_key = ", "token: ", "a=", "=", '"', "'a'", "\\n", "password\t", "Authorization: "),
    *("A1b", "a.", "-", HEAD, f"{HEAD}_", "Authorization: Bearer ", "["),
    *("token[", "xoxb-", "bot1:AA"),
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_runs_of_one_piece_hold_nothing_up(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    one = masked(text)
    assert restore(one.text, one).text == text
