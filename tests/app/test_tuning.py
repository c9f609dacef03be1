"""What tuning would decide by now, for `doctor` and for who tunes by itself."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tuning_logs import logged

from editsvc.app.tuning import REMINDED_EVERY, AutoTuning, Reminder, consider
from editsvc.errors import SettingsError
from editsvc.settings.environment import load
from editsvc.system.files import FILES
from editsvc.tokenlog import LOG_FILE, TokenLog
from editsvc.tuning import policy_file, tunings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from editsvc.settings.schema import Settings

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[TokenLog]:
    with TokenLog(tmp_path / LOG_FILE) as log:
        yield log


def settings(tmp_path: Path, auto_tune: str = "40") -> Settings:
    (tmp_path / "config.toml").touch()
    environ = {
        "EDITSVC_DATA_DIR": str(tmp_path),
        "EDITSVC_CONFIG": str(tmp_path / "config.toml"),
        "EDITSVC_AUTO_TUNE": auto_tune,
    }
    return load(environ=environ, folder=tmp_path).settings


def fill(log: TokenLog, *, accepted: float, days_ago: float, requests: int = 60) -> None:
    for record in logged(requests, accepted=accepted, start=NOW - timedelta(days=days_ago)):
        log.append(record)


def test_with_no_requests_nothing_would_be_decided(tmp_path: Path, log: TokenLog) -> None:
    found = consider(settings(tmp_path), log, NOW)
    assert (found.standing, found.proposed, found.changes, found.opposes) == (None, None, [], False)


def test_to_be_surer_of_what_is_done_anyway_opposes_nothing(tmp_path: Path, log: TokenLog) -> None:
    fill(log, accepted=0.8, days_ago=9)
    found = consider(settings(tmp_path), log, NOW)
    assert found.changes == ["cerebras gpt-oss-120b: predict (before: built-in rule)"]
    assert not found.opposes


def test_a_decision_that_would_be_another_one_is_named(tmp_path: Path, log: TokenLog) -> None:
    fill(log, accepted=0.02, days_ago=9)
    found = consider(settings(tmp_path), log, NOW)
    assert found.changes == ["cerebras gpt-oss-120b: do not predict (before: built-in rule)"]
    assert found.opposes


def test_it_tunes_when_so_many_requests_have_come_and_then_waits_for_as_many(
    tmp_path: Path, log: TokenLog
) -> None:
    fill(log, accepted=0.02, days_ago=9, requests=39)
    tuning = AutoTuning(settings(tmp_path), log, lambda: NOW)
    tuning()
    assert policy_file.load(tmp_path).policy is None
    assert tuning.left() == 1
    fill(log, accepted=0.02, days_ago=7, requests=21)
    AutoTuning(settings(tmp_path), log, lambda: NOW)()
    policy = policy_file.load(tmp_path).policy
    assert policy is not None
    assert [rule.predict for rule in policy.rule] == [False]
    assert tuning.left() == 40
    (made,) = tunings.load(tmp_path).made
    assert (made.by, made.version, made.at) == (tunings.BY_ITSELF, 1, NOW.timestamp())


def test_it_does_not_ask_the_log_at_every_edit(tmp_path: Path, log: TokenLog) -> None:
    tuning = AutoTuning(settings(tmp_path, "10"), log, lambda: NOW)
    tuning()  # ten are left, so it asks again at the fifth edit
    fill(log, accepted=0.02, days_ago=9)
    for _ in range(4):
        tuning()
    assert not tunings.load(tmp_path).at
    tuning()
    assert tunings.load(tmp_path).at


def test_one_process_at_a_time_tunes(tmp_path: Path, log: TokenLog) -> None:
    fill(log, accepted=0.02, days_ago=9)
    tuning = AutoTuning(settings(tmp_path), log, lambda: NOW)
    descriptor = FILES.open(tmp_path / "tuning.lock", os.O_RDWR | os.O_CREAT)
    try:
        assert FILES.claim(descriptor)
        assert tuning.tune() is None
    finally:
        os.close(descriptor)
    assert tuning.tune() is not None


def test_who_comes_second_finds_that_it_is_done(tmp_path: Path, log: TokenLog) -> None:
    fill(log, accepted=0.02, days_ago=9)
    assert AutoTuning(settings(tmp_path), log, lambda: NOW).tune() is not None
    assert AutoTuning(settings(tmp_path), log, lambda: NOW).tune() is None


def test_what_is_stopped_on_its_way_is_not_begun_again_at_once(tmp_path: Path, log: TokenLog) -> None:
    """Else every command of a user with a large log would take a second longer."""
    fill(log, accepted=0.02, days_ago=9)
    tunings.begun(tmp_path, at=NOW.timestamp(), requests=60)
    assert AutoTuning(settings(tmp_path), log, lambda: NOW).left() == 40


def test_after_a_purge_counting_begins_anew(tmp_path: Path, log: TokenLog) -> None:
    fill(log, accepted=0.02, days_ago=9, requests=30)
    tunings.begun(tmp_path, at=NOW.timestamp(), requests=5_000)
    assert AutoTuning(settings(tmp_path), log, lambda: NOW).left() == 10


def test_what_was_decided_stands_while_the_log_says_the_same(tmp_path: Path, log: TokenLog) -> None:
    for round_ in range(4):
        fill(log, accepted=0.02, days_ago=20 - 5 * round_, requests=45)
        AutoTuning(settings(tmp_path), log, lambda: NOW)()
    assert [version.version for version in policy_file.history(tmp_path)] == [1]


def test_a_log_that_is_closed_is_left_alone(tmp_path: Path) -> None:
    log = TokenLog(tmp_path / LOG_FILE)
    log.close()
    AutoTuning(settings(tmp_path), log, lambda: NOW)()
    assert not tunings.load(tmp_path).at


def test_a_file_that_says_nonsense_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "tunings.json").write_text('{"schema": 7, "at": "never"}')
    assert tunings.load(tmp_path) == tunings.Tunings()


def test_editors_are_reminded_where_tuning_would_decide_otherwise(tmp_path: Path, log: TokenLog) -> None:
    fill(log, accepted=0.02, days_ago=9)
    reminder = Reminder(settings(tmp_path, "0"), log, lambda: NOW)
    assert reminder.sentence == ""
    reminder()
    assert reminder.sentence == (
        "editsvc tune would decide otherwise by now: cerebras gpt-oss-120b: do not predict (before: built-in rule)."
    )


def test_the_reminder_ends_when_somebody_tunes(tmp_path: Path, log: TokenLog) -> None:
    fill(log, accepted=0.02, days_ago=9)
    reminder = Reminder(settings(tmp_path, "0"), log, lambda: NOW)
    reminder()
    assert AutoTuning(settings(tmp_path), log, lambda: NOW).tune() is not None
    reminder()
    assert reminder.sentence == ""


def test_editors_are_not_reminded_of_what_is_done_anyway(tmp_path: Path, log: TokenLog) -> None:
    fill(log, accepted=0.8, days_ago=9)
    reminder = Reminder(settings(tmp_path, "0"), log, lambda: NOW)
    reminder()
    assert reminder.sentence == ""


def test_the_log_is_asked_after_so_many_edits_alone(tmp_path: Path, log: TokenLog) -> None:
    """A few requests are no reason to judge, and the next edits do not ask again."""
    fill(log, accepted=0.02, days_ago=9, requests=30)
    reminder = Reminder(settings(tmp_path, "0"), log, lambda: NOW)
    reminder()
    fill(log, accepted=0.02, days_ago=5, requests=60)
    for _ in range(REMINDED_EVERY - 1):
        reminder()
    assert reminder.sentence == ""
    reminder()
    assert "would decide otherwise" in reminder.sentence


def test_a_negative_number_of_requests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="auto_tune"):
        settings(tmp_path, "-1")
