"""How long tests wait: where the product is right, no answer depends on how busy the machine is."""

import asyncio
from collections.abc import Callable

# Only guards against hanging for ever.
HANGING_S = 60.0
_STALLING_S = 1.0


def read_timeout_s(*faults: object) -> float:
    """The read timeout for a server with `faults`: only one that says nothing is to be given up on soon."""
    given_up = ("stall", "loading", "busy")
    return _STALLING_S if any(word in str(fault) for fault in faults for word in given_up) else HANGING_S


async def until(seen: Callable[[], object]) -> None:
    """Wait until `seen` returns something true."""
    async with asyncio.timeout(HANGING_S):
        while not seen():
            await asyncio.sleep(0.005)
