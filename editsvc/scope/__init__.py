"""The parts of a document that may be rewritten."""
