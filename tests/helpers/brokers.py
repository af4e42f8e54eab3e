"""A real Kafka broker on loopback: Apache's own, one node, from Maven Central."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

VERSION = "4.1.1"  # needs Java 17
_INSTALLING, _STARTING = 300, 60  # seconds
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tests</groupId><artifactId>broker</artifactId><version>1</version><dependencies><dependency>
<groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{version}</version>
</dependency></dependencies></project>"""
_PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""
# The shell ends the group as soon as nobody holds its standard input any more: not even a killed test run leaves it.
_GUARDED = '"$@" </dev/null & read -r _; kill -KILL 0'


class Unavailable(Exception):  # noqa: N818 - a reason to skip, not a failure
    """There is no broker, and none can be had."""


def jars() -> Path:
    """The folder of Kafka's jars, fetched now if it is not there yet.

    Raises:
        Unavailable: there is no Java, no Maven, or no repository.
    """
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            raise Unavailable(f"{tool} is not on this machine: no Kafka broker")
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = caches / "lambdacli-tests" / f"kafka-{VERSION}"
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker fetches, the others wait
        if not (home / "complete").exists():
            _fetch(home)
    return home / "lib"


def _fetch(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    (home / "pom.xml").write_text(_POM.format(version=VERSION))
    command = [
        "mvn", "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={home}/lib",
    ]  # fmt: skip
    try:
        subprocess.run(command, cwd=home, check=True, capture_output=True, timeout=_INSTALLING)
    except (subprocess.SubprocessError, OSError) as error:
        said = (getattr(error, "stdout", None) or b"").decode(errors="replace").strip().splitlines()
        raise Unavailable(f"Kafka {VERSION} cannot be fetched: {said[0] if said else error}") from None
    (home / "complete").touch()


class Broker:
    """A broker that keeps what it has while it is down; `with` ends it.

    Attributes:
        servers: its host and port.
    """

    def __init__(self, classpath: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="lambdacli-broker-"))
        self._java = [
            "java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{classpath}/*",
        ]  # fmt: skip
        port, controller = _free_ports()
        self.servers = f"127.0.0.1:{port}"
        self._properties = self._folder / "server.properties"
        self._properties.write_text(_PROPERTIES.format(port=port, controller=controller, folder=self._folder))
        self._format()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def __enter__(self) -> Broker:  # noqa: PYI034 - typing.Self needs Python 3.11
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, and return when it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _GUARDED, "sh", *self._java, "kafka.Kafka", self._properties],
                stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, cwd=self._folder,
            )  # fmt: skip
        self._wait()

    def end(self) -> None:
        """End it as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            process.communicate()

    def topic(self, name: str, partitions: int = 1) -> str:
        """Make a topic; its name."""
        from confluent_kafka.admin import NewTopic

        admin = self._admin()
        for done in admin.create_topics([NewTopic(name, partitions, 1)]).values():
            done.result(_STARTING)
        return name

    def put(self, topic: str, *values: bytes | str | None, **options: Any) -> None:
        """Produce records; returns when the broker has them."""
        from confluent_kafka import Producer

        producer = Producer({"bootstrap.servers": self.servers, "linger.ms": 0})
        for value in values:
            producer.produce(topic, value, **options)
        assert producer.flush(_STARTING) == 0

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """What a group has committed, by partition."""
        from confluent_kafka import ConsumerGroupTopicPartitions

        admin = self._admin()
        [asked] = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]).values()
        found = asked.result(_STARTING).topic_partitions
        return {each.partition: each.offset for each in found if each.topic == topic}

    def got(self, topic: str, number: int) -> list[Any]:
        """The first records of a topic."""
        from confluent_kafka import Consumer

        own = {"bootstrap.servers": self.servers, "group.id": str(uuid.uuid4()), "auto.offset.reset": "earliest"}
        consumer = Consumer({**own, "enable.auto.commit": False})
        consumer.subscribe([topic])
        found: list[Any] = []
        until = time.monotonic() + _STARTING
        while len(found) < number and time.monotonic() < until:
            found += consumer.consume(number - len(found), 0.2)
        consumer.close()
        return found

    def _admin(self) -> Any:
        from confluent_kafka.admin import AdminClient

        return AdminClient({"bootstrap.servers": self.servers})

    def _format(self) -> None:
        name = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "a")
        command = [*self._java, "kafka.tools.StorageTool", "format", "-t", name, "-c", self._properties]
        subprocess.run(command, check=True, capture_output=True, timeout=_STARTING)

    def _wait(self) -> None:
        host, _, port = self.servers.partition(":")
        until = time.monotonic() + _STARTING
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                socket.create_connection((host, int(port)), 1).close()
                return
            time.sleep(0.05)
        said = (self._folder / "log").read_text(errors="replace")
        self.end()
        raise RuntimeError(f"the broker does not answer: {said}")


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])
