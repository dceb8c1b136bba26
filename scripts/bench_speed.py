"""Compare Kith's speed with that of the articles' pipeline, on the same photos in the same run.

Run by `scripts/bench.py`, with `--quick` or `--gpu`, and by `scripts/bench.py memory`. Each side works in a process of
its own that stays; they take turns, the fast ones around the slow ones. What a side does first is its cold start and
warms it up; it counts nowhere else. Memory and processor time are those of the process with its workers.
"""

import os
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from statistics import median
from unittest.mock import patch

from rich.console import Console

from bench_photos import enlarged, small_ones, sources, spread
from bench_processes import Side, busy_seconds
from bench_tables import Row
from kith.errors import BadInput
from kith.jobs.build_kb import build_kb
from kith.jobs.context import open_context
from kith.jobs.workers import worker_count
from kith.model_registry import BODY_MODELS
from kith.settings import Settings
from kith.vision.model_files import find_model, find_person_detector, search_folders

KITH = ("same_detector", "shipped", "whole_job")
KERNELS_OF = {"same_detector": "kernels_hog", "shipped": "kernels", "whole_job": "kernels"}
FAST = ("shipped", "whole_job")  # get several prints: the end of a pass, when a worker has no more to do, counts less
SHORT = (*FAST, "kernels")  # between the long ones, so that each meets the machine as the others do
TURNS = (*SHORT, "articles", *SHORT, "same_detector", "kernels_hog")
LEAST_PHOTOS = 4
TAUGHT_PEOPLE, TAUGHT_PHOTOS = 3, 4
FEW, MANY = 200, 2000  # photos, to see whether memory grows
SEED = 20
ABOUT = (
    "All sides take turns on the same photos, warm; cold starts are apart. Memory is that of all processes of a side, "
    "pages they share counted in each. Where other programs keep cores busy no ratio counts: torch's threads, waiting "
    "for each other, lose most. Weights named random.pth are drawn at random: speed does not depend on them."
)
MEGABYTE = 2**20

Say = Callable[[str], None]


@dataclass(frozen=True)
class Case:
    """Photos of one size, for so many workers, or threads of torch (0: its own number); the main case has no name."""

    name: str
    megapixels: float
    workers: int
    threads: int = 0


@dataclass(frozen=True)
class Plan:
    """How much is measured: `prints` of every photo for the fast sides.

    Fewer photos, where the articles' side would be longer than `patience` seconds at them.
    """

    photos: int
    prints: int
    rounds: int
    cases: tuple[Case, ...]
    patience: float


def plan_of(quick: bool, gpu: bool) -> Plan:
    """Return both sizes of photos, each on all cores and on one; quick: what two cores do in 50 seconds."""
    workers = 1 if gpu else worker_count(0)  # on a graphics card Kith has one worker, and all cores read for it
    cases = [Case("", 12, workers), Case("one_megapixel", 1, workers)]
    if workers > 1:
        cases += [Case("one_worker", 12, 1, threads=1), Case("one_megapixel_one_worker", 1, 1, threads=1)]
    prints = 20 if gpu else 6
    return Plan(8, prints, 1, (cases[0],), patience=8) if quick else Plan(24, prints, 2, (*cases,), patience=60)


@dataclass
class Tally:
    """The passes of a side over its photos, added up."""

    sums: "Counter[str]" = field(default_factory=Counter)
    stages: "Counter[str]" = field(default_factory=Counter)
    firsts: list[float] = field(default_factory=list)

    def add(self, reply: Row) -> None:
        """Count one pass."""
        self.firsts += [reply["first"]] if "first" in reply else []
        self.stages.update(reply.get("stages", {}))
        self.sums.update({key: value for key, value in reply.items() if key not in {"stages", "first"}})

    @property
    def milliseconds(self) -> float:
        """What all stages together take for a photo."""
        return sum(self.ms_per_photo().values())

    def ms_per_photo(self) -> dict[str, float]:
        """Return what each stage takes for a photo."""
        return {stage: 1000 * seconds / self.sums["photos"] for stage, seconds in self.stages.items()}


