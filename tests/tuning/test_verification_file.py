"""What is known of servers is kept in a file, which may hold anything by the time it is read."""

from pathlib import Path

import pytest

from editsvc.prediction.servers import KnownServer
from editsvc.tuning import VERIFICATION_FILE
from editsvc.tuning.verification_file import VerificationFile


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    servers = [KnownServer("cerebras", "a", noted_at=2.0), KnownServer("other", "a", noted_at=3.0)]
    file = VerificationFile(tmp_path / "data")
    assert file.load() == []

    file.save(servers)

    assert file.load() == servers


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"schema": 2, "servers": []}',
        b'{"schema": 1, "servers": [{"provider": 3}]}',
        b'{"schema": 1, "servers": [{"provider": "a", "model": "b", "times": {"sums": [1]}}]}',
    ],
)
def test_a_file_that_cannot_be_used_is_nothing_known(tmp_path: Path, content: bytes) -> None:
    (tmp_path / VERIFICATION_FILE).write_bytes(content)

    assert VerificationFile(tmp_path).load() == []


def test_only_the_latest_servers_stay(tmp_path: Path) -> None:
    file = VerificationFile(tmp_path)
    file.save([KnownServer("cerebras", f"model {number}", noted_at=number) for number in range(100)])

    kept = file.load()

    assert len(kept) == 64
    assert kept[-1].model == "model 99"


def test_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    file = VerificationFile(tmp_path)
    assert not file.forget()
    file.save([KnownServer("cerebras", "a")])

    assert file.forget()
    assert file.load() == []


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    VerificationFile(tmp_path / "file").save([KnownServer("cerebras", "a")])
