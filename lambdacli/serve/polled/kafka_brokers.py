"""Which brokers a topic is read from: those that the user's environment names, else the trigger's own.

Nobody should read a production cluster by mistake: brokers elsewhere are taken from the manifest only where the user
has chosen AWS itself as the source of everything. Secrets of the trigger's `authentication` are AWS Secrets Manager's
and are not read; a file of settings can say how to sign in.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lambdacli.errors import MachineError
from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Ask = Callable[[str, str, dict[str, Any]], dict[str, Any]]

SERVERS = "LAMBDACLI_KAFKA"  # host:port, several separated by commas
SETTINGS = "LAMBDACLI_KAFKA_CONFIG"  # a file of librdkafka's settings, name=value each
_HERE = ("localhost", "127.0.0.1", "[::1]")


class Brokers(NamedTuple):
    """How a cluster is reached: librdkafka's settings, and the servers as events name them."""

    settings: Mapping[str, str]
    shown: str


def brokers(values: Mapping[str, Any], environ: Mapping[str, str], ask: Ask | None) -> Brokers:
    """The brokers of a trigger.

    Args:
        values: the trigger's settings.
        environ: the user's environment variables.
        ask: makes a call to AWS; None: AWS is not the source.

    Raises:
        MachineError: they are not known, or not to be used from here.
    """
    own = ",".join(values.get("bootstrap_servers", ()))
    settings = _read(environ[SETTINGS]) if environ.get(SETTINGS) else {}
    servers = environ.get(SERVERS) or settings.get("bootstrap.servers", "")
    if not servers and own and (ask is not None or _here(own)):
        servers = own
    if not servers and "cluster" in values and ask is not None:
        servers, protocol = _of_cluster(values["cluster"], ask)
        settings = {"security.protocol": protocol, **settings}
    if not servers:
        raise MachineError(
            f"topic {values['topic']} is not read: its brokers are not on this machine",
            hint=f"{SERVERS}=localhost:9092 names brokers to read it from",
        )
    return Brokers({**settings, "bootstrap.servers": servers}, own or servers)


def _here(servers: str) -> bool:
    return all((each.rpartition(":")[0] or each) in _HERE for each in servers.split(","))


def _read(path: str) -> dict[str, str]:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MachineError(f"{SETTINGS}: {path} cannot be read: {error}") from None
    pairs = (line.partition("=") for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _of_cluster(arn: str, ask: Ask) -> tuple[str, str]:
    """The brokers of an MSK cluster that ask nobody who he is."""
    try:
        found = ask("kafka", "get_bootstrap_brokers", {"ClusterArn": arn})
    except Refused as refused:
        raise MachineError(refused.message, hint=refused.hint) from None
    for key, protocol in (("BootstrapBrokerString", "plaintext"), ("BootstrapBrokerStringTls", "ssl")):
        if found.get(key):
            return str(found[key]), protocol
    hint = f"{SERVERS} and {SETTINGS} say where and how to sign in"
    raise MachineError(f"{arn}: its brokers want to know who asks", hint=hint)
