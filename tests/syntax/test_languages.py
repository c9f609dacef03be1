from __future__ import annotations

import gc
import tracemalloc
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.syntax import (
    LANGUAGES,
    Language,
    ParseBudget,
    by_name,
    definitions,
    language_of,
    parse,
    syntax_errors,
)
from editsvc.syntax import outline_of as outlined
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Callable

PARSED = [language for language in LANGUAGES if language.grammar]
QUERIES = ("definitions", "identifiers", "strings", "comments", "imports", "values", "raw_code")


def named(name: str) -> Language:
    language = by_name(name)
    assert language is not None
    return language


def outline_of(text: str, name: str) -> list[tuple[str, str]]:
    return [(found.kind, found.qualified) for found in definitions(text, named(name))]


@pytest.mark.parametrize(
    ("filename", "first_line", "name"),
    [
        ("src/app.py", "", "python"),
        ("APP.PY", "", "python"),
        ("view.jsx", "", "javascriptreact"),
        ("view.tsx", "", "typescriptreact"),
        ("types.d.ts", "", "typescript"),
        ("pyproject.toml", "", "toml"),
        ("/home/me/.bashrc", "", "shellscript"),
        (r"C:\code\page.HTM", "", "html"),
        ("Makefile", "", "makefile"),
        ("data.ipynb", "", "json"),
        ("map.geojson", "", "json"),
        ("composer.lock", "", "json"),
        ("app.js.map", "", "json"),
        ("shop.code-workspace", "", "jsonc"),
        ("Default.sublime-keymap", "", "jsonc"),
        ("tsconfig.base.json", "", "jsonc"),
        ("shop/.vscode/settings.json", "", "jsonc"),
        (r"shop\.vscode\settings.json", "", "jsonc"),
        ("settings.json", "", "json"),
        ("data.json5", "", "json5"),
        (".babelrc", "", "json5"),
        (".prettierrc", "{\n", "jsonc"),
        (".prettierrc", "semi: false\n", "yaml"),
        (".prettierrc", "", "jsonc"),
        ("PHP.sublime-syntax", "", "yaml"),
        ("guide.mdx", "", "mdx"),
        ("shop.cppm", "", "cpp"),
        (".zshrc", "", "zsh"),
        ("agnoster.zsh-theme", "", "zsh"),
        ("_shop", "#compdef shop\n", "zsh"),
        ("install.sh", "#!/usr/bin/env zsh\n", "zsh"),
        ("install.sh", "# installs it\n", "shellscript"),
        ("run", "#!/bin/sh\n", "shellscript"),
        ("run", "#!/usr/bin/env python3.12\n", "python"),
        ("run", "#! /usr/bin/env -S LANG=C node --harmony\n", "javascript"),
        ("run.py", "#!/bin/sh\n", "python"),
    ],
)
def test_a_language_is_told_by_file_name_and_else_by_the_first_line(
    filename: str, first_line: str, name: str
) -> None:
    assert language_of(filename, first_line) is named(name)


@pytest.mark.parametrize(
    ("filename", "first_line"),
    [("run", ""), ("data.xyz", "#!"), ("", "# python"), ("page.html.erb", "<html>"), ("linker.map", "")],
)
def test_what_is_not_known_is_no_language(filename: str, first_line: str) -> None:
    assert language_of(filename, first_line) is None


def test_names_are_those_of_lsp_and_the_usual_short_ones() -> None:
    assert [named(name).name for name in ("shellscript", "BASH", "ts", "c++", "py")] == [
        "shellscript",
        "shellscript",
        "typescript",
        "cpp",
        "python",
    ]
    assert by_name("klingon") is None


def test_no_two_rows_claim_the_same_name_suffix_file_or_shebang() -> None:
    for field in ("suffixes", "filenames", "patterns", "shebangs"):
        claims = [claim for language in LANGUAGES for claim in getattr(language, field)]
        assert len(claims) == len(set(claims))
    names = [name for language in LANGUAGES for name in {language.name, *language.aliases}]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("language", PARSED, ids=lambda language: language.name)
