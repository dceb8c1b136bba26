"""Nothing is sent, and README names every file that Kith writes: all that Kith can do is done in an empty home."""

import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import typer

from kith.cli.main import cli
from tests.desk import REPOSITORY
from tests.drawn_people import ANN, BOB, EVE, draw_photo
from tests.network_watch import NOBODY, Watched, namespaces, watched
from tests.networks import save_one_person

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="one system's folders stand for all")

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
FETCHING = {("demo",), ("models", "download")}  # what asks the network on purpose; README says what it writes
HOLD_S = 12  # ONNX Runtime 1.32 sends for the first time 9 seconds after its import
CANNOT = 3
Command = Sequence[str | Path]

# Commands one after the other, each in a child that begins where all is imported.
COMMANDS = """
import json, os, sys
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import kith.__main__, kith.cli.main, typer.main
kith.cli.main.cli = typer.main.get_command(kith.cli.main.cli)  # made once: it takes longer than most commands
commands, expected = json.loads(sys.argv[1])
for words in commands:
    child = os.fork()
    if not child:
        sys.argv = ["kith", *words]
        sys.exit(kith.__main__.main())
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != expected:
        sys.exit(f"{words} ended with {code}")
"""
HOLD = """
import json, signal, subprocess, sys, time
command, hold = json.loads(sys.argv[1])
with subprocess.Popen([sys.executable, "-m", "kith", *command], stdout=subprocess.PIPE, text=True) as process:
    while "PhotoLearned" not in process.stdout.readline():  # until a worker has its networks
        pass
    process.send_signal(signal.SIGSTOP)
    time.sleep(hold)
    process.kill()
"""
WINDOW = """
import sys
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QDialog, QLineEdit
from kith.gui import start
from kith.gui.main_window import MainWindow
from kith.gui.workers import FolderWorker, KbBuilder

def steps(window):
    yield from closed(window.first_steps)
    yield from closed(window.does.settings.trigger)
    QTimer.singleShot(0, lambda: window.choose_folder("People", window.settings.dataset_folder))
    while not QApplication.activeModalWidget():
        yield
    QTest.keyClick(QApplication.activeModalWidget().findChild(QLineEdit), Qt.Key.Key_Return)
    for worker in (KbBuilder, FolderWorker):
        window.jobs.start(worker(window.settings))
        while window.jobs.running:
            yield
    window.does.review.trigger()
    while window.places["Review"].busy:
        yield
    yield from closed(window.does.about.trigger)
    window.close()

def closed(show):
    show()
    while not isinstance(shown := QApplication.activeModalWidget(), QDialog):
        yield
    for _ in range(5):
        yield
    shown.reject()
    while QApplication.activeModalWidget():
        yield

def show(window, shown=MainWindow.show):
    shown(window)
    script = steps(window)
    window.ticker = QTimer(timeout=lambda: next(script, None))
    window.ticker.start(100)

MainWindow.show = show
start.greet = lambda *_: None
sys.exit(start.main())
"""
HOLD_A_NETWORK = """
import sys, time
import onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1])
time.sleep(int(sys.argv[2]))
"""


