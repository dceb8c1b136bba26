"""The two pages of Review that show many faces at once: a group of them, or those that are likely somebody."""

from abc import abstractmethod

from kith.gui.faces_page import FacesPage
from kith.gui.phrases import translate
from kith.gui.picture_grid import Tile
from kith.gui.review_model import ReviewModel
from kith.gui.style import Tone
from kith.gui.thumbnails import Picture
from kith.jobs.review_queues import Face
from kith.text import percent


class ReviewPage(FacesPage):
    """Shows what a model asks about; those taken out and those that were found meanwhile stay in their place."""

    def show_model(self, model: ReviewModel) -> None:
        """Show the faces of the current entry, and have those of the next at hand."""
        line = model.line
        self.heading.setText(self._over(model) if line.is_over else self._heading(model))
        self.hint.setText(self._hint(line.is_over))
        self.name.know(model.names().values())
        if following := line.next():
            self.prefetch(following.faces)
        self.show_tiles([self._tile(model, face) for face in line.shown], line.marked)

    def _over(self, model: ReviewModel) -> str:
        """Return in words that nobody shown waits any longer."""
        names = ", ".join(model.found_names)
        return (
            translate("Kith", "Found while you worked: {}").format(names)
            if names
            else translate("Kith", "Nobody here waits any longer")
        )

    def _tile(self, model: ReviewModel, face: Face) -> Tile:
        line = model.line
        picture = Picture(face.path, face.box)
        name, note = self._words(face)
        if not line.is_asked(face):
            found = model.found.get(face.id, "")
            note = translate("Kith", "found meanwhile") if found else translate("Kith", "answered")
            return Tile(face.id, picture, found or name, note, Tone.SURE, faded=True)
        if face.id in line.marked:
            return Tile(face.id, picture, translate("Kith", "taken out"), note, Tone.UNSURE, faded=True)
        return Tile(face.id, picture, name, note)

    @abstractmethod
    def _heading(self, model: ReviewModel) -> str:
        """Return the question."""

    @abstractmethod
    def _hint(self, is_over: bool) -> str:
        """Return what can be done."""

    @abstractmethod
    def _words(self, face: Face) -> tuple[str, str]:
        """Return what stands below a face that waits."""


class GroupPage(ReviewPage):
    """A group of faces that look alike."""

    def show_model(self, model: ReviewModel) -> None:
        """Show it, and another group that may be the same person."""
        near = model.near()
        self.near.show_group(near[0] if near else None)
        super().show_model(model)

    def _heading(self, model: ReviewModel) -> str:
        faces = len(model.line.faces)
        return self.tr("Who is this? {} faces look alike").format(faces) if faces > 1 else self.tr("Who is this?")

    def _hint(self, is_over: bool) -> str:
        if is_over:
            return self.tr("Enter goes on to the next. A name typed here is your word, whoever was found.")
        return self.tr("A click or Space takes a face out: it is left for later.")

    def _words(self, face: Face) -> tuple[str, str]:
        return face.path.name, face.taken_at[:10]


class LikelyPage(ReviewPage):
    """Faces that are likely one person, the surest first."""

    def show_model(self, model: ReviewModel) -> None:
        """Show them; a name can be typed for those taken out."""
        self.near.show_group(None)
        self.name.setEnabled(bool(model.line.taken_out))
        super().show_model(model)

    def _heading(self, model: ReviewModel) -> str:
        asked = self.tr("Are all of these {}?") if len(model.line.faces) > 1 else self.tr("Is this {}?")
        return asked.format(model.likely_name)

    def _hint(self, is_over: bool) -> str:
        if is_over:
            return self.tr("S goes on to the next. A click or Space takes out whoever was found wrongly.")
        return self.tr("The surest first. A click or Space takes a wrong one out, Ctrl+A all.")

    def _words(self, face: Face) -> tuple[str, str]:
        sure = self.tr("{} likely").format(percent(face.certainty)) if face.certainty is not None else face.path.name
        return sure, self.tr("distance {:.2f}").format(face.value)
