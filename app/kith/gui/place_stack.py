"""The places that were made, one of them in sight."""

from PyQt6.QtWidgets import QStackedWidget

from kith.gui.place import House, Place
from kith.gui.places import PLACES


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
