"""Composition: from settings to a running service, and what is installed and configured for it."""
