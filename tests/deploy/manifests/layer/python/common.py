"""What the layer brings."""

WORDS = ("one", "two")
