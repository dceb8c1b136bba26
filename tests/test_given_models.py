"""Model files fetched by other means: taken by their hash, whatever they are called, and nothing else is."""

import hashlib
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kith.cli.main import cli
from kith.errors import ModelMissing
from kith.model_registry import DOWNLOADED, ModelFile
from kith.settings import Settings
from kith.vision import given_models
from kith.vision.download import download
from kith.vision.given_models import add_models, facts_of
from kith.vision.model_files import default_folder, find_model, registered
from tests.model_server import CONTENT, HALF, serving

OTHER = bytes(1000)


def _model(name: str, content: bytes) -> ModelFile:
    known = registered(name)
    return replace(known, size=len(content), sha256=hashlib.sha256(content).hexdigest())


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> list[ModelFile]:
    """Two models that Kith knows, of contents made for the test."""
    models = [_model("yolox_nano", CONTENT), _model("yunet_2026may", OTHER)]
    monkeypatch.setattr(given_models, "DOWNLOADED", tuple(models))
    return models


def _written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _add(*files: Path, folder: Path, as_json: bool = False) -> Result:
    arguments = [*map(str, files), *(["--json"] if as_json else [])]
    return CliRunner().invoke(cli, ["models", "add", *arguments, "--set", f"models_dir={folder}"])


def test_a_file_is_taken_by_its_hash_under_its_own_name(known: list[ModelFile], tmp_path: Path) -> None:
    given = _written(tmp_path / "download (3).bin", CONTENT)
    done = _add(given, folder=tmp_path / "models")
    target = tmp_path / "models/yolox_nano.onnx"
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"yolox_nano: {target}\n", "")
    assert target.read_bytes() == given.read_bytes() == CONTENT
    assert os.listdir(tmp_path / "models") == [target.name]


def test_several_files_and_folders_are_taken_at_once(known: list[ModelFile], tmp_path: Path) -> None:
    _written(tmp_path / "stick/a", CONTENT)
    _written(tmp_path / "stick/film.mp4", b"a film")
    _written(tmp_path / "stick/almost", bytes(reversed(CONTENT)))
    done = _add(tmp_path / "stick", _written(tmp_path / "b", OTHER), folder=tmp_path / "models", as_json=True)
    assert done.exit_code == 0
    added = {model.name: str(tmp_path / "models" / model.file) for model in known}
    assert json.loads(done.stdout) == {"added": added, "refused": []}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("page.html", r"page\.html is no model file that Kith knows: it has 6 bytes, SHA-256 [0-9a-f]{64}\."),
        ("almost", r"almost is no model file that Kith knows: it has 256,000 bytes, SHA-256 [0-9a-f]{64}\."),
        ("stick", r"stick holds no model file that Kith knows\."),
        ("absent", r"absent is not there, or no file\."),
    ],
)
def test_what_kith_does_not_know_is_refused_with_what_it_knows(
    known: list[ModelFile], tmp_path: Path, path: str, reason: str
) -> None:
    _written(tmp_path / "page.html", b"<html>")
    _written(tmp_path / "almost", bytes(reversed(CONTENT)))
    (tmp_path / "stick").mkdir()
    right = _written(tmp_path / "right", OTHER)
    done = _add(tmp_path / path, right, folder=tmp_path / "models")
    assert done.exit_code == 3
    assert done.stdout == f"yunet_2026may: {tmp_path / 'models' / registered('yunet_2026may').file}\n"
    refused, *lines = done.stderr.splitlines()
    assert re.search(reason, refused)
    assert lines == ["Kith knows these files:", *map(facts_of, known)]
    assert os.listdir(tmp_path / "models") == [registered("yunet_2026may").file]


@pytest.mark.parametrize("model", DOWNLOADED, ids=lambda model: model.name)
def test_what_is_told_of_a_file_is_all_one_needs_to_fetch_it(model: ModelFile) -> None:
    told = facts_of(model)
    assert f"{model.size / 1e6:.1f} MB" in told
    assert model.sha256 in told
    assert all(url in told for url in model.urls)


def test_a_damaged_file_is_replaced_and_a_whole_one_left(known: list[ModelFile], tmp_path: Path) -> None:
    target = _written(tmp_path / "models/yolox_nano.onnx", b"half")
    given = _written(tmp_path / "a", CONTENT)
    assert add_models([given], target.parent).added == {"yolox_nano": target}
    assert target.read_bytes() == CONTENT
    before = target.stat()
    assert add_models([given, target], target.parent).added == {"yolox_nano": target}
    assert target.stat() == before


def test_a_link_in_its_place_is_replaced_and_not_followed(known: list[ModelFile], tmp_path: Path) -> None:
    precious = _written(tmp_path / "precious", b"mine")
    (tmp_path / "models").mkdir()
    target = tmp_path / "models/yolox_nano.onnx"
    target.symlink_to(precious)
    add_models([_written(tmp_path / "a", CONTENT)], target.parent)
    assert target.read_bytes() == CONTENT
    assert not target.is_symlink()
    assert precious.read_bytes() == b"mine"


def test_a_folder_that_cannot_be_written_is_a_clear_message(known: list[ModelFile], tmp_path: Path) -> None:
    given = _written(tmp_path / "a", CONTENT)
    with pytest.raises(ModelMissing, match=r"could not be written to .*models_dir"):
        add_models([given], given / "models")


def test_what_came_of_its_download_goes(
    known: list[ModelFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def stop(done: int, _size: int) -> None:
        if done == HALF:
            raise KeyboardInterrupt

    with serving() as server, pytest.raises(KeyboardInterrupt):
        download(replace(known[0], url=server.model("/hanging").url, mirrors=()), tmp_path / "models", stop)
    assert os.listdir(tmp_path / "models") != []
    add_models([_written(tmp_path / "a", CONTENT)], tmp_path / "models")
    assert os.listdir(tmp_path / "models") == [known[0].file]


def test_a_real_file_is_found_afterwards(tmp_path: Path, shared: Path) -> None:
    settings = Settings.at(tmp_path, {"models_dir": "models"})
    yunet = registered("yunet_2026may")
    given = _written(tmp_path / "untitled", (shared / "models" / yunet.file).read_bytes())
    add_models([given], default_folder(settings))
    assert find_model(yunet.name, settings) == tmp_path / "models" / yunet.file
