"""The measurements behind docs/recognition.md run, on a few photos."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kith.errors import BadInput
from kith.jobs.library_check import inspect_library
from kith.jobs.open_library import OpenLibrary
from kith.jobs.overview import overview
from kith.jobs.photo_search import PhotoSearch
from kith.photos.facts import read_facts
from kith.photos.pixels import load_rgb
from kith.values.photo_filter import PhotoFilter, PhotoState
from kith.vision.runtime import cuda_available
from tests.bench_runs import run_bench
from tests.networks import onnx_bodies

REPOSITORY = Path(__file__).parents[1]
pytestmark = pytest.mark.bench


def test_identify_tells_known_people_from_strangers(shared: Path, tmp_path: Path) -> None:
    for person in ("Colin_Powell", "Donald_Rumsfeld", "Gerhard_Schroeder"):
        (tmp_path / "lfw10" / person).mkdir(parents=True)
        for photo in sorted((shared / "data/lfw10" / person).iterdir())[:4]:
            shutil.copy(photo, tmp_path / "lfw10" / person)
    run = run_bench("identify", "--data", str(tmp_path), "--json", KITH_SHARED=str(shared))
    assert run.returncode == 0, run.stderr
    tables = json.loads(run.stdout)
    assert {key: tables["faces"][0][key] for key in ("people", "faces")} == {"people": 3, "faces": 12}
    for row in tables["rules"]:
        assert row.keys() > {"samples", "nearest sample", "mean vector", "mean of 3 nearest"}
        assert all(worst <= mean <= 100 for mean, worst in (own for key, own in row.items() if key != "samples"))
    settled = {row["samples"]: row for row in tables["shipped settings"]}
    assert {"1", "3", "1 to 12"} <= settled.keys()
    for row in settled.values():
        mean, worst = row["known found"]
        assert 50 < worst <= mean <= 100
        share, low, high = map(float, re.findall(r"[\d.]+", row["of all known"]))
        assert low <= share <= high
        assert share == pytest.approx(mean, abs=5)
        assert row["held-out people accepted"].startswith("0 [0, ")
        assert row["wrong names"] == 0
        assert row["n"] >= row["n findable"] > 0
    assert {row["samples"] for row in tables["side by side"]} == settled.keys()
    for name, falling in {"face_tol": False, "face_margin": True, "face_suggest": False}.items():
        assert [row[name] for row in tables[name]] == sorted(row[name] for row in tables[name])
        found = [row["known found"][0] for row in tables[name]]
        assert found == sorted(found, reverse=falling)
    assert [row["strangers denied below"] for row in tables["is not"]] == [0.6, 0.64]
    assert tables["nested"] == []  # too few people to part them in two


def test_bodies_are_told_apart_better_within_an_event(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "lfw10").mkdir()
    for person in ("0002", "0011", "0020", "0022"):
        shutil.copytree(shared / "data/pedestrians" / person, tmp_path / "pedestrians" / person)
    (tmp_path / "groups").mkdir()
    shutil.copy(shared / "data/groups/six_people.jpg", tmp_path / "groups")
    run = run_bench("bodies", "--data", str(tmp_path), "--json", KITH_SHARED=str(shared))
    assert run.returncode == 0, run.stderr
    tables = json.loads(run.stdout)
    within, across = tables["within an event"], tables["across events"]
    assert [row["threshold"] for row in within] == [row["threshold"] for row in across]
    for near, far in zip(within, across, strict=True):
        share, low, high = map(float, re.findall(r"[\d.]+", near["known found"]))
        assert low <= share <= high
        assert share >= float(far["known found"].split()[0])
    assert [row["known people"] for row in tables["within an event, filed"]] == [2, 5, 10]
    assert {row["people in groups"].split(":")[0] for row in tables["people counted"]} == {"6 of 6"}
    assert [row["body"] for row in tables["within an event, by the boxes found"]][::2] == ["whole crop", "box found"]


def test_a_folder_without_people_is_refused(tmp_path: Path) -> None:
    run = run_bench("identify", "--data", str(tmp_path))
    assert run.returncode == 2
    assert "neither athletes nor lfw10" in run.stderr


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the scripts, whose modules can be imported."""
    folder = REPOSITORY / "scripts"
    monkeypatch.syspath_prepend(str(folder))
    return folder


def test_small_photos_all_differ(material: Path, scripts: Path, tmp_path: Path) -> None:
    from bench_photos import small_ones

    photos = small_ones([material / "data/groups/obama_and_biden.jpg"], 300, tmp_path / "small")
    assert len({read_facts(photo).image_hash for photo in photos}) == 300


