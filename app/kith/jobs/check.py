"""Check the health of the knowledge base: what in it may be wrong, with the files to look at."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path

import numpy as np

from kith.identity.gallery import gallery_of, good_faces, is_good
from kith.identity.health import (
    LEAST_SAMPLES,
    Misfit,
    alike_faces,
    alike_photos,
    close_people,
    groups,
    misfits,
    other_people,
)
from kith.identity.lessons import readable
from kith.jobs.library_file import open_records
from kith.jobs.phrases import display_names
from kith.library.store import Store
from kith.settings import Settings
from kith.text import counted
from kith.values.samples import Sample
from kith.vision.face_model import default_face_model
from kith.vision.observations import Kind


class Trouble(StrEnum):
    """What a finding is about, the worst first."""

    SOMEBODY_ELSE = "somebody else"
    TWO_PEOPLE = "one photo, two people"
    TOO_CLOSE = "too close"
    BLURRED = "blurred"
    FEW = "few samples"
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that may be wrong: with whom, what, and the files to look at (none for imported samples)."""

    trouble: Trouble
    people: tuple[str, ...]
    text: str
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class CheckFinished:
    """The health of a knowledge base of so many people and teaching samples."""

    people: int
    samples: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A photo under a person, by a folder of the dataset (`paths` there) or by a word of the user."""

    photo_id: int
    person: str
    paths: tuple[Path, ...] = ()


def check(settings: Settings) -> CheckFinished:
    """Look for what may be wrong in the knowledge base, by stored observations only; raises BadKnowledgeBase."""
    with open_records(settings) as store:
        samples = store.people.taught(Kind.FACE, default_face_model().id)
        good = good_faces(samples, settings.lap_var_thresh)
        report = _Report(settings, store, good)
        findings = [*report.misfits(), *report.copies(), *report.close_people(), *report.poor_people()]
        order = list(Trouble)
        findings.sort(key=lambda finding: order.index(finding.trouble))
        return CheckFinished(len(report.names), len(good), tuple(findings))


def _pair(misfit: Misfit) -> frozenset[int]:
    return frozenset({misfit.sample.person_id, misfit.other.person_id} if misfit.other else ())


class _Report:
    """The findings on a library's good samples, in words."""

    def __init__(self, settings: Settings, store: Store, samples: Sequence[Sample]) -> None:
        self._settings, self._store, self._samples = settings, store, samples
        self._gallery = gallery_of(default_face_model().id, samples)
        self._persons = store.people.all()
        self.names = display_names(self._persons.values())
        self._entries = [*self._dataset_entries()]
        self._alike = alike_faces(self._gallery.vectors)
        others = other_people(self._gallery, np.arange(len(samples)))
        self._close = close_people(samples, others, settings.face_tol)
        mixed = {frozenset(pair.people) for pair in self._close if pair.mixed}
        found = misfits(samples, self._gallery, others, self._alike)
        self._misfits = [misfit for misfit in found if _pair(misfit) not in mixed]

    def misfits(self) -> Iterator[Finding]:
        for misfit in sorted(self._misfits, key=lambda misfit: -misfit.own):
            sample, candidate = misfit.sample, misfit.other
            name = self.names[sample.person_id]
            other = self.names[candidate.person_id] if candidate else ""
            resembles = f", but {candidate.value:.2f} from {other}" if candidate else ""
            text = f"probably not {name}: {misfit.own:.2f} from their other photos{resembles}"
            people, files = (name, other) if other else (name,), self._files([sample])
            unseen = "" if files else f" (#{sample.appearance_id}, known without a photo)"
            yield Finding(Trouble.SOMEBODY_ELSE, people, text + unseen, files)

    def close_people(self) -> Iterator[Finding]:
        wrong = {misfit.sample.appearance_id for misfit in self._misfits}
        counts = Counter(sample.person_id for sample in self._samples)
        for pair in self._close:
            near = [sample for sample in pair.samples if sample.appearance_id not in wrong]
            if near:
                low, high = (self.names[person] for person in pair.people)
                both = sum(counts[person] for person in pair.people)
                text = f"{low} and {high}: {len(near)} of {both} samples of either could be the other"
                advice = "; perhaps they are one person" if pair.mixed else ""
                yield Finding(Trouble.TOO_CLOSE, (low, high), text + advice, self._files(near))

    def poor_people(self) -> Iterator[Finding]:
        files: dict[str, list[Path]] = {}
        for entry in self._entries:
            files.setdefault(entry.person, []).extend(entry.paths)
        of_person: dict[int, list[Sample]] = {key: [] for key in self.names}
        for sample in self._samples:
            of_person[sample.person_id].append(sample)
        for key, own in of_person.items():
            name = self.names[key]
            good = [sample for sample in own if is_good(sample, self._settings.lap_var_thresh)]
            if own and not good:
                text = f"{name}: no photo is sharp and from the front, the sharpest is used: add better ones"
                yield Finding(Trouble.BLURRED, (name,), text, self._files(own))
            elif len(good) < LEAST_SAMPLES:
                count = f"only {len(good)}" if good else "none"
                text = f"{name}: {count} that can teach, {LEAST_SAMPLES} at the very least are needed"
                yield Finding(Trouble.FEW, (name,), text, self._files(own) or tuple(files.get(name, ())))

    def copies(self) -> Iterator[Finding]:
        entries = list(dict.fromkeys([*self._entries, *self._sample_entries()]))
        numbered = list(enumerate(entries))
        place = {(entry.photo_id, entry.person): index for index, entry in reversed(numbered)}
        samples = [place[sample.photo_id, self.names[sample.person_id]] for sample in self._samples]
        alike_faces = [(samples[row], samples[other]) for row, other in self._alike.tolist()]
        pairs = [*alike_faces, *self._alike_entries(entries)]
        together = groups(len(entries), np.array(pairs, np.intp).reshape(-1, 2))
        single = {index for index, entry in numbered if len(entry.paths) > 1}.difference(*together)
        for members in [*together, *([index] for index in sorted(single))]:
            yield self._copies([entries[index] for index in members])

    def _copies(self, entries: Sequence[_Entry]) -> Finding:
        people = tuple(dict.fromkeys(entry.person for entry in entries))
        files = dict.fromkeys(chain.from_iterable(entry.paths or self._files_of([entry.photo_id]) for entry in entries))
        if len(people) > 1:
            text = f"the same or nearly the same photo stands under {' and '.join(people)}"
            return Finding(Trouble.TWO_PEOPLE, people, text, tuple(files))
        text = (
            f"{people[0]}: the same or nearly the same photo {len(entries) if len(entries) > 1 else len(files)} times"
        )
        return Finding(Trouble.TWICE, people, text, tuple(files))

    def _dataset_entries(self) -> Iterator[_Entry]:
        root = self._settings.dataset_folder
        owner = {folder: self.names[person.id] for person in self._persons.values() for folder in person.folders}
        found: dict[tuple[int, str], list[Path]] = {}
        for path, photo_id in sorted(self._store.photos.photos_at([root]).items()):
            folder = readable(path.relative_to(root).parts[0])
            if folder in owner:
                found.setdefault((photo_id, owner[folder]), []).append(path)
        return (_Entry(photo_id, person, tuple(paths)) for (photo_id, person), paths in found.items())

    def _sample_entries(self) -> Iterator[_Entry]:
        return (_Entry(sample.photo_id, self.names[sample.person_id]) for sample in self._samples)

    def _alike_entries(self, entries: Sequence[_Entry]) -> list[tuple[int, int]]:
        """Return the pairs of the dataset's entries that show one picture."""
        looks = self._store.health.looks(entry.photo_id for entry in entries)
        hashes = {index: looks[entry.photo_id].phash for index, entry in enumerate(entries) if entry.paths}
        hashed = {index: phash for index, phash in hashes.items() if phash is not None}
        pairs = alike_photos([*hashed.values()])
        indexes = [*hashed]
        return [(indexes[row], indexes[other]) for row, other in pairs.tolist()]

    def _files(self, samples: Iterable[Sample]) -> tuple[Path, ...]:
        return self._files_of(sample.photo_id for sample in samples)

    def _files_of(self, photo_ids: Iterable[int]) -> tuple[Path, ...]:
        return tuple(chain.from_iterable(map(self._store.reviews.files, dict.fromkeys(photo_ids))))


def check_summary(finished: CheckFinished) -> list[str]:
    """Return what was found, line by line."""
    lines = []
    for finding in finished.findings:
        lines += [f"{finding.trouble}: {finding.text}", *(f"    {path}" for path in finding.files)]
    found = len(finished.findings)
    head = f"{counted(finished.people, 'person', 'people')}, {finished.samples} samples that teach"
    return [*lines, f"{head}: {'nothing to look at' if not found else f'{found} to look at'}."]
