"""What a stamp refuses."""

from __future__ import annotations

from core.errors import Malformed, Unacceptable, Unavailable

UNSIGNED = "Nothing was signed, and the document is unharmed."


class _Unsigned:
    """Stamps are composed before anything is signed. Stands before the category."""

    def __init__(self, detail: str, **data: object) -> None:
        super().__init__(detail, kept=UNSIGNED, **data)  # type: ignore[call-arg]


class TextCannotBeDrawn(_Unsigned, Unacceptable):
    """A text holds a character without a glyph, or Khmer in an order that no font draws."""

    problem = "stamp-text-cannot-be-drawn"
    title = "A text of the stamp cannot be drawn"


class StampDoesNotFit(_Unsigned, Unacceptable):
    """The texts, the QR code or the seal need more room than the box has."""

    problem = "stamp-does-not-fit"
    title = "The stamp does not fit into its box"


class StampOutsidePage(_Unsigned, Unacceptable):
    """The page does not exist, or the box reaches beyond its edge."""

    problem = "stamp-outside-page"
    title = "The stamp would lie outside the page"


class TemplateMalformed(Malformed):
    """A stamp template has a mistake; the message names the key and the reason."""

    problem = "stamp-template-malformed"
    title = "The stamp template has a mistake"


class SealRefused(Unacceptable):
    """The seal image is no PNG, or larger than the limits."""

    problem = "seal-refused"
    title = "The seal image cannot be used"


class FontMissing(Unavailable):
    """A font that stamps are drawn with is not installed."""

    problem = "stamp-font-missing"
    title = "A font is missing"
