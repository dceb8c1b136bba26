"""Objective layer: photos, where they lie, and what models saw in them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kith.library.connection import LibraryConnection
from kith.library.paths import BELOW, FileState, below, path_of, path_value, time_value
from kith.library.soundness import number_of, text_of, whole
from kith.photos.box import Box
from kith.photos.facts import PhotoFacts
from kith.values.sightings import SAME_PLACE_IOU, Sighting
from kith.vision.observations import Analysis, Appearance, Kind, Observation

# An analysis by these models, or by these and a body model.
_BY_ENGINE = "(engine_id = {0} OR substr(engine_id, 1, length({0}) + 1) = {0} || ' ')"

IMPORTED = "import:"  # begins the image hash of a photo that nobody has here, and the name of what told of it

Places = Mapping[Kind | None, Box]  # where somebody shows (stored pixels): face, body, and as entered


@dataclass(frozen=True, slots=True)
class PhotoLook:
    """The EXIF orientation that makes a photo's places upright, and its perceptual hash if it was ever analysed."""

    orientation: int
    phash: int | None


class KnownFile(NamedTuple):
    """The photo that lies in a file, the way up of it, and its newest analysis by the models asked for, if any."""

    photo_id: int
    orientation: int
    analysis_id: int | None


def now() -> str:
    """Return the present moment as ISO 8601 text in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class PhotoRecords:
    """Photos, files, analyses, appearances and observations."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def unchanged(self, files: Collection[FileState], engine_id: str) -> dict[str, KnownFile]:
        """Return what is known of those of the files, as they are now, that nobody wrote to since they were entered.

        They are told apart by the text of their paths.
        """
        states = {path_value(file.path_text): file for file in files}
        rows = self._connection.execute(
            "SELECT f.path, f.size, f.mtime_ns, p.id, p.orientation, (SELECT max(a.id) FROM analyses a "
            f"WHERE a.photo_id = p.id AND a.orientation = p.orientation AND {_BY_ENGINE.format('?1')}) "
            f"FROM files f JOIN photos p ON p.id = f.photo_id WHERE f.path IN ({', '.join('?' * len(states))})",
            (engine_id, *states),
        )
        found = {}
        for path, size, mtime_ns, *known in rows:
            file = states[path]
            if (file.size, file.mtime_ns) == (size, mtime_ns):
                found[file.path_text] = KnownFile(*known)
        return found

    def ways_up(self, image_hash: str) -> dict[int, int]:
        """Return the photos with this image data, by the EXIF orientation of their files."""
        rows = self._connection.execute("SELECT orientation, id FROM photos WHERE image_hash = ?", (image_hash,))
        return dict(rows.fetchall())

    def told_of(self, image_hash: str, orientation: int) -> int | None:
        """Return the photo with this image data that another library told of and nobody has seen here."""
        row = self._connection.execute(
            "SELECT id FROM photos WHERE image_hash = ? ORDER BY orientation != ?, id",
            (f"{IMPORTED}{image_hash}", orientation),
        ).fetchone()
        return row[0] if row else None

    def at_path(self, path: Path) -> int | None:
        """Return the photo last seen at a path, whatever lies there now."""
        query = "SELECT p.id FROM files f JOIN photos p ON p.id = f.photo_id WHERE f.path = ?"
        row = self._connection.execute(query, (path_value(path),)).fetchone()
        return row[0] if row else None

    def look(self, photo_id: int) -> PhotoLook:
        """Return what a known photo looks like."""
        row = self._connection.execute("SELECT orientation, phash FROM photos WHERE id = ?", (photo_id,)).fetchone()
        return PhotoLook(*row)

    def save_photo(self, facts: PhotoFacts, photo_id: int | None = None, others: bool = False) -> int:
        """Enter a photo, or what is told today of one that is known, and return its id.

        Where other files hold the same photo (`others`), what one of them told of time and camera stays. A photo that
        only another library told of so far is known now, with what was said of it.
        """
        known = photo_id or self.ways_up(facts.image_hash).get(facts.orientation)
        photo_id = known or self.told_of(facts.image_hash, facts.orientation)
        row = (
            facts.image_hash,
            facts.width,
            facts.height,
            facts.orientation,
            facts.colours,
            facts.taken_at,
            facts.camera,
        )
        if photo_id is None:
            cursor = self._connection.execute(
                "INSERT INTO photos (image_hash, width, height, orientation, colours, taken_at, camera, added_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, now()),
            )
            return int(cursor.lastrowid or 0)
        told = "coalesce(taken_at, ?), camera = coalesce(camera, ?)" if others else "?, camera = ?"
        self._connection.execute(
            f"UPDATE photos SET image_hash = ?, width = ?, height = ?, orientation = ?, colours = ?, taken_at = {told} "
            "WHERE id = ?",
            (*row, photo_id),
        )
        return photo_id

    def save_file(self, path: Path, photo_id: int, size: int, mtime_ns: int) -> None:
        """Say that the photo lies at `path`."""
        self._connection.execute(
            "INSERT OR REPLACE INTO files (path, photo_id, size, mtime_ns) VALUES (?, ?, ?, ?)",
            (path_value(path), photo_id, size, time_value(mtime_ns)),
        )

    def forget_missing_files(self, root: Path, present: Collection[Path], kept: Collection[int] = ()) -> None:
        """Drop the places below `root` where no photo lies any more, but of `kept` photos; the photos stay known."""
        places = self._below(root).items()
        gone = [(path_value(path),) for path, photo_id in places if path not in present and photo_id not in kept]
        self._connection.executemany("DELETE FROM files WHERE path = ?", gone)

    def photos_at(self, paths: Collection[Path]) -> dict[Path, int]:
        """Return the files last seen at or below these paths, with their photos' ids."""
        found: dict[Path, int] = {}
        for path in paths:
            known = self.at_path(path)
            if known is not None:
                found[path] = known
            found |= self._below(path)
        return found

    def _below(self, folder: Path) -> dict[Path, int]:
        rows = self._connection.read(
            "files",
            lambda row: (path_of(row[0]), whole(row[1])),
            f"SELECT path, path, photo_id FROM files WHERE {BELOW}",
            below(folder),
        )
        return dict(rows)

    def named(self, name: Path) -> dict[Path, int]:
        """Return the files whose path ends in this name, or relative path, with their photos' ids."""
        files = self._connection.read(
            "files",
            lambda row: (path_of(row[0]), whole(row[1])),
            "SELECT path, path, photo_id FROM files WHERE substr(path, -length(?1)) = ?1 ORDER BY path",
            (path_value(name),),
        )
        return {file: photo_id for file, photo_id in files if file.parts[-len(name.parts) :] == name.parts}

    def analysis(self, photo_id: int, engine_id: str, orientation: int) -> int | None:
        """Return the id of the newest analysis at this orientation by these models, or by these and a body model."""
        row = self._connection.execute(
            f"SELECT max(id) FROM analyses WHERE photo_id = ?1 AND orientation = ?2 AND {_BY_ENGINE.format('?3')}",
            (photo_id, orientation, engine_id),
        ).fetchone()
        return int(row[0]) if row[0] else None

    def save_analysis(self, photo_id: int, engine_id: str, orientation: int, analysis: Analysis) -> int:
        """Enter what was seen: its observations join the appearances at the same places, or make new ones."""
        self._connection.execute("UPDATE photos SET phash = ? WHERE id = ?", (analysis.phash, photo_id))
        cursor = self._connection.execute(
            "INSERT INTO analyses (photo_id, engine_id, orientation, made_at) VALUES (?, ?, ?, ?)",
            (photo_id, engine_id, orientation, now()),
        )
        analysis_id = int(cursor.lastrowid or 0)
        free = self.places(photo_id)
        for appearance in analysis.appearances:
            place: dict[Kind | None, Box] = {seen.kind: seen.box for seen in appearance.observations}
            known = take_same_place(free, place | {None: appearance.box})
            appearance_id = known or self.add_appearance(photo_id, appearance.box)
            self.add_observations(appearance_id, analysis_id, appearance)
        return analysis_id

    def stored_analysis(self, analysis_id: int) -> Analysis:
        """Return all that an analysis saw."""
        query = "SELECT p.phash FROM photos p JOIN analyses a ON a.photo_id = p.id WHERE a.id = ?"
        (phash,) = self._connection.execute(query, (analysis_id,)).fetchone()
        seen = [tuple(filter(None, (sighting.face, sighting.body))) for sighting in self.sightings(analysis_id)]
        appearances = [Appearance(observations[0].box, observations) for observations in seen]
        return Analysis(phash, (*appearances,))

    def appearances(self, photo_id: int) -> list[int]:
        """Return who shows in a photo, whatever models saw them."""
        rows = self._connection.execute("SELECT id FROM appearances WHERE photo_id = ? ORDER BY id", (photo_id,))
        return [row[0] for row in rows]

    def photo_of(self, appearance_id: int) -> int | None:
        """Return the photo that somebody shows in, None for a number that is none."""
        row = self._connection.execute("SELECT photo_id FROM appearances WHERE id = ?", (appearance_id,)).fetchone()
        return row[0] if row else None

    def move_files(self, before: Path, now: Path) -> None:
        """Say that a folder has another name: what lies below it is known there."""
        for path in self._below(before):
            moved = path_value(now / path.relative_to(before))
            self._connection.execute("DELETE FROM files WHERE path = ?", (moved,))
            self._connection.execute("UPDATE files SET path = ? WHERE path = ?", (moved, path_value(path)))

    def places(self, photo_id: int) -> dict[int, Places]:
        """Return where each appearance shows: its face and its body as last seen, and its own box as entered."""
        entered = self._connection.read(
            "appearances",
            lambda row: (row[0], None, box_of(row[1:])),
            "SELECT id, id, x, y, w, h FROM appearances WHERE photo_id = ? AND x IS NOT NULL",
            (photo_id,),
        )
        seen = self._connection.read(
            "observations",
            lambda row: (row[0], Kind(row[1]), box_of(row[2:])),
            "SELECT o.id, a.id, o.kind, o.x, o.y, o.w, o.h FROM appearances a "
            "JOIN observations o ON o.appearance_id = a.id WHERE a.photo_id = ? AND a.x IS NOT NULL ORDER BY o.id",
            (photo_id,),
        )
        places: dict[int, dict[Kind | None, Box]] = {}
        for appearance_id, kind, box in (*entered, *seen):
            places.setdefault(appearance_id, {})[kind] = box
        return {**places}

    def add_appearance(self, photo_id: int, box: Box | None) -> int:
        """Enter somebody who shows in a photo, at a box (stored pixels) or nobody knows where, and return the id."""
        cursor = self._connection.execute(
            "INSERT INTO appearances (photo_id, x, y, w, h) VALUES (?, ?, ?, ?, ?)", (photo_id, *(box or (None,) * 4))
        )
        return int(cursor.lastrowid or 0)

    def add_observations(self, appearance_id: int, analysis_id: int, appearance: Appearance) -> None:
        """Enter what an analysis observed of somebody, the face as its own face model saw it first."""
        self._connection.executemany(
            "INSERT INTO observations (appearance_id, analysis_id, kind, model_id, x, y, w, h, score, sharpness, "
            "pixels, frontality, weak, vector) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    appearance_id,
                    analysis_id,
                    seen.kind,
                    seen.model_id,
                    *seen.box,
                    seen.score,
                    seen.sharpness,
                    seen.pixels,
                    seen.frontality,
                    seen.weak,
                    to_blob(seen.vector),
                )
                for seen in appearance.observations
            ],
        )

    def sightings(self, analysis_id: int) -> list[Sighting]:
        """Return what an analysis saw, appearance by appearance, the largest face first, by its own models."""
        rows = self._connection.read(
            "observations",
            lambda row: (whole(row[0]), observation_of(self._connection, row[1:])),
            "SELECT o.id, a.id, o.kind, o.model_id, o.x, o.y, o.w, o.h, o.score, o.vector, o.sharpness, "
            "o.pixels, o.frontality, o.weak FROM observations o LEFT JOIN appearances a ON a.id = o.appearance_id "
            "WHERE o.analysis_id = ? ORDER BY o.id",
            (analysis_id,),
        )
        seen: dict[int, dict[Kind, Observation]] = {}
        for appearance_id, observation in rows:
            seen.setdefault(appearance_id, {}).setdefault(observation.kind, observation)
        return [Sighting(key, kinds.get(Kind.FACE), kinds.get(Kind.BODY)) for key, kinds in seen.items()]


