"""The command line as a user or a program meets it: what it prints where, its exit codes, Ctrl-C, pipes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from kith import __version__
from kith.cli.main import cli
from kith.jobs.context import open_context
from kith.library.store import open_store
from kith.model_registry import DOWNLOADED, PACKAGED
from kith.settings import Settings, load
from kith.vision.model_files import registered
from tests.desk import (
    CHIRAC,
    CHIRAC_AGAIN,
    NOBODY,
    POWELL,
    POWELL_AGAIN,
    REPOSITORY,
    STRANGER,
    Desk,
    finished,
    kith,
    no_analysis,
    ran,
)
from tests.making import aged, posix_only

needs_sigint = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
NO_NAME = 300 * "n"  # too long for any file system: looking for it is an error of its own
NOT_TO_IMPORT = {"PyQt6", "torch", "torchreid", "dlib", "cv2", "onnxruntime"}


@pytest.fixture
def taught(desk: Desk, built: Path, material: Path) -> Desk:
    """A desk whose knowledge base knows Powell and Chirac, and has seen the photos of the input folder."""
    if not list(built.iterdir()):
        first = Desk(built / "desk", material)
        first.put_all(POWELL, "people/Powell")
        first.put_all(CHIRAC, "people/Chirac")
        first.build()
        first.put_all([POWELL_AGAIN[0], STRANGER, NOBODY], "input")
        first.recognize(filing=False)
    for folder in ("people", "input"):
        shutil.copytree(built / "desk" / folder, desk.root / folder, dirs_exist_ok=True)
    return desk


# Help


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from _commands(below, (*path, name))


COMMANDS = list(_commands(typer.main.get_command(cli)))


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "kith")
def test_help_explains_each_command_with_an_example(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(cli, [*path, "--help"])
    assert shown.exit_code == 0
    text = " ".join(shown.output.split())
    if path:
        assert f"Example: kith {' '.join(path)}" in text
    else:
        assert {"build-kb", "recognize", "settings", "demo", "models"} <= set(text.split())
        assert "Exit codes: 0 done" in text


def test_examples_name_the_command_as_the_user_types_it() -> None:
    code, out, _ = finished(kith("build-kb", "--help", KITH_COMMAND="python3 scripts/run.py"))
    assert code == 0
    assert "Usage: python3 scripts/run.py build-kb" in out
    assert "Example: python3 scripts/run.py build-kb" in " ".join(out.split())


def test_version() -> None:
    assert finished(kith("--version")) == (0, f"Kith {__version__}\n", "")


# Exit codes and messages


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["build-kb", "--fly"],
        ["build-kb", "somewhere"],
        ["models", "fly"],
        ["models", "--set", "reid_model=osnet_x0_25", "download"],  # it would go unheard
        ["people", "set", "Powell", "birth"],
    ],
)
def test_wrong_command_line_ends_with_2(arguments: list[str]) -> None:
    code, out, err = ran(*arguments)
    assert (code, out) == (2, "")
    assert "--help" in err


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("face_tol=near", "face_tol: near is not a number from 0 to 1.5"),
        ("face_tol=7", "face_tol: 7 is not a number from 0 to 1.5"),
        ("body_policy=maybe", "body_policy: maybe is not suggest or event or anywhere or off"),
        ("face_toll=0.5", "face_toll is no setting of Kith (did you mean face_tol?)"),
        ("face_tol", "face_tol is not given as KEY=VALUE, for example face_tol=0.5"),
    ],
)
def test_bad_override_is_named_and_nothing_is_done(desk: Desk, override: str, message: str) -> None:
    desk.put(NOBODY, "people/Nobody/")
    code, out, err = ran("build-kb", "--settings", desk.settings_file(), "--set", override)
    assert (code, out) == (2, "")
    assert err.endswith(f"Error: Invalid value for --set: {message}\n")
    assert not desk.settings.library_file.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["recognize", "nowhere"], "nowhere is not there: name a folder of photos"),
        (["recognize", NO_NAME], f"{NO_NAME} is not there"),
        (["recognize"], "no library at"),
        (["build-kb"], "no photo of anybody"),
        (["build-kb", "--set", "dataset_dir=nowhere"], "nowhere is not there"),
        (["build-kb", "--set", f"dataset_dir={NO_NAME}"], f"{NO_NAME} is not there"),
        (
            ["recognize", "--set", "body_policy=suggest", "--set", f"reid_weights={NO_NAME}"],
            f"{NO_NAME}, which is not there",
        ),
        (["models", "download", "alexnet"], "knows no model called alexnet"),
    ],
)
def test_what_cannot_be_done_ends_with_3_and_says_what_to_do(desk: Desk, arguments: list[str], message: str) -> None:
    desk.put(NOBODY, "input/")
    if "no library" not in message:
        open_store(desk.settings.library_file, create=True).close()
    code, out, err = ran(*arguments, "--settings", desk.settings_file())
    assert (code, out) == (3, "")
    assert message in err
    assert "Traceback" not in err


def test_busy_library_ends_with_3_and_names_the_holder(taught: Desk) -> None:
    with open_context(taught.settings, threading.Event(), "the other job"):
        code, out, err = ran("build-kb", "--settings", taught.settings_file())
    assert (code, out) == (3, "")
    assert err.startswith(f"the other job (process {os.getpid()}")


def test_bug_ends_with_1_and_its_traceback_is_in_the_log(own_home: Path) -> None:
    bug = "import kith.cli.main\ndef fail(*_, **__): raise ZeroDivisionError('a bug')\nkith.cli.command.run_job = fail"
    code, out, err = finished(kith("build-kb", code=bug))
    assert (code, out) == (1, "")
    log = own_home / "log/kith.log"
    assert str(log) in err
    assert "Traceback" not in err
    assert "ZeroDivisionError: a bug" in log.read_text(encoding="utf-8")


# The jobs


def test_results_go_to_standard_output_and_messages_to_standard_error(desk: Desk) -> None:
    desk.put_all(POWELL, "people/Powell")
    desk.put(NOBODY, "people/Powell/")
    desk.put_all([POWELL_AGAIN[0], STRANGER], "input")
    (desk.input / "broken.jpg").write_bytes(b"no photo")
    aged(desk.input / "broken.jpg")
    desk.change(workers=1)  # of two that take long to start the second might be done first
    file = desk.settings_file()

    built = finished(kith("build-kb", "--settings", file, "--set", "body_policy=suggest"))
    recognised = finished(kith("recognize", "--settings", file))

    code, out, err = built
    assert code == 0
    lines = out.splitlines()
    assert lines[:2] == [
        "Powell: 3 used, 1 left out (15 or more photos recognise better)",
        "    cat.jpg: no face found",
    ]
    assert lines[2].startswith("1 person, 3 photos learned of 4; 4 analysed now, ")
    assert len(lines) == 3
    assert err.splitlines()[0].startswith(f"No weights for osnet_ain_multi: {registered('osnet_ain_multi').without}.")
    assert err.splitlines()[1:] == ["Powell/cat.jpg: no face found"] + [
        f"Powell/{Path(name).name}: learned" for name in POWELL
    ]
    code, out, err = recognised
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("Colin_Powell_0007.jpg → Powell | Face: [99 % Powell (0.")
    assert lines[1].startswith("obama-1080p.jpg → Unknown | Face: [<1 % Powell (0.")
    assert "Powell: 1 photo" in lines
    assert "3 photos: 1 with people known, 0 unsure, 1 unknown (50 %), 1 failed; 2 analysed now" in out
    assert lines[-1] == f"Copies: {desk.output}   Report: {desk.output / 'report.csv'}"
    reason = "the file is not an image of a known kind, or its beginning is damaged"
    assert f"failed: {desk.input / 'broken.jpg'}: {reason}" in lines
    assert err == f"broken.jpg: failed: {reason}\n"
    assert "\x1b" not in "".join((*built[1:], *recognised[1:]))


def test_json_lines_are_the_events(taught: Desk) -> None:
    (taught.input / "broken.jpg").write_bytes(b"no photo")
    aged(taught.input / "broken.jpg")
    code, out, err = ran("recognize", "--settings", taught.settings_file(), "--json")
    assert (code, err) == (0, "")
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == [
        "Started", "PhotoFailed", "PhotoDone", "PhotoDone", "PhotoDone", "RecognitionFinished",
    ]  # fmt: skip
    assert [event["done"] for event in events[1:]] == [1, 2, 3, 4, 4]
    powell = events[3]
    assert powell["path"] == str(taught.input / Path(POWELL_AGAIN[0]).name)
    assert (powell["row"]["people"], powell["row"]["source"]) == (["Powell"], "face")
    name, distance = powell["row"]["face"][0]
    assert name == "Powell"
    assert 0 < distance < 0.5
    assert events[-1]["failed"] == [{key: value for key, value in events[1].items() if key != "event"}]
    assert events[-1]["report"] == str(taught.output / "report.csv")


def test_settings_file_and_overrides_count(taught: Desk, tmp_path: Path) -> None:
    file = taught.settings_file()
    values = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(values | {"face_tol": "near", "colour": 1}), encoding="utf-8")
    overrides = ("--set", "face_tol=0.01", "--set", "face_suggest=0.01", "--set", "processed_dir=elsewhere")
    code, out, err = ran("recognize", "--settings", file, *overrides, folder=tmp_path)
    assert code == 0
    assert f'face_tol: "near" is not a number from 0 to 1.5; the default {Settings().face_tol} is used' in err
    assert "colour is no setting of Kith" in err
    assert "3 photos: 0 with people known, 0 unsure, 3 unknown (100 %)" in out
    assert len(list((tmp_path / "elsewhere/Unknown").iterdir())) == 3  # on the command line from the current folder
    assert not taught.output.exists()


def test_one_photo_gives_one_line_and_is_not_filed(taught: Desk) -> None:
    photo = taught.input / "a name\nof two lines.jpg" if os.name == "posix" else taught.input / "a name.jpg"
    shutil.move(taught.input / Path(POWELL_AGAIN[0]).name, photo)
    code, out, err = ran("recognize", photo, "--settings", taught.settings_file())
    assert (code, err) == (0, "")
    (line,) = out.splitlines()
    assert line.startswith(photo.name.replace("\n", r"\n") + " → Powell | Face: [99 % Powell (0.")
    assert not taught.output.exists()


def test_named_output_files_a_single_photo_too(taught: Desk, tmp_path: Path) -> None:
    photo = taught.input / Path(POWELL_AGAIN[0]).name
    command = ("recognize", photo, "--output", tmp_path / "sorted", "--settings", taught.settings_file())
    assert ran(*command)[0] == 0
    assert (tmp_path / "sorted/Powell" / photo.name).read_bytes() == photo.read_bytes()
    assert (tmp_path / "sorted/report.csv").is_file()


# Ctrl-C and pipes


# A job goes on behind its first photo when it is to stop: else it may be done before Ctrl-C comes.
WAITING = """
import kith.cli.command
run_job = kith.cli.command.run_job
def run_waiting(settings, name, job, *more):
    def waiting(context):
        for event in job(context):
            yield event
            if type(event).__name__ in ("PhotoLearned", "PhotoDone"):
                context.stop.wait()
    run_job(settings, name, waiting, *more)
