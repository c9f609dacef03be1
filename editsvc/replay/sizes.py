"""How long the modules are that ``editsvc bench`` edits."""

from typing import Final

FUNCTIONS: Final = 40
"""Of a module that is edited, where nobody said how many."""

SIZES: Final = {"tiny": 1, "small": 8, "medium": FUNCTIONS, "large": 200}
"""The functions of modules by their size; one has 10 lines, or about 70 tokens."""
