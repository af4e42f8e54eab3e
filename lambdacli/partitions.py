"""AWS's partitions: which one a region lies in. ARNs begin with it."""

from __future__ import annotations

_PREFIXES = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"}


def of(region: str) -> str:
    """The partition that a region lies in."""
    return next((name for prefix, name in _PREFIXES.items() if region.startswith(prefix)), "aws")
