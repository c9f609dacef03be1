"""The language server: ``editsvc-lsp``.

Nothing here is imported from outside; the editor starts the script. Importing the package loads nothing, so
that ``--version`` and ``--help`` answer at once.
"""

from __future__ import annotations

import argparse
import gc
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run the language server until its client leaves; returns the status for the shell."""
    from editsvc import __version__
    from editsvc.system import streams

    streams.speak_utf8()
    parser = argparse.ArgumentParser(
        prog="editsvc-lsp", description="Edit code by instruction, in any editor that speaks LSP."
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--stdio", action="store_true", help="talk over standard input and output (default)")
    way.add_argument("--tcp", type=int, metavar="PORT", help="listen on a loopback port; 0 takes a free one")
    way.add_argument("--ws", type=int, metavar="PORT", help="the same for WebSocket clients")
    parser.add_argument("--offline", action="store_true", help="use the offline engine, even with an API key")
    parser.add_argument(
        "--settings-schema", action="store_true", help="print the JSON Schema of the editor settings"
    )
    parser.add_argument("--version", action="version", version=f"editsvc-lsp {__version__}")
    chosen = parser.parse_args(arguments)
    if chosen.settings_schema:
        from lsp.settings import schema_json

        sys.stdout.write(schema_json())
        return 0
    # Until the client is initialized: what is loaded stays, and collecting would look through it again and again.
    gc.disable()
    from lsp.run import run

    return run(tcp=chosen.tcp, ws=chosen.ws, offline=chosen.offline)
