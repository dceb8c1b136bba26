"""The set-up scripts: what they decide and say, and a second start from beginning to end. No network is used."""

import ast
import hashlib
import importlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import tomllib
import venv
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[1]
SCRIPTS = REPOSITORY / "scripts"
LOCKS = ("requirements.lock", "requirements-test.lock")
posix = pytest.mark.skipif(os.name != "posix", reason="how POSIX systems start and stop programs")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(SCRIPTS)
    return importlib.import_module("environment")


@pytest.fixture
def machine(environment: ModuleType) -> ModuleType:
    return importlib.import_module("machine")


@pytest.fixture
def qt_libraries(environment: ModuleType) -> ModuleType:
    return importlib.import_module("qt_libraries")


@pytest.fixture
def checkout(tmp_path: Path, environment: ModuleType) -> Path:
    """A copy of what the set-up reads, with a finished environment that holds a program named kith."""
    root = tmp_path.resolve() / "my checkout"
    shutil.copytree(SCRIPTS, root / "scripts")
    for name in (*LOCKS, "pyproject.toml"):
        shutil.copy(REPOSITORY / name, root)
    venv.create(root / ".venv", symlinks=os.name == "posix", with_pip=False)
    environment.write_stamp(root / ".venv", {**environment.wanted_stamp(root, with_tests=False), "torch": "cpu"})
    return root


def put_program(checkout: Path, code: str) -> None:
    base = str(checkout / ".venv")
    package = Path(sysconfig.get_path("purelib", "venv", vars={"base": base, "platbase": base})) / "kith"
    package.mkdir()
    (package / "__main__.py").write_text(code, encoding="utf-8")


def pins(lock: str) -> dict[str, str]:
    lines = (REPOSITORY / lock).read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ")[0].split("==") for line in lines if "==" in line and not line.startswith("#"))


