"""Lines that stand in for code: told from comments that say something, in any language and any dress."""

from dataclasses import replace

import pytest

from editsvc import syntax
from editsvc.guard.elision import elided, stands_in
from editsvc.guard.findings import Answer, Check, Lines
from editsvc.guard.proposal import Proposal
from editsvc.instruction.intent import Intent

PLAIN = Intent("let the baker count loaves", understood=True, words=frozenset({"baker", "count", "loaves"}))
UNKNOWN = Intent("…")

BREAD = """\
def bake(oven, loaves):
    heat = oven.heat()
    for loaf in loaves:
        loaf.rise()
        if loaf.risen:
            oven.take(loaf)
        else:
            loaf.wait()
    oven.cool(heat)
    return loaves


def eat(loaf):
    return loaf.slices - 1
"""
BODY = BREAD[BREAD.index("    heat") : BREAD.index("    return loaves")]

PLACEHOLDERS = [
    "# ... existing code ...",
    "# rest unchanged",
    "// rest unchanged",
    "/* same as before */",
    "<!-- remaining content unchanged -->",
    "{/* … */}",
    "[...]",
    "...",
    "…",
    "(omitted)",
    "[rest of the file]",
    "# ...",
    "// ... (rest of the code)",
    "-- existing code here",
    "; unchanged",
    "# unverändert",
    "# ... restlicher Code bleibt gleich ...",
    "// der Rest bleibt wie zuvor",
    "# le reste du code est inchangé",
    "# resto del código sin cambios",
    "// restante inalterado ...",
    "# остальной код без изменений",
    "# 其余代码保持不变",
    "// 省略",
    "# 以下省略",
    "# 残りのコードは変更なし",
    "# 나머지 코드는 동일",
    "# ... weitere Zeilen ...",
    "# ... ytterligare kod ...",
    "same as before",
]


@pytest.mark.parametrize("line", PLACEHOLDERS)
def test_a_remark_in_the_place_of_code(line: str) -> None:
    after = BREAD.replace(BODY, f"    {line}\n")
    for intent in (PLAIN, UNKNOWN, replace(PLAIN, removes=True)):
        (finding,) = elided(Proposal(BREAD, after, intent, syntax.by_name("python")))
        assert (finding.kind, finding.answer, finding.after) == (
            Check.ELISION,
            Answer.ASK_THEN_REFUSE,
            Lines(2, 2),
        )


@pytest.mark.parametrize(
    "line", ["pass  # unchanged", "return loaves  // same as before", "oven.cool(heat)  # ..."]
)
def test_a_remark_behind_code(line: str) -> None:
    after = BREAD.replace(BODY, f"    {line}\n")
    assert [finding.kind for finding in elided(Proposal(BREAD, after, PLAIN, syntax.by_name("python")))] == [
        Check.ELISION
    ]


def test_a_remark_beside_a_line_that_changed() -> None:
    after = BREAD.replace(BODY, "    heat = oven.heat(240)\n    # ... existing code ...\n")
    (finding,) = elided(Proposal(BREAD, after, PLAIN, syntax.by_name("python")))
    assert finding.after == Lines(3, 3)


@pytest.mark.parametrize(
    "words", ["# Baking goes here as it always did", "# kao i ranije", "# comme d'habitude, patron"]
)
def test_a_comment_alone_for_many_lines_whatever_it_says(words: str) -> None:
    after = BREAD.replace(BODY, f"    {words}\n")
    (finding,) = elided(Proposal(BREAD, after, PLAIN, syntax.by_name("python")))
    assert finding.answer is Answer.ASK_THEN_REFUSE
    (asked,) = elided(Proposal(BREAD, after, UNKNOWN, syntax.by_name("python")))
    assert asked.answer is Answer.ASK_THEN_WARN


