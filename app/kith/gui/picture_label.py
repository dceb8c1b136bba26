"""A picture in a page: a face, or the whole photo with its box."""

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QImage, QPixmap

from kith.gui.plain_text import Label
from kith.gui.thumbnails import Picture, Thumbnails
from kith.photos.box import Box


class PictureLabel(Label):
    """Shows the picture asked for last as soon as it is there, or why there is none."""

    def __init__(self, thumbnails: Thumbnails, side: QSize, *, whole: bool = False) -> None:
        super().__init__(wraps=True)
        self.setFixedSize(side)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._thumbnails = thumbnails
        self._whole = whole
        self._picture: Picture | None = None
        self._box: Box | None = None
        thumbnails.ready.connect(self._draw)

    def show_picture(self, picture: Picture) -> None:
        """Show a face, or the whole photo around it."""
        self._box = picture.box if self._whole else None
        self._picture = self.wanted(picture)
        self.setText("")
        self._draw(self._picture)

    def set_side(self, side: QSize) -> None:
        """Show it at another size."""
        if side != self.size():
            self.setFixedSize(side)
            if self._picture:
                self._draw(self._picture)

    def prefetch(self, picture: Picture) -> None:
        """Have it at hand when it is shown."""
        self._thumbnails.image(self.wanted(picture), self._pixels)

    def wanted(self, picture: Picture) -> Picture:
        """Return which picture is shown for a face."""
        moment = picture.box.moment if picture.box else None
        return Picture(picture.path, moment=moment) if self._whole else picture

    @property
    def _pixels(self) -> int:
        return round(max(self.width(), self.height()) * self.devicePixelRatioF())

    def _draw(self, picture: Picture) -> None:
        if picture != self._picture:
            return
        image = self._thumbnails.image(picture, self._pixels)
        if image is None:
            self.setText(self._thumbnails.problem(picture))
            return
        ratio = self.devicePixelRatioF()
        fitted = image.scaled(
            self.size() * ratio, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        pixmap = QPixmap.fromImage(self._marked(fitted))
        pixmap.setDevicePixelRatio(ratio)
        self.setPixmap(pixmap)

    def _marked(self, image: QImage) -> QImage:
        from kith.gui.pictures import marked

        return marked(image, self._box) if self._box else image
