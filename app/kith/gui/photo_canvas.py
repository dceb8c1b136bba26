"""A photo, zoomed and moved about, with the boxes and names of everybody in it; faces can be chosen and drawn."""

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QWidget

from kith.gui.photo_frame import PhotoFrame
from kith.gui.photos_model import label_of
from kith.gui.plain_text import in_order
from kith.jobs.photo_view import PhotoView, ShownPerson, Standing
from kith.photos.box import Box
from kith.text import printable

_NOTCH = 120.0  # of a wheel, in Qt's own measure
_RIM = QColor(0, 0, 0, 200)  # around lines, so that they show on bright photos
_CHOSEN = QColor("#ffffff")
_PAD = 8  # pixels around a message
_FAINT = 150  # of 255: bodies
_LEAST_DRAWN = 8  # pixels of the screen: less was a click
_LINES = {  # told apart by line as by colour; on photos, dark or bright, these stand on a dark rim
    Standing.SURE: (QColor("#7fd6a0"), Qt.PenStyle.SolidLine),
    Standing.UNSURE: (QColor("#f2c14e"), Qt.PenStyle.DashLine),
    Standing.UNKNOWN: (QColor("#e0e0e0"), Qt.PenStyle.DotLine),
    Standing.IGNORED: (QColor("#a0a0a0"), Qt.PenStyle.DashDotDotLine),
}


