"""The contract between the server and editors, as a check of what the server really sends."""

import json
from typing import Any

import msgspec

from lsp.contract import COMMANDS, NOTIFICATIONS
from lsp.names import ActionKind, Command, Notification


def problems(message: dict[str, Any], request: tuple[str, Any] | None = None) -> list[str]:
    """What is wrong with a message of the server, by the contract: an answer to `request`, or a notification."""
    if "method" in message:
        method = message["method"]
        return differences(message["params"], NOTIFICATIONS[method]) if method in set(Notification) else []
    if request is None or "result" not in message:
        return []
    method, params = request
    if method != "workspace/executeCommand":
        return in_commands(message["result"])
    command = params["command"]
    if command not in set(Command):
        return []
    argument = params["arguments"][0] if params["arguments"] else {}
    if command == Command.REPORT and argument.get("format") != "html":
        return [] if isinstance(message["result"], dict) else ["a report is an object"]
    return differences(message["result"], COMMANDS[command].answer)


def differences(value: Any, kind: type[msgspec.Struct]) -> list[str]:
    """What keeps `value` from being a `kind`, with no field too many and none too few."""
    try:
        known = msgspec.convert(value, kind)
    except msgspec.ValidationError as exc:
        return [f"this is no {kind.__name__}: {exc}: {json.dumps(value)}"]
    if json.loads(json.dumps(msgspec.to_builtins(known))) == value:
        return []
    return [f"this is no {kind.__name__}, which has other fields: {json.dumps(value)}"]


def in_commands(value: Any) -> list[str]:
    """The same for the arguments of the commands in code actions and lenses, and for the actions' kinds."""
    if isinstance(value, list):
        return [problem for item in value for problem in in_commands(item)]
    if not isinstance(value, dict):
        return []
    found = [problem for item in value.values() for problem in in_commands(item)]
    if "title" in value and "kind" in value and not value["kind"].startswith(tuple(ActionKind)):
        found.append(f"the kind of an action is none of the contract: {value['kind']}")
    if value.get("command") in list(Command):
        (argument,) = value["arguments"] if "arguments" in value else [value["argument"]]
        found += differences(argument, COMMANDS[value["command"]].argument)
    return found