# What the scripts are


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")), ids=lambda script: script.name)
def test_scripts_parse_on_pythons_too_old_for_kith(script: Path) -> None:
    ast.parse(script.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_lock_pins_every_dependency_and_nothing_that_must_not_come(environment: ModuleType) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    program = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["reference"]
    groups = project["dependency-groups"].values()
    tools = [requirement for group in groups for requirement in group if isinstance(requirement, str)]
    for lock, wanted in zip(LOCKS, (program, tools), strict=True):
        for requirement in map(Requirement, wanted):
            assert requirement.specifier.contains(pins(lock)[canonicalize_name(requirement.name)]), requirement
    everything = set(pins("requirements.lock")) | set(pins("requirements-test.lock"))
    assert not [name for name in everything if re.match(r"dlib$|torchvision$|nvidia|cuda|triton", name)]


def test_the_two_locks_agree() -> None:
    program, tests = pins("requirements.lock"), pins("requirements-test.lock")
    both = set(program) & set(tests)
    assert both
    assert {name: program[name] for name in both} == {name: tests[name] for name in both}


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_says_how_it_is_remade_and_names_no_address(lock: str) -> None:
    text = (REPOSITORY / lock).read_text(encoding="utf-8")
    assert re.search(r"^#\s+uv pip compile --universal .*" + re.escape(lock), text, re.MULTILINE)
    assert "://" not in text


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_known_by_its_hashes(environment: ModuleType, lock: str) -> None:
    locked = importlib.import_module("lock").pins(REPOSITORY / lock)
    assert set(locked) == set(pins(lock))
    assert [name for name, pin in locked.items() if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", pin.lines)] == []


def test_a_package_that_is_not_the_locked_one_is_not_installed(environment: ModuleType, tmp_path: Path) -> None:
    wheel = tmp_path / "kith_proof-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as package:
        package.writestr("kith_proof-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: kith-proof\nVersion: 1.0\n")
        package.writestr(
            "kith_proof-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        package.writestr("kith_proof-1.0.dist-info/RECORD", "")
    lock, target = tmp_path / "proof.lock", tmp_path / "target"
    command = ("install", "--no-index", "--find-links", str(tmp_path), "--target", str(target))
    pin = "kith-proof==1.0 --hash=sha256:{}\n"
    lock.write_text(pin.format(hashlib.sha256(b"another").hexdigest()), encoding="utf-8")
    with pytest.raises(environment.SetupError, match="not the file that Kith's lock names"):
        environment.pip(Path(sys.executable), *command, *environment.BY_HASH, str(lock))
    lock.write_text(pin.format(hashlib.sha256(wheel.read_bytes()).hexdigest()), encoding="utf-8")
    environment.pip(Path(sys.executable), *command, *environment.BY_HASH, str(lock))
    assert [folder.name for folder in target.iterdir()] == ["kith_proof-1.0.dist-info"]


# Can Kith run here?


@pytest.mark.parametrize(
    ("python", "bits", "system", "processor", "release"),
    [
        ((3, 11), 64, "Linux", "x86_64", (2, 34)),
        ((3, 12), 64, "Linux", "aarch64", (2, 41)),
        ((3, 13), 64, "Darwin", "arm64", (14,)),
        ((3, 13), 64, "Darwin", "arm64", (26, 1)),
        ((3, 12), 64, "Windows", "x86_64", ()),
    ],
)
def test_supported_machines(
    machine: ModuleType, python: Any, bits: Any, system: Any, processor: Any, release: Any
) -> None:
    assert machine.unsupported(machine.Machine(python, bits, system, processor, release)) is None


@pytest.mark.parametrize(
    ("python", "bits", "system", "processor", "release", "words"),
    [
        ((3, 10), 64, "Linux", "x86_64", (2, 36), ["Python 3.11, 3.12 or 3.13", "Python 3.10", "package manager"]),
        ((3, 14), 64, "Windows", "x86_64", (), ["this is Python 3.14", "py -3.13 scripts\\run.py"]),
        ((3, 11), 32, "Windows", "x86", (), ["32-bit", "Install a 64-bit Python"]),
        ((3, 11), 64, "Darwin", "x86_64", (15, 1), ["Apple silicon", "Intel"]),
        ((3, 11), 64, "Darwin", "arm64", (13, 6), ["macOS 14", "macOS 13.6", "Update"]),
        ((3, 11), 64, "Linux", "riscv64", (2, 39), ["riscv64"]),
        ((3, 11), 64, "Linux", "x86_64", (2, 31), ["glibc 2.34", "2.31"]),
        ((3, 11), 64, "Linux", "x86_64", (), ["another C library"]),
        ((3, 11), 64, "Linux", "aarch64", (2, 36), ["glibc 2.39"]),
        ((3, 11), 64, "Windows", "arm64", (), ["x86-64"]),
        ((3, 11), 64, "FreeBSD", "x86_64", (), ["FreeBSD"]),
    ],
)
def test_unsupported_machines_are_told_why(
    machine: ModuleType, python: Any, bits: Any, system: Any, processor: Any, release: Any, words: list[str]
) -> None:
    message = machine.unsupported(machine.Machine(python, bits, system, processor, release))
    assert [word for word in words if word not in message] == []


def test_a_supported_python_that_is_there_is_named(machine: ModuleType) -> None:
    old = machine.Machine((3, 9), 64, "Linux", "x86_64", (2, 36))
    message = machine.unsupported(old, ["python3.13", "python3.11"])
    assert "python3.13 and python3.11" in message
    assert "python3.13 scripts/run.py" in message


@posix
def test_only_pythons_that_start_are_named(
    machine: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, code in (("python3.12", 0), ("python3.13", 1)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.other_pythons() == ["python3.12"]


def test_the_machine_that_runs_the_tests_is_supported(machine: ModuleType) -> None:
    assert machine.unsupported(machine.this_machine()) is None
    assert machine.missing_venv() is None


# The stamp


def test_stamp_survives_and_a_damaged_one_counts_as_none(environment: ModuleType, tmp_path: Path) -> None:
    assert environment.read_stamp(tmp_path) == {}
    environment.write_stamp(tmp_path, {"folder": "ä b"})
    assert environment.read_stamp(tmp_path) == {"folder": "ä b"}
    for damaged in ("{", "[1]", ""):
        (tmp_path / "kith-stamp.json").write_text(damaged)
        assert environment.read_stamp(tmp_path) == {}


@pytest.mark.parametrize("file", [*LOCKS, "pyproject.toml"])
def test_a_changed_file_is_noticed_by_whom_it_concerns(environment: ModuleType, checkout: Path, file: str) -> None:
    run, test = (environment.wanted_stamp(checkout, with_tests=with_tests) for with_tests in (False, True))
    finished = {**test, "torch": "cpu"}
    assert environment.is_current(finished, run, None)
    assert environment.is_current(finished, test, None)
    with (checkout / file).open("a") as changed:
        changed.write("\n")
    assert not environment.is_current(finished, environment.wanted_stamp(checkout, with_tests=True), None)
    now = environment.wanted_stamp(checkout, with_tests=False)
    assert environment.is_current(finished, now, None) == (file == "requirements-test.lock")


def test_stamp_lacks_what_was_not_installed(environment: ModuleType, checkout: Path) -> None:
    stamp = environment.read_stamp(checkout / ".venv")
    wanted = environment.wanted_stamp(checkout, with_tests=False)
    assert [environment.is_current(stamp, wanted, torch) for torch in (None, "cpu", "cuda")] == [True, True, False]
    assert not environment.is_current(stamp, environment.wanted_stamp(checkout, with_tests=True), None)


def test_environments_that_cannot_be_gone_on_with(environment: ModuleType, checkout: Path) -> None:
    wanted = environment.wanted_stamp(checkout, with_tests=False)
    made = checkout / ".venv"
    assert "moved" in environment.useless(made, {**wanted, "folder": "/elsewhere"})
    assert "made with Python" in environment.useless(made, {**wanted, "python": "3.99"})
    assert "broken" in environment.useless(made, wanted), "it has no pip"
    whole = Path(sys.prefix)
    assert environment.useless(whole, {**wanted, "folder": str(whole.parent)}) is None


# PyTorch


@pytest.mark.parametrize(
    ("system", "choice", "installed", "nvidia", "build"),
    [
        ("Linux", None, None, False, "cpu"),
        ("Linux", None, None, True, "cuda"),
        ("Linux", "cpu", None, True, "cpu"),
        ("Linux", "cuda", "cpu", False, "cuda"),
        ("Linux", None, "cpu", True, "cpu"),
        ("Windows", None, None, True, "cpu"),
        ("Darwin", None, None, False, "cpu"),
    ],
)
def test_build_of_torch(
    environment: ModuleType, system: str, choice: str | None, installed: str | None, nvidia: bool, build: str
) -> None:
    assert environment.chosen_torch(system, choice, installed, lambda: nvidia) == build


def test_own_indexes_only_where_the_usual_one_has_another_build(environment: ModuleType) -> None:
    assert environment.torch_index("Linux", "cpu") == "https://download.pytorch.org/whl/cpu"
    assert environment.torch_index("Windows", "cuda").startswith("https://download.pytorch.org/whl/cu")
    others = [("Linux", "cuda"), ("Windows", "cpu"), ("Darwin", "cpu")]
    assert {environment.torch_index(system, build) for system, build in others} == {None}


def test_torch_is_installed_at_the_locked_version(environment: ModuleType, tmp_path: Path) -> None:
    lock = REPOSITORY / "requirements.lock"
    pin = f"torch=={pins('requirements.lock')['torch']}"
    own = environment.torch_arguments(tmp_path, lock, "https://index.example")
    assert own == [pin, "--no-deps", "--index-url", "https://index.example"]
    *usual, constraints = environment.torch_arguments(tmp_path, lock, None)
    assert usual == [pin, "--constraint"]
    versions = Path(constraints).read_text(encoding="utf-8").splitlines()
    assert versions == [f"{name}=={version}" for name, version in pins("requirements.lock").items()]


@pytest.mark.parametrize(("system", "exceptions"), [("Darwin", 0), ("Windows", 0), ("Linux", 1)])
def test_all_comes_by_hash_but_a_build_of_torch_that_is_not_the_usual_one(
    environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, exceptions: int
) -> None:
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(environment, "pip", lambda _python, *arguments: calls.append(arguments))
    monkeypatch.setattr(environment, "reachable", lambda _index: True)
    monkeypatch.setattr("platform.system", lambda: system)
    environment.install_locked(tmp_path, REPOSITORY / "requirements.lock", "cpu")
    by_hash = ["--require-hashes" in arguments for arguments in calls]
    assert (by_hash.count(True), by_hash.count(False)) == (2, exceptions)
    assert all("torch" in arguments[1] for arguments in calls if "--require-hashes" not in arguments)


class _Index(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/whl/cpu/torch/" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_reachable_means_that_the_index_answers_for_torch(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with HTTPServer(("127.0.0.1", 0), _Index) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        answering = threading.Thread(target=server.serve_forever, args=(0.01,))
        answering.start()
        try:
            assert environment.reachable(f"{address}/whl/cpu")
            assert not environment.reachable(f"{address}/whl/none")
        finally:
            server.shutdown()
            answering.join()
    assert not environment.reachable(f"{address}/whl/cpu")


@pytest.mark.parametrize(
    ("typed", "torch", "rest"),
    [
        ([], None, []),
        (["--torch", "cuda"], "cuda", []),
        (["--torch=cpu", "build-kb", "--json"], "cpu", ["build-kb", "--json"]),
        (["recognize", "--torch", "cpu"], None, ["recognize", "--torch", "cpu"]),
        (["--torchy", "cpu"], None, ["--torchy", "cpu"]),
    ],
)
def test_own_arguments(environment: ModuleType, typed: list[str], torch: str | None, rest: list[str]) -> None:
    assert environment.own_arguments(typed) == (torch, rest)


@pytest.mark.parametrize("typed", [["--torch"], ["--torch="], ["--torch", "rocm"], ["--torch", "build-kb"]])
def test_wrong_choice_of_torch(environment: ModuleType, typed: list[str]) -> None:
    with pytest.raises(environment.SetupError, match="cpu or cuda"):
        environment.own_arguments(typed)


# What goes wrong while installing


@pytest.mark.parametrize(
    ("output", "remedy"),
    [
        ("ERROR: [Errno 28] No space left on device", "disk is full"),
        ("WARNING: Retrying after connection broken by 'NewConnectionError'", "cannot be reached"),
        ("Temporary failure in name resolution\nERROR: No matching distribution found for x", "cannot be reached"),
        ("SSLError(SSLCertVerificationError(1, 'CERTIFICATE_VERIFY_FAILED'))", "trusted"),
        ("ERROR: No matching distribution found for torch==2.13.0", "no file of this package"),
        ("[WinError 5] Access is denied: 'cv2.pyd'", "close other programs"),
        ("Segmentation fault", "delete the folder .venv"),
    ],
)
def test_advice_fits_what_pip_printed(environment: ModuleType, output: str, remedy: str) -> None:
    assert remedy in environment.advice(output)


def test_a_failed_command_shows_its_last_lines_and_what_to_do(environment: ModuleType) -> None:
    code = "import sys; print(*range(40), sep='\\n'); sys.exit('No space left on device')"
    with pytest.raises(environment.SetupError) as error:
        environment.run([sys.executable, "-c", code], "The packages cannot be installed.")
    lines = str(error.value).splitlines()
    assert "0" not in lines
    assert "39" in lines
    assert lines[-2:] == ["The packages cannot be installed.", "The disk is full: make room and start again."]


def test_a_full_disk_is_told_before_anything_is_installed(
    environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(environment.DISK_GB, "cpu", 10**9)
    assert "Kith needs about 1000000000 GB" in environment.full_disk(tmp_path, "cpu")
    monkeypatch.setitem(environment.DISK_GB, "cpu", 0)
    assert environment.full_disk(tmp_path, "cpu") is None


# Qt's libraries


def test_missing_libraries_are_named_with_the_command_that_brings_them(qt_libraries: ModuleType) -> None:
    missing = ["libEGL.so.1", "libxcb-cursor.so.0"]
    assert qt_libraries.qt_message(missing, debian=True).endswith("sudo apt-get install -y libegl1 libxcb-cursor0")
    assert qt_libraries.qt_message(missing, debian=False).endswith("libEGL.so.1 libxcb-cursor.so.0")


@pytest.mark.skipif(sys.platform != "linux", reason="the libraries of Linux")
def test_libraries_are_looked_for_by_loading_them(qt_libraries: ModuleType) -> None:
    assert qt_libraries.loads("libc.so.6")
    assert not qt_libraries.loads("libkith-is-no-library.so.1")


# A second start, from beginning to end


def start(checkout: Path, *arguments: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(Path("scripts", "run.py")) if cwd is None else str(checkout / "scripts" / "run.py")]
    return subprocess.run([*command, *arguments], cwd=cwd or checkout, capture_output=True, text=True, check=False)


REPORT = """
import json, os, sys
print(json.dumps([sys.prefix, sys.argv[1:], os.getcwd(), os.environ["KITH_COMMAND"]]))
sys.exit(7)
"""


def test_a_second_start_only_starts_the_program(checkout: Path) -> None:
    put_program(checkout, REPORT)
    done = start(checkout, "recognize", "a b", "--json")
    assert (done.returncode, done.stderr) == (7, "")
    prefix, arguments, folder, command = json.loads(done.stdout)
    assert Path(prefix) == checkout / ".venv"
    assert arguments == ["recognize", "a b", "--json"]
    assert Path(folder) == checkout
    assert command.endswith(str(Path("scripts", "run.py")))


def test_the_program_is_found_from_any_folder_even_beside_another_app(checkout: Path, tmp_path: Path) -> None:
    put_program(checkout, REPORT)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "kith").mkdir(parents=True)
    (elsewhere / "kith" / "__main__.py").write_text("print('the wrong one')")
    done = start(checkout, cwd=elsewhere)
    assert done.returncode == 7
    assert Path(json.loads(done.stdout)[2]) == elsewhere.resolve()


def test_a_wrong_choice_is_a_message_and_no_traceback(checkout: Path) -> None:
    done = start(checkout, "--torch", "rocm")
    assert done.returncode == 1
    assert done.stderr == "--torch takes cpu or cuda: the build of PyTorch to install.\n"


@posix
def test_ctrl_c_reaches_the_program(checkout: Path) -> None:
    put_program(
        checkout,
        "import signal\nsignal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])  # held back up to here\n"
        "try:\n print('ready', flush=True)\n input()\nexcept KeyboardInterrupt:\n raise SystemExit(130)",
    )
    command = [sys.executable, "scripts/run.py"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=checkout, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
    assert (running.returncode, errors) == (130, "")


@posix
def test_messages_name_python_as_it_was_typed(
    environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path(sys.executable)
    monkeypatch.setattr(sys, "argv", ["scripts/test.py"])
    monkeypatch.setattr(sys, "orig_argv", [str(here), "scripts/test.py"])
    monkeypatch.setenv("PATH", str(here.parent))
    assert environment.typed_command() == f"{here.name} scripts/run.py"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.typed_command() == f"{shlex.quote(str(here))} scripts/run.py"
