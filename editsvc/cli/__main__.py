"""``python -m editsvc.cli``."""

from editsvc.cli import main

main()
