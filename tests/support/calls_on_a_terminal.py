"""A program for a terminal: makes the calls that a file lists, each through `main`, with a line about its exit code.

    python calls_on_a_terminal.py CALLS.json

One process for many calls, because starting the interpreter takes longer than most of them.
"""

import json
import sys
from pathlib import Path

from editsvc.cli import main

for call in json.loads(Path(sys.argv[1]).read_text("utf-8")):
    try:
        main(call)
    except SystemExit as ended:
        sys.stderr.flush()
        sys.stdout.write(f"\n<<<{ended.code}>>>\n")
        sys.stdout.flush()
