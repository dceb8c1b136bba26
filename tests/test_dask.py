"""Photos looked at by the workers of a Dask cluster: real schedulers and workers, each a process of its own."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kith import __version__
from kith.errors import BadInput, NoWorkers
from kith.jobs.build_kb import build_kb
from kith.jobs.context import open_context
from kith.jobs.dask_cluster import Cluster
from kith.jobs.dask_executor import dask_executors, places_of
from kith.jobs.events import Event, PhotoDone, RecognitionFinished
from kith.jobs.recognize_folder import recognize_folder
from kith.photos.outputs import REPORT
from kith.settings import Settings, conflicts, save, with_overrides
from tests.desk import REPOSITORY, ran
from tests.drawn_people import ANN, BOB, EVE, draw_photo
from tests.making import posix_only

pytestmark = posix_only
# Of a photo called "deadly" a worker dies; one called "held" it cannot open as long as a file "hold" lies beside it.
HOOK = """
import os, sys, time
def look(event, details):
    if event == "open" and isinstance(details[0], str):
        name = os.path.basename(details[0])
        if name.startswith("deadly"):
            os._exit(9)
        while name.startswith("held") and os.path.exists(os.path.join(os.path.dirname(details[0]), "hold")):
            os.makedirs(os.path.join(os.environ["KITH_HOME"], "holding"), exist_ok=True)
            time.sleep(0.02)
