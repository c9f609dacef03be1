"""Checks that stop damaged replies, hidden characters and secrets."""
