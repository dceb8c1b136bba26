"""Try a Dask cluster in a network of its own on this machine, where machines and lines die; Linux, as root.

Each machine is a network namespace with an address of its own. One worker has the photos under another name and not
under this one, one has another version of Kith. Every run must end with the same rows as one on this computer alone,
or be taken up again and then do.
"""

import argparse
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path

from bench_people import SHARED, settings_in
from kith.errors import KithError
from kith.jobs.build_kb import build_kb
from kith.jobs.context import open_context
from kith.jobs.events import PhotoDone
from kith.jobs.recognize_folder import recognize_folder
from kith.settings import Settings, load, save

NET, HUB, BRIDGE = "10.123.0", "kith-hub", "bridge"
MACHINES = ("client", "scheduler", "one", "two", "old")
TAUGHT, MIDDLE = 3, 40  # photos of a person; done when it happens
FACES = "FROM files f JOIN appearances a ON a.photo_id = f.photo_id JOIN"
ROWS = (
    "SELECT path, size, mtime_ns FROM files",
    f"SELECT f.path, o.kind, o.model_id, o.x, o.y, o.w, o.h, o.vector {FACES} observations o ON o.appearance_id = a.id",
    f"SELECT f.path, l.person_id, l.word {FACES} links l ON l.appearance_id = a.id",
    "SELECT path, reason FROM failures",
)


class Network:
    """Machines on one switch, and the processes that run on them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._started: list[subprocess.Popen[str]] = []
        _ip("netns", "add", HUB)
        _ip("-n", HUB, "link", "add", BRIDGE, "type", "bridge")
        _ip("-n", HUB, "link", "set", BRIDGE, "up")
        for number, name in enumerate(MACHINES, 1):
            space = _space(name)
            _ip("netns", "add", space)
            _ip("-n", HUB, "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("-n", HUB, "link", "set", name, "master", BRIDGE, "up")
            _ip("-n", space, "addr", "add", f"{NET}.{number}/24", "dev", "eth0")
            for device in ("eth0", "lo"):
                _ip("-n", space, "link", "set", device, "up")

    def start(self, name: str, *command: str, **environment: str) -> "subprocess.Popen[str]":
        """Run a command on a machine, in a group of processes of its own."""
        own = {"PYTHONPATH": os.pathsep.join(sys.path), "DASK_TEMPORARY_DIRECTORY": str(self._root)} | environment
        with (self._root / f"{name}.log").open("a") as log:
            process = subprocess.Popen(
                ["ip", "netns", "exec", _space(name), *command],
                env=os.environ | own, stdout=subprocess.PIPE if name == "client" else log, stderr=log,
                text=True, start_new_session=True,
            )  # fmt: skip
        self._started.append(process)
        return process

    def plug(self, name: str, is_in: bool) -> None:
        """Plug a machine's cable in or out."""
        _ip("-n", HUB, "link", "set", name, "up" if is_in else "down")

    def close(self) -> None:
        """End all."""
        for process in self._started:
            kill(process)
        for name in (*map(_space, MACHINES), HUB):
            with contextlib.suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", name)


def _space(name: str) -> str:
    return f"kith-{name}"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def kill(process: "subprocess.Popen[str]") -> None:
    """Kill a process and its children, as a power cut does."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class House:
    """A scheduler and three workers: one as this computer, one with other folders, one with another Kith."""

    def __init__(self, root: Path, photos: Path) -> None:
        self.root, self.photos = root, photos
        self.network = Network(root)
        self.address = f"tcp://{NET}.{MACHINES.index('scheduler') + 1}:8786"
        self.processes: dict[str, subprocess.Popen[str]] = {}
        other = root / "other/kith_photos-0.0.1.dist-info"
        other.mkdir(parents=True)
        (other / "METADATA").write_text("Metadata-Version: 2.1\nName: kith-photos\nVersion: 0.0.1\n")

    def up(self) -> None:
        """Start what does not run; workers anew with their scheduler."""
        if not self._runs("scheduler"):
            for name in self.processes:
                kill(self.processes[name])
        for name in MACHINES[1:]:
            if not self._runs(name):
                self.processes[name] = self._begin(name)

    def _runs(self, name: str) -> bool:
        return name in self.processes and self.processes[name].poll() is None

    def _begin(self, name: str) -> "subprocess.Popen[str]":
        dask = (sys.executable, "-m", "dask")
        if name == "scheduler":
            return self.network.start(name, *dask, "scheduler", "--port", "8786", "--no-dashboard")
        command = [*dask, "worker", self.address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard"]
        if name == "two":  # sees the photos at another place, and nothing where they lie here
            there = self.root / "mnt"
            there.mkdir(exist_ok=True)
            hide = f'mount --bind "{self.photos}" "{there}" && mount -t tmpfs none "{self.photos}" && exec "$@"'
            command = ["unshare", "--mount", "sh", "-c", hide, "sh", *command]
        own = {"KITH_HOME": str(self.root / "homes" / name)}
        if name == "old":
            own["PYTHONPATH"] = os.pathsep.join([str(self.root / "other"), *sys.path])
        return self.network.start(name, *command, **own)

    def settings(self, run: str, **changes: object) -> Settings:
        """Return the settings for a run with a library and an output of its own."""
        folder = self.root / "runs" / run
        folder.mkdir(parents=True, exist_ok=True)
        own = {"dataset_dir": str(self.photos / "people"), "process_dir": str(self.photos / "input"), "names_in": "off"}
        own["library_path"] = str(folder / "library.sqlite")
        settings = settings_in(folder, **own | changes)
        save(folder / "settings.json", settings)
        return settings

    def client(self, run: str) -> "subprocess.Popen[str]":
        """Start a run on the client's machine."""
        maps = [f"{self.photos}={place}" for place in (self.photos, self.root / "mnt")]
        settings = self.settings(run, executor="dask", dask_scheduler=self.address, path_map=maps)
        return self.network.start("client", sys.executable, __file__, "--client", str(settings.folder))


