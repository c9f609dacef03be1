"""A sound text is checked by its segments after an edit: with the same result, and only what changed is parsed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc import syntax
from editsvc.syntax.budget import ParseBudget
from editsvc.syntax.segments import Segments, segments_of, sound_by_segments
from editsvc.text.comparison import Comparison, Lined

SOUND = {
    "python": [
        '"""About.\n\nAnd more\n"""',
        "import os",
        "def f(a):\n    return [\n        a,\n    ]",
        "@cached\ndef g():\n    if a:\n        pass\n    else:\n        b()",
        "class C:\n    x = 1\n\n    def m(self):\n        try:\n            pass\n        except E:\n            x",
        "x = 1",
        "# why",
        "if x:\n    y = f'''\nz {y}\n'''",
    ],
    "typescript": [
        "import { a } from 'b';",
        "export function f(a: number): number[] {\n  return [\n    a,\n  ];\n}",
        "const x = `\nfunction ${a} {\n`;",
        "class C<T> {\n  x = 1\n\n  m() { return this.x }\n}",
        "let y = f\n",
        "/* a\nb */",
        "// why",
        "type T = { a: string } | null",
    ],
    "go": [
        "package a",
        'import "fmt"',
        "func f(a int) int {\n\tif a > 1 {\n\t\treturn 2\n\t}\n\treturn a\n}",
        "type T struct {\n\ta int\n}",
        "var x = `\nfunc\n`",
        "// why",
    ],
    "rust": [
        "use a::b;",
        "#[test]\nfn f(a: u8) -> u8 {\n    match a {\n        1 => 2,\n        _ => a,\n    }\n}",
        "struct S {\n    a: u8,\n}",
        'const X: &str = "\nfn\n";',
        "/// why",
    ],
    "java": [
        "import a.B;",
        "class A {\n  int f(int a) {\n    return a;\n  }\n}",
        "// why",
        "interface I { void m(); }",
    ],
    "c": [
        "#include <a.h>",
        "int f(int a) {\n  return a;\n}",
        "struct s {\n  int a;\n};",
        "/* why\n*/",
        "#define X 1",
    ],
    "css": [".a {\n  color: red;\n}", "@media (x) {\n  b { c: d }\n}", "/* why */", "@import 'a';"],
    "toml": ["a = 1", "[b]\nc = [\n  1,\n]", "[[d]]\ne = 'f'", "# why"],
}
DAMAGE = [
    *("(", ")", "}", "{", '"""', "`", "/*", "*/", "else:", "return", "  x = 1"),
    *("if x:", "x = \\", "", "x", "@d", "'", "#if A", "try:"),
]


def language_named(name: str) -> syntax.Language:
    language = syntax.by_name(name)
    assert language is not None
    return language


def known(text: str, name: str) -> Segments | None:
    return segments_of(Lined(text), language_named(name), ParseBudget())


@pytest.mark.parametrize("name", SOUND)
@given(st.data())
def test_what_is_found_by_segments_is_what_is_found_in_the_whole(name: str, data: st.DataObject) -> None:
    statements = data.draw(st.lists(st.sampled_from(SOUND[name]), min_size=1, max_size=7))
    gap = data.draw(st.sampled_from(["\n", "\n\n"]))
    before = gap.join(statements) + "\n"
    lines = before.split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(lines)))
        end = min(len(lines), start + data.draw(st.integers(0, 3)))
        lines[start:end] = data.draw(st.lists(st.sampled_from([*DAMAGE, *SOUND[name]]), max_size=2))
    after = "\n".join(lines)
    language = language_named(name)
    segments = segments_of(Lined(before), language, ParseBudget())
    assert syntax.breakage(before, after, language, segments=segments) == syntax.breakage(
        before, after, language
    )


def test_only_changed_segments_are_parsed() -> None:
    before = "".join(f"def f{number}():\n    return {number}\n\n\n" for number in range(50))
    segments = known(before, "python")
    assert segments is not None
    after = before.replace("return 7\n", "return 77\n").replace("return 30\n", "return 3 + 1\n")
    both = Comparison(Lined(before), after)
    assert sound_by_segments(both, segments, [], 1_000)
    assert list(segments.parsed) == ["def f7():\n    return 77\n\n\n", "def f30():\n    return 3 + 1\n\n\n"]


def test_a_piece_that_was_parsed_before_is_not_parsed_again() -> None:
    before = "def f():\n    return 1\n\n\ndef g():\n    return 2\n"
    segments = known(before, "python")
    assert segments is not None
    both = Comparison(Lined(before), before.replace("1", "3"))
    assert sound_by_segments(both, segments, [], 1_000)
    assert sound_by_segments(both, segments, [], 0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("python", "def f(:\n    pass\n"),  # not sound itself
        ("python", "  x = 1\n  y = 2\n"),  # all of it is indented
        ("html", "<p>a</p>\n"),  # an element goes on behind what stands in it
        ("yaml", "a: 1\n"),
        ("plaintext", "a\n"),
    ],
)
def test_some_texts_are_only_parsed_as_a_whole(name: str, text: str) -> None:
    assert segments_of(Lined(text), syntax.by_name(name), ParseBudget()) is None


def test_a_line_of_a_string_at_the_margin_begins_no_piece() -> None:
    segments = known('"""About.\n\nMore\n"""\n\nx = 1\n', "python")
    assert segments is not None
    assert list(segments.starts) == [0, 5]


def test_a_statement_that_the_one_above_could_go_on_with_begins_no_piece() -> None:
    segments = known("let a = b;\n\n(c)\n\nlet d = 1\n", "javascript")
    assert segments is not None
    assert list(segments.starts) == [0, 4]


def test_a_long_text_is_divided_before_it_is_parsed() -> None:
    function = 'def f{0}():\n    """It.\n\nx = {0}\n"""\n    return [\n        {0},\n    ]\n\n\n'
    before = "".join(function.format(number) for number in range(12_000))
    known_text = Lined(before)
    segments = segments_of(known_text, language_named("python"), ParseBudget(40_000))
    assert len(before) > 600_000
    assert segments is not None
    assert [known_text.lines[start] for start in segments.starts] == [
        f"def f{number}():\n" for number in range(12_000)
    ]
    after = before.replace("return [\n        7,", "return [\n        8,").replace("x = 11000", "y = 1")
    both = Comparison(known_text, after)
    found = syntax.breakage(before, after, language_named("python"), comparison=both, segments=segments)
    assert found == syntax.Breakage((), syntax.Extent.WHOLE)
    broken = Comparison(known_text, before.replace("return [\n        7,", "return [\n        7"))
    assert sound_by_segments(broken, segments, [], 40_000)
    broken = Comparison(known_text, before.replace("return [\n        7,", "return (\n        7,"))
    assert not sound_by_segments(broken, segments, [], 40_000)


def test_a_long_text_with_an_error_is_not_divided() -> None:
    before = "".join(f"def f{number}():\n    return {number}\n\n\n" for number in range(30_000))
    broken = before.replace("return 20000\n", "return (20000\n")
    assert segments_of(Lined(broken), language_named("python"), ParseBudget(40_000)) is None
