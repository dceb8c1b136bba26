"""Measure deciding again and groups of unknown faces at ten thousand, a hundred thousand and a million faces.

Run by `scripts/bench.py scale --million`. Libraries are drawn in a temporary folder, one at a time. Whom `redecide` is
to find are a hundredth as many people as faces, with ten taught faces each; of `unknowns` nobody is known.
"""

import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from bench_scale_library import Size, draw, settings_of
from bench_tables import Row, Tables
from kith.identity import cluster_pairs
from kith.identity.clusters import clusters_of
from kith.identity.face_groups import SAME, grouped
from kith.jobs.context import open_context
from kith.jobs.events import RedecisionFinished
from kith.jobs.open_library import OpenLibrary
from kith.jobs.redecision import redecide
from kith.jobs.unknowns import Unknowns
from kith.library.store import open_store
from kith.values.samples import Faces
from kith.vision.face_model import default_face_model

SIZES = (10_000, 100_000, 1_000_000)
COMPARED = 100_000  # faces of which all pairs are found both ways
SHARES = (0.03, 0.05, 0.1)  # of all faces that each is compared with; of a million it is 0.05

Figures = dict[str, Any]


def matching_at(sizes: Sequence[int] = SIZES) -> Tables:
    """Return what deciding again and grouping take, side by side for each size, and how much cells miss."""
    columns = [_redecided(faces) | _grouped(faces) for faces in sizes]
    rows: list[Row] = [
        {"what": what, **{f"{size:,}": column[what] for size, column in zip(sizes, columns, strict=True)}}
        for what in columns[0]
    ]
    return {"deciding again and unknown groups": rows, **missed(min(COMPARED, max(sizes)))}


def _redecided(faces: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as folder:
        draw(Path(folder), Size.of(faces), decided=False)
        first = _in_own_process(_redecide, Path(folder))
        again = _in_own_process(_redecide, Path(folder))
    found = {f"redecide, {what}": value for what, value in first.items()}
    return found | {f"redecide again, {what}": value for what, value in again.items()}


def _grouped(faces: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as folder:
        draw(Path(folder), of_nobody(faces), decided=False)
        found = _in_own_process(_unknowns, Path(folder))
    return {f"unknowns, {what}": value for what, value in found.items()}


def of_nobody(faces: int) -> Size:
    """Return the size of a library in which all but one person are strangers, of three faces on average."""
    return Size(faces, 1, faces, 10, strangers=1.0)


def _in_own_process(task: Callable[[Path], Figures], root: Path) -> Figures:
    """Run a task in a fresh process, so that its peak memory is its own."""
    os.environ["KITH_HOME"] = f"{root}/home"
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        return processes.submit(_measured, task, root).result()


def _measured(task: Callable[[Path], Figures], root: Path) -> Figures:
    import resource  # not on Windows

    began, work = time.perf_counter(), time.process_time()
    found = task(root)
    took, worked = time.perf_counter() - began, time.process_time() - work
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {**found, "seconds": round(took, 1), "processor seconds": round(worked, 1), "peak MB": round(peak / 1024)}


def _redecide(root: Path) -> Figures:
    with open_context(settings_of(root), threading.Event(), "bench") as context:
        *_, finished = redecide(context)
    assert isinstance(finished, RedecisionFinished)
    return {"changed": finished.changed}


def _unknowns(root: Path) -> Figures:
    with OpenLibrary(settings_of(root)) as library:
        groups = Unknowns(library).groups(2)
    return {"groups": len(groups), "faces in them": sum(group.faces for group in groups)}


def missed(count: int) -> Tables:
    """Say how many of the near pairs cells find, and how the groups come out, of faces drawn."""
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as folder:
        settings = draw(Path(folder), of_nobody(count), decided=False)
        with closing(open_store(settings.library_file)) as store:
            faces = store.groups.faces(default_face_model().id, 0)
    effort, proposals, exact = cluster_pairs.EFFORT, cluster_pairs.FEW_PROPOSALS, np.empty(0)
    rows = []
    for share in (1.0, *SHARES):
        cluster_pairs.EFFORT = round(share * len(faces.ids) ** 2)
        cluster_pairs.FEW_PROPOSALS = len(faces.ids)  # all of them
        pairs = _pairs(faces)
        cluster_pairs.FEW_PROPOSALS = proposals
        exact = pairs if share == 1 else exact
        groups = grouped(faces)
        _, sizes = np.unique(groups, return_counts=True)
        rows.append(
            {
                "share compared": share,
                "near pairs found": f"{100 * len(np.intersect1d(pairs, exact)) / max(1, len(exact)):.2f} %",
                "groups": int((sizes > 1).sum()),
                "faces in them": int(sizes[sizes > 1].sum()),
            }
        )
    cluster_pairs.EFFORT = effort
    return {f"what cells miss, {count:,} faces": rows}


def _pairs(faces: Faces) -> Any:
    """Return the pairs of faces that are nearer than two alone may be, each as one number."""
    clusters = clusters_of(faces)
    everybody = np.arange(len(clusters.numbers))
    first, second, _ = clusters.near(everybody, everybody[:0], SAME)
    return np.unique(first.astype(np.int64) * len(everybody) + second)