def run_all(settings: Settings) -> None:
    """Learn and recognise, and print a line for each photo."""
    folder = settings.input_folder
    try:
        with open_context(settings, threading.Event(), "try", create=True) as context:
            for notice in context.notices:
                print("notice:", notice, flush=True)
            for event in chain(build_kb(context), recognize_folder(context, [folder], settings.output_folder)):
                if isinstance(event, PhotoDone):
                    print("photo:", event.path.name, flush=True)
        print("end: all done", flush=True)
    except KithError as error:
        print("end:", error, flush=True)


def heard(client: "subprocess.Popen[str]", in_the_middle: Callable[[], object]) -> list[str]:
    """Return what a client says in the end, and do something when it has done some photos."""
    photos, said = 0, []
    assert client.stdout
    for line in client.stdout:
        if line.startswith("photo:"):
            photos += 1
            if photos == MIDDLE:
                in_the_middle()
        else:
            said.append(line.strip())
    client.wait()
    return [*said, f"{photos} photos"]


def rows(settings: Settings) -> list[list[object]]:
    """Return what a library holds of photos, faces with their vectors, and who they are."""
    with closing(sqlite3.connect(settings.library_file)) as library:
        return [sorted(library.execute(query)) for query in ROWS]


def trials(house: House) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what happens in the middle of a run."""
    processes, network = house.processes, house.network

    def unplugged() -> None:
        network.plug("one", is_in=False)

    yield "nothing", lambda: None
    yield "a worker is killed", lambda: kill(processes["one"])
    yield "a worker's cable is pulled", unplugged
    yield "the scheduler is killed", lambda: kill(processes["scheduler"])
    yield "the client is killed", lambda: kill(processes["client"])


def tried(house: House, what: str, in_the_middle: Callable[[], object], alone: list[list[object]]) -> bool:
    """Have a run, and a further one where it did not end well; say whether all is there as if alone."""
    run = what.replace(" ", "-").replace("'", "")
    print(f"\n== {what} in the middle", flush=True)
    for turn in range(2):
        house.network.plug("one", is_in=True)
        house.up()
        began = time.monotonic()
        house.processes["client"] = house.client(run)
        said = heard(house.processes["client"], in_the_middle if not turn else lambda: None)
        print("  ", "; ".join(said), f"in {time.monotonic() - began:.1f} s", flush=True)
        if "end: all done" in said:
            break
    same = rows(house.settings(run)) == alone
    print("   the same rows as alone" if same else "   OTHER ROWS", flush=True)
    return same


def arrange(data: Path, photos: Path) -> None:
    """Copy some photos of each person to the people, all others to the input; no two of them are nearly the same."""
    (photos / "input").mkdir(parents=True)
    for folder in (*sorted((data / "lfw10").iterdir()), *sorted((data / "athletes").iterdir()), data / "groups"):
        for number, path in enumerate(sorted(path for path in folder.iterdir() if path.is_file())):
            is_taught = folder.parent.name == "lfw10" and number < TAUGHT
            place = photos / "people" / folder.name if is_taught else photos / "input"
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place / f"{folder.name} {path.name}")


def main() -> None:
    """Try all, print what was seen, and say by the exit code whether all held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, default=SHARED / "data", help="a folder like shared/data")
    arguments = parser.parse_args()
    if arguments.client:
        run_all(load(arguments.client / "settings.json").settings)
        return
    with tempfile.TemporaryDirectory(prefix="kith-network-") as folder:
        root = Path(folder)
        photos = root / "photos"
        arrange(arguments.data, photos)
        house = House(root, photos)
        try:
            alone = house.settings("alone")
            with contextlib.redirect_stdout(None):
                run_all(alone)
            results = [tried(house, what, act, rows(alone)) for what, act in trials(house)]
        finally:
            house.network.close()
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
