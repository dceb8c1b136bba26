"""Photos looked at by the workers of a Dask cluster: a real scheduler and real workers, processes of their own."""

import hashlib
import json
import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from kith import __version__
from kith.errors import BadInput, NoWorkers
from kith.jobs import looks
from kith.jobs.build_kb import build_kb
from kith.jobs.context import open_context, untold
from kith.jobs.dask_cluster import Cluster, told_models
from kith.jobs.dask_executor import DaskExecutor, dask_power, places_of
from kith.jobs.dask_work import Answer, Assignment, SentFile, SentPhoto, answered, without_files
from kith.jobs.dask_worker import models_here
from kith.jobs.events import Event, Notice, PhotoDone, RecognitionFinished
from kith.jobs.recognize_folder import recognize_folder
from kith.jobs.worker_processes import WorkerDied
from kith.jobs.workers import InlineExecutor
from kith.photos.first_read import Reading
from kith.photos.outputs import REPORT
from kith.photos.photo_file import Stamp
from kith.settings import Device, Settings, conflicts, save, with_overrides
from kith.vision.analysis import read_photos
from kith.vision.engines import Chosen, EngineSpec, Networks
from kith.vision.packaged_models import LANDMARKS
from tests.cluster_eyes import ANN, BOB, EVE, draw, see
from tests.desk import REPOSITORY, ran
from tests.making import posix_only

pytestmark = posix_only


class DaskProcesses:
    """A scheduler and its workers, each of which has a home of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._started: list[subprocess.Popen[bytes]] = []
        self._file = root / "scheduler.json"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0")
        _wait_for(lambda: self._file.is_file() and self._file.stat().st_size > 0, self.scheduler)
        self.address = json.loads(self._file.read_text())["address"]

    def worker(self, name: str, *search_path: Path) -> subprocess.Popen[bytes]:
        """Start a worker, whose modules are looked for in other folders first, and wait until it is there."""
        places = os.pathsep.join(map(str, (*search_path, REPOSITORY / "app", REPOSITORY)))
        own = {"KITH_HOME": str(self.root / name), "PYTHONPATH": places}
        process = self._start("worker", "--nthreads", "1", "--no-nanny", "--name", name, **own)
        with connected(self) as cluster:
            _wait_for(lambda: name in {info["name"] for info in _present(cluster).values()}, process)
        return process

    def _start(self, kind: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", kind, "--scheduler-file", str(self._file), "--no-dashboard"]
        own = {"DASK_TEMPORARY_DIRECTORY": str(self.root)}
        with (self.root / "log").open("ab") as output:
            process = subprocess.Popen(
                [*command, *arguments], cwd=self.root, env=os.environ | own | environment, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        self._started.append(process)
        return process

    def close(self) -> None:
        """Kill all."""
        for process in self._started:
            kill_all(process)


def _wait_for(is_so: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait until something is so, as long as a process is alive."""
    while not is_so():
        assert process.poll() is None
        time.sleep(0.02)


def _present(cluster: Cluster) -> dict[str, dict[str, str]]:
    present: dict[str, dict[str, str]] = cluster._client.scheduler_info()["workers"]
    return present


def connected(processes: DaskProcesses) -> "closing[Cluster]":
    """Connect to a cluster."""
    return closing(Cluster(processes.address))


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[DaskProcesses]]:
    """Where clusters go that are to end with this module, the one in use last."""
    clusters: list[DaskProcesses] = []
    yield clusters
    for processes in clusters:
        processes.close()


@pytest.fixture
def cluster(started: list[DaskProcesses], tmp_path_factory: pytest.TempPathFactory) -> DaskProcesses:
    """A worker with this Kith, and one with another; begun anew where a test ended its scheduler."""
    if not started or started[-1].scheduler.poll() is not None:
        root = tmp_path_factory.mktemp("dask")
        version = root / "version/kith_photos-0.0.1.dist-info"
        version.mkdir(parents=True)
        (version / "METADATA").write_text("Metadata-Version: 2.1\nName: kith-photos\nVersion: 0.0.1\n")
        started.append(DaskProcesses(root))
        started[-1].worker("one")
        started[-1].worker("old", version.parent)
    return started[-1]


