"""What other programs read: report.csv and encodings.pkl."""

import csv
import json
import pickle
import pickletools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kith.errors import FilingFailed
from kith.filing.encodings import write_encodings
from kith.filing.report import COLUMNS, ReportRow, write_report
from tests.making import full_disk, needs_full_disk

HEADER = (
    "file,people,source,faces,face_1,face_1_distance,face_2,face_2_distance,face_3,face_3_distance,"
    "body_1,body_1_similarity,body_2,body_2_similarity,body_3,body_3_similarity,copies,error,unsure,other_faces,"
    "duplicate_of,other_files,times"
)


def _report(path: Path, *rows: ReportRow) -> list[dict[str, str]]:
    write_report(path, rows)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_the_report_has_its_columns_and_a_row_for_each_photo(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    full = ReportRow(
        "sub/photo.jpg",
        ["Ann", "Bob"],
        "face",
        2,
        [("Ann", 0.31), ("Bob", 0.5249), ("Eve", 0.6)],
        [("Bob", 0.8304)],
        ["Ann/photo.jpg", "Bob/photo.jpg"],
        unsure=["Eve"],
        more_faces=[[("Bob", 0.4), ("Ann", 0.5)]],
        other_faces=[[("Eve", 0.57), ("Ann", 0.7)], [("Zoe", 0.9)]],
        duplicate_of="best.jpg",
        other_files=["photo.CR2", "photo.dng"],
        times=["Ann 0:03", "Bob? 1:02"],
    )
    rows = _report(path, full, ReportRow("unknown.jpg"), ReportRow("broken.jpg", error="is empty"))
    assert path.read_bytes().splitlines()[0].decode() == HEADER == ",".join(COLUMNS)
    assert ["|".join(row.values()) for row in rows] == [
        (
            "sub/photo.jpg|Ann; Bob|face|2|Ann; Bob|0.310; 0.400|Bob; Ann|0.525; 0.500|Eve; |0.600; |"
            "Bob|0.830|||||Ann/photo.jpg; Bob/photo.jpg||Eve|Eve:0.570, Ann:0.700; Zoe:0.900|best.jpg|"
            "photo.CR2; photo.dng|Ann 0:03; Bob? 1:02"
        ),
        "unknown.jpg||none|0|||||||||||||||||||",
        "broken.jpg||none|0||||||||||||||is empty|||||",
    ]


def _parts(cell: str) -> list[str]:
    r"""Read a cell of several names as README says: they are apart by `; `, and `\;` and `\\` are `;` and `\`."""
    parts = [re.sub(r"\\(.)", r"\1", part) for part in re.findall(r"(?:\\.|[^;\\])+", cell)]
    return [part[bool(index) :] for index, part in enumerate(parts)]


@given(st.lists(st.text(st.sampled_from("ab;\\, "), min_size=1), min_size=1, max_size=4))
def test_several_names_in_a_cell_can_be_told_apart(names: list[str]) -> None:
    row = dict(zip(COLUMNS, ReportRow("photo.jpg", names, copies=names, unsure=names).cells(), strict=True))
    assert [_parts(row[column]) for column in ("people", "copies", "unsure")] == [names] * 3


def test_every_row_has_a_cell_for_every_column() -> None:
    many = [("Ann", 0.5)] * 5
    assert {len(row.cells()) for row in (ReportRow("a"), ReportRow("b", face=many, body=many))} == {len(COLUMNS)}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "＋", "－", "＠"])
def test_cells_that_a_spreadsheet_would_execute_are_defused(tmp_path: Path, start: str) -> None:
    text = f"{start}cmd|' /C calc'!A0"
    (row,) = _report(
        tmp_path / "report.csv", ReportRow(text, [text], "face", 1, [(text, 0.1)], [(text, 1)], [text], text, [text])
    )
    told = {key: row[key] for key in ("file", "people", "face_1", "body_1", "copies", "error", "unsure")}
    assert told == dict.fromkeys(told, f"'{text}")
    assert not any(cell.startswith(start) for cell in row.values())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ('quote".jpg', 'quote".jpg'),
        ("comma, semi; colon.jpg", "comma, semi; colon.jpg"),
        ("写真 📷.jpg", "写真 📷.jpg"),
        ("caf\udce9.jpg", r"caf\udce9.jpg"),
        ("line\nbreak.jpg", r"line\nbreak.jpg"),
        (r"line\nbreak.jpg", r"line\\nbreak.jpg"),
        ("\t=1+1", r"\t=1+1"),
        ("all\r\n\v\f\x1c\x85\u2028\u2029ends", r"all\r\n\x0b\x0c\x1c\x85\u2028\u2029ends"),
        ("\x1b[31mred\x9b0m\u202egpj", r"\x1b[31mred\x9b0m\u202egpj"),
    ],
)
def test_odd_names_are_told_in_the_report_and_a_row_stays_a_line(tmp_path: Path, name: str, told: str) -> None:
    path = tmp_path / "report.csv"
    (row,) = _report(path, ReportRow(name, [name], copies=[name], error=name, other_faces=[[(name, 0.5)]]))
    assert row["file"] == told
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def _rows_that_fail() -> Iterator[ReportRow]:
    yield ReportRow("photo.jpg")
    raise KeyboardInterrupt


