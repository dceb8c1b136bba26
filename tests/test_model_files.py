"""Model files: found by their hash."""

import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kith.errors import ModelMissing
from kith.model_registry import DOWNLOADED, PACKAGED, ModelFile
from kith.settings import Settings, user_folder
from kith.vision.model_files import (
    default_folder,
    find_model,
    find_person_detector,
    missing_models,
    packaged_model,
    registered,
    search_folders,
    status,
)
from tests.model_server import CONTENT

YUNET = registered("yunet_2026may")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("KITH_MODELS", raising=False)
    return Settings.at(tmp_path, {"models_dir": "models"})


@pytest.fixture
def yunet(shared: Path) -> Path:
    return shared / "models" / YUNET.file


def place(source: Path | bytes, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / YUNET.file
    target.write_bytes(source if isinstance(source, bytes) else source.read_bytes())
    return target


def test_search_goes_from_the_settings_over_the_environment_to_the_user_data(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = user_folder("data") / "models"
    assert search_folders(settings) == [tmp_path / "models", data]
    monkeypatch.setenv("KITH_MODELS", os.pathsep.join([str(tmp_path / "a"), "", str(tmp_path / "b")]))
    assert search_folders(settings) == [tmp_path / "models", tmp_path / "a", tmp_path / "b", data]
    assert search_folders(Settings()) == [tmp_path / "a", tmp_path / "b", data]


def test_downloads_go_to_the_models_folder_of_the_settings_else_to_the_user_data(settings: Settings) -> None:
    assert default_folder(settings) == settings.models_folder
    assert default_folder(Settings()) == user_folder("data") / "models"


def test_nothing_is_found_where_nothing_is(settings: Settings) -> None:
    assert find_model("yunet_2026may", settings) is None


def test_the_real_file_is_found_in_each_folder_the_first_one_first(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, yunet: Path
) -> None:
    monkeypatch.setenv("KITH_MODELS", str(tmp_path / "a"))
    for folder in reversed(search_folders(settings)):
        expected = place(yunet, folder)
        assert find_model("yunet_2026may", settings) == expected
    assert expected == tmp_path / "models" / YUNET.file


def test_a_file_of_another_hash_is_refused_and_named(settings: Settings, tmp_path: Path) -> None:
    path = place(b"not a network", tmp_path / "models")
    with pytest.raises(ModelMissing) as error:
        find_model("yunet_2026may", settings)
    message = str(error.value)
    assert str(path) in message
    assert hashlib.sha256(b"not a network").hexdigest() in message
    assert YUNET.sha256 in message
    assert "models download yunet_2026may" in message


def test_a_damaged_file_does_not_hide_a_right_one(settings: Settings, tmp_path: Path, yunet: Path) -> None:
    place(b"damaged", tmp_path / "models")
    right = place(yunet, user_folder("data") / "models")
    assert find_model("yunet_2026may", settings) == right


def test_unknown_model_is_named_with_those_there_are(settings: Settings) -> None:
    with pytest.raises(
        ModelMissing,
        match=r"no model called osnet_x9.*yunet_2026may, .*osnet_ain_multi, osnet_ain_multi_x0_5, osnet_ain_x1_0",
    ):
        find_model("osnet_x9", settings)


def person_detector(settings: Settings, value: str) -> tuple[Path | None, str]:
    return find_person_detector(settings.at(settings.folder, {"models_dir": "models", "person_detector": value}))


def put_model(settings: Settings, model: ModelFile, content: bytes) -> Path:
    path = default_folder(settings) / model.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_person_detector_that_is_not_there_is_told_and_ends_no_run(settings: Settings) -> None:
    file, notice = find_person_detector(settings)
    assert file is None
    assert "yolox_nano" in notice
    assert "bodies are found below faces only" in notice
    assert "models download yolox_nano" in notice


def test_foreign_file_in_the_place_of_the_person_detector_is_told_and_ends_no_run(settings: Settings) -> None:
    foreign = put_model(settings, registered("yolox_nano"), b"somebody else's export")
    file, notice = find_person_detector(settings)
    assert file is None
    assert str(foreign) in notice
    assert "bodies are found below faces only" in notice
    assert "models download yolox_nano" in notice


@pytest.mark.parametrize("name", ["yolox_nano", "yolox_s"])
def test_person_detector_is_found_by_its_hash(settings: Settings, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = replace(registered(name), sha256=hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(
        "kith.vision.model_files.DOWNLOADED", [model for model in DOWNLOADED if model.name != name] + [known]
    )
    path = put_model(settings, known, CONTENT)
    assert person_detector(settings, name) == (path, "")


def test_person_detector_of_the_users_own_is_taken_by_its_path(settings: Settings) -> None:
    own = settings.folder / "own.onnx"
    own.write_bytes(b"somebody else's export")
    assert person_detector(settings, "own.onnx") == (own, "")
    assert person_detector(settings, str(own)) == (own, "")


def test_person_detector_can_be_switched_off(settings: Settings) -> None:
    assert person_detector(settings, "off") == (None, "")


@pytest.mark.parametrize("value", ["gone.onnx", "osnet_x0_25", "yolov8"])
def test_person_detector_that_is_none_is_named_with_what_it_can_be(settings: Settings, value: str) -> None:
    with pytest.raises(ModelMissing, match=rf"person_detector names .*{value}.*yolox_nano, yolox_s, .*or off"):
        person_detector(settings, value)


def test_missing_models_are_those_that_the_settings_ask_for(settings: Settings, yunet: Path) -> None:
    def missing(**values: str) -> set[str]:
        chosen = settings.at(settings.folder, {"models_dir": "models", **values})
        return {model.name for model in missing_models(chosen)}

    assert missing() == {"yunet_2026may", "osnet_ain_multi", "yolox_nano"}
    assert missing(person_detector="yolox_s", reid_weights="own.pth") == {"yunet_2026may", "yolox_s"}
    place(yunet, default_folder(settings))
    put_model(settings, registered("yolox_nano"), b"somebody else's export")
    assert missing() == {"osnet_ain_multi", "yolox_nano"}
    assert missing(person_detector="off") == missing(person_detector="own.onnx") == {"osnet_ain_multi"}


def test_status_says_ready_damaged_and_missing(settings: Settings, tmp_path: Path, yunet: Path) -> None:
    ready = place(yunet, tmp_path / "models")
    damaged = tmp_path / "models" / registered("osnet_x0_25").file
    damaged.write_bytes(b"half")
    found = {entry.model.name: (entry.state, entry.path) for entry in status(settings)}
    assert found["yunet_2026may"] == ("ready", ready)
    assert found["osnet_x0_25"] == ("damaged", damaged)
    assert found["osnet_ain_multi"] == ("missing", None)
    assert found["dlib_faces"] == ("ready", packaged_model("dlib_face_recognition_resnet_model_v1.dat"))
    assert found["dlib_landmarks"][0] == "ready"


AT_ONE_PLACE = {"osnet_ain_multi", "osnet_ain_multi_x0_5", "auraface_v1"}  # no other holds these very files: 041, 042


def test_registry_is_complete() -> None:
    models = DOWNLOADED + PACKAGED
    assert len({model.name for model in models}) == len({model.file for model in models}) == len(models)
    for model in models:
        assert re.fullmatch("[0-9a-f]{64}", model.sha256)
        assert all(url.startswith("https://") for url in model.urls)
        assert model.licence
        assert model.purpose
    for model in DOWNLOADED:
        assert model.url.endswith(f"/{model.file}")
        hosts = {urlsplit(url).netloc for url in model.urls}
        assert len(hosts) == len(model.urls)
        assert (len(hosts) > 1) == (model.name not in AT_ONE_PLACE), "one host down is not all"
        for url in model.urls:
            assert re.search("/[0-9a-f]{40}/|/releases/download/[^/]+/|[?&]id=", url), "pinned to one revision"


def test_packaged_files_are_found_without_importing_their_package() -> None:
    code = (
        "import sys; from kith.vision.model_files import packaged_model as p;"
        "print(p('shape_predictor_5_face_landmarks.dat'), 'face_recognition_models' in sys.modules)"
    )
    output = subprocess.check_output([sys.executable, "-c", code], cwd=Path(__file__).parents[1], text=True)
    path, imported = output.rsplit(maxsplit=1)
    assert Path(path).stat().st_size == 9_150_489
    assert imported == "False"


def test_packaged_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelMissing, match=r"none\.dat of the package face_recognition_models"):
        packaged_model("none.dat")


@pytest.mark.parametrize("model", PACKAGED, ids=lambda model: model.name)
def test_packaged_file_of_another_hash_is_refused_and_named(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: ModelFile
) -> None:
    """One wrong bit, which no parser finds."""
    content = bytearray(packaged_model(model.file).read_bytes())
    content[len(content) // 2] ^= 1
    package = tmp_path / "site" / "face_recognition_models"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "models" / model.file).write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "face_recognition_models", raising=False)
    with pytest.raises(ModelMissing, match=rf"{model.file} is damaged: install the package face_recognition_models"):
        packaged_model(model.file)
    found = next(entry for entry in status(settings) if entry.model == model)
    assert (found.state, found.path) == ("damaged", package / "models" / model.file)


def test_packaged_file_without_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sys, "path", [folder for folder in sys.path if not Path(folder, "face_recognition_models").exists()]
    )
    monkeypatch.delitem(sys.modules, "face_recognition_models", raising=False)
    with pytest.raises(ModelMissing, match="install that package again"):
        packaged_model("shape_predictor_5_face_landmarks.dat")
