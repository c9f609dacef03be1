"""One edit from top to bottom: the request, the order of the steps, the stream, and the log record."""
