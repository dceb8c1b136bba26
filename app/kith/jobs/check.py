"""Check the health of the knowledge base: what in it may be wrong, with the files to look at."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path

import numpy as np

from kith.identity.alike_photos import alike_photos
from kith.identity.gallery import Gallery, gallery_of, good_faces, is_good
from kith.identity.health import (
    LEAST_SAMPLES,
    Misfit,
    alike_faces,
    close_people,
    groups,
    misfits,
    other_people,
)
from kith.identity.lessons import readable
from kith.jobs.engines import find_face_model
from kith.jobs.library_file import open_records
from kith.jobs.people_folder import folder_around
from kith.jobs.phrases import display_names
from kith.library.store import Store
from kith.settings import Settings
from kith.text import counted
from kith.values.samples import Sample
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
    """Something that may be wrong: with whom, what, and the files to look at (none for imported samples).

    `faces` are the appearances that teach and that it is about.
    """

    trouble: Trouble
    people: tuple[str, ...]
    text: str
    files: tuple[Path, ...]
    faces: tuple[int, ...] = ()


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

    @property
    def key(self) -> tuple[int, str]:
        return self.photo_id, self.person


def check(settings: Settings) -> CheckFinished:
    """Look for what may be wrong in the knowledge base, by stored observations only; raises BadKnowledgeBase."""
    with open_records(settings) as store:
        model_id = find_face_model(settings).id
        samples = store.people.taught(Kind.FACE, model_id)
        good = good_faces(samples, settings.lap_var_thresh)
        report = _Report(settings, store, gallery_of(model_id, good), good)
        findings = [*report.misfits(), *report.copies(), *report.close_people(), *report.poor_people()]
        order = list(Trouble)
        findings.sort(key=lambda finding: order.index(finding.trouble))
        return CheckFinished(len(report.names), len(good), tuple(findings))


def _pair(misfit: Misfit) -> frozenset[int]:
    if misfit.other is None:
        return frozenset()
    return frozenset({misfit.sample.person_id, misfit.other.person_id})


def _faces(samples: Iterable[Sample]) -> tuple[int, ...]:
    return tuple(sample.appearance_id for sample in samples)


class _Report:
    """The findings on a library's good samples, in words."""

    def __init__(self, settings: Settings, store: Store, gallery: Gallery, samples: Sequence[Sample]) -> None:
        self._settings, self._store, self._samples = settings, store, samples
        self._gallery = gallery
        self._persons = store.people.all()
        self.names = display_names(self._persons.values())
        self._entries = [*self._dataset_entries()]
        self._faces: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
        for sample in samples:
            self._faces[sample.photo_id, self.names[sample.person_id]].append(sample.appearance_id)
        self._alike = alike_faces(self._gallery.vectors)
        others = other_people(self._gallery, np.arange(len(samples)))
        self._close = close_people(samples, others)
        mixed = {frozenset(pair.people) for pair in self._close if pair.mixed}
        found = misfits(samples, self._gallery, others, self._alike)
        self._misfits = [misfit for misfit in found if _pair(misfit) not in mixed]

    def misfits(self) -> Iterator[Finding]:
        for misfit in sorted(self._misfits, key=lambda misfit: -misfit.own):
            sample, candidate = misfit.sample, misfit.other
            name = self.names[sample.person_id]
            people: tuple[str, ...] = (name,)
            text = f"probably not {name}: {misfit.own:.2f} from their other photos"
            if candidate:
                other = self.names[candidate.person_id]
                people = (name, other)
                text += f", but {candidate.value:.2f} from {other}"
            files = self._files([sample])
            if not files:
                text += f" (#{sample.appearance_id}, known without a photo)"
            yield Finding(Trouble.SOMEBODY_ELSE, people, text, files, _faces([sample]))

    def close_people(self) -> Iterator[Finding]:
        wrong = {misfit.sample.appearance_id for misfit in self._misfits}
        counts = Counter(sample.person_id for sample in self._samples)
        for pair in self._close:
            near = [sample for sample in pair.samples if sample.appearance_id not in wrong]
            if near:
                low, high = pair.people
                people = self.names[low], self.names[high]
                both = counts[low] + counts[high]
                text = f"{' and '.join(people)}: {len(near)} of {both} samples of either could be the other"
                if pair.mixed:
                    text += "; perhaps they are one person"
                yield Finding(Trouble.TOO_CLOSE, people, text, self._files(near), _faces(near))

    def poor_people(self) -> Iterator[Finding]:
        files: defaultdict[str, list[Path]] = defaultdict(list)
        for entry in self._entries:
            files[entry.person] += entry.paths
        samples: defaultdict[int, list[Sample]] = defaultdict(list)
        for sample in self._samples:
            samples[sample.person_id].append(sample)
        sharp = self._settings.lap_var_thresh
        for key, name in self.names.items():
            own = samples[key]
            good = [sample for sample in own if is_good(sample, sharp)]
            if own and not good:
                text = f"{name}: no photo is sharp and from the front, the sharpest is used: add better ones"
                yield Finding(Trouble.BLURRED, (name,), text, self._files(own), _faces(own))
            elif len(good) < LEAST_SAMPLES:
                count = f"only {len(good)}" if good else "none"
                text = f"{name}: {count} that can teach, {LEAST_SAMPLES} at the very least are needed"
                shown = self._files(own) or tuple(files[name])
                yield Finding(Trouble.FEW, (name,), text, shown, _faces(own))

    def copies(self) -> Iterator[Finding]:
        names = self.names
        by_sample = [_Entry(sample.photo_id, names[sample.person_id]) for sample in self._samples]
        entries = [*dict.fromkeys([*self._entries, *by_sample])]
        place: dict[tuple[int, str], int] = {}
        several = set()
        for index, entry in enumerate(entries):
            place.setdefault(entry.key, index)
            if len(entry.paths) > 1:
                several.add(index)
        samples = [place[entry.key] for entry in by_sample]
        pairs = [(samples[row], samples[other]) for row, other in self._alike.tolist()]
        pairs += self._alike_entries(entries)
        rows = np.array(pairs, np.intp).reshape(-1, 2)
        together = groups(len(entries), rows)
        alone = several.difference(*together)
        together += [[index] for index in sorted(alone)]
        for members in together:
            yield self._copies([entries[index] for index in members])

    def _copies(self, entries: Sequence[_Entry]) -> Finding:
        people = tuple(dict.fromkeys(entry.person for entry in entries))
        paths: list[Path] = []
        for entry in entries:
            paths += entry.paths or self._files_of([entry.photo_id])
        files = tuple(dict.fromkeys(paths))
        faces = tuple(chain.from_iterable(self._faces[entry.key] for entry in entries))
        if len(people) > 1:
            text = f"the same or nearly the same photo stands under {' and '.join(people)}"
            return Finding(Trouble.TWO_PEOPLE, people, text, files, faces)
        times = len(entries) if len(entries) > 1 else len(files)
        text = f"{people[0]}: the same or nearly the same photo {times} times"
        return Finding(Trouble.TWICE, people, text, files, faces)

    def _dataset_entries(self) -> Iterator[_Entry]:
        root = self._settings.dataset_folder
        owner: dict[str, str] = {}
        for person in self._persons.values():
            name = self.names[person.id]
            owner |= dict.fromkeys(person.folders, name)
        found: defaultdict[tuple[int, str], list[Path]] = defaultdict(list)
        photos = self._store.photos.photos_at([root])
        for path, photo_id in sorted(photos.items()):
            folder = folder_around(path, root)
            if folder and (whose := owner.get(readable(folder.name))):
                found[photo_id, whose].append(path)
        return (_Entry(photo_id, person, tuple(paths)) for (photo_id, person), paths in found.items())

    def _alike_entries(self, entries: Sequence[_Entry]) -> list[tuple[int, int]]:
        """Return the pairs of the dataset's entries that show one picture."""
        looks = self._store.health.looks(entry.photo_id for entry in entries)
        indexes, hashes = [], []
        for index, entry in enumerate(entries):
            phash = looks[entry.photo_id].phash
            if entry.paths and phash is not None:
                indexes.append(index)
                hashes.append(phash)
        pairs = alike_photos(hashes)
        return [(indexes[row], indexes[other]) for row, other in pairs.tolist()]

    def _files(self, samples: Iterable[Sample]) -> tuple[Path, ...]:
        return self._files_of(sample.photo_id for sample in samples)

    def _files_of(self, photo_ids: Iterable[int]) -> tuple[Path, ...]:
        files = self._store.reviews.files
        return tuple(chain.from_iterable(map(files, dict.fromkeys(photo_ids))))


def check_summary(finished: CheckFinished) -> list[str]:
    """Return what was found, line by line."""
    lines = []
    for finding in finished.findings:
        lines.append(f"{finding.trouble}: {finding.text}")
        lines += [f"    {path}" for path in finding.files]
    found = len(finished.findings) or "nothing"
    people = counted(finished.people, "person", "people")
    return [*lines, f"{people}, {finished.samples} samples that teach: {found} to look at."]
