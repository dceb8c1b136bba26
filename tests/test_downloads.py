"""Downloads: from a real server, resumed, from the next address where one fails, and never half there."""

import hashlib
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from kith.cli.main import cli
from kith.errors import ModelMissing
from kith.settings import Settings
from kith.vision.download import download
from kith.vision.download_attempt import Progress, attempt
from kith.vision.model_files import default_folder, find_model, registered
from tests.desk import REPOSITORY, outliving
from tests.model_server import CONTENT, HALF, PIECE, ModelServer, serving

FETCH = """
import sys
from pathlib import Path
from kith.model_registry import ModelFile
from kith.vision.download import download
name, url, size, sha256, folder = sys.argv[1:]
download(ModelFile(name, f"{name}.bin", url, int(size), sha256, "", "", ""), Path(folder))
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as server:
        yield server


def fetching(server: ModelServer, path: str, folder: Path) -> "subprocess.Popen[bytes]":
    """Fetch by a process of its own."""
    model = server.model(path)
    arguments = [model.name, model.url, str(model.size), model.sha256, str(folder)]
    return subprocess.Popen([sys.executable, "-c", FETCH, *arguments], cwd=REPOSITORY)


def drafts(folder: Path) -> list[Path]:
    """Return what was kept of downloads that did not end well; nothing else may be there."""
    found = [path for path in folder.iterdir() if path.suffix != ".lock"]
    assert all(path.name.startswith(".kith-download-") for path in found)
    return found


def interrupt_after(size: int) -> Progress:
    """Return what ends a download when so many bytes are there, as Ctrl-C and the window's Stop do."""

    def interrupt(done: int, _size: int) -> None:
        if done >= size:
            raise KeyboardInterrupt

    return interrupt


