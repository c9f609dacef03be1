"""Carry-over: what the first files of a run teach about the next ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.prediction.carry_over import CarryOver
from editsvc.syntax import by_name
from editsvc.text.document import apply, normalise

if TYPE_CHECKING:
    from editsvc.syntax import Language

PYTHON = by_name("python")


def taught(before: str, after: str, language: str = "python") -> CarryOver:
    return CarryOver().learn(before, after, by_name(language))


def drafted(lessons: CarryOver, document: str, language: str = "python") -> str:
    return apply(document, lessons.draft(document, by_name(language)))


# Words.


def test_a_word_that_became_another_becomes_it_in_the_next_file() -> None:
    lessons = taught("client = HttpClient()\nclient.get()\n", "client = WebClient()\nclient.get()\n")

    assert drafted(lessons, "def f(c: HttpClient):\n    MyHttpClient()\n") == (
        "def f(c: WebClient):\n    MyHttpClient()\n"
    )


def test_a_word_that_was_replaced_here_and_there_is_no_lesson() -> None:
    before = "load(data)\nsave(data)\nshow(data)\n"
    lessons = taught(before, "load(rows)\nsave(data)\nshow(data)\n")

    assert drafted(lessons, "print(data)\n") == "print(data)\n"


def test_nearly_every_occurrence_is_enough() -> None:
    """Nine calls of ten were renamed; the tenth place is a message."""
    before = "fetch(1)\n" * 10 + "log('fetch failed')\n"
    lessons = taught(before, before.replace("fetch(", "download("))

    assert drafted(lessons, "x = fetch(2)\n") == "x = download(2)\n"


def test_a_word_with_two_replacements_is_no_lesson() -> None:
    lessons = taught("open_it(a)\nopen_it(b)\n", "open_file(a)\nopen_link(b)\n")

    assert drafted(lessons, "c = open_it(c)\n") == "c = open_it(c)\n"


def test_two_words_that_were_swapped_are_no_lesson() -> None:
    lessons = taught("f(left, right)\n", "f(right, left)\n")

    assert lessons.draft("right = left\n", PYTHON) == ()


def test_short_names_and_numbers_are_no_words_to_learn() -> None:
    lessons = taught("x1 = 300 + i\n", "x1 = 301 + j\n")

    assert lessons.draft("i = 300\n", PYTHON) == ()


def test_a_path_of_words_is_learnt_where_its_words_alone_say_too_little() -> None:
    lessons = taught("import time\n\na = time.time()\n", "import time\n\na = time.monotonic()\n")

    assert drafted(lessons, "time.sleep(time.time() - b.time)\n") == "time.sleep(time.monotonic() - b.time)\n"


def test_words_that_changed_together_are_not_taken_apart() -> None:
    before = "import store\n\na = store(fetch_row, 1)\n"
    lessons = taught(before, "import store\n\na = table(read_row, 1)\n")

    assert lessons.draft("b = fetch_row + 2\n", PYTHON) == ()


def test_a_word_is_what_the_language_calls_a_name() -> None:
    lessons = taught(".card-title { top: 0 }\n", ".card-head { top: 0 }\n", "css")

    assert (
        drafted(lessons, ".card-title {}\n.my-card-title {}\n", "css") == ".card-head {}\n.my-card-title {}\n"
    )


# Lines.

LOG_BEFORE = """\
def load(path):
    try:
        return read(path)
    except OSError as exc:
        print("failed", exc)
        raise
"""
LOG_AFTER = """\
def load(path):
    try:
        return read(path)
    except OSError as exc:
        logger.exception("failed")
        if verbose:
            show(exc)
        raise
