"""From the deltas of a stream to code: machines without I/O.

`parser` reads a reply that is one text, `parts` one that holds numbered parts of a document.
"""

from editsvc.reply.parser import Framing, LineBuffer, Reply, ReplyKind, ReplyParser
from editsvc.reply.parts import PartsParser

__all__ = ["Framing", "LineBuffer", "PartsParser", "Reply", "ReplyKind", "ReplyParser"]
