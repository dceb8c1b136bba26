"""One request for the rest of a file, in a process of its own, which is ended when it takes too long."""

import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kith.model_registry import ROUNDED
from kith.process import settle_child, without_ctrl_c

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from requests import Response

SLOWEST = 10_000  # bytes a second, of one file in all
LEAST_S = 3600.0  # that each file is given
STALLED_S = 60.0  # without one more piece
_PIECE = 1 << 14
_CONNECTED_S, _HEARD_S = 10.0, 30.0  # the longest wait for a server, and for its next bytes
LOOK_S = 0.1

Progress = Callable[[int, int], None]


def deadline(size: int) -> float:
    """Return when a file of so many bytes, begun now, has to be there."""
    return time.monotonic() + max(LEAST_S, size / SLOWEST)


def attempt(url: str, draft: Path, size: int, progress: Progress, until: float) -> str:
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
            return f"no process could be started for it: {cause_of(error)}"
        answer.close()
        try:
            return _watched(answers, draft, size, progress, until)
        finally:
            process.kill()
            process.join()


def _watched(answers: "Connection", draft: Path, size: int, progress: Progress, until: float) -> str:
    """Tell of the progress until there is an answer; return it, or that none came in time."""
    before = size_of(draft)
    grown_at = time.monotonic()
    while not answers.poll(LOOK_S):
        have = size_of(draft)
        progress(have, size)
        now = time.monotonic()
        if have != before:
            before, grown_at = have, now
        if now > until:
            return f"it is too slow: less than {SLOWEST / 1000:.0f} kB a second"
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
    begun = size_of(draft)
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
        answer.send(cause_of(error))
    except OSError as error:
        answer.send(error)


def _keep(response: "Response", draft: Path, size: int, begun: int) -> str:
    """Write what a server sends behind the bytes that are there, and return nothing, or what is wrong with it."""
    left = size - begun
    told = response.headers.get("Content-Length", "")
    is_others = told.isdecimal() and not 0 <= left - int(told) < ROUNDED
    if is_others and "Content-Encoding" not in response.headers:
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


def size_of(draft: Path) -> int:
    """Return how many bytes are there already."""
    try:
        return draft.stat().st_size
    except OSError:
        return 0


def cause_of(error: BaseException) -> str:
    """The innermost reason, without the wrappings of the network libraries."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    return getattr(error, "strerror", None) or str(error)
