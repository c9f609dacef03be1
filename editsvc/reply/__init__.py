"""From the deltas of a stream to code: machines without I/O.

`parser` reads a reply that is one text, `sections` one that holds numbered sections of a document.
"""

from editsvc.reply.parser import Framing, Reply, ReplyKind, ReplyParser
from editsvc.reply.sections import SectionsParser

__all__ = ["Framing", "Reply", "ReplyKind", "ReplyParser", "SectionsParser"]
