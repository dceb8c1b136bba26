"""Home: what can be done, and what to do next."""

from PyQt6.QtWidgets import QVBoxLayout

from kith.gui.place import House, Place


class HomePlace(Place):
    """The large buttons."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(house.steps)
        column.addStretch()
