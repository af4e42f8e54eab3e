"""An emulator of AWS for each worker, empty at the beginning of each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from emulator import Emulator, Unavailable, executable

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """One per worker, for as long as its tests run."""
    try:
        command = executable()
    except Unavailable as reason:
        pytest.skip(str(reason))
    with Emulator(command) as running:
        yield running


@pytest.fixture
def aws(emulator: Emulator) -> Emulator:
    """The emulator with nothing in it."""
    emulator.reset()
    return emulator
