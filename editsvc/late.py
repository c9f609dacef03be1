"""What is made when it is first used, so that a start pays for what it uses: a package's modules, and patterns."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def names(package: str, modules: Mapping[str, tuple[str, ...]]) -> Callable[[str], Any]:
    """The ``__getattr__`` (PEP 562) of `package`, for the names that each of its `modules` has.

    A name must not be that of a module of the package: loading the module would take its place. What is found is set
    in the package, so that a name is looked up once.
    """
    where = {name: module for module, found in modules.items() for name in found}

    def found(name: str) -> Any:
        module = where.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name)
        value = getattr(import_module(f"{package}.{module}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return found


class _Pattern:
    """A pattern that is compiled when something of it is asked for; after that it is as fast as a compiled one."""

    def __init__(self, source: str, flags: int) -> None:
        self._late = source, flags

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(*self._late), name)
        self.__dict__[name] = value
        return value


def pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """``re.compile(source, flags)``, done at the first use; what is wrong with `source` shows then.

    It has all attributes of a pattern, but is none: functions of the module `re` do not take it.
    """
    return cast("re.Pattern[str]", _Pattern(source, flags))
