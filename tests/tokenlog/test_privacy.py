"""A path in the log can be compared, and not read."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from editsvc.errors import Status
from editsvc.tokenlog import LogUnavailable, RequestRecord, Source
from editsvc.tokenlog.privacy import keyed_name, load_key, load_salt, salted_path

if TYPE_CHECKING:
    from pathlib import Path


def test_a_salted_path_is_half_of_an_hmac_sha256() -> None:
    expected = hmac.new(b"salt", b"src/app.py", hashlib.sha256).hexdigest()
    assert salted_path("src/app.py", b"salt") == expected[:32]


def test_one_path_under_two_salts_cannot_be_matched() -> None:
    assert salted_path("src/app.py", b"here") != salted_path("src/app.py", b"there")


def test_a_file_name_that_is_not_utf8_has_a_salted_path_too() -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", salted_path(os.fsdecode(b"caf\xe9.py"), b"salt"))


def test_a_plain_path_does_not_get_into_a_record() -> None:
    with pytest.raises(ValueError, match="salted_path"):
        RequestRecord(
            id="r0",
            created_at=datetime(2026, 11, 1, tzinfo=UTC),
            source=Source.CLI,
            status=Status.CHANGED,
            path="/home/ann/secret.py",
        )


@pytest.mark.parametrize("field", ["repository_hmac", "user_hmac"])
def test_a_plain_name_does_not_get_into_a_record(field: str) -> None:
    with pytest.raises(ValueError, match="keyed_name"):
        RequestRecord(
            id="r0",
            created_at=datetime(2026, 11, 1, tzinfo=UTC),
            source=Source.CLI,
            status=Status.CHANGED,
            **{field: "ann"},  # type: ignore[arg-type]  # one of its texts
        )


def test_names_are_apart_by_kind_and_by_key() -> None:
    expected = hmac.new(b"key", b"user\0ann", hashlib.sha256).hexdigest()
    assert keyed_name("user", "ann", b"key") == expected[:12]
    assert keyed_name("repository", "ann", b"key") != keyed_name("user", "ann", b"key")
    assert keyed_name("user", "ann", b"yek") != keyed_name("user", "ann", b"key")


def test_the_key_of_names_is_made_once_for_its_owner_alone_and_is_not_the_salt(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    key = load_key(folder)
    assert (load_key(folder), len(key)) == (key, 32)
    assert stat.S_IMODE((folder / "log-key").stat().st_mode) == 0o600
    assert key != load_salt(folder)


def test_a_record_without_a_time_zone_is_not_made() -> None:
    with pytest.raises(ValueError, match="time zone"):
        RequestRecord(
            id="r0",
            created_at=datetime(2026, 11, 1),  # noqa: DTZ001  (the mistake under test)
            source=Source.CLI,
            status=Status.CHANGED,
        )


def test_a_salt_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    salt = load_salt(folder)
    assert len(salt) == 32
    assert load_salt(folder) == salt
    assert stat.S_IMODE((folder / "salt").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_two_installations_have_two_salts(tmp_path: Path) -> None:
    assert load_salt(tmp_path / "one") != load_salt(tmp_path / "two")


def test_a_damaged_salt_is_reported_and_kept(tmp_path: Path) -> None:
    (tmp_path / "salt").write_bytes(b"short")
    with pytest.raises(LogUnavailable, match="32 bytes were expected, 5 are there"):
        load_salt(tmp_path)
    assert (tmp_path / "salt").read_bytes() == b"short"


def test_a_salt_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(LogUnavailable, match="cannot be read or made"):
        load_salt(tmp_path / "data")
