"""Fetch one published file of weights: no more than its bytes, within an hour, and checked by its hash."""

import hashlib
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from kith.errors import ModelMissing
from kith.messages import Setting
from kith.model_registry import ModelFile
from kith.process import settle_child, without_ctrl_c
from kith.whole_files import sync, take_place

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

LONGEST_S = 3600.0  # for one file: 10 kB a second for the largest
_LOOK_S = 0.1

Progress = Callable[[int, int], None]


def download(model: ModelFile, target_folder: Path, progress: Progress = lambda _done, _size: None) -> Path:
    """Fetch a model into a folder unless it is there already; the file appears only when its hash is right.

    `progress` hears of bytes done and bytes in all, ten times a second, and may end it all by raising. Raises
    ModelMissing, also where more bytes come than the file has, or it is not there within an hour.
    """
    target = target_folder / model.file
    if sha256_of(target) == model.sha256:
        return target
    try:
        target_folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target_folder, prefix=".download-") as folder:
            draft = Path(folder) / model.file
            _fetch(model, draft, target_folder, progress)
            sync(draft)
            take_place(draft, target)
    except OSError as error:
        raise ModelMissing(
            f"{model.file} could not be written to {target_folder} ({_cause(error)}): let ",
            Setting("models_dir"),
            " name a folder that can be written to.",
        ) from error
    return target


def _fetch(model: ModelFile, draft: Path, target_folder: Path, progress: Progress) -> None:
    try:
        problem = _fetched(model, draft, progress)
    except OSError as error:
        problem = f"no process could be started for it: {_cause(error)}"
    if problem:
        raise ModelMissing(
            f"{model.name} could not be fetched from {model.url} ({problem}). Try again, or fetch that file by other "
            f"means and put it into {target_folder}."
        )
    if (found := sha256_of(draft)) != model.sha256:
        raise ModelMissing(
            f"{model.url} gave another file than {model.name}: its SHA-256 is {found}, not {model.sha256}. Nothing of "
            "it was kept; try again."
        )


def _fetched(model: ModelFile, draft: Path, progress: Progress) -> str:
    """Fetch the file and return nothing, or what was wrong.

    A process of its own does it: a server that drips a byte now and then holds up whoever waits for it, and nothing but
    the end of the process ends that.
    """
    context = multiprocessing.get_context("spawn")
    answers, answer = context.Pipe(duplex=False)
    process = context.Process(target=_fetch_into, args=(model.url, draft, model.size, answer), daemon=True)
    with answers, answer:
        with without_ctrl_c():
            process.start()
        answer.close()
        try:
            return _watched(answers, draft, model.size, progress)
        finally:
            process.kill()
            process.join()


def _watched(answers: "Connection", draft: Path, size: int, progress: Progress) -> str:
    """Tell of the progress until there is an answer; return it, or that there was none in time."""
    until = time.monotonic() + LONGEST_S
    while not answers.poll(_LOOK_S):
        progress(draft.stat().st_size if draft.exists() else 0, size)
        if time.monotonic() > until:
            return f"it was not there after {LONGEST_S / 60:.0f} minutes"
    try:
        problem = str(answers.recv())
    except EOFError:
        return "the process that fetched it was ended"
    if not problem:
        progress(size, size)
    return problem


def _fetch_into(url: str, draft: Path, size: int, answer: "Connection") -> None:
    """Fetch a file and send what was wrong, nothing if nothing; runs in a process of its own."""
    import pooch  # type: ignore[import-untyped]

    settle_child()
    try:
        with draft.open("wb") as file:
            pooch.HTTPDownloader(chunk_size=1 << 16)(url, _Limited(file, size), None)
    except OSError as error:
        answer.send(_cause(error))
    else:
        answer.send("")


class _Limited:
    """A file that takes no more than so many bytes; what pooch needs of one."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left, self._size = file, size, size

    def write(self, content: bytes) -> None:
        self._left -= len(content)
        if self._left < 0:
            raise OSError(f"it sends more than the {self._size} bytes of that file")
        self._file.write(content)

    def flush(self) -> None:
        self._file.flush()


def _cause(error: BaseException) -> str:
    """The innermost reason, without the wrappings of the network libraries."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    return getattr(error, "strerror", None) or str(error)


def sha256_of(path: Path) -> str:
    """Return the file's SHA-256, or why there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"unknown ({error.strerror})"
