"""The measurement of close-ups, turned and cut faces runs, on a few photos."""

import json
import shutil
from pathlib import Path

import pytest

from tests.bench_runs import run_bench

pytestmark = pytest.mark.bench


def test_the_whole_search_finds_close_ups_and_turned_faces(shared: Path, tmp_path: Path) -> None:
    for person in ("Colin_Powell", "Tony_Blair"):
        (tmp_path / "lfw10" / person).mkdir(parents=True)
        for photo in sorted((shared / "data/lfw10" / person).iterdir())[:3]:
            shutil.copy(photo, tmp_path / "lfw10" / person)
    (tmp_path / "groups").mkdir()
    for name in ("cat.jpg", "park.jpg"):
        shutil.copy(shared / "data/groups" / name, tmp_path / "groups")
    run = run_bench("closeups", "--data", str(tmp_path), "--json", KITH_SHARED=str(shared))
    assert run.returncode == 0, run.stderr
    tables = json.loads(run.stdout)
    for size in (1000, 800):
        rows = tables[f"face of the frame, {size} pixels"]
        assert all(row["whole search: found"] == row["n"] == 5 for row in rows)
        assert all(row["whole search: named"] >= 4 for row in rows)
    assert tables["face of the frame, 1000 pixels"][-1]["first look: alone"] < 2
    turned = {row["degrees"]: row for row in tables["turned"]}
    for degrees in (90, 180, 270):
        assert turned[degrees]["first look: named"] == 0
        assert turned[degrees]["whole search: named"] == 5
    people, nobody = tables["photos as they are"]
    assert people["whole search: found"] >= people["first look: found"] > 0
    assert nobody["whole search: others"] == 0
