"""Names of a package whose modules are loaded when a name is asked for, so that a start pays for what it uses."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

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
