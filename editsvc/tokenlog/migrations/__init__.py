"""How a database gets from each revision to the next.

A revision that was released never changes: what comes later is a new file, with the next number and a name,
added to `editsvc.tokenlog.migrate.REVISIONS`.
"""
