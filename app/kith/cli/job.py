"""Run a job on the command line: Ctrl-C stops it between photos, its events are printed."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import typer

from kith.cli.output import tell
from kith.cli.progress import printer_for
from kith.jobs.context import Context, open_context
from kith.jobs.events import Event, Finished
from kith.process import CANNOT, STOPPED, STOPPING, be_gentle, interrupt
from kith.settings import Settings

Job = Callable[[Context], Iterator[Event]]


def run_job(settings: Settings, name: str, job: Job, as_json: bool, create: bool = False) -> None:
    """Run a job to its end and print its events; only with `create` a library is begun where there is none.

    Exits with STOPPED where it was stopped, and with CANNOT where it came to nothing.
    """
    stop = threading.Event()
    end = None
    if settings.gentle:
        be_gentle()
    with (
        ctrl_c_sets(stop),
        printer_for(as_json) as show,
        open_context(settings, stop, name, create=create, tell=show) as opened,
    ):
        for event in job(opened):
            show(event)
            end = event if isinstance(event, Finished) else None
    if end and end.stopped:
        raise typer.Exit(STOPPED)
    if end and end.came_to_nothing:
        tell("Not one photo could be used: the reasons are above.")
        raise typer.Exit(CANNOT)


@contextmanager
def ctrl_c_sets(stop: threading.Event, told: str = STOPPING) -> Iterator[None]:
    """Let the first Ctrl-C be the wish to stop, and say that in the words given; the second ends at once."""

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            for child in multiprocessing.active_children():
                child.kill()
            interrupt(number, frame)
        stop.set()
        with suppress(OSError):  # not by way of sys.stderr, in the middle of which this may come
            os.write(2, f"\n{told} (Ctrl-C once more: at once) …\n".encode())

    before = signal.signal(signal.SIGINT, ask_to_stop)
    try:
        yield
    finally:
        # Once stopped, nothing but leaving is left: a late Ctrl-C must not change the exit code.
        signal.signal(signal.SIGINT, signal.SIG_IGN if stop.is_set() else before)
