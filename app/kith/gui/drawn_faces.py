"""Faces that the user drew, described in the background so that they teach."""

from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from kith.errors import KithError
from kith.gui.background import Newest
from kith.gui.phrases import in_window
from kith.gui.place import House

if TYPE_CHECKING:
    from kith.jobs.descriptions import Asked
    from kith.jobs.drawn_faces import Described
    from kith.jobs.outcome import Outcome
    from kith.jobs.workers import ExecutorFactory


class DrawnFaces:
    """Has them described by the face network, in a process of its own or by an `executor`."""

    def __init__(self, house: House, owner: QObject, executor: "ExecutorFactory | None") -> None:
        self._house = house
        self._executor = executor
        self._work = Newest(owner, pause_ms=0)
        house.desk.drawn_again.connect(self.describe)

    def describe_new(self) -> None:
        """Describe those that are not yet."""
        from kith.jobs.drawn_faces import drawn

        self._house.desk.read(drawn, self.describe)

    def describe(self, asked: "Sequence[Asked]") -> None:
        """Describe faces; what could not be is told."""
        from kith.jobs.drawn_faces import describe

        settings, executor = self._house.settings, self._executor

        def work(_stop: Event) -> "list[Described] | str":
            try:
                return describe(settings, asked, executor)
            except KithError as error:
                return in_window(error.message)

        self._work.ask(work, self._keep)

    def _keep(self, found: "list[Described] | str") -> None:
        from kith.jobs.drawn_faces import NOT_DESCRIBED, keep

        house = self._house

        def kept(_outcome: "Outcome") -> None:
            house.desk.look_again()

        if isinstance(found, str):
            house.tell(f"{NOT_DESCRIBED} {found}")
        else:
            house.desk.act(lambda library: keep(library, found), kept)
