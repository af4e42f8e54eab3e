"""What the manifest asks lambdacli to make where it is missing, as resources. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdacli.model import Manifest
    from lambdacli.resource import Place, Resource


def resources(manifest: Manifest, place: Place) -> Iterable[Resource]:  # noqa: ARG001 - the section's own kinds follow
    """Those of the section `resources`."""
    return ()
