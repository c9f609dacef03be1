"""Comments that are about a file, or a part of it, rather than about what stands below them."""

from __future__ import annotations

import re
from typing import Final

_LICENCE: Final = re.compile(r"copyright|\(c\)\s*\d{4}|©|licen[sc]e|SPDX-|all rights reserved", re.IGNORECASE)
_ABOUT_FILE: Final = re.compile(
    r"coding[:=]|\bvim?:|^#!|^//!|^///\s*<"
    r"|@ts-nocheck|@flow\b|@jsx|@fileoverview|@preserve|@file\b|@generated"
    r"|(?:es|ts|js)lint(?:-disable|-enable|:disable|:enable)(?!-(?:next-)?line)|^/\*\s*(?:es|js)(?:lint|hint)\b"
    r"|(?:isort|fmt|yapf|ruff|flake8|mypy|pylint|pyright|autopep8):(?!\s*skip\b)|prettier-ignore-(?:start|end)"
    r"|clang-format\s+(?:on|off)|@formatter:|CHECKSTYLE:|go:build|\+build|istanbul|organize-imports",
    re.IGNORECASE,
)
_BANNER: Final = re.compile(
    r"([-=*#~_/+])\1{3,}\W*$|^\W*([-=*#~_])\2{2,}.*\2{3}\W*$|#?\b(?:end)?region\b|MARK:|^# ?%%|#pragma\s+mark",
    re.IGNORECASE,
)


def is_licence(comment: str) -> bool:
    """True if a comment, or a line of one, says who owns the file and who may use it."""
    return _LICENCE.search(comment) is not None


def is_about_file(line: str) -> bool:
    """True if a line of a comment speaks to a tool, or of the file, and means more than the line below it."""
    return is_licence(line) or _ABOUT_FILE.search(line) is not None


def is_banner(line: str) -> bool:
    """True if a line of a comment opens a section of the file: a ruled line, or a mark for an editor."""
    return _BANNER.search(line) is not None
