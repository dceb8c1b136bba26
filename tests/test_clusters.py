"""Unknown faces that resemble each other come together, and what is together stays so."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kith.identity import cluster_cells, cluster_pairs, clusters
from kith.identity.cluster_cells import Cells
from kith.identity.cluster_means import Means
from kith.identity.face_groups import PERHAPS_SAME, SAME, grouped, near_groups
from kith.values.samples import Faces

DIMENSIONS = 128


def _faces(
    vectors: Any, photos: Any = None, groups: Any = None, unknown: Any = None, good: Any = None, settled: Any = None
) -> Faces:
    count = len(vectors)
    ids = np.arange(1, count + 1)
    return Faces(
        ids,
        np.asarray(vectors, np.float32),
        ids if photos is None else np.array(photos),
        np.zeros(count, np.int64) if groups is None else np.array(groups),
        np.ones(count, np.bool_) if unknown is None else np.array(unknown),
        np.ones(count, np.bool_) if good is None else np.array(good),
        np.zeros(count, np.bool_) if settled is None else np.array(settled),
    )


def _people(count: int, each: int, seed: int = 0, spread: float = 0.18) -> np.ndarray:
    """Return faces of people far from each other, one person after the other."""
    random = np.random.default_rng(seed)
    people = random.normal(size=(count, 1, DIMENSIONS)) / np.sqrt(DIMENSIONS)
    return (people + spread * random.normal(size=(count, each, DIMENSIONS)) / np.sqrt(DIMENSIONS)).reshape(
        -1, DIMENSIONS
    )


def test_each_person_is_one_group_called_after_its_first_face() -> None:
    groups = grouped(_faces(_people(5, 8)))
    assert groups.tolist() == [1 + 8 * (index // 8) for index in range(40)]


def test_a_face_like_no_other_has_a_group_of_its_own() -> None:
    faces = _faces(np.concatenate((_people(2, 3), -3 * np.ones((1, DIMENSIONS)))))
    assert grouped(faces).tolist() == [1, 1, 1, 4, 4, 4, 7]


def test_no_face_at_all() -> None:
    assert grouped(_faces(np.empty((0, DIMENSIONS)))).tolist() == []
    assert near_groups(_faces(np.empty((0, DIMENSIONS)))) == []
    assert grouped(_faces(_people(1, 2), good=[False, False])).tolist() == [1, 2]
    assert grouped(_faces(_people(1, 2), unknown=[False, False], groups=[1, 1])).tolist() == [1, 1]


def test_two_faces_alone_must_be_nearer_than_two_large_groups() -> None:
    def distance(between: float) -> list[int]:
        return grouped(_faces([[0.0, 0.0], [between, 0.0]])).tolist()

    assert distance(SAME.alone - 0.01) == [1, 1]
    assert distance(SAME.alone + 0.01) == [1, 2]
    line = np.zeros((40, 2))
    line[20:, 0] = SAME.alone + 0.03  # two looks of one person: twenty photos each, all alike
    assert len(set(grouped(_faces(line)))) == 1


def test_a_chain_of_faces_is_not_one_person() -> None:
    chain = np.zeros((30, 2))
    chain[:, 0] = np.arange(30) * 0.3  # each near the next, the ends far apart
    groups = grouped(_faces(chain))
    assert len(set(groups)) > 5
    for group in set(groups):
        assert np.ptp(chain[groups == group, 0]) < 1.0


def test_two_faces_of_one_photo_are_two_people() -> None:
    twins = np.zeros((4, 3))
    twins[[1, 3], 0] = 0.1
    groups = grouped(_faces(twins, photos=[7, 7, 8, 8]))
    assert groups[0] != groups[1]
    assert groups[2] != groups[3]
    assert sorted(groups.tolist()) == [1, 1, 2, 2]
    assert groups[0] == groups[2]  # each with the nearest


def test_a_photo_of_a_group_keeps_its_other_faces_out_also_where_it_is_known_who_they_are() -> None:
    same = np.zeros((3, 3))
    groups = grouped(_faces(same, photos=[1, 2, 1], groups=[1, 1, 0], unknown=[False, True, True]))
    assert groups.tolist() == [1, 1, 3]


def test_a_poor_face_joins_but_brings_no_two_groups_together() -> None:
    apart = SAME.alone + 0.06
    left, right = [0.0, 0.0], [apart, 0.0]
    between = [apart / 2, 0.0]
    faces = _faces([left, right, between], good=[True, True, False])
    assert grouped(faces).tolist() in ([1, 2, 1], [1, 2, 2])
    assert len(set(grouped(_faces([left, right, between])))) < 3
    assert grouped(_faces([between, between], good=[False, False])).tolist() == [1, 2]  # nor do they found one


def test_a_poor_face_counts_for_nothing_in_its_group() -> None:
    here, there = [0.0, 0.0], [SAME.alone - 0.01, 0.0]
    moved = _faces(
        [here, there, there, there, [-0.2, 0.0]], groups=[1, 1, 1, 1, 0], good=[True, False, False, False, True]
    )
    assert grouped(moved).tolist() == [1, 1, 1, 1, 1]
    assert grouped(replace(moved, good=np.ones(5, np.bool_))).tolist() == [1, 1, 1, 1, 5]


def test_groups_that_are_there_stay_two_however_near_and_are_offered() -> None:
    same = np.zeros((5, 2))
    faces = _faces(same, groups=[1, 1, 3, 3, 0])
    groups = grouped(faces)
    assert groups[:4].tolist() == [1, 1, 3, 3]
    assert groups[4] in (1, 3)
    assert near_groups(faces.in_groups(groups)) == [(1, 3)]


def test_groups_in_one_photo_are_not_offered_nor_are_single_faces() -> None:
    same = np.zeros((5, 2))
    assert near_groups(_faces(same, photos=[1, 2, 1, 4, 5], groups=[1, 1, 3, 3, 5])) == []


def test_a_pair_too_far_to_be_one_group_may_be_offered() -> None:
    line = np.zeros((40, 2))
    line[20:, 0] = (SAME.together + PERHAPS_SAME.together) / 2
    groups = grouped(_faces(line))
    assert len(set(groups)) == 2
    assert near_groups(_faces(line, groups=groups)) == [(1, 21)]


def test_a_face_left_alone_finds_its_like_later_and_gives_up_its_number() -> None:
    one, other = [0.0, 0.0], [SAME.alone + 0.03, 0.0]
    alone = grouped(_faces([one, other]))
    assert alone.tolist() == [1, 2]
    between = [(SAME.alone + 0.03) / 2, 0.0]
    assert grouped(_faces([one, other, between], groups=[1, 2, 0])).tolist() in ([1, 2, 1], [1, 2, 2], [1, 1, 1])


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    faces = _faces(_people(20, 6, spread=0.3))
    whole = grouped(faces)
    monkeypatch.setattr(cluster_pairs, "ROWS", 7)
    monkeypatch.setattr(cluster_pairs, "COLUMNS", 11)
    monkeypatch.setattr(clusters, "PAIRS", 5)
    assert grouped(faces).tolist() == whole.tolist()


@settings(max_examples=60)
@given(st.data())
def test_new_photos_never_shuffle_groups(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 10_000))
    random = np.random.default_rng(seed)
    vectors = _people(6, 5, seed, spread=data.draw(st.sampled_from([0.2, 0.35, 0.5])))[random.permutation(30)]
    photos = random.integers(0, 20, 30)
    good = random.random(30) < 0.8
    cuts = sorted(data.draw(st.lists(st.integers(1, 29), max_size=4)))
    groups = np.empty(0, np.int64)
    for end in [*cuts, 30]:
        before = groups
        start = np.concatenate((before, np.zeros(end - len(before), np.int64)))
        faces = _faces(vectors[:end], photos[:end], start, good=good[:end])
        groups = grouped(faces)
        assert grouped(faces.in_groups(groups)).tolist() == groups.tolist()  # nothing new, nothing changes
        for group in set(before):
            members = np.flatnonzero(before == group)
            assert len(members) == 1 or set(groups[members]) == {group}
        for group in set(groups):
            inside = photos[:end][groups == group]
            assert len(set(inside)) == len(inside)


def test_a_poor_face_left_alone_joins_the_group_that_comes_later() -> None:
    poor, like_it = [0.0, 0.0], [0.1, 0.0]
    assert grouped(_faces([poor], good=[False])).tolist() == [1]
    assert grouped(_faces([poor, like_it], groups=[1, 0], good=[False, True])).tolist() == [2, 2]
    assert grouped(_faces([poor, like_it], photos=[7, 7], groups=[1, 0], good=[False, True])).tolist() == [1, 2]


def test_of_very_many_faces_those_in_cells_near_by_are_compared_and_come_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    faces = _faces(_people(150, 6)[np.random.default_rng(1).permutation(900)], good=np.arange(900) % 7 > 0)
    apart = _faces(_people(150, 6), groups=1 + np.arange(900) // 2 * 2)
    whole, offered = grouped(faces), near_groups(apart)
    cells = Cells.of(lambda places: faces.vectors[places], 900, share=0.05)
    compared = sum(len(who) * len(others) for who, others in cells.tiles(faces.vectors, 0))
    assert compared < 0.5 * 900**2
    monkeypatch.setattr(cluster_pairs, "EFFORT", 0.05 * 900**2)
    monkeypatch.setattr(cluster_cells, "ASKING", 100)
    assert grouped(faces).tolist() == whole.tolist()
    assert sorted(near_groups(apart)) == sorted(offered)


def test_a_cluster_is_where_its_faces_are_whichever_it_took_up() -> None:
    vectors = _people(1, 5).astype(np.float32)
    means = Means(vectors, np.arange(5), np.array([0, 0, 1, 2, 3]), np.array([2, 1, 1, 1]))
    means.unite(1, 2, np.float32(1 / 2))
    means.unite(0, 1, np.float32(2 / 4))
    assert means[np.array([3, 0])] == pytest.approx(np.stack([vectors[4], vectors[:4].mean(axis=0)]), abs=1e-6)
    assert means.squares[0] == pytest.approx((vectors[:4] ** 2).sum(axis=1).mean(), abs=1e-6)
    assert vectors == pytest.approx(_people(1, 5).astype(np.float32))