kith.cli.command.run_job = run_waiting
"""


@needs_sigint
@pytest.mark.parametrize("job", ["build-kb", "recognize"])
def test_ctrl_c_stops_with_a_partial_summary_and_the_next_run_goes_on(desk: Desk, job: str) -> None:
    desk.put_all(POWELL[:1], "people/Powell")
    if job == "recognize":
        desk.build()
    photos = [*POWELL_AGAIN, *CHIRAC_AGAIN, *CHIRAC, *POWELL[1:]]
    desk.put_all(photos, "people/Powell" if job == "build-kb" else "input")
    total = len(photos) + (job == "build-kb")
    command = (job, "--settings", desk.settings_file(), "--json", "--set", "workers=1")

    process = kith(*command, code=WAITING)
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(2)]
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
    out = process.stdout.read()  # what was read ahead, too
    code, _, err = finished(process)

    assert (code, err) == (130, "\nStopping when the photos at work are done (Ctrl-C once more: at once) …\n")
    first = [json.loads(line) for line in (*told, *out.splitlines())]
    assert first[-1]["stopped"]
    assert 1 <= first[-1]["done"] == len(first) - 2 < total
    code, out, _ = ran(*command)
    second = json.loads(out.splitlines()[-1])
    assert (code, second["stopped"], second["done"]) == (0, False, total)
    assert first[-1]["analysed"] + second["analysed"] == total


@needs_sigint
def test_ctrl_c_in_plain_words(taught: Desk) -> None:
    taught.put_all([*CHIRAC_AGAIN, *POWELL, *CHIRAC], "input/new")
    shutil.rmtree(taught.people)
    taught.people.mkdir()
    taught.put_all(POWELL[:1], "people/Powell")
    taught.build()
    process = kith("recognize", "--settings", taught.settings_file(), "--set", "workers=1", code=WAITING)
    assert process.stdout is not None
    told = process.stdout.readline()
    os.kill(process.pid, signal.SIGINT)
    code, out, _ = finished(process)
    assert code == 130
    assert "→" in told
    *_, stopped, filed = out.splitlines()
    assert stopped.startswith("Stopped after ")
    assert stopped.endswith(" of 11 photos: the next run goes on from there.")
    assert filed.startswith("Copies: ")


@needs_sigint
def test_second_ctrl_c_ends_at_once(desk: Desk) -> None:
    desk.put_all([*POWELL, *CHIRAC, *POWELL_AGAIN, *CHIRAC_AGAIN], "people/Powell")
    process = kith("build-kb", "--settings", desk.settings_file(), "--json", "--set", "workers=1", code=WAITING)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    os.kill(process.pid, signal.SIGINT)
    assert [process.stderr.readline()[:8] for _ in range(2)] == ["\n", "Stopping"]
    os.kill(process.pid, signal.SIGINT)
    code, out, err = finished(process)
    assert code == 130
    assert "Traceback" not in err
    assert '"stopped": false' not in out
    assert desk.build().done == 10


@needs_sigint
def test_ctrl_c_while_the_program_leaves_changes_nothing(desk: Desk) -> None:
    desk.put_all([*POWELL, *CHIRAC], "people/Powell")
    process = kith("build-kb", "--settings", desk.settings_file(), "--json", "--set", "workers=1")
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(process.pid, signal.SIGINT)
    while process.stdout.readline():  # the summary is out when nothing more comes
        os.kill(process.pid, signal.SIGINT)
    assert finished(process)[0] == 130


@pytest.mark.parametrize("arguments", [["settings"], ["recognize"], ["recognize", "--json"]])
def test_reader_that_goes_away_is_no_bug(taught: Desk, own_home: Path, arguments: list[str]) -> None:
    process = kith(*arguments, "--settings", taught.settings_file())
    assert process.stdout is not None
    process.stdout.close()
    with process:
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert "Traceback" not in (own_home / "log/kith.log").read_text(encoding="utf-8")


# People


def _people(desk: Desk, *arguments: str) -> tuple[int, list[str], str]:
    code, out, err = ran(*arguments, "--settings", desk.settings_file())
    return code, out.splitlines(), err


def test_people_are_listed_shown_changed_and_undone(taught: Desk) -> None:
    taught.recognize()
    known = taught.input / Path(POWELL_AGAIN[0]).name
    ((key,),) = taught.query(
        "SELECT a.id FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE path = ?", str(known)
    )
    assert _people(taught, "people", "list")[:2] == (
        0,
        ["#1 Chirac: 3 in the people folder", "#2 Powell: 3 in the people folder, 1 recognised"],
    )
    assert (
        _people(taught, "people", "set", "powell", "birth=1937-04", "born=in the Bronx", "--alias", "The General")[0]
        == 0
    )
    code, out, _ = _people(taught, "people", "show", "the general")
    assert (code, out[:4]) == (
        0,
        ["#2 Powell (The General)", "    born: 1937-04", "    born: in the Bronx", "    folder: Powell"],
    )
    assert any(line.endswith(f"{known.name}#{key} is, by recognition") for line in out)
    code, out, err = _people(taught, "people", "rename", "#2", "Colin")
    assert (code, out) == (0, ["Powell is Colin now."])
    assert f"{taught.people / 'Powell'} keeps its name" in err
    assert _people(taught, "unlink", f"{known}#{key}", "--never")[:2] == (0, [f"{known.name}#{key} is not Colin."])
    code, out, _ = _people(taught, "people", "history", "--limit", "2")
    assert [line.split(maxsplit=2)[2] for line in out] == [
        f"{known.name}#{key} is not Colin",
        "Powell renamed to Colin",
    ]
    assert _people(taught, "people", "undo")[1] == [f"Undone: {known.name}#{key} is not Colin."]
    assert f"Colin/{known.name}" in taught.copies()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["people", "show", "Zoe"], "Nobody is called Zoe: kith people list shows everybody."),
        (["people", "set", "Powell", "birth=31.3.1950"], "give a year (1950), year and month (1950-03)"),
        (["people", "set", "Powell"], "Say what to set"),
        (["people", "set", "Powell", "name=Colin"], "kith people rename gives a person another name."),
        (["people", "merge", "Powell", "powell"], "one person already"),
        (["people", "undo"], "There is nothing to undo"),
        (["link", "nowhere.jpg", "Powell"], "is given as PHOTO#NUMBER"),
        (["forget", "Powell"], "Nothing was erased. --erase 'Powell' does it without asking."),
        (["forget", "Powell", "--erase", "Chirac"], "Chirac is not their name, Powell: nothing was erased."),
    ],
)
def test_what_cannot_be_done_to_people_says_what_to_do(taught: Desk, arguments: list[str], message: str) -> None:
    persons = taught.query("SELECT * FROM persons")
    code, out, err = _people(taught, *arguments)
    assert (code, out) == (3, [])
    assert message in err
    assert taught.query("SELECT * FROM persons") == persons


def test_a_person_is_forgotten_and_the_library_backed_up(taught: Desk) -> None:
    backup = taught.root / "backup.sqlite"
    assert _people(taught, "backup", str(backup))[:2] == (0, [f"The library as it is now: {backup}"])
    code, out, _ = _people(taught, "forget", "Powell", "--erase", "Powell")
    assert code == 0
    assert out[0].startswith("Powell (#2) is forgotten: vectors, links, details")
    assert str(taught.people / "Powell") in out[0]
    assert taught.query("SELECT name FROM persons") == [("Chirac",)]
    assert _people(taught, "backup", str(backup))[0] == 3


@posix_only
@pytest.mark.parametrize(
    ("answers", "erased"), [("y\nPowell\n", True), ("n\n", False), ("y\npowell\n", False), ("y\nChirac\n", False)]
)
def test_at_a_keyboard_forgetting_asks_twice(taught: Desk, answers: str, erased: bool) -> None:
    code, _ = _at_a_keyboard(answers, "forget", "powell", "--settings", taught.settings_file())
    assert code == (0 if erased else 3)
    assert (("Powell",) in taught.query("SELECT name FROM persons")) is not erased


@posix_only
@pytest.mark.parametrize(("answer", "renamed"), [("y\n", True), ("n\n", False)])
def test_at_a_keyboard_renaming_asks_about_the_folder(taught: Desk, answer: str, renamed: bool) -> None:
    code, asked = _at_a_keyboard(answer, "people", "rename", "powell", "Colin", "--settings", taught.settings_file())
    assert code == 0
    assert f"Rename the folder {taught.people / 'Powell'} as well?" in asked
    assert (taught.people / ("Colin" if renamed else "Powell")).is_dir()


@posix_only
@pytest.mark.parametrize("command", [("forget", "#1"), ("people", "rename", "#1", "Colin")], ids=" ".join)
def test_at_a_keyboard_no_name_asked_about_commands_the_terminal(taught: Desk, command: tuple[str, ...]) -> None:
    for folder in (taught.people / "Powell", taught.people / "Chirac"):
        folder.rename(folder.with_name(f"{folder.name}\x9b31m\x1b[1m"))
    taught.build(executor=no_analysis)
    _, asked = _at_a_keyboard("n\n", *command, "--settings", taught.settings_file())
    assert r"\x9b31m\x1b[1m" in asked
    assert not {"\x9b", "\x1b"} & {*asked}


def _at_a_keyboard(answers: str, *arguments: str | Path) -> tuple[int, str]:
    """Run a command whose standard input is a terminal, at which somebody types; return exit code and messages."""
    keyboard, terminal = os.openpty()
    try:
        os.write(keyboard, answers.encode())
        done = subprocess.run(
            [sys.executable, "-m", "kith", *map(str, arguments)],
            cwd=REPOSITORY,
            stdin=terminal,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
    finally:
        os.close(keyboard)
        os.close(terminal)
    return done.returncode, done.stderr


# Settings and models


def test_settings_are_shown_and_saved(own_home: Path) -> None:
    code, out, err = ran("settings")
    file = own_home / "config/settings.json"
    assert (code, err) == (0, "")
    assert f"Settings file: {file}" in out
    assert f"Data folder: {own_home / 'data'}" in out
    assert f"Cache folder: {own_home / 'cache'}" in out
    assert f"face_tol = {Settings().face_tol}\n" in out
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | {"of_mine": [1]}), encoding="utf-8")

    code, out, err = ran("settings", "face_tol=0.41", "recursive=no", "valid_exts=.jpg,png")

    assert code == 0
    assert "of_mine is no setting of Kith; it is kept" in err
    assert "face_tol = 0.41\n" in out
    saved = load(file).settings
    assert (saved.face_tol, saved.recursive, saved.valid_exts) == (0.41, False, (".jpg", ".png"))
    assert json.loads(file.read_text(encoding="utf-8"))["of_mine"] == [1]


def test_bad_settings_are_not_saved(desk: Desk) -> None:
    file = desk.settings_file()
    before = file.read_bytes()
    code, out, err = ran("settings", "--settings", file, "body_tol=0.5", "face_tol=-1")
    assert (code, out) == (2, "")
    assert err.endswith("Error: Invalid value for KEY=VALUE: face_tol: -1 is not a number from 0 to 1.5\n")
    assert file.read_bytes() == before


@pytest.mark.parametrize("named", [False, True], ids=["own", "--settings"])
@pytest.mark.parametrize(
    "arguments",
    [["build-kb"], ["recognize"], ["people", "list"], ["settings"], ["settings", "workers=1"], ["models"]],
    ids=" ".join,
)
def test_a_broken_settings_file_is_no_ground_to_work_on(
    own_home: Path, tmp_path: Path, arguments: list[str], named: bool
) -> None:
    """Neither its default folders, which are others than the user's, nor the file are touched."""
    file = tmp_path / "mine.json" if named else own_home / "config/settings.json"
    file.parent.mkdir(exist_ok=True)
    content = f'{{"dataset_dir": "{tmp_path}",\n  "face_tol" 0.5}}'
    file.write_text(content, encoding="utf-8")
    code, out, err = ran(*arguments, *(["--settings", str(file)] if named else []))
    assert (code, out) == (3, "")
    assert f"{file} is no valid JSON (line 2, column 14" in err
    assert "mend the file" in err
    assert file.read_text(encoding="utf-8") == content
    assert list(file.parent.iterdir()) == [file]


