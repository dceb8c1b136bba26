"""The start of the command line and its workers, interrupted, or short of memory, threads, processes or streams."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kith.errors import KithError
from kith.gui.workers import KbBuilder
from kith.jobs.context import Context
from kith.jobs.events import Event
from kith.settings import Settings
from tests.desk import REPOSITORY, finished, kith, ran, worker_begun
from tests.drawn_people import ANN, BOB, draw_photo
from tests.forks import Forks, forks
from tests.making import FULL, needs_full_disk, posix_only

needs_sigint = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
NO_THREAD = "can't start new thread"
NO_THREADS = f"import threading, unittest.mock as m\n    error = RuntimeError({NO_THREAD!r})\n"
NO_THREADS += "    threading._start_new_thread = m.Mock(side_effect=error)"


def _lay_out(folder: Path) -> Path:
    """Lay out people who are drawn, found without any model file, and return the settings for them."""
    for number in range(2):
        draw_photo(folder / "people/Ann" / f"{number}.png", ANN, aside=4 * number)
    draw_photo(folder / "input/bob.png", BOB)
    file = folder / "settings.json"
    values = {"dataset_dir": "people", "process_dir": "input", "processed_dir": "output", "workers": 2}
    file.write_text(json.dumps(values | {"face_detector": "hog", "body_policy": "off"}), encoding="utf-8")
    return file


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Nothing is learned yet."""
    return _lay_out(tmp_path)


@pytest.fixture
def ready(built: Path, settings: Path, own_home: Path) -> Path:
    """The same, with the networks made ready."""
    if not any((own_home / "cache/networks").iterdir()):
        code, _, err = ran("build-kb", "--settings", _lay_out(built))
        assert code == 0, err
    return settings


@pytest.fixture
def taught(built: Path, ready: Path) -> Path:
    """The knowledge base is built."""
    if not (built / "people/library.sqlite").exists():
        assert ran("build-kb", "--settings", _lay_out(built))[0] == 0
    return built / "settings.json"


def _build(settings: Path, code: str = "", **environment: Any) -> tuple[int, str, str]:
    return finished(kith("build-kb", "--settings", settings, code=code, **environment))


def _in_every_child(folder: Path, code: str) -> str:
    """Return the search path with which each worker process runs `code` as it starts."""
    text = f"import sys\nif '--multiprocessing-fork' in sys.orig_argv:\n    {code}\n"
    (folder / "sitecustomize.py").write_text(text, encoding="utf-8")
    return os.pathsep.join((str(folder), str(REPOSITORY)))


# Ctrl-C


@needs_sigint
@pytest.mark.parametrize("module", ["kith.process", "typer", "kith.settings", "numpy", "kith.cli.why", "kith.logs"])
def test_ctrl_c_twice_while_kith_starts_ends_it_in_silence(module: str, own_home: Path) -> None:
    code = (
        "import os, signal\n"
        "class Twice:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}:\n"
        "            for _ in range(2): os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Twice())"
    )
    assert finished(kith("settings", code=code)) == (130, "", "")


@needs_sigint
def test_ctrl_c_does_not_reach_workers_that_start(settings: Path, tmp_path: Path) -> None:
    path = _in_every_child(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    code, _, err = _build(settings, PYTHONPATH=path)
    assert code == 0
    assert sorted(err.splitlines()) == ["Ann/0.png: learned", "Ann/1.png: learned"]


@needs_sigint
@pytest.mark.parametrize("pause_s", [0, 0.2, 0.5])
def test_ctrl_c_twice_while_the_networks_are_made_ready(settings: Path, own_home: Path, pause_s: float) -> None:
    (own_home / "cache/networks").unlink()
    process = kith("build-kb", "--settings", settings)
    worker_begun(process)
    time.sleep(pause_s)
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.1)
    code, out, err = finished(process)
    assert code == 130
    # Nothing is printed where the second ends it, and the summary where the first one's stop was through before.
    assert re.fullmatch(r"(Stopped after 0 of 2 photos: the knowledge base is as it was before\. .*\n)?", out)
    assert err == "\nStopping when the photos at work are done (Ctrl-C once more: at once) …\n"


