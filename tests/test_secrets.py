"""Secrets are found by their shape or their place, leave as placeholders, and come back where these were moved."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc import secrets
from editsvc.secrets import ASSIGNED, PRIVATE_KEY, URL_PASSWORD, Masked, Secret, find, mask, restore
from editsvc.text import split_lines

FIXTURES = Path(__file__).parents[1] / "fixtures" / "secrets"


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


@pytest.mark.parametrize("line", innocent())
def test_code_that_only_speaks_of_secrets_holds_none(line: str) -> None:
    assert found(line) == []


def test_a_longer_word_is_no_key() -> None:
    assert found(f"x = 'a{GITHUB}'") == []
    assert found(f"x = '{'A' * 400}{STRIPE}'") == []


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


def test_nothing_is_left_to_find_in_a_masked_text() -> None:
    text = "".join(f'api_key = "{key}"\n' for _, key in examples()) + PEM
    assert find(mask(text, find(text)).text) == []


def test_a_placeholder_is_one_word_and_keeps_the_quotes() -> None:
    text = f'KEY = "{GITHUB}"\nOTHER = "{STRIPE}"\nAGAIN = "{GITHUB}"\n'
    assert mask(text, find(text)).text == (
        'KEY = "EDITSVC_SECRET_1_END"\nOTHER = "EDITSVC_SECRET_2_END"\nAGAIN = "EDITSVC_SECRET_1_END"\n'
    )


def test_a_private_key_is_masked_line_by_line() -> None:
    assert mask(PEM, find(PEM)).text == (
        "-----BEGIN PRIVATE KEY-----\nEDITSVC_SECRET_1_END\nEDITSVC_SECRET_2_END\nEDITSVC_SECRET_3_END\n"
        "-----END PRIVATE KEY-----\n"
    )
    source = "KEY = (\n" + "".join(f'    b"{line.rstrip()}\\n"\n' for line in split_lines(PEM)) + ")\n"
    masked = mask(source, find(source))
    assert r'    b"EDITSVC_SECRET_2_END\n"' in masked.text
    assert restore(masked.text, masked).text == source


def test_a_stem_that_the_text_resembles_is_not_used() -> None:
    text = f'# as in EditsvcSecret or editsvc2-secret\nKEY = "{GITHUB}"\n'
    masked = mask(text, find(text))
    assert "EDITSVC3_SECRET_1_END" in masked.text
    assert restore(masked.text, masked).text == text


def test_neither_a_masked_nor_a_restored_text_shows_a_secret_by_its_repr() -> None:
    masked = mask(GITHUB, find(GITHUB))
    assert GITHUB not in repr(masked) + repr(restore(masked.text, masked))


@pytest.mark.parametrize("spans", [[(0, 0)], [(3, 2)], [(0, 99)], [(-1, 2)], [(0, 3), (2, 4)]], ids=str)
def test_spans_that_cannot_be_are_refused(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="is empty, out of bounds or overlaps"):
        mask("some text", [Secret(start, end, "key") for start, end in spans])


def masked_call() -> Masked:
    text = f'first("{GITHUB}")\nsecond("{STRIPE}")\n'
    return mask(text, find(text))


def test_a_placeholder_is_restored_wherever_it_went_and_as_often_as_it_is_there() -> None:
    masked = masked_call()
    restored = restore(
        "B = 'EDITSVC_SECRET_2_END'\nA = B2 = 'x-EDITSVC_SECRET_1_END.EDITSVC_SECRET_2_END'\n", masked
    )
    assert restored.text == f"B = '{STRIPE}'\nA = B2 = 'x-{GITHUB}.{STRIPE}'\n"
    assert restored.missing == () and restored.unknown == ()


def test_a_placeholder_that_is_gone_is_missing() -> None:
    restored = restore('first("EDITSVC_SECRET_1_END")\n', masked_call())
    assert restored.missing == ("EDITSVC_SECRET_2_END",)
    assert restored.unknown == ()


@pytest.mark.parametrize(
    ("written", "reported"),
    [
        ("EDITSVC_SECRET_3_END", "EDITSVC_SECRET_3_END"),
        ("EDITSVC_SECRET_01_END", "EDITSVC_SECRET_01_END"),
        ("EDITSVC_SECRET_1", "EDITSVC_SECRET_1"),
        ("EDITSVC_SECRET_1_END_OLD", "EDITSVC_SECRET_1_END_OLD"),
        ("MY_EDITSVC_SECRET_1_END", "EDITSVC_SECRET_1_END"),
        ("editsvc_secret_1_end", "editsvc_secret_1_end"),
        ("EditsvcSecret1End", "EditsvcSecret1End"),
        ('EDITSVC_SECRET_" + "1_END', "EDITSVC_SECRET_"),
        ('EDITSVC" + "_SECRET_1_END', 'EDITSVC" + "_SECRET_1_END'),
        ("EDITSVC-SECRET-1-END", "EDITSVC-SECRET"),
    ],
)
def test_a_placeholder_that_was_changed_split_or_invented_is_unknown(written: str, reported: str) -> None:
    reply = f'first("{written}")\nsecond("EDITSVC_SECRET_2_END")\n'
    restored = restore(reply, masked_call())
    assert restored.unknown == (reported,)
    assert restored.missing == ("EDITSVC_SECRET_1_END",)
    assert restored.text == reply.replace("EDITSVC_SECRET_2_END", STRIPE)


def test_letters_that_touched_a_secret_may_go_on_touching_its_placeholder() -> None:
    telegram = dict(examples())["Telegram bot token"]
    text = f"url = 'https://chat.example.org/bot{telegram}/send'\n"
    masked = mask(text, find(text))
    assert "/botEDITSVC_SECRET_1_END/" in masked.text
    assert restore(masked.text, masked).text == text


FRAGMENTS = st.sampled_from(
    [*(key for _, key in examples()), PEM, RANDOM, *innocent(), '"', "'", "\n", " = ", "api_key", "\\n", "editsvc",
     "_SECRET", "_1_END", "EDITSVC_SECRET_1_END"]
)  # fmt: skip
TEXTS = st.lists(FRAGMENTS | st.text(max_size=8), max_size=12).map("".join)


@given(TEXTS)
def test_restoring_a_masked_text_gives_the_text_back(text: str) -> None:
    masked = mask(text, find(text))
    assert masked.text.count("\n") == text.count("\n")
    restored = restore(masked.text, masked)
    assert (restored.text, restored.missing, restored.unknown) == (text, (), ())


@given(TEXTS, st.data())
def test_any_spans_can_be_masked_and_restored(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    spans = [Secret(start, end, "key") for start, end in zip(cuts[::2], cuts[1::2], strict=False)]
    masked = mask(text, spans)
    restored = restore(masked.text, masked)
    assert (restored.text, restored.missing, restored.unknown) == (text, (), ())
    assert set(masked.placeholders.values()) == {text[span.start : span.end] for span in spans}


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
    *("editsvc secret ", "A1b", "a.", "-", "editsvc", "EDITSVC_SECRET_", "Authorization: Bearer ", "["),
    *("token[", "xoxb-", "bot1:AA"),
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_runs_of_one_piece_hold_nothing_up(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    masked = mask(text, find(text))
    assert restore(masked.text, masked).text == text
