"""Writes a zip whose bytes follow from names, modes and contents alone (APPNOTE.TXT, "ZIP File Format Specification").

Entries are sorted, dated 1980-01-01 and made "on Unix"; there are no entries for folders and no extra fields. Data are
deflated at one level in blocks of one size, on as many threads as there are processors, and held in memory a few blocks
at a time. What zlib makes of a block may differ between its builds (zlib-ng, for one, finds other matches), so that the
same content can have another zip on another machine: `Written.content` says whether it is the same nevertheless.
"""

from __future__ import annotations

import base64
import hashlib
import os
import struct
import zlib
from collections import deque
from typing import IO, TYPE_CHECKING, NamedTuple

from lambdacli.deploy.package.tree import LINK
from lambdacli.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from lambdacli.deploy.package.tree import Entry

BLOCK = 1 << 20  # bytes that are deflated at once, and read at most to inspect a file
LEVEL = 6
FORMAT = "1"  # changes with every change of the bytes that are written for the same input
_WINDOW = 1 << 15  # bytes that deflate looks back
_MOST_TOGETHER = 200  # small files in one piece of work
_DATE = 1 << 5 | 1  # 1980-01-01, 00:00
_MADE_BY = 3 << 8 | 20  # Unix, 2.0
_DESCRIPTOR, _UTF8 = 1 << 3, 1 << 11  # general purpose flags
_STORED, _DEFLATED = 0, 8
_SHORT = 0xFFFF  # what does not fit into sixteen bits


class Written(NamedTuple):
    """What has become of the entries."""

    sha256: str  # of the zip, in base64 as AWS's CodeSha256
    content: str  # SHA-256 of names, modes and contents, in hex: the same whatever zlib made the zip
    size: int  # bytes of the zip
    unpacked: int  # bytes


class _Done(NamedTuple):
    """A whole file deflated, or one block of a larger one."""

    entry: Entry
    data: bytes
    method: int = _DEFLATED
    crc: int = 0
    digest: bytes = b""  # of the whole file; empty while there are more blocks


def write(entries: Iterable[Entry], stream: IO[bytes], inspect: Callable[[Entry, bytes], object]) -> Written:
    """Write the zip of entries that are sorted by name; `inspect` sees each file's first block, on any thread.

    Raises:
        ManifestError: a file has changed meanwhile, or cannot be read.
    """
    zipped = _Zip(stream)
    for done in _in_order(_work(entries), inspect):
        zipped.add(done)
    return zipped.finish()


class _Zip:
    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._sha256, self._content = hashlib.sha256(), hashlib.sha256()
        self._size = self._unpacked = self._number = 0
        self._directory = bytearray()
        self._start = self._written = 0
        self._open = False

    def add(self, done: _Done) -> None:
        entry, whole = done.entry, bool(done.digest) and not self._open
        if not self._open:
            self._begin(done, whole=whole)
        self._write(done.data)
        self._written += len(done.data)
        if done.digest:
            self._end(done, whole=whole)
            self._content.update(b"%s\0%o\0%s\n" % (entry.name.encode(), entry.mode, done.digest))

    def finish(self) -> Written:
        start, length = self._size, len(self._directory)
        self._write(bytes(self._directory))
        many = self._number > _SHORT
        if many:
            end = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, self._number, self._number, length, start)
            self._write(end + struct.pack("<4sIQI", b"PK\6\7", 0, start + length, 1))
        number = _SHORT if many else self._number
        self._write(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, number, number, length, start, 0))
        sha256 = base64.b64encode(self._sha256.digest()).decode()
        return Written(sha256, self._content.hexdigest(), self._size, self._unpacked)

    def _begin(self, done: _Done, *, whole: bool) -> None:
        self._start, self._written, self._open = self._size, 0, True
        entry, name = done.entry, done.entry.name.encode()
        sizes = (done.crc, len(done.data), entry.size) if whole else (0, 0, 0)
        flags = _flags(name, whole=whole)
        self._write(
            struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, flags, done.method, 0, _DATE, *sizes, len(name), 0) + name
        )

    def _end(self, done: _Done, *, whole: bool) -> None:
        entry, name = done.entry, done.entry.name.encode()
        sizes = (done.crc, self._written, entry.size)
        if not whole:
            self._write(struct.pack("<4sIII", b"PK\7\x08", *sizes))
        fields = (_MADE_BY, 20, _flags(name, whole=whole), done.method, 0, _DATE, *sizes, len(name), 0, 0, 0, 0)
        self._directory += struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", *fields, entry.mode << 16, self._start) + name
        self._open = False
        self._number += 1
        self._unpacked += entry.size

    def _write(self, data: bytes) -> None:
        self._stream.write(data)
        self._sha256.update(data)
        self._size += len(data)


