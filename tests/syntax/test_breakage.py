"""What an edit breaks: new errors only, and on the side of the edit in doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.syntax import Breakage, Extent, Language, SyntaxFault, breakage, by_name
from editsvc.syntax.budget import WHOLE_AT_MOST
from editsvc.syntax.surroundings import flush_left, surroundings
from editsvc.text.diff import changed_spans
from editsvc.text.document import split_lines


def broken(name: str, before: str, after: str) -> list[tuple[int, str]] | None:
    found = breakage(before, after, named(name))
    if found is None:
        return None
    assert found.extent is Extent.WHOLE
    return [(fault.line, fault.text) for fault in found.faults]


def named(name: str) -> Language:
    language = by_name(name)
    assert language is not None
    return language


SOUND_BEFORE = [
    ("python", "a = (1)\n", "b = 0\na = )\n", [(1, "a = )")]),
    ("javascript", "go();\n", "go(;\n", [(0, "missing )")]),
    ("c", "int f(void) { return 1; }\n", "int f(void) { return 1;\n", [(0, "missing }")]),
    ("json", '{"a": 1}\n', '{"a": 1,}\n', [(0, ",")]),
    ("html", "<script>go()</script>\n", "<p>é</p>\n<script>go(1;)</script>\n", [(1, ";")]),
    ("javascript", "const a = 1;\n", "const a = ;\n", [(0, "=")]),
    ("css", "a { b: c }\n", "a { b: c;\n", [(0, "missing }")]),
    ("toml", "a = 1\n", "a = [1\nb = 2\n", [(0, "= [1")]),
    ("zsh", "f() {\n  g\n}\n", "f() {\n  g\n", [(0, "unpaired {")]),
    ("json5", "{a: 1}\n", "{a: 'b}\n", [(0, "unpaired '")]),
]


@pytest.mark.parametrize(("name", "before", "after", "expected"), SOUND_BEFORE)
def test_every_error_is_new_where_there_was_none(
    name: str, before: str, after: str, expected: list[tuple[int, str]]
) -> None:
    assert broken(name, before, after) == expected


LATER_THAN_THE_GRAMMAR = [
    ("html", "<p>Fish and chips</p>", "<p>Fish & chips</p>"),
    ("html", "<p>Fish</p>", "<p {% if a < b %}class='x'{% endif %}>{{ a && b }} <?php if ($a): ?>Fish</p>"),
    ("html", "<ul></ul>", "<ul>\n<% for (const one of all) { %>\n<li><%= one < 3 %></li>\n<% } %>\n</ul>"),
    ("html", "<script>a = 1</script>", "<script>a = {{ value|tojson }}</script>"),
    ("javascriptreact", "f = () => <p>Fish and chips</p>;", "f = () => <p>Fish & chips</p>;"),
    ("typescriptreact", "f = () => <p>Don't</p>;", "f = () => <p>Don't & won't</p>;"),
    ("css", "@media (min-width: 60px) {\n a { b: c }\n}", "@media (60px <= width <= 90px) {\n a { b: c }\n}"),
    ("css", "a { b: c }", "@container side (inline-size > 30em) {\na { b: c }\n}"),
    ("css", "a { b: c }", "@layer a.b, c;\na { b: c }"),
    ("typescript", 'export * from "x";', 'export type * from "x";'),
    ("typescript", 'import * as a from "x";', 'import defer * as a from "x";'),
    ("c", "void f()\n{\n for (;;) {\n  g();\n }\n}", "void f()\n{\n for_each(a, b) {\n  g();\n }\n}"),
    ("c", "void f()\n{\n g();\n}", "void f()\n{\n list_for_each(a, b)\n  g();\n}"),
    ("c", "int f() { return 1; }", "static int __init f() { return 1; }"),
    ("cpp", "int f();", "export module shop.prices:old;\nexport int f();"),
    ("cpp", "int f() { return 1; }", "int f() { if consteval { return 2; } return 1; }"),
    ("rust", "fn f() -> u8 { 1 }", "gen fn f() -> u8 { yield 1; }"),
    ("rust", 'extern "C" { fn f(); }', 'unsafe extern "C" { safe fn f(); }'),
    ("java", "class A {}", "import module java.base;\nclass A {}"),
    ("java", "class A { A() { super(); } }", "class A { A() { int b = 1; super(b); } }"),
    ("python", "import json", "lazy import json"),
    ("toml", "a = { b = 1 }", "a = {\n  b = 1,\n}"),
    ("yaml", "a: 1", "a: {{ .one }}\n{{- if .two }}\nb: 2\n{{- end }}"),
    ("json", '{"a": 1}', '{"a": {{ one }},\n{% if two %}\n"b": "{{ three }}"\n{% endif %}\n}'),
    ("jsonc", '{"a": 1}', '{\n  // why\n  "a": [1, 2,],\n}'),
    ("zsh", "last() {\n  print $1\n}", "last() {\n  print ${(Q)1} ${${(%):-%x}:h}\n}"),
    ("zsh", "f() {\n  g\n}", "f() {\n  if (( $+commands[g] )) then g; fi\n  for a (x y) { g $a }\n}"),
]


@pytest.mark.parametrize(("name", "before", "after"), LATER_THAN_THE_GRAMMAR)
def test_what_the_grammar_does_not_know_is_no_damage(name: str, before: str, after: str) -> None:
    assert broken(name, before + "\n", after + "\n") == []


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        pytest.param(
            "typescript",
            'export * from "x";\n',
            'export type * from "x;\n',
            id="a quote is dropped beside it",
        ),
        pytest.param(
            "c",
            "void f()\n{\n for (;;) {\n  g();\n }\n}\n",
            "void f()\n{\n for_each(a, b) {\n  g();\n}\n",
            id="a bracket is dropped beside it",
        ),
        pytest.param(
            "css",
            "@media (min-width: 60px) {\n a { b: c }\n}\n",
            "@media (width >= 60px) {\n a { b: c }\n",
            id="the end is cut off",
        ),
        pytest.param("go", "package a\n", "Here is the new file:\n\npackage a\n", id="it is prose"),
        pytest.param("javascript", "a = [1];\n", "a = [return 1];\n", id="it is a word in the wrong place"),
        pytest.param("typescript", "a = [1];\n", "a = [1 return];\n", id="it stands beside such a word"),
        pytest.param("typescript", "a = [1];\n", "a = [else b];\n", id="it stands behind such a word"),
        pytest.param("java", "class A {\n}\n", "class A {\n}\nelse\n{\n}\n", id="it reaches beyond its line"),
        pytest.param(
            "javascript", "if (a) b();\nelse c();\n", "else c();\n", id="it is on a line that stayed"
        ),
        pytest.param("html", "<p>a</p>\n", '<p title="a>a</p>\n', id="it is in a tag"),
        pytest.param("html", "<p>a</p>\n", "<p>a & b</p>\n<script>go(</script>\n", id="a script is cut off"),
        pytest.param("json", '{"a": 1}\n', '{"a": one}\n', id="the language does not grow"),
        pytest.param("jsonc", '{"a": 1}\n', '{"a": 1 "b": 2}\n', id="a comma is missing"),
        pytest.param(
            "javascript",
            "go();\n",
            "def go(a): b\nfor c in d: e = [f]\nclass G(H): i\nfrom j import k\nif l and not m: n\n"
            "@o.p\nlambda q: r\n",
            id="it is in another language",
        ),
    ],
)
def test_damage_is_seen_though_the_grammar_may_be_behind(name: str, before: str, after: str) -> None:
    assert broken(name, before, after)


FUNCTION = (
    "def f(a):\n    for b in a:\n        try:\n            g(b)\n        except KeyError:\n            pass\n"
)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (FUNCTION, FUNCTION.replace("            pass\n", ""), [(4, "missing block")]),
        (FUNCTION, FUNCTION.partition("            g(b)")[0], [(2, "missing block")]),
        (FUNCTION, FUNCTION.partition("        except")[0], [(3, "missing except")]),
        (FUNCTION, FUNCTION.replace("    for b in a:\n", ""), []),
        (FUNCTION, FUNCTION.replace("    for b in a:\n", "    b = a\n"), [(2, "indentation")]),
        (FUNCTION, FUNCTION + "  h()\n", [(6, "indentation")]),
        (FUNCTION, FUNCTION + "h()\n", []),
        (FUNCTION, FUNCTION + "    # as above\n    h()\n", []),
        (FUNCTION, FUNCTION.replace("            pass\n", "            # why\n"), [(4, "missing block")]),
        (FUNCTION, FUNCTION.replace("pass", 'h("""\n  a:\nb""", [\n  1])'), []),
        (FUNCTION, FUNCTION.replace("pass", "h({\n  1: [\n  2]})"), []),
    ],
)
def test_python_is_held_to_its_blocks(before: str, after: str, expected: list[tuple[int, str]]) -> None:
    assert broken("python", before, after) == expected


def test_blocks_that_were_not_python_s_may_stay_so() -> None:
    template = "def f():\n#if a\n  b\n    c\n"
    assert broken("python", template, template + "    d\n") == []


@pytest.mark.parametrize(
    "line", ["if a; then", "fi", "for b in c; do", "done", 'case "$d" in', "esac", "{", "}", "EOF"]
)
@pytest.mark.parametrize("name", ["shellscript", "zsh"])
def test_a_block_of_a_shell_needs_both_its_ends(name: str, line: str) -> None:
    text = (
        "if a; then\n  e\nelif f\nthen\n  g\nelse\n  echo if then\nfi\nfor b in c; do\n  h # done\ndone\n"
        'case "$d" in\n  i|j) k ;;\n  (l) m ;;\nesac\n{\n  n\n}\ncat <<EOF\nfi } "\nEOF\n'
    )
    assert broken(name, "", text) == []
    assert broken(name, text, text.replace(line + "\n", "", 1))


def test_branches_of_the_preprocessor_may_each_open_a_block() -> None:
    text = (
        "int f(int a)\n{\n#ifdef B\n\tif (a) {\n#else\n\tif (!a) {\n#endif\n\t\tLOOP(a)\n\t\t\tg();\n\t}\n}\n"
    )
    assert broken("c", text, text.replace("g()", "h()")) == []
    assert broken("c", text, text.replace("if (!a) {", "if (!a)"))
    assert broken("c", text, text.replace("#endif\n", ""))


def test_a_sound_edit_breaks_nothing() -> None:
    assert broken("python", "a = (\n", "a = ()\n") == []
    assert broken("python", "", "def f(): ...\n") == []


def test_an_error_that_was_there_before_is_not_new_wherever_its_line_is_now() -> None:
    assert broken("python", "a = 1\nb = )\n", "a = 1\nc = 2\nd = 3\nb = )\n") == []


def test_an_error_on_a_new_line_is_new_beside_an_old_one() -> None:
    assert broken("python", "a = )\nb = 1\nc = 2\n", "a = )\nb = 1\nc = 2\nd = ]\n") == [(3, "d = ]")]


def test_a_line_of_a_dialect_may_be_edited() -> None:
    assert broken("json", '{"a": {{ one }}}\n', '{"a": {{ other }}}\n') == []


def test_a_construct_that_the_grammar_cannot_read_may_be_used_once_more() -> None:
    before = "fn f() { g(try!(a)); }\n"
    assert broken("rust", before, before + "\nfn h() { g(try!(b)); }\n") == []


@pytest.mark.parametrize("name", ["c", "cpp"])
def test_in_c_only_brackets_count_where_macros_look_like_errors_already(name: str) -> None:
    before = "BEGIN(x) int f(void) { return 1; } END\n\nint g(void) { return 2; }\n"
    assert broken(name, before, before + "BEGIN(y) int h() { return 3; } END\n") == []
    assert broken(name, before, before + "int g( {\n") == [
        (3, "unpaired ("),
    ]


def test_line_ends_make_no_difference() -> None:
    assert broken("python", "a = 1\r\nb = )\r\n", "a = 1\nb = )\nc = 2\n") == []
    assert broken("python", "a = 1\r", "a = 1\rb = )\r") == [(1, "b = )")]


def test_what_is_shown_of_a_fault_is_short_and_one_line() -> None:
    [(_, text)] = broken("python", "", ")" * 200 + "\n") or []
    assert len(text) <= 60
    assert text.endswith("…")


def test_nothing_can_be_said_without_a_grammar() -> None:
    assert broken("sql", "SELECT", "SELECT (") is None


# --- texts that are too large ------------------------------------------------------------------------------------

STEPS = 30  # of the parser; enough for a hundred lines
CLASS = "class Shop:\n" + "".join(
    f"    def price_{number}(self):\n        if self.rate:\n            return self.rate * {number}\n\n"
    f"        return {number}\n\n"
    for number in range(400)
)
FUNCTIONS = "".join(f"int f{number}(int a)\n{{\n    return a + {number};\n}}\n\n" for number in range(400))
MODULE = CLASS.replace("class Shop:\n", "").replace("\n    ", "\n").removeprefix("    ")
LARGE = [("python", CLASS, "return"), ("python", MODULE, "return"), ("c", FUNCTIONS, "a +")]


def around(name: str, before: str, after: str) -> Breakage:
    found = breakage(before, after, named(name), steps=STEPS)
    assert found is not None
    return found


@pytest.mark.parametrize(("name", "text", "before"), LARGE, ids=["in a class", "in a module", "in C"])
def test_of_a_text_that_is_too_large_the_definitions_around_the_changes_are_parsed(
    name: str, text: str, before: str
) -> None:
    sound = text.replace(f"{before} 200", f"{before} (200)").replace(f"{before} 300", f"{before} (300)")
    assert around(name, text, sound) == Breakage((), Extent.AROUND_CHANGES)
    unsound = sound.replace("(300)", "(300")
    found = around(name, text, unsound)
    assert found.extent is Extent.AROUND_CHANGES
    assert found.faults
    lines = split_lines(unsound)
    assert all("(300" in "".join(lines[fault.line - 4 : fault.line + 5]) for fault in found.faults)


def test_a_definition_that_was_not_sound_is_passed_over_and_that_is_not_kept_quiet() -> None:
    before = MODULE.replace("return 200", "return 200)")
    after = before.replace("return 200)", "return (200))")
    assert around("python", before, after) == Breakage((), Extent.UNKNOWN)


def test_so_many_changes_that_they_are_too_much_themselves_are_not_all_looked_at() -> None:
    found = around("python", MODULE, MODULE.replace("self.rate", "self.tax"))
    assert found.extent is Extent.UNKNOWN


def test_a_text_that_is_nested_too_deeply_is_not_called_sound() -> None:
    found = around("python", "x = 1\n", "x = " + "[" * 2_000 + "]" * 2_000 + "\n")
    assert found == Breakage((), Extent.UNKNOWN)


def test_the_answer_is_the_same_whatever_the_clock_says() -> None:
    """A busy machine takes longer for a step, and not more of them."""
    text = MODULE.replace("return 300", "return (300")
    assert around("python", MODULE, text) == around("python", MODULE, text)
    assert around("python", MODULE, text).faults


@given(
    st.lists(st.sampled_from(["def f():\n", "    x = 1\n", "\n", "}\n", "else:\n", "y\n"]), max_size=30),
    st.data(),
)
def test_what_surrounds_a_change_is_the_same_in_both_texts(old: list[str], data: st.DataObject) -> None:
    at = sorted(data.draw(st.lists(st.integers(0, len(old)), max_size=4)))
    new = list(old)
    for place in reversed(at):
        new[place : place + data.draw(st.integers(0, 2))] = data.draw(st.lists(st.just("new\n"), max_size=2))
    spans = changed_spans("".join(old), "".join(new))
    found = list(surroundings(old, new, spans))
    covered = [
        span
        for span in spans
        for one in found
        if one.old_start <= span.old_start and span.old_end <= one.old_end
    ]
    assert covered == spans
    last_old = last_new = 0
    for one in found:
        # Between two surroundings nothing has changed, so they can be told apart in both.
        assert old[last_old : one.old_start] == new[last_new : one.new_start]
        last_old, last_new = one.old_end, one.new_end
    assert old[last_old:] == new[last_new:]


def test_the_indentation_of_the_first_line_is_taken_off_all_lines() -> None:
    assert flush_left(["    def f():\n", "\n", "        pass\n"]) == "def f():\n\n    pass\n"
    assert flush_left(["    def f():\n", "x\n"]) == "    def f():\nx\n"
    assert flush_left(["\n"]) == "\n"


PARSED = st.sampled_from([named(name) for name in ("python", "typescript", "rust", "css", "html", "json")])
TEXTS = st.text(st.sampled_from("abé \n(){}[]:;,'\"<>=#/"), max_size=80)


@given(TEXTS, PARSED)
def test_a_text_that_stays_breaks_nothing(text: str, language: Language) -> None:
    assert breakage(text, text, language) == Breakage((), Extent.WHOLE)


@given(TEXTS, TEXTS, PARSED)
def test_faults_are_on_lines_of_the_new_text_in_order_and_each_once(
    before: str, after: str, language: Language
) -> None:
    whole = breakage(before, after, language)
    assert whole is not None
    found = whole.faults
    lines = [fault.line for fault in found]
    assert lines == sorted(set(lines))
    assert all(0 <= line <= after.count("\n") for line in lines)
    assert all(isinstance(fault, SyntaxFault) and "\n" not in fault.text for fault in found)


def test_of_a_line_that_is_too_long_to_be_parsed_it_counts_what_pairs() -> None:
    before = "".join(f"function f{number}(a){{return g(a+{number})}}" for number in range(30_000)) + "\n"
    assert len(before) > WHOLE_AT_MOST
    found = breakage(before, before.replace("a+7)", "a+(7))"), named("javascript"))
    assert found == Breakage((), Extent.UNKNOWN)
    found = breakage(before, before.replace("a+7)", "a+(7)"), named("javascript"))
    assert found == Breakage((SyntaxFault(0, "unpaired ("),), Extent.UNKNOWN)
