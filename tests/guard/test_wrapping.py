"""What stands around a file in a request, a chat or another tool is not written into the file."""

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proposals import parts, sections_of, whole

from editsvc.guard.findings import Answer, Check
from editsvc.guard.proposal import Proposal
from editsvc.guard.wrapping import wrapping
from editsvc.text.document import split_lines

FILES = {
    "shop.py": (
        'import csv\n\n\ndef total(prices, names):\n    """Add up."""\n    return sum(prices[n] for n in names)\n',
        "total",
        "sum_of",
    ),
    "price.go": (
        (
            "package shop\n\nfunc total(prices []int) int {\n\tn := 0\n\tfor _, p := range prices {\n\t\tn += p\n\t}\n"
            "\treturn n\n}\n"
        ),
        "total",
        "sumOf",
    ),
    "notes.md": (
        "# Setup\n\nInstall it with pip.\nRun it once.\n\n## Use\n\nRead the output.\n",
        "once",
        "twice",
    ),
    "ci.yml": (
        "name: ci\non: push\njobs:\n  test:\n    runs-on: linux\n    steps:\n      - run: make\n",
        "make",
        "tox",
    ),
    "list.txt": ("alpha one\nbeta two\ngamma three\n", "gamma", "kappa"),
    "page.html": ("<h1>Shop</h1>\n<p>Open daily.</p>\n<p>Call us.</p>\n", "daily", "always"),
    "q.sql": ("select name, price\nfrom shop\nwhere price > 3\norder by name;\n", "name", "title"),
}


def each(dress: Callable[[int, str], str]) -> Callable[[str, str], str]:
    return lambda text, _: "".join(dress(number, line) for number, line in enumerate(split_lines(text), 1))


WRITE_OUT = 'Write out every line. Never put "..." or a remark in the place of code that stays as it is.'

AROUND: dict[str, Callable[[str, str], str]] = {
    "the file's line": lambda text, name: f"File: {name}\n\n{text}",
    "the path in a comment": lambda text, name: f"# src/{name}\n{text}",
    "the name in a comment": lambda text, name: f"// file: {name}\n{text}",
    "the name in bold": lambda text, name: f"**{name}**\n\n{text}",
    "the instruction": lambda text, _: f"{text}\nInstruction:\nsay it in other words\n",
    "the instruction without its head": lambda text, _: f"{text}\nsay it in other words\n",
    "the instruction as a comment": lambda text, _: f"# Say it in other words.\n{text}",
    "the system message": lambda text, _: f"{text}- {WRITE_OUT}\n",
    "the lines of an excerpt": lambda text, _: f"Lines 3 to 9:\n{text}",
    "a section's number": lambda text, _: f"Section 7\n{text}",
    "a role": lambda text, _: f"Assistant:\n{text}",
    "file tags": lambda text, name: f'<file name="{name}">\n{text}</file>\n',
    "content tags": lambda text, _: f"<content>\n{text}</content>\n",
    "code tags on the lines": lambda text, _: f"<code>{text.rstrip()}</code>\n",
    "only a closing tag": lambda text, _: f"{text}</content>\n",
    "character data": lambda text, _: f"<![CDATA[\n{text}]]>\n",
    "a page's pre": lambda text, _: f"<pre>\n{text}</pre>\n",
    "brackets of a model": lambda text, _: f"[CODE]\n{text}[/CODE]\n",
    "quotes": lambda text, _: f'"""\n{text}"""\n',
    "a heredoc": lambda text, name: f"cat > {name} <<'EOF'\n{text}EOF\n",
    "reasoning": lambda text, _: f"<think>\nThey want other words.\n</think>\n{text}",
    "a fence": lambda text, _: f"```\n{text}```\n",
    "a fence of tildes": lambda text, _: f"~~~text\n{text}~~~\n",
    "an opening fence": lambda text, _: f"```\n{text}",
    "a closing fence": lambda text, _: f"{text}```\n",
    "a chat before": lambda text, _: f"Here is the updated file:\n\n{text}",
    "a chat behind": lambda text, _: f"{text}\nLet me know if you need anything else!\n",
    "a chat in a comment": lambda text, _: f"# Sure! Here's the code with your change.\n{text}",
    "a German chat": lambda text, _: f"Hier ist die aktualisierte Datei:\n\n{text}",
    "a French chat": lambda text, _: f"Voici le fichier mis à jour :\n\n{text}",
    "a Spanish chat": lambda text, _: f"Aquí está el archivo actualizado:\n\n{text}",
    "a Russian chat": lambda text, _: f"Вот обновлённый файл:\n\n{text}",
    "a Chinese chat": lambda text, _: f"以下是更新后的文件:\n\n{text}",
    "a Japanese chat": lambda text, _: f"以下が更新後のファイルです。\n\n{text}",
    "the end of a turn": lambda text, _: f"{text}<|im_end|>\n",
    "the end of a turn on a line": lambda text, _: f"{text.rstrip()}<|eot_id|>\n",
    "the end of a sequence": lambda text, _: f"{text.rstrip()}</s>\n",
    "the end of an instruction": lambda text, _: f"[/INST]\n{text}",
    "wide bars": lambda text, _: f"{text}<\uff5cend▁of▁sentence\uff5c>\n",
    "infilling": lambda text, _: f"<fim_middle>{text}",
    "the end of a patch": lambda text, _: f"{text}*** End Patch\n",
    "a gutter": each(lambda number, line: f"{number} | {line}"),
    "a gutter of colons": each(lambda number, line: f"{number}: {line}"),
    "a gutter of arrows": each(lambda number, line: f"{number:>6}→{line}"),
    "a gutter of tabs": each(lambda number, line: f"{number}\t{line}"),
    "a gutter of letters": each(lambda number, line: f"L{number} {line}"),
    "a gutter of zeros": each(lambda number, line: f"{number:03} {line}"),
    "a gutter of brackets": each(lambda number, line: f"[{number}] {line}"),
    "a gutter with hashes": each(lambda number, line: f"{number}#a{number % 7}|{line}"),
    "numbers behind": each(lambda number, line: f"{line.rstrip()}  # {number}\n"),
    "plus signs": each(lambda _, line: f"+{line}"),
    "a quotation": each(lambda _, line: f"> {line}"),
    "escapes": lambda text, _: text.replace("\n", "\\n") + "\n",
    "a string of JSON": lambda text, _: json.dumps(text) + "\n",
    "an object of JSON": lambda text, _: json.dumps({"content": text}) + "\n",
    "base64": lambda text, _: base64.b64encode(text.encode()).decode() + "\n",
}


