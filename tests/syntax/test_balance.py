"""Brackets, quotes, blocks and tags that do not pair, told without a grammar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.syntax import LANGUAGES, Language
from editsvc.syntax.balance import unpaired
from editsvc.syntax.lexis import CSS, ECMASCRIPT, GO, HTML, JAVA, PYTHON, RUST, SHELL, TOML, C, Lexis

KNOWN = [language for language in LANGUAGES if language.lexis]


def odd(text: str, lexis: Lexis) -> list[tuple[int, str]]:
    return [(one.offset, one.text) for one in unpaired(text, lexis)]


@pytest.mark.parametrize(
    ("lexis", "text"),
    [
        (PYTHON, 'a = \'(\' + "[" + \'\'\'{ \' \'\'\' + """\\""" ( """  # {'),
        (PYTHON, 'f"{a["b"]}" + f"""{ {1: "("}[1] }"""'),
        (ECMASCRIPT, "a = `(${b ? `[${c({})}` : '{'} $ \\` {`; /[(/]\"/.test(d) // {"),
        (ECMASCRIPT, "return /\\(/.exec(a) / b / c; /* ( */"),
        (ECMASCRIPT, "<p>Don't (worry)</p>"),
        (GO, 'a := `(\n"` + "\\"(" + string(\'(\') // {'),
        (RUST, "fn f<'a>(b: &'a str) -> char { r#\"(\"\"#; \"(\n\"; '\"'; '\\''; '(' } // {"),
        (JAVA, 'a = """\n  ( "b" \\""" {\n  """ + \'"\' + "(";'),
        (C, "#error don't (\nint a = 1'000; char b = '('; auto c = R\"x()\")x\"; /* { */"),
        (CSS, 'a { b: url(//d); c: "}" } /* { */'),
        (TOML, "a = '(' # {\nb = \"\"\"\n[\" \"\"\"\nc = '''\n{'''"),
        (SHELL, "a=$((1 << 2)) b=${#c} d=$# e='(' f=\"$(g)\" h=\\( i=$'\\'(' # {"),
        (SHELL, "case $a in\n  b|c) d ;;\n  (e) f ;;\nesac"),
        (SHELL, "cat <<'EOF' && g\n( ' { fi\nEOF\ncat <<-END\n\t(\n\tEND\nh <<< x"),
        (SHELL, "echo done fi; for do in then; do a; done"),
        (HTML, "<ul><li>a<li>b</ul><br><p>c<img src='>'/><!-- <b> --><script>'<i>'</script>{{ '<u>' }}"),
        (HTML, '<!doctype html><div title="a > b"></div><my-tag.x></my-tag.x><svg:g/>'),
    ],
)
def test_what_is_in_literals_and_comments_does_not_count(lexis: Lexis, text: str) -> None:
    assert odd(text, lexis) == []


@pytest.mark.parametrize(
    ("lexis", "text", "expected"),
    [
        (PYTHON, "f(a[0)", [(3, "[")]),
        (PYTHON, "f(a))", [(4, ")")]),
        (PYTHON, "'a\nb = (", [(0, "'"), (7, "(")]),
        (PYTHON, "f(\n'''a)", [(1, "("), (3, "'''")]),
        (ECMASCRIPT, "f(`a ${b`)", [(1, "("), (5, "${"), (8, "`")]),
        (C, "#if A\n{\n#else\n#endif\n", [(14, "#endif")]),
        (C, "#if A\n#if B\n#endif\n", [(0, "#if")]),
        (C, "#ifdef A\n{\n#endif\n}\n", []),
        (SHELL, "if a; then b", [(6, "then")]),
        (SHELL, "a <<EOF\nb\n", [(2, "<<E")]),
        (HTML, "<div><b></div>", [(5, "b")]),
        (HTML, "<div></b></div>", [(5, "b")]),
        (HTML, "<table><tr><td></table>", []),
    ],
)
def test_what_does_not_pair_is_told_with_its_place(
    lexis: Lexis, text: str, expected: list[tuple[int, str]]
) -> None:
    assert odd(text, lexis) == expected


PIECES = st.lists(
    st.sampled_from(
        [
            *(
                "(",
                ")",
                "{",
                "}",
                "'",
                '"',
                "`",
                "${",
                "\\",
                "/*",
                "*/",
                "//",
                "<a ",
                ">",
                "</a>",
                "a",
                "r#",
                "/[",
            ),
            *("elif ", "<<A\n", "\nA\n", "then\n", "fi\n", "\n#if\n", "\n#else\n", "#endif\n", "\n", " "),
        ]
    ),
    max_size=30,
)


@given(PIECES.map("".join), st.sampled_from(KNOWN))
def test_whatever_the_text_the_places_are_in_it_and_in_order(text: str, language: Language) -> None:
    assert language.lexis is not None
    found = unpaired(text, language.lexis)
    offsets = [one.offset for one in found]
    assert offsets == sorted(offsets)
    assert all(0 <= offset < len(text) for offset in offsets)


PAIRED = st.recursive(
    st.just(""),
    lambda inner: st.tuples(st.sampled_from(["()", "[]", "{}"]), inner, inner).map(
        lambda parts: parts[0][0] + parts[1] + parts[0][1] + parts[2]
    ),
)


@given(PAIRED, st.sampled_from([PYTHON, ECMASCRIPT, GO, RUST, JAVA, C, CSS, TOML]), st.data())
def test_brackets_that_pair_do_so_until_one_is_dropped(text: str, lexis: Lexis, data: st.DataObject) -> None:
    assert unpaired(text, lexis) == []
    if text:
        place = data.draw(st.integers(0, len(text) - 1))
        assert unpaired(text[:place] + text[place + 1 :], lexis)
