"""The listening sockets, and what keeps a machine from having them."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import sys

from lambdacli.errors import MachineError

BACKLOG = 2048  # connections that wait to be accepted
_DESCRIPTORS = 65_536  # that we want; functions keep Lambda's 1,024
_HIGHEST = 65_535  # port
_LOOPBACKS = ("127.0.0.1", "localhost", "::1")


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on a host; with port 0 on one that is free.

    Where it is this machine alone both of its addresses are listened on, if it has both: clients take `localhost`
    for one or the other.

    Raises:
        MachineError: the port is taken, or not ours to take; the host is not of this machine.
    """
    if not 0 <= port <= _HIGHEST:
        raise MachineError(f"there is no port {port}", hint="--port takes 0 to 65535, 0 is any that is free")
    sockets = [_bound(address, port) for address in _addresses(host, port)[:1]]
    port = sockets[0].getsockname()[1]
    if host in _LOOPBACKS:
        other = "127.0.0.1" if sockets[0].family == socket.AF_INET6 else "::1"
        family = socket.AF_INET6 if other == "::1" else socket.AF_INET
        with contextlib.suppress(MachineError):  # another server's, or there is no such address
            sockets.append(_bound((family, (other, port)), port))
    return sockets


def raise_limit() -> None:
    """Let this process have more connections than shells usually grant."""
    if os.name != "posix":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # it stays as it is
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _addresses(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
    try:
        found = socket.getaddrinfo(host.strip("[]") or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise _no_such(host) from None
    return sorted((int(family), (str(address[0]), int(address[1]))) for family, _, _, _, address in found)


def _bound(address: tuple[int, tuple[str, int]], port: int) -> socket.socket:
    family, where = address
    # only of a socket that says it is TCP asyncio sends at once what is written in two pieces
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        elif sys.platform == "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(where)
        listener.listen(BACKLOG)
        listener.setblocking(False)  # noqa: FBT003 - the signature is of sockets
    except OSError as error:
        listener.close()
        raise _why(error, where[0], port) from None
    return listener


def _why(error: OSError, host: str, port: int) -> MachineError:
    if error.errno == errno.EADDRINUSE:
        return MachineError(f"port {port} is taken", hint="another serve may be running; --port chooses another, 0 any")
    if error.errno in (errno.EACCES, errno.EPERM):
        return MachineError(f"port {port} may not be used without special rights", hint="--port 3000")
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return _no_such(host)
    return MachineError(
        f"cannot listen on {host}, port {port}: {error.strerror}", hint="--host and --port choose others"
    )


def _no_such(host: str) -> MachineError:
    return MachineError(f"{host} is no address of this machine", hint="--host 127.0.0.1 is this machine alone")