PYTHON = "def total(rows):\n{}\n"
SUM = "    count = 0\n    for row in rows:\n        count += row\n    return count"
STUBS = [
    ("x.py", PYTHON, SUM, "    pass"),
    ("x.py", PYTHON, SUM, "    ..."),
    ("x.py", PYTHON, SUM, "    raise NotImplementedError"),
    (
        "x.rs",
        "fn total(n: u8) -> u8 {{\n{}\n}}\n",
        "    let mut m = n;\n    m += 1;\n    m *= 2;\n    m",
        "    todo!()",
    ),
    (
        "x.ts",
        "function total(n) {{\n{}\n}}\n",
        "  let m = n;\n  m += 1;\n  return m;",
        "  throw new Error('not implemented');",
    ),
    (
        "x.java",
        "int total(int n) {{\n{}\n}}\n",
        "  n += 1;\n  n *= 2;\n  return n;",
        "  throw new UnsupportedOperationException();",
    ),
    ("x.go", "func total(n int) {{\n{}\n}}\n", "\tn += 1\n\tn *= 2\n\tprint(n)", ""),
]


@pytest.mark.parametrize(("name", "frame", "body", "stub"), STUBS)
def test_a_body_that_does_nothing_for_one_that_did(name: str, frame: str, body: str, stub: str) -> None:
    language = syntax.language_of(name)
    texts = frame.format(body), frame.format(stub)
    assert [finding.kind for finding in elided(Proposal(*texts, PLAIN, language))] == [Check.ELISION]
    asked = replace(PLAIN, stubs=True)
    assert list(elided(Proposal(*texts, asked, language))) == []


@pytest.mark.parametrize(
    "line",
    [
        "# islice leaves the rest of the loaves unread.",
        "# The same oven bakes rolls too.",
        "# Code that stays in the oven too long burns.",
        "// Unchanged loaves are not baked again, see the recipe.",
        "call(*args, ...)",
        "const { first, ...rest } = loaves",
        "def eat(self) -> None: ...",
        "# Übrige Brote werden verschenkt.",
        "print('...')",
        "loaves = [...loaves, loaf]",
    ],
)
def test_lines_that_say_something_are_no_remarks(line: str) -> None:
    assert not stands_in(line)


def test_a_comment_of_the_rest_beside_new_code() -> None:
    after = BREAD.replace(
        BODY,
        "    # The oven leaves the rest of the loaves raw.\n    oven.take_all(filter(Loaf.rise, loaves))\n",
    )
    assert list(elided(Proposal(BREAD, after, PLAIN, syntax.by_name("python")))) == []


def test_remarks_that_were_there_or_were_asked_for() -> None:
    before = BREAD.replace("        loaf.rise()\n", "        # ... as before ...\n        loaf.rise()\n")
    after = before.replace("    oven.cool(heat)\n", "")
    assert list(elided(Proposal(before, after, PLAIN, syntax.by_name("python")))) == []
    asked = replace(PLAIN, literal="replace the body by the comment '# rest unchanged'")
    after = BREAD.replace(BODY, "    # rest unchanged\n")
    assert list(elided(Proposal(BREAD, after, asked, None))) == []


def test_nothing_is_left_out_where_nothing_is_gone() -> None:
    after = BREAD.replace("    return loaves\n", "    # the rest is unchanged\n    return loaves\n")
    assert list(elided(Proposal(BREAD, after, PLAIN, syntax.by_name("python")))) == []


def test_a_body_is_not_empty_if_its_lines_stood_elsewhere() -> None:
    before = "void set(int a) {\n  check(a);\n  check(a + 1);\n  put(a);\n}\n\nvoid other(int a) {\n  keep(a);\n}\n"
    after = "void set(int a) {\n  keep(a);\n}\n"
    assert list(elided(Proposal(before, after, PLAIN, syntax.by_name("c")))) == []
    emptied = before.replace("  check(a);\n  check(a + 1);\n  put(a);\n", "")
    assert list(elided(Proposal(before, emptied, PLAIN, syntax.by_name("c"))))
