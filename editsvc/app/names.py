"""Who an edit is logged for, where the user has switched that on: its repository and its user, as keyed hashes.

The names themselves go no further than here.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from editsvc.engine.ports import Whose
from editsvc.errors import EditsvcError
from editsvc.settings import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from editsvc.settings.schema import Settings


class Names:
    """The hashes of the repository and the user of edits, as far as `settings` want them logged; thread-safe."""

    def __init__(self, settings: Settings, environ: Mapping[str, str] | None = None) -> None:
        self._settings = settings
        self._environ = environ
        self._lock = threading.Lock()
        self._key: bytes | None = None
        self._known: dict[Path, str] = {}

    def __call__(self, path: str) -> Whose:
        """Whose the document at `path` is; a key that cannot be had is a warning, and never an error."""
        try:
            found = self.of(path)
        except EditsvcError as exc:
            return Whose(warning=f"Neither repository nor user was logged. {exc.sentence()}")
        return Whose(
            found.repository if self._settings.log_repository else None,
            found.user if self._settings.log_user else None,
        )

    def of(self, path: str) -> Whose:
        """The same, whatever is to be logged; raises SettingsError or LogUnavailable where there is no key."""
        with self._lock:
            key = self._key = self._key or self._found()
            return Whose(self._repository(path, key), _user(key))

    def _found(self) -> bytes:
        from editsvc.tokenlog.privacy import load_key  # noqa: PLC0415 - while the reply is awaited

        given = environment.log_key(self._settings, self._environ)
        return given if given is not None else load_key(environment.data_dir(self._settings))

    def _repository(self, path: str, key: bytes) -> str:
        from editsvc.files.repository import repository_of  # noqa: PLC0415 - as above

        folder = Path(path).parent
        if folder not in self._known:
            self._known[folder] = _keyed("repository", repository_of(path), key)
        return self._known[folder]


def _user(key: bytes) -> str:
    import getpass  # noqa: PLC0415 - as above

    try:
        name: str | None = getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name
        name = None
    return _keyed("user", name, key)


def _keyed(kind: str, name: str | None, key: bytes) -> str:
    from editsvc.tokenlog.privacy import keyed_name  # noqa: PLC0415 - as above
    from editsvc.tokenlog.values import NONE  # noqa: PLC0415

    return NONE if name is None else keyed_name(kind, name, key)
