"""Console: what happened, line by line."""

from PyQt6.QtWidgets import QVBoxLayout

from kith.gui.place import House, Place


class ConsolePlace(Place):
    """The console, in a place of its own."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(house.console)

    def enter(self, what: object = None) -> None:
        """Have the keyboard where lines are searched."""
        del what
        self.house.console.search.setFocus()
