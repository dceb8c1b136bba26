"""The log file: for its owner's eyes only, and never in the user's way."""

import stat
import subprocess
import sys
from pathlib import Path

from kith.logs import LOG_BYTES, LOG_FILES, log_file
from tests.desk import REPOSITORY
from tests.making import FULL, needs_full_disk, posix_only

LOG = (
    "import logging, sys\n"
    "from kith.logs import start_log\n"
    "start_log()\n"
    "for number in range(int(sys.argv[1])):\n"
    "    logging.getLogger('kith').info('%s%s', number, '.' * int(sys.argv[2]))\n"
)


def _log(lines: int, length: int) -> str:
    """Log in a process of its own, which goes as far as a process does, and return what it said."""
    done = subprocess.run(
        [sys.executable, "-c", LOG, str(lines), str(length)],
        cwd=REPOSITORY,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.stdout


def _modes(folder: Path) -> dict[str, str]:
    return {path.name: stat.filemode(path.stat().st_mode) for path in folder.iterdir()}


@posix_only
def test_only_the_owner_may_read_what_is_logged_in_rotated_files_too(own_home: Path) -> None:
    _log(LOG_FILES + 2, LOG_BYTES)
    names = ["crash.log", "kith.log", *(f"kith.log.{number}" for number in range(1, LOG_FILES + 1))]
    assert _modes(own_home / "log") == dict.fromkeys(names, "-rw-------")


@posix_only
def test_logs_of_an_earlier_kith_become_their_owners_own(own_home: Path) -> None:
    log_file().parent.mkdir()
    for name in ("kith.log", "kith.log.1", "crash.log"):
        path = log_file().with_name(name)
        path.write_text("a photo's name", encoding="utf-8")
        path.chmod(0o644)
    _log(1, 1)
    assert _modes(own_home / "log") == dict.fromkeys(("kith.log", "kith.log.1", "crash.log"), "-rw-------")


@needs_full_disk
def test_a_full_disk_is_no_matter_for_the_screen(own_home: Path) -> None:
    log_file().parent.mkdir()
    log_file().symlink_to(FULL)
    mode = FULL.stat().st_mode
    assert _log(1, 1) == ""
    assert FULL.stat().st_mode == mode, "what is behind a link is not ours"
