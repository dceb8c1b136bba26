"""The SHA-256 of model files: each is read once, as long as nobody writes to it."""

import hashlib
import time
from functools import lru_cache
from pathlib import Path

_SETTLED_NS = 2 * 10**9  # since the last change: a file system's clock may not tell two changes within this


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal; raises OSError."""
    status = path.stat()
    changed = max(status.st_mtime_ns, status.st_ctime_ns)
    if abs(time.time_ns() - changed) < _SETTLED_NS:
        return _read(path)
    return _known(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


@lru_cache(maxsize=64)
def _known(path: Path, *_stamp: int) -> str:
    return _read(path)


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
