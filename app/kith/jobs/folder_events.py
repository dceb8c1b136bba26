"""What the system tells of changes in folders, where it can: a folder that changed, a file that is being written to."""

import logging
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

import psutil
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import ObservedWatch

# What another machine, or a program, keeps: the system hears of its own changes there alone.
_KEPT_ELSEWHERE = frozenset(
    {
        *("nfs", "nfs3", "nfs4", "cifs", "smb2", "smb3", "smbfs", "smbmount", "afpfs", "afs", "ncpfs", "9p", "webdav"),
        *("davfs", "davfs2", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "ocfs2", "gfs2", "virtiofs", "vboxsf"),
        *("vmhgfs", "prl_fs", "drvfs", "macfuse", "osxfuse"),
    }
)
_NOTHING_NEW = frozenset({"opened", "closed_no_write", "attrib"})
_log = logging.getLogger(__name__)


class FolderEvents:
    """Watches folders with all below them; `changed` and `files` are read by whoever looks, in another thread.

    `changed` holds folders in which a folder, or a file with one of the `endings`, came, went or changed; `files` such
    files, each with whether it is open for writing now.
    """

    def __init__(self, endings: Collection[str]) -> None:
        self.endings = frozenset(ending.lower() for ending in endings)
        self.changed: SimpleQueue[Path] = SimpleQueue()
        self.files: SimpleQueue[tuple[Path, bool]] = SimpleQueue()
        self._observer = Observer()
        self._watches: dict[Path, ObservedWatch] = {}
        self._observer.start()

    def watch(self, root: Path, recursive: bool) -> str:
        """Watch a folder, and return why that cannot be; empty where it can."""
        self.forget(root)
        try:
            self._watches[root] = self._observer.schedule(_Handler(self), str(root), recursive=recursive)
        except (OSError, RuntimeError) as error:
            _log.info("no events of %s", root, exc_info=error)
            return str(getattr(error, "strerror", None) or error)
        return ""

    def forget(self, root: Path) -> None:
        """Watch a folder no more."""
        watch = self._watches.pop(root, None)
        if watch:
            with suppress(KeyError, OSError):
                self._observer.unschedule(watch)

    def close(self) -> None:
        """Watch nothing any more."""
        self._observer.stop()
        self._observer.join()


class _Handler(FileSystemEventHandler):
    """What the observer calls, in its own thread."""

    def __init__(self, events: FolderEvents) -> None:
        self._events = events

    def dispatch(self, event: FileSystemEvent) -> None:
        """Take down what an event tells."""
        kind = event.event_type
        if kind in _NOTHING_NEW:
            return
        for text in [text for text in (event.src_path, event.dest_path) if text]:
            path = Path(os.fsdecode(text))
            if event.is_directory:
                self._events.changed.put(path)
                self._events.changed.put(path.parent)
            elif path.suffix.lower() in self._events.endings:
                self._events.changed.put(path.parent)
                self._events.files.put((path, kind == "modified"))


def is_kept_elsewhere(folder: Path) -> bool:
    """Say whether a folder lies on a share, or another program's file system, where not every change is told of."""
    real = Path(os.path.realpath(folder))
    around = [mount for mount in _mounts() if real.is_relative_to(mount[0])]
    _, kind = max(around, key=lambda mount: len(mount[0]), default=("", ""))
    return kind in _KEPT_ELSEWHERE or kind.startswith("fuse.") or str(real).startswith("\\\\")


def _mounts() -> list[tuple[str, str]]:
    with suppress(OSError, psutil.Error):
        return [(mount.mountpoint, mount.fstype.lower()) for mount in psutil.disk_partitions(all=True)]
    return []
