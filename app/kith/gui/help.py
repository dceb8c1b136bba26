"""Help: the log folder, the text of a problem report, and what this program is."""

import platform
import threading
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from PyQt6.QtCore import PYQT_VERSION_STR, QUrl, qVersion
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import (
    QApplication,
    QDialogButtonBox,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from kith import __version__
from kith.gui.background import Newest
from kith.gui.fitting_dialog import FittingDialog
from kith.gui.phrases import translate
from kith.gui.plain_text import message, wrapped
from kith.gui.read_pane import ReadPane
from kith.logs import log_file

LOG_TAIL_LINES = 200
_PACKAGES = ("torch", "onnxruntime", "opencv-python", "dlib-bin", "numpy", "Pillow")


def open_outside(path: Path) -> bool:
    """Show a folder in the system's file manager, or a file in its editor; False where that cannot be done."""
    url = QUrl.fromLocalFile(str(path))
    return QDesktopServices.openUrl(url)


def _problem_report(screen: str, _stop: threading.Event) -> str:
    """Return version, platform, packages and the end of the log, the home folder written as ~."""
    python = platform.python_version()
    packages = [f"{name} {_version(name)}" for name in _PACKAGES]
    lines = [
        f"Kith {__version__}",
        f"{platform.platform()}, {platform.machine()}",
        f"Python {python}, Qt {qVersion()} ({screen}), PyQt6 {PYQT_VERSION_STR}",
        ", ".join(packages),
        "",
        f"The end of {log_file()}:",
        *_log_tail(),
    ]
    home = str(Path.home())
    return "\n".join(lines).replace(home, "~")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _log_tail() -> list[str]:
    try:
        file = log_file()
        log = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ["(there is no log)"]
    return log.splitlines()[-LOG_TAIL_LINES:]


class ProblemDialog(FittingDialog):
    """The problem report as text to copy."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Report a Problem"))
        self.resize(760, 480)
        intro = wrapped(
            self.tr(
                "Nothing is sent. Copy this text into your report, and take out what is nobody's business: "
                "the log can name your folders and photos."
            )
        )
        self.text = ReadPane(self.tr("Report of a problem"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = buttons.addButton(self.tr("&Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        if self.copy:
            self.copy.clicked.connect(self._copy)
        column = QVBoxLayout(self)
        for widget in (intro, self.text, buttons):
            column.addWidget(widget)
        Newest(self, pause_ms=0).ask(partial(_problem_report, QApplication.platformName()), self.text.setPlainText)

    def _copy(self) -> None:
        if clipboard := QApplication.clipboard():
            clipboard.setText(self.text.toPlainText())


def about(parent: QWidget) -> QMessageBox:
    """Return the box that says what Kith is."""
    text = translate(
        "Kith",
        "Kith {0}\n\nKith finds the people you know in your own photo collection. Your photos and what is computed "
        "from them never leave this computer.\n\n"
        "Free software under the GNU General Public License, version 3 or later.",
    ).format(__version__)
    box = message(parent, text, QMessageBox.Icon.NoIcon)
    box.setWindowTitle(translate("Kith", "About Kith"))
    return box
