"""The policy as a file: read back as written, and never a reason to fail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.errors import EditsvcError
from editsvc.prediction.policy import Cell, Size
from editsvc.tuning import POLICY_FILE, policy_file
from editsvc.tuning.policy_file import PolicyFile, Rule

if TYPE_CHECKING:
    from pathlib import Path

RULES = (
    Rule(
        provider="cerebras",
        model="gpt-oss-120b",
        predict=True,
        scope_min_tokens=800,
        why='A prediction saves 63%: "fast".',
        requests=214,
        net_share=0.63,
        net_share_low=0.58,
        net_share_high=0.67,
        usd_per_million_output=0.75,
    ),
    Rule(provider="cerebras", model="gpt-oss-120b", scope_kind="symbol", size=Size.SMALL, predict=False),
)


def version(number: int, *rules: Rule) -> PolicyFile:
    return PolicyFile(
        version=number,
        created_at=datetime(2026, 11, 21, 9, tzinfo=UTC),
        objective="balanced",
        value_of_time=30.0,
        rule=rules or RULES,
    )


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
shares = st.none() | st.floats(-1e6, 1e6)


@given(
    st.lists(
        st.builds(
            Rule,
            model=texts,
            provider=st.none() | texts.filter(bool),
            scope_kind=st.none() | texts.filter(bool),
            size=st.none() | st.sampled_from(Size),
            predict=st.none() | st.booleans(),
            scope_min_tokens=st.none() | st.integers(0, 10**6),
            why=texts,
            requests=st.integers(0, 10**9),
            net_share=shares,
            usd_per_million_output=shares,
        ),
        max_size=4,
    )
)
def test_what_is_written_is_read_back(rules: list[Rule]) -> None:
    policy = version(4, *rules)
    assert policy_file.parse(policy_file.render(policy)) == policy


def test_the_file_says_what_decides_and_why() -> None:
    text = policy_file.render(version(7))
    assert text.startswith("# The models that get a prediction, as `editsvc tune` learned")
    assert 'why = "A prediction saves 63%: \\"fast\\"."' in text
    assert "predict = true\nscope_min_tokens = 800\n" in text


def test_a_saved_policy_is_in_force_with_its_name(tmp_path: Path) -> None:
    policy_file.save(tmp_path / "data", version(7))
    loaded = policy_file.load(tmp_path / "data")
    assert loaded.warning == ""
    assert loaded.learned is not None
    assert loaded.learned.version == "learned-7"
    assert loaded.learned.predicts(Cell("cerebras", "gpt-oss-120b")) is True
    assert loaded.learned.predicts(Cell("cerebras", "gpt-oss-120b", "symbol", Size.SMALL)) is False


def test_without_a_file_the_built_in_rule_is_in_force(tmp_path: Path) -> None:
    assert policy_file.load(tmp_path) == policy_file.Loaded(None)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"schema = 1\nversion = ", "Invalid value"),
        (b"schema = 1\nversion = 'x'", "Expected `int`"),
        (b"schema = 1", "missing required field"),
        (b"\xff\xfe", "invalid start byte"),
        (b"schema = 2\nsomething = 'new'", "written by a newer editsvc (schema 2, 1 is known)"),
        (policy_file.render(version(1)).encode() + b"unheard = 1\n", "unknown field `unheard`"),
        (b"", "missing required field"),
    ],
    ids=["cut off", "wrong type", "incomplete", "not text", "newer", "unknown key", "empty"],
)
def test_a_file_that_cannot_be_used_is_a_warning(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / POLICY_FILE).write_bytes(content)
    loaded = policy_file.load(tmp_path)
    assert loaded.policy is None
    assert loaded.learned is None
    assert "is not used, and the built-in rule decides about predictions" in loaded.warning
    assert why in loaded.warning


def test_a_folder_in_its_place_is_a_warning_too(tmp_path: Path) -> None:
    (tmp_path / POLICY_FILE).mkdir()
    assert policy_file.load(tmp_path).warning


def test_versions_are_kept_up_to_a_number_of_them(tmp_path: Path) -> None:
    for number in range(1, policy_file.KEPT + 6):
        policy_file.save(tmp_path, version(number))
    kept = [one.version for one in policy_file.history(tmp_path)]
    assert kept == list(range(policy_file.KEPT + 5, 5, -1))


def test_a_reset_keeps_the_history_and_the_count(tmp_path: Path) -> None:
    assert policy_file.next_version(tmp_path) == 1
    policy_file.save(tmp_path, version(1))
    assert policy_file.reset(tmp_path)
    assert not policy_file.reset(tmp_path)
    assert policy_file.load(tmp_path).policy is None
    assert [one.version for one in policy_file.history(tmp_path)] == [1]
    assert policy_file.next_version(tmp_path) == 2


def test_a_damaged_version_is_left_out_of_the_history(tmp_path: Path) -> None:
    policy_file.save(tmp_path, version(1))
    policy_file.save(tmp_path, version(2))
    (tmp_path / policy_file.HISTORY_FOLDER / "policy-1.toml").write_text("?")
    (tmp_path / policy_file.HISTORY_FOLDER / "notes.txt").write_text("mine")
    assert [one.version for one in policy_file.history(tmp_path)] == [2]
    assert policy_file.next_version(tmp_path) == 3


def test_no_other_file_is_left_behind(tmp_path: Path) -> None:
    policy_file.save(tmp_path, version(1))
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert names == ["policy-history/policy-1.toml", "policy.toml"]


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.write_text("a file where the folder should be")
    with pytest.raises(EditsvcError, match=r"policy\.toml cannot be written"):
        policy_file.save(place, version(1))
