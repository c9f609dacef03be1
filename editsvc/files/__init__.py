"""Files on disk: access rules, reading, writing, undo, and names in diffs."""
