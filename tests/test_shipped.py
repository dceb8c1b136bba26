"""What an installer brings along is used, and what it does without is not missed."""

import shutil
import sys
from pathlib import Path

import pytest

from kith import shipped
from kith.cli.demo import PHOTOS, fetch
from kith.errors import BadInput, ModelMissing
from kith.jobs.engines import find_engines
from kith.settings import Settings
from kith.vision.dlib_faces import DlibFaces
from kith.vision.engines import prepare_networks
from kith.vision.export import find_network, prepare_network
from kith.vision.model_files import search_folders
from kith.vision.runtime import cuda_works


@pytest.fixture
def brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that an installer fills, empty."""
    folder = tmp_path / "shipped"
    for name in ("NETWORKS", "MODELS", "DEMO"):
        monkeypatch.setattr(shipped, name, folder / name.lower())
    return folder


def test_networks_that_were_shipped_are_found(brought: Path, networks: Path, tmp_path: Path) -> None:
    made = prepare_network(DlibFaces.source(), networks)
    assert find_network(DlibFaces.source(), tmp_path / "cache") is None
    (brought / "networks").mkdir(parents=True)
    shutil.copy(made, brought / "networks")
    assert find_network(DlibFaces.source(), tmp_path / "cache") == brought / "networks" / made.name


def test_without_torch_a_network_that_is_not_ready_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, _ = find_engines(Settings.at(tmp_path, {"face_detector": "hog", "body_policy": "off"}))
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModelMissing, match=r"let reid_model be osnet_ain_multi or .* or osnet_x0_25"):
        prepare_networks(spec, tmp_path / "cache")


def test_without_torch_there_is_no_graphics_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert not cuda_works()


def test_model_files_that_were_shipped_come_last(brought: Path, tmp_path: Path) -> None:
    settings = Settings.at(tmp_path, {"models_dir": "models"})
    before = search_folders(settings)
    (brought / "models").mkdir(parents=True)
    assert search_folders(settings) == [*before, brought / "models"]


def test_the_demo_takes_the_photos_that_were_shipped(
    brought: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        fetched = fetch(tmp_path / "fetched")
    except BadInput as error:
        pytest.skip(str(error))
    shutil.copytree(tmp_path / "fetched", brought / "demo")
    monkeypatch.setattr(sys, "executable", "no Python here")
    photos = fetch(tmp_path / "demo")
    assert [photos[photo].read_bytes() for photo in PHOTOS] == [fetched[photo].read_bytes() for photo in PHOTOS]
