"""Faces and bodies of one person: boxes of real photos as detectors gave them, and scenes made by hand."""

import random

import pytest

from kith.vision.pairs import Pair, pair

Corners = tuple[int, int, int, int]
STANDING: Corners = (100, 100, 300, 800)
THEIR_FACE: Corners = (165, 130, 235, 200)


def body_of_each(faces: list[Corners], bodies: list[Corners]) -> list[int | None]:
    return [one.body for one in pair(faces, bodies)[: len(faces)]]


# Faces and persons as found in photos of groups and athletes, and by eye the body of each face.
REAL = {
    "two side by side": (
        [(221, 36, 396, 211), (777, 65, 952, 240)],
        [(568, 10, 1122, 661), (0, 8, 543, 654)],
        [1, 0],
    ),
    "arms raised, and a third in front": (
        [(721, 242, 855, 376), (474, 270, 603, 399), (1034, 672, 1141, 779)],
        [(655, 171, 1212, 896), (115, 220, 680, 873), (997, 608, 1259, 914)],
        [0, 1, 2],
    ),
    "six seated around a table, two of them not found": (
        [
            (456, 278, 578, 400),
            (743, 359, 853, 469),
            (1119, 280, 1228, 389),
            (897, 71, 1016, 190),
            (56, 274, 173, 391),
            (262, 157, 377, 272),
        ],
        [(340, 241, 761, 645), (613, 291, 1012, 654), (913, 171, 1242, 660), (9, 231, 338, 736)],
        [0, 1, 2, None, 3, None],
    ),
    "one half hidden behind another": (
        [(865, 106, 986, 227), (378, 119, 505, 246), (289, 139, 401, 251)],
        [(592, 58, 1256, 720), (183, 51, 726, 708), (145, 58, 396, 484)],
        [0, 1, 2],
    ),
    "a couple embracing, found as one": (
        [(157, 62, 213, 118), (87, 23, 145, 81)],
        [(40, 7, 260, 185)],
        [None, 0],
    ),
    "a family, the mother found together with the child she holds": (
        [(372, 187, 451, 266), (153, 307, 239, 393), (525, 436, 592, 503), (237, 253, 305, 321), (232, 357, 293, 418)],
        [(463, 427, 690, 794), (184, 292, 362, 764), (300, 159, 668, 779)],
        [2, 1, 0, None, None],
    ),
    "players before spectators, whose faces are in the players' boxes": (
        [
            (589, 1, 633, 45),
            (594, 294, 643, 343),
            (127, 5, 173, 51),
            (325, 32, 369, 76),
            (181, 77, 245, 141),
            (496, 102, 561, 167),
            (484, 21, 523, 60),
        ],
        [(533, 0, 697, 145), (139, 29, 380, 405), (563, 266, 698, 370), (274, 11, 406, 153), (379, 36, 605, 398)],
        [0, 2, None, 3, 1, 4, None],
    ),
    "one walking, one seated behind": (
        [(292, 59, 370, 137), (106, 306, 160, 360)],
        [(213, 27, 517, 944), (5, 261, 266, 724)],
        [0, 1],
    ),
}


@pytest.mark.parametrize(("faces", "bodies", "expected"), REAL.values(), ids=REAL)
def test_real_photos(faces: list[Corners], bodies: list[Corners], expected: list[int | None]) -> None:
    assert body_of_each(faces, bodies) == expected


@pytest.mark.parametrize(("faces", "bodies", "expected"), REAL.values(), ids=REAL)
def test_the_order_of_the_boxes_changes_nothing(
    faces: list[Corners], bodies: list[Corners], expected: list[int | None]
) -> None:
    order = random.Random(1)
    by_face, by_body = order.sample(range(len(faces)), len(faces)), order.sample(range(len(bodies)), len(bodies))
    found = body_of_each([faces[one] for one in by_face], [bodies[one] for one in by_body])
    assert [None if one is None else by_body[one] for one in found] == [expected[one] for one in by_face]


def test_faces_come_first_in_their_order_then_bodies_without_a_face() -> None:
    elsewhere, second = (600, 0, 700, 300), (800, 0, 900, 300)
    far_face = (1200, 50, 1260, 110)
    assert pair([far_face, THEIR_FACE], [second, STANDING, elsewhere]) == [
        Pair(0, None),
        Pair(1, 1),
        Pair(None, 0),
        Pair(None, 2),
    ]


def test_nobody_faces_only_and_bodies_only() -> None:
    assert pair([], []) == []
    assert pair([THEIR_FACE], []) == [Pair(0, None)]
    assert pair([], [STANDING]) == [Pair(None, 0)]


def test_what_follows_the_corners_does_not_matter() -> None:
    assert pair([(*THEIR_FACE, 0.9, 1.0)], [(*STANDING, 0.7)]) == [Pair(0, 0)]


@pytest.mark.parametrize(
    ("face", "what"),
    [
        ((165, 660, 235, 730), "at the feet"),
        ((165, 20, 235, 90), "above the head"),
        ((20, 130, 90, 200), "beside"),
        ((165, 430, 235, 500), "on the shirt, too far from the body's top"),
        ((180, 130, 200, 150), "so small that the body would be a giant's"),
        ((80, 120, 320, 360), "wider than the body"),
    ],
)
def test_a_face_that_cannot_be_the_bodys_own_stays_alone(face: Corners, what: str) -> None:
    assert body_of_each([face], [STANDING]) == [None], what


def test_a_face_on_a_poster_leaves_the_body_to_its_owner() -> None:
    small, large = (250, 150, 280, 180), (240, 105, 295, 160)
    assert body_of_each([small, THEIR_FACE], [STANDING]) == [None, 0]
    assert body_of_each([large, THEIR_FACE], [STANDING]) == [None, 0]


def test_a_child_held_in_front_keeps_its_own_body() -> None:
    child, childs_face = (150, 260, 280, 560), (185, 280, 240, 335)
    assert body_of_each([childs_face, THEIR_FACE], [STANDING, child]) == [1, 0]
    assert body_of_each([childs_face, THEIR_FACE], [STANDING]) == [None, 0]


def test_a_childs_body_is_not_given_to_the_adult_behind() -> None:
    child, childs_face = (150, 260, 280, 560), (185, 280, 240, 335)
    assert body_of_each([THEIR_FACE, childs_face], [child]) == [None, 0]


def test_two_embracing_each_keep_their_own() -> None:
    left, right = (100, 100, 320, 800), (180, 100, 400, 800)
    lefts_face, rights_face = (180, 130, 250, 200), (255, 130, 325, 200)
    assert body_of_each([lefts_face, rights_face], [left, right]) == [0, 1]
    assert body_of_each([rights_face, lefts_face], [left, right]) == [1, 0]


def test_a_face_low_down_in_a_body_cut_off_is_somebody_elses() -> None:
    assert body_of_each([(170, 180, 230, 240)], [(100, 100, 300, 350)]) == [0]
    assert body_of_each([(170, 260, 230, 320)], [(100, 100, 300, 350)]) == [None]


def test_a_portrait_cut_off_at_the_chest() -> None:
    assert body_of_each([(120, 150, 320, 350)], [(60, 40, 400, 430)]) == [0]


def test_a_pairing_that_fits_both_goes_before_one_that_fits_one_best() -> None:
    """The second body is possible for one face only, which would fit the first body a little better than its own."""
    both, one_only = (100, 100, 300, 800), (190, 100, 390, 800)
    left, right = (110, 130, 180, 200), (200, 130, 270, 200)
    assert body_of_each([right], [both, one_only]) == [0]
    assert body_of_each([left, right], [both, one_only]) == [0, 1]