def kinds(proposal: Proposal) -> set[tuple[Check, Answer]]:
    return {(finding.kind, finding.answer) for finding in wrapping(proposal)}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("dress", AROUND)
def test_what_came_along_with_a_file_is_found(name: str, dress: str) -> None:
    before, old, new = FILES[name]
    after = AROUND[dress](before.replace(old, new), name)
    proposal = whole(before, after, "say it in other words", name)
    assert kinds(proposal) == {(Check.WRAPPING, Answer.ASK_THEN_REFUSE)}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("dress", AROUND)
def test_what_the_file_held_before_is_content(name: str, dress: str) -> None:
    before, old, new = FILES[name]
    dressed = AROUND[dress](before, name)
    if dress in {"base64", "a string of JSON", "an object of JSON", "escapes"}:
        after = dressed + "more\n"
    else:
        after = AROUND[dress](before.replace(old, new), name)
    assert not kinds(whole(dressed, after, "use better words", name))


@pytest.mark.parametrize("name", FILES)
def test_the_signs_of_a_diff_are_found(name: str) -> None:
    before, old, new = FILES[name]
    after = "".join(
        f"-{line}+{line.replace(old, new)}" if old in line else f" {line}" for line in split_lines(before)
    )
    assert kinds(whole(before, after, "say it in other words", name))
    assert not kinds(whole(before, after, "show the change as a diff", name))


