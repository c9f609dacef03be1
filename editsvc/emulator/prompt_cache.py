"""The server's memory of prompts: exact prefixes, in blocks."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

BLOCK: Final = 128


class PromptCache:
    """Remembers the blocks of earlier prompts; a block counts only after all blocks before it.

    The least recently used blocks are forgotten above `capacity`. Safe to use from several threads.
    """

    def __init__(self, capacity: int = 65_536) -> None:
        self._capacity = capacity
        self._known: OrderedDict[int, None] = OrderedDict()
        self._lock = Lock()

    def remember(self, model: str, prompt: Sequence[Hashable]) -> int:
        """The number of cached tokens at the start of `prompt`; all its whole blocks are then cached.

        The last token is never among them: the model has to read something to go on from.
        """
        cached = 0
        unbroken = True
        chain = hash(model)
        with self._lock:
            for end in range(BLOCK, len(prompt) + 1, BLOCK):
                chain = hash((chain, tuple(prompt[end - BLOCK : end])))
                unbroken = unbroken and chain in self._known
                if unbroken and end < len(prompt):
                    cached = end
                self._known[chain] = None
                self._known.move_to_end(chain)
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)
        return cached
