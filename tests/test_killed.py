"""kill -9 in the middle of both jobs: nothing is lost but the photos at work, and the next run goes on."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.desk import CHIRAC, CHIRAC_AGAIN, NOBODY, POWELL, POWELL_AGAIN, TWO_STRANGERS, Desk, finished, kith, ran

KNOWN = {"Powell": POWELL, "Chirac": CHIRAC}
PHOTOS = [*POWELL_AGAIN, *CHIRAC_AGAIN, NOBODY, TWO_STRANGERS]
COPIES = sorted(
    f"{folder}/{Path(source).name}"
    for folder, sources in (("Powell", POWELL_AGAIN), ("Chirac", CHIRAC_AGAIN), ("Unknown", (NOBODY, TWO_STRANGERS)))
    for source in sources
)
WORKERS_END_WITHIN_S = 60  # of a machine under load; they end at once, or within the face they are at

moments = pytest.mark.parametrize("events", [1, 3, 7], ids=["at the start", "in the middle", "behind the last photo"])


@pytest.fixture
def taught(desk: Desk, built: Path, material: Path) -> Desk:
    """A desk whose knowledge base knows Powell and Chirac."""
    if not list(built.iterdir()):
        first = Desk(built / "desk", material)
        for name, sources in KNOWN.items():
            first.put_all(sources, f"people/{name}")
        first.build()
    shutil.copytree(built / "desk/people", desk.people, dirs_exist_ok=True)
    return desk


def _kill_behind(events: int, *arguments: str | Path) -> list[dict[str, Any]]:
    """Start a command, kill it when it has told so many events, and return these."""
    process = kith(*arguments, "--json")
    assert process.stdout is not None
    told = [json.loads(process.stdout.readline()) for _ in range(events)]
    process.kill()
    # The workers hold the other end of its output, which is read to its end here: they have ended, too.
    finished(process, WORKERS_END_WITHIN_S)
    return told


def _last_event(*arguments: str | Path) -> dict[str, Any]:
    code, out, err = ran(*arguments, "--json")
    assert code == 0, err
    summary: dict[str, Any] = json.loads(out.splitlines()[-1])
    return summary


def _analyses(desk: Desk) -> int:
    """Check that the library is whole and return how many photos it has analysed."""
    assert desk.query("PRAGMA integrity_check") == [("ok",)]
    assert desk.query("PRAGMA foreign_key_check") == []
    ((count,),) = desk.query("SELECT count(*) FROM analyses")
    return int(count)


@moments
def test_killed_build_goes_on_where_it_stopped(desk: Desk, events: int) -> None:
    for name, sources in KNOWN.items():
        desk.put_all(sources, f"people/{name}")
    command = ("build-kb", "--settings", desk.settings_file())

    told = _kill_behind(events, *command)

    assert [event["event"] for event in told] == ["Started", *["PhotoLearned"] * (events - 1)]
    kept = _analyses(desk)
    assert kept >= events - 1
    summary = _last_event(*command)
    assert (summary["event"], summary["done"], summary["failed"]) == ("BuildFinished", 6, [])
    assert summary["analysed"] == 6 - kept
    assert {person["name"]: person["used"] for person in summary["people"]} == {"Chirac": 3, "Powell": 3}
    assert _analyses(desk) == 6
    assert len(desk.query("SELECT id FROM appearances")) == len(desk.query("SELECT id FROM observations")) == 6
    assert sorted(desk.links().values()) == ["Chirac"] * 3 + ["Powell"] * 3


@moments
def test_killed_recognition_goes_on_where_it_stopped(taught: Desk, events: int) -> None:
    taught.put_all(PHOTOS, "input")
    originals = {path.name: path.read_bytes() for path in taught.input.iterdir()}
    command = ("recognize", "--settings", taught.settings_file())
    known_before = _analyses(taught)

    told = _kill_behind(events, *command)

    assert [event["event"] for event in told] == ["Started", *["PhotoDone"] * (events - 1)]
    kept = _analyses(taught) - known_before
    assert kept >= events - 1
    announced = [name for event in told[1:] for name in event["row"]["copies"]]
    assert all((taught.output / name).read_bytes() == originals[Path(name).name] for name in announced)
    assert len(announced) == events - 1
    summary = _last_event(*command)
    assert (summary["event"], summary["done"], summary["failed"]) == ("RecognitionFinished", 6, [])
    assert summary["analysed"] == 6 - kept
    assert (summary["known"], summary["unknown"]) == (4, 2)
    assert taught.copies() == COPIES
    assert all((taught.output / name).read_bytes() == originals[Path(name).name] for name in COPIES)
    assert taught.query("SELECT count(*), count(sha256) FROM copies") == [(6, 6)]
    assert len(taught.report()) == 6