"""


def test_lines_that_became_others_do_so_at_any_indentation() -> None:
    document = 'for one in all_of_them:\n    if one:\n        if two:\n            print("failed", exc)\n'

    assert drafted(taught(LOG_BEFORE, LOG_AFTER), document) == (
        "for one in all_of_them:\n    if one:\n        if two:\n"
        '            logger.exception("failed")\n            if verbose:\n                show(exc)\n'
    )


def test_new_lines_are_indented_as_the_document_is() -> None:
    lessons = taught(LOG_BEFORE, LOG_AFTER)

    assert drafted(lessons, 'if one:\n\tprint("failed", exc)\n') == (
        'if one:\n\tlogger.exception("failed")\n\tif verbose:\n\t\tshow(exc)\n'
    )
    assert drafted(lessons, 'if one:\n  print("failed", exc)\n') == (
        'if one:\n  logger.exception("failed")\n  if verbose:\n    show(exc)\n'
    )


def test_a_block_of_several_lines_is_found_with_its_inner_indentation() -> None:
    before = "if (value == null) {\n  return missing();\n}\nuse(value);\n"
    lessons = taught(before, "requireValue(value);\nuse(value);\n", "javascript")
    document = "function f() {\n\tif (value == null) {\n\t\treturn missing();\n\t}\n}\n"

    assert drafted(lessons, document, "javascript") == "function f() {\n\trequireValue(value);\n}\n"


def test_a_block_that_occurs_in_part_is_left_alone() -> None:
    before = "if (value == null) {\n  return missing();\n}\nuse(value);\n"
    lessons = taught(before, "requireValue(value);\nuse(value);\n", "javascript")

    assert lessons.draft("if (value == null) {\n  return other();\n}\n", by_name("javascript")) == ()


def test_lines_that_went_go_from_the_next_file_too() -> None:
    before = "setup()\nenable_legacy_mode(True)\nrun()\n"
    lessons = taught(before, "setup()\nrun()\n")

    assert drafted(lessons, "def main():\n    enable_legacy_mode(True)\n    other()\n") == (
        "def main():\n    other()\n"
    )


def test_lines_that_say_nothing_are_no_lesson() -> None:
    lessons = taught("f(x)\n}\nelse:\n    pass\n", "f(x)\n")

    assert lessons.draft("if a:\n    b\nelse:\n    pass\n}\n", PYTHON) == ()


def test_lines_that_moved_did_not_go() -> None:
    lessons = taught("first_thing()\nsecond_thing()\nthird\n", "second_thing()\nthird\nfirst_thing()\n")

    assert lessons.draft("first_thing()\nx = 1\n", PYTHON) == ()


def test_long_ranges_of_changed_lines_teach_line_by_line() -> None:
    before = "".join(f"register({i}, legacy=True)\n" for i in range(9))
    lessons = taught(before, before.replace(", legacy=True", ""))

    assert drafted(lessons, "if x:\n    register(7, legacy=True)\n") == "if x:\n    register(7)\n"


def test_every_line_keeps_its_own_line_end() -> None:
    lessons = taught(LOG_BEFORE, LOG_AFTER)

    assert drafted(lessons, 'a = 1\r\nprint("failed", exc)\r\nb = 2') == (
        'a = 1\r\nlogger.exception("failed")\r\nif verbose:\r\n    show(exc)\r\nb = 2'
    )


# Imports.

CLOCK_BEFORE = """\
import sys
import time

started = time.now_ms()
sys.exit(0)
"""
CLOCK_AFTER = """\
import sys
import clocks
import time