def test_models_are_listed_with_their_places(desk: Desk, shared: Path) -> None:
    code, out, err = ran("models", "--settings", desk.settings_file())
    assert (code, err) == (0, "")
    states = {line.partition(": ")[0]: line.partition(": ")[2] for line in out.splitlines() if line[0] != " "}
    assert states.keys() == {model.name for model in (*DOWNLOADED, *PACKAGED)}
    assert states["yunet_2026may"] == f"ready, {desk.models / 'face_detection_yunet_2026may.onnx'}"
    assert states["osnet_ain_multi"] == "missing"
    assert states["dlib_faces"].startswith("ready, ")
    assert all(model.sha256 in out for model in DOWNLOADED)


def test_models_download_says_when_nothing_is_missing(desk: Desk, tmp_path: Path) -> None:
    settings = desk.settings_file(), "--set", f"reid_weights={tmp_path / 'mine.pth'}"
    result = ran("models", "download", "--settings", *settings)
    assert result == (0, "Every model file that the settings ask for is there.\n", "")


def test_models_download_without_a_network_says_what_works_all_the_same(own_home: Path) -> None:
    no_network: dict[str, Any] = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), "http://127.0.0.1:9")  # the discard port
    code, out, err = ran("models", "download", NO_PROXY="", no_proxy="", **no_network)
    assert (code, out) == (3, "")
    models = [registered(name) for name in ("yunet_2026may", "osnet_ain_multi", "yolox_nano")]
    for line, model in zip(err.splitlines(), models, strict=True):
        assert line.startswith(f"{model.name} could not be fetched from {model.url} (")
        assert all(f", nor from {url} (" in line for url in model.mirrors)
        assert f"kith models add FILE put it into {own_home / 'data/models'}." in line
        assert line.endswith(f"Without it {model.without}.")
    assert not list((own_home / "data/models").iterdir())


