"""Ids that look random and are not: derived from the seed, a label and the record's number. Not for secrets."""

from __future__ import annotations

from functools import lru_cache
from random import Random

_MASK = (1 << 128) - 1
_STEP = 0x9E3779B97F4A7C15F39CC0605CEDC835  # 2**128 / golden ratio, odd: neighbouring records lie far apart
_MIX = 0xDA942042E4DD58B5D1342543DE82EF95


@lru_cache(maxsize=256)
def salt(text: str) -> int:
    """128 bits of a seed or a label. `random` rather than `hashlib`: OpenSSL costs 10 ms to load."""
    return Random(text).getrandbits(128)  # noqa: S311 - ids of samples


def number(base: int, label: int, record: int) -> int:
    """The 128 bits of one place in one record."""
    mixed = ((base ^ label) + (record + 1) * _STEP) & _MASK
    mixed = ((mixed ^ (mixed >> 64)) * _MIX) & _MASK
    mixed = ((mixed ^ (mixed >> 61)) * _STEP) & _MASK
    return mixed ^ (mixed >> 64)


def nested(base: int, seed: str) -> int:
    """The base of a seed inside another base; a seed within itself does not cancel out."""
    return ((base << 1) ^ salt(str(seed))) & _MASK


def wide(base: int, label: int, record: int) -> int:
    """Four times as many bits: enough for the long tokens that AWS sends."""
    found = 0
    for part in range(4):
        found = (found << 128) | number(base ^ part, label, record)
    return found


def uuid(bits: int) -> str:
    """A version 4 UUID."""
    digits = f"{bits:032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
