"""The token that a session over a socket begins with."""

from __future__ import annotations

import hmac


def same_token(given: object, expected: str) -> bool:
    """Whether `given` is the token; takes the same time wherever they differ."""
    return isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
