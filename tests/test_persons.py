"""Who is whom: links by dataset, user and machine, and what the people folder teaches."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from kith.identity.lessons import Lesson, lesson_of, readable
from kith.jobs.people_links import assign_folders, teach
from kith.library.store import Store, open_store
from kith.values.links import Link, Source, Word
from kith.values.persons import Person
from kith.values.samples import LEAST_FRONTALITY, LEAST_PIXELS
from kith.values.sightings import Sighting
from kith.vision.observations import Kind, Observation
from tests.making import BLURRED, BODIES, FACES, RIGHT, SHARP, body, enter, face, say_by_machine

LEAST_SHARPNESS = (SHARP + BLURRED) / 2


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(tmp_path / "library.sqlite", create=True)) as opened:
        yield opened


def _appearances(store: Store, count: int) -> list[int]:
    return [enter(store, f"photo {number}", face())[1][0].appearance_id for number in range(count)]


def _people(store: Store, *names: str) -> list[int]:
    return [store.people.add(name) for name in names]


def _say(store: Store, *links: Link) -> None:
    for link in links:
        store.people.say(link)


def _links(store: Store, *appearance_ids: int) -> set[Link]:
    return {link for key in appearance_ids for link in store.people.links(key)}


def _taught(store: Store, kind: Kind = Kind.FACE, model: str = FACES) -> list[tuple[int, int]]:
    """Return (person, appearance) of all that is taught."""
    return [(sample.person_id, sample.appearance_id) for sample in store.people.taught(kind, model)]


# Persons and links


def test_invariant_3_two_people_of_one_name_are_two(store: Store) -> None:
    first, second = store.people.add("Ann", "Ann"), store.people.add("Ann")
    assert first != second
    assert store.people.all() == {first: Person(first, "Ann", ("Ann",)), second: Person(second, "Ann")}


def test_a_word_takes_the_place_of_the_same_sources_earlier_one(store: Store) -> None:
    (key,), (ann, bob) = _appearances(store, 1), _people(store, "Ann", "Bob")
    first = {source: Link(key, ann, Word.IS, source) for source in Source}
    then = {Link(key, ann, Word.IS_NOT, Source.USER), Link(key, bob, Word.IS, Source.USER)}
    _say(store, *first.values(), *then)
    assert _links(store, key) == then | {first[Source.DATASET], first[Source.MACHINE]}


def test_a_link_keeps_its_score_and_model(store: Store) -> None:
    (key,), (ann,) = _appearances(store, 1), _people(store, "Ann")
    link = Link(key, ann, Word.IS, Source.MACHINE, 0.375, FACES)
    _say(store, link)
    assert store.people.links(key) == [link]


def test_invariant_2_the_datasets_links_change_nothing_but_themselves(store: Store) -> None:
    (old, new), (ann, bob) = _appearances(store, 2), _people(store, "Ann", "Bob")
    store.people.replace_dataset_links([(old, ann)])
    others = {Link(old, ann, Word.IS, Source.USER), Link(old, ann, Word.IS, Source.MACHINE, 0.3, FACES)}
    others |= {Link(new, bob, Word.IS_NOT, Source.USER), Link(new, ann, Word.IS, Source.USER)}
    _say(store, *others)
    store.people.replace_dataset_links([(new, bob)])
    assert _links(store, old, new) == others | {Link(new, bob, Word.IS, Source.DATASET)}
    store.people.replace_dataset_links([])
    assert _links(store, old, new) == others


def test_invariant_2_the_machine_changes_no_word_of_user_or_dataset(store: Store) -> None:
    (key, beside), (ann, bob) = _appearances(store, 2), _people(store, "Ann", "Bob")
    words = {Link(key, ann, Word.IS, Source.DATASET), Link(key, ann, Word.IS_NOT, Source.USER)}
    elsewhere = Link(beside, ann, Word.IS, Source.MACHINE, 0.2)
    _say(store, *words, elsewhere)
    for said in ({Link(key, ann, Word.IS, Source.MACHINE, 0.1)}, {Link(key, bob, Word.IS, Source.MACHINE, 0.2)}, set()):
        say_by_machine(store, [key], said)
        assert _links(store, key) == words | said
    assert _links(store, beside) == {elsewhere}


# What is taught


def test_the_machine_never_teaches(store: Store) -> None:
    (key,), (ann,) = _appearances(store, 1), _people(store, "Ann")
    _say(store, Link(key, ann, Word.IS, Source.MACHINE, 0.1, FACES))
    assert _taught(store) == []
    assert store.people.taught_models(Kind.FACE) == set()


@pytest.mark.parametrize(
    ("user_says", "taught"),
    [
        ([], {"Ann"}),
        ([("Ann", Word.IS)], {"Ann"}),
        ([("Ann", Word.IS_NOT)], set()),
        ([("Bob", Word.IS)], {"Bob"}),
        ([("Bob", Word.IS_NOT)], {"Ann"}),
        ([("Ann", Word.IS_NOT), ("Bob", Word.IS)], {"Bob"}),
    ],
)
def test_the_users_word_goes_over_the_datasets(
    store: Store, user_says: Sequence[tuple[str, Word]], taught: set[str]
) -> None:
    (key,), (ann, bob) = _appearances(store, 1), _people(store, "Ann", "Bob")
    ids = {"Ann": ann, "Bob": bob}
    _say(store, Link(key, ann, Word.IS, Source.DATASET))
    _say(store, *(Link(key, ids[name], word, Source.USER) for name, word in user_says))
    assert _taught(store) == [(ids[name], key) for name in taught]


def test_the_users_word_on_one_appearance_leaves_the_others_alone(store: Store) -> None:
    (first, second), (ann,) = _appearances(store, 2), _people(store, "Ann")
    store.people.replace_dataset_links([(first, ann), (second, ann)])
    _say(store, Link(first, ann, Word.IS_NOT, Source.USER))
    assert _taught(store) == [(ann, second)]


def test_of_an_appearance_the_newest_observation_of_the_model_teaches(store: Store) -> None:
    (key,), (ann,) = _appearances(store, 1), _people(store, "Ann")
    _say(store, Link(key, ann, Word.IS, Source.USER))
    enter(store, "photo 0", face(2), engine="second")
    enter(store, "photo 0", face(3, model="other model"), engine="third")
    (sample,) = store.people.taught(Kind.FACE, FACES)
    assert sample.vector.tolist() == [2]
    assert store.people.taught_models(Kind.FACE) == {FACES, "other model"}


def test_a_weak_body_teaches_nothing(store: Store) -> None:
    (ann,) = _people(store, "Ann")
    keys = [enter(store, f"{weak}", body(weak=weak))[1][0].appearance_id for weak in (True, False)]
    _say(store, *(Link(key, ann, Word.IS, Source.USER) for key in keys))
    assert _taught(store, Kind.BODY, BODIES) == [(ann, keys[1])]
    assert _taught(store, Kind.FACE) == []


# What one photo teaches

SMALL = LEAST_PIXELS - 1
TURNED = LEAST_FRONTALITY - 0.01


@pytest.mark.parametrize(
    ("faces", "linked", "left_out"),
    [
        ([], None, "no face found"),
        ([face()], 0, ""),
        ([face(pixels=LEAST_PIXELS, sharpness=LEAST_SHARPNESS, frontality=LEAST_FRONTALITY)], 0, ""),
        ([face(), face(box=RIGHT)], None, "shows 2 faces: which one is meant is not clear"),
        ([face(sharpness=BLURRED)], 0, "the face is blurred"),
        ([face(frontality=TURNED)], 0, "the face is turned away"),
        ([face(pixels=SMALL)], None, "the face is too small"),
        ([face(sharpness=BLURRED), face(box=RIGHT, sharpness=BLURRED)], None, "the faces are blurred"),
        ([face(sharpness=BLURRED), face(box=RIGHT)], 1, ""),
        ([face(), face(box=RIGHT, pixels=SMALL)], 0, ""),
        ([face(sharpness=BLURRED), face(box=RIGHT, pixels=SMALL)], 0, "the face is blurred"),
    ],
)
def test_exactly_one_usable_face_is_the_person(
    store: Store, faces: Sequence[Observation], linked: int | None, left_out: str
) -> None:
    photo_id, seen = enter(store, "photo", *faces)
    appearance_id = None if linked is None else seen[linked].appearance_id
    assert lesson_of(photo_id, seen, LEAST_SHARPNESS) == Lesson(photo_id, appearance_id, left_out)


def test_a_body_without_a_face_teaches_nothing() -> None:
    assert lesson_of(1, [Sighting(1, None, body(weak=True))], LEAST_SHARPNESS) == Lesson(1, None, "no face found")


def test_a_folders_name_that_is_no_unicode_is_readable() -> None:
    assert readable("Zoé") == "Zoé"
    assert readable("Zo\udce9") == r"Zo\udce9"


# What the folders teach


class Dataset:
    """A people folder: where each photo lies, taught anew after every change."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.lessons: dict[str, Lesson] = {}

    def teach(self, photos: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """Teach from `photos`, which maps `folder/file` to a photo's name; return the reasons, where there are any."""
        owners = {Path(path): path.split("/")[0] for path in photos}
        self.lessons |= {photo: self._look(photo) for photo in sorted({*photos.values()} - {*self.lessons})}
        lessons = {Path(path): self.lessons[photo] for path, photo in photos.items()}
        with self._store.transaction():
            persons = assign_folders(self._store.people, sorted(set(owners.values())), lessons, owners)
            reasons = teach(self._store.people, persons, lessons, owners)
        return {
            folder: {path.name: reason for path, reason in told.items() if reason} for folder, told in reasons.items()
        }

    def _look(self, photo: str) -> Lesson:
        seen = [face(), face(box=RIGHT)] if photo.startswith("two") else [face()]
        return lesson_of(*enter(self._store, photo, *seen), LEAST_SHARPNESS)

    def key(self, photo: str) -> int:
        """Return the appearance that a photo's lesson is about."""
        return self.lessons[photo].appearance_id or 0

    def names(self) -> dict[str, set[str]]:
        """Return the photos that the dataset links to each person, by the person's name and id."""
        people = self._store.people.all()
        return {
            f"{person.name} {person.id}": {
                photo
                for photo in self.lessons
                if Link(self.key(photo), person.id, Word.IS, Source.DATASET) in _links(self._store, self.key(photo))
            }
            for person in people.values()
        }


@pytest.fixture
def dataset(store: Store) -> Dataset:
    return Dataset(store)


def test_each_folder_is_a_person(dataset: Dataset) -> None:
    reasons = dataset.teach({"Ann/1.jpg": "a", "Ann/2.jpg": "b", "Bob/1.jpg": "c", "Bob/two.jpg": "two"})
    assert dataset.names() == {"Ann 1": {"a", "b"}, "Bob 2": {"c"}}
    assert reasons == {"Ann": {}, "Bob": {"two.jpg": "shows 2 faces: which one is meant is not clear"}}


def test_the_same_photo_under_two_people_teaches_neither(dataset: Dataset) -> None:
    reasons = dataset.teach({"Ann/1.jpg": "a", "Ann/both.jpg": "b", "Bob/both.jpg": "b", "Zo\udce9/3.jpg": "b"})
    assert dataset.names() == {"Ann 1": {"a"}, "Bob 2": set(), r"Zo\udce9 3": set()}
    assert reasons["Ann"] == {"both.jpg": r"the same photo lies in the folder of Bob, Zo\udce9 too"}
    assert reasons["Bob"] == {"both.jpg": r"the same photo lies in the folder of Ann, Zo\udce9 too"}


def test_a_duplicate_under_one_person_teaches_once(dataset: Dataset) -> None:
    reasons = dataset.teach({"Ann/1.jpg": "a", "Ann/sub/copy.jpg": "a"})
    assert dataset.names() == {"Ann 1": {"a"}}
    assert reasons == {"Ann": {"copy.jpg": "the same photo as 1.jpg"}}


def test_teaching_twice_changes_nothing(dataset: Dataset) -> None:
    photos = {"Ann/1.jpg": "a", "Bob/1.jpg": "b"}
    first = dataset.teach(photos), dataset.names()
    assert (dataset.teach(photos), dataset.names()) == first


def test_invariant_3_a_renamed_folder_keeps_the_person_and_the_users_links(store: Store, dataset: Dataset) -> None:
    dataset.teach({"Ann/1.jpg": "a", "Ann/2.jpg": "b", "Bob/1.jpg": "c"})
    elsewhere = Link(_appearances(store, 1)[0], 1, Word.IS, Source.USER)
    _say(store, elsewhere)
    dataset.teach({"Anna Smith/1.jpg": "a", "Anna Smith/2.jpg": "b", "Anna Smith/3.jpg": "d", "Bob/1.jpg": "c"})
    assert dataset.names() == {"Anna Smith 1": {"a", "b", "d"}, "Bob 2": {"c"}}
    assert _links(store, elsewhere.appearance_id) == {elsewhere}


def test_invariant_3_a_folder_renamed_keeps_the_name_that_the_user_gave(store: Store, dataset: Dataset) -> None:
    person = store.people.add("Grandma", "Ann")
    dataset.teach({"Ann/1.jpg": "a"})
    dataset.teach({"Oma/1.jpg": "a"})
    assert store.people.all() == {person: Person(person, "Grandma", ("Oma",))}
    assert dataset.names() == {"Grandma 1": {"a"}}


def test_a_folder_named_as_somebody_without_one_is_theirs(store: Store, dataset: Dataset) -> None:
    person = store.people.add("Ann")
    dataset.teach({"Ann/1.jpg": "a"})
    assert store.people.all() == {person: Person(person, "Ann", ("Ann",))}


def test_a_deleted_photo_loses_its_link_by_the_dataset_only(store: Store, dataset: Dataset) -> None:
    dataset.teach({"Ann/1.jpg": "a", "Ann/2.jpg": "b"})
    word = Link(dataset.key("b"), 1, Word.IS, Source.USER)
    _say(store, word)
    dataset.teach({"Ann/1.jpg": "a"})
    assert dataset.names() == {"Ann 1": {"a"}}
    assert _links(store, dataset.key("b")) == {word}


def test_a_moved_photo_moves_its_link(dataset: Dataset) -> None:
    dataset.teach({"Ann/1.jpg": "a", "Ann/2.jpg": "b", "Bob/1.jpg": "c"})
    dataset.teach({"Ann/1.jpg": "a", "Bob/2.jpg": "b", "Bob/1.jpg": "c"})
    assert dataset.names() == {"Ann 1": {"a"}, "Bob 2": {"b", "c"}}


def test_a_photo_moved_to_a_new_folder_does_not_take_its_person_along(dataset: Dataset) -> None:
    dataset.teach({"Ann/1.jpg": "a", "Ann/2.jpg": "b"})
    dataset.teach({"Ann/1.jpg": "a", "Zoe/2.jpg": "b"})
    assert dataset.names() == {"Ann 1": {"a"}, "Zoe 2": {"b"}}


def test_of_a_folder_split_in_two_one_part_keeps_the_person(dataset: Dataset) -> None:
    dataset.teach({"Ann/1.jpg": "a", "Ann/2.jpg": "b"})
    dataset.teach({"Ann one/1.jpg": "a", "Ann two/2.jpg": "b"})
    assert dataset.names() == {"Ann one 1": {"a"}, "Ann two 2": {"b"}}


def test_a_person_whose_folder_is_gone_stays_and_is_found_again(store: Store, dataset: Dataset) -> None:
    dataset.teach({"Ann/1.jpg": "a", "Bob/1.jpg": "b"})
    dataset.teach({"Bob/1.jpg": "b"})
    assert dataset.names() == {"Ann 1": set(), "Bob 2": {"b"}}
    dataset.teach({"Ann/9.jpg": "c", "Bob/1.jpg": "b"})
    assert dataset.names() == {"Ann 1": {"c"}, "Bob 2": {"b"}}
