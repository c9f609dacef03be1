from __future__ import annotations

from keyword import iskeyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.instruction.commands import AddDocstring, AddParameter, Rename, SortImports
from editsvc.instruction.palette import Colour, colour
from editsvc.offline import NotApplicable, edits, rewrite
from editsvc.offline.names import distance, near
from editsvc.syntax import by_name
from editsvc.text.document import apply, split_lines

NAMES = st.from_regex(r"[a-z_é][a-z0-9_é]{0,8}", fullmatch=True).filter(lambda name: not iskeyword(name))
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])
MODULES = st.sampled_from(["os", "sys", "json", "attrs", "requests", "zlib", ".near", "..far", "."])


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Python in which the name `target` stands as code, in strings and in a comment, among other names."""
    lines = ["target = 0  # target 😀"]
    for name in draw(st.lists(NAMES, max_size=6)):
        lines += draw(
            st.sampled_from(
                [
                    [f"def {name}(target=1):", f"    return f'target {{target}} {name}'"],
                    [f"{name} = target.target({name}=1)"],
                    [f"class {name}:", "    target: int = 'target'"],
                ]
            )
        )
    return "".join(line + draw(LINE_ENDS) for line in lines)


@given(programs())
def test_renaming_there_and_back_is_the_identity(text: str) -> None:
    there = rewrite(text, "rename target to a_fresh_name", filename="a.py")
    assert there != text
    assert rewrite(there, "rename a_fresh_name to target", filename="a.py") == text


@given(programs(), st.tuples(st.booleans(), st.booleans()))
def test_a_rename_leaves_lines_without_the_name_as_they_are(text: str, reach: tuple[bool, bool]) -> None:
    value = Rename("target", "a_fresh_name", in_comments=reach[0], in_strings=reach[1])
    new = apply(text, edits(text, value, by_name("python")))
    for before, after in zip(split_lines(text), split_lines(new), strict=True):
        assert (after == before) == ("target" not in before)


@given(st.lists(MODULES, min_size=1, max_size=8), LINE_ENDS, LINE_ENDS | st.just(""))
def test_sorting_imports_keeps_every_line_and_sorting_again_changes_nothing(
    modules: list[str], line_end: str, last: str
) -> None:
    statements = [
        f"from {m} import x  # {i}" if "." in m else f"import {m}  # {i}" for i, m in enumerate(modules)
    ]
    text = line_end.join(statements) + last
    python = by_name("python")
    new = apply(text, edits(text, SortImports(), python))
    lines = [line.rstrip("\r\n") for line in split_lines(new)]
    assert sorted(line for line in lines if line) == sorted(statements)
    assert edits(new, SortImports(), python) == []
    assert new[-len(last) :] == last if last else not new.endswith(line_end)


@given(programs())
def test_documentation_only_adds_lines_and_is_complete_after_one_time(text: str) -> None:
    python = by_name("python")
    try:
        made = edits(text, AddDocstring(), python)
    except NotApplicable:
        return
    assert all(edit.start == edit.end for edit in made)
    new = apply(text, made)
    with pytest.raises(NotApplicable, match="documented"):
        edits(new, AddDocstring(), python)


@given(st.lists(NAMES, max_size=5, unique=True), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_a_parameter_is_added_once_and_the_result_is_python(
    names: list[str], form: tuple[bool, bool, bool]
) -> None:
    rest, lines, trailing = form
    parameters = names + (["**kwargs"] if rest and "kwargs" not in names else [])
    separator = ",\n    " if lines else ", "
    listed = separator.join(parameters) + ("," if trailing and parameters else "")
    text = f"def f({chr(10) + '    ' if lines else ''}{listed}{chr(10) if lines else ''}):\n    pass\n"
    compile(text, "before", "exec")
    value = AddParameter("f", "a_fresh_name", default="1")
    new = apply(text, edits(text, value, by_name("python")))
    compile(new, "after", "exec")
    with pytest.raises(NotApplicable, match="already"):
        edits(new, value, by_name("python"))


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("#0f0", (0, 255, 0, 255)),
        ("#00FF0080", (0, 255, 0, 128)),
        ("Lime", (0, 255, 0, 255)),
        ("rgb(0,255,0)", (0, 255, 0, 255)),
        ("rgba(0 100% 0 / 50%)", (0, 255, 0, 128)),
        ("transparent", (0, 0, 0, 0)),
        ("rebeccapurple", (102, 51, 153, 255)),
        ("#12345", None),
        ("#xyz", None),
        ("solid", None),
        ("rgb(1, 2)", None),
        ("hsl(120 100% 50%)", (0, 255, 0, 255)),
        ("HSLA(120deg, 100%, 50%, 50%)", (0, 255, 0, 128)),
        ("hsl(-0.6667turn 100% 25%)", (0, 128, 0, 255)),
        ("hwb(120 0% 0% / none)", (0, 255, 0, 0)),
        ("hwb(0 60% 60%)", (128, 128, 128, 255)),
        ("oklch(62.796% 0.25768 29.234)", (255, 0, 0, 255)),
        ("oklab(0.62796 0.22486 0.12585)", (255, 0, 0, 255)),
        ("lab(54.29 80.80 69.89)", (255, 0, 0, 255)),
        ("lch(54.29% 106.84 40.86)", (255, 0, 0, 255)),
        ("rgb(0 255/* full */ 0)", (0, 255, 0, 255)),
        ("rgb(1deg 2 3)", None),
        ("hsl(120, 100% 50%)", None),
        ("hsl(var(--hue) 100% 50%)", None),
    ],
)
def test_a_colour_has_many_spellings(spelling: str, expected: Colour | None) -> None:
    assert colour(spelling) == expected


def test_near_names_are_those_a_slip_away() -> None:
    assert near("get_usr", ["get_user", "getUsr", "set", "get_users", "put_usr"]) == [
        "getUsr",
        "get_user",
        "get_users",
    ]
    assert near("x", []) == []


@given(st.text("ab", max_size=6), st.text("ab", max_size=6), st.integers(0, 6))
def test_the_distance_is_symmetric_and_bounded(a: str, b: str, limit: int) -> None:
    far = distance(a, b, limit)
    assert far == distance(b, a, limit)
    assert (far == 0) == (a == b)
    assert far <= limit + 1
