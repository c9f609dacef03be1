"""``python -m editsvc``."""

import os
import sys

# ``-m`` puts the current folder first, where a file may have the name of a module of a library. Nothing else is loaded
# before that.
_HERE = os.getcwd()  # noqa: PTH109
if sys.path[:1] == [_HERE] and not __file__.startswith(os.path.join(_HERE, "")):  # noqa: PTH118
    del sys.path[0]

from editsvc.cli import main  # noqa: E402

main()
