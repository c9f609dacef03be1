"""The policy as a file that people read: ``policy.toml`` in the data folder, its earlier versions beside it.

Only `predict` and `scope_min_tokens` have an effect; everything else is evidence. A file that cannot be used is a
warning, and the built-in rule decides: an edit never fails because of it.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec reads the annotations when it runs
from typing import TYPE_CHECKING, Any, Final

import msgspec

from editsvc.files import disk
from editsvc.files.disk import FileError
from editsvc.prediction.policy import Cell, LearnedChoice, LearnedPolicy, Size
from editsvc.system.files import make_private_folder
from editsvc.tuning import POLICY_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA: Final = 1
HISTORY_FOLDER: Final = "policy-history"
KEPT: Final = 20
_HEADER: Final = """\
# The models that get a prediction, as `editsvc tune` learned from the token log.
# `predict` and `scope_min_tokens` decide; the rest says why. `editsvc policy reset` restores the built-in rule.
"""
_VERSIONED: Final = re.compile(r"policy-([0-9]+)\.toml")


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The decision for a model, or for a cell of it (`scope_kind`, `size`), and the reason.

    `net_share_*` is the share of a plain request's time that a prediction saves, money counted as time, with its
    95 % interval. `requests` is the number of usable ones. `usd_per_million_output` is the price at which it was made.
    """

    model: str
    provider: str | None = None
    scope_kind: str | None = None
    size: Size | None = None
    predict: bool | None = None
    scope_min_tokens: int | None = None
    why: str = ""
    requests: int = 0
    net_share: float | None = None
    net_share_low: float | None = None
    net_share_high: float | None = None
    usd_per_million_output: float | None = None

    @property
    def cell(self) -> Cell:
        """The requests to which the rule applies."""
        return Cell(self.provider, self.model, self.scope_kind, self.size)


class PolicyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of the policy; `value_of_time` is US dollars an hour, as the objective has it."""

    schema: int = SCHEMA
    version: int
    created_at: datetime
    objective: str
    value_of_time: float
    rule: tuple[Rule, ...] = ()

    @property
    def name(self) -> str:
        """The name of the version in the log."""
        return f"learned-{self.version}"

    @property
    def prices(self) -> dict[Cell, float | None]:
        """The US dollars for a million output tokens that each model's rule was made at."""
        return {
            rule.cell: rule.usd_per_million_output for rule in self.rule if rule.cell == rule.cell.whole_model
        }

    @property
    def learned(self) -> LearnedPolicy:
        """The policy for `editsvc.prediction.policy.decide`."""
        choices = {rule.cell: LearnedChoice(rule.predict, rule.scope_min_tokens) for rule in self.rule}
        return LearnedPolicy(self.name, choices)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The policy in force, None for the built-in rule, and a warning if a file exists but is not used."""

    policy: PolicyFile | None
    warning: str = ""

    @property
    def learned(self) -> LearnedPolicy | None:
        """The policy for `editsvc.prediction.policy.decide`; None for the built-in rule."""
        return None if self.policy is None else self.policy.learned


def load(data_dir: Path) -> Loaded:
    """The policy of the data folder; never raises, whatever the file holds."""
    path = data_dir / POLICY_FILE
    try:
        return Loaded(parse(path.read_text("utf-8")))
    except FileNotFoundError:
        return Loaded(None)
    except (OSError, ValueError) as exc:
        why = (exc.strerror or str(exc)) if isinstance(exc, OSError) else str(exc)
        return Loaded(
            None, f"{path} is not used, and the built-in rule decides about predictions: {why.rstrip('.')}."
        )


def parse(text: str) -> PolicyFile:
    """The policy that `text` holds; raises ValueError with what is wrong."""
    values = tomllib.loads(text)
    schema = values.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise ValueError(f"it was written by a newer editsvc (schema {schema}, {SCHEMA} is known)")
    return msgspec.convert(values, PolicyFile)


def render(policy: PolicyFile) -> str:
    """`policy` as TOML; `parse` gives it back."""
    lines = [
        _HEADER.rstrip("\n"),
        f"schema = {policy.schema}",
        f"version = {policy.version}",
        f"created_at = {policy.created_at.isoformat()}",
        f"objective = {_value(policy.objective)}",
        f"value_of_time = {_value(policy.value_of_time)} # US dollars an hour",
    ]
    for rule in policy.rule:
        lines += ["", "[[rule]]", *(f"{name} = {_value(value)}" for name, value in _keys(rule))]
    return "\n".join(lines) + "\n"


def to_json(policy: PolicyFile) -> dict[str, Any]:
    """`policy` for JSON; absent fields of a rule are null."""
    return {
        "name": policy.name,
        "version": policy.version,
        "created_at": policy.created_at.isoformat(),
        "objective": policy.objective,
        "value_of_time": policy.value_of_time,
        "rules": [{name: getattr(rule, name) for name in rule.__struct_fields__} for rule in policy.rule],
    }


def save(data_dir: Path, policy: PolicyFile) -> Path:
    """Put `policy` in force, and keep it in the history; raises FileError.

    Files are old or new at every moment.
    """
    text = render(policy)
    path = data_dir / POLICY_FILE
    try:
        history = data_dir / HISTORY_FOLDER
        make_private_folder(history)
        disk.put(history / f"policy-{policy.version}.toml", text.encode("utf-8"))
        disk.put(path, text.encode("utf-8"))
        for _, old in _versions(data_dir)[KEPT:]:
            old.unlink(missing_ok=True)
    except OSError as exc:
        raise FileError(
            f"{path} cannot be written: {exc.strerror or exc}.", hint="It was not changed."
        ) from exc
    return path


def history(data_dir: Path) -> list[PolicyFile]:
    """The versions in the history, the latest first; those that cannot be read are left out."""
    found = []
    for _, path in _versions(data_dir):
        try:
            found.append(parse(path.read_text("utf-8")))
        except (OSError, ValueError):
            continue
    return found


def next_version(data_dir: Path) -> int:
    """An unused version number; a reset does not start again at 1."""
    current = load(data_dir).policy
    return 1 + max(
        [number for number, _ in _versions(data_dir)] + ([current.version] if current else []), default=0
    )


def reset(data_dir: Path) -> bool:
    """Restore the built-in rule; False if it is already in force. Raises FileError. The history stays."""
    path = data_dir / POLICY_FILE
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as exc:
        raise FileError(f"{path} cannot be removed: {exc.strerror or exc}.") from exc
    return True


def _versions(data_dir: Path) -> list[tuple[int, Path]]:
    folder = data_dir / HISTORY_FOLDER
    try:
        found = [(_VERSIONED.fullmatch(path.name), path) for path in folder.iterdir()]
    except OSError:
        return []
    return sorted(((int(match[1]), path) for match, path in found if match), reverse=True)


def _keys(rule: Rule) -> Iterator[tuple[str, object]]:
    for name in rule.__struct_fields__:
        value = getattr(rule, name)
        if value is not None:
            yield name, value


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A JSON string is a basic string of TOML, except for DEL.
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
