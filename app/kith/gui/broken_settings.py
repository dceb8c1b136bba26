"""A settings file that cannot be read: what is wrong with it, and what the user wants done."""

from enum import IntEnum

from PyQt6.QtCore import QT_TRANSLATE_NOOP
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from kith.errors import BadInput
from kith.gui.choice_button import ChoiceButton
from kith.gui.fitting_dialog import FittingDialog, ScrolledPage
from kith.gui.help import open_outside
from kith.gui.phrases import translate
from kith.gui.plain_text import Label, wrapped
from kith.gui.settings_in_use import SettingsInUse
from kith.settings import start_afresh

KEPT = QT_TRANSLATE_NOOP(
    "Kith",
    "The file was not changed, so that nothing you set is lost. Mend it in a text editor and have it read again; or "
    "let Kith put it aside, under a name that ends in .broken, and begin with new settings.",
)
_READ_BEFORE = QT_TRANSLATE_NOOP("Kith", "Keep the Settings Read &Before, for Now")
_DEFAULTS = QT_TRANSLATE_NOOP("Kith", "Use &Defaults for Now, and Leave the File")
_WIDTH = 520


class Choice(IntEnum):
    """What became of it; anything else leaves it open."""

    MENDED = 1
    WITHOUT = 2
    AFRESH = 3


class BrokenSettings(FittingDialog):
    """Shows which file is broken and where; what can be read again is taken into `settings`."""

    def __init__(self, settings: SettingsInUse, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings"))
        self._settings = settings
        self.fault = wrapped()
        self.problem = wrapped(bold=True)
        self.look = ChoiceButton(self.tr("&Open the File"))
        self.again = ChoiceButton(self.tr("&Read It Again"))
        self.without = ChoiceButton(
            translate("Kith", _READ_BEFORE) if settings.were_read else translate("Kith", _DEFAULTS)
        )
        self.afresh = ChoiceButton(self.tr("&Put It Aside and Start Afresh"))
        self.look.clicked.connect(self._open)
        self.again.clicked.connect(self._read_again)
        self.without.clicked.connect(self._do_without)
        self.afresh.clicked.connect(self._start_afresh)
        self._lay_out()
        self.setMinimumWidth(_WIDTH)
        self._show_fault()

    def _lay_out(self) -> None:
        heading = Label(self.tr("The settings cannot be read"), bold=True, size=1.15)
        page = QVBoxLayout()
        for words in (heading, self.fault, wrapped(translate("Kith", KEPT))):
            page.addWidget(words)
        column = QVBoxLayout(self)
        for widget in (ScrolledPage(page), self.problem, self.look, self.again, self.without, self.afresh):
            column.addWidget(widget)

    def _show_fault(self) -> None:
        self.fault.setText(f"{self._settings.broken}.")

    def _open(self) -> None:
        file = self._settings.file
        if not open_outside(file):
            self.problem.setText(self.tr("It could not be opened from here: open {0} in a text editor.").format(file))

    def _read_again(self) -> None:
        self._settings.read()
        if self._settings.broken:
            self._show_fault()
            self.problem.setText(self.tr("It still cannot be read."))
        else:
            self.done(Choice.MENDED)

    def _do_without(self) -> None:
        self.done(Choice.WITHOUT)

    def _start_afresh(self) -> None:
        try:
            loaded = start_afresh(self._settings.file)
            self._settings.take(loaded)
        except BadInput as error:
            self.problem.setText(error.message)
        else:
            self.done(Choice.AFRESH)
