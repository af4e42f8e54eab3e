"""What is wrong with a zip, whoever reads it. To be imported where one is: Python's own reader costs milliseconds."""

from __future__ import annotations

import struct
import zipfile
import zlib

# Damaged data say so by their method's own error, encrypted ones and methods that this Python lacks by a RuntimeError;
# bzip2 alone raises an OSError, which may as well be the disk's.
BROKEN_ZIP: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
)
try:
    from lzma import LZMAError
except ImportError:
    pass
else:
    BROKEN_ZIP = (*BROKEN_ZIP, LZMAError)
