"""The calibrations fitted to this library's people, one for each face model."""

from collections.abc import Sequence
from typing import Any

from kith.library.connection import LibraryConnection
from kith.library.photo_records import now
from kith.values.calibration import Calibration


class CalibrationRecords:
    """Reads and writes them."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def of(self, model_id: str) -> Calibration | None:
        """Return the calibration of a face model, None where none is fitted."""

        def calibration(row: Sequence[Any]) -> Calibration:
            return Calibration.from_json(row[0])

        query = "SELECT model_id, numbers FROM calibrations WHERE model_id = ?"
        return next(self._connection.read("calibrations", calibration, query, (model_id,)), None)

    def save(self, model_id: str, calibration: Calibration) -> None:
        """Keep the calibration of a face model, instead of an earlier one."""
        self._connection.execute(
            "INSERT OR REPLACE INTO calibrations (model_id, numbers, made_at) VALUES (?, ?, ?)",
            (model_id, calibration.to_json(), now()),
        )

    def drop(self, model_id: str) -> None:
        """Forget that of a face model."""
        self._connection.execute("DELETE FROM calibrations WHERE model_id = ?", (model_id,))
