"""Fit the calibration that Kith is shipped with, on all faces at hand, and write it into the program.

    .venv/bin/python scripts/calibrate.py [--data FOLDER]

How it does on people it was not fitted on is measured by `scripts/bench.py certainty`.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as kith.__main__ sets it, before numpy is there
APP = Path(__file__).resolve().parents[1] / "app"
sys.path.insert(0, str(APP))

from bench_people import SHARED  # noqa: E402
from calibration_data import WHOLE, face_table, fitted  # noqa: E402
from kith.identity.certainty import FEATURES  # noqa: E402
from kith.vision.face_model import default_face_model  # noqa: E402

DRAWS = 40


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data", help="a folder with athletes/ or lfw10/ in it")
    data = parser.parse_args().data.resolve()
    faces = face_table(data)
    people = sorted({*faces.person.tolist()} - {""})
    whole = faces.condition == WHOLE
    strangers = int((whole & (faces.person == "")).sum())
    basis = f"{len(people)} people, {strangers} faces of strangers, and people drawn around them"
    calibration = fitted(faces, people, DRAWS, 0, basis)
    file = APP / "kith" / "calibrations" / f"{default_face_model().id}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(calibration.to_json() + "\n", encoding="utf-8")
    for name, weight in zip(FEATURES, calibration.weights):
        print(f"{name:22} {weight:9.3f}")
    print(f"typicality {calibration.typicality}, spread {calibration.spread}: {file}")


if __name__ == "__main__":
    main()
