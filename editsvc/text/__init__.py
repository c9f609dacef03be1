"""Documents as text: positions and edits, differences, edits over what was typed, and their review."""
