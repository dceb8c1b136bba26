"""The measurements behind docs/recognition.md run, on a few photos."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def _bench(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "error", str(REPOSITORY / "scripts/bench.py"), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_identify_tells_known_people_from_strangers(shared: Path, tmp_path: Path) -> None:
    for person in ("Colin_Powell", "Donald_Rumsfeld", "Gerhard_Schroeder"):
        (tmp_path / "lfw10" / person).mkdir(parents=True)
        for photo in sorted((shared / "data/lfw10" / person).iterdir())[:4]:
            shutil.copy(photo, tmp_path / "lfw10" / person)
    run = _bench("identify", "--data", str(tmp_path), "--json", KITH_SHARED=str(shared))
    assert run.returncode == 0, run.stderr
    tables = json.loads(run.stdout)
    assert {key: tables["faces"][0][key] for key in ("people", "faces")} == {"people": 3, "faces": 12}
    for row in tables["rules"]:
        assert row.keys() == {"samples", "nearest sample", "mean vector", "mean of 3 nearest", "n"}
    settled = {row["samples"]: row for row in tables["shipped settings"]}
    assert {"1", "3", "1 to 12"} <= settled.keys()
    for row in settled.values():
        mean, worst = row["known found"]
        assert 50 < worst <= mean <= 100
        assert row["held-out people accepted"] < 10
        assert row["wrong names"] == 0
        assert row["n"] > 0
    found = [row["known found"][0] for row in tables["face_tol"]]
    assert found == sorted(found)
    assert tables["face_tol"][0]["face_tol"] < tables["face_tol"][-1]["face_tol"]


def test_a_folder_without_people_is_refused(tmp_path: Path) -> None:
    run = _bench("identify", "--data", str(tmp_path))
    assert run.returncode == 2
    assert "neither athletes nor lfw10" in run.stderr