def test_every_query_of_a_row_fits_its_grammar(language: Language) -> None:
    tree = parse("", language)
    assert tree is not None
    assert [tree.captures(getattr(language, query)) for query in QUERIES] == [[]] * len(QUERIES)


DEFINITIONS = {
    "python": (
        (
            "class A:\n    @property\n    def b(self):\n        def c(): ...\n\n"
            "async def d(): ...\ntype E = int\n"
        ),
        [("class", "A"), ("method", "A.b"), ("function", "A.b.c"), ("function", "d"), ("type", "E")],
    ),
    "javascript": (
        (
            "export default function a() {}\nconst b = () => 1, c = class {};\n"
            "class D { e() {} f = () => 1 }\n"
            "G.prototype.h = function () {};\nconst i = { j() {}, k: () => 1 };\n"
        ),
        [
            ("function", "a"),
            ("function", "b"),
            ("class", "c"),
            ("class", "D"),
            ("method", "D.e"),
            ("method", "D.f"),
            ("function", "G.h"),
            ("method", "j"),
            ("method", "k"),
        ],
    ),
    "typescriptreact": (
        (
            "interface A { b(): void }\ntype C = 1;\nenum D { E }\n"
            "namespace F { function g() { return <p/> } }\n"
            "abstract class H { abstract i(): void }\ndeclare function j(): void;\n"
        ),
        [
            ("interface", "A"),
            ("declaration", "A.b"),
            ("type", "C"),
            ("enum", "D"),
            ("namespace", "F"),
            ("function", "F.g"),
            ("class", "H"),
            ("declaration", "H.i"),
            ("declaration", "j"),
        ],
    ),
    "go": (
        (
            "package p\n\nfunc A() {}\nfunc (b *B[T]) C() {}\n"
            "type (\n\tD struct{}\n\tE interface{}\n\tF = int\n)\n"
        ),
        [("function", "A"), ("method", "B.C"), ("struct", "D"), ("interface", "E"), ("type", "F")],
    ),
    "rust": (
        (
            "mod a { fn b() {} }\nstruct C;\nimpl<T> D for C<T> { fn e() {} }\ntrait F { fn g(); }\n"
            "macro_rules! h { () => {} }\n"
        ),
        [
            ("module", "a"),
            ("function", "a.b"),
            ("struct", "C"),
            ("impl", "C"),
            ("method", "C.e"),
            ("trait", "F"),
            ("declaration", "F.g"),
            ("macro", "h"),
        ],
    ),
    "java": (
        "class A { A() {} void b() {} enum C { D } }\ninterface E {}\nrecord F(int g) {}\n",
        [
            ("class", "A"),
            ("method", "A.A"),
            ("method", "A.b"),
            ("enum", "A.C"),
            ("interface", "E"),
            ("record", "F"),
        ],
    ),
    "c": (
        (
            "int a(void);\nchar **b(void) { return 0; }\ntypedef struct C { int d; } C;\nenum E { F };\n"
            "#define G(x) x\n"
        ),
        [("declaration", "a"), ("function", "b"), ("type", "C"), ("enum", "E"), ("macro", "G")],
    ),
    "cpp": (
        (
            "namespace a { class B { int c(); ~B() {} }; }\nint a::B::c() { return 1; }\n"
            "template <class T> T &d(T &e) { return e; }\nusing F = int;\n"
        ),
        [
            ("namespace", "a"),
            ("class", "a.B"),
            ("declaration", "a.B.c"),
            ("method", "a.B.~B"),
            ("function", "a.B.c"),
            ("function", "d"),
            ("type", "F"),
        ],
    ),
    "css": ("a, .b { color: red }\n", [("rule", "a, .b")]),
    "shellscript": ("a() { :; }\nfunction b { :; }\n", [("function", "a"), ("function", "b")]),
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_definitions_have_kinds_and_qualified_names_nested_ones_included(name: str) -> None:
    text, expected = DEFINITIONS[name]
    assert syntax_errors(text, named(name)) == []
    assert outline_of(text, name) == expected


@pytest.mark.parametrize(
    ("name", "text", "whole", "bare"),
    [
        (
            "python",
            "import x\n\n# one\n# two\n@deco\n@tor(1)\ndef f():\n    return 1\n\nx = 1\n",
            "# one\n# two\n@deco\n@tor(1)\ndef f():\n    return 1",
            "def f():\n    return 1",
        ),
        ("python", "# detached\n\ndef f(): ...\n", "def f(): ...", "def f(): ..."),
        ("python", "x = 1  # its own\ndef f(): ...\n", "def f(): ...", "def f(): ..."),
        ("python", "#!/usr/bin/python\ndef f(): ...\n", "def f(): ...", "def f(): ..."),
        (
            "typescript",
            "/**\n * doc\n */\nexport const f = () => 1;\n",
            "/**\n * doc\n */\nexport const f = () => 1;",
            "f = () => 1",
        ),
        ("typescript", "const a = 1, f = () => 1;\n", "f = () => 1;", "f = () => 1"),
        ("rust", "/// é\n#[inline]\npub fn f() {}\n", "/// é\n#[inline]\npub fn f() {}", "pub fn f() {}"),
        ("go", "// 😀\ntype f struct{}\n", "// 😀\ntype f struct{}", "f struct{}"),
        ("cpp", "template <class T>\nclass f {};\n", "template <class T>\nclass f {};", "class f {}"),
        ("c", "#define f(x) x\nint y;\n", "#define f(x) x", "#define f(x) x\n"),
    ],
)
def test_a_definition_spans_what_belongs_to_it(name: str, text: str, whole: str, bare: str) -> None:
    (found,) = (found for found in definitions(text, named(name)) if found.name == "f")
    assert text[found.start : found.end] == whole
    assert text[found.node_start : found.node_end] == bare
    assert text[found.name_start : found.name_end] == "f"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_definitions_do_not_depend_on_line_ends(line_end: str) -> None:
    text = "# 😀\ndef f():\n    pass\n\n\n# é\nclass A:\n    def g(self):\n        pass\n".replace(
        "\n", line_end
    )
    found = definitions(text, named("python"))
    assert [text[each.start : each.end].split("def")[0] for each in found] == [
        f"# 😀{line_end}",
        f"# é{line_end}class A:{line_end}    ",
        "",
    ]


def test_an_outline_has_the_tree_and_the_definitions_of_one_parse() -> None:
    text = "# above\nclass A:\n    def f(self): ...\n"
    found = outlined(text, named("python"), budget=ParseBudget(2_000_000))
    assert found is not None
    assert list(found.definitions) == definitions(text, named("python"), budget=ParseBudget(2_000_000))
    assert found.tree.text == text
    assert outlined(text, None) is None
    assert outlined(text, named("sql")) is None


@given(st.lists(st.sampled_from(["# é\n", "# b\n", "\n", "def f(): ...\n", "x = 1  # no\n"]), max_size=12))
def test_comments_directly_above_belong_to_a_definition(lines: list[str]) -> None:
    text = "".join(lines) + "def g(): ...\n"
    (found,) = (
        one for one in definitions(text, named("python"), budget=ParseBudget(2_000_000)) if one.name == "g"
    )
    above = [line for line in split_lines(text[: found.node_start]) if line]
    own = [line for line in split_lines(text[found.start : found.node_start]) if line]
    expected: list[str] = []
    while len(expected) < len(above) and above[-1 - len(expected)] in {"# é\n", "# b\n"}:
        expected.insert(0, above[-1 - len(expected)])
    assert own == expected


def test_a_language_without_a_grammar_has_no_tree_no_definitions_and_no_verdict() -> None:
    sql = named("sql")
    assert parse("SELECT 1", sql) is None
    assert definitions("SELECT 1", sql) == []
    assert syntax_errors("SELECT (", sql) is None


def test_the_grammar_of_a_relative_finds_definitions_and_gives_no_verdict() -> None:
    text = "last() {\n  print ${(Q)1}\n}\n"
    assert outline_of(text, "zsh") == [("function", "last")]
    assert syntax_errors(text, named("shellscript"))
    assert syntax_errors(text, named("zsh")) is None


def test_commas_before_a_closing_bracket_are_errors_only_where_they_are_not_allowed() -> None:
    text = '{\n  "a": [1, 2,  // two\n  ],\n  "b": ",]",\n}\n'
    assert syntax_errors(text, named("jsonc")) == []
    assert syntax_errors(text, named("json"))
    assert syntax_errors('{"a": [1,, 2]}', named("jsonc")) == [0]


def test_syntax_errors_are_lines_each_once() -> None:
    python = named("python")
    assert syntax_errors("", python) == []
    assert syntax_errors("x = 1\n", python) == []
    assert syntax_errors("x = 1\ny = (1\n", python) == [1]
    assert syntax_errors("x = 1\ry = )\r", python) == [1]


@pytest.mark.parametrize(
    "budget",
    [lambda: ParseBudget(100), lambda: ParseBudget(processor_s=5, clock=count().__next__)],
    ids=["steps", "processor time"],
)
def test_a_parse_ends_with_nothing_when_its_budget_is_used_up(budget: Callable[[], ParseBudget]) -> None:
    python = named("python")
    text = "x = [1, 2, 3]\n" * 5000
    used = budget()
    assert parse(text, python, budget=used) is None
    assert used.used_up
    assert definitions(text, python, budget=budget()) == []
    assert syntax_errors(text, python, budget=budget()) is None


def test_a_budget_is_shared_by_the_texts_that_it_is_handed_along_with() -> None:
    python, budget = named("python"), ParseBudget(1_000)
    text = "x = [1, 2, 3]\n" * 500
    parsed = [parse(text, python, budget=budget) is not None for _ in range(20)]
    assert parsed[0] and not parsed[-1]
    assert parsed == sorted(parsed, reverse=True)


def test_a_text_takes_as_many_steps_however_long_they_last() -> None:
    def needed(tick: float) -> int:
        ticks = count(0, tick)
        budgets = (ParseBudget(steps, processor_s=1e9, clock=lambda: next(ticks)) for steps in count())
        return next(
            steps
            for steps, budget in enumerate(budgets)
            if parse("f(x)\n" * 300, named("python"), budget=budget)
        )

    assert needed(0) == needed(1_000) > 1


def test_a_parse_that_was_stopped_leaves_nothing_behind_for_the_next() -> None:
    python = named("python")
    assert parse("x = 1\n" * 5000, python, budget=ParseBudget(2)) is None
    assert outline_of("def f(): ...\n", "python") == [("function", "f")]


@given(st.text(st.sampled_from("aé中😀\n\r \"'(){}:#/*"), max_size=600), st.sampled_from(PARSED))
def test_offsets_convert_both_ways_at_every_code_point(text: str, language: Language) -> None:
    tree = parse(text, language, budget=ParseBudget(2_000_000))
    assert tree is not None
    assert [tree.offset(tree.byte(offset)) for offset in range(len(text) + 1)] == list(range(len(text) + 1))
    assert tree.byte(len(text)) == len(text.encode())


@given(st.text(st.sampled_from("aé😀\n\r\t (){}:;,#/*@def class"), max_size=200), st.sampled_from(PARSED))
def test_definitions_of_any_text_are_spans_inside_of_each_other(text: str, language: Language) -> None:
    for found in definitions(text, language, budget=ParseBudget(2_000_000)):
        assert 0 <= found.start <= found.node_start <= found.name_start <= found.name_end <= len(text)
        assert found.name_end <= found.node_end
        assert found.start < found.end <= len(text)


def test_the_table_imports_no_grammar() -> None:
    import subprocess
    import sys

    program = (
        "import sys, editsvc.syntax, editsvc.offline; print([m for m in sys.modules if 'tree_sitter' in m])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("opened", ["(", '("'], ids=["well formed", "broken"])
def test_a_process_that_parses_for_days_does_not_grow(opened: str) -> None:
    """The binding keeps a reference to everything that it reads; the text must not hang on it."""
    text = "".join(f"def step_{number}(value):\n    return {number}\n\n\n" for number in range(500))
    text = text.replace("(", opened, 1)
    for _ in range(5):
        assert parse(text, named("python"), budget=ParseBudget(2_000_000)) is not None
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(20):
            parse(text, named("python"), budget=ParseBudget(2_000_000))
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < len(text) / 2
