"""Small pictures of faces and photos: made in the background, kept in memory and in a folder of the owner's own."""

import hashlib
import os
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QBuffer, QObject, QSize, pyqtSignal
from PyQt6.QtGui import QImage

from kith.errors import BadPhoto
from kith.gui.background import Background
from kith.gui.phrases import GONE, translate
from kith.photos.box import Box
from kith.settings import user_folder
from kith.whole_files import clear_parts, part_file

FOLDER = "thumbnails"
_THREADS = 2
_MOST_BYTES = 96 << 20  # of pictures in memory
_MOST_WAITING = 400  # pictures: whoever scrolls on wants the newest, not those passed by
_QUALITY = 88  # of JPEG
_MOST_KEPT = 1 << 30  # bytes of the folder: some 100,000 pictures
_LEFT = 0.8  # of these, where there were more


@dataclass(frozen=True, slots=True)
class Picture:
    """A face at its box in the upright photo, or the whole photo, of a video at a moment (in milliseconds).

    There is no `path` where its file is gone.
    """

    path: Path | None
    box: Box | None = None
    moment: int | None = None


Wanted = tuple[Picture, int]


class Thumbnails(QObject):
    """Gives small pictures: at once where they are in memory, else `ready` tells when one is."""

    ready = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self._kept: OrderedDict[Wanted, QImage] = OrderedDict()
        self._bytes = 0
        self._problems: dict[Picture, str] = {}
        self._waiting: dict[Wanted, None] = {}
        self._lock = threading.Lock()
        self._threads = Background(_THREADS)
        self._folder = user_folder("cache") / FOLDER
        self._threads.run(lambda: tidy(self._folder), lambda _: None)

    def image(self, picture: Picture, side: int) -> QImage | None:
        """Return a picture that fits into a square of `side` pixels; None while it is made, and where there is none."""
        wanted = picture, side
        image = self._kept.get(wanted)
        if image is not None:
            self._kept.move_to_end(wanted)
            return image
        if picture.path is None:
            self._problems[picture] = translate("Kith", GONE)
        if picture not in self._problems:
            self._want(wanted)
        return None

    def problem(self, picture: Picture) -> str:
        """Return why there is no picture; empty while there may be one."""
        return self._problems.get(picture, "")

    def forget(self) -> None:
        """Look at the files anew: pictures may have changed, gone or come back; those unchanged lie in the folder."""
        self.try_again()
        self._kept.clear()
        self._bytes = 0

    def try_again(self) -> None:
        """Look again for those of which there was no picture: a drive may be plugged in now."""
        self._problems.clear()

    def close(self) -> None:
        """Make no more pictures."""
        self._threads.drop()

    def _want(self, wanted: Wanted) -> None:
        with self._lock:
            is_new = wanted not in self._waiting
            self._waiting.pop(wanted, None)
            self._waiting[wanted] = None  # the newest is made first
            if len(self._waiting) > _MOST_WAITING:
                self._waiting.pop(next(iter(self._waiting)))
        if is_new:
            self._threads.run(self._make_newest, lambda future: self._take(future.result()))

    def _make_newest(self) -> tuple[Wanted, QImage | str] | None:
        with self._lock:
            if not self._waiting:
                return None
            wanted, _ = self._waiting.popitem()
        picture, side = wanted
        try:
            return wanted, self._made(picture, side)
        except BadPhoto as error:
            return wanted, self.tr("Cannot be shown: {0}.").format(error.reason)
        except OSError:
            return wanted, translate("Kith", GONE)

    def _take(self, made: tuple[Wanted, QImage | str] | None) -> None:
        if made is None:
            return
        wanted, image = made
        if isinstance(image, str):
            self._problems[wanted[0]] = image
        else:
            before = self._kept.pop(wanted, None)  # asked for twice
            self._kept[wanted] = image
            self._bytes += image.sizeInBytes() - (before.sizeInBytes() if before else 0)
            while self._bytes > _MOST_BYTES:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= oldest.sizeInBytes()
        self.ready.emit(wanted[0])

    def _made(self, picture: Picture, side: int) -> QImage:
        from kith.gui.pictures import face_picture, photo_picture

        if picture.path is None:
            raise FileNotFoundError
        kept = self._folder / _name(picture, side)
        image = QImage()
        with suppress(OSError):
            image.loadFromData(kept.read_bytes())
        if image.isNull():
            size = QSize(side, side)
            box = picture.box
            path, moment = picture.path, picture.moment
            image = face_picture(path, box, size) if box else photo_picture(path, size, moment)
            with suppress(OSError):  # a full disk keeps nobody from seeing it
                _keep(kept, image)
        return image


def tidy(folder: Path, most: int = _MOST_KEPT) -> None:
    """Take away what killed processes left in a folder of pictures, and the oldest of those where they are too many."""
    with suppress(OSError):
        folder.chmod(0o700)  # whoever made it
    clear_parts(folder)
    kept = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                found = entry.stat(follow_symlinks=False)
                kept.append((found.st_mtime_ns, found.st_size, entry.path))
    size = sum(bytes_ for _, bytes_, _ in kept)
    if size <= most:
        return
    for _, bytes_, path in sorted(kept):
        with suppress(OSError):
            Path(path).unlink()
            size -= bytes_
        if size <= _LEFT * most:
            return


def _name(picture: Picture, side: int) -> str:
    path, box = picture.path or Path(), picture.box
    found = path.stat()
    at = () if picture.moment is None else (picture.moment,)
    meant = os.fsencode(path) + repr((found.st_size, found.st_mtime_ns, box and tuple(box), side, *at)).encode()
    return hashlib.sha256(meant).hexdigest() + ".jpg"


def _keep(path: Path, image: QImage) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "JPEG", _QUALITY)
    with part_file(path.parent, mode=0o600) as (file, part):
        file.write(buffer.data().data())
        file.close()  # with no word to the disk: a picture lost is made again
        part.replace(path)
