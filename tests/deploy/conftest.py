"""An emulator of AWS for each worker, empty at the beginning of each test, with AWS's own rules in front of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from forked import Forker
from project import Project
from rules import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from emulator import Emulator


@pytest.fixture(scope="session")
def strict(emulator: Emulator) -> Iterator[Proxy]:
    """AWS's rules before the emulator; whoever uses it empties it."""
    proxy = Proxy(emulator)
    yield proxy
    proxy.close()


@pytest.fixture
def aws(strict: Proxy) -> Proxy:
    """The emulator behind AWS's rules, with nothing in it."""
    strict.delay = Proxy.DELAY
    strict.reset()
    return strict


@pytest.fixture(scope="session")
def forker() -> Iterator[Forker]:
    """The command line as processes that start at once."""
    with Forker() as running:
        yield running


@pytest.fixture
def project(aws: Proxy, forker: Forker, tmp_path: Path) -> Project:
    """Two functions without triggers, nothing of them deployed."""
    aws.delay = 0
    return Project(aws, forker, tmp_path)
