"""What is made when it is first used."""

import importlib
import pkgutil
import re
import sys

import pytest

import editsvc
from editsvc import late


def test_a_late_pattern_does_what_a_compiled_one_does() -> None:
    made, compiled = (
        late.pattern(r"(?P<word>\w+)!", re.IGNORECASE),
        re.compile(r"(?P<word>\w+)!", re.IGNORECASE),
    )

    found = made.search("so: now! then!")

    assert found is not None and found["word"] == "now"
    assert made.findall("a! b!") == compiled.findall("a! b!")
    assert (made.pattern, made.flags, made.groupindex) == (
        compiled.pattern,
        compiled.flags,
        compiled.groupindex,
    )


def test_a_late_pattern_is_compiled_at_its_first_use() -> None:
    made = late.pattern("(")

    with pytest.raises(re.error, match="missing"):
        made.match("")


def test_every_late_pattern_of_the_product_can_be_compiled() -> None:
    seen = 0
    for module in pkgutil.walk_packages(editsvc.__path__, "editsvc."):
        if re.search(r"\.(__main__|migrations|system)\b", module.name):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            for pattern in value if isinstance(value, tuple) else (value,):
                if isinstance(pattern, late._Pattern):
                    assert isinstance(pattern.groups, int)
                    seen += 1
    assert seen > 100


def test_the_names_of_a_package_are_there_and_no_others() -> None:
    from editsvc import syntax, tokenlog

    assert all(getattr(package, name) for package in (syntax, tokenlog) for name in package.__all__)
    assert syntax.breakage is sys.modules["editsvc.syntax.broken"].breakage
    with pytest.raises(AttributeError, match=r"module 'editsvc.syntax' has no attribute 'brackets'"):
        _ = syntax.brackets  # type: ignore[attr-defined]
