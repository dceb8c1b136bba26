"""The places of the window in their order: a new one is a module of its own, and here its icon and its maker."""

from collections.abc import Callable

from PyQt6.QtCore import QT_TRANSLATE_NOOP

from kith.gui.place import House, Place

HOME = QT_TRANSLATE_NOOP("Kith", "Home")
REVIEW = QT_TRANSLATE_NOOP("Kith", "Review")
PEOPLE = QT_TRANSLATE_NOOP("Kith", "People")
PHOTOS = QT_TRANSLATE_NOOP("Kith", "Photos")
CONSOLE = QT_TRANSLATE_NOOP("Kith", "Console")
WELCOME = "welcome"  # what Home shows to whoever begins
CHECKS = "checks"  # what People shows of how sound all that is

# The makers load a place when it is first turned to: the window need not have it before it shows.


def _home(house: House) -> Place:
    from kith.gui.home_place import HomePlace

    return HomePlace(house)


def _review(house: House) -> Place:
    from kith.gui.review_place import ReviewPlace

    return ReviewPlace(house)


def _people(house: House) -> Place:
    from kith.gui.people_place import PeoplePlace

    return PeoplePlace(house)


def _photos(house: House) -> Place:
    from kith.gui.photos_place import PhotosPlace

    return PhotosPlace(house)


def _console(house: House) -> Place:
    from kith.gui.console_place import ConsolePlace

    return ConsolePlace(house)


PLACES: dict[str, tuple[str, Callable[[House], Place]]] = {
    HOME: ("house", _home),
    REVIEW: ("scan-face", _review),
    PEOPLE: ("users", _people),
    PHOTOS: ("image", _photos),
    CONSOLE: ("terminal", _console),
}
