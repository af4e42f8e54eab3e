"""A session with AWS: each call made, refused in words of ours, and tried again while that makes sense.

The only importer of boto3.
"""

from __future__ import annotations

import io
import json
import random
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import partitions
from lambdacli.errors import MachineError
from lambdacli.refusals import UNREACHABLE, UNREADABLE, Refused, broken, patience, throttled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    Answer = dict[str, Any]

_CONNECTIONS = 128  # per service: as many as there are threads that read, or wait for messages
_UPLOADS = 6  # tries for each part of a large file
_FIRST_PAUSE = 0.2  # seconds, doubled each time
_LONGEST_PAUSE = 5.0
_LONGEST_INVOCATION = 905  # seconds until a function's answer must have come: 15 minutes, "Lambda quotas"
_FIRST_ANSWER = 3  # seconds, tried again until then: whoever has no network wants to know
_FAILED = 500  # the first of HTTP's codes for an error of the one who answers
_SECRET = 4  # characters: what is shorter stands in messages by chance
_LARGE = 1 << 20  # bytes of a request that is worth watching


class Stopped(Exception):  # noqa: N818 - somebody wants to stop: no error
    """Ctrl-C while waiting between two calls."""


class Target(NamedTuple):
    """Where to find what speaks as AWS does, whatever the environment and the configuration files say of endpoints.

    With keys of its own nothing is read of the caller's configuration, and none of the caller's credentials sent.
    """

    endpoint: str  # URL
    keys: tuple[str, str] | None = None  # access key id and secret; None: the caller's own credentials


