"""URLs as people may see them: without passwords and tokens."""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "***"
# Up to the last "@": a password may hold any other character, also where it should not.
_LOGIN: Final = re.compile(r"(?P<scheme>(?:^|(?<=//))(?:[\w+.-]+://)?)(?P<login>.*)@", re.ASCII)
_PARAMETER: Final = re.compile(
    r"(?P<name>[?&;][^=&;#]*(?:password|passwd|pwd|secret|token|key|credential|signature|sig)[^=&;#]*=)[^&;#]*",
    re.IGNORECASE,
)


def without_secrets(url: str) -> str:
    """`url` with ``***`` for the password, for a login without one, and for parameters named like secrets.

    Whatever stands there need not be a URL: what may be a password is hidden all the same.

    >>> without_secrets("postgresql://me:secret@host/log?sslpassword=x")
    'postgresql://me:***@host/log?sslpassword=***'
    """
    return _PARAMETER.sub(rf"\g<name>{HIDDEN}", _LOGIN.sub(_masked, url, count=1))


def _masked(match: re.Match[str]) -> str:
    user, colon, _ = match["login"].partition(":")
    return f"{match['scheme']}{f'{user}:' if colon else ''}{HIDDEN}@"
