"""Runs of scripts/bench.py."""

import os
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[1] / "scripts/bench.py"


def run_bench(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Measure, any warning being an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", str(BENCH), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
