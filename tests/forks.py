"""Children of a process in which all is imported: for what is killed, or fails, at one place after the other."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.desk import REPOSITORY

_DRIVER = """
import json, os, sys, traceback
import scipy.optimize, typer.main
import kith.cli.main, kith.jobs.library_check
import kith.vision.dlib_detectors, kith.vision.dlib_faces, kith.vision.onnx_faces
kith.cli.main.cli = typer.main.get_command(kith.cli.main.cli)  # made once: it takes longer than most commands
for line in sys.stdin:
    trial = json.loads(line)
    child = os.fork()
    if not child:
        with open(trial["told"], "w") as told:
            for number in (1, 2):
                os.dup2(told.fileno(), number)
        os.environ.update(trial["environment"])
        sys.argv = trial["words"]
        code = 0
        try:
            exec(trial["code"], {"__name__": "__main__"})
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:
            code = 1
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Forks:
    """Runs code in children of a process; needs a system that forks."""

    def __init__(self, process: "subprocess.Popen[str]", told: Path) -> None:
        self._process, self._told = process, told

    def run(self, code: str, *words: str | Path, **environment: str) -> tuple[int, str]:
        """Run code, whose sys.argv are the words, and return its exit code and all it printed."""
        trial: dict[str, Any] = {"code": code, "words": [*map(str, words)], "told": str(self._told)}
        trial["environment"] = {"KITH_HOME": os.environ["KITH_HOME"], **environment}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(trial), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline()), self._told.read_text(encoding="utf-8")


@contextmanager
def forks(folder: Path, **environment: str) -> Iterator[Forks]:
    """Start a process for `Forks`, which keeps what they print in a folder."""
    with subprocess.Popen(
        [sys.executable, "-c", _DRIVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHONUTF8": "1"} | environment,
        text=True,
    ) as process:
        yield Forks(process, folder / "told")
        assert process.stdin is not None
        process.stdin.close()
