"""Comments that are gone from code that stayed: found in any language, put back where there is no doubt."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc import syntax
from editsvc.guard.comments import comments_lost, restore_comments
from editsvc.guard.findings import Answer, Check, Lines
from editsvc.guard.proposal import Proposal
from editsvc.instruction.intent import Intent
from editsvc.text.document import split_lines

NARROW = Intent(
    "rename tide to flood", understood=True, narrow=True, words=frozenset({"rename", "tide", "flood"})
)
PLAIN = Intent("let the gauge warn at night", understood=True, words=frozenset({"gauge", "warn", "night"}))
UNKNOWN = Intent("…")

GAUGE = {
    "gauge.py": """\
# Copyright the harbour office.
# Use it as you like,
# at your own risk.

import tide


# Levels are in centimetres.
def level(gauge):
    # A broken gauge says nothing.
    if gauge.broken:
        return None
    return gauge.read() - gauge.zero  # above the chart's zero


def warn(gauge):
    \"\"\"Ring the bell.\"\"\"
    gauge.bell.ring(3)  # three times
""",
    "gauge.ts": """\
/*
 * Copyright the harbour office.
 * Use it as you like.
 */
import { tide } from "./tide";

// Levels are in centimetres.
export function level(gauge: Gauge): number {
  // A broken gauge says nothing.
  if (gauge.broken) return NaN;
  return gauge.read() - gauge.zero; // above the chart's zero
}

/** Rings the bell. */
export const warn = (gauge: Gauge) => gauge.bell.ring(3); // three times
""",
    "gauge.yaml": """\
# Gauges of the harbour.
# Levels are in centimetres.
# Ask the office before changing them.
zero: 120 # the chart's
warn: 480 # three rings
""",
    "gauge.rb": """\
# Copyright the harbour office.
# Use it as you like.
# At your own risk.
require "tide"

# Levels are in centimetres.
def level(gauge)
  gauge.read - gauge.zero # above the chart's zero
end
""",
}


def proposal(before: str, after: str, intent: Intent, name: str) -> Proposal:
    return Proposal(before, after, intent, syntax.language_of(name), filename=name)


def bare(text: str, mark: str) -> str:
    """`text` without comments, for texts whose strings hold no `mark`."""
    lines, kept, inside = split_lines(text), [], False
    for line in lines:
        begins = line.lstrip().startswith("/*")
        inside = inside or begins
        if not inside and not line.lstrip().startswith((mark, '"""')):
            kept.append(line.split(f" {mark}")[0].rstrip() + "\n")
        inside = inside and "*/" not in line
    return "".join(kept)


@pytest.mark.parametrize("name", GAUGE)
@pytest.mark.parametrize("intent", [NARROW, PLAIN, UNKNOWN], ids=["narrow", "plain", "unknown"])
def test_every_comment_is_gone(name: str, intent: Intent) -> None:
    before = GAUGE[name]
    after = bare(before, "//" if name.endswith("ts") else "#")
    (finding,) = comments_lost(proposal(before, after, intent, name))
    assert finding.kind is Check.COMMENTS
    # People arrange the comments of settings while they change them.
    believed = intent is UNKNOWN or (name.endswith("yaml") and not intent.narrow)
    assert finding.answer is (Answer.ASK_THEN_WARN if believed else Answer.ASK_THEN_REFUSE)
    assert restore_comments(proposal(before, after, intent, name)) == (after, [])


@pytest.mark.parametrize("name", ["gauge.py", "gauge.ts", "gauge.rb"])
def test_the_licence_is_gone(name: str) -> None:
    before = GAUGE[name]
    after = before[before.index("import" if "import" in before else "require") :]
    (finding,) = comments_lost(proposal(before, after, PLAIN, name))
    assert finding.answer is Answer.ASK_THEN_REFUSE
    assert finding.before is not None
    assert finding.before.first in {1, 2}


@pytest.mark.parametrize("name", GAUGE)
def test_what_the_instruction_says_of_comments_is_done(name: str) -> None:
    after = bare(GAUGE[name], "//" if name.endswith("ts") else "#")
    intent = replace(PLAIN, comments=True)
    assert list(comments_lost(proposal(GAUGE[name], after, intent, name))) == []


def test_a_single_comment_that_is_gone_is_only_said() -> None:
    before = GAUGE["gauge.py"]
    after = before.replace("    # A broken gauge says nothing.\n", "")
    (finding,) = comments_lost(proposal(before, after, PLAIN, "gauge.py"))
    assert (finding.answer, finding.before) == (Answer.WARN, Lines(10, 10))
    assert restore_comments(proposal(before, after, PLAIN, "gauge.py"))[0] == after


