"""What an edit adds unseen: controls, invisible characters, and letters that pass for others.

All such characters are written as escapes here, so that this file shows what it says.
"""

from __future__ import annotations

import unicodedata

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from editsvc.guard.invisible import HiddenCharacter, added

BEFORE = "def is_admin(user):\n    return user.role == 'admin'\n"
RLO, LRI, PDI = "\u202e", "\u2066", "\u2069"
ZWSP, ZWNJ, ZWJ, VS16 = "\u200b", "\u200c", "\u200d", "\ufe0f"


def names(before: str, after: str) -> list[tuple[int, str, int]]:
    return [(finding.line, finding.name, finding.count) for finding in added(before, after)]


def into(text: str) -> list[str]:
    """The names of what is found if a line with `text` is appended."""
    return [finding.name for finding in added(BEFORE, f"{BEFORE}x = '{text}'\n")]


def test_a_bidirectional_control_is_named_with_its_line_and_what_it_does() -> None:
    after = BEFORE.replace("'admin'", f"'admin{RLO} {LRI}# staff only{PDI} {LRI}'")
    assert added(BEFORE, after) == [
        HiddenCharacter(2, "U+202E RIGHT-TO-LEFT OVERRIDE", "changes the order in which the line is shown"),
        HiddenCharacter(2, "U+2066 LEFT-TO-RIGHT ISOLATE", "changes the order in which the line is shown", 2),
        HiddenCharacter(2, "U+2069 POP DIRECTIONAL ISOLATE", "changes the order in which the line is shown"),
    ]


@pytest.mark.parametrize(
    "character",
    [
        *map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C]),
        *map(chr, [*range(0x200B, 0x200E), 0x2060, 0xFEFF, 0x00AD, 0x034F, 0x115F, 0x3164, 0xFFA0, 0x2062]),
        *map(
            chr, [0xE0001, 0xE0041, 0xE007F, 0xFE00, 0xFE0F, 0xE0100, 0xE01EF, 0x180B, 0x2028, 0x2029, 0x0085]
        ),
        *map(chr, [0x00, 0x08, 0x0B, 0x1B, 0x1C, 0x7F, 0x9B, 0xFFF9]),
    ],
    ids=lambda character: f"U+{ord(character):04X}",
)
def test_a_character_that_nobody_sees_is_found(character: str) -> None:
    [finding] = added(BEFORE, f"{BEFORE}x = 'a{character}b'\n")
    assert finding.line == 3 and finding.count == 1 and finding.word == ""
    assert finding.name.startswith(f"U+{ord(character):04X}")


@pytest.mark.slow
def test_every_default_ignorable_character_is_found() -> None:
    ignorable = [
        character
        for code in (*range(0xD800), *range(0xE000, 0x110000))
        if regex.fullmatch(r"\p{Default_Ignorable_Code_Point}", character := chr(code))
    ]
    findings = added("", "".join(f"a{character}b\n" for character in ignorable))
    assert [finding.line for finding in findings] == list(range(1, len(ignorable) + 1))
    assert len(ignorable) > 4000


@pytest.mark.parametrize(
    "text", ["\ttab", "page\x0cbreak", "caf\u00e9 \u2014 \u00a0 \u3000", "\u05e9\u05dc\u05d5\u05dd"]
)
def test_usual_white_space_and_other_scripts_are_no_findings(text: str) -> None:
    assert into(text) == []


@pytest.mark.parametrize(
    "emoji",
    [
        "\u2764\ufe0f",  # heart
        "\u270c\U0001f3fd",  # a hand with a skin tone
        "\U0001f469\U0001f3fd\u200d\U0001f4bb",  # a woman at a computer
        "\U0001f3f3\ufe0f\u200d\U0001f308",  # the rainbow flag
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
        "3\ufe0f\u20e3",  # keycap 3
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # the flag of Scotland
        "\u2122\ufe0e",  # the trade mark sign, as text
    ],
)
def test_emoji_are_made_of_such_characters(emoji: str) -> None:
    assert into(emoji) == []
    assert into(f"{emoji} {emoji}{emoji}") == []


@pytest.mark.parametrize(
    "word",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with a non-joiner
        "\u0915\u094d\u200d\u0937",  # Devanagari, a half form
        "\u0d05\u0d35\u0d28\u0d4d\u200d",  # Malayalam, a chillu at the end of the word
        "\u845b\U000e0100",  # a variant of an ideograph
        "\u182d\u180b\u1820",  # Mongolian, a variant of a letter
    ],
)
def test_scripts_that_need_such_characters_may_have_them(word: str) -> None:
    assert into(word) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (f"a{ZWJ}b", 1),
        (f"\u0645{ZWNJ}{ZWNJ}\u062e", 2),  # two where one is enough
        (f"\u0645{ZWNJ}x", 1),
        (f"\u2764{VS16}{VS16}", 1),
        (f"3{VS16}", 1),
        (f"\U0001f469{ZWJ}", 1),
        ("\u845b\U000e0100\U000e0101", 1),
        ("\U0001f600" + "".join(chr(0xE0100 + code) for code in b"hidden"), 6),  # a message
        ("\U0001f3f4\U000e0061\U000e0062\U000e0063\U000e007f", 4),  # the flag of nowhere
    ],
)
def test_the_same_characters_anywhere_else_are_found(text: str, number: int) -> None:
    assert sum(finding.count for finding in added(BEFORE, f"{BEFORE}x = '{text}'\n")) == number


def test_what_the_replaced_lines_held_is_not_new() -> None:
    before = f"title = 'a{ZWSP}b'\nother = 1\n"
    assert names(before, f"heading = 'a{ZWSP}b'\nother = 1\n") == []
    assert names(before, f"heading = 'a{ZWSP}b{ZWSP}'\nother = 1\n") == [(1, "U+200B ZERO WIDTH SPACE", 1)]
    assert names(before, f"title = 'a{ZWSP}b'\nother = 1{ZWSP}\n") == [(2, "U+200B ZERO WIDTH SPACE", 1)]