@needs_sigint
def test_ctrl_c_at_a_question_is_no_bug(taught: Path) -> None:
    keyboard, terminal = os.openpty()
    command = [sys.executable, "-m", "kith", "forget", "Ann", "--settings", str(taught)]
    pipes: dict[str, Any] = {"stdin": terminal, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=REPOSITORY, text=True, start_new_session=True, **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        asked = process.stdout.read(1)
        time.sleep(0.2)
        os.killpg(process.pid, signal.SIGINT)
        code, err = process.wait(60), process.stderr.read()
    os.close(keyboard)
    os.close(terminal)
    assert (bool(asked), code) == (True, 130)
    assert "Traceback" not in err
    assert ran("people", "list", "--settings", taught)[1].startswith("#1 Ann")


# Memory, threads, processes


@posix_only
@pytest.mark.parametrize(
    ("command", "limit", "megabytes"),
    [
        *(("build-kb", "AS", megabytes) for megabytes in (100, 200, 300, 500, 900)),
        ("recognize", "DATA", 200),
        ("settings", "AS", 200),
    ],
)
def test_too_little_memory_is_told_and_nothing_hangs(settings: Path, command: str, limit: str, megabytes: int) -> None:
    code = f"import resource\nresource.setrlimit(resource.RLIMIT_{limit}, ({megabytes} * 2**20,) * 2)"
    told = f"Kith needs 1024 MB of memory, and a limit (ulimit -v or -d) allows it {megabytes} MB: raise that limit "
    assert finished(kith(command, "--settings", settings, code=code)) == (3, "", f"{told}and start again.\n")


@posix_only
def test_a_memory_limit_that_is_wide_enough_is_none(ready: Path) -> None:
    code, out, err = _build(ready, "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1200 * 2**20,) * 2)")
    assert code == 0, err
    assert "2 photos learned" in out


@pytest.mark.parametrize("threads", [0, 1])
def test_too_few_threads_for_the_workers_are_told(settings: Path, threads: int) -> None:
    """The first thread of concurrent.futures hands tasks to the second: without one of them no result comes."""
    code = (
        f"import threading\nleft, start = [None] * {threads}, threading._start_new_thread\n"
        "def few(*what):\n"
        f'    if not left: raise RuntimeError("{NO_THREAD}")\n'
        "    left.pop()\n"
        "    return start(*what)\n"
        "threading._start_new_thread = few"
    )
    exit_code, out, err = _build(settings, code)
    assert (exit_code, out) == (3, "")
    assert err.startswith("No process could be started to work on photos (")
    assert err.count("\n") == 1


@pytest.mark.parametrize("exported", [False, True])
@pytest.mark.parametrize("death", ["import os; os._exit(1)", NO_THREADS])
def test_workers_that_die_as_they_start_are_told(
    settings: Path, tmp_path: Path, request: pytest.FixtureRequest, death: str, exported: bool
) -> None:
    if exported:
        request.getfixturevalue("ready")
    code, out, err = _build(settings, PYTHONPATH=_in_every_child(tmp_path, death))
    assert (code, out) == (3, "")
    assert "close other programs if memory is short" in err
    assert err.count("\n") == 1, err


def test_networks_that_cannot_be_loaded_end_the_run_and_blame_no_photo(
    ready: Path, tmp_path: Path, own_home: Path
) -> None:
    path = _in_every_child(
        tmp_path, "sys.modules['onnxruntime'] = None"
    )  # its import fails, as where no memory is left
    code, out, err = _build(ready, PYTHONPATH=path)
    assert (code, out) == (3, "")
    assert err.startswith("The networks cannot be loaded (ModuleNotFoundError")
    assert "close other programs if memory is short" in err
    assert "Traceback" in (own_home / "log/kith.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("error", ["MemoryError()", f'RuntimeError("{NO_THREAD}")'])
def test_memory_that_runs_out_is_no_bug(error: str, own_home: Path) -> None:
    code = f"import kith.cli.main\ndef fail(*_, **__): raise {error}\nkith.cli.command.run_job = fail"
    exit_code, out, err = finished(kith("build-kb", code=code))
    assert (exit_code, out) == (3, "")
    assert err.startswith("There is not enough memory, or too many processes and threads are at work: close ")


def test_memory_that_runs_out_in_the_window_is_no_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hungry(KbBuilder):
        def _job(self, context: Context) -> Iterator[Event]:
            raise MemoryError

    (tmp_path / "people/Ann").mkdir(parents=True)
    (tmp_path / "people/Ann/photo.jpg").touch()
    failures: list[Any] = []
    worker = Hungry(Settings.at(tmp_path, {"dataset_dir": "people", "body_policy": "off"}))
    worker.failed.connect(failures.append)
    worker.run()
    (failure,) = failures
    assert isinstance(failure, KithError)
    assert "There is not enough memory" in str(failure)


# Standard input, output and error


@pytest.fixture(scope="module")
def children(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Processes whose standard output may be taken away."""
    with forks(tmp_path_factory.mktemp("children")) as started:
        yield started


@needs_full_disk
@pytest.mark.parametrize(
    "command", ["settings", "models", "recognize", "recognize --json", "people list", "people list --json", "check"]
)
def test_full_standard_output_is_told(taught: Path, children: Forks, command: str) -> None:
    full = f"import os; os.dup2(os.open({str(FULL)!r}, os.O_WRONLY), 1)\nfrom kith.cli.main import main; main()"
    code, err = children.run(full, "kith", *command.split(), "--settings", taught)
    assert code == 3
    assert err.splitlines()[-1].startswith(
        "What is to be printed cannot be written: No space left on device. Let it go "
    )
    assert "Traceback" not in err


@needs_full_disk
def test_full_standard_error_ends_in_silence(ready: Path) -> None:
    assert _shell(f"build-kb --settings $SETTINGS 2>{FULL}", ready) == (3, "", "")
    assert _shell(f"--help >{FULL} 2>&1", ready) == (3, "", "")


@posix_only
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_lead_nowhere_and_no_file_takes_their_place(taught: Path, closed: str) -> None:
    (taught.parent / "output/report.csv").unlink(missing_ok=True)
    code, out, _ = _shell(f"recognize --settings $SETTINGS {closed}", taught)
    assert code == 0
    assert ("bob.png" in out) is (" >&-" not in f" {closed}")
    rows = (taught.parent / "output/report.csv").read_text(encoding="utf-8").splitlines()
    assert [row.partition(",")[0] for row in rows] == ["file", "bob.png"]
    assert ran("people", "list", "--settings", taught)[0] == 0


def _shell(line: str, settings: Path) -> tuple[int, str, str]:
    """Run a command line of Kith in a shell, which redirects."""
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m kith {line}"],
        cwd=REPOSITORY,
        env=os.environ | {"SETTINGS": str(settings)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr
