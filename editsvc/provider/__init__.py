"""The way to a model: what every provider takes and gives (`base`), and the providers themselves."""
