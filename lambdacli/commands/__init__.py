"""One file per command: options, one call into a room, show. `command` is the function that Typer wraps."""