def test_enlarged_photos_have_the_size_asked_for(material: Path, scripts: Path, tmp_path: Path) -> None:
    from bench_photos import enlarged

    original = material / "data/groups/two_people.jpg"
    ((photo,), (other,)) = enlarged([original], 12, 2, tmp_path / "large")
    assert read_facts(photo).image_hash != read_facts(other).image_hash
    with Image.open(photo) as image, Image.open(original) as small:
        assert image.width * image.height == pytest.approx(12e6, rel=0.001)
        assert image.width / image.height == pytest.approx(small.width / small.height, rel=0.001)


def test_the_articles_pipeline_finds_the_faces_of_a_photo_in_four_steps(shared: Path, scripts: Path) -> None:
    from bench_articles import ArticlesPipeline

    pipeline = ArticlesPipeline("osnet_x0_25", shared / "models/osnet_x0_25_msmt17.pth")
    seconds, faces = pipeline(shared / "data/groups/two_people.jpg")
    assert list(seconds) == ["decode", "detect", "encode", "body"]
    assert min(seconds.values()) > 0
    assert faces == 2


def test_the_articles_pipeline_describes_bodies_as_kith_does(shared: Path, scripts: Path) -> None:
    from bench_articles import ArticlesPipeline

    pipeline = ArticlesPipeline("osnet_x0_25", shared / "models/osnet_x0_25_msmt17.pth")
    kith = onnx_bodies(shared / "models/osnet_x0_25_msmt17.onnx", "osnet_x0_25")
    for photo in sorted((shared / "data/pedestrians").rglob("*.jpg"))[:3]:
        crop = load_rgb(photo)
        vector = pipeline.body(crop)[0].numpy()
        assert kith.encode([crop])[0] @ vector / np.linalg.norm(vector) > 0.99


def test_memory_is_that_of_all_processes_of_a_side(scripts: Path) -> None:
    from bench_processes import Watch

    hold = "import sys; held = bytearray(100_000_000); print('held', flush=True); sys.stdin.read()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        watch = Watch(process.pid)
        patience = time.monotonic() + 30
        with watch.watching():
            while watch.peak < 100_000_000 and time.monotonic() < patience:
                pass
        process.stdin.close()
    assert 100_000_000 <= watch.peak < 200_000_000


def test_speed_is_compared_on_the_same_photos(shared: Path, scripts: Path, tmp_path: Path) -> None:
    from bench_speed import Case, Plan, measured, memory_of, prepared
    from bench_tables import markdown, speed_tables

    said: list[str] = []
    originals = [shared / "data/groups/obama_and_biden.jpg", shared / "data/groups/two_people.jpg"]
    with prepared(shared / "data", shared / "models", gpu=False) as bench:
        figures = measured(bench, originals, Plan(2, 2, 1, (Case("", 0.5, 1),), patience=10), said.append)
        figures |= memory_of(bench, originals, 2, 4, said.append)
    assert not bench.folder.exists()
    assert json.loads(json.dumps(figures)) == figures
    for side in ("articles", "same_detector", "shipped", "whole_job"):
        assert figures[side]["faces"] >= 4
        for key in ("photos_per_second", "peak_mb", "processor_s", "cold_start_s"):
            assert figures[side][key] > 0
    assert figures["articles"]["stages_ms"].keys() == {"decode", "detect", "encode", "body"}
    assert figures["shipped"]["stages_ms"].keys() == {"decode", "detect", "persons", "encode", "body", "rest"}
    for ratio, side in (("shipped", "shipped"), ("job", "whole_job")):
        expected = figures[side]["photos_per_second"] / figures["articles"]["photos_per_second"]
        assert figures[f"ratio_{ratio}_to_articles"] == pytest.approx(expected)
    assert figures["kernel_share"] > 0
    assert figures["memory_4_to_2"] > 0
    assert {"rerun_photos_per_second", "small_photos_per_second"} <= figures.keys()
    text = "\n".join(markdown(title, rows) for title, rows in speed_tables(figures).items())
    assert "| shipped |" in text
    assert f"| kernel_share | {figures['kernel_share']:.3g} |" in text


