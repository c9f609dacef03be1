"""From the deltas of a stream to code: machines without I/O.

`parser` reads a reply that is one text, `sections` one that holds numbered sections of a document.
"""

from typing import TYPE_CHECKING

from editsvc import late
from editsvc.reply.parser import Framing, Reply, ReplyKind, ReplyParser

if TYPE_CHECKING:
    from editsvc.reply.sections import SectionsParser
else:
    __getattr__ = late.names(__name__, {"sections": ("SectionsParser",)})

__all__ = ["Framing", "Reply", "ReplyKind", "ReplyParser", "SectionsParser"]
