"""``python -m editsvc``."""

from editsvc.cli import main

main()
