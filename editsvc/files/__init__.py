"""Files on disk: which may be edited, reading, writing, undoing, and how a diff names them."""
