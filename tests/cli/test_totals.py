"""What is said of a run of many files: how far it is, how long it takes, and what it came to."""

from editsvc.cli.board import Board
from editsvc.cli.outcomes import FileOutcome
from editsvc.cli.totals import Totals
from editsvc.engine.edit import EditResult
from editsvc.errors import ExitCode, Status
from editsvc.text.document import Snapshot
from editsvc.usage import Usage


def outcome(path: str, status: Status = Status.CHANGED, *, cost: float | None = 0.01) -> FileOutcome:
    result = EditResult("", status, Snapshot("", path), usage=Usage(completion_tokens=100), cost_usd=cost)
    code = ExitCode.DONE if status is Status.CHANGED else ExitCode.REFUSED
    return FileOutcome(path, status, "", code, result=result)


def after(ended: int, *, seconds: float = 60.0, count: int = 100) -> Totals:
    times = [0.0]
    totals = Totals({f"{number}.py": 10 for number in range(count)}, lambda: times[0])
    times[0] = seconds
    for number in range(ended):
        totals.add(outcome(f"{number}.py"))
    return totals


def test_the_rest_is_expected_to_go_like_what_has_ended() -> None:
    totals = after(20)
    assert totals.left_s() == 240
    assert totals.parts() == ["20 of 100 done", "4 min left", "$0.2000"]


def test_large_files_count_for_more() -> None:
    times = [0.0]
    totals = Totals({**{f"{number}.py": 10 for number in range(9)}, "large.py": 910}, lambda: times[0])
    times[0] = 9.0
    for number in range(9):
        totals.add(outcome(f"{number}.py"))
    assert totals.left_s() == 91


def test_too_little_says_nothing_and_neither_does_what_was_asked_for_before() -> None:
    assert after(2).left_s() is None
    assert after(100).left_s() is None
    totals = after(0)
    for number in range(50):
        kept = outcome(f"{number}.py")
        totals.add(FileOutcome(kept.path, kept.status, "", kept.exit_code, earlier={}))
    assert totals.left_s() is None
    assert totals.cost_usd is None
    assert "50 of them asked for before" in totals.sentence(written=True)


def test_the_sum_has_each_kind_of_end() -> None:
    totals = after(2, count=4)
    totals.add(outcome("2.py", Status.REFUSED))
    totals.add(outcome("3.py", Status.FAILED, cost=None))
    assert totals.sentence(written=False) == (
        "4 files: 2 changed, 1 refused, 1 failed · 400 tokens · $0.0300 · 1 min"
    )
    assert totals.sentence(written=True).startswith("4 files: 2 written, ")
    assert totals.parts()[:3] == ["4 of 4 done", "1 failed", "1 refused"]


def test_a_narrow_line_says_what_matters_most() -> None:
    totals = after(30)
    totals.add(outcome("30.py", Status.FAILED))
    board = Board([f"{number}.py" for number in range(100)], totals)
    board.unexplained(3)
    assert board._sum(99, 2) == (
        "31 of 100 done · 2 more under way · 3 hunks not asked for · 1 failed · 2 min left · $0.3100"
    )
    assert board._sum(39, 0) == "31 of 100 done · 1 failed · 2 min left"
    assert board._sum(20, 0) == "31 of 100 done"
