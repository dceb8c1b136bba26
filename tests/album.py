"""A people folder that teaches two drawn people, and an album of drawn photos, with real files, library and jobs."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from kith.jobs.build_kb import build_kb
from kith.jobs.context import Context
from kith.jobs.events import Event, PhotoDone, RecognitionFinished
from kith.jobs.open_library import OpenLibrary
from kith.jobs.recognize_folder import recognize_folder
from kith.jobs.user_words import Is
from kith.library.store import open_store
from kith.settings import Settings
from tests.desk import no_analysis, run_job
from tests.drawn import MIDDLE, Eyes, draw

ANN, BOB, EVE = 0, 1, 2


class Album:
    """A people folder that teaches Ann and Bob, and an album to recognise."""

    def __init__(self, root: Path) -> None:
        self.root, self.eyes = root, Eyes()
        self.album, self.output = root / "album", root / "output"
        self.settings = Settings.at(
            root,
            {
                "dataset_dir": "people",
                "processed_dir": "output",
                "models_dir": "models",
                "body_policy": "off",
                "names_in": "off",
                "valid_exts": [".png", ".webp", ".tiff", ".heic"],
            },
        )
        for name, number in (("Ann", ANN), ("Bob", BOB)):
            for shade in (1, 2):
                self.save(draw((number, MIDDLE), shade=shade), f"people/{name}/{shade}.png")
        run_job(self.settings, build_kb, executor=lambda: self.eyes)

    def settings_file(self) -> Path:
        """Write the settings for a window, by which the album is the input folder."""
        file = self.root / "settings.json"
        values = self.settings.model_dump(mode="json") | {"process_dir": "album", "workers": 1}
        file.write_text(json.dumps(values), encoding="utf-8")
        return file

    def save(self, image: Image.Image, place: str, orientation: int = 1, **how: Any) -> Path:
        """Save an image, its pixels as they are, with an orientation tag."""
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        image.save(path, exif=exif, **how)
        return path

    def recognise(self, looks: bool = True) -> dict[str, tuple[str, ...]]:
        """Recognise the album and return who is in each photo by the lines; `looks` tells whether any is analysed."""

        def job(context: Context) -> Iterator[Event]:
            return recognize_folder(context, [self.album], self.output)

        events = run_job(self.settings, job, executor=(lambda: self.eyes) if looks else no_analysis)
        assert isinstance(events[-1], RecognitionFinished)
        assert not events[-1].failed
        return {event.row.file: tuple(event.row.people) for event in events if isinstance(event, PhotoDone)}

    def rows(self) -> dict[str, tuple[str, ...]]:
        """Return the copies that the report names for each photo; all of them are there."""
        events = run_job(self.settings, lambda context: recognize_folder(context, [self.album], self.output))
        rows = {event.row.file: tuple(event.row.copies) for event in events if isinstance(event, PhotoDone)}
        assert all((self.output / copy).is_file() for copies in rows.values() for copy in copies)
        return rows

    def tree(self) -> dict[str, bytes]:
        """Return what lies in the output, but for the report."""
        files = (path for path in self.output.rglob("*") if path.is_file() and path.parent != self.output)
        return {path.relative_to(self.output).as_posix(): path.read_bytes() for path in files}

    def said(self) -> list[tuple[object, ...]]:
        """Return all links."""
        with closing(open_store(self.settings.library_file)) as store:
            return store._connection.execute("SELECT * FROM links ORDER BY id").fetchall()

    def name(self, path: Path, person: str) -> None:
        """Say that the only one in a photo is a person."""
        with closing(OpenLibrary(self.settings)) as library:
            photo_id = library.store.photos.at_path(path)
            assert photo_id is not None
            (key,) = library.store.photos.appearances(photo_id)
            library.say(Is([key], library.people.find(person)))
