"""The system libraries that the window needs on Linux: which are missing, and how to get them.

Standard library only, and it parses on Pythons too old for Kith.
"""

from __future__ import annotations

import os
import shutil
from typing import Callable

from machine import succeeds

# What PyQt6's libraries and its X11 plug-in are linked to, and the Debian package of each.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


def loads(library: str) -> bool:
    """Tell whether the system finds a shared library."""
    import ctypes

    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def provide_qt_libraries(say: Callable[[str], None]) -> None:
    """Install what is missing as root, or say how to; only the window waits for it."""
    missing = [library for library in QT_LIBRARIES if not loads(library)]
    if not missing:
        return
    packages = [QT_LIBRARIES[library] for library in missing]
    debian = bool(shutil.which("apt-get"))
    if debian and os.geteuid() == 0:
        say(f"Installing the system libraries of the window: {' '.join(packages)} …")
        if installed_with_apt(packages):
            return
    say(qt_message(missing, debian))


def installed_with_apt(packages: list[str]) -> bool:
    """Install Debian packages as root, and tell whether that worked."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    succeeds(["apt-get", "update"], environment)
    return succeeds(["apt-get", "install", "-y", "--no-install-recommends", *packages], environment)


def qt_message(missing: list[str], debian: bool) -> str:
    """Say what the window lacks and how to get it."""
    if debian:
        packages = " ".join(QT_LIBRARIES[library] for library in missing)
        return f"The window needs more system libraries (all else works without):\n  sudo apt-get install -y {packages}"
    return (
        "The window needs these system libraries (all else works without); install them with your system's package "
        f"manager: {' '.join(missing)}"
    )
