"""What only some systems have is used in `editsvc.system` alone, and the rest does its work without it."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Modules are forbidden by import-linter, in pyproject.toml; these are names of modules that every system has.
ONLY_SOME_HAVE = {
    "os": {
        *(
            "O_BINARY",
            "O_CLOEXEC",
            "O_DIRECTORY",
            "O_NOFOLLOW",
            "O_NOINHERIT",
            "O_NONBLOCK",
            "environb",
            "fchdir",
        ),
        *("fchmod", "fchown", "fork", "get_blocking", "getegid", "geteuid", "getgid", "getgroups", "getuid"),
        *(
            "getxattr",
            "kill",
            "killpg",
            "link",
            "listxattr",
            "name",
            "nice",
            "openpty",
            "pathconf",
            "posix_fallocate",
        ),
        *("posix_spawn", "pread", "pwrite", "removexattr", "set_blocking", "setsid", "setxattr", "startfile"),
        *("statvfs", "sync", "umask", "uname", "wait", "waitpid"),
    },
    "signal": {"SIGBREAK", "SIGCHLD", "SIGHUP", "SIGPIPE", "SIGQUIT", "SIGUSR1", "alarm", "pause", "signal"},
    "socket": {"AF_UNIX", "SO_EXCLUSIVEADDRUSE", "SO_PEERCRED", "SO_REUSEADDR", "recv_fds", "send_fds"},
    "time": {"tzset"},
    "loop": {"add_reader", "add_signal_handler", "add_writer"},
    "subprocess": {"CREATE_NO_WINDOW", "STARTUPINFO"},
}
# Which system it is: the entry points of what Linux alone has, and for mypy.
ASK_FOR_THE_SYSTEM = {
    "editsvc/cli/__init__.py",
    "editsvc/cli/handover.py",
    "editsvc/cli/ready.py",
    "editsvc/cli/serve.py",
    "lsp/wire/file_uris.py",
}
SOURCES = [
    path
    for package in ("editsvc", "lsp")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "editsvc/system" not in path.as_posix()
]


def used(path: Path) -> set[tuple[str, str]]:
    """Each attribute of a plain name in a module."""
    return {
        (node.value.id, node.attr)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_else_uses_what_only_some_systems_have(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    found = {f"{module}.{what}" for module, what in used(path) if what in ONLY_SOME_HAVE.get(module, ())}
    if name not in ASK_FOR_THE_SYSTEM:
        found |= {"sys.platform"} & {f"{module}.{what}" for module, what in used(path)}
    assert not found


# A process in which those modules cannot be imported and those names are not there, with the half for Windows.
WITHOUT = """
import asyncio, concurrent.futures, importlib.abc, json, multiprocessing, os, pathlib, shutil, signal, socket
import socketserver, subprocess, sys, tempfile, time, click, httpx, rich.console, aiohttp, pygls.server, sqlalchemy
import pygit2, cerebras.cloud.sdk, _posixsubprocess

windows = type(sys)("editsvc.system.windows_api")
class WindowsApi:
    def security(self, path): return b"the same"
    def attributes(self, path): return 0
    def set_attributes(self, path, attributes): pass
    def streams(self, path): return []
    def lock(self, descriptor): pass
    def unlock(self, descriptor): pass
windows.WindowsApi = WindowsApi
windows.is_remote = lambda root: False
sys.modules["editsvc.system.windows_api"] = windows
signal.SIGBREAK, socket.SO_EXCLUSIVEADDRUSE = signal.SIGUSR2, socket.SO_REUSEADDR
subprocess.CREATE_NO_WINDOW = 0

import editsvc
sys.platform = "win32"
import editsvc.system.files, editsvc.system.processes, editsvc.system.signals, editsvc.system.sockets
import editsvc.system.streams, editsvc.system.volumes, lsp.wire.file_uris

assert type(editsvc.system.files.FILES).__name__ == "WindowsFiles"
replaced = []
taking_over = editsvc.system.files.FILES.replace
def replace(new, path):
    replaced.append(path.name)
    return taking_over(new, path)
editsvc.system.files.FILES.replace = replace

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name in {"fcntl", "grp", "msvcrt", "pwd", "resource", "termios", "tty"}:
            raise ImportError(f"{name} is for some systems only", name=name)

for name in ("fcntl", "grp", "pwd", "resource", "termios", "tty"):
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Missing())
for name in ("fchmod", "fchown", "fork", "geteuid", "getuid", "getxattr", "listxattr", "pathconf", "posix_fallocate",
             "pwrite", "setsid", "O_NOFOLLOW", "O_NONBLOCK", "environb"):
    delattr(os, name)
for module, name in ((signal, "SIGHUP"), (signal, "SIGQUIT"), (socket, "SO_PEERCRED")):
    delattr(module, name)
sys.platform = "of another kind"
"""
USE = {
    "every module": """
import importlib, pkgutil, re, lsp
for package in (editsvc, lsp):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not re.search(r"__main__|migrations|editsvc.system|cli.(handover|ready)$", module.name):
            importlib.import_module(module.name)
""",
    "rewrite": """
from editsvc.cli import main
try:
    main(["rewrite", "--offline", "-i", "rename fetch to download", "--apply", "client.py"])
except SystemExit as exc:
    assert not exc.code
assert "client.py" in replaced, replaced
assert open("client.py", newline="").read() == "def download():\\r\\n    pass\\r\\n"
""",
    "report": """
from editsvc.cli import main
try:
    main(["report", "--format", "json", "-o", "report.json"])
except SystemExit as exc:
    assert not exc.code
assert json.load(open("report.json"))["requests"] == 0 and "report.json" in replaced
""",
    "the language server": """
import io
from lsp.session import EditServer, ProcessContext
from lsp.wire.stdio import PipeChannel
async def introduced():
    incoming, there = os.pipe()
    back, outgoing = os.pipe()
    server = EditServer(ProcessContext({}, offline=True))
    channel = PipeChannel(incoming, outgoing, on_body=server.receive, on_end=server.disconnected)
    server.connect(channel)
    editsvc.system.signals.call_at_end(server.end)
    channel.start()
    def send(message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        os.write(there, b"Content-Length: %d\\r\\n\\r\\n%s" % (len(body), body))
    send({"id": 1, "method": "initialize", "params": {"capabilities": {}}})
    answer = await asyncio.to_thread(os.read, back, 65536)
    assert b"editsvc.edit" in answer, answer
    send({"id": 2, "method": "shutdown"})
    await asyncio.to_thread(os.read, back, 65536)
    send({"method": "exit"})
    assert await server.ended == 0
    await server.wind_up()
asyncio.run(introduced())
""",
}


@pytest.mark.parametrize("what", USE)
def test_the_main_ways_work_without_what_only_some_systems_have(tmp_path: Path, what: str) -> None:
    (tmp_path / "client.py").write_bytes(b"def fetch():\r\n    pass\r\n")
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT + USE[what]],
        cwd=tmp_path,
        env={**os.environ, "EDITSVC_DATA_DIR": str(tmp_path / "data"), "EDITSVC_CONFIG": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
