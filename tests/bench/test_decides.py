"""The benchmark of decisions, with few edits: what it plays can be answered, and its figures are told."""

from itertools import islice

from bench import decides


def test_edits_take_turns_and_are_others_with_another_seed() -> None:
    some = list(islice(decides.cases("one", 2), 6))

    assert [one.kind for one in some] == ["one line", "rewrite", "name"] * 2
    assert len({one.instruction for one in some}) == len(some)
    assert all(one.before != one.after for one in some)
    assert [one.before for one in some] != [one.before for one in decides.cases("two", 2)]


def test_the_regret_is_what_was_decided_above_the_better_of_both() -> None:
    one = decides.Outcome(
        "a server",
        "rewrite",
        0,
        5,
        {"decided": 1.0, "always": 2.0, "never": 0.9},
        {"decided": 0.011, "always": 0.02, "never": 0.01},
    )

    assert round(one.regret, 3) == 0.1
    assert "rewrite      0 of 5" in list(decides.shown([one]))[1]
