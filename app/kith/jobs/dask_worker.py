"""What a worker of a Dask cluster is asked to do. Photos are looked at by a process of its own, as on one machine.

So what this process dies of, or what takes too long or too much memory, costs no worker; and Dask hands the worker its
next assignment while it is at one. Little is imported here: the worker itself never looks.
"""

import multiprocessing
import socket
import threading
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any

from kith.errors import KithError, NoWorkers
from kith.jobs.worker_processes import WorkerProcesses
from kith.jobs.workers import photo_pool
from kith.vision.packaged_models import packaged_hashes

HOST = socket.gethostname()
_first = threading.Lock()  # whatever number of threads a worker has


def work_here(assignment: bytes) -> bytes:
    """Return the pickled answer to an assignment; raises WorkerDied, and KithError where this machine cannot do it."""
    from distributed import get_worker

    with _first:
        process = _process()
    scratch = get_worker().local_directory  # of which Dask clears what a killed worker left
    try:
        with TemporaryDirectory(prefix="kith-", dir=scratch) as folder:
            answer: bytes = process.submit(_answered, assignment, folder, HOST).result()
            return answer
    except (OSError, NoWorkers) as error:
        raise KithError(f"{HOST} cannot work on photos: {error}") from error


def models_here() -> dict[str, str]:
    """Return the SHA-256 of the model files that a worker takes from a package instead of being sent them."""
    return packaged_hashes()


def fail_once(dask_scheduler: Any) -> None:
    """Have a scheduler try no other worker where one died; Kith does, and counts how often."""
    dask_scheduler.allowed_failures = 0


@cache
def _process() -> WorkerProcesses:
    multiprocessing.current_process().daemon = False  # Dask's workers are, and those may have no processes
    return photo_pool(1, 1)


def _answered(assignment: bytes, folder: str, host: str) -> bytes:
    from kith.jobs.dask_work import answered

    return answered(assignment, folder, host)