@dataclass(frozen=True)
class Bench:
    """A folder to work in and the models of all sides."""

    folder: Path
    weights: Path
    person_detector: str
    device: str

    def settings(self, name: str, **values: object) -> Row:
        """Return the shipped settings, everything in the folder."""
        own = {"library_path": "library.sqlite", "process_dir": "input", "processed_dir": "output"}
        places = {"dataset_dir": "people", **{key: f"{name}/{place}" for key, place in own.items()}}
        models = {"reid_weights": str(self.weights), "person_detector": self.person_detector, "device": self.device}
        return {**places, **models, **values}

    def side(self, name: str, case: Case, first: Path) -> Side:
        """Start a side and let it look at its first photo."""
        (self.folder / name).mkdir(exist_ok=True)
        hog = {"face_detector": "hog"} if name in {"same_detector", "kernels_hog"} else {}
        config = {
            "folder": str(self.folder),
            "settings": self.settings(name, workers=case.workers, **hog),
            "workers": case.workers,
            "threads": case.threads,
            "taught": str(self.folder / "taught" / "library.sqlite"),
            "reid_model": BODY_MODELS[0].network,
            "weights": str(self.weights),
            "device": self.device,
        }
        return Side(name, config, first)


@contextmanager
def prepared(data: Path, shared_models: Path, gpu: bool) -> Iterator[Bench]:
    """Give the bench with a few people taught, in a temporary folder and home; raises BadInput and ModelMissing."""
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as name:
        folder = Path(name)
        weights = find_model(Settings().reid_model, Settings()) or random_weights(folder)
        persons = _person_detector(shared_models)
        places = [*search_folders(Settings()), shared_models]
        own = {"KITH_MODELS": os.pathsep.join(map(str, places)), "KITH_HOME": str(folder / "home")}
        with patch.dict(os.environ, own):
            bench = Bench(folder, weights, persons, "cuda" if gpu else "cpu")
            _teach(bench, data)
            yield bench


def _person_detector(shared_models: Path) -> str:
    """Return the shipped one, or the file of another export of it where only that is there."""
    name, nearby = Settings().person_detector, shared_models / f"{Settings().person_detector}.onnx"
    return str(nearby) if find_person_detector(Settings())[0] is None and nearby.is_file() else name


def random_weights(folder: Path) -> Path:
    """Write weights drawn at random for the shipped network: it takes as long with them as with the real ones."""
    import torch

    from kith.vision.torchreid_networks import untrained_network

    torch.manual_seed(SEED)
    torch.save(untrained_network(BODY_MODELS[0].network).state_dict(), folder / "random.pth")
    return folder / "random.pth"


def _teach(bench: Bench, data: Path) -> None:
    people = [folder for folder in sorted((data / "athletes").glob("*/")) if folder.is_dir()][:TAUGHT_PEOPLE]
    if not people:
        raise BadInput(f"There are no people in {data / 'athletes'}: their photos are what speed is measured on.")
    for person in people:
        (bench.folder / "people" / person.name).mkdir(parents=True)
        for photo in sorted(person.glob("*.jp*g"))[:TAUGHT_PHOTOS]:
            shutil.copy(photo, bench.folder / "people" / person.name)
    (bench.folder / "taught").mkdir()
    settings = Settings.at(bench.folder, bench.settings("taught"))
    with open_context(settings, threading.Event(), "bench", create=True) as context:
        for _ in build_kb(context):
            pass


def speed(data: Path, shared_models: Path, gpu: bool, quick: bool = False, memory_only: bool = False) -> Row:
    """Return all figures, or those that are asked for; raises KithError."""
    say = Console(stderr=True).print
    plan = plan_of(quick, gpu)
    figures: Row = {}
    with prepared(data, shared_models, gpu) as bench:
        originals = sources(data)
        if not memory_only:
            figures = measured(bench, spread(originals, plan.photos), plan, say)
        if memory_only or not quick:
            figures.update(memory_of(bench, originals, FEW, MANY, say))
    return figures


def measured(bench: Bench, originals: Sequence[Path], plan: Plan, say: Say) -> Row:
    """Return the figures of every case: those of the unnamed one at the top, of the others under their names."""
    figures: Row = {}
    prints: dict[float, list[list[Path]]] = {}
    for case in plan.cases:
        if (size := case.megapixels) not in prints:
            say(f"Making {plan.prints} prints of {len(originals)} photos of {size:g} megapixels")
            prints[size] = enlarged(originals, size, plan.prints, bench.folder / f"{size:g}")
        found = compare(bench, case, prints[size], plan, say)
        figures.update({case.name: found} if case.name else found)
    return {**figures, "body_weights": bench.weights.name, "about": ABOUT}


