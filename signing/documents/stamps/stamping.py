"""One stamp for one document: composed, placed, and ready for pyHanko."""

from __future__ import annotations

from dataclasses import dataclass

from pyhanko.pdf_utils.rw_common import PdfHandler

from signing.documents.stamps.appearance import StampStyle
from signing.documents.stamps.composition import Composer
from signing.documents.stamps.content import StampContent
from signing.documents.stamps.errors import StampDoesNotFit
from signing.documents.stamps.fonts import FontFolder
from signing.documents.stamps.placement import StampPlace, page_geometry, place
from signing.documents.stamps.seal import Seal
from signing.documents.stamps.shaping import Shaper
from signing.documents.stamps.template import StampTemplate


@dataclass(frozen=True)
class PreparedStamp:
    """Where the signature field lies, and its appearance: pyHanko's ``stamp_style``."""

    place: StampPlace
    style: StampStyle


class Stamping:
    """Prepares stamps with the fonts of one folder; safe for several threads."""

    def __init__(self, *, fonts: FontFolder) -> None:
        self.fonts = fonts
        self._composer = Composer(shaper=Shaper(fonts))

    def prepare(
        self,
        template: StampTemplate,
        content: StampContent,
        *,
        pdf: PdfHandler,
        seal: Seal | None = None,
    ) -> PreparedStamp:
        """Compose and place a stamp; ``pdf`` is only read.

        Raises StampDoesNotFit, StampOutsidePage, TextCannotBeDrawn, DateOutsideCalendar,
        FontMissing.
        """
        return self._prepared(place(template, pdf), template, content, seal)

    def prepare_in_field(
        self,
        template: StampTemplate,
        content: StampContent,
        *,
        pdf: PdfHandler,
        page: int,
        box: tuple[float, float, float, float],
        seal: Seal | None = None,
    ) -> PreparedStamp:
        """Compose a stamp for a field that the document has; the template's box is not used.

        ``page`` counts from 1; ``box`` is the field's rectangle. Raises what :meth:`prepare` does.
        """
        shown = page_geometry(pdf, page - 1)
        width, height = shown.seen_lengths(box)
        if width <= 0 or height <= 0:
            raise StampDoesNotFit("The field has no room for a stamp: it is an invisible one.")
        fitted = template.model_copy(update={"unit": "pt", "width": width, "height": height})
        return self._prepared(StampPlace(page, box, shown.rotation), fitted, content, seal)

    def _prepared(
        self, where: StampPlace, template: StampTemplate, content: StampContent, seal: Seal | None
    ) -> PreparedStamp:
        composition = self._composer.compose(template, content, seal)
        return PreparedStamp(where, StampStyle(composition=composition, rotation=where.rotation))
