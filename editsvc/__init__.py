"""editsvc: edit code by instruction at the speed of prediction.

`docs/ARCHITECTURE.md` is the map; `editsvc.engine.service` is where an edit happens from end to end.
"""

from typing import Final

__version__: Final = "0.1.0"
