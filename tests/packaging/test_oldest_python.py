"""What Python 3.10 refuses when a module is imported, and no checker tells."""

from __future__ import annotations

import ast
from pathlib import Path

from lambdacli import __file__ as package


def test_named_tuples_have_no_other_base() -> None:
    folder = Path(package).parent
    parsed = {path: ast.parse(path.read_text("utf-8")) for path in folder.rglob("*.py") if "files" not in path.parts}
    classes = (
        (path, node) for path, tree in parsed.items() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    )
    wrong = [
        f"{path.relative_to(folder)}:{node.lineno}"
        for path, node in classes
        if len(node.bases) > 1 and any(isinstance(base, ast.Name) and base.id == "NamedTuple" for base in node.bases)
    ]
    assert wrong == []
