"""Measure filing: photos of 3 MB that a drawn library knows, filed by the whole job, beside `cp -r` on the same disk.

Run by `scripts/bench.py filing [--count N]`. Kith and cp take turns, each until all is on the disk; a round's ratio is
of neighbours, so that what else the machine does weighs on both; cp goes first once, uncounted. Then the same photos
are filed as links; photos/s are the job's alone, without the start of a process. Sidecars are left out: bench_names
measures them. The folder is that of TMPDIR.
"""

import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench_rerun import Case, fill, recognised
from bench_tables import Row, Tables
from kith.errors import BadInput
from kith.policies import FileAs
from kith.settings import Settings

COUNT, SIZE = 10_000, 3_000_000  # photos, bytes of each
ROUNDS = 3
_AT_ONCE, _SPARE = 2, 1.1  # the photos and one copy of them lie there at a time; room for the library besides
_VALUES = {
    "dataset_dir": "people",
    "process_dir": "input",
    "processed_dir": "output",
    "models_dir": "",
    "face_detector": "hog",
    "person_detector": "off",
    "body_policy": "off",
    "device": "cpu",
}


def filing(count: int = COUNT, size: int = SIZE) -> Tables:
    """Return what filing so many photos took in each round, and how much longer than `cp -r`. Raises BadInput."""
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as folder:
        root = Path(folder)
        _check_space(root, count * size)
        settings = drawn_settings(root)
        fill(settings, Case("", count, 500, size))
        _synced(root)
        _by_cp(root)  # what comes first waits for the disk, and for memory that a virtual machine is only given by then
        rows = []
        for number in range(ROUNDS):
            print(f"round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
            rows.append(_round(root, number))
        links = [_linked(root, kind) for kind in (FileAs.HARD_LINK, FileAs.SYMBOLIC_LINK) for _ in range(ROUNDS)]
    return {f"{count:,} photos of {size / 1e6:.1f} MB; seconds by the clock": rows, "The same as links": links}


def drawn_settings(root: Path, **values: object) -> Settings:
    """Return settings for a drawn library without bodies, which need no models."""
    return Settings.at(root, {**_VALUES, **values})


def _check_space(root: Path, size: int) -> None:
    free, needed = shutil.disk_usage(root).free, _AT_ONCE * _SPARE * size
    if free < needed:
        raise BadInput(
            f"Filing them needs {needed / 1e9:.1f} GB in {root.parent}, where {free / 1e9:.1f} GB are free: "
            "take fewer by --count, or another folder by TMPDIR."
        )


def _round(root: Path, number: int) -> Row:
    """File by both, the one or the other first, each into a library and a folder as they were before."""
    took: dict[str, Row] = {}
    for by in ("cp", "kith") if number % 2 else ("kith", "cp"):
        took[by] = _by_cp(root) if by == "cp" else _by_kith(root)
    copied, filed = took["cp"], took["kith"]
    return {"round": number + 1, **filed, **copied, "ratio": round(filed["kith"] / copied["cp -r"], 2)}


def _by_cp(root: Path) -> Row:
    target = root / "copy"
    began, clock = _of_children(), time.perf_counter()
    subprocess.run(["cp", "-r", root / "input", target], check=True)
    _synced(target)
    seconds, processor = time.perf_counter() - clock, _of_children() - began
    shutil.rmtree(target)
    _synced(root)
    return {"cp -r": round(seconds, 4), "cp -r, processor": round(processor, 2)}


def _of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _linked(root: Path, kind: FileAs) -> Row:
    row = _by_kith(root, kind)
    return {"as": str(kind), "seconds": row["kith"], "processor": row["kith, processor"], "photos/s": row["photos/s"]}


def _by_kith(root: Path, kind: FileAs = FileAs.COPY) -> Row:
    library = root / "people"
    shutil.copytree(library, root / "kept")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        row = processes.submit(_filed, root, kind).result()
    shutil.rmtree(root / "output")
    shutil.rmtree(library)
    (root / "kept").rename(library)
    _synced(root)
    return row


def _filed(root: Path, kind: FileAs) -> Row:
    began, clock = time.process_time(), time.perf_counter()
    done = recognised(drawn_settings(root, names_in="off", file_as=kind))
    _synced(root / "output")
    seconds = time.perf_counter() - clock
    assert not done["failed"]
    processor = round(time.process_time() - began, 2)
    return {"kith": round(seconds, 4), "kith, processor": processor, "photos/s": done["photos/s by the clock"]}


def _synced(folder: Path) -> None:
    subprocess.run(["sync", "-f", folder], check=True)