started = clocks.monotonic()
sys.exit(0)
"""


def test_an_import_comes_with_what_it_is_for() -> None:
    lessons = taught(CLOCK_BEFORE, CLOCK_AFTER)

    assert drafted(lessons, "import os\nimport time\n\nstarted = time.now_ms()\n") == (
        "import os\nimport clocks\nimport time\n\nstarted = clocks.monotonic()\n"
    )


@pytest.mark.parametrize(
    "document",
    [
        "import sys\n\nprint(sys.argv)\n",
        "import sys\n\nprint(clocks)\n",
    ],
)
def test_an_import_that_the_draft_does_not_need_is_not_added(document: str) -> None:
    assert drafted(taught(CLOCK_BEFORE, CLOCK_AFTER), document) == document


def test_an_import_that_is_there_is_not_added_again() -> None:
    lessons = taught(CLOCK_BEFORE, CLOCK_AFTER)

    assert drafted(lessons, "from tools import clocks\nstarted = time.now_ms()\n") == (
        "from tools import clocks\nstarted = clocks.monotonic()\n"
    )


def test_without_its_neighbours_an_import_goes_where_the_alphabet_has_it() -> None:
    lessons = taught(CLOCK_BEFORE, CLOCK_AFTER)
    document = '"""Start."""\n\nimport abc\nimport zlib\n\nimport late\n\nstarted = time.now_ms()\n'

    assert drafted(lessons, document) == document.replace(
        "import zlib", "import clocks\nimport zlib"
    ).replace("time.now_ms", "clocks.monotonic")


def test_an_import_goes_only_where_it_is_of_no_more_use() -> None:
    before = "import time\n\nstarted = time.now_ms()\n"
    lessons = taught(before, "\nstarted = ticks()\n")
    both = "import time\n\nstarted = time.now_ms()\ntime.sleep(1)\n"

    assert drafted(lessons, "import time\nstarted = time.now_ms()\n") == "started = ticks()\n"
    assert drafted(lessons, both) == "import time\n\nstarted = ticks()\ntime.sleep(1)\n"


def test_a_go_import_is_a_line_among_others_in_parentheses() -> None:
    before = (
        'import (\n\t"fmt"\n\t"os"\n)\n\nvar a = fmt.Errorf("no such file")\nvar b = fmt.Sprint(os.Args)\n'
    )
    after = before.replace('\t"fmt"\n', '\t"errors"\n\t"fmt"\n').replace(
        'fmt.Errorf("no such file")', 'errors.New("no such file")'
    )
    document = 'import (\n\t"fmt"\n)\n\nvar a = fmt.Errorf("no such file")\n'

    assert drafted(taught(before, after, "go"), document, "go") == (
        'import (\n\t"errors"\n\t"fmt"\n)\n\nvar a = errors.New("no such file")\n'
    )


def test_an_import_of_one_language_is_none_of_another() -> None:
    lessons = taught(CLOCK_BEFORE, CLOCK_AFTER)

    assert drafted(lessons, "import 'time';\nstarted = time.now_ms()\n", "javascript") == (
        "import 'time';\nstarted = clocks.monotonic()\n"
    )


# Contradictions.


def test_lessons_add_up() -> None:
    lessons = taught("alpha()\n", "first()\n").learn("omega()\n", "last()\n", PYTHON)

    assert drafted(lessons, "alpha(omega)\n") == "first(last)\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("alpha(2)\n", "gamma(2)\n"),
        ("beta(2)\n", "alpha(2)\n"),
        ("alpha(2)\n", "alpha(2)\n"),
        ("alpha(2)\n", "alpha(3)\n"),
    ],
)
def test_an_edit_that_does_otherwise_takes_a_word_back_for_good(before: str, after: str) -> None:
    lessons = taught("alpha(1)\n", "beta(1)\n").learn(before, after, PYTHON)

    assert lessons.draft("x = alpha\n", PYTHON) == ()
    assert lessons.learn("alpha(1)\n", "beta(1)\n", PYTHON).draft("x = alpha\n", PYTHON) == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\n    return old_way(1)\n", "a\n    return other()\n"),
        ("return old_way(1)\nb\n", "return old_way(1)\nc\n"),
        ("new, way\n", "return old_way(1)\n"),
    ],
)
def test_an_edit_that_does_otherwise_takes_lines_back(before: str, after: str) -> None:
    lessons = taught("return old_way(1)\n", "new, way\n").learn(before, after, PYTHON)

    assert lessons.draft("return old_way(1)\n", PYTHON) == ()


def test_an_import_that_was_added_and_then_dropped_is_no_lesson() -> None:
    lessons = taught(CLOCK_BEFORE, CLOCK_AFTER).learn("import clocks\nimport os\n", "import os\n", PYTHON)

    assert drafted(lessons, "import os\nstarted = time.now_ms()\n") == (
        "import os\nstarted = clocks.monotonic()\n"
    )


def test_lessons_that_undo_each_other_make_no_edits() -> None:
    """Each of the three replaces what the one before writes, and the last one writes the first again."""
    lessons = CarryOver()
    ring = ["first_call(1, 2)", "second: call 3", "third = call - 4"]
    for old, new in zip(ring, [*ring[1:], ring[0]], strict=True):
        lessons = lessons.learn(f"{old}\n", f"{new}\n", None)

    assert lessons.draft("first_call(1, 2)\n", None) == ()


def test_a_text_beyond_reason_teaches_nothing_and_is_not_drafted() -> None:
    lessons = taught("alpha(1)\n", "beta(1)\n")
    huge = "alpha()\n" * 1_100_000

    assert lessons.learn(huge, huge, PYTHON) is lessons
    assert lessons.draft(huge, PYTHON) == ()


def test_one_run_teaches_a_bounded_number_of_lessons() -> None:
    before = "".join(f"word{i}(x)\n" for i in range(1_000))
    lessons = taught(before, before.replace("word", "term"))

    assert 0 < len(lessons.draft("\n\n".join(f"word{i}(x)" for i in range(1_000)), PYTHON)) < 1_000


# Properties.

NAMES = ["client", "server", "fetch_all", "total"]
LINES = [
    "client.fetch_all(server, total)",
    "server = connect(client)",
    "return total + fetch_all(1)",
    "# a comment about nothing",
    "",
    "}",
    "print(f'{client} and {server}')",
]


@st.composite
def programs(draw: st.DrawFn) -> str:
    unit = draw(st.sampled_from(["\t", "  ", "    "]))
    lines = draw(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(LINES)), min_size=1, max_size=15))
    text = "".join(f"{unit * depth if line else ''}{line}\n" for depth, line in lines)
    return f"start:\n{unit}begin\n{text}"


@given(programs(), st.sampled_from(NAMES), st.sampled_from(["fresh", "Fresh_Name"]))
def test_renames_that_were_learnt_from_a_file_are_the_draft_of_that_file(
    before: str, old: str, new: str
) -> None:
    after = before.replace(old, new)
    lessons = taught(before, after)

    assert drafted(lessons, before) == after
    assert lessons.draft(after, PYTHON) == ()


@given(
    st.sampled_from(["\t", "  ", "    "]),
    st.lists(st.integers(0, 2), min_size=1, max_size=6),
    st.lists(st.sampled_from(["quite_new(1)", ">deeper(2)", "x = [1, 2, 3]"]), max_size=3),
)
def test_lines_that_were_replaced_everywhere_are_the_draft_of_that_file(
    unit: str, depths: list[int], new: list[str]
) -> None:
    """A call at several depths, always between other lines, becomes the lines `new` (">" is one level deeper)."""
    head = f"start:\n{unit}begin\n"
    before = after = head
    for depth in depths:
        before += f"{unit * depth}old_call(1, 2)\nbetween\n"
        after += "".join(f"{unit * depth}{line.replace('>', unit)}\n" for line in new) + "between\n"
    lessons = taught(before, after)

    assert drafted(lessons, before) == after
    assert lessons.draft(after, PYTHON) == ()


MESS = st.lists(
    st.sampled_from(
        [
            "alpha_beta(1)",
            "gamma_delta(2)",
            "import alpha",
            "import gamma",
            "from x import y",
            *"\n\n\n\t \r\x0c\u2028\ud800😀",
            "    ",
            "\r\n",
            "alpha",
            "gamma",
        ]
    )
    | st.characters(),
    max_size=20,
).map("".join)


@given(
    st.lists(st.tuples(MESS, MESS), max_size=4),
    MESS,
    st.sampled_from([None, PYTHON, by_name("go"), by_name("css")]),
)
def test_any_edits_teach_something_that_is_done_once_and_for_all(
    edits: list[tuple[str, str]], document: str, language: Language | None
) -> None:
    lessons = CarryOver()
    for before, after in edits:
        lessons = lessons.learn(before, after, language)

    once = apply(document, lessons.draft(document, language))

    assert lessons.draft(once, language) == ()
    assert normalise(once) == apply(normalise(document), lessons.draft(normalise(document), language))
