"""Inputs that are small and nasty, a million for each parser: ``python -m bench.fuzz --help``."""