def test_a_line_that_moves_takes_its_characters_along() -> None:
    line = f"title = 'a{ZWSP}b'\n"
    rest = "one = 1\ntwo = 2\nthree = 3\n"
    assert names(line + rest, rest + line) == []
    assert names(line + rest, line + rest + line) == [(5, "U+200B ZERO WIDTH SPACE", 1)]


def test_removing_such_characters_is_no_finding() -> None:
    assert names(f"a{ZWSP}b{RLO}\n", "ab\n") == []


def test_line_ends_do_not_count_and_lines_are_numbered_alike() -> None:
    before = BEFORE.replace("\n", "\r\n")
    assert names(before, BEFORE) == []
    assert names(before, f"{BEFORE}# {RLO}\n".replace("\n", "\r")) == [
        (3, "U+202E RIGHT-TO-LEFT OVERRIDE", 1)
    ]


def test_a_byte_order_mark_at_the_start_is_found_as_the_text_has_none() -> None:
    assert names(BEFORE, "\ufeff" + BEFORE) == [(1, "U+FEFF ZERO WIDTH NO-BREAK SPACE", 1)]


def test_a_letter_that_passes_for_a_latin_one_is_named_with_its_word() -> None:
    word = "is_\u0430dmin"
    assert added(BEFORE, f"{BEFORE}\n\ndef {word}(user):\n    return True\n") == [
        HiddenCharacter(5, "U+0430 CYRILLIC SMALL LETTER A", "looks like the Latin letter a", 1, word)
    ]


@pytest.mark.parametrize(
    "word", ["us\u0435r", "\u0421lient", "t\u03bfken", "\u0391PI", "get_\u0440ath", "p\u0430\u0443load"]
)
def test_letters_of_two_scripts_in_one_word_are_found(word: str) -> None:
    assert [finding.word for finding in added(BEFORE, f"{BEFORE}{word} = 1\n")] == [word]


@pytest.mark.parametrize(
    "word",
    [
        "\u0394t",  # Greek letters with a shape of their own, as in formulas
        "\u03bcs",
        "\u03c3_max",
        "\u03bd_max",  # set apart, and no v_max in sight
        "get_\u0438\u043c\u044f",  # Cyrillic that shows that it is
        "\u0441\u043e\u0440",  # a Russian word, though each letter looks Latin
    ],
)
def test_words_that_show_what_they_are_are_no_findings(word: str) -> None:
    assert added(BEFORE, f"{BEFORE}{word} = 1\n") == []


def test_a_word_that_looks_the_same_as_another_of_the_text_is_found() -> None:
    twin = "\u0441\u043e\u0440"
    assert [finding.word for finding in added("cop = 1\n", f"cop = 1\n{twin} = 2\n")] == [twin]
    assert [finding.word for finding in added("v_max = 1\n", "v_max = 1\n\u03bd_max = 2\n")] == ["\u03bd_max"]


def test_a_word_that_the_file_had_already_is_not_new() -> None:
    before = "us\u0435r = 1\n"
    assert added(before, f"{before}print(us\u0435r)\n") == []


CHARACTERS = st.sampled_from(
    [*"ab1_ '\n\r", ZWSP, ZWJ, ZWNJ, VS16, RLO, "\x1b", "\u0430", "\u0627", "\u2764", "\u3164"]
)
TEXTS = st.text(CHARACTERS, max_size=40)


@given(TEXTS)
def test_a_text_adds_nothing_to_itself(text: str) -> None:
    assert added(text, text) == []


@given(TEXTS, TEXTS)
def test_findings_are_in_the_order_of_lines_and_never_more_than_there_is(before: str, after: str) -> None:
    findings = added(before, after)
    assert [finding.line for finding in findings] == sorted(finding.line for finding in findings)
    for finding in findings:
        character = unicodedata.lookup(finding.name.split(" ", 1)[1]) if " " in finding.name else "\x1b"
        assert 1 <= finding.count <= after.count(character)


@given(TEXTS, TEXTS)
def test_without_such_characters_in_the_new_text_there_are_no_findings(before: str, after: str) -> None:
    plain = "".join(character for character in after if character.isascii() and character != "\x1b")
    assert added(before, plain) == []


@pytest.mark.parametrize(
    ("word", "latin"),
    [
        ("p\u0562y", ""),  # Armenian, of a shape of its own
        ("c\u0585de", "o"),
        ("\u13aadmin", "A"),  # Cherokee
        ("f\u2c9fo", "o"),  # Coptic
        ("\ua4d0uild", "B"),  # Lisu
        ("\uff41dmin", "a"),  # full width
        ("\U0001d41check", "c"),  # bold
        ("p\u0251th", "a"),
        ("\U00010404pen", "O"),  # Deseret
    ],
)
def test_letters_of_other_scripts_among_latin_ones_are_found(word: str, latin: str) -> None:
    found = added("x = 1\n", f"{word} = 1\n")
    assert [finding.word for finding in found] == ([word] if latin else [])
    assert all(finding.effect == f"looks like the Latin letter {latin}" for finding in found)


@pytest.mark.parametrize(
    "text",
    [
        "\u0562\u0561\u0580\u0587",
        "\u13e3\u13b3\u13a9",
        "x\u00b2",
        "\u211d",
        "na\u00efve",
        "1\u00aa",
        "say\u0131",
        "\u0394t",
    ],
)
def test_words_of_other_scripts_and_formulas_are_not(text: str) -> None:
    assert added("x = 1\n", f"# {text}\n") == []