class PhotoCanvas(QWidget):
    """Shows a photo as its frame says: `chosen` carries whom one clicked, `drawn` a box that was drawn."""

    chosen = pyqtSignal(int)
    drawn = pyqtSignal(object)
    zoomed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.frame = PhotoFrame()
        self._image = QImage()
        self._problem = ""
        self._everybody: Sequence[ShownPerson] = ()
        self._people: Sequence[ShownPerson] = ()
        self._chosen: int | None = None
        self._moment: int | None = None
        self.labelled: list[int] = []  # whose names there was room for
        self._is_drawing = False
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._moved = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Photo"))
        self.setMinimumSize(240, 200)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a room that a window can give."""
        return QSize(600, 400)

    # What is shown

    def show_photo(self, view: PhotoView) -> None:
        """Show another photo, fitted in; its picture follows."""
        self._image, self._problem = QImage(), ""
        self.draw_faces(False)
        self._moment = None
        self.frame.show(view.width, view.height)
        self.show_people(view)

    def show_people(self, view: PhotoView) -> None:
        """Show the boxes of everybody as they are now."""
        self._everybody = view.people
        self.show_moment(self._moment)

    def show_moment(self, moment: int | None) -> None:
        """Show the boxes at a moment of a video; of a photo it is None."""
        self._moment = moment
        self._people = [person for person in self._everybody if person.box and person.box.moment == moment]
        self.update()

    def show_image(self, image: QImage) -> None:
        """Show the photo itself, in as many pixels as are at hand."""
        self._image = image
        self.update()

    def show_problem(self, text: str) -> None:
        """Say why there is no picture."""
        self._problem = text
        self.update()

    def choose(self, appearance_id: int | None) -> None:
        """Mark somebody as chosen."""
        self._chosen = appearance_id
        self.update()

    def draw_faces(self, wanted: bool) -> None:
        """Let the mouse draw a box from now on, or move the photo."""
        self._is_drawing, self._pressed = wanted, None
        self.setCursor(Qt.CursorShape.CrossCursor if wanted else Qt.CursorShape.ArrowCursor)
        self.update()

    @property
    def is_drawing(self) -> bool:
        """Whether the mouse draws a box."""
        return self._is_drawing

    def zoom(self, steps: float) -> None:
        """Enlarge, or shrink, around the middle."""
        self._zoom(steps, None)

    def zoom_to(self, scale: float | None) -> None:
        """Show at a scale of the photo's pixels, or fitted in."""
        if scale is None:
            self.frame.fit()
        else:
            self.frame.zoom_to(scale / self.devicePixelRatioF())
        self._show_zoom()

    def place_of(self, person: ShownPerson) -> QRectF:
        """Return where somebody's box is drawn."""
        return self._placed(person.box)

    def _placed(self, box: Box | None) -> QRectF:
        return QRectF(*self.frame.placed(box.in_frame)) if box else QRectF()

    # What the user does

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Lie in the new room."""
        super().resizeEvent(event)
        self.frame.be_in((self.width(), self.height()))
        self.zoomed.emit()

    def wheelEvent(self, event: QWheelEvent | None) -> None:  # noqa: N802 - Qt's name
        """Zoom with Ctrl, else move the photo if it is enlarged."""
        if event is None:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom(event.angleDelta().y() / _NOTCH, event.position())
        elif self.frame.is_fitted:
            event.ignore()
            return
        else:
            moved = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta() / 2
            self.frame.move(moved.x(), moved.y())
            self.update()
        event.accept()

    def event(self, event: QEvent | None) -> bool:
        """Zoom by a pinch on a touchpad."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
            self.frame.zoom_to(self.frame.scale * (1 + event.value()), _point(event.position()))
            self._show_zoom()
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Begin to draw, to move, or to choose."""
        if event and event.button() is Qt.MouseButton.LeftButton:
            self._pressed = self._last = event.position()
            self._moved = False

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw on, or move the photo."""
        if event is None or self._pressed is None:
            return
        now, before = event.position(), self._last
        self._moved = self._moved or (now - self._pressed).manhattanLength() > _LEAST_DRAWN
        self._last = now
        if not self._is_drawing and self._moved:
            self.frame.move(now.x() - before.x(), now.y() - before.y())
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Tell what was drawn or chosen."""
        if event is None or self._pressed is None:
            return
        begun, self._pressed = self._pressed, None
        if self._is_drawing and self._moved:
            box = self.frame.box_between(_point(begun), _point(event.position()))
            self.draw_faces(False)
            self.drawn.emit(box.at(self._moment))
        elif not self._moved and (person := self._at(event.position())):
            self.chosen.emit(person.appearance_id)
        self.update()

    def _at(self, point: QPointF) -> ShownPerson | None:
        """Return whose smallest box is at a point, a face before a body."""
        there: list[tuple[bool, float, int, ShownPerson]] = []
        for person in self._people:
            for box, is_body in ((person.box, not person.is_face), (person.body, True)):
                place = self._placed(box)
                if place.contains(point):
                    there.append((is_body, _area(place), person.appearance_id, person))
        return min(there)[-1] if there else None

    def _zoom(self, steps: float, at: QPointF | None) -> None:
        self.frame.zoom(steps, _point(at) if at else None)
        self._show_zoom()

    def _show_zoom(self) -> None:
        self.zoomed.emit()
        self.update()

    # Drawing

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the photo, the boxes, and what is being drawn."""
        painter, frame = QPainter(self), self.frame
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        place = QRectF(frame.x, frame.y, frame.width * frame.scale, frame.height * frame.scale)
        if self._problem or self._image.isNull():
            painter.fillRect(place, self.palette().color(QPalette.ColorRole.AlternateBase))
        else:
            painter.drawImage(place, self._image)
        people = sorted(self._people, key=lambda person: person.appearance_id == self._chosen)
        for person in people:
            self._paint_person(painter, person)
        self._paint_labels(painter, people)
        self._paint_problem(painter)
        if self._is_drawing and self._pressed is not None:
            self._paint_frame(painter, QRectF(self._pressed, self._last).normalized(), _CHOSEN, Qt.PenStyle.DashLine)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_problem(self, painter: QPainter) -> None:
        """Say why there is no picture, over the boxes."""
        if not self._problem:
            return
        middle = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        text, palette = printable(self._problem), self.palette()
        words = painter.boundingRect(self.rect(), middle, text)
        painter.fillRect(words.adjusted(-_PAD, -_PAD, _PAD, _PAD), palette.color(QPalette.ColorRole.Base))
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        painter.drawText(words, middle, text)

    def _paint_person(self, painter: QPainter, person: ShownPerson) -> None:
        if person.box is None:
            return
        place, is_chosen = self.place_of(person), person.appearance_id == self._chosen
        colour, line = _LINES[person.standing]
        faint = QColor(colour)
        faint.setAlpha(_FAINT)
        if person.body:
            self._paint_frame(painter, self._placed(person.body), faint, line, 1)
        if not person.is_face and not is_chosen:
            colour = faint
        self._paint_frame(painter, place, _CHOSEN if is_chosen else colour, line, 4 if is_chosen else 2)

    def _paint_frame(self, painter: QPainter, place: QRectF, colour: QColor, line: Qt.PenStyle, width: int = 2) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(_RIM, width + 2))
        painter.drawRect(place)
        painter.setPen(QPen(colour, width, line))
        painter.drawRect(place)

    def _paint_labels(self, painter: QPainter, people: Sequence[ShownPerson]) -> None:
        """Write who they are at the boxes in sight: first whom one chose, and nobody over another one's name."""
        taken: list[QRectF] = []
        self.labelled = []
        for person in sorted(people, key=lambda person: (person.appearance_id != self._chosen, not person.name)):
            if self.place_of(person).intersects(self.rect().toRectF()):
                self._paint_label(painter, person, taken)

    def _paint_label(self, painter: QPainter, person: ShownPerson, taken: list[QRectF]) -> None:
        place, (colour, _) = self.place_of(person), _LINES[person.standing]
        metrics = painter.fontMetrics()
        room = max(place.width(), 12.0 * metrics.height())
        shown = metrics.elidedText(in_order(printable(label_of(person))), Qt.TextElideMode.ElideRight, int(room))
        width, height = metrics.horizontalAdvance(shown) + 8, metrics.height() + 2
        top = place.bottom() if place.bottom() + height < self.height() else place.top() - height
        left = min(max(0.0, place.left()), max(0.0, self.width() - width))
        ground = QRectF(left, max(0.0, top), width, height)
        if any(ground.intersects(other) for other in taken):
            return
        taken.append(ground)
        self.labelled.append(person.appearance_id)
        painter.fillRect(ground, _RIM)
        painter.setPen(colour)
        painter.drawText(ground, Qt.AlignmentFlag.AlignCenter, shown)


def _point(point: QPointF) -> tuple[float, float]:
    return point.x(), point.y()


def _area(place: QRectF) -> float:
    return place.width() * place.height()
