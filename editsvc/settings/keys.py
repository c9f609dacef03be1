"""Where an API key can be put, and taken away again: the system's keyring, else a file that only its owner can read.

No setting of a workspace is asked for any of it: the folder is that of the user's own settings.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

from editsvc.errors import SettingsError
from editsvc.system.files import make_private_folder, others_can_read

if TYPE_CHECKING:
    from pathlib import Path

SERVICE: Final = "editsvc"
FILE: Final = "keys.json"


def from_keyring(account: str) -> str | None:
    """The key in the system's keyring; None if there is none, or no keyring."""
    try:
        import keyring  # noqa: PLC0415 - an extra
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        return None
    try:
        value: str | None = keyring.get_password(SERVICE, account)
    except KeyringError:
        return None
    return value


def to_keyring(account: str, key: str) -> bool:
    """Put a key into the system's keyring; false where there is none that takes it."""
    try:
        import keyring  # noqa: PLC0415 - an extra
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        return False
    try:
        keyring.set_password(SERVICE, account, key)
        taken: bool = keyring.get_password(SERVICE, account) == key
    except KeyringError:
        return False
    return taken  # a keyring that is switched off takes everything, and keeps nothing


def out_of_keyring(account: str) -> bool:
    """Remove a key from the system's keyring; raises SettingsError if it is there and stays."""
    if from_keyring(account) is None:
        return False
    import keyring  # noqa: PLC0415 - an extra
    from keyring.errors import KeyringError  # noqa: PLC0415

    try:
        keyring.delete_password(SERVICE, account)
    except KeyringError as exc:
        raise SettingsError(
            f"The keyring does not give up the key: {exc}.",
            hint=f"Remove {account} of the service {SERVICE} in the program of the keyring.",
        ) from exc
    return True


def from_file(folder: Path, account: str) -> str | None:
    """The key in the file of `folder`, None if there is none; raises SettingsError if others can read the file."""
    value = _load(folder / FILE).get(account)
    return value if isinstance(value, str) else None


def to_file(folder: Path, account: str, key: str) -> None:
    """Put a key into the file of `folder`; raises SettingsError."""
    _save(folder, {**_load(folder / FILE), account: key})


def out_of_file(folder: Path, account: str) -> bool:
    """Remove a key from the file of `folder`, and the file with the last one; raises SettingsError."""
    kept = _load(folder / FILE)
    if kept.pop(account, None) is None:
        return False
    _save(folder, kept)
    return True


def _load(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            if others_can_read(os.fstat(file.fileno())):
                raise SettingsError(
                    f"{path} holds keys, and others can read it.", hint=f"Run: chmod 600 {path}"
                )
            kept = json.loads(file.read())
    except FileNotFoundError:
        return {}
    except OSError as exc:
        raise SettingsError(f"{path} cannot be read: {exc.strerror or exc}.") from exc
    except ValueError as exc:
        raise SettingsError(f"{path} is not valid JSON.", hint="Remove it, and keep the key again.") from exc
    return kept if isinstance(kept, dict) else {}


def _save(folder: Path, kept: dict[str, Any]) -> None:
    path, beside = folder / FILE, folder / f"{FILE}.{os.getpid()}"
    try:
        if not kept:
            path.unlink(missing_ok=True)
            return
        make_private_folder(folder)
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
                json.dump(kept, file, indent=2)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as exc:
        raise SettingsError(f"{path} cannot be written: {exc.strerror or exc}.") from exc
