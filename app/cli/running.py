"""Run a job on the command line: Ctrl-C stops it between photos, its events are printed."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import typer

from app.cli.printing import printer_for
from app.jobs.context import Context, open_context
from app.jobs.events import Event, Finished
from app.settings import Settings

STOPPED = 130  # as shells count a Ctrl-C

Job = Callable[[Context], Iterator[Event]]


def run_job(settings: Settings, name: str, job: Job, as_json: bool) -> None:
    """Run a job to its end and print its events; exits with STOPPED where it was stopped."""
    stop = threading.Event()
    stopped = False
    with _ctrl_c_sets(stop), open_context(settings, stop, name) as context, printer_for(as_json) as show:
        for event in job(context):
            show(event)
            stopped = isinstance(event, Finished) and event.stopped
    if stopped:
        raise typer.Exit(STOPPED)


@contextmanager
def _ctrl_c_sets(stop: threading.Event) -> Iterator[None]:
    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        sys.stderr.write("\nStopping when the photos at work are done (Ctrl-C once more: at once) …\n")

    before = signal.signal(signal.SIGINT, ask_to_stop)
    try:
        yield
    finally:
        # Once stopped, nothing but leaving is left: a late Ctrl-C must not change the exit code.
        signal.signal(signal.SIGINT, signal.SIG_IGN if stop.is_set() else before)
