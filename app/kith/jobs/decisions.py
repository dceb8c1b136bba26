"""Decide who shows in photos, from what is stored and taught: the one place that does, opening no photo."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from kith.errors import KithError, ModelMismatch, NobodyTaught
from kith.identity.alike_photos import counted_once
from kith.identity.decision import Decider
from kith.identity.event_evidence import EventEvidence
from kith.identity.exclusions import Life
from kith.identity.gallery import Gallery, gallery_of, good_faces, is_good
from kith.identity.probes import Probe
from kith.identity.second_opinion import SecondOpinion
from kith.jobs.calibrations import calibration_of
from kith.library.redecision_queries import Models, StoredPhoto
from kith.library.store import Store
from kith.messages import Action, Do, Message
from kith.photos.box import Box
from kith.policies import BodyPolicy
from kith.settings import Settings
from kith.values.decisions import Evidence, PhotoDecision
from kith.values.links import Link, Source, Word, replaced
from kith.values.samples import Sample
from kith.vision.engines import EngineSpec
from kith.vision.observations import Kind

NEAR = 0.6  # the distance that is called standard: faces nearer are suggested where certainty is not measured


class Decisions:
    """Decides photos of a library by what dataset and user teach, which it reads once and after each `forget`.

    Of what makes that impossible it does without those that it `forgives`: where bodies are another model's it goes by
    faces alone, where nobody is taught by words. All else raises NobodyTaught and ModelMismatch.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        spec: EngineSpec,
        forgives: tuple[type[KithError], ...] = (),
    ) -> None:
        self.face_model_id = spec.face_model.id
        self.body_model_id = spec.body_model_id
        self.second_model_id = spec.second_opinion.id if spec.second_opinion else ""
        self._settings = settings
        self._store = store
        self._forgives = forgives
        self.forget()

    def forget(self) -> None:
        """Say that something teaches from now on, or no longer."""
        self._read: tuple[int, int] | None = None
        self._decider: Decider | None = None
        self._evidence: EventEvidence | None = None
        self._forgave = False

    @property
    def forgave(self) -> bool:
        """Whether anything had to be forgiven, of what is taught as it is now."""
        if not self.are_current:
            self.forget()
        return bool(self.decider) and self._forgave

    def read(self) -> Decider:
        """Read what is taught, as it is now, and return the decider over it."""
        self.forget()
        return self.decider

    @property
    def are_current(self) -> bool:
        """Whether the user has changed nobody and no word, perhaps beside, since it was read what is taught."""
        return self._read == self._store.changes.state()

    @property
    def decider(self) -> Decider:
        """The decider over all that is taught."""
        if self._decider is None:
            self._read = self._store.changes.state()
            self._decider = self._decider_at_hand()
        return self._decider

    def _decider_at_hand(self) -> Decider:
        settings, people = self._settings, self._store.people
        model_id, sharp = self.face_model_id, settings.lap_var_thresh
        faces = people.taught(Kind.FACE, model_id)
        if not faces:
            self._forgive(self._nobody_taught())
        bodies = self._bodies() if faces else gallery_of("", [])
        body_policy = settings.body_policy if bodies.model_id else BodyPolicy.OFF
        denied = self._store.gallery.denied(model_id)
        good_denied = [face for face in denied if is_good(face, sharp)]
        lives = {}
        for person in people.all().values():
            if person.birth or person.death:
                lives[person.id] = Life(person.birth, person.death)
        calibration = calibration_of(self._store, model_id)
        return Decider(
            faces=gallery_of(model_id, teaching(self._store, good_faces(faces, sharp))),
            bodies=bodies,
            face_tol=settings.face_tol,
            body_tol=settings.body_tol,
            body_policy=body_policy,
            least_sharpness=sharp,
            face_margin=settings.face_margin,
            face_suggest=settings.face_suggest or (0.0 if calibration else NEAR),
            calibration=calibration,
            sure_at=settings.sure_at,
            suggest_at=settings.suggest_at,
            denied=gallery_of(model_id, good_denied),
            lives=lives,
            second=self._second_opinion(),
        )

    def _second_opinion(self) -> SecondOpinion | None:
        model_id = self.second_model_id
        calibration = calibration_of(self._store, model_id) if model_id else None
        samples = self._store.people.taught(Kind.FACE, model_id) if calibration else []
        if not calibration or not samples:
            return None
        good = good_faces(samples, self._settings.lap_var_thresh)
        return SecondOpinion(gallery_of(model_id, teaching(self._store, good)), calibration)

    def notices(self) -> Iterator[Message]:
        """Yield what is to be known of how decisions are made."""
        if self.decider.calibration is None and not self._settings.face_tol:
            yield Message(
                f"How sure {self.face_model_id} makes has not been measured: nobody is named by it, faces nearer than "
                f"{NEAR:g} are suggested. ",
                Do(Action.EVALUATE),
                " measures it on your own people, where they are enough.",
            )
        if self.second_model_id and self.decider.second is None:
            taught = self.second_model_id in self._store.people.taught_models(Kind.FACE)
            missing = "how sure it makes has not been measured" if taught else "it knows nobody yet"
            does = Action.EVALUATE if taught else Action.BUILD_KB
            yield Message(f"second_opinion is not asked, since {missing}: ", Do(does), " changes that.")

    def _nobody_taught(self) -> KithError:
        others = self._store.people.taught_models(Kind.FACE) - {self.face_model_id}
        if others:
            return ModelMismatch(
                f"The knowledge base knows faces by {', '.join(sorted(others))}, ",
                f"the settings ask for {self.face_model_id}: run ",
                Do(Action.BUILD_KB),
                ", or set face_model back.",
            )
        return NobodyTaught(
            f"The knowledge base {self._store.path} knows nobody yet: put one folder of photos per person into "
            f"{self._settings.dataset_folder} and run ",
            Do(Action.BUILD_KB),
            ".",
        )

    def _bodies(self) -> Gallery:
        """Return the bodies to compare with, of no model where there are none to be compared with."""
        model_id, people = self.body_model_id, self._store.people
        if model_id is None:
            return gallery_of("", [])
        samples = people.taught(Kind.BODY, model_id)
        others = people.taught_models(Kind.BODY) - {model_id}
        if samples or not others:
            return gallery_of(model_id, samples)
        self._forgive(
            ModelMismatch(
                f"The knowledge base knows bodies by {', '.join(sorted(others))}, ",
                f"the settings ask for {model_id}: run ",
                Do(Action.BUILD_KB),
                ", or set reid_model and reid_weights back, or body_policy to off.",
            )
        )
        return gallery_of("", [])

    @property
    def body_policy(self) -> str:
        """What bodies decide, and why that is less than the settings say, if it is."""
        used, wanted = self.decider.body_policy, self._settings.body_policy
        if used is wanted:
            return used.value
        lacking = "the file of the body model is missing" if self.body_model_id is None else "no body is known by it"
        return f"{used} (the setting is {wanted}, but {lacking})"

    def _forgive(self, error: KithError) -> None:
        if not isinstance(error, self._forgives):
            raise error
        self._forgave = True

    @property
    def evidence(self) -> EventEvidence:
        """What the other photos of an event say."""
        if self._evidence is None:
            faces = {self.face_model_id, *self._store.people.taught_models(Kind.FACE)}
            bodies = self.decider.bodies.model_id
            self._evidence = EventEvidence(self._store.events, faces, bodies, self._settings.event_gap)
        return self._evidence

    @property
    def go_by_events(self) -> bool:
        """Whether the bodies of an event decide on photos, and do not only suggest."""
        return self.decider.body_policy is BodyPolicy.EVENT

    def photos(self, photo_ids: Sequence[int]) -> list[StoredPhoto]:
        """Return what there is to decide on: photos as last looked at, and whom only the user saw there."""
        return self._store.redecisions.photos(photo_ids, self._models)

    def photos_seen(self, looks: Sequence[tuple[int, int]]) -> list[StoredPhoto]:
        """Return photos as analyses saw them, by the ids of both; no photo twice."""
        photo_ids, analyses = [photo for photo, _ in looks], [seen for _, seen in looks]
        return self._store.redecisions.photos(photo_ids, self._models, analyses)

    def photo(self, photo_id: int) -> StoredPhoto:
        """Return a photo as last looked at."""
        (photo,) = self.photos([photo_id])
        return photo

    @property
    def _models(self) -> Models:
        return Models(self.face_model_id, self.decider.bodies.model_id, self.second_model_id)

    def by_faces(
        self, photos: Sequence[StoredPhoto], compared: Sequence[Sequence[Probe]] | None = None
    ) -> list[PhotoDecision]:
        """Return the decisions on photos each by itself; whom they name counts in their events from now on.

        `compared` are their faces where the decider has compared them already.
        """
        if compared is None:
            compared = self.decider.compare([photo.case for photo in photos])
        decisions = self.decider.compared(compared)
        for photo, decision in zip(photos, decisions, strict=True):
            if self.go_by_events or decision.hangs:  # else nobody asks for it
                self.evidence.learn(photo.id, decision)
        return decisions

    def by_events(
        self, photos: Sequence[StoredPhoto], decisions: Sequence[PhotoDecision], decider: Decider | None = None
    ) -> list[PhotoDecision]:
        """Return the decisions, those that hang on it made again with the bodies of the photo's event."""
        decider = decider or self.decider
        hanging = [photo for photo, decision in zip(photos, decisions, strict=True) if decision.hangs]
        if not hanging:
            return list(decisions)
        events = [self.evidence.bodies(photo.id) for photo in hanging]
        again = iter(decider.photos([photo.case for photo in hanging], events))
        return [next(again) if decision.hangs else decision for decision in decisions]

    def decide(self, photo: StoredPhoto, apart: int | None = None) -> PhotoDecision:
        """Return the decision on a photo by all that is known, as if the appearance `apart` taught nobody."""
        decider = self.decider if apart is None else self._without(apart)
        by_faces = decider.photos([photo.case])
        (decision,) = self.by_events([photo], by_faces, decider)
        return decision

    def teaches(self, appearance_id: int) -> bool:
        """Whether an appearance is one of those that are compared with."""
        decider = self.decider
        return appearance_id in decider.faces.appearance_ids or appearance_id in decider.bodies.appearance_ids

    def _without(self, appearance_id: int) -> Decider:
        decider = self.decider
        faces = decider.faces.without(appearance_id)
        bodies = decider.bodies.without(appearance_id)
        second = decider.second and decider.second.without(appearance_id)
        return replace(decider, faces=faces, bodies=bodies, second=second)

    def doubtful(self, photo: StoredPhoto, decision: PhotoDecision) -> dict[int, Box]:
        """Return the faces of which the first network is not sure and the second has not been asked: their places."""
        asks = {face.appearance_id for face in decision.appearances if face.asks}
        seen = [sighting for sighting in photo.case.sightings if sighting.appearance_id in asks]
        return {sighting.appearance_id: sighting.face.box for sighting in seen if sighting.face and not sighting.second}

    def write(self, decided: Sequence[tuple[StoredPhoto, PhotoDecision]]) -> None:
        """Make decisions all that the machine says of photos, within the transaction that these were read in."""
        present: list[Link] = []
        wanted: list[Link] = []
        for photo, decision in decided:
            present += [link for seen in photo.case.sightings for link in photo.case.links[seen.appearance_id]]
            wanted += machine_links(decision, self.decider)
        by_machine = (link for link in present if link.source is Source.MACHINE)
        self._store.redecisions.replace(*replaced(by_machine, wanted))
        self.write_suggestions(decided)

    def write_suggestions(self, decided: Iterable[tuple[StoredPhoto, PhotoDecision]]) -> None:
        """Make whom the machine is unsure of all that it suggests of photos, within the caller's transaction."""
        appearances: list[int] = []
        suggested: dict[int, int] = {}
        for photo, decision in decided:
            appearances += [seen.appearance_id for seen in photo.case.sightings]
            suggested |= suggestions(decision)
        self._store.suggestions.replace(appearances, suggested)

    def settle(self, photo_id: int) -> PhotoDecision:
        """Decide a photo, write that down within the caller's transaction, and return it."""
        photo = self.photo(photo_id)
        decision = self.decide(photo)
        self.write([(photo, decision)])
        return decision


def teaching(store: Store, samples: Sequence[Sample]) -> list[Sample]:
    """Return those of good samples that are compared with: of nearly the same photos of a person one."""
    return counted_once(samples, store.health.looks(sample.photo_id for sample in samples))


def suggestions(decision: PhotoDecision) -> dict[int, int]:
    """Return whom the machine is unsure of in a photo: appearance → person."""
    unsure = (one for one in decision.appearances if one.person_id is None)
    return {one.appearance_id: one.suggested for one in unsure if one.suggested is not None}


def machine_links(decision: PhotoDecision, decider: Decider) -> Iterator[Link]:
    """Yield the links that a decision comes to, each with the distance or similarity and the model it rests on."""
    for appearance in decision.appearances:
        person_id = appearance.person_id
        if appearance.standing:
            yield appearance.standing
        elif person_id is not None and not appearance.said:
            gallery = decider.faces if appearance.evidence is Evidence.FACE else decider.bodies
            key, score = appearance.appearance_id, appearance.score
            yield Link(key, person_id, Word.IS, Source.MACHINE, score, gallery.model_id)
