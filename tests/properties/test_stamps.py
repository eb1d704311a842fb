"""Whatever a stamp is to say: it is drawn whole inside its box, or refused in words."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from signing.documents.dates.new_year import CAMBODIA
from signing.documents.stamps.composition import Composer
from signing.documents.stamps.content import StampContent, Words
from signing.documents.stamps.errors import StampDoesNotFit, TextCannotBeDrawn
from signing.documents.stamps.fonts import FontFolder
from signing.documents.stamps.shaping import Shaper
from signing.documents.stamps.template import StampTemplate

COMPOSER = Composer(shaper=Shaper(FontFolder()))
SYLLABLES = ("ក", "ស្ត្រី", "ញ្ញុំ", "ប្រៃ", "ខ្ញុំ", "ង់", "ឥន្ទ្រិ", " ", "\u200b", "SOK ", "/", "១", "7", "—")
KHMER = st.lists(st.sampled_from(SYLLABLES), max_size=60).map("".join)
ANYTHING = st.text(max_size=60)
TEXTS = KHMER | ANYTHING
NOW = datetime(2026, 12, 1, 11, 16, tzinfo=CAMBODIA)


@given(
    signer=TEXTS,
    title=TEXTS,
    width=st.floats(15, 180),
    height=st.floats(8, 120),
    layout=st.sampled_from(["full", "letter", "compact", "text", "qr"]),
    has_qr=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_a_stamp_is_drawn_inside_its_box_or_refused(
    signer: str, title: str, width: float, height: float, layout: str, has_qr: bool
) -> None:
    template = StampTemplate(x=0, y=0, width=width, height=height, layout=layout)
    content = StampContent(
        signer=Words(signer),
        title=Words("", title),
        moment=NOW,
        address="https://verify.example.gov.kh/v/AAAQEAYEAUDAOCAJBIFQYDIOB4",
        qr_text="HTTPS://VERIFY.EXAMPLE.GOV.KH/V/AAAQEAYEAUDAOCAJBIFQYDIOB4" if has_qr else "",
    )
    try:
        drawn = COMPOSER.compose(template, content)
    except (StampDoesNotFit, TextCannotBeDrawn) as refusal:
        assert refusal.detail.endswith((".", "it."))
        return
    above = drawn.height
    for one in drawn.lines:
        left, right = (
            one.x + one.line.left * one.size / 1000,
            one.x + one.line.right * one.size / 1000,
        )
        top, bottom = (
            one.y + one.line.top * one.size / 1000,
            one.y + one.line.bottom * one.size / 1000,
        )
        assert 0 <= left <= right <= drawn.width
        # Neither over the edge, nor into the line above.
        assert 0 <= bottom <= top <= above
        above = bottom
    if drawn.qr is not None:
        area = drawn.qr[1]
        assert area.x >= 0
        assert area.y >= 0
        assert area.x + area.width <= drawn.width
        assert area.y + area.height <= drawn.height
        assert area.width * 25.4 / 72 >= drawn.qr[0].smallest_side_mm - 0.01
