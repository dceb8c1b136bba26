"""Pictures of faces and of whole photos, as they are cut out and drawn."""

import sys
from pathlib import Path

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPen

from kith.photos.box import Box
from kith.photos.pixels import load_rgb

_AROUND = 1.7  # a face's picture shows some hair and chin around its box
_LARGEST_SIDE = 8000  # a photo is not decoded larger for the sake of a tiny face
_MARK = QColor(255, 196, 0)
_RIM = QColor(0, 0, 0)  # around the mark, so that it shows on bright photos


def face_picture(path: Path, place: Box, size: QSize) -> QImage:
    """Return the face at a place in the upright photo, as large as fits into `size`; raises BadPhoto."""
    box = place.in_frame
    shorter = max(min(box.w, box.h), 1e-3)
    side = _longer(size) / (_AROUND * shorter)
    photo = _load(path, min(round(side), _LARGEST_SIDE), place.moment)
    around = _around(box, photo)
    face = photo.copy(around.toRect())
    return _fitted(face, size)


def photo_picture(path: Path, size: QSize, moment: int | None = None) -> QImage:
    """Return the upright photo, or what a video shows at a moment, as large as fits into `size`; raises BadPhoto."""
    loaded = _load(path, _longer(size), moment)
    return _fitted(loaded, size)


def large_picture(path: Path, most: int = _LARGEST_SIDE, moment: int | None = None) -> QImage:
    """Return the upright photo, or what a video shows at a moment, at most `most` pixels long; raises BadPhoto."""
    return _load(path, most, moment)


def marked(photo: QImage, box: Box) -> QImage:
    """Return the upright photo with the box drawn in."""
    drawn = photo.copy()
    place = _pixels(box.in_frame, drawn)
    painter = QPainter(drawn)
    for colour, width in ((_RIM, 5), (_MARK, 3)):
        painter.setPen(QPen(colour, width))
        painter.drawRect(place)
    painter.end()
    return drawn


def _longer(size: QSize) -> int:
    return max(size.width(), size.height())


def _load(path: Path, max_side: int, moment: int | None) -> QImage:
    rgb = load_rgb(path, max_side, sys.maxsize, moment)  # a photo that was looked at, by whatever setting
    height, width, _ = rgb.shape
    return QImage(rgb.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _pixels(box: Box, photo: QImage) -> QRectF:
    width, height = photo.width(), photo.height()
    return QRectF(box.x * width, box.y * height, box.w * width, box.h * height)


def _around(box: Box, photo: QImage) -> QRectF:
    face = _pixels(box, photo)
    side = _AROUND * max(face.width(), face.height())
    square = QRectF(0, 0, side, side)
    square.moveCenter(face.center())
    return square.intersected(QRectF(photo.rect()))


def _fitted(image: QImage, size: QSize) -> QImage:
    return image.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