class Place:
    """An empty home, photos of drawn people, and a network whose weights are of no meaning."""

    def __init__(self, root: Path) -> None:
        self.root, self.home = root, root / "home"
        self.people, self.input, self.output = root / "people", root / "input", root / "output"
        self.settings = self.home / ".config/kith/settings.json"
        self.given = root / "given"  # what the user names a place for
        self.temporary = root / "temporary"
        self.packets: list[str] | None = []
        self.commands: list[Command] = []
        self.home.mkdir(parents=True)
        self.given.mkdir()
        self.temporary.mkdir()
        for name, person in (("Ann", ANN), ("Bob", BOB)):
            for number in range(3):
                draw_photo(self.people / name / f"{number}.png", person, aside=4 * number)
        self.both = draw_photo(self.input / "both.png", ANN, BOB, aside=3)
        self.strangers = [draw_photo(self.input / f"{n}.png", EVE, aside=5 * n) for n in range(4)]
        self._photos = set(root.rglob("*"))

    @property
    def environment(self) -> dict[str, str]:
        """All that a process is told: nothing of the machine's, as CI=1 alone keeps ONNX Runtime from sending."""
        return {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY),
            "QT_QPA_PLATFORM": "offscreen",
            "TMPDIR": str(self.temporary),
        }

    def do(self, *commands: Command, code: int = 0) -> str:
        """Run commands one after the other, watched where that can be, and return what they printed.

        Each is to end with an exit code.
        """
        self.commands += commands
        return self._run(COMMANDS, (commands, code))

    def do_in_the_window(self) -> None:
        """Open the window, look into its dialogs, choose a folder, run both jobs."""
        self._run(WINDOW)

    def leave_hanging(self, *command: str) -> None:
        """Start a job with JSON lines, stop it at the first photo, while its workers stay, and kill it."""
        self._run(HOLD, ([*command, "--json"], HOLD_S))

    def put_broken_settings_aside(self) -> None:
        """Break the settings file and begin with a new one, as the window offers it."""
        self.settings.write_text("{", encoding="utf-8")
        self._run("from kith.settings import start_afresh, user_settings_file as file; start_afresh(file())")

    def _run(self, code: str, *told: object) -> str:
        start = [sys.executable, "-c", code, *(json.dumps(one, default=str) for one in told)]
        try:
            done = watched(start, self.environment, self.root)
        except RuntimeError:
            self.packets = None
            result = subprocess.run(
                start, cwd=self.root, env=self.environment, capture_output=True, encoding="utf-8", check=False
            )
            done = Watched(result.returncode, result.stdout, result.stderr, [])
        assert done.returncode == 0, done.err
        if self.packets is not None:
            self.packets += done.packets
        return done.out

    def number(self, photo: Path) -> str:
        """Return PHOTO#NUMBER of the first who shows there."""
        with closing(sqlite3.connect(self.people / "library.sqlite")) as library:
            (key,) = library.execute(
                "SELECT min(a.id) FROM appearances a JOIN files f USING (photo_id) WHERE f.path = ?", (str(photo),)
            ).fetchone()
        return f"{photo}#{key}"

    def written(self) -> set[Path]:
        """Return every file that Kith made, but for those the user named a place for."""
        made = {path for path in self.root.rglob("*") if not path.is_dir()} - self._photos
        return {path for path in made if self.given not in path.parents}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """All that Kith can do, done: each command and the window, with a run that was killed."""
    place = Place(tmp_path_factory.mktemp("privacy"))
    weights, persons = _networks(place.given)
    place.do(
        ["settings", f"dataset_dir={place.people}", f"process_dir={place.input}", f"processed_dir={place.output}"],
        ["settings", "face_detector=hog", f"reid_weights={weights}", "reid_model=osnet_x0_25", "face_tol=0.15"],
        ["settings", f"person_detector={persons}", "face_suggest=0.15"],
        ["models"],
        ["privacy"],
        ["build-kb"],
        ["recognize"],
    )
    group = str(json.loads(place.do(["unknowns", "--json"]))["groups"][0]["id"])
    one, other, third, fourth = map(place.number, place.strangers)
    place.do(
        ["ignore", fourth],
        ["why", place.both],
        ["unknowns", "likely"],
        ["unknowns", "name", group, "Eve"],
        ["people", "create", "Zoe"],
        ["link", one, "Zoe"],
        ["photos", "--with", "Zoe"],
        ["find", "Zoe", "--copy-to", place.given / "found"],
        ["duplicates", place.input],
        ["shows", place.both, "Max", "--box", "40,10,20,20"],
        ["people", "split", "Eve", other, "--to", "Zoe"],
        ["people", "merge", "Eve", "Zoe"],
        ["people", "set", "Eve", "birth=1950"],
        ["people", "rename", "Eve", "Eva"],
        ["people", "list"],
        ["people", "show", "Eva"],
        ["unlink", third],
        ["redecide"],
        ["runs"],
        ["report", "--html", place.given / "page.html"],
        ["learn-moves"],
        ["undo", "1"],
        ["write-names"],
        ["import-tags", place.input],
        ["status"],
        ["check"],
        ["evaluate", "--png", place.given / "curve.png", "--csv", place.given / "curve.csv"],
        ["backup", place.given / "backup.sqlite"],
        ["export", "people", place.given / "family.zip", "--with-faces"],
        ["export", "library", place.given / "library.zip"],
        ["import", "people", place.given / "family.zip", "--yes"],
        ["import", "library", place.given / "library.zip"],
        ["restore", place.given / "backup.sqlite"],
        ["check", "--library"],
        ["import-kb", place.people / "encodings.pkl"],
        ["people", "history"],
        ["people", "undo"],
        ["people", "redo"],
        ["people", "left-out"],
        ["people", "undo"],
        ["people", "delete", "Eva"],
        ["forget", "Ann", "--erase", "Ann"],
    )
    place.do(
        ["models", "add", weights, place.input],
        ["people", "key-face", "Nobody"],
        ["people", "faces", "Nobody"],
        ["unknowns", "split", "1", one],
        ["unknowns", "confirm", "Nobody"],
        ["watch", place.root / "nowhere"],
        code=CANNOT,
    )
    place.do_in_the_window()
    place.leave_hanging("build-kb", "--set", "resize_max=900")
    place.put_broken_settings_aside()
    return place


def _networks(folder: Path) -> tuple[Path, Path]:
    """Return an untrained network of TorchReID's, which Kith exports, and a detector that sees one person anywhere."""
    import torch

    from kith.vision.torchreid_networks import untrained_network

    torch.save(untrained_network("osnet_x0_25").state_dict(), folder / "weights.pth")
    return folder / "weights.pth", save_one_person(folder / "person.onnx")


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    below = getattr(command, "commands", {})
    if not below or getattr(command, "invoke_without_command", False):
        yield path
    for name, one in below.items():
        yield from _commands(one, (*path, name))