@pytest.fixture(autouse=True)
def _eyes(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let jobs, and workers, see by eyes that need no networks, but for a file that stands for one."""
    network = tmp_path_factory.getbasetemp() / "network.onnx"
    network.write_bytes(b"a network")
    monkeypatch.setattr(looks, "analyse", see)
    monkeypatch.setattr(looks, "made_ready", lambda spec, _device: replace(spec, networks=Networks(network, None)))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings for a folder of two people, to be taught, and photos of them."""
    for person, name in ((ANN, "Ann"), (BOB, "Bob")):
        for number in range(2):
            draw(tmp_path / "people" / name / f"{number}.png", person, number=number)
    for number, people in enumerate(((ANN,), (BOB,), (ANN, BOB)), 2):
        draw(tmp_path / "input" / f"photo {number}.png", *people, number=number)
    (tmp_path / "input/broken.jpg").write_bytes(b"no photo at all")
    places = {"dataset_dir": "people", "process_dir": "input", "processed_dir": "output", "workers": 1}
    return Settings.at(tmp_path, places | {"face_detector": "hog", "body_policy": "off", "names_in": "off"})


def over(cluster: DaskProcesses, settings: Settings, **changes: object) -> Settings:
    """Return the settings for work by the cluster."""
    own = {"executor": "dask", "dask_scheduler": cluster.address} | changes
    return Settings.at(settings.folder, settings.model_dump(exclude_unset=True) | own)


def elsewhere(settings: Settings, folder: Path) -> Settings:
    """Return the settings for the same photos and a library and output of their own."""
    folder.mkdir(exist_ok=True)
    own = {"processed_dir": str(folder / "output"), "library_path": str(folder / "library.sqlite")}
    return Settings.at(settings.folder, settings.model_dump(exclude_unset=True) | own)


def done(settings: Settings, seen: Callable[[Event], None] = lambda _: None) -> RecognitionFinished:
    """Build the knowledge base and recognise the input folder; return the end."""
    executor = None if settings.executor == "dask" else InlineExecutor
    with open_context(settings, threading.Event(), "test", executor, create=True) as context:
        assert [*build_kb(context)]
        for event in recognize_folder(context, [settings.input_folder], settings.output_folder):
            seen(event)
    assert isinstance(event, RecognitionFinished)
    return event


def rows(settings: Settings) -> list[list[object]]:
    """Return what a library holds of photos, people and faces, vectors too."""
    with closing(sqlite3.connect(settings.library_file)) as library:
        files = library.execute("SELECT path, size, mtime_ns FROM files ORDER BY path").fetchall()
        seen = library.execute(
            "SELECT f.path, o.kind, o.model_id, o.x, o.y, o.w, o.h, o.score, o.vector FROM observations o JOIN "
            "appearances a ON a.id = o.appearance_id JOIN files f ON f.photo_id = a.photo_id ORDER BY 1, 4"
        ).fetchall()
        return [files, seen, library.execute("SELECT path, reason FROM failures ORDER BY path").fetchall()]


def test_three_workers_see_what_this_machine_sees(cluster: DaskProcesses, settings: Settings, tmp_path: Path) -> None:
    """Folders have other names there, one photo is another there and one is not there; one worker is killed at it.

    One more has another Kith.
    """
    for number in range(24):  # more than the other worker has at hand
        draw(settings.input_folder / f"held {number}.png", ANN, number=10 + number)
    here = elsewhere(settings, tmp_path / "here")
    assert done(here).known == 27
    there = tmp_path / "there"
    shutil.copytree(settings.folder / "people", there / "people")
    shutil.copytree(settings.input_folder, there / "input")
    draw(there / "input/photo 2.png", BOB, EVE)
    (there / "input/photo 3.png").unlink()
    (hold := there / "input/hold").touch()
    doomed, ended = cluster.worker("doomed"), threading.Event()

    def kill() -> bool:
        holding = cluster.root / "doomed/holding"
        while not holding.exists():
            if ended.wait(0.02):
                return False
        kill_all(doomed)
        hold.unlink()
        return True

    with ThreadPoolExecutor(1) as thread:
        killed = thread.submit(kill)
        try:
            finished = done(
                over(cluster, elsewhere(settings, tmp_path / "dask"), path_map=[f"{settings.folder}={there}"])
            )
        finally:
            ended.set()
    assert killed.result()
    assert [photo.path.name for photo in finished.failed] == ["broken.jpg"]
    dask = elsewhere(settings, tmp_path / "dask")
    assert rows(dask) == rows(here)
    assert (dask.output_folder / REPORT).read_bytes() == (here.output_folder / REPORT).read_bytes()
    (kept,) = (cluster.root / "one/cache/networks").iterdir()
    assert kept.read_bytes() == b"a network"
    assert not (cluster.root / "old").exists()


def test_another_kith_is_named_and_not_used(cluster: DaskProcesses, settings: Settings) -> None:
    with open_context(over(cluster, settings), threading.Event(), "test", create=True) as context:
        (told,) = (notice for notice in context.notices if "Dask" in notice)
    assert "it has Kith 0.0.1, " in told
    assert told.endswith(f"this is Kith {__version__}.")
    assert context.workers == 1
    assert context.memory


def test_another_kith_that_comes_later_is_told(cluster: DaskProcesses, settings: Settings) -> None:
    told: list[Event] = []
    with open_context(over(cluster, settings), threading.Event(), "test", create=True, tell=told.append) as context:
        assert isinstance(context.executor, partial)
        seen: Cluster = context.executor.args[0]
        late = cluster.worker("late", cluster.root / "version")
        _wait_for(lambda: bool(seen.workers() and told), late)
        kill_all(late)
        while "late" in {info["name"] for info in _present(seen).values()}:
            time.sleep(0.02)
    (event,) = told
    assert isinstance(event, Notice)
    assert "it has Kith 0.0.1, " in event.text


def test_other_models_of_packages_are_named() -> None:
    own = models_here()
    assert own[LANDMARKS].startswith("c4b1e9804792")
    assert told_models(own) == f"Kith {__version__}"
    assert told_models(own | {LANDMARKS: "0" * 64}).endswith(
        f"{LANDMARKS} of SHA-256 000000000000 instead of c4b1e9804792"
    )
    assert " of SHA-256 none instead of " in told_models({})
    assert told_models(OSError("gone")) == "no answer (gone)"


def test_a_photo_that_kills_costs_no_worker(cluster: DaskProcesses, settings: Settings) -> None:
    deadly = draw(settings.input_folder / "deadly.png", ANN)
    harmless = settings.input_folder / "photo 2.png"
    work = partial(see, spec=vars(looks)["made_ready"](plain_spec(), Device.CPU))
    with connected(cluster) as connection, DaskExecutor(connection, ()) as executor:
        before = {*_present(connection)}
        first, second = (executor.submit(work, [(path, None)]) for path in (deadly, harmless))
        assert isinstance(first.exception(), WorkerDied)
        assert len(second.result()) == 1
        assert {*_present(connection)} == before


def test_a_worker_has_its_next_assignment_at_hand(cluster: DaskProcesses) -> None:
    """Whoever waits for a third one is told when nobody wants it any more."""
    ending = threading.Event()
    with connected(cluster) as connection, connection.worker(ending) as first, connection.worker(ending) as second:
        assert first == second
        ending.set()
        with pytest.raises(WorkerDied, match="nobody waits"):
            connection.worker(ending).__enter__()


def test_nobody_waits_for_a_worker_that_is_still_at_it(cluster: DaskProcesses, tmp_path: Path) -> None:
    """As when the user stops a run."""
    held = draw(tmp_path / "held.png", ANN)
    (hold := tmp_path / "hold").touch()
    (holding := cluster.root / "one/holding").unlink(missing_ok=True)
    with connected(cluster) as connection:
        executor = DaskExecutor(connection, ())
        future = executor.submit(partial(see, spec=plain_spec()), [(held, None)])
        while not holding.exists():
            assert not future.done()
            time.sleep(0.02)
        executor.shutdown(cancel_futures=True)
        assert isinstance(future.exception(), NoWorkers | BrokenExecutor)
    hold.unlink()


def test_a_run_is_stopped_between_photos(cluster: DaskProcesses, settings: Settings) -> None:
    for number in range(12):
        draw(settings.input_folder / f"more {number}.png", ANN, number=10 + number)
    stop = threading.Event()
    with open_context(over(cluster, settings), stop, "test", create=True) as context:
        assert [*build_kb(context)]
        for event in recognize_folder(context, [settings.input_folder], settings.output_folder):
            if isinstance(event, PhotoDone):
                stop.set()
    assert isinstance(event, RecognitionFinished)
    assert event.stopped
    assert event.done < 16


def test_the_command_takes_the_address(cluster: DaskProcesses, settings: Settings) -> None:
    save(settings.folder / "settings.json", settings)
    code, out, err = ran("build-kb", "--settings", settings.folder / "settings.json", "--dask", cluster.address)
    assert code == 0
    assert "2 people, 4 photos learned of 4" in out
    assert "Kith 0.0.1" in err


def test_what_was_done_is_kept_where_the_scheduler_goes(cluster: DaskProcesses, settings: Settings) -> None:
    kept = []

    def kill(event: Event) -> None:
        if isinstance(event, PhotoDone):
            kept.append(event.path)
            kill_all(cluster.scheduler)

    for number in range(12):
        draw(settings.input_folder / f"more {number}.png", ANN, number=10 + number)
    with pytest.raises(NoWorkers, match=r"(is gone|no worker).*What was done is kept"):
        done(over(cluster, settings), kill)
    assert kept
    finished = done(settings)
    assert finished.done == 16
    assert finished.analysed <= 16 - len(kept)


# What a worker makes of an assignment


def plain_spec() -> EngineSpec:
    """Return a spec that needs no file."""
    return EngineSpec(
        Chosen("kith.vision.dlib_detectors:DlibHog", "hog", "dlib_hog"),
        Chosen("kith.vision.dlib_faces:DlibFaces", "dlib", "dlib"),
        None, None, 800, 20, 4,
    )  # fmt: skip


def stamp_of(path: Path) -> Stamp:
    """Return what the system says of a file."""
    status = path.stat()
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def answer_to(assignment: Assignment, folder: Path) -> Answer:
    """Return a worker's answer."""
    answer: Answer = pickle.loads(answered(pickle.dumps(assignment), str(folder), "host"))
    return answer


def test_a_photo_counts_by_its_size_and_time(tmp_path: Path) -> None:
    path = draw(tmp_path / "photo.png", ANN)
    stamp = stamp_of(path)
    others = [stamp._replace(size=stamp.size + 1), stamp._replace(mtime_ns=stamp.mtime_ns - 3 * 10**9)]
    photos = [SentPhoto([str(path)], ".png", own, None) for own in (stamp, *others)]
    photos.append(SentPhoto([str(tmp_path / "none.png"), "\0"], ".png", stamp, None))
    job = Assignment(read_photos, plain_spec(), [], photos, {})
    assert [*answer_to(job, tmp_path).unread] == [1, 2, 3]
    sent = [photos[0], *(replace(photo, content=path.read_bytes()) for photo in photos[1:])]
    results = answer_to(replace(job, photos=sent), tmp_path).results
    assert results
    assert [reading.stamp for reading in results] == [stamp, *others, stamp]


def test_a_file_that_changed_since_it_was_read_is_read_anew(tmp_path: Path) -> None:
    path = draw(tmp_path / "photo.png", ANN)
    (before,) = read_photos([path], plain_spec())
    draw(path, ANN, BOB)
    photo = SentPhoto([str(path)], ".png", stamp_of(path), (before,))
    answer = answer_to(Assignment(given, plain_spec(), [], [photo], {}), tmp_path)
    assert answer.results == [False]
    photo = replace(photo, rest=(read_photos([path], plain_spec())[0],))
    answer = answer_to(Assignment(given, plain_spec(), [], [photo], {}), tmp_path)
    assert answer.results == [True]


def given(photos: list[tuple[Path, Reading]], spec: EngineSpec) -> list[bool]:
    """Say of each photo whether its file is what was read."""
    return [stamp_of(path) == reading.stamp for path, reading in photos]


def test_a_model_is_asked_for_until_it_is_the_right_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_HOME", str(tmp_path / "home"))
    file = SentFile("face", hashlib.sha256(b"a network").hexdigest(), ".onnx")
    job = Assignment(see, without_files(plain_spec()), [file], [], {})
    assert answer_to(job, tmp_path).lacking == [file]
    assert answer_to(replace(job, models={file: b"another"}), tmp_path).lacking == [file]
    assert answer_to(replace(job, models={file: b"a network"}), tmp_path).results == []
    assert answer_to(job, tmp_path).results == []
    (tmp_path / f"home/cache/networks/{file.sha256}.onnx").write_bytes(b"spoiled")
    assert answer_to(job, tmp_path).lacking == [file]


# Without a cluster


def test_a_scheduler_that_does_not_answer_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kith.jobs.dask_cluster._CONNECT_S", 0.2)
    save(settings.folder / "settings.json", settings)
    code, out, err = ran("build-kb", "--settings", settings.folder / "settings.json", "--dask", "tcp://127.0.0.1:9")
    assert (code, out) == (3, "")
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in err
    assert "dask_scheduler" in err


def test_a_program_without_dask_says_what_to_install(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(BadInput, match=r"kith-photos\[dask\]"),
        dask_power(address("tcp://127.0.0.1:9", settings), untold),
    ):
        pass


def test_dask_needs_an_address(settings: Settings) -> None:
    values = Settings.at(settings.folder, {"executor": "dask"})
    assert "Dask scheduler" in conflicts(values)["executor"]
    with pytest.raises(BadInput, match="dask_scheduler"), dask_power(values, untold):
        pass


def address(text: str, settings: Settings) -> Settings:
    """Return the settings with the address of a scheduler."""
    return with_overrides(settings, {"executor": "dask", "dask_scheduler": text})


@pytest.mark.parametrize("text", ["127.0.0.1", "tcp://host", "http://host:80", "tcp://ho st:1", "tcp://h:1/x", "path"])
def test_what_is_no_address_is_refused(text: str, settings: Settings) -> None:
    with pytest.raises(BadInput, match="tcp://192"):
        address(text, settings)


@pytest.mark.parametrize("pairs", ["here=/there", "/here", "/here=", "=/there", "/he\0re=/there"])
def test_what_is_no_pair_of_folders_is_refused(pairs: str, settings: Settings) -> None:
    with pytest.raises(BadInput, match="/photos=/mnt/photos"):
        with_overrides(settings, {"path_map": pairs})


@pytest.mark.parametrize(
    ("pairs", "places"),
    [
        ((), ["/photos/a/b.jpg"]),
        (("/other=/mnt",), ["/photos/a/b.jpg"]),
        (("/photo=/mnt",), ["/photos/a/b.jpg"]),
        (("/photos=/mnt",), ["/mnt/a/b.jpg"]),
        (("/photos/=/mnt/",), ["/mnt/a/b.jpg"]),
        (("/photos/a=/mnt=2", "/photos=Z:\\pictures"), ["/mnt=2/b.jpg", "Z:\\pictures\\a\\b.jpg"]),
        (("/=/mnt",), ["/mnt/photos/a/b.jpg"]),
    ],
)
def test_where_a_worker_looks_for_a_photo(pairs: tuple[str, ...], places: list[str]) -> None:
    assert places_of(Path("/photos/a/b.jpg"), pairs) == places
