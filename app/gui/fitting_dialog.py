"""A dialog that is never too small for its texts."""

from PyQt6.QtCore import QEvent
from PyQt6.QtWidgets import QDialog

_CHANGES = (QEvent.Type.LayoutRequest, QEvent.Type.Resize)


class FittingDialog(QDialog):
    """At least as high as its wrapped texts need at its width, which Qt's layouts do not see to by themselves."""

    def event(self, event: QEvent | None) -> bool:
        """Fit the height when the contents or the width have changed."""
        handled = super().event(event)
        if event and event.type() in _CHANGES and (layout := self.layout()):
            self.setMinimumHeight(layout.totalHeightForWidth(self.width()))
        return handled