def take_same_place(free: dict[int, Places], place: Places) -> int | None:
    """Take the appearance that shows at a place out of those that are `free`, and return it; None where none does."""
    overlaps = {key: _overlap(known, place) for key, known in free.items()}
    best = max(overlaps, key=lambda key: overlaps[key], default=None)
    if best is None or overlaps[best] < SAME_PLACE_IOU:
        return None
    del free[best]
    return best


def _overlap(known: Places, place: Places) -> float:
    """Return how much both overlap (intersection over union): by their faces, else bodies, else as entered."""
    for kind in (*Kind, None):
        if kind in place and kind in known:
            return known[kind].iou(place[kind])
    return 0.0


def to_blob(vector: NDArray[np.float32]) -> bytes:
    """Return a vector as the store keeps it: float32, little-endian."""
    return vector.astype("<f4").tobytes()


def box_of(values: Sequence[Any]) -> Box:
    """Return a box from its four columns; raises ValueError or TypeError."""
    return Box(*map(number_of, values))


def observation_of(connection: LibraryConnection, values: Sequence[Any]) -> Observation:
    """Return an observation from its columns: kind, model, box, score, vector, four qualities.

    Raises ValueError or TypeError where they make none.
    """
    kind, model_id, x, y, w, h, score, vector, sharpness, pixels, frontality, weak = values
    number_of(x + y + w + h + score + sharpness + pixels + frontality)  # of many, and quick: each is one if all are
    return Observation(
        kind=Kind(kind),
        model_id=text_of(model_id),
        box=Box(x, y, w, h),
        score=score,
        vector=connection.vector(model_id, vector),
        sharpness=sharpness,
        pixels=pixels,
        frontality=frontality,
        weak=bool(weak),
    )
