"""Fetch one published file of weights: no more than its bytes, within an hour, and checked by its hash.

It is asked of one address after the other. What came so far lies hidden in the folder under a name of its own: the next
try goes on from there, also after a kill, and it takes the file's name only when its hash is right.
docs/decisions/045-downloads-that-go-on.md
"""

import hashlib
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from kith.errors import ModelMissing
from kith.messages import Action, Do, Setting
from kith.model_registry import ModelFile
from kith.process import settle_child, without_ctrl_c
from kith.whole_files import sync, take_place

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from requests import Response

LONGEST_S = 3600.0  # for one file: 10 kB a second for the largest that is fetched by default
STALLED_S = 60.0  # without one more piece
_PIECE = 1 << 14
_CONNECTED_S, _HEARD_S = 10.0, 30.0  # the longest wait for a server, and for its next bytes
_LOOK_S = 0.1
_KEPT_S = 7 * 86_400.0  # what nobody went on with for so long goes
_HIDDEN = ".kith-download-"

Progress = Callable[[int, int], None]


def download(model: ModelFile, target_folder: Path, progress: Progress = lambda _done, _size: None) -> Path:
    """Fetch a model into a folder unless it is there already; the file appears only when its hash is right.

    `progress` hears of bytes done and bytes in all, ten times a second, and may end it all by raising; so it does while
    another process fetches the same file, which is waited for. Raises ModelMissing, also where more bytes come than the
    file has, or it is not there within an hour.
    """
    target = target_folder / model.file
    if sha256_of(target) == model.sha256:
        return target
    draft = _draft_of(model, target_folder)
    try:
        target_folder.mkdir(parents=True, exist_ok=True)
        _clear_old(target_folder)
        with _alone(draft, lambda: progress(_size_of(draft), model.size)):
            if sha256_of(target) != model.sha256:  # else another process fetched it meanwhile
                _fetch(model, draft, progress)
                sync(draft)
                take_place(draft, target)
    except OSError as error:
        raise ModelMissing(
            f"{model.file} could not be written to {target_folder} ({_cause(error)}): make room there, or let ",
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
        if not _size_of(draft):
            draft.unlink(missing_ok=True)
        with suppress(OSError):  # on Windows nobody can, while it is open
            file.unlink()  # who waits for it sees that, and makes a new one
        lock.release()


def _acquired(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=_LOOK_S)
    except Timeout:
        return False
    return True


def _fetch(model: ModelFile, draft: Path, progress: Progress) -> None:
    """Fetch the file from the first address that gives it; raises ModelMissing naming what was wrong with each."""
    until = time.monotonic() + LONGEST_S
    progress(_size_of(draft), model.size)  # so that what is there already does not count as speed
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
    is_others = _size_of(draft) > 0
    while True:
        begun = _size_of(draft)
        problem = "" if begun >= model.size else _attempt(url, draft, model.size, progress, until)
        have = _size_of(draft)
        if have >= model.size:
            found = sha256_of(draft)
            if found == model.sha256:
                return ""
            draft.unlink()
            if not is_others:
                return f"it gave another file: its SHA-256 is {found}, not {model.sha256}"
            is_others = False  # what lay there before may be what is wrong: all anew
        elif have <= begun:
            return problem or f"it ended after {have} of {model.size} bytes"


def _attempt(url: str, draft: Path, size: int, progress: Progress, until: float) -> str:
    """Ask once for the rest of the file, and return nothing, or what was wrong; raises OSError where it cannot be kept.

    A process of its own does it: a server that drips a byte now and then holds up whoever waits for it, and nothing but
    the end of the process ends that.
    """
    context = multiprocessing.get_context("spawn")
    answers, answer = context.Pipe(duplex=False)
    process = context.Process(target=_fetch_into, args=(url, draft, size, answer), daemon=True)
    with answers, answer:
        try:
            with without_ctrl_c():
                process.start()
        except OSError as error:
            return f"no process could be started for it: {_cause(error)}"
        answer.close()
        try:
            return _watched(answers, draft, size, progress, until)
        finally:
            process.kill()
            process.join()


def _watched(answers: "Connection", draft: Path, size: int, progress: Progress, until: float) -> str:
    """Tell of the progress until there is an answer; return it, or that none came in time."""
    before = _size_of(draft)
    grown_at = time.monotonic()
    while not answers.poll(_LOOK_S):
        have = _size_of(draft)
        progress(have, size)
        now = time.monotonic()
        if have != before:
            before, grown_at = have, now
        if now > until:
            return f"it was not there after {LONGEST_S / 60:.0f} minutes"
        if now - grown_at > STALLED_S:
            return f"nothing came for {STALLED_S:.0f} seconds"
    try:
        answer = answers.recv()
    except EOFError:
        return "the process that fetched it was ended"
    if isinstance(answer, OSError):
        raise answer
    return str(answer)


def _fetch_into(url: str, draft: Path, size: int, answer: "Connection") -> None:
    """Fetch the rest of a file and send what was wrong, nothing if nothing; runs in a process of its own."""
    import requests

    settle_child()
    begun = _size_of(draft)
    headers = {"Accept-Encoding": "identity"}  # bytes of a packed file would not fit those that are there
    if begun:
        headers["Range"] = f"bytes={begun}-"
    try:
        with requests.get(url, headers=headers, stream=True, timeout=(_CONNECTED_S, _HEARD_S)) as response:
            response.raise_for_status()
            goes_on = response.status_code == requests.codes.partial_content  # else it begins anew
            problem = _keep(response, draft, size, begun if goes_on else 0)
            answer.send(problem)
    except requests.RequestException as error:
        answer.send(_cause(error))
    except OSError as error:
        answer.send(error)


def _keep(response: "Response", draft: Path, size: int, begun: int) -> str:
    """Write what a server sends behind the bytes that are there, and return nothing, or what is wrong with it."""
    left = size - begun
    told = response.headers.get("Content-Length", "")
    if told.isdecimal() and int(told) != left and "Content-Encoding" not in response.headers:
        return f"it gives {int(told) + begun} bytes where that file has {size}"
    with open(draft, "ab" if begun else "wb", opener=_open_no_link) as file:
        for piece in response.iter_content(_PIECE):
            left -= len(piece)
            if left < 0:
                file.truncate(0)  # it is another file
                return f"it sends more than the {size} bytes of that file"
            file.write(piece)
    return ""


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _size_of(draft: Path) -> int:
    try:
        return draft.stat().st_size
    except OSError:
        return 0


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
