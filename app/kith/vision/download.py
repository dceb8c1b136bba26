"""Fetch one published file of weights: no more than its bytes, in bounded time, and checked by its hash.

It is asked of one address after the other. What came so far lies hidden in the folder under a name of its own: the next
try goes on from there, also after a kill, and it takes the file's name only when its hash is right.
docs/decisions/045-downloads-that-go-on.md
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from kith.errors import ModelMissing
from kith.messages import Action, Do, Setting
from kith.model_registry import ModelFile
from kith.vision import file_hash
from kith.vision.download_attempt import LOOK_S, Progress, attempt, cause_of, deadline, size_of
from kith.whole_files import sync, take_place

_KEPT_S = 7 * 86_400.0  # what nobody went on with for so long goes
_HIDDEN = ".kith-download-"


def download(model: ModelFile, target_folder: Path, progress: Progress = lambda _done, _size: None) -> Path:
    """Fetch a model into a folder unless it is there already; the file appears only when its hash is right.

    `progress` hears of bytes done and bytes in all, ten times a second, and may end it all by raising; so it does while
    another process fetches the same file, which is waited for. Raises ModelMissing, also where more bytes come than the
    file has, or where they come too slowly.
    """
    target = target_folder / model.file
    if sha256_of(target) == model.sha256:
        return target
    draft = _draft_of(model, target_folder)
    try:
        target_folder.mkdir(parents=True, exist_ok=True)
        _clear_old(target_folder)
        with _alone(draft, lambda: progress(size_of(draft), model.size)):
            if sha256_of(target) != model.sha256:  # else another process fetched it meanwhile
                _fetch(model, draft, progress)
                sync(draft)
                take_place(draft, target)
    except OSError as error:
        raise ModelMissing(
            f"{model.file} could not be written to {target_folder} ({cause_of(error)}): make room there, or let ",
            Setting("models_dir"),
            " name a folder that can be written to.",
        ) from error
    return target


def discard_draft(model: ModelFile, target_folder: Path) -> None:
    """Take away what came of a file that is there by other means, unless it is just being fetched."""
    draft = _draft_of(model, target_folder)
    lock = _lock_of(draft)
    with suppress(OSError), FileLock(lock).acquire(timeout=0):
        draft.unlink(missing_ok=True)
        lock.unlink()


def _draft_of(model: ModelFile, target_folder: Path) -> Path:
    return target_folder / f"{_HIDDEN}{model.sha256[:32]}"


def _lock_of(draft: Path) -> Path:
    return draft.with_name(f"{draft.name}.lock")


def _clear_old(folder: Path) -> None:
    for path in folder.glob(f"{_HIDDEN}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _KEPT_S:
                path.unlink()


@contextmanager
def _alone(draft: Path, wait: Callable[[], None]) -> Iterator[None]:
    """Have a draft alone, after whoever has it now."""
    file = _lock_of(draft)
    lock = FileLock(file)
    while not _acquired(lock):
        wait()
    try:
        yield
    finally:
        if not size_of(draft):
            draft.unlink(missing_ok=True)
        with suppress(OSError):  # on Windows nobody can, while it is open
            file.unlink()  # who waits for it sees that, and makes a new one
        lock.release()


def _acquired(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=LOOK_S)
    except Timeout:
        return False
    return True


def _fetch(model: ModelFile, draft: Path, progress: Progress) -> None:
    """Fetch the file from the first address that gives it; raises ModelMissing naming what was wrong with each."""
    until = deadline(model.size)
    progress(size_of(draft), model.size)  # so that what is there already does not count as speed
    problems = []
    for url in model.urls:
        problem = _fetch_from(url, model, draft, progress, until)
        if not problem:
            progress(model.size, model.size)
            return
        problems.append(f"{url} ({problem})")
    told = ", nor from ".join(problems)
    raise ModelMissing(
        f"{model.name} could not be fetched from {told}. Try again, which goes on from what is there, or fetch that "
        "file by other means and let ",
        Do(Action.ADD_MODELS, "FILE"),
        f" put it into {draft.parent}.",
    )


def _fetch_from(url: str, model: ModelFile, draft: Path, progress: Progress, until: float) -> str:
    """Fetch what is missing, again as long as that brings more, and return nothing, or what was wrong."""
    is_others = size_of(draft) > 0
    while True:
        begun = size_of(draft)
        is_there = begun >= model.size or sha256_of(draft) == model.sha256
        problem = "" if is_there else attempt(url, draft, model.size, progress, until)
        have = size_of(draft)
        found = "" if problem and have < model.size else sha256_of(draft)
        if found == model.sha256:
            return ""
        if have >= model.size:
            draft.unlink()
            if not is_others:
                return f"it gave another file: its SHA-256 is {found}, not {model.sha256}"
            is_others = False  # what lay there before may be what is wrong: all anew
        elif have <= begun:
            return problem or f"it ended after {have} of {model.size} bytes"


def sha256_of(path: Path) -> str:
    """Return the file's SHA-256, or why there is none."""
    try:
        return file_hash.sha256_of(path)
    except OSError as error:
        return f"unknown ({error.strerror})"