def compare(bench: Bench, case: Case, prints: Sequence[Sequence[Path]], plan: Plan, say: Say) -> Row:
    """Return what the sides come to in one case."""
    tallies = {name: Tally() for name in TURNS}
    with ExitStack() as stack:
        sides: dict[str, Side] = {}
        for name in tallies:
            say(f"Starting {name}")
            sides[name] = stack.enter_context(closing(bench.side(name, case, prints[0][0])))
            if name in KITH:
                sides[name].ask(prints[0][: 2 * case.workers])
        count = _as_many(len(prints[0]), sides["articles"].ask(prints[0][:2]), plan.patience)
        photos = [spread(one, count) for one in prints]
        busy, began = busy_seconds(), time.perf_counter()
        for number in range(1, plan.rounds + 1):
            for name in TURNS:
                say(f"Round {number} of {plan.rounds}: {name}")
                tallies[name].add(sides[name].ask([*chain(*photos)] if name in FAST else photos[0]))
        others = busy_seconds() - busy - sum(tally.sums["processor"] for tally in tallies.values())
        figures = _figures(case, photos[0], tallies, sides)
        return {**figures, "cores_busy_with_other_programs": max(0.0, others / (time.perf_counter() - began))}


def _as_many(photos: int, trial: Row, patience: float) -> int:
    """Return how many photos the articles' side does in the time there is, at least a few."""
    return min(photos, max(LEAST_PHOTOS, int(patience * trial["photos"] / trial["seconds"])))


def _figures(case: Case, photos: Sequence[Path], tallies: "dict[str, Tally]", sides: "dict[str, Side]") -> Row:
    figures: Row = {name: account(tallies[name], sides[name], len(photos)) for name in ("articles", *KITH)}
    for name in KITH:
        kernels = tallies[KERNELS_OF[name]].ms_per_photo()
        core_ms = 1000 * case.workers / figures[name]["photos_per_second"]
        figures[name]["stages_ms"] = {**kernels, "rest": core_ms - sum(kernels.values())}
        figures[name]["kernel_share"] = sum(kernels.values()) / core_ms
    base = figures["articles"]
    for name, short in (("same_detector", "same_detector"), ("shipped", "shipped"), ("whole_job", "job")):
        figures[f"ratio_{short}_to_articles"] = figures[name]["photos_per_second"] / base["photos_per_second"]
    figures["ratio_by_processor_time"] = base["processor_s"] / figures["shipped"]["processor_s"]
    figures["kernel_share"] = figures["shipped"]["kernel_share"]
    shipped_ms = 1000 * figures["shipped"]["processor_s"]
    figures["kernel_share_by_processor_time"] = tallies["kernels"].milliseconds / shipped_ms
    if alone := tallies["kernels"].sums["decode_alone"]:
        limit = tallies["kernels"].sums["photos"] / alone
        figures["decode_limit_photos_per_second"] = limit
        figures["share_of_decode_limit"] = figures["shipped"]["photos_per_second"] / limit
    size = sum(path.stat().st_size for path in photos) / len(photos) / MEGABYTE
    figures["photos"] = {"count": len(photos), "megapixels": case.megapixels, "mb_each": size}
    figures["workers"] = case.workers
    return figures


def account(tally: Tally, side: Side, count: int) -> Row:
    """Return what a side came to: seconds and milliseconds a photo, faces and bodies in that many photos."""
    photos = tally.sums["photos"]
    seen = {kind: round(count * tally.sums[kind] / photos) for kind in ("faces", "bodies") if kind in tally.sums}
    return {
        "photos_per_second": photos / tally.sums["seconds"],
        "peak_mb": side.watch.peak / MEGABYTE,
        "stages_ms": tally.ms_per_photo(),
        "processor_s": tally.sums["processor"] / photos,
        **seen,
        "cold_start_s": side.cold_start,
        "first_photo_s": side.first_photo,
        "first_photo_warm_s": median(tally.firsts) if tally.firsts else None,
    }


def memory_of(bench: Bench, originals: Sequence[Path], few: int, many: int, say: Say) -> Row:
    """Return the peak of the whole job's memory over few and over many small photos, and how fast a second run is."""
    say(f"Making {many} small photos")
    photos = small_ones(originals, many, bench.folder / "small")
    peaks = []
    for count in (few, many):
        say(f"Recognising {count} small photos")
        with closing(bench.side("whole_job", Case("", 0, worker_count(0)), photos[0])) as side:
            first = side.ask(photos[:count])
            peaks.append(side.watch.peak / MEGABYTE)
            again = side.ask(photos[:count], fresh=False)
    return {
        f"memory_{many}_to_{few}": peaks[1] / peaks[0],
        "memory_mb": dict(zip((str(few), str(many)), peaks)),
        "small_photos_per_second": many / first["seconds"],
        "rerun_photos_per_second": many / again["seconds"],
    }
