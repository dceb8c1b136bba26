"""How many worker processes there are, and that none outlives its parent."""

import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from kith.jobs.workers import worker_count
from tests.desk import REPOSITORY, outliving, worker_begun


@pytest.mark.parametrize(("megabytes", "most"), [(0, 1), (500, 1), (1500, 2), (10**6, 61)])
def test_workers_fit_into_memory(monkeypatch: pytest.MonkeyPatch, megabytes: int, most: int) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=megabytes * 10**6))
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(128)), raising=False)
    assert worker_count(0) == most


def test_the_number_in_the_settings_is_taken_as_far_as_windows_allows() -> None:
    assert (worker_count(3), worker_count(64)) == (3, 61)


def test_the_process_that_makes_networks_ready_ends_with_its_parent() -> None:
    code = "from kith.jobs import engines; import time; engines.in_a_process_of_its_own(time.sleep, 600)"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY, stderr=subprocess.DEVNULL)
    worker_begun(parent)
    assert not outliving(parent, psutil.Process(parent.pid).children())
