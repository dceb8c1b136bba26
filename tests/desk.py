"""Photos on a desk, real or drawn: a people folder, an input folder, and the jobs run over them."""

import csv
import io
import json
import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import closing, contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from kith.jobs import looks
from kith.jobs.build_kb import Forget, build_kb
from kith.jobs.context import Context, open_context
from kith.jobs.events import BuildFinished, Event, RecognitionFinished
from kith.jobs.explanation import Why
from kith.jobs.open_library import OpenLibrary
from kith.jobs.recognize_folder import recognize_folder
from kith.jobs.workers import ExecutorFactory, InlineExecutor
from kith.library.store import open_store
from kith.photos.outputs import MARKER, REPORT
from kith.settings import Settings
from kith.vision.analysis import describe

REPOSITORY = Path(__file__).parents[1]
PATIENCE_MS = 60_000  # of a machine under load
DRAWN = "KITH_TESTS_SEE_DRAWN_PHOTOS"  # set where there are no real photos: commands then see by `tests.drawn_photos`
DRAWN_EYES = "import tests.drawn_photos; tests.drawn_photos.open_eyes(setattr)"
POWELL = [f"lfw10/Colin_Powell/Colin_Powell_000{number}.jpg" for number in (2, 5, 8)]
POWELL_AGAIN = [f"lfw10/Colin_Powell/Colin_Powell_000{number}.jpg" for number in (7, 9)]
CHIRAC = [f"lfw10/Jacques_Chirac/Jacques_Chirac_000{number}.jpg" for number in (1, 2, 4)]
CHIRAC_AGAIN = [f"lfw10/Jacques_Chirac/Jacques_Chirac_000{number}.jpg" for number in (5, 8)]
SCHROEDER = [f"lfw10/Gerhard_Schroeder/Gerhard_Schroeder_000{number}.jpg" for number in (1, 2, 5)]
SCHROEDER_AGAIN = ["lfw10/Gerhard_Schroeder/Gerhard_Schroeder_0004.jpg"]
STRANGER, NOBODY, TWO_STRANGERS = "groups/obama-1080p.jpg", "groups/cat.jpg", "groups/two_people.jpg"


def shared_folder() -> Path:
    """Return where the real photos and weights lie, if they are there."""
    return Path(os.environ.get("KITH_SHARED", REPOSITORY.parent / "shared"))


def is_analysis(function: Callable[..., Any]) -> bool:
    """Tell whether that is what looks at photos, not what only reads their files."""
    return getattr(function, "func", None) in (vars(looks)["analyse"], describe)


def is_description(function: Callable[..., Any]) -> bool:
    """Tell whether that describes faces anew, of photos that were looked at."""
    return getattr(function, "func", None) is describe


