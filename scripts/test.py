"""Run Kith's tests, setting up the program and the test tools first where that is needed.

    python3 scripts/test.py [--torch cpu|cuda] [ARGUMENTS OF PYTEST]

One test process more than there are cores runs them, since tests wait for the processes they start; -n 0 runs them all
in one. The exit code is pytest's. --torch is explained in scripts/run.py.
"""

import os
import signal
import sys
from typing import Sequence

signal.signal(signal.SIGINT, signal.SIG_DFL)  # as in scripts/run.py

import environment  # noqa: E402

MOST_PROCESSES = 8  # each of which may start worker processes


def start(arguments: Sequence[str]) -> int:
    """Become pytest, in the project's folder."""
    torch, rest = environment.own_arguments(arguments)
    python = environment.prepare(with_tests=True, torch=torch)
    os.chdir(str(environment.ROOT))
    processes = min((os.cpu_count() or 1) + 1, MOST_PROCESSES)
    pytest = [str(python), "-m", "pytest", "-n", str(processes), "--max-worker-restart=0"]
    return environment.become([*pytest, *rest], dict(os.environ))


if __name__ == "__main__":
    sys.exit(environment.main(start))
