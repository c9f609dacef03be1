"""What of a document may be rewritten."""