# What the process imports


def test_jobs_run_without_qt_and_leave_the_networks_to_the_workers(desk: Desk, tmp_path: Path, shared: Path) -> None:
    desk.put_all(POWELL[:2], "people/Powell")
    desk.put(POWELL_AGAIN[0], "input/")
    spy = tmp_path / "spy"
    spy.mkdir()
    (spy / "sitecustomize.py").write_text(
        "import atexit, os, sys\n"
        "class NoQt:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'PyQt6':\n"
        "            raise ImportError('PyQt6 is not installed')\n"
        "sys.meta_path.insert(0, NoQt())\n"
        "def tell():\n"
        f"    with open(os.path.join({str(spy)!r}, f'{{os.getpid()}}.txt'), 'w') as file:\n"
        "        file.write('\\n'.join(sys.modules))\n"
        "atexit.register(tell)\n",
        encoding="utf-8",
    )
    blocked = subprocess.run(
        [sys.executable, "-c", "import PyQt6"],
        env=os.environ | {"PYTHONPATH": str(spy)},
        capture_output=True,
        check=False,
    )
    assert blocked.returncode == 1
    for command in ("build-kb", "recognize"):
        process = kith(
            command, "--settings", desk.settings_file(), PYTHONPATH=os.pathsep.join((str(spy), str(REPOSITORY)))
        )
        code, _, err = finished(process)
        assert code == 0, err
        imported = set((spy / f"{process.pid}.txt").read_text(encoding="utf-8").splitlines())
        assert "kith.jobs.workers" in imported
        assert imported & NOT_TO_IMPORT == set()
    assert desk.copies() == [f"Powell/{Path(POWELL_AGAIN[0]).name}"]
