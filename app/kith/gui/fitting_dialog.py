"""A dialog that shows all its texts, and fits on a small screen all the same."""

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QDialog, QFrame, QLayout, QScrollArea, QWidget

HIGHEST = 580  # pixels: with its frame on a screen of 1024 × 640
_LEAST = 60  # of a page that scrolls
_CHANGES = (QEvent.Type.LayoutRequest, QEvent.Type.Resize)


class FittingDialog(QDialog):
    """As high as its wrapped texts need at its width, which Qt's layouts do not see to by themselves.

    It is never forced to be higher than a small screen: a `ScrolledPage` in it scrolls before that.
    """

    def event(self, event: QEvent | None) -> bool:
        """Fit the height when the contents or the width have changed."""
        handled = super().event(event)
        if event and event.type() in _CHANGES and (layout := self.layout()):
            wraps = layout.hasHeightForWidth()
            needed = layout.totalHeightForWidth(self.width()) if wraps else layout.totalSizeHint().height()
            self.setMinimumHeight(min(needed, HIGHEST))
        return handled


class ScrolledPage(QScrollArea):
    """Contents that are shown whole where there is room, and scroll up and down where there is not."""

    def __init__(self, contents: QLayout) -> None:
        super().__init__()
        self._page = QWidget()
        self._page.setLayout(contents)
        contents.setContentsMargins(0, 0, 0, 0)
        self.setWidget(self._page)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keyboard goes to what is in it
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for everything at the present width."""
        width = max(self.width(), self.minimumSizeHint().width())
        return QSize(self.minimumSizeHint().width(), self._page.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for every line, and for a few of them at a time."""
        bar = self.verticalScrollBar()
        width_of_bar = bar.sizeHint().width() if bar else 0
        return QSize(self._page.minimumSizeHint().width() + width_of_bar, _LEAST)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Tell the dialog that lines break elsewhere now."""
        super().resizeEvent(event)
        self.updateGeometry()