@pytest.mark.parametrize(
    ("before", "after", "instruction", "filename"),
    [
        pytest.param("milk\nbread\n", "1. milk\n2. bread\n", "make it a numbered list", "a.md", id="numbers"),
        pytest.param("So it is.\n", "> So it is.\n", "quote the sentence", "a.md", id="a quotation"),
        pytest.param("a <s>\n", 'EOS = "</s>"\na <s>\n', "Add a constant.", "a.py", id="a token in quotes"),
        pytest.param("Old <b>price</b>\n", "<s>Old</s> price\n", "strike it", "a.html", id="a tag"),
        pytest.param(
            "print(1)\n", "# shop.py\nprint(1)\n", "name shop.py in a comment", "shop.py", id="a name"
        ),
        pytest.param("Run it.\n", "```\nRun it.\n```\nSo.\n", "Show it as code.", "a.md", id="a code block"),
        pytest.param(
            "# 2.0\n\n- Old.\n", "# 2.0\n\n- Add tags\n- Old.\n", "Add tags", "CHANGES.md", id="a changelog"
        ),
        pytest.param(
            "x = 1\n", "<b>\nx = 1\n</b>\n", "Put it in <b> tags.", "a.txt", id="tags that are asked for"
        ),
        pytest.param(
            "alpha\nbeta\n", 'print("alpha\\nbeta\\n")\n', "print it", "a.py", id="a string that quotes lines"
        ),
    ],
)
def test_what_is_asked_for_or_belongs_to_the_file_is_content(
    before: str, after: str, instruction: str, filename: str
) -> None:
    assert not kinds(whole(before, after, instruction, filename))


SECTIONS = sections_of(
    "import csv\n\n\n",
    "def load(path):\n    return csv.reader(path)\n\n\n",
    "def total(rows):\n    return sum(rows)\n",
)


@pytest.mark.parametrize(
    "dress", ["a section's number", "a fence", "file tags", "a gutter", "the end of a turn"]
)
def test_every_section_is_looked_at(dress: str) -> None:
    new = AROUND[dress]("def load(path):\n    return list(csv.reader(path))\n", "shop.py") + "\n\n"
    assert kinds(parts(SECTIONS, {2: new})) == {(Check.WRAPPING, Answer.ASK_THEN_REFUSE)}


def test_the_line_is_named_and_quoted() -> None:
    before, old, new = FILES["notes.md"]
    after = before.replace(old, new) + "<|im_end|>\n"
    (finding,) = wrapping(whole(before, after, filename="notes.md"))
    assert finding.message.startswith("Line 9 of the new text holds <|im_end|>")
    assert finding.after is not None
    assert (finding.after.first, finding.after.last) == (9, 9)


words = st.sampled_from(["alpha", "beta = 1", "", "    gamma()", "# delta", "- item", "}"])
documents = st.lists(words, max_size=12).map(lambda lines: "".join(f"{line}\n" for line in lines))


@given(documents, documents)
def test_lines_of_ordinary_files_are_content(before: str, after: str) -> None:
    assert not kinds(whole(before, after, "say it in other words", "a.txt"))


PAGE = "<html>\n<body>\n<p>Old.</p>\n<p>Open daily.</p>\n</body>\n</html>\n"


def test_elements_of_a_page_are_no_tokens() -> None:
    after = PAGE.replace("<p>Old.</p>", "<PRE>\na = 1\n</PRE>\n<p>New.</p>")
    assert not kinds(whole(PAGE, after, "say it in other words", "page.html"))
    cut = PAGE.replace("<p>Old.</p>", "<PRE>\n<p>New.</p>")
    assert kinds(whole(PAGE, cut, "say it in other words", "page.html"))


def test_an_element_that_closes_before_the_end_of_a_part_is_not_around_it() -> None:
    sections = sections_of("<h1>Shop</h1>\n\n", "<p>Open daily.</p>\n<p>Call us.</p>\n")
    new = "<CODE>open()</CODE>\n<p>Open daily.</p>\n<p>Call <CODE>us()</CODE>\n"
    assert not kinds(parts(sections, {2: new}, "say it in other words", "page.html"))
    around = "<code>\n<p>Open <b>daily</b>.</p>\n<p>Call us.</p>\n</code>\n"
    assert kinds(parts(sections, {2: around}, "say it in other words", "page.html"))


def test_a_comment_with_the_name_may_say_what_its_title_said() -> None:
    before = "#shop theme\n\nPROMPT=a\n"
    after = "# shop.zsh\n\nPROMPT=a\n"
    assert not kinds(whole(before, after, "say it in other words", "shop.zsh"))
    before, after = "PROMPT=a\n\nRPROMPT=b\n", "# shop.zsh\nPROMPT=a\n\nRPROMPT=c\n"
    assert kinds(whole(before, after, "say it in other words", "shop.zsh"))