def test_download_puts_the_file_in_place_and_reports_progress(server: ModelServer, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    seen: list[bool] = []
    target = tmp_path / "new" / "folder" / "tiny.bin"

    def progress(done: int, total: int) -> None:
        heard.append((done, total))
        seen.append(target.exists())
        if done == HALF:
            server.go_on.set()

    assert download(server.model("/hanging"), target.parent, progress) == target
    assert target.read_bytes() == CONTENT
    assert os.listdir(target.parent) == ["tiny.bin"]
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    assert heard == sorted(heard)
    assert any(0 < done < len(CONTENT) for done, _ in heard)
    assert not any(seen), "the file appears only when it is whole"


def test_a_server_that_tells_no_length_will_do(server: ModelServer, tmp_path: Path) -> None:
    assert download(server.model("/unmeasured"), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("kept", [0, HALF, len(CONTENT)])
def test_a_size_that_is_told_rounded_will_do(server: ModelServer, tmp_path: Path, kept: int) -> None:
    model = replace(server.model("/ranged"), size=len(CONTENT) + 20_000)
    (tmp_path / f".kith-download-{model.sha256[:32]}").write_bytes(CONTENT[:kept])
    assert download(model, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/endless", f"it sends more than the {len(CONTENT)} bytes"),
        ("/swelling", f"it sends more than the {len(CONTENT)} bytes"),
        ("/longer", f"it gives {len(CONTENT) + 1} bytes where that file has {len(CONTENT)}"),
        ("/page", f"it gives 46 bytes where that file has {len(CONTENT)}"),
    ],
)
def test_no_more_is_taken_than_the_file_has(server: ModelServer, tmp_path: Path, path: str, reason: str) -> None:
    most = 0

    def progress(done: int, _size: int) -> None:
        nonlocal most
        most = max(most, done)

    with pytest.raises(ModelMissing, match=reason):
        download(server.model(path), tmp_path, progress)
    assert most <= len(CONTENT)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("path", ["/dripping", "/dripping_headers", "/silent"])
def test_a_download_ends_in_time_whatever_the_server_does(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("kith.vision.download_attempt.LEAST_S", 3)
    monkeypatch.setattr("kith.vision.download_attempt.SLOWEST", 1_000_000)
    with pytest.raises(ModelMissing, match="it is too slow: less than 1000 kB a second"):
        download(server.model(path), tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("path", ["/dripping", "/dripping_headers", "/silent"])
def test_a_download_that_hangs_can_be_stopped(server: ModelServer, tmp_path: Path, path: str) -> None:
    def stop(_done: int, _size: int) -> None:
        if server.asked:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(server.model(path), tmp_path, stop)
    assert os.listdir(tmp_path) == []
    assert not multiprocessing.active_children()


def test_the_process_that_fetches_ends_with_its_parent(server: ModelServer, tmp_path: Path) -> None:
    parent = fetching(server, "/dripping", tmp_path)
    while not server.asked:
        time.sleep(0.05)
    children = psutil.Process(parent.pid).children()
    assert children
    assert not outliving(parent, children)


def test_second_download_fetches_nothing(server: ModelServer, tmp_path: Path) -> None:
    download(server.model(), tmp_path)
    download(server.model(), tmp_path)
    assert server.asked == ["/model"]


def test_download_replaces_a_damaged_file(server: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "tiny.bin").write_bytes(b"damaged")
    assert download(server.model(), tmp_path).read_bytes() == CONTENT


def test_downloaded_file_may_be_read_like_any_other(server: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"")
    assert download(server.model(), tmp_path).stat().st_mode == (tmp_path / "other").stat().st_mode


def test_wrong_hash_is_refused_and_named(server: ModelServer, tmp_path: Path) -> None:
    model = replace(server.model(), sha256="0" * 64)
    with pytest.raises(ModelMissing) as error:
        download(model, tmp_path)
    for part in (model.url, "0" * 64, hashlib.sha256(CONTENT).hexdigest()):
        assert part in str(error.value)
    assert os.listdir(tmp_path) == []


def test_wrong_hash_leaves_the_old_file_alone(server: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "tiny.bin").write_bytes(b"old")
    with pytest.raises(ModelMissing):
        download(replace(server.model(), sha256="0" * 64), tmp_path)
    assert (tmp_path / "tiny.bin").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("path", "reason", "kept"),
    [
        ("/absent", "404", 0),
        ("/truncated", "IncompleteRead", 4 * PIECE),
        ("/unmeasured_truncated", f"it ended after 70000 of {len(CONTENT)} bytes", 70_000),
    ],
)
def test_failed_download_says_from_where_why_and_what_to_do(
    server: ModelServer, tmp_path: Path, path: str, reason: str, kept: int
) -> None:
    with pytest.raises(ModelMissing) as error:
        download(server.model(path), tmp_path)
    for part in (server.model(path).url, reason, "kith models add FILE", str(tmp_path)):
        assert part in str(error.value)
    assert [path.stat().st_size for path in drafts(tmp_path)] == ([kept] if kept else [])


def test_no_network_is_a_clear_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    urls = [f"http://127.0.0.1:{port}/x", f"http://127.0.0.1:{port}/y"]
    model = replace(registered("yunet_2026may"), url=urls[0], mirrors=(urls[1],))
    with pytest.raises(ModelMissing, match=re.escape(f"from {urls[0]} (")) as error:
        download(model, tmp_path)
    assert f"nor from {urls[1]} (" in str(error.value)
    assert "HTTPConnectionPool" not in str(error.value)
    assert os.listdir(tmp_path) == []


def test_folder_that_cannot_be_written_is_a_clear_message(server: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelMissing, match=r"could not be written to .*models_dir"):
        download(server.model(), tmp_path / "file" / "models")
    assert server.asked == []


def test_download_says_nothing_by_itself(
    server: ModelServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    download(server.model(), tmp_path)
    assert capfd.readouterr() == ("", "")


def test_downloaded_model_is_found(server: ModelServer, tmp_path: Path, shared: Path) -> None:
    settings = Settings.at(tmp_path, {"models_dir": "models"})
    yunet = registered("yunet_2026may")
    server.content = (shared / "models" / yunet.file).read_bytes()
    assert find_model("yunet_2026may", settings) is None
    path = download(replace(yunet, url=server.model().url), default_folder(settings))
    assert find_model("yunet_2026may", settings) == path


# Going on


def test_a_connection_that_breaks_is_gone_on_with(server: ModelServer, tmp_path: Path) -> None:
    assert download(server.model("/cut"), tmp_path).read_bytes() == CONTENT
    assert server.asked == ["/cut", f"/cut bytes={6 * PIECE}-", f"/cut bytes={12 * PIECE}-"]
    assert os.listdir(tmp_path) == ["tiny.bin"]


@pytest.mark.parametrize("path", ["/ranged", "/model"])
def test_an_interrupted_download_goes_on_where_it_was_or_begins_anew(
    server: ModelServer, tmp_path: Path, path: str
) -> None:
    with pytest.raises(KeyboardInterrupt):
        download(server.model("/hanging"), tmp_path, interrupt_after(HALF))
    (draft,) = drafts(tmp_path)
    assert draft.read_bytes() == CONTENT[:HALF]
    heard: list[int] = []
    assert download(server.model(path), tmp_path, lambda done, _size: heard.append(done)).read_bytes() == CONTENT
    assert heard[0] == HALF, "what is there already is told at once"
    assert server.asked == ["/hanging", f"{path} bytes={HALF}-"]
    assert os.listdir(tmp_path) == ["tiny.bin"]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_download_is_gone_on_with_and_never_taken_for_whole(server: ModelServer, tmp_path: Path) -> None:
    process = fetching(server, "/hanging", tmp_path)
    while not any(draft.stat().st_size == HALF for draft in drafts(tmp_path)):
        time.sleep(0.02)
    children = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGKILL)
    process.wait()
    psutil.wait_procs(children, timeout=30)
    assert not (tmp_path / "tiny.bin").exists()
    assert download(server.model("/ranged"), tmp_path).read_bytes() == CONTENT
    assert server.asked == ["/hanging", f"/ranged bytes={HALF}-"]
    assert os.listdir(tmp_path) == ["tiny.bin"]


def test_a_whole_file_that_only_lacked_its_name_is_asked_of_nobody(server: ModelServer, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        download(server.model("/hanging"), tmp_path, interrupt_after(HALF))
    (draft,) = drafts(tmp_path)
    draft.write_bytes(CONTENT)
    server.asked.clear()
    assert download(server.model(), tmp_path).read_bytes() == CONTENT
    assert server.asked == []


def test_what_was_kept_and_is_wrong_is_fetched_anew(server: ModelServer, tmp_path: Path) -> None:
    """A disk that went bad, or a first address that gave something else."""
    with pytest.raises(KeyboardInterrupt):
        download(server.model("/hanging"), tmp_path, interrupt_after(HALF))
    (draft,) = drafts(tmp_path)
    draft.write_bytes(CONTENT[::-1][:1000])
    assert download(server.model("/ranged"), tmp_path).read_bytes() == CONTENT
    assert server.asked == ["/hanging", "/ranged bytes=1000-", "/ranged"]


def test_what_nobody_went_on_with_for_a_week_goes(server: ModelServer, tmp_path: Path) -> None:
    old, new = tmp_path / ".kith-download-0", tmp_path / ".kith-download-1"
    others = tmp_path / ".of-somebody-else"
    for path in (old, new, others):
        path.write_bytes(CONTENT[:HALF])
    for path in (old, others):
        os.utime(path, (0, 0))
    download(server.model(), tmp_path)
    assert sorted(os.listdir(tmp_path)) == [new.name, others.name, "tiny.bin"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_nothing_is_written_through_a_link(server: ModelServer, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        download(server.model("/hanging"), tmp_path / "models", interrupt_after(HALF))
    (draft,) = drafts(tmp_path / "models")
    draft.unlink()
    (tmp_path / "precious").write_bytes(b"mine")
    draft.symlink_to(tmp_path / "precious")
    with pytest.raises(ModelMissing, match="could not be written"):
        download(server.model(), tmp_path / "models")
    assert (tmp_path / "precious").read_bytes() == b"mine"


# Further addresses


@pytest.mark.parametrize("path", ["/absent", "/other", "/page", "/truncated", "/endless"])
def test_where_one_address_fails_the_next_is_asked(server: ModelServer, tmp_path: Path, path: str) -> None:
    assert download(server.model(path, "/ranged"), tmp_path).read_bytes() == CONTENT
    assert [asked.partition(" ")[0] for asked in server.asked][-1] == "/ranged"
    assert os.listdir(tmp_path) == ["tiny.bin"]


def test_the_next_address_goes_on_with_what_the_first_gave(server: ModelServer, tmp_path: Path) -> None:
    assert download(server.model("/truncated", "/ranged"), tmp_path).read_bytes() == CONTENT
    assert server.asked[-1] == f"/ranged bytes={4 * PIECE}-"


def test_an_address_that_drips_is_left_for_the_next(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time runs only while the server holds the line: a process that begins may need long."""

    def impatient(url: str, draft: Path, size: int, _progress: Progress, until: float) -> str:
        asked = len(server.asked)

        def wait(_done: int, _size: int) -> None:
            is_held = len(server.asked) > asked and not url.endswith("/model")
            monkeypatch.setattr("kith.vision.download_attempt.STALLED_S", 0.0 if is_held else 600.0)

        return attempt(url, draft, size, wait, until)

    monkeypatch.setattr("kith.vision.download.attempt", impatient)
    model = server.model("/dripping", "/silent", "/model")
    assert download(model, tmp_path).read_bytes() == CONTENT
    assert server.asked == ["/dripping", "/silent", "/model"]


def test_each_address_is_named_with_its_reason(server: ModelServer, tmp_path: Path) -> None:
    model = server.model("/absent", "/other")
    with pytest.raises(ModelMissing) as error:
        download(model, tmp_path)
    first, second = str(error.value).split(", nor from ")
    assert model.url in first
    assert "404" in first
    assert model.mirrors[0] in second
    assert "gave another file" in second


# Other circumstances


def test_two_who_fetch_the_same_file_fetch_it_once(server: ModelServer, tmp_path: Path) -> None:
    waiting: list[int] = []
    with ThreadPoolExecutor(1) as first:
        fetched = first.submit(download, server.model("/hanging"), tmp_path)
        while not server.asked:
            time.sleep(0.02)

        def let_go_on(done: int, _size: int) -> None:
            waiting.append(done)
            if done == HALF:
                server.go_on.set()

        assert download(server.model("/model"), tmp_path, let_go_on).read_bytes() == CONTENT
        assert fetched.result().read_bytes() == CONTENT
    assert HALF in waiting, "who waits is told how far the other one is"
    assert server.asked == ["/hanging", f"/hanging bytes={HALF}-"]
    assert os.listdir(tmp_path) == ["tiny.bin"]


def test_two_processes_that_fetch_the_same_file_fetch_it_once(server: ModelServer, tmp_path: Path) -> None:
    processes = [fetching(server, "/slow", tmp_path) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert server.asked == ["/slow"]
    assert os.listdir(tmp_path) == ["tiny.bin"]


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of this kind there")
def test_a_full_disk_is_told_and_no_further_address_asked(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import resource

    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (HALF, limit[1]))
    try:
        with pytest.raises(ModelMissing, match=r"could not be written to .*File too large.*make room there"):
            download(server.model("/model", "/ranged"), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert server.asked == ["/model"]
    assert download(server.model("/ranged"), tmp_path).read_bytes() == CONTENT
    assert server.asked[1:] == [f"/ranged bytes={HALF}-"]


@pytest.fixture
def proxied(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> ModelServer:
    """The server, as the proxy that the environment names for all hosts."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, server.address)
    return server


def test_a_proxy_of_the_environment_is_asked(proxied: ModelServer, tmp_path: Path) -> None:
    model = replace(proxied.model(), url="http://models.invalid/cut")
    assert download(model, tmp_path).read_bytes() == CONTENT
    assert proxied.asked[:2] == ["http://models.invalid/cut", f"http://models.invalid/cut bytes={6 * PIECE}-"]


def test_a_proxy_is_asked_for_a_tunnel_where_the_address_is_https(proxied: ModelServer, tmp_path: Path) -> None:
    model = replace(proxied.model(), url="https://models.invalid/model")
    with pytest.raises(ModelMissing, match="403"):
        download(model, tmp_path)
    assert proxied.asked == ["CONNECT models.invalid:443"]


def test_hosts_that_no_proxy_names_are_asked_directly(
    proxied: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the discard port
    assert download(proxied.model(), tmp_path).read_bytes() == CONTENT
    assert proxied.asked == ["/model"]


def test_the_terminal_shows_speed_and_time_left(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kith.vision.model_files.DOWNLOADED", [server.model("/slow")])
    monkeypatch.setenv("FORCE_COLOR", "1")  # what makes any stream a terminal to rich
    monkeypatch.setenv("COLUMNS", "120")
    done = CliRunner().invoke(cli, ["models", "download", "tiny", "--set", f"models_dir={tmp_path}"])
    assert (done.exit_code, done.stdout) == (0, f"tiny: {tmp_path / 'tiny.bin'}\n")
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", done.stderr)
    assert re.search(r"tiny\.bin .*256\.0 kB .*[kM]B/s 0:00:0\d", shown)
