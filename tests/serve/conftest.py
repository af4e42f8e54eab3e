"""A local source for each worker, empty at the beginning of each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from emulator import ACCOUNT, REGION

from lambdacli.connection import Connection, Target
from lambdacli.serve.parts import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator import Emulator


@pytest.fixture(scope="session")
def _connection(emulator: Emulator) -> Iterator[Connection]:
    """One for all tests: making a client takes longer than most of them."""
    connection = Connection(region=REGION, target=Target(emulator.url, ("test", "test")))
    yield connection
    connection.close()


@pytest.fixture
def source(emulator: Emulator, _connection: Connection) -> Source:
    """An emulator with nothing in it, as `serve` would have started it; `source.connection.client("sqs")` is boto3's.

    Functions and other processes reach it with `emulator.environ`.
    """
    emulator.reset()
    return Source(_connection, emulator.url, ACCOUNT, REGION, ours=True)
