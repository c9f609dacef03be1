"""The way to a model: what every provider takes and gives (`base`), and the providers themselves."""

import sys

# Where rich is installed, httpx loads its own command line with itself: rich, Pygments and click, a third of all that
# a request needs to be loaded. Nobody calls it here, and httpx does without where that module cannot be imported.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None forbids the import
