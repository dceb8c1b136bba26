"""A file appears whole under its name, or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: Path, part: Path) -> Iterator[None]:
    """Let `part`, to be written inside, take the name `path` when all went well, and be gone otherwise.

    `part` lies in the same folder. Raises OSError.
    """
    try:
        yield
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
