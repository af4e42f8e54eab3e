"""A function's code, or a layer, as the zip that Lambda takes: the same bytes for the same content."""
