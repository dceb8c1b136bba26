"""The settings the window works by: read anew each time, and known from before while their file is broken."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from kith.errors import BadInput
from kith.gui.phrases import translate
from kith.settings import Loaded, Settings, load, update


class SettingsInUse:
    """What the file says now; while nothing in it can be read, what it said before, or at first the defaults.

    `defaults_will_do` is the user's word that a broken file may be worked without.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self.were_read = not loaded.broken
        self.defaults_will_do = False

    @property
    def file(self) -> Path:
        """Where they lie."""
        return self._loaded.path

    @property
    def broken(self) -> str:
        """Why nothing in the file could be read the last time, and where in it; empty where it could."""
        return self._loaded.broken

    @property
    def may_be_used(self) -> bool:
        """Whether they are the user's own, or the defaults with the user's consent: they name the folders."""
        return not self.broken or self.were_read or self.defaults_will_do

    @property
    def refusal(self) -> str:
        """Why nothing is looked up by them, to whoever asks the library; empty where they may be used."""
        if self.may_be_used:
            return ""
        told = translate("Kith", "{0}. Your own folders are not known until then: Home mends or restores the file.")
        return told.format(self.broken)

    @property
    def last(self) -> Settings:
        """The settings as read the last time."""
        return self._loaded.settings

    def read(self) -> Settings:
        """Read the file."""
        if self.file.exists():
            self.take(load(self.file))
        return self.last

    def write(self, values: Mapping[str, object]) -> str:
        """Write some of the settings into the file, and return why that cannot be; empty where it can."""
        try:
            update(self.file, values)
        except BadInput as error:
            return error.message
        return ""

    def take(self, loaded: Loaded) -> None:
        """Go by what was read."""
        self._loaded = replace(loaded, settings=self.last) if loaded.broken else loaded
        self.were_read |= not loaded.broken

    def problems(self) -> list[str]:
        """Return what is wrong with the file, in sentences."""
        if not self.broken:
            return [f"{self.file}: {problem}" for problem in self._loaded.problems]
        used = (
            translate("Kith", "the settings read before it broke are")
            if self.were_read
            else translate("Kith", "every setting with its default is")
        )
        return [
            translate("Kith", "{0}. The file is left as it is; until it is mended {1} used.").format(self.broken, used)
        ]
