"""Which Host and Origin headers are from here: a page on the Internet must not reach a local server. Pure.

A name of somebody else's that resolves to 127.0.0.1 (DNS rebinding) gives itself away in the Host header, a page of
another site in the Origin header. Addresses in figures cannot be rebound, and are believed where others may connect.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LOCAL = ".localhost"  # every name below it is this machine
_MOST = 1024  # different headers whose verdict is kept
# What containers call the machine that they run on; nobody can register these names.
_OF_CONTAINERS = ("host.docker.internal", "gateway.docker.internal", "host.containers.internal")


class Hosts:
    """The names that this server answers to.

    `host` is the one it was told to listen on, `names` are what the machine is called; they count, as do addresses in
    figures, where it listens to others than this machine alone.
    """

    def __init__(self, host: str, names: Iterable[str] = ()) -> None:
        host = host.lower().strip("[]")
        self.public = not is_loopback(host)
        others = {each.lower() for name in names for each in (name, f"{name}.local")} if self.public else set()
        self._names = {host, *others, *(_OF_CONTAINERS if self.public else ())}
        self.knows = lru_cache(_MOST)(self._knows)
        self.trusts = lru_cache(_MOST)(self._trusts)

    def _knows(self, header: str) -> bool:
        """Whether a Host header means this server; its port does not matter."""
        name = name_of(header)
        return is_loopback(name) or name in self._names or (self.public and _address(name) is not None)

    def _trusts(self, origin: str) -> bool:
        """Whether an Origin header names a page that was served on this machine. `null` is nobody's."""
        scheme, separator, host = origin.partition("://")
        return bool(separator) and scheme in ("http", "https") and self._knows(host)


def name_of(header: str) -> str:
    """The host of a Host header, without port, in lower case; an IPv6 address without its brackets."""
    header = header.strip().lower()
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].rstrip(".")


def label(header: str) -> str:
    """What stands before `.localhost` in a Host header, and chooses what is asked for; "" in any other."""
    name = name_of(header)
    return name.removesuffix(LOCAL) if name.endswith(LOCAL) else ""


def in_url(host: str) -> str:
    """A host as a URL has it."""
    return f"[{host}]" if ":" in host else host


def is_loopback(name: str) -> bool:
    """Whether a host name or an address in figures is this machine for whoever resolves it (RFC 6761)."""
    if name == "localhost" or name.endswith(LOCAL):
        return True
    address = _address(name)
    return address is not None and address.is_loopback


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