def test_a_report_takes_the_place_of_an_earlier_one_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    assert [row["file"] for row in _report(path, ReportRow("first.jpg"))] == ["first.jpg"]
    assert [row["file"] for row in _report(path, ReportRow("second.jpg"))] == ["second.jpg"]
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        write_report(path, _rows_that_fail())
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == {path: before}


# The export

VECTORS = {"Ann": np.eye(128, dtype=np.float32)[0], "Bob": np.eye(128, dtype=np.float32)[1]}
BODY = np.full(512, 0.5, np.float32)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "encodings.pkl"
    write_encodings(path, [*VECTORS.items(), ("Ann", VECTORS["Ann"] * 2)], [("Bob", BODY)])
    return path


def test_the_export_has_the_articles_keys_and_types(export: Path) -> None:
    db = pickle.loads(export.read_bytes())
    assert db["face_names"] == ["Ann", "Bob", "Ann"]
    assert isinstance(db["face_encodings"], list)
    assert [(one.dtype, one.shape) for one in db["face_encodings"]] == [(np.float64, (128,))] * 3
    assert isinstance(db["body_encodings"], list)
    assert [(one.dtype, one.shape) for one in db["body_encodings"]] == [(np.float32, (512,))]
    assert db["body_names"] == ["Bob"]
    assert (db["encodings"].dtype, db["encodings"].shape) == (np.float64, (3, 128))
    assert db["encodings"].tolist() == [one.tolist() for one in db["face_encodings"]]
    assert db["names"].tolist() == db["face_names"]


def test_an_export_of_nobody_is_readable_too(tmp_path: Path) -> None:
    path = tmp_path / "encodings.pkl"
    write_encodings(path, [], [])
    db = pickle.loads(path.read_bytes())
    assert [db[key] for key in ("face_encodings", "face_names", "body_encodings", "body_names")] == [[], [], [], []]
    assert (db["encodings"].shape, db["names"].shape) == ((0, 128), (0,))


def test_the_export_names_nothing_but_numpy(export: Path) -> None:
    """Reading it runs no code of ours, and needs none."""
    used = [argument for opcode, argument, _ in pickletools.genops(export.read_bytes()) if isinstance(argument, str)]
    modules = {text.split(".")[0] for text in used if text.startswith(("numpy", "kith", "builtins"))}
    assert modules == {"numpy"}


READERS = {
    "lists": """
db = pickle.load(open(sys.argv[1], "rb"))
known_encodings = db.get("face_encodings", []) or []
known_names = db.get("face_names", []) or []
body_encodings = db.get("body_encodings", []) or []
distances = np.linalg.norm(np.array(known_encodings) - face, axis=1)
best = int(np.argmin(distances))
print(known_names[best] if distances[best] < 0.6 else "Unknown")
""",
    "votes": """
data = pickle.loads(open(sys.argv[1], "rb").read())
matches = list(np.linalg.norm(data["encodings"] - face, axis=1) <= 0.6)
name = "Unknown"
if True in matches:
    counts = {}
    for i in [i for (i, b) in enumerate(matches) if b]:
        counts[data["names"][i]] = counts.get(data["names"][i], 0) + 1
    name = max(counts, key=counts.get)
print(name)
""",
}


@pytest.mark.parametrize("style", list(READERS))
@pytest.mark.parametrize(("near", "name"), [("Ann", "Ann"), ("Bob", "Bob"), (None, "Unknown")])
def test_a_script_in_the_style_of_the_articles_finds_the_nearest_name(
    export: Path, style: str, near: str | None, name: str
) -> None:
    face = (VECTORS[near] * 0.9 if near else np.zeros(128)).tolist()
    script = f"import json, pickle, sys\nimport numpy as np\nface = np.array(json.loads(sys.argv[2]))\n{READERS[style]}"
    command = [sys.executable, "-I", "-c", script, str(export), json.dumps(face)]
    assert subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip() == name


# Report and export on a bad day


WRITERS = {
    "report.csv": lambda path: write_report(path, [ReportRow("photo.jpg")]),
    "encodings.pkl": lambda path: write_encodings(path, VECTORS.items(), []),
}


@needs_full_disk
@pytest.mark.parametrize("name", list(WRITERS))
def test_a_full_disk_leaves_the_earlier_file_as_it_was(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    earlier = path.read_bytes()
    with full_disk(), pytest.raises(FilingFailed, match=r"could not be written.*No space left"):
        WRITERS[name](path)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == {path: earlier}


@pytest.mark.parametrize("name", list(WRITERS))
def test_a_folder_that_is_a_file_is_told(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "output"
    folder.touch()
    with pytest.raises(FilingFailed, match="could not be written"):
        WRITERS[name](folder / name)