class _NoAnalysis(InlineExecutor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        assert not is_analysis(fn), "a known photo is analysed again"
        return super().submit(fn, *args, **kwargs)


def no_analysis() -> Executor:
    """Stand for the executor where no photo is to be looked at again."""
    return _NoAnalysis()


def run_job(
    settings: Settings,
    job: Callable[[Context], Iterator[Event]],
    stop_at: int | None = None,
    executor: ExecutorFactory | None = InlineExecutor,
    create: bool = True,
) -> list[Event]:
    """Run a job and return its events; the wish to stop comes with event number `stop_at`.

    With `create` a library is begun first, also where a build would learn nobody.
    """
    stop = threading.Event()
    events = []
    if create and settings.library_file.parent.is_dir():
        open_store(settings.library_file, create=True).close()
    with open_context(settings, stop, "test", executor=executor) as context:
        for event in job(context):
            events.append(event)
            if len(events) == stop_at:
                stop.set()
    return events


def why(settings: Settings, photo: str | Path) -> Why:
    """Return the grounds of the decisions on a photo."""
    with OpenLibrary(settings) as library:
        return library.why(photo)


class Desk:
    """A folder of a test with `people`, `input` and `output`; faces by YuNet and no bodies, but for `changes`."""

    def __init__(self, root: Path, material: Path, **changes: object) -> None:
        self.root, self.data, self.models = root, material / "data", material / "models"
        self.people, self.input, self.output = root / "people", root / "input", root / "output"
        self._values: dict[str, object] = {
            "dataset_dir": "people",
            "process_dir": "input",
            "processed_dir": "output",
            "models_dir": str(self.models),
            "body_policy": "off",
            "names_in": "off",
            "duplicates": "file all",
            "workers": 2,
        }
        if DRAWN in os.environ:
            self._values["face_detector"] = "hog"  # needs no file, and is never called
        self.people.mkdir(parents=True)
        self.input.mkdir()
        self.change(**changes)

    def change(self, **changes: object) -> None:
        """Change settings from here on."""
        self._values |= changes
        self.settings = Settings.at(self.root, self._values)

    def put(self, source: str, target: str) -> Path:
        """Copy a photo to `target`; one that ends in / is the folder for it."""
        path = self.root / target / (Path(source).name if target.endswith("/") else "")
        path.parent.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copyfile(self.data / source, path))

    def put_all(self, sources: Sequence[str], folder: str) -> list[Path]:
        """Copy photos into a folder."""
        return [self.put(source, f"{folder}/") for source in sources]

    def run(
        self,
        job: Callable[[Context], Iterator[Event]],
        stop_at: int | None = None,
        executor: ExecutorFactory | None = InlineExecutor,
        create: bool = True,
    ) -> list[Event]:
        """Run a job and return its events; the wish to stop comes with event number `stop_at`."""
        return run_job(self.settings, job, stop_at, executor, create)

    def build(
        self, stop_at: int | None = None, executor: ExecutorFactory = InlineExecutor, forget: Forget = ()
    ) -> BuildFinished:
        """Build the knowledge base and return the summary."""
        summary = self.run(partial(build_kb, forget=forget), stop_at, executor)[-1]
        assert isinstance(summary, BuildFinished)
        return summary

    def recognize(
        self,
        *inputs: Path,
        filing: bool = True,
        stop_at: int | None = None,
        executor: ExecutorFactory = InlineExecutor,
    ) -> RecognitionFinished:
        """Recognise the input folder, or `inputs`, and return the summary."""
        summary = self.run(self.recognition(*inputs, filing=filing), stop_at, executor, create=False)[-1]
        assert isinstance(summary, RecognitionFinished)
        return summary

    def recognition(self, *inputs: Path, filing: bool = True) -> Callable[[Context], Iterator[Event]]:
        """Return the job that recognises the input folder, or `inputs`."""
        output = self.output if filing else None
        return lambda context: recognize_folder(context, inputs or [self.input], output)

    def report(self) -> dict[str, dict[str, str]]:
        """Return the report's rows by file."""
        with (self.output / REPORT).open(encoding="utf-8", newline="") as file:
            return {row["file"]: row for row in csv.DictReader(file)}

    def copies(self) -> list[str]:
        """Return what lies in the output folder, hidden files too, without the report."""
        found = (path.relative_to(self.output).as_posix() for path in self.output.rglob("*") if path.is_file())
        return sorted(name for name in found if name not in {MARKER, REPORT})

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the library."""
        with closing(sqlite3.connect(self.settings.library_file)) as library:
            return library.execute(sql, values).fetchall()

    def links(self, source: str = "dataset") -> dict[str, str]:
        """Return who shows in which file, as `source` says."""
        rows = self.query(
            "SELECT f.path, p.name FROM links l JOIN appearances a ON a.id = l.appearance_id "
            "JOIN files f ON f.photo_id = a.photo_id JOIN persons p ON p.id = l.person_id WHERE l.source = ?",
            source,
        )
        return {Path(path).relative_to(self.root).as_posix(): name for path, name in rows}

    def settings_file(self) -> Path:
        """Write the settings for the command line."""
        path = self.root / "settings.json"
        path.write_text(json.dumps(self._values), encoding="utf-8")
        return path


def ran(
    *arguments: str | Path,
    folder: Path = REPOSITORY,
    executor: ExecutorFactory = InlineExecutor,
    **environment: str,
) -> tuple[int, str, str]:
    """Run a command in this process, and return its exit code, standard output and standard error.

    Its end leaves this process as it was. `kith` is for what only a process of its own shows: how it starts and is
    ended, its signals, streams and worker processes.
    """
    with pytest.MonkeyPatch.context() as patch, _as_before():
        streams = [_stream(patch, name) for name in ("stdin", "stdout", "stderr")]
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["kith", *map(str, arguments)])
        patch.setattr("kith.jobs.context.photo_pool", lambda *_: executor())
        code = _exit_code(patch)
        _, out, err = (stream.getvalue().decode().replace(os.linesep, "\n") for stream in streams)
    return code, out, err


def _stream(patch: pytest.MonkeyPatch, name: str) -> io.BytesIO:
    content = io.BytesIO()
    patch.setattr(sys, name, io.TextIOWrapper(content, encoding="utf-8"))
    return content


def _exit_code(patch: pytest.MonkeyPatch) -> int:
    from kith.cli import main as command_line  # not every test that has a desk runs a command

    patch.setattr(command_line, "cli", _commands())
    try:
        command_line.main()
    except SystemExit as end:
        return int(end.code or 0)
    raise AssertionError("a command ends with an exit code")


@cache
def _commands() -> Callable[..., Any]:
    """Return the commands, made once: it takes longer than most of them."""
    from typer.main import get_command

    from kith.cli.main import cli

    return get_command(cli)


@contextmanager
def _as_before() -> Iterator[None]:
    """Give back what a command changes for good, since its process ends with it."""
    loggers = [logging.getLogger(name) for name in ("", "kith.library")]
    handlers, level = [list(logger.handlers) for logger in loggers], loggers[0].level
    signals, of_threads = signal.getsignal(signal.SIGINT), threading.excepthook
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kith.logs.faulthandler.enable", lambda file: file.close())  # pytest's own goes on
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signals)
            threading.excepthook = of_threads
            for logger, before in zip(loggers, handlers, strict=True):
                for added in [handler for handler in logger.handlers if handler not in before]:
                    logger.removeHandler(added)
                    added.close()
            loggers[0].setLevel(level)


def kith(
    *arguments: str | Path, code: str = "", folder: Path = REPOSITORY, **environment: str
) -> subprocess.Popen[str]:
    """Start the real command from `folder`, in its own session; `code` runs before it."""
    code = f"{DRAWN_EYES}\n{code}" if DRAWN in os.environ else code
    start = ["-c", f"import runpy, sys\n{code}\nrunpy.run_module('kith', run_name='__main__', alter_sys=True)"]
    return subprocess.Popen(
        [sys.executable, *(start if code else ["-m", "kith"]), *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHONUTF8": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )


def finished(process: subprocess.Popen[str], within_s: float = 120) -> tuple[int, str, str]:
    """Return exit code, standard output and standard error of a command, once it and its workers have ended."""
    with process:
        try:
            out, err = process.communicate(timeout=within_s)
        except BaseException:
            _kill_all(process)
            raise
    return process.returncode, out, err


def _kill_all(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)


def worker_begun(parent: "subprocess.Popen[Any]") -> None:
    """Wait until a process has begun a worker process."""
    while not any(map(_is_worker, psutil.Process(parent.pid).children())):
        assert parent.poll() is None, "it ended"
        time.sleep(0.01)


def _is_worker(child: psutil.Process) -> bool:
    with suppress(psutil.Error):  # it ended meanwhile
        return "spawn_main" in " ".join(child.cmdline())
    return False


def outliving(parent: "subprocess.Popen[Any]", children: list[psutil.Process]) -> list[psutil.Process]:
    """Kill a process hard, and return those of its children that go on; none does after this."""
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(children, timeout=30)
    for child in alive:
        child.kill()
    return alive