sys.addaudithook(look)
"""


class DaskProcesses:
    """A scheduler and its workers, each of which has a home of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._started: list[subprocess.Popen[bytes]] = []
        self._file = root / "scheduler.json"
        self.scheduler = self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        while not self._file.is_file():
            assert self.scheduler.poll() is None
            time.sleep(0.02)
        self.address = json.loads(self._file.read_text())["address"]

    def worker(self, name: str, *search_path: Path) -> subprocess.Popen[bytes]:
        """Start a worker, whose modules are looked for in other folders first."""
        places = os.pathsep.join(map(str, (*search_path, REPOSITORY / "app", REPOSITORY)))
        own = {"KITH_HOME": str(self.root / name), "PYTHONPATH": places}
        return self._start("dask_worker", "--nthreads", "1", "--no-dashboard", "--name", name, **own)

    def await_workers(self, usable: int) -> None:
        """Wait until that many workers can be used."""
        cluster = Cluster(self.address)
        try:
            while len(cluster.workers()) < usable:
                time.sleep(0.1)
        finally:
            cluster.close()

    def _start(self, module: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", "--scheduler-file", str(self._file), *arguments]
        output = (self.root / "log").open("ab")
        process = subprocess.Popen(
            command, cwd=self.root, env=os.environ | environment, stdout=output, stderr=output, start_new_session=True
        )
        output.close()
        self._started.append(process)
        return process

    def close(self) -> None:
        """Kill all."""
        for process in self._started:
            kill_all(process)


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskProcesses]:
    """Two workers with this Kith, and one with another."""
    root = tmp_path_factory.mktemp("dask")
    other, hook = root / "other/kith_photos-0.0.1.dist-info", root / "hook"
    for folder in (other, hook):
        folder.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: kith-photos\nVersion: 0.0.1\n")
    (hook / "sitecustomize.py").write_text(HOOK)
    processes = DaskProcesses(root)
    try:
        for name in ("one", "two"):
            processes.worker(name, hook)
        processes.worker("old", other.parent)
        processes.await_workers(2)
        yield processes
    finally:
        processes.close()


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two people, to be taught, and photos of them."""
    folder = tmp_path_factory.mktemp("album")
    for person, name in ((ANN, "Ann"), (BOB, "Bob")):
        for number in range(2):
            draw_photo(folder / "people" / name / f"{number}.png", person, aside=4 * number)
    for number, people in enumerate(((ANN,), (BOB,), (ANN, BOB))):
        draw_photo(folder / "input" / f"photo {number}.png", *people, aside=-3 * number)
    (folder / "input/broken.jpg").write_bytes(b"no photo at all")
    return folder


@pytest.fixture
def settings(album: Path, tmp_path: Path) -> Settings:
    """The settings for a copy of the album; nothing needs a model file."""
    shutil.copytree(album, tmp_path, dirs_exist_ok=True)
    return settings_in(tmp_path)


def settings_in(folder: Path, **changes: object) -> Settings:
    """Return the settings for an album."""
    places = {"dataset_dir": "people", "process_dir": "input", "processed_dir": "output", "workers": 1}
    plain = {"face_detector": "hog", "body_policy": "off", "names_in": "off"}
    return Settings.at(folder, places | plain | changes)


def over(cluster: DaskProcesses, settings: Settings, **changes: object) -> Settings:
    """Return the settings for work by the cluster."""
    own = {"executor": "dask", "dask_scheduler": cluster.address} | changes
    return Settings.at(settings.folder, settings.model_dump(exclude_unset=True) | own)


@pytest.fixture(scope="module")
def alone(album: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The album, learned and recognised by this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KITH_HOME", str(tmp_path_factory.mktemp("home")))
        settings = settings_in(shutil.copytree(album, tmp_path_factory.mktemp("alone"), dirs_exist_ok=True))
        learned(settings)
        recognised(settings)
    return settings


def learned(settings: Settings) -> None:
    """Build the knowledge base."""
    with open_context(settings, threading.Event(), "test", create=True) as context:
        assert [*build_kb(context)]


def recognised(settings: Settings, seen: Callable[[Event], None] = lambda _: None) -> RecognitionFinished:
    """Recognise the input folder, and return the end."""
    with open_context(settings, threading.Event(), "test") as context:
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


@pytest.mark.parametrize("place", ["here", "elsewhere", "nowhere"])
def test_a_cluster_sees_what_this_machine_sees(
    cluster: DaskProcesses, alone: Settings, tmp_path: Path, place: str
) -> None:
    """Photos lie where they lie here, or elsewhere, or are to be sent; one that is another there is sent, too."""
    there = over(cluster, alone, processed_dir=str(tmp_path / "output"), library_path=str(tmp_path / "dask.sqlite"))
    if place != "here":
        there = over(cluster, there, path_map=[f"{alone.folder}={tmp_path / place}"])
    if place == "elsewhere":
        shutil.copytree(alone.folder, tmp_path / place)
        draw_photo(tmp_path / place / "input/photo 0.png", BOB, EVE)
    learned(there)
    recognised(there)
    assert rows(there) == rows(alone)
    assert (there.output_folder / REPORT).read_bytes() == (alone.output_folder / REPORT).read_bytes()
    kept = [path.suffix for path in cluster.root.glob("*/cache/networks/*")]
    assert {*kept} == {".onnx"}
    assert not [*cluster.root.glob("old/cache/networks/*")]


def test_a_worker_with_another_kith_is_named_and_not_used(cluster: DaskProcesses, settings: Settings) -> None:
    with open_context(over(cluster, settings), threading.Event(), "test", create=True) as context:
        (told,) = (notice for notice in context.notices if "Dask" in notice)
    assert "Kith 0.0.1" in told
    assert f"this is Kith {__version__}" in told
    assert context.workers == 2


def test_a_photo_that_its_worker_dies_of_is_reported_alone(cluster: DaskProcesses, settings: Settings) -> None:
    shutil.copy(settings.input_folder / "photo 1.png", settings.input_folder / "deadly.png")
    there = over(cluster, settings)
    learned(there)
    finished = recognised(there)
    assert {photo.path.name for photo in finished.failed} == {"broken.jpg", "deadly.png"}
    assert "the worker that read it died" in {photo.path.name: photo.reason for photo in finished.failed}["deadly.png"]
    assert finished.known == 3


def test_a_worker_that_is_killed_loses_no_photo(settings: Settings, cluster: DaskProcesses) -> None:
    for number in range(6):
        draw_photo(settings.input_folder / f"held {number}.png", ANN, aside=5 * number)
    hold = settings.input_folder / "hold"
    hold.touch()
    there = over(cluster, settings)
    learned(there)
    doomed = cluster.worker("doomed", cluster.root / "hook")
    cluster.await_workers(3)

    def kill() -> None:
        while not (cluster.root / "doomed/holding").exists():
            time.sleep(0.02)
        kill_all(doomed)
        hold.unlink()

    killer = threading.Thread(target=kill)
    killer.start()
    finished = recognised(there)
    killer.join()
    assert [photo.path.name for photo in finished.failed] == ["broken.jpg"]
    assert finished.known == 9


def test_what_was_done_is_kept_where_the_scheduler_goes(tmp_path: Path, settings: Settings) -> None:
    processes = DaskProcesses(tmp_path)
    try:
        processes.worker("alone")
        there = over(processes, settings)
        learned(there)
        done = []

        def kill(event: Event) -> None:
            if isinstance(event, PhotoDone):
                done.append(event.path)
                kill_all(processes.scheduler)

        for number in range(12):
            draw_photo(settings.input_folder / f"more {number}.png", ANN, aside=number)
        with pytest.raises(NoWorkers, match=r"(is gone|no worker).*What was done is kept"):
            recognised(there, kill)
    finally:
        processes.close()
    assert done
    here = Settings.at(there.folder, there.model_dump(exclude_unset=True) | {"executor": "local"})
    finished = recognised(here)
    assert finished.done == 16
    assert finished.analysed <= 16 - len(done)


def test_a_run_is_stopped_between_photos(cluster: DaskProcesses, settings: Settings) -> None:
    for number in range(12):
        draw_photo(settings.input_folder / f"more {number}.png", ANN, aside=number)
    there = over(cluster, settings)
    learned(there)
    stop = threading.Event()
    with open_context(there, stop, "test") as context:
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
    with pytest.raises(BadInput, match=r"kith-photos\[dask\]"), dask_executors(address("tcp://127.0.0.1:9", settings)):
        pass


def test_dask_needs_an_address(settings: Settings) -> None:
    values = Settings.at(settings.folder, {"executor": "dask"})
    assert "Dask scheduler" in conflicts(values)["executor"]
    with pytest.raises(BadInput, match="dask_scheduler"), dask_executors(values):
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