def test_comments_go_with_the_code_that_they_belong_to() -> None:
    before = GAUGE["gauge.py"]
    after = before[: before.index("# Levels")] + before[before.index("def warn") :]
    assert list(comments_lost(proposal(before, after, PLAIN, "gauge.py"))) == []


def test_a_comment_that_was_reworded_is_not_gone() -> None:
    before = GAUGE["gauge.py"]
    after = before.replace("# A broken gauge says nothing.", "# Nothing can be read from a broken gauge.")
    assert list(comments_lost(proposal(before, after, PLAIN, "gauge.py"))) == []


def test_code_in_comments_may_be_cleared_away() -> None:
    before = "x = 1\n# y = compute(2)\n# z = compute(3)\n# print(y, z)\nw = 4\n"
    (finding,) = comments_lost(proposal(before, "x = 1\nw = 4\n", PLAIN, "x.py"))
    assert finding.answer is Answer.WARN


def test_comments_at_the_ends_of_lines_are_put_back() -> None:
    before = GAUGE["gauge.py"]
    after = (
        before.replace("  # above the chart's zero", "")
        .replace("  # three times", "")
        .replace("broken", "dead")
    )
    mended, (finding,) = restore_comments(proposal(before, after, PLAIN, "gauge.py"))
    assert mended == before.replace("broken", "dead")
    assert (finding.kind, finding.answer, finding.after) == (Check.COMMENTS, Answer.RESTORE, Lines(13, 18))


def test_comments_above_lines_that_stayed_are_put_back_where_one_change_was_stated() -> None:
    before = GAUGE["gauge.py"]
    after = before.replace("    # A broken gauge says nothing.\n", "").replace("import tide", "import flood")
    mended, (finding,) = restore_comments(proposal(before, after, NARROW, "gauge.py"))
    assert mended == before.replace("import tide", "import flood")
    assert finding.after == Lines(10, 10)


def test_a_comment_with_words_of_the_instruction_is_not_put_back() -> None:
    before = "# The tide comes twice a day.\nx = tide()\ny = 2\n"
    after = "x = flood()\ny = 2\n"
    assert restore_comments(proposal(before, after, NARROW, "x.py")) == (after, [])


def test_what_only_looks_like_a_comment_is_none() -> None:
    before = 'url = "http://example.com"\nkey = "a # b"\nother = 1\n'
    after = 'url = "http:"\nkey = "a"\nother = 1\n'
    assert list(comments_lost(proposal(before, after, PLAIN, "x.py"))) == []


@given(
    st.lists(st.sampled_from(["a = 1", "b = 2  # two", "# note", "", "c(3)  # three"]), max_size=12),
    st.data(),
)
def test_what_is_put_back_is_what_was_there(lines: list[str], data: st.DataObject) -> None:
    """Whatever is taken of the comments, the mended text has no line that neither text has, and no code differs."""
    before = "".join(f"{line}\n" for line in lines)
    after = "".join(
        f"{line.split('  #')[0] if data.draw(st.booleans()) else line}\n"
        for line in lines
        if not line.startswith("#") or data.draw(st.booleans())
    )
    mended, findings = restore_comments(proposal(before, after, NARROW, "x.py"))
    assert set(split_lines(mended)) <= {*split_lines(before), *split_lines(after)}
    assert bare(mended, "#") == bare(before, "#")
    assert bool(findings) == (mended != after)


def test_one_remark_that_is_gone_from_several_lines_was_answered() -> None:
    rest = "".join(f"e{number} = {number}  # note {number}\n" for number in range(9))
    before = f"a = read()  # TODO: needed?\nb = 1\nc = read()  # TODO: needed?\n{rest}"
    after = before.replace("  # TODO: needed?", "").replace("b = 1", "b = 3")
    assert restore_comments(proposal(before, after, PLAIN, "x.py")) == (after, [])
    several = before.replace("needed?\ne0", "why?\ne0")
    assert restore_comments(proposal(several, after, PLAIN, "x.py"))[0] == several.replace("b = 1", "b = 3")


def test_what_a_tool_was_told_is_cleared_away_without_being_refused() -> None:
    code = "".join(f"call({number});\n" for number in range(6))
    before = "".join(f"// eslint-disable-next-line no-calls\n{line}" for line in split_lines(code))
    found = list(comments_lost(proposal(before, code, PLAIN, "x.ts")))
    assert [finding.answer for finding in found] == [Answer.WARN]
    said = before.replace("eslint-disable-next-line no-calls", "Calls the next one.")
    assert [finding.answer for finding in comments_lost(proposal(said, code, PLAIN, "x.ts"))] == [
        Answer.ASK_THEN_REFUSE
    ]
