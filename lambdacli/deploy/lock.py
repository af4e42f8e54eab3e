"""The remote lock that lets one of two deployments win: an SSM parameter with an owner and an expiry.

It is a lock and never the state. Whoever takes over an expired one must be the writer of the very next version of the
parameter; Parameter Store counts versions, so of two that try only one is. Source: PutParameter in the API reference.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.connection import Stopped
from lambdacli.errors import LambdacliError
from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.deploy.aws import Aws

EXPIRY = 120  # seconds; renewed while the deployment goes on
RENEWAL = 40  # seconds
_LEAVING = 60  # seconds; after 30 a deleted parameter's name is free, DeleteParameter in the API reference


class Held(LambdacliError):  # noqa: N818 - the name is what happened
    """Somebody else is deploying this app and stage (exit code 1)."""

    exit_code = 1


class _Lock(NamedTuple):
    owner: str  # who and where, for people
    token: str
    expires: float  # seconds since 1970
    version: int = 0

    def text(self) -> str:
        return json.dumps({"owner": self.owner, "token": self.token, "expires": self.expires})


@contextmanager
def held(aws: Aws, *, force: bool = False, last: bool = False, renewal: float = RENEWAL) -> Iterator[None]:
    """Hold the lock, renewed in the background, and release it at the end.

    It stays there, expired: Parameter Store takes half a minute until a deleted name can be used again.

    Args:
        aws: whom to tell.
        force: take it away from whoever holds it.
        last: delete it at the end, as there is nothing more to lock.
        renewal: seconds between renewals.

    Raises:
        Held: somebody else holds it.
    """
    holder = _Holder(aws.fresh())
    ended = threading.Event()
    renewing = threading.Thread(target=holder.renew_until, args=(ended, renewal), daemon=True)
    try:  # from here on, as Ctrl-C may come while it is being taken
        holder.take(force=force)
        renewing.start()
        yield
    finally:
        ended.set()
        if renewing.is_alive():
            renewing.join()
        holder.release(last=last)


def forget(aws: Aws) -> None:
    """Delete a lock that a killed run has left behind, if it has expired."""
    _Holder(aws.fresh()).forget()


class _Holder:
    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        manifest = aws.place.manifest
        self._name = f"/lambdacli/{manifest.app}/{manifest.stage}/lock"
        self._token = uuid.uuid4().hex

    def take(self, *, force: bool) -> None:
        self._aws.until(lambda: self._taken(force=force), "the lock", _LEAVING)

    def _taken(self, *, force: bool) -> bool | None:
        """None to try again: a deleted lock's name is taken for a while after nobody can read it any more."""
        try:
            self._put(Overwrite=False)
        except Refused as refused:
            if not (refused.exists or refused.lost):
                raise
        else:
            return True
        there = self._read()
        if there is None:
            return None
        if there.token != self._token:  # else the answer to the first try got lost
            if there.expires > time.time() and not force:
                raise _held(there)
            winner = self._take_over(there)
            if winner is not None and not force:
                raise _held(winner)
            return None if winner else True  # by force again: the holder has just renewed it
        return True

    def _take_over(self, there: _Lock) -> _Lock | None:
        """Who was quicker, if anybody.

        Ours is to be the first version after the expired one, or the first of all if that is deleted by now.
        """
        version = self._put(Overwrite=True)
        first = there.version + 1 if version > there.version else 1
        winner = None if version == first else self._read(first)
        if winner is None or winner.token == self._token:
            return None
        with suppress(Refused):  # ours lies over the winner's
            self._write(winner)
        return winner

    def renew_until(self, ended: threading.Event, renewal: float) -> None:
        while not ended.wait(renewal):
            with suppress(LambdacliError, Stopped):
                there = self._read()
                if there is not None and there.token == self._token:
                    self._take_over(there)

    def release(self, *, last: bool) -> None:
        """Ours alone: who took it by force keeps it."""
        with suppress(LambdacliError, Stopped):
            there = self._read()
            if there is None or there.token != self._token:
                return
            if last:
                self._aws.remove("ssm", "delete_parameter", Name=self._name)
            else:
                self._write(there._replace(expires=0))

    def forget(self) -> None:
        there = self._read()
        if there is not None and there.expires <= time.time():
            self._aws.remove("ssm", "delete_parameter", Name=self._name)

    def _put(self, *, Overwrite: bool) -> int:  # noqa: N803 - AWS's name
        lock = _Lock(_owner(), self._token, time.time() + EXPIRY)
        call = self._aws.call if Overwrite else self._aws.create
        answer = call("ssm", "put_parameter", Name=self._name, Value=lock.text(), Type="String", Overwrite=Overwrite)
        return int(answer["Version"])

    def _write(self, lock: _Lock) -> None:
        self._aws.call("ssm", "put_parameter", Name=self._name, Value=lock.text(), Overwrite=True)

    def _read(self, version: int = 0) -> _Lock | None:
        name = f"{self._name}:{version}" if version else self._name
        answer = self._aws.get("ssm", "get_parameter", Name=name)
        return _parsed(answer["Parameter"]) if answer else None


def _parsed(parameter: dict[str, Any]) -> _Lock:
    """Whatever somebody has written there by hand is an expired lock."""
    version = int(parameter.get("Version", 0))
    try:
        value = json.loads(parameter["Value"])
        return _Lock(str(value["owner"]), str(value["token"]), float(value["expires"]), version)
    except (ValueError, KeyError, TypeError):
        return _Lock("somebody", "", 0, version)


def _held(lock: _Lock) -> Held:
    seconds = max(1, round(lock.expires - time.time()))
    return Held(
        f"{lock.owner} is deploying this app and stage",
        hint=f"wait; a lock left behind ends by itself in {seconds} s, --force-unlock ends it now",
    )


def _owner() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):
        user = "somebody"
    return f"{user}@{socket.gethostname()} (process {os.getpid()})"
