"""AWS's partitions: which one a region lies in, and where its console is. ARNs begin with it."""

from __future__ import annotations

_PREFIXES = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"}
_CONSOLES = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}


def of(region: str) -> str:
    """The partition that a region lies in."""
    return next((name for prefix, name in _PREFIXES.items() if region.startswith(prefix)), "aws")


def console(partition: str) -> str:
    """The host of the AWS Management Console in a partition."""
    return _CONSOLES.get(partition, "console.aws.amazon.com")
