"""The settings: what there is, and where they are found."""
