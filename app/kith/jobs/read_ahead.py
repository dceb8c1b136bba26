"""Threads that read the next photos' files before they are asked for: the system keeps what it read in memory.

Where storage is quicker than the cores that costs next to nothing; where it is slower the cores need not wait for it.
"""

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_THREADS = 4  # a share answers several questions in the time of one
_AHEAD_BYTES = 128 * 2**20  # read and not asked for yet
_BLOCK_BYTES = 2**20
_LOOK_S = 0.5


class ReadAhead:
    """Reads files in the order in which they are expected, so many bytes ahead of those that were taken."""

    def __init__(self) -> None:
        self._expected: deque[Path] = deque()
        self._ahead: dict[Path, int] = {}
        self._change = threading.Condition()
        self._is_over = False

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Read ahead while what is inside is at work."""
        for _ in range(_THREADS):
            threading.Thread(target=self._read_all, name="kith-read-ahead", daemon=True).start()
        try:
            yield
        finally:
            with self._change:
                self._is_over = True
                self._change.notify_all()

    def expect(self, paths: Iterable[Path]) -> None:
        """Say which files will be asked for next."""
        with self._change:
            self._expected.extend(paths)
            self._change.notify_all()

    def taken(self, path: Path) -> None:
        """Say that a file is asked for."""
        with self._change:
            if path not in self._ahead:  # whoever asks is quicker: nothing is gained by reading it now
                while self._expected and self._expected.popleft() != path:
                    pass
            self._ahead.pop(path, None)
            self._change.notify()

    def _read_all(self) -> None:
        while (path := self._next()) is not None:
            size = self._read(path) if path.is_file() else 0  # a pipe would be waited for
            with self._change:
                if path in self._ahead:
                    self._ahead[path] = size

    def _read(self, path: Path) -> int:
        size = 0
        with suppress(OSError), path.open("rb", buffering=0) as file:
            while size < _AHEAD_BYTES and not self._is_over and (block := file.read(_BLOCK_BYTES)):
                size += len(block)
        return size

    def _next(self) -> Path | None:
        """Return the next file to read, once it is time for it; None where all is over."""
        with self._change:
            while not self._is_over and (not self._expected or sum(self._ahead.values()) >= _AHEAD_BYTES):
                self._change.wait(_LOOK_S)
            if self._is_over:
                return None
            path = self._expected.popleft()
            self._ahead[path] = 0
            return path
