"""`lambdacli schema`: the manifest's JSON Schema, from which editors complete and check."""

from __future__ import annotations

import json

from lambdacli import console


def command() -> None:
    """Print the JSON Schema of lambdacli.yaml.

    Save it, and begin the manifest with `# yaml-language-server: $schema=FILE`: editors then complete and check it.
    """
    from lambdacli import manifest

    console.data(json.dumps(manifest.json_schema(), indent=2, ensure_ascii=False))