def test_every_command_is_among_what_is_done_here(done: Place) -> None:
    commands = set(_commands(typer.main.get_command(cli))) - FETCHING
    assert commands - {tuple(map(str, one[: len(path)])) for path in commands for one in done.commands} == set()


@pytest.fixture
def _watching() -> None:
    try:
        namespaces()
    except RuntimeError as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("_watching")
def test_not_one_packet_and_no_look_up(done: Place) -> None:
    assert done.packets == []


@pytest.mark.usefixtures("_watching")
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("", []),
        ("socket.getaddrinfo('kith.example', 443)", ["UDP 127.0.0.1:53 kith.example"]),
        (
            "socket.create_connection(('kith.example', 443))",
            [f"TCP {NOBODY}:443", "UDP 127.0.0.1:53 kith.example"],
        ),
        ("socket.create_connection(('203.0.113.5', 80))", ["TCP 203.0.113.5:80"]),
        ("socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('224.0.0.251', 5353))", ["UDP 224.0.0.251:5353"]),
        ("os.fork() or socket.getaddrinfo('child.example', 443)", ["UDP 127.0.0.1:53 child.example"]),
    ],
)
def test_the_watch_sees_what_is_sent(tmp_path: Path, code: str, expected: list[str]) -> None:
    seen = watched([sys.executable, "-c", f"import os, socket\n{code}"], {}, tmp_path)
    assert sorted(set(seen.packets)) == expected


@pytest.mark.usefixtures("_watching")
def test_the_watch_sees_onnx_runtime_where_nothing_keeps_it_from_sending(tmp_path: Path) -> None:
    place = Place(tmp_path)
    network = save_one_person(tmp_path / "network.onnx")
    seen = watched([sys.executable, "-c", HOLD_A_NETWORK, network, str(HOLD_S)], place.environment, tmp_path)
    assert seen.returncode == 0, seen.err
    if not any(place.home.iterdir()):
        pytest.skip("this build of ONNX Runtime sends nothing: there is nothing to keep it from")
    assert any("microsoft" in packet for packet in seen.packets)


def test_whoever_imports_onnx_runtime_has_imported_kith_before() -> None:
    files = [path for folder in ("app", "scripts", "tests") for path in (REPOSITORY / folder).rglob("*.py")]
    texts = {path: path.read_text(encoding="utf-8") for path in files if path != Path(__file__)}
    importing = {path: text for path, text in texts.items() if re.search("(import|from) onnxruntime", text)}
    assert REPOSITORY / "app/kith/vision/runtime.py" in importing
    for path, text in importing.items():
        assert re.search(r"^from kith\b", text, re.MULTILINE), path


def test_every_folder_in_the_home_is_kiths_own(done: Place) -> None:
    foreign = [path for path in done.written() if done.home in path.parents and "kith" not in path.parts]
    assert foreign == []


def test_readme_names_every_file_that_is_written(done: Place) -> None:
    folders = _folders(done)
    named = dict(re.findall(r"^\| the (\w+) folder\b.*? \| (.+) \|$", README, re.MULTILINE))
    assert set(named) == set(folders)
    patterns = [f"{folder}/{name}" for place, folder in folders.items() for name in re.findall("`(.+?)`", named[place])]
    unnamed = [path for path in done.written() if not any(_fits(path, pattern) for pattern in patterns)]
    assert unnamed == []


def _fits(path: Path, pattern: str) -> bool:
    return fnmatchcase(str(path), pattern + "*" if pattern.endswith("/") else pattern)


def _folders(place: Place) -> dict[str, Path]:
    """Return the folders of README's list, those of the user as `settings` tells them."""
    told = dict(re.findall(r"^(\w+) f[\w]+: (.+)$", place.do(["settings"]), re.MULTILINE))
    return {
        "people": place.people,
        "output": place.output,
        "settings": Path(told["Settings"]).parent,
        "data": Path(told["Data"]),
        "cache": Path(told["Cache"]),
        "log": Path(told["Log"]).parent,
    }


def test_what_is_biometric_or_tells_of_photos_is_readable_by_its_owner_only(done: Place) -> None:
    folders = [folder for name, folder in _folders(done).items() if name in {"people", "log"}]
    private = [path for path in done.written() if path.parent in folders and path.suffix not in {".lock", ".holder"}]
    private += [done.given / "backup.sqlite", done.given / "family.zip"]
    assert {path.name for path in private} >= {"library.sqlite", "encodings.pkl", "kith.log", "crash.log"}
    assert {path.name: stat.filemode(path.stat().st_mode) for path in private} == {
        path.name: "-rw-------" for path in private
    }


def test_the_privacy_page_names_every_file_that_is_written(done: Place) -> None:
    told = json.loads(done.do(["privacy", "--json", "--set", f"dataset_dir={done.people}"]))
    places = [Path(place) for kept in told["stored"] for place in kept["places"]]
    unnamed = [path for path in done.written() if not any(path.is_relative_to(place) for place in places)]
    assert [path for path in unnamed if not path.is_relative_to(done.output)] == []
