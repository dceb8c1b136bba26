"""Start Kith, setting it up first where that is needed.

    python3 scripts/run.py [--torch cpu|cuda] [ARGUMENTS]

Without ARGUMENTS the window opens; with them, they go to the command line (`python3 scripts/run.py --help`).
The first start makes the environment `.venv` in this folder and takes a few minutes; an interrupted one goes on.

--torch, before all other arguments, chooses the build of PyTorch: `cuda` for NVIDIA GPUs, `cpu` for everything else.
It is remembered. Without it, Linux with an NVIDIA GPU gets `cuda`, every other machine `cpu` (on a Mac that build
uses the GPU too).
"""

import signal
import sys
from typing import Sequence

signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback until environment.main answers a Ctrl-C in words

import environment  # noqa: E402


def start(arguments: Sequence[str]) -> int:
    """Become Kith."""
    torch, rest = environment.own_arguments(arguments)
    python = environment.prepare(torch=torch)
    environment.hold_ctrl_c_back()
    return environment.become(environment.program(python, *rest), environment.program_environment())


if __name__ == "__main__":
    sys.exit(environment.main(start))
