"""Standard input, output and error: always there, able to print any name, and no bug where they cannot be written."""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TextIO

from kith.errors import FilingFailed


class _Output(io.TextIOWrapper):
    """A stream whose failures are told; a reader who left (EPIPE) stays the OSError that typer knows."""

    def write(self, text: str, /) -> int:
        with self._told():
            return super().write(text)

    def flush(self) -> None:
        with self._told():
            super().flush()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            raise FilingFailed(
                f"What is to be printed cannot be written: {error.strerror or error}. Let it go to the screen, or to a "
                "file where there is room. What is done so far is kept, and the same command goes on from there."
            ) from error


def settle_streams() -> None:
    """Replace the three streams by such; one that was closed leads nowhere.

    Those come first of all files: else the next one opened would take the number that programs print to.
    """
    sys.stdin = sys.stdin or _nowhere("r")
    sys.stdout = _output(sys.stdout or _nowhere("w"))
    sys.stderr = _output(sys.stderr or _nowhere("w"))


def let_go() -> None:
    """Write what the streams still hold, or else drop it, so that Python does not try again when it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, FilingFailed):
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _nowhere(mode: Literal["r", "w"]) -> TextIO:
    return Path(os.devnull).open(mode, encoding="utf-8")


def _output(stream: TextIO) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper):  # a test's
        return stream
    encoding, by_line = stream.encoding, stream.line_buffering
    return _Output(stream.detach(), encoding=encoding, errors="backslashreplace", line_buffering=by_line)
