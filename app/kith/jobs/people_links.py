"""The people folder in the library: whose each folder is, and what the dataset's links say; in one transaction."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from kith.identity.lessons import FolderOf, Lesson, folders_of_photos, owners_of_new_folders, readable, teachings
from kith.library.person_records import PersonRecords


def assign_folders(
    people: PersonRecords, folders: Iterable[str], lessons: Mapping[Path, Lesson], folder_of: FolderOf
) -> dict[str, int]:
    """Return the person of each folder, and write down whose the new and renamed ones are.

    The dataset's links must be still as they were.
    """
    folders = list(folders)
    persons = people.all().values()
    known: dict[str, int] = {}
    for person in persons:
        known |= dict.fromkeys(person.folders, person.id)
    folders_of = folders_of_photos(lessons, folder_of)
    taught = people.dataset_persons(folders_of.keys())
    owners = owners_of_new_folders(folders, persons, folders_of, taught)
    for folder, owner in owners.items():
        name = readable(folder)
        if owner.person_id is None:
            known[name] = people.add(name, name)
        else:
            people.give_folder(owner.person_id, name, owner.instead_of)
            known[name] = owner.person_id
    return {folder: known[readable(folder)] for folder in folders}


def teach(
    people: PersonRecords,
    persons: Mapping[str, int],
    lessons: Mapping[Path, Lesson],
    folder_of: FolderOf,
    unseen: Collection[int] = (),
) -> Mapping[str, Mapping[Path, str]]:
    """Make the dataset's links say what the lessons say; return by folder and photo why it is left out, if it is.

    The links of `unseen` photos, whose files could not be looked at this time, stay as they are.
    """
    teaching = teachings(lessons, folder_of, persons)
    looked_at = {lesson.photo_id for lesson in lessons.values()}
    standing = people.dataset_links(set(unseen) - looked_at)
    people.replace_dataset_links([*standing, *teaching.links])
    return teaching.reasons
