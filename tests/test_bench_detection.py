"""The measurement of finding faces runs, on a few photos."""

import json
import shutil
from pathlib import Path

import pytest

from tests.bench_runs import run_bench

pytestmark = pytest.mark.bench


def test_detection_is_measured_by_size_and_by_pixels(shared: Path, tmp_path: Path) -> None:
    for person in ("Colin_Powell", "Tony_Blair"):
        (tmp_path / "lfw10" / person).mkdir(parents=True)
        for photo in sorted((shared / "data/lfw10" / person).iterdir())[:6]:
            shutil.copy(photo, tmp_path / "lfw10" / person)
    (tmp_path / "detect/street_voc").mkdir(parents=True)
    for name in ("maksssksksss0.jpg", "maksssksksss0.xml"):
        shutil.copy(shared / "data/detect/street_voc" / name, tmp_path / "detect/street_voc")
    (tmp_path / "groups").mkdir()
    shutil.copy(shared / "data/groups/park.jpg", tmp_path / "groups")
    run = run_bench("detection", "--data", str(tmp_path), "--json", KITH_SHARED=str(shared))
    assert run.returncode == 0, run.stderr
    tables = json.loads(run.stdout)
    recall = {row["detector"]: row for row in tables["detectors"]}
    assert recall["yunet"]["20 to 40"] == "2 of 2"
    assert recall["yunet"]["40 to 80, masked"] == "1 of 1"
    assert recall.keys() == {"yunet", "hog", "cnn"}
    assert sum(row["on a marked face"] for row in tables["boxes"]) == 3
    (found,) = ([row[name] for row in tables["working size"]] for name in tables["working size"][0] if "64 px" in name)
    small, *_, large = (int(share.split(" / ")[0]) for share in found)
    assert small < large == 100
    pixels = {row["cut from"]: row["pixels"] for row in tables["pixels of the chip"] if row["width"] == 80}
    assert pixels["as read"] < pixels["read again"] < pixels["whole photo"]
