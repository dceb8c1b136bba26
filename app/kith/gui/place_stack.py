"""The places that were made, one of them in sight."""

from PyQt6.QtCore import QEvent, QObject, QSize
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QWidget

from kith.gui.place import House, Place
from kith.gui.places import PLACES
from kith.gui.style import let_shine_through

_LEAST = QSize(320, 200)  # pixels of a place that are in sight on the smallest screen


class PlaceStack(QStackedWidget):
    """Makes a place when it is first turned to, and keeps it."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self._house = house
        self.made: dict[str, Place] = {}

    def go(self, name: str, what: object = None) -> None:
        """Turn to a place, and there to somebody or something."""
        if name not in self.made:
            _, make = PLACES[name]
            place = make(self._house)
            self.made[name] = place
            self.addWidget(place)
        self.setCurrentWidget(self.made[name])
        self.made[name].enter(what)

    @property
    def place(self) -> str:
        """The place in sight."""
        return next(name for name, place in self.made.items() if place is self.currentWidget())

    def look_again(self) -> None:
        """Have the place in sight show the library as it is now; others do when they are turned to."""
        shown = self.currentWidget()
        if isinstance(shown, Place):
            shown.look_again()


class OnAnyScreen(QScrollArea):
    """Shows a widget as large as there is room; where it needs more it scrolls, rather than make the window larger.

    Qt's own way of resizing goes by how high it would like to be, and scrolls where it has no need to.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(widget)
        let_shine_through(self)
        widget.installEventFilter(self)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for a part."""
        return _LEAST

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Fit the widget when it needs more or less than before."""
        if event and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Fit the widget to the room there is now."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        widget, viewport = self.widget(), self.viewport()
        if widget and viewport:
            widget.resize(viewport.size().expandedTo(widget.minimumSizeHint()))