class Connection:
    """A session with its clients, which threads share.

    Args:
        profile: of the caller's configuration; "": as the environment says.
        region: likewise.
        target: None is AWS, or what AWS_ENDPOINT_URL says.
    """

    def __init__(self, profile: str = "", region: str = "", target: Target | None = None) -> None:
        self._lock = threading.RLock()
        self._clients: dict[str, Any] = {}
        self._profile = profile
        self.region = region
        self._target = target
        self._session: Any = None
        self.stopping = threading.Event()
        # bytes sent, bytes in all, and the thread that wanted it: the one that sends may be another
        self.uploading: Callable[[int, int, int], None] = lambda _done, _total, _thread: None

    def client(self, service: str) -> Any:
        """The client of a service.

        Raises:
            MachineError: there is no such profile, or no such region.
        """
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._made(service)
            return self._clients[service]

    def _made(self, service: str, **options: Any) -> Any:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        # tried again here, where it is known whether a lost answer may be asked for once more
        given = {"retries": {"total_max_attempts": 1}, **self._reaching(), **options}
        config = Config(max_pool_connections=_CONNECTIONS, user_agent_extra="lambdacli", **given)
        endpoint = self._target.endpoint if self._target else None
        try:
            with self._lock:  # a session makes one client at a time
                self._session = self._session or self._opened()
                client = self._session.client(service, endpoint_url=endpoint, config=config)
        except (BotoCoreError, ValueError) as error:
            raise MachineError(_said(error), hint=_setting(error)) from None
        if service == "lambda":
            client.meta.events.register("before-send.lambda", self._watch_upload)
        return client

    def _reaching(self) -> dict[str, Any]:
        """How a target is reached: by its own address alone, which names of buckets must not become part of."""
        if self._target is None:
            return {}
        plain = {"use_fips_endpoint": False, "use_dualstack_endpoint": False, "inject_host_prefix": False}
        direct: dict[str, Any] = {"proxies": {}} if loopback(self._target.endpoint) else {}
        return {"s3": {"addressing_style": "path"}, **plain, **direct}

    def _opened(self) -> Any:
        import boto3

        if self._target is None or self._target.keys is None:
            return boto3.Session(profile_name=self._profile or None, region_name=self.region or None)
        from botocore.session import Session

        key, secret = self._target.keys
        unread = dict.fromkeys(("profile", "config_file", "credentials_file"), (None, None, None, None))
        alone = Session(session_vars=unread)
        return boto3.Session(key, secret, region_name=self.region, botocore_session=alone)

    @property
    def keys(self) -> tuple[str, str] | None:
        """Access key id and secret of its target; None where the caller's own are used."""
        return self._target.keys if self._target else None

    def close(self) -> None:
        """Close the connections that are open; a client makes new ones where somebody still uses it."""
        with self._lock:
            for each in self._clients.values():
                each.close()

    def _watch_upload(self, request: Any, **_: Any) -> None:
        """Lets the sending of a package be seen."""
        body = request.body
        if isinstance(body, bytes) and len(body) > _LARGE:
            request.body = _Watched(body, self.uploading)

    def once(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Answer:
        """One call, made once.

        Raises:
            Refused: AWS says no, or nothing.
            MachineError: there are no credentials.
        """
        client = self.client(service)
        with _refusals(service, operation, _secrets(parameters)):
            answer: Answer = getattr(client, operation)(**parameters)
        return answer

    def invoke(self, **parameters: Any) -> Answer:
        """Invoke a function once, and wait for as long as one may run; its answer's Payload as bytes.

        Raises:
            Refused: AWS says no; `lost`: nobody knows whether it has run.
            MachineError: there are no credentials.
        """
        client = self._made("lambda", read_timeout=_LONGEST_INVOCATION, tcp_keepalive=True)
        with _refusals("lambda", "invoke"):
            answer: Answer = client.invoke(**parameters)
            return {**answer, "Payload": answer["Payload"].read()}

    def events(self, service: str, operation: str, key: str, parameters: Mapping[str, Any]) -> Iterator[Answer]:
        """What a call sends under `key` for as long as it goes on, as it comes.

        Raises:
            Refused: AWS says no, or breaks off.
            MachineError: there are no credentials.
        """
        from urllib3.exceptions import HTTPError

        client = self._made(service, inject_host_prefix=not self.elsewhere(service))
        with _refusals(service, operation):
            stream = getattr(client, operation)(**parameters)[key]
            try:
                yield from stream
            except HTTPError as error:  # botocore lets it through
                raise Refused(service, operation, UNREACHABLE, _said(error), lost=True) from None
            finally:
                stream.close()

    def elsewhere(self, service: str) -> bool:
        """Whether a service has an endpoint that somebody has set, and that is none of AWS's own."""
        client = self.client(service)
        host = client.meta.endpoint_url.partition("://")[2].partition("/")[0]
        return not host.endswith((partitions.dns_suffix(partitions.of(client.meta.region_name)), ".api.aws"))

    def pages(self, service: str, operation: str, key: str, parameters: Mapping[str, Any]) -> list[Any]:
        """What all pages of a list have under `key`. Raises as `patient`."""
        client = self.client(service)
        if not client.can_paginate(operation):
            return list(self.patient(service, operation, parameters).get(key) or ())
        model = client.get_paginator(operation)._pagination_cfg  # noqa: SLF001 - the names of the tokens
        given, answered = _several(model["input_token"]), _several(model["output_token"])
        found: list[Any] = []
        asked = dict(parameters)
        while True:
            answer = self.patient(service, operation, asked)
            found += answer.get(key) or ()
            tokens = [_token(answer, each) for each in answered]
            if not any(tokens) or answer.get(model.get("more_results", ""), True) is False:
                return found
            asked = {**parameters, **{name: token for name, token in zip(given, tokens, strict=False) if token}}

    def patient(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        lost: bool = True,
        seconds: float = float("inf"),
    ) -> Answer:
        """One call, tried again while it is refused for a reason that passes.

        Args:
            service: as boto3 calls it.
            operation: as boto3 calls it.
            parameters: of the operation.
            lost: whether it may be made again when nobody knows if it was carried out.
            seconds: for how long at most.

        Raises:
            Refused: for good.
            Stopped: somebody pressed Ctrl-C.
        """
        begun = self.now()
        pause = _FIRST_PAUSE
        while True:
            try:
                return self.once(service, operation, parameters)
            except Refused as refused:
                late = self.now() - begun >= min(seconds, patience(refused))
                if late or (refused.lost and not lost):
                    raise
                longest = _LONGEST_PAUSE * (2 if throttled(refused) else 1)
            self.pause(pause * random.uniform(0.5, 1))  # noqa: S311 - so that callers do not come all at once
            pause = min(2 * pause, longest)

    def upload(self, path: Path, Bucket: str, Key: str) -> None:  # noqa: N803 - AWS's names
        """Put a file into a bucket, in parts if it is large.

        Raises:
            Refused: AWS says no.
        """
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        total, done = path.stat().st_size, 0
        whose, lock = threading.get_ident(), threading.Lock()

        def sent(count: int) -> None:  # by the threads that send the parts
            nonlocal done
            with lock:
                done += count
                self.uploading(done, total, whose)

        try:
            client = self._made("s3", retries={"mode": "standard", "total_max_attempts": _UPLOADS})
            client.upload_file(str(path), Bucket, Key, Callback=sent)
        except (Boto3Error, BotoCoreError, ClientError) as error:
            raise Refused("s3", "put_object", "UploadFailed", _said(error)) from None

    def now(self) -> float:
        """Seconds since some moment: deadlines are counted with it."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Wait, unless somebody wants to stop.

        Raises:
            Stopped: somebody does.
        """
        if self.stopping.wait(seconds):
            raise Stopped


def loopback(url: str) -> bool:
    """Whether a URL leads to this machine."""
    from ipaddress import ip_address
    from urllib.parse import urlsplit

    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@contextmanager
def _refusals(service: str, operation: str, secrets: Iterable[str] = ()) -> Iterator[None]:
    """What goes wrong in a call, as our own errors; AWS repeats what it was given, nobody else does."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    def said(error: object) -> str:
        return " ".join(_hidden(str(error), secrets).split())

    try:
        yield
    except exceptions.ClientError as error:
        told = error.response.get("Error", {})
        code = str(told.get("Code", "Unknown"))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        code = str(status) if code in ("Unknown", "") else code
        lost = broken(code) or status >= _FAILED
        raise Refused(service, operation, code, said(told.get("Message", "")), lost=lost) from None
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise MachineError(said(error), hint="`aws configure`, AWS_PROFILE or --profile") from None
    except exceptions.ParamValidationError as error:
        raise Refused(service, operation, "InvalidParameter", said(error)) from None
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
        refused = isinstance(error, exceptions.EndpointConnectionError | exceptions.ConnectTimeoutError)
        raise Refused(service, operation, UNREACHABLE, said(error), lost=not refused) from None
    except ResponseParserError:
        raise Refused(service, operation, UNREADABLE, "the answer is none of AWS's", lost=True) from None
    except exceptions.BotoCoreError as error:
        raise MachineError(said(error), hint=_sign_in(error)) from None


def _secrets(parameters: Mapping[str, Any]) -> list[str]:
    """The values of environment variables, and as JSON spells them, the longest first; of several lines also each."""
    variables = parameters.get("Environment", {}).get("Variables", {}).values()
    whole = [str(each) for each in variables]
    texts = {each.strip() for value in whole for each in (value, *value.splitlines())}
    spelt = {json.dumps(each, ensure_ascii=plain)[1:-1] for each in (*whole, *texts) for plain in (True, False)}
    return sorted((each for each in texts | spelt if len(each) >= _SECRET), key=len, reverse=True)


def _hidden(text: str, secrets: Iterable[str]) -> str:
    for each in secrets:
        text = text.replace(each, "***")
    return text


class _Watched(io.BytesIO):
    """A request's body that tells how much of it has been read."""

    def __init__(self, body: bytes, tell: Callable[[int, int, int], None]) -> None:
        super().__init__(body)
        self._total = len(body)
        self._tell = tell
        self._whose = threading.get_ident()

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        self._tell(self.tell(), self._total, self._whose)
        return chunk


def _several(token: str | list[str]) -> list[str]:
    return [token] if isinstance(token, str) else list(token)


def _token(answer: Mapping[str, Any], path: str) -> Any:
    """A page's token; of the few that are expressions (`a || b`) the first that is there."""
    for name in path.split("||"):
        value: Any = answer
        for step in name.strip().split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if value:
            return value
    return None


def _said(error: Exception) -> str:
    return " ".join(str(error).split())


def _setting(error: Exception) -> str:
    """What to put right before a client can be made."""
    if type(error).__name__ == "ProfileNotFound":
        return "`aws configure list-profiles` names those that there are"
    if "endpoint" in str(error):
        return "AWS_ENDPOINT_URL is a whole address, such as http://127.0.0.1:4566"
    return "see `--profile` and `--region`"


def _sign_in(error: Exception) -> str:
    sso = any(word in type(error).__name__ for word in ("SSO", "Token", "Login"))
    return "`aws sso login`" if sso else "are the credentials of this profile right?"


def identity(connection: Connection) -> str:
    """The account, 12 digits, that the credentials belong to.

    Raises:
        MachineError: there are none, or they are not valid any more, or AWS cannot be reached.
    """
    try:
        return str(connection.patient("sts", "get_caller_identity", {}, seconds=_FIRST_ANSWER)["Account"])
    except Refused as refused:
        hint = "is there a network, or is AWS_ENDPOINT_URL right?" if refused.code == UNREACHABLE else "sign in again"
        raise MachineError(refused.message, hint=hint) from None
