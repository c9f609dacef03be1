"""Names as the log knows them: HMACs of paths, and, if wanted, of repositories and users.

Two records of one file can be joined; the file's name cannot be read from them, nor guessed from
the log without the salt, which never leaves the installation. The key for repositories and users is another one: a team
may share that, so that all of its members mean the same by them.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

from editsvc.system.files import FILES, make_private_folder
from editsvc.tokenlog.errors import LogUnavailable

SALT_FILE: Final = "salt"
_SALT_BYTES: Final = 32
_HEX_DIGITS: Final = 32
KEY_FILE: Final = "log-key"
# Enough to tell thousands of names apart, and short enough for a table.
_NAME_DIGITS: Final = 12


def salted_path(path: str, salt: bytes) -> str:
    """HMAC-SHA256 of `path` under `salt`: the first 32 hexadecimal digits (128 bits).

    `path` may hold what `os.fsdecode` makes of bytes that are not UTF-8.
    """
    return hmac.digest(salt, path.encode("utf-8", "surrogateescape"), "sha256").hex()[:_HEX_DIGITS]


def keyed_name(kind: str, name: str, key: bytes) -> str:
    """HMAC-SHA256 of a name of that kind under `key`: the first 12 hexadecimal digits (48 bits).

    A repository and a user of the same name have different ones.
    """
    message = f"{kind}\0{name}".encode("utf-8", "surrogateescape")
    return hmac.digest(key, message, "sha256").hex()[:_NAME_DIGITS]


def load_salt(data_dir: Path) -> bytes:
    """The installation's salt, 32 bytes; made on first use, readable by its owner alone.

    Processes that make it at the same time all get the one that was there first. Raises LogUnavailable if it
    can be neither read nor made, or has another length.
    """
    return _loaded(data_dir / SALT_FILE, "salt", "paths")


def load_key(data_dir: Path) -> bytes:
    """The installation's key for repositories and users, as `load_salt` has the salt."""
    return _loaded(data_dir / KEY_FILE, "key", "repositories and users")


def _loaded(file: Path, what: str, of: str) -> bytes:
    try:
        if not file.exists():
            _create(file)
        found = file.read_bytes()
    except OSError as exc:
        raise LogUnavailable(f"The log's {what} {file} cannot be read or made: {exc.strerror}.") from exc
    if len(found) != _SALT_BYTES:
        raise LogUnavailable(
            f"The log's {what} {file} is damaged: {_SALT_BYTES} bytes were expected, {len(found)} are there.",
            hint=f"Remove it; a new one will be made, and new records will not match the {of} logged so far.",
        )
    return found


def _create(file: Path) -> None:
    make_private_folder(file.parent)
    # It appears with its content or not at all, and never replaces a file: no process can read half of it, or go on
    # with one that another has overwritten. mkstemp makes the file 0600.
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(_SALT_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            FILES.publish(Path(name), file)
    finally:
        Path(name).unlink(missing_ok=True)
