"""Runs commands one after the other, each in a child that begins where all is imported: to be started by a World.

A line of JSON comes in for each: a command with its environment, or that a halted one is to go on. A line goes out when
it ended, or halted itself: its process and its exit code, or null.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from typer.main import get_command

from kith.cli import main as command_line
from kith.jobs import recognize_folder, redecision  # noqa: F401 - imported once for all children


def _child(task: "dict[str, Any]") -> int:
    process = os.fork()
    if process:
        return process
    told = os.open(Path(task["told"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(told, number)
    os.environ.update(task["environment"])
    sys.argv = ["kith", *task["words"]]
    command_line.main()
    sys.exit(0)


def _go_on(process: int) -> int:
    os.kill(process, signal.SIGCONT)
    return process


def main() -> None:
    """Run what is asked for until there is no more."""
    command_line.cli = get_command(command_line.cli)  # type: ignore[assignment]  # made once: it takes longer than most
    for line in sys.stdin:
        task = json.loads(line)
        process = _go_on(task["process"]) if "process" in task else _child(task)
        _, status = os.waitpid(process, os.WUNTRACED)
        code = None if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)
        print(json.dumps([process, code]), flush=True)


if __name__ == "__main__":
    main()