def test_a_side_that_fails_says_why(scripts: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from bench_speed import Bench, Case

    (tmp_path / "people").mkdir()
    bench = Bench(tmp_path, tmp_path / "none.pth", "off", "cpu")
    with pytest.raises(BadInput, match="shipped"):
        bench.side("shipped", Case("", 1, 1), tmp_path / "photo.jpg")
    assert "reid_weights names" in capfd.readouterr().err


def test_without_a_graphics_card_the_measurement_on_one_is_refused(shared: Path) -> None:
    if cuda_available():
        pytest.skip("there is a graphics card")
    run = run_bench("--quick", "--gpu", KITH_SHARED=str(shared))
    assert run.returncode == 1
    assert "no NVIDIA graphics card" in run.stderr
    assert not run.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is asked of a POSIX system")
def test_scale_decides_again_on_what_it_drew(scripts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import bench_scale

    for name, value in {"OBSERVATIONS": 400, "PEOPLE": 10, "SAMPLES": 4, "FILED": 50}.items():
        monkeypatch.setattr(bench_scale, name, value)
    ((title, rows),) = bench_scale.scale(Path()).items()
    assert "400 observations, 10 people of 4 samples, 50 photos filed" in title
    first, unchanged, preview, stricter = rows
    assert first["changed"] > 200
    assert first["filed anew"] > 25
    assert (unchanged["changed"], unchanged["filed anew"]) == (0, 0)
    assert preview["changed"] == stricter["changed"]
    assert all(row["failed"] == 0 and row["peak MB"] > 0 for row in rows)


def test_what_cells_miss_is_measured_on_what_was_drawn(scripts: Path) -> None:
    import bench_million_matching

    ((_, (whole, *fewer)),) = bench_million_matching.missed(1_500).items()
    assert whole["near pairs found"] == "100.00 %"
    assert whole["groups"] > 50
    assert [row["share compared"] for row in fewer] == list(bench_million_matching.SHARES)
    assert all(0 < row["groups"] <= 1.1 * whole["groups"] for row in fewer)


@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is asked of a POSIX system")
def test_a_library_is_measured_at_each_size(scripts: Path) -> None:
    import bench_million

    tables = bench_million.million((200, 400))
    warm, _, sizes, costs = tables.values()
    assert len(warm) > 30
    assert all({*row} == {"what", "200", "400"} for rows in tables.values() for row in rows)
    assert sizes[0]["what"] == "the file"
    assert all(row["400"] >= 0 for row in costs)


def test_a_drawn_library_is_whole_and_what_was_decided_is_found_in_it(scripts: Path, tmp_path: Path) -> None:
    import bench_scale_library

    size = bench_scale_library.Size(faces=700, people=5, photos=500)
    settings = bench_scale_library.draw(tmp_path, size)
    assert inspect_library(settings).faults == ()
    with OpenLibrary(settings) as library:
        found = overview(library, regroup=False)
        states = {state: len(PhotoSearch(library).find(PhotoFilter(state=state)).photos) for state in PhotoState}
        (run,) = library.store.runs.all()
    assert (found.people, found.photos, run.photos) == (5, 450, 450)
    assert 0 < found.unsure < found.unknown < size.faces - size.taught
    assert found.groups > 5
    assert states[PhotoState.SURE] > states[PhotoState.UNKNOWN] > states[PhotoState.UNSURE] > 0


@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is asked of a POSIX system")
def test_rerun_decides_on_what_it_drew_and_then_finds_it_as_it_was(
    shared: Path, scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bench_rerun

    monkeypatch.setattr(bench_rerun, "SHARED", shared)
    monkeypatch.setattr(bench_rerun, "CASES", (bench_rerun.Case("few", 60, 30),))
    monkeypatch.setenv("KITH_SHARED", str(shared))
    ((_, (first, again)),) = bench_rerun.rerun(Path()).items()
    for row in (first, again):
        assert (row["analysed"], row["failed"]) == (0, 0)
        assert row["known"] >= 45
        assert row["photos/s"] > 0


@pytest.mark.skipif(sys.platform == "win32", reason="it is measured against cp and sync")
def test_filing_is_measured_beside_cp(scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import bench_filing

    monkeypatch.setattr(bench_filing, "ROUNDS", 1)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (title, (row,)), (_, links) = bench_filing.filing(20, 50_000).items()
    assert title.startswith("20 photos")
    assert row["kith"] > 0
    assert row["cp -r"] > 0
    assert [link["as"] for link in links] == ["hard link", "symbolic link"]
    assert list(tmp_path.iterdir()) == []


def test_filing_is_not_measured_where_there_is_no_room(scripts: Path) -> None:
    import bench_filing

    with pytest.raises(BadInput, match="--count"):
        bench_filing.filing(10**9)
