"""Model files: found by their hash, fetched from a real server, and never half there."""

import gzip
import hashlib
import multiprocessing
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from kith.errors import ModelMissing
from kith.model_registry import DOWNLOADED, PACKAGED, ModelFile
from kith.settings import Settings, user_folder
from kith.vision.download import download
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

CONTENT = bytes(range(256)) * 1000
YUNET = registered("yunet_2026may")


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT in the way that the path names, and writes down what was asked."""

    server: "Server"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        with suppress(ConnectionError):  # who has enough leaves
            getattr(self, f"_{self.path[1:]}")()

    def _absent(self) -> None:
        self.send_error(404)

    def _model(self) -> None:
        self._begin(Content_Length=len(CONTENT))
        self.wfile.write(CONTENT)

    def _slow(self) -> None:
        self._begin(Content_Length=len(CONTENT))
        for start in range(0, len(CONTENT), len(CONTENT) // 5):
            self.wfile.write(CONTENT[start : start + len(CONTENT) // 5])
            time.sleep(0.3)

    def _unmeasured(self) -> None:
        self._begin()
        self.wfile.write(CONTENT)

    def _truncated(self) -> None:
        self._begin(Content_Length=len(CONTENT))
        self.wfile.write(CONTENT[:70_000])

    def _endless(self) -> None:
        self._begin()
        while True:
            self.wfile.write(CONTENT)

    def _longer_than_it_says(self) -> None:
        self._begin(Content_Length=len(CONTENT) + 1)
        self.wfile.write(CONTENT + b".")

    def _swelling(self) -> None:
        """A little that unpacks to a lot."""
        self._begin(Content_Encoding="gzip")
        self.wfile.write(gzip.compress(bytes(50_000_000)))

    def _dripping(self) -> None:
        self._begin(Content_Length=len(CONTENT))
        self._drip(b".")

    def _dripping_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        self._drip(b".")

    def _silent(self) -> None:
        self.rfile.read(1)

    def _begin(self, **headers: object) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def _drip(self, drop: bytes) -> None:
        while True:
            self.wfile.write(drop)
            time.sleep(0.05)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Remembers the paths asked for; its threads end with it."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []

    def model(self, path: str = "/model") -> ModelFile:
        return ModelFile(
            name="tiny",
            file="tiny.bin",
            url=f"http://127.0.0.1:{self.server_port}{path}",
            size=len(CONTENT),
            sha256=hashlib.sha256(CONTENT).hexdigest(),
            licence="MIT",
            purpose="is fetched",
            without="nothing is lost",
        )


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


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
    with pytest.raises(ModelMissing, match=r"no model called osnet_x9.*yunet_2026may, osnet_ain_x1_0, osnet_x0_25"):
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

    assert missing() == {"yunet_2026may", "osnet_ain_x1_0", "yolox_nano"}
    assert missing(person_detector="yolox_s", reid_weights="own.pth") == {"yunet_2026may", "yolox_s"}
    place(yunet, default_folder(settings))
    put_model(settings, registered("yolox_nano"), b"somebody else's export")
    assert missing() == {"osnet_ain_x1_0", "yolox_nano"}
    assert missing(person_detector="off") == missing(person_detector="own.onnx") == {"osnet_ain_x1_0"}


def test_status_says_ready_damaged_and_missing(settings: Settings, tmp_path: Path, yunet: Path) -> None:
    ready = place(yunet, tmp_path / "models")
    damaged = tmp_path / "models" / registered("osnet_x0_25").file
    damaged.write_bytes(b"half")
    found = {entry.model.name: (entry.state, entry.path) for entry in status(settings)}
    assert found["yunet_2026may"] == ("ready", ready)
    assert found["osnet_x0_25"] == ("damaged", damaged)
    assert found["osnet_ain_x1_0"] == ("missing", None)
    assert found["dlib_faces"] == ("ready", packaged_model("dlib_face_recognition_resnet_model_v1.dat"))
    assert found["dlib_landmarks"][0] == "ready"


def test_registry_is_complete() -> None:
    models = DOWNLOADED + PACKAGED
    assert len({model.name for model in models}) == len({model.file for model in models}) == 7
    for model in models:
        assert re.fullmatch("[0-9a-f]{64}", model.sha256)
        assert model.url.startswith("https://")
        assert model.licence
        assert model.purpose
    for model in DOWNLOADED:
        assert model.url.endswith(f"/{model.file}")
        assert re.search("/[0-9a-f]{40}/|/releases/download/[^/]+/", model.url), "a download is pinned to one revision"


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


def test_download_puts_the_file_in_place_and_reports_progress(server: Server, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    seen: list[bool] = []
    target = tmp_path / "new" / "folder" / "tiny.bin"

    def progress(done: int, total: int) -> None:
        heard.append((done, total))
        seen.append(target.exists())

    assert download(server.model("/slow"), target.parent, progress) == target
    assert target.read_bytes() == CONTENT
    assert os.listdir(target.parent) == ["tiny.bin"]
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    assert heard == sorted(heard)
    assert any(0 < done < len(CONTENT) for done, _ in heard)
    assert not any(seen), "the file appears only when it is whole"


def test_a_server_that_tells_no_length_will_do(server: Server, tmp_path: Path) -> None:
    assert download(server.model("/unmeasured"), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("path", ["/endless", "/longer_than_it_says", "/swelling"])
def test_no_more_is_taken_than_the_file_has(server: Server, tmp_path: Path, path: str) -> None:
    most = 0

    def progress(done: int, _size: int) -> None:
        nonlocal most
        most = max(most, done)

    with pytest.raises(ModelMissing, match=f"it sends more than the {len(CONTENT)} bytes"):
        download(server.model(path), tmp_path, progress)
    assert most <= len(CONTENT)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("path", ["/dripping", "/dripping_headers", "/silent"])
def test_a_download_ends_in_time_whatever_the_server_does(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("kith.vision.download.LONGEST_S", 3)
    with pytest.raises(ModelMissing, match="it was not there after"):
        download(server.model(path), tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("path", ["/dripping", "/dripping_headers", "/silent"])
def test_a_download_that_hangs_can_be_stopped(server: Server, tmp_path: Path, path: str) -> None:
    def stop(_done: int, _size: int) -> None:
        if server.asked:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(server.model(path), tmp_path, stop)
    assert os.listdir(tmp_path) == []
    assert not multiprocessing.active_children()


def test_the_process_that_fetches_ends_with_its_parent(server: Server, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from kith.model_registry import ModelFile\nfrom kith.vision.download import download\n"
        "download(ModelFile('tiny', 'tiny.bin', sys.argv[1], 256_000, '', '', '', ''), Path(sys.argv[2]))\n"
    )
    url = server.model("/dripping").url
    parent = subprocess.Popen([sys.executable, "-c", code, url, str(tmp_path)], cwd=Path(__file__).parents[1])
    while not server.asked:
        time.sleep(0.05)
    children = psutil.Process(parent.pid).children()
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(children, timeout=30)
    for child in alive:
        child.kill()
    assert children
    assert not alive


def test_second_download_fetches_nothing(server: Server, tmp_path: Path) -> None:
    download(server.model(), tmp_path)
    download(server.model(), tmp_path)
    assert server.asked == ["/model"]


def test_download_replaces_a_damaged_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny.bin").write_bytes(b"damaged")
    assert download(server.model(), tmp_path).read_bytes() == CONTENT


def test_downloaded_file_may_be_read_like_any_other(server: Server, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"")
    assert download(server.model(), tmp_path).stat().st_mode == (tmp_path / "other").stat().st_mode


def test_wrong_hash_is_refused_and_named(server: Server, tmp_path: Path) -> None:
    model = replace(server.model(), sha256="0" * 64)
    with pytest.raises(ModelMissing) as error:
        download(model, tmp_path)
    for part in (model.url, "0" * 64, hashlib.sha256(CONTENT).hexdigest()):
        assert part in str(error.value)
    assert os.listdir(tmp_path) == []


def test_wrong_hash_leaves_the_old_file_alone(server: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny.bin").write_bytes(b"old")
    with pytest.raises(ModelMissing):
        download(replace(server.model(), sha256="0" * 64), tmp_path)
    assert (tmp_path / "tiny.bin").read_bytes() == b"old"


@pytest.mark.parametrize(("path", "reason"), [("/absent", "404"), ("/truncated", "IncompleteRead")])
def test_failed_download_says_from_where_why_and_what_to_do(
    server: Server, tmp_path: Path, path: str, reason: str
) -> None:
    with pytest.raises(ModelMissing) as error:
        download(server.model(path), tmp_path)
    for part in (server.model(path).url, reason, str(tmp_path)):
        assert part in str(error.value)
    assert os.listdir(tmp_path) == []


def test_no_network_is_a_clear_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    model = replace(YUNET, url=f"http://127.0.0.1:{port}/x")
    with pytest.raises(ModelMissing, match=re.escape(f"http://127.0.0.1:{port}/x (")) as error:
        download(model, tmp_path)
    assert "HTTPConnectionPool" not in str(error.value)
    assert os.listdir(tmp_path) == []


def test_interrupted_download_leaves_nothing_behind(server: Server, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(server.model(), tmp_path, interrupt)
    assert os.listdir(tmp_path) == []


def test_folder_that_cannot_be_written_is_a_clear_message(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelMissing, match=r"could not be written to .*models_dir"):
        download(server.model(), tmp_path / "file" / "models")
    assert server.asked == []


def test_download_says_nothing_by_itself(server: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    download(server.model(), tmp_path)
    assert capfd.readouterr() == ("", "")


def test_downloaded_model_is_found(
    server: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch, yunet: Path
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "CONTENT", yunet.read_bytes())
    model = replace(YUNET, url=server.model().url)
    assert find_model("yunet_2026may", settings) is None
    path = download(model, default_folder(settings))
    assert find_model("yunet_2026may", settings) == path
