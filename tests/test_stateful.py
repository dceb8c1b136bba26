"""Whatever is done in whatever order: the invariants hold, and undoing everything gives back what was."""

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kith.errors import BadInput, BadKnowledgeBase, ModelMismatch
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.person_changes import PersonChanges
from kith.jobs.unknowns import Unknowns
from kith.jobs.user_words import Heeded, Ignored, Is, IsNot, TakenBack
from kith.values.links import Source
from kith.values.persons import Person
from kith.vision.face_model import default_face_model
from tests.making import in_memory
from tests.small_world import BODIES, OTHER_FACES, SHOWN, World

DLIB = "dlib"
NUMBER = st.integers(0, 30)
NAMES = st.sampled_from(["Ann", "Bob", "Zoe", "Unknown", "a/b", "Ann #3", "CON", "zoé"])
FOLDERS = st.sampled_from(["input", "input", "input", "people/Ann", "people/Bob", "people/Zoe"])
THRESHOLDS = st.sampled_from([(0.2, 0.2, 0.04), (0.45, 0.6, 0.04), (0.56, 0.6, 0.04), (0.95, 0.95, 0.0)])
EXAMPLES = int(os.environ.get("KITH_STATEFUL_EXAMPLES", "8"))


class Library(RuleBasedStateMachine):
    """What is done to a library, and a twin to which only the machine's part of it is done."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="kith-test-", dir=in_memory()))
        self.world, self.twin = World(self.root / "world"), World(self.root / "twin")
        self.both(lambda world: world.measure(default_face_model().id, world.other_faces_id))
        self.both(World.recognise)
        self.built_since = self.is_behind = False

    def teardown(self) -> None:
        """Undo everything at the end, then clean up."""
        try:
            self.undo_everything()
        finally:
            shutil.rmtree(self.root)

    def both(self, act: Callable[[World], Any]) -> bool:
        """Let the machine act in both worlds; False where models disagree or, in one, nobody is known."""
        is_done = True
        for one in (self.world, self.twin):
            try:
                act(one)
            except ModelMismatch:  # perhaps in one world only: whom the user names teaches bodies, too
                assert one.values["body_policy"] != "off" or one.values.get("face_model") == OTHER_FACES
                self.is_behind, is_done = True, False
            except BadKnowledgeBase:  # the user has deleted everybody
                assert one is self.world
                self.is_behind, is_done = True, False
        return is_done

    # The machine's part

    @initialize(policy=st.sampled_from(["off", "off", "suggest", "anywhere", "event"]))
    def choose_policy(self, policy: str) -> None:
        self.set_policy(policy)

    @rule(photo=st.integers(0, len(SHOWN) - 1), folder=FOLDERS)
    def put(self, photo: int, folder: str) -> None:
        self.both(lambda world: world.put(photo, folder))

    @rule(number=NUMBER)
    def move(self, number: int) -> None:
        """A photo that lies elsewhere is known there once it is met there."""

        def act(world: World) -> None:
            world.recognise()
            known = world.query("SELECT id, image_hash FROM photos")
            world.move(number)
            world.recognise()
            assert world.query("SELECT id, image_hash FROM photos") == known

        self.both(act)

    @rule()
    def build(self) -> None:
        before = self.world.said(Source.USER)
        self.both(World.build)
        assert self.world.said(Source.USER) == before
        self.built_since = True

    @rule()
    def recognise(self) -> None:
        before = self.world.said(Source.USER, Source.DATASET)
        self.both(lambda world: world.heard(world.recognise()))
        assert self.world.said(Source.USER, Source.DATASET) == before

    @rule()
    def redecide(self) -> None:
        before = self.world.said(Source.USER, Source.DATASET)
        self.both(World.redecide)
        assert self.world.said(Source.USER, Source.DATASET) == before

    @rule(values=THRESHOLDS)
    def set_thresholds(self, values: tuple[float, float, float]) -> None:
        self.set(**dict(zip(("face_tol", "face_suggest", "face_margin"), values, strict=True)))
        self.redecide()

    @rule(policy=st.sampled_from(["off", "suggest", "anywhere", "event"]))
    def set_policy(self, policy: str) -> None:
        self.set(body_policy=policy)

    @rule(model=st.sampled_from(BODIES), size=st.sampled_from([640, 1280]))
    def set_models(self, model: str, size: int) -> None:
        self.set(reid_weights=model, resize_max=size)

    @rule(models=st.sampled_from([(DLIB, ""), (DLIB, ""), (DLIB, OTHER_FACES), (OTHER_FACES, ""), (OTHER_FACES, DLIB)]))
    def set_face_models(self, models: tuple[str, str]) -> None:
        """What was said and decided stays; what another network saw waits for it to come back."""
        before = self.world.said(Source.USER, Source.DATASET, Source.MACHINE)
        self.set(face_model=models[0], second_opinion=models[1])
        assert self.world.said(Source.USER, Source.DATASET, Source.MACHINE) == before
        self.built_since = self.is_behind = True

    def set(self, **values: object) -> None:
        for one in (self.world, self.twin):
            one.values |= values

    # The user's part

    def edit(self, act: Callable[[OpenLibrary], Outcome]) -> None:
        """Let the user act; what Kith refuses changes nothing."""
        before = self.world.query("SELECT count(*) FROM changes WHERE undone_at IS NULL")[0][0]
        with self.world.library() as library:
            try:
                outcome = act(library)
            except BadInput:
                assert self.world.query("SELECT count(*) FROM changes WHERE undone_at IS NULL")[0][0] == before
                return
        assert outcome.problems == (), outcome

    def person(self, library: OpenLibrary, number: int) -> Person:
        everybody = list(library.people.all().values())
        if not everybody:
            raise BadInput("nobody")
        return everybody[number % len(everybody)]

    def appearance(self, number: int) -> int:
        keys = [row[0] for row in self.world.query("SELECT id FROM appearances ORDER BY id")]
        return int(keys[number % len(keys)])

    @rule(name=NAMES)
    def create(self, name: str) -> None:
        self.edit(lambda library: PersonChanges(library).create(name))

    @rule(number=NUMBER, name=NAMES)
    def rename(self, number: int, name: str) -> None:
        self.edit(lambda library: PersonChanges(library).rename(self.person(library, number), name))

    @rule(kept=NUMBER, gone=NUMBER)
    def merge(self, kept: int, gone: int) -> None:
        self.edit(lambda library: PersonChanges(library).merge(self.person(library, kept), self.person(library, gone)))

    @rule(number=NUMBER, several=st.integers(1, 3), name=NAMES)
    def split(self, number: int, several: int, name: str) -> None:
        def act(library: OpenLibrary) -> Outcome:
            person = self.person(library, number)
            keys = [
                row[0]
                for row in self.world.query(
                    "SELECT DISTINCT appearance_id FROM links WHERE person_id = ? AND word = 'is' ORDER BY 1", person.id
                )
            ]
            if not keys:
                raise BadInput("nobody to split off")
            return PersonChanges(library).split(person, keys[:several], name)

        self.edit(act)

    @rule(number=NUMBER)
    def delete(self, number: int) -> None:
        self.edit(lambda library: PersonChanges(library).delete(self.person(library, number)))

    @rule(number=NUMBER, year=st.sampled_from(["1950", "2030-01", None]))
    def set_birth(self, number: int, year: str | None) -> None:
        self.edit(
            lambda library: PersonChanges(library).set(
                self.person(library, number), {"birth": year}, {"town": "Rome"}, {"Nick": True}
            )
        )

    @rule(number=NUMBER, who=NUMBER)
    def say_is(self, number: int, who: int) -> None:
        self.edit(lambda library: library.say(Is([self.appearance(number)], self.person(library, who))))

    @rule(number=NUMBER, who=NUMBER)
    def say_is_not(self, number: int, who: int) -> None:
        self.edit(lambda library: library.say(IsNot(self.appearance(number), self.person(library, who))))

    @rule(number=NUMBER)
    def take_word_back(self, number: int) -> None:
        self.edit(lambda library: library.say(TakenBack(self.appearance(number))))

    @rule(number=NUMBER, back=st.booleans())
    def ignore(self, number: int, back: bool) -> None:
        appearances = [self.appearance(number)]
        with closing(OpenLibrary(self.world.settings)) as library, suppress(BadInput):
            library.say(Heeded(appearances) if back else Ignored(appearances))

    @rule(number=NUMBER, face=st.none() | NUMBER)
    def set_key_face(self, number: int, face: int | None) -> None:
        def act(library: OpenLibrary) -> Outcome:
            person = self.person(library, number)
            faces = [link.appearance_id for _, link in library.store.people.mentions(person.id)]
            chosen = None if face is None or not faces else faces[face % len(faces)]
            return PersonChanges(library).set_key_face(person, chosen)

        self.edit(act)

    @rule(number=NUMBER, several=st.integers(1, 2))
    def split_group(self, number: int, several: int) -> None:
        def act(library: OpenLibrary) -> Outcome:
            unknowns = Unknowns(library)
            groups = unknowns.groups(2)
            if not groups:
                raise BadInput("nobody to split off")
            group = groups[number % len(groups)].id
            return unknowns.split(group, unknowns.in_group(group)[:several])

        self.edit(act)

    @rule()
    def undo(self) -> None:
        self.edit(lambda library: library.undo())

    @rule()
    def redo(self) -> None:
        self.edit(lambda library: library.redo())

    @precondition(lambda self: self.world.query("SELECT 1 FROM changes WHERE undone_at IS NULL"))
    @rule()
    def undo_and_redo(self) -> None:
        """Then all that was said and done is as it was."""
        before = self.words()
        self.undo()
        self.redo()
        assert self.words() == before

    def words(self) -> tuple[object, ...]:
        said = [link for link in self.world.links() if link[5] == "user"]
        chosen = self.world.query("SELECT * FROM key_faces ORDER BY 1")
        return said, self.world.persons(), self.world.ignored(), chosen, self.settled()

    def settled(self) -> list[tuple[Any, ...]]:
        """Return the faces that the user put where they are, with their groups."""
        return self.world.query("SELECT appearance_id, group_id FROM unknown_groups WHERE settled ORDER BY 1")

    @precondition(lambda self: self.world.query("SELECT 1 FROM changes WHERE undone_at IS NULL"))
    @rule()
    def undo_everything(self) -> None:
        """Then there is nothing left of what the user did: everything is as in the twin."""
        while self.world.query("SELECT 1 FROM changes WHERE undone_at IS NULL"):
            self.undo()
            self.holds()
        self.set(face_model=DLIB, second_opinion="")
        if not self.catch_up():  # bodies of two models disagree: then faces are compared alone
            self.set(body_policy="off")
            assert self.catch_up()
        self.holds()
        self.built_since = self.is_behind = False
        assert self.world.persons() == self.twin.persons(), (self.world.persons(), self.twin.persons())
        assert self.world.links() == self.twin.links(), set(self.world.links()) ^ set(self.twin.links())
        assert self.world.ignored() == self.settled() == self.world.query("SELECT * FROM key_faces") == []
        assert self.world.tree() == self.twin.tree()

    def catch_up(self) -> bool:
        """Let the machine say of people as they are now what it said of others; False where models disagree."""
        built = not self.built_since or self.both(World.build)
        recognised = not self.is_behind or self.both(World.recognise)
        return self.both(World.redecide) and built and recognised

    # What holds at any moment

    @invariant()
    def holds(self) -> None:
        self.world.check()


Library.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=18,
    deadline=None,
    derandomize="KITH_STATEFUL_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class TestLibrary(Library.TestCase):  # type: ignore[misc, valid-type]
    """Random sequences of what may be done."""
