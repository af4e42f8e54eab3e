"""AWS's partitions: the regions of each, and what hosts are called there. ARNs begin with a partition."""

from __future__ import annotations

from typing import NamedTuple


class _Partition(NamedTuple):
    name: str
    regions: str  # what their names begin with
    dns_suffix: str
    console: str = "console.aws.amazon.com"


_AWS = _Partition("aws", "", "amazonaws.com")
_OTHERS = (
    _Partition("aws-cn", "cn-", "amazonaws.com.cn", "console.amazonaws.cn"),
    _Partition("aws-us-gov", "us-gov-", "amazonaws.com", "console.amazonaws-us-gov.com"),
    _Partition("aws-iso", "us-iso-", "c2s.ic.gov"),
    _Partition("aws-iso-b", "us-isob-", "sc2s.sgov.gov"),
    _Partition("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk"),
    _Partition("aws-iso-f", "us-isof-", "csp.hci.ic.gov"),
    _Partition("aws-eusc", "eusc-", "amazonaws.eu"),
)


def of(region: str) -> str:
    """The partition that a region lies in."""
    return next((each.name for each in _OTHERS if region.startswith(each.regions)), "aws")


def dns_suffix(partition: str) -> str:
    """The end of the names of AWS's hosts in a partition."""
    return _known(partition).dns_suffix


def console(partition: str) -> str:
    """The host of the AWS Management Console in a partition."""
    return _known(partition).console


def _known(partition: str) -> _Partition:
    return next((each for each in _OTHERS if each.name == partition), _AWS)
