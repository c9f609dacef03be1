"""Paths as the log knows them: an HMAC under a salt that never leaves the installation.

Two records of one file can be joined; the file's name cannot be read from them, nor guessed from
the log without the salt.
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


def salted_path(path: str, salt: bytes) -> str:
    """HMAC-SHA256 of `path` under `salt`: the first 32 hexadecimal digits (128 bits).

    `path` may hold what `os.fsdecode` makes of bytes that are not UTF-8.
    """
    return hmac.digest(salt, path.encode("utf-8", "surrogateescape"), "sha256").hex()[:_HEX_DIGITS]


def load_salt(data_dir: Path) -> bytes:
    """The installation's salt, 32 bytes; made on first use, readable by its owner alone.

    Processes that make it at the same time all get the one that was there first. Raises LogUnavailable if it
    can be neither read nor made, or has another length.
    """
    file = data_dir / SALT_FILE
    try:
        if not file.exists():
            _create(file)
        salt = file.read_bytes()
    except OSError as exc:
        raise LogUnavailable(f"The log's salt {file} cannot be read or made: {exc.strerror}.") from exc
    if len(salt) != _SALT_BYTES:
        raise LogUnavailable(
            f"The log's salt {file} is damaged: {_SALT_BYTES} bytes were expected, {len(salt)} are there.",
            hint="Remove it; a new one will be made, and new records will not match the paths logged so far.",
        )
    return salt


def _create(file: Path) -> None:
    make_private_folder(file.parent)
    # It appears with its content or not at all, and never replaces a file: no process can read half a salt, or go on
    # with one that another has overwritten. mkstemp makes the file 0600.
    descriptor, name = tempfile.mkstemp(prefix=f".{SALT_FILE}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(_SALT_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            FILES.publish(Path(name), file)
    finally:
        Path(name).unlink(missing_ok=True)
