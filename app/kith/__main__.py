"""No arguments: the window. With arguments: the command line."""

import os
import signal
import sys


def window() -> None:
    """Start Kith's window, whatever the arguments: for a menu of the desktop."""
    del sys.argv[1:]
    main()


def main() -> None:
    """Start Kith; what either way needs is imported here, since every worker process imports this module."""
    # Until something is at work there is nothing to put in order, and nobody is to read a traceback of imports.
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # scripts/run.py holds it back up to here
    # Before numpy is there: its products run beside each other (identity.nearest), and workers have a core each.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _start()


def _start() -> None:
    from kith.process import CANNOT, collect_garbage_seldom, memory_problem

    if problem := memory_problem():
        sys.stderr.write(f"{problem}\n")
        sys.exit(CANNOT)
    collect_garbage_seldom()
    if sys.argv[1:]:
        from kith.cli.main import main as command_line

        command_line()
    else:
        from kith.gui.start import main as window

        sys.exit(window())


if __name__ == "__main__":
    main()