def _flags(name: bytes, *, whole: bool) -> int:
    return (0 if name.isascii() else _UTF8) | (0 if whole else _DESCRIPTOR)


def _work(entries: Iterable[Entry]) -> Iterator[list[Entry] | tuple[Entry, int]]:
    """Pieces of work of about a block: some small files, or a large one's block and its offset."""
    together: list[Entry] = []
    size = 0
    for entry in entries:
        if together and (size + entry.size > BLOCK or len(together) == _MOST_TOGETHER):
            yield together
            together, size = [], 0
        if entry.size <= BLOCK:
            together.append(entry)
            size += entry.size
        else:
            yield from ((entry, offset) for offset in range(0, entry.size, BLOCK))
            yield (entry, entry.size)
    if together:
        yield together


def _in_order(
    work: Iterable[list[Entry] | tuple[Entry, int]], inspect: Callable[[Entry, bytes], object]
) -> Iterator[_Done]:
    """What becomes of each piece, in their order; only a few are under way at a time."""
    from concurrent.futures import ThreadPoolExecutor

    threads = min(8, os.cpu_count() or 1)
    waiting: deque[Future[list[_Done]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="zip") as pool:
        try:
            for piece in work:
                waiting.append(pool.submit(_do, piece, inspect))
                if len(waiting) > 2 * threads:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _do(piece: list[Entry] | tuple[Entry, int], inspect: Callable[[Entry, bytes], object]) -> list[_Done]:
    try:
        if isinstance(piece, list):
            return [_whole(entry, inspect) for entry in piece]
        entry, offset = piece
        return [_digested(entry) if offset == entry.size else _block(entry, offset, inspect)]
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ManifestError(f"{error.filename} cannot be packaged: {reason}", hint="may you read it?") from None


def _whole(entry: Entry, inspect: Callable[[Entry, bytes], object]) -> _Done:
    if entry.mode == LINK:
        data = entry.target.encode(errors="surrogateescape")
        entry = entry._replace(size=len(data))
    else:
        data = _read(entry, 0, entry.size + 1)
        _same_size(entry, len(data))
        inspect(entry, data)
    digest, crc = hashlib.sha256(data).digest(), zlib.crc32(data)
    packed = _deflate(data, b"", last=True)
    if len(packed) < len(data):
        return _Done(entry, packed, _DEFLATED, crc, digest)
    return _Done(entry, data, _STORED, crc, digest)


def _block(entry: Entry, offset: int, inspect: Callable[[Entry, bytes], object]) -> _Done:
    before = min(offset, _WINDOW)
    data = _read(entry, offset - before, before + BLOCK)
    if not offset:
        inspect(entry, data)
    last = offset + BLOCK >= entry.size
    return _Done(entry, _deflate(data[before:], data[:before], last=last))


def _digested(entry: Entry) -> _Done:
    """The end of a large file: its digests, which its blocks' threads cannot make."""
    sha256, crc, size = hashlib.sha256(), 0, 0
    with open(entry.path, "rb", buffering=0) as stream:
        while data := stream.read(BLOCK):
            sha256.update(data)
            crc = zlib.crc32(data, crc)
            size += len(data)
    _same_size(entry, size)
    return _Done(entry, b"", _DEFLATED, crc, sha256.digest())


def _read(entry: Entry, offset: int, length: int) -> bytes:
    with open(entry.path, "rb", buffering=0) as stream:
        if offset:
            stream.seek(offset)
        return stream.read(length)


def _deflate(data: bytes, before: bytes, *, last: bool) -> bytes:
    settings = (LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, 8, zlib.Z_DEFAULT_STRATEGY)
    packer = zlib.compressobj(*settings, zdict=before) if before else zlib.compressobj(*settings)
    return packer.compress(data) + packer.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)


def _same_size(entry: Entry, size: int) -> None:
    if size != entry.size:
        raise ManifestError(f"{entry.name} has changed while it was packaged", hint="deploy again")
