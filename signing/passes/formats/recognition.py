"""Which format a text is of: the one place that tells them apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

from signing.passes.codecs import base45, numeric, strict_json
from signing.passes.codecs.jws import is_compact
from signing.passes.errors import PassRefused, bad_encoding
from signing.passes.formats import hc1
from signing.passes.formats.claim169 import looks_like_token, open_claim169
from signing.passes.formats.opened import OpenedPass
from signing.passes.formats.shc import card_of_file, open_shc
from signing.passes.formats.vds_nc import is_vds_nc, open_vds_nc
from signing.passes.settings import PassSettings
from signing.passes.statuses import Status

# Kinds of code that a reader meets and this one does not judge, and what to say of them.
_OTHERS = (
    (
        re.compile(r"[A-Z]{2}[0-9]:"),
        "a health certificate of a version or a country not known here",
    ),
    (
        re.compile(r"(?:https?://\S+#)?shlink:/"),
        "a SMART Health Link: its content lies on a server",
    ),
    (re.compile(r"vhlink:/"), "a verifiable health link: its content lies on a server"),
    (re.compile(r"B64:"), "a DIVOC certificate, which is not read here"),
    (re.compile(r"https?://"), "an address on the web, not a pass"),
)


def open_codes(codes: Sequence[str], settings: PassSettings) -> OpenedPass:
    """Open the pass that one or several codes hold. Raises PassRefused.

    Several codes have to be the parts of one SMART Health Card.
    """
    texts = list(dict.fromkeys(map(_bare, codes)))
    if not texts:
        raise bad_encoding("There is no code.")
    if sum(map(len, texts)) > settings.longest_code:
        raise bad_encoding("The text is longer than that of any pass.")
    if all(numeric.is_numeric(one) for one in texts):
        return open_shc(numeric.decode(texts, most=settings.most_chunks), settings)
    if len(texts) > 1:
        raise bad_encoding(f"There are {len(texts)} codes: check one pass at a time.")
    return _open(texts[0], settings)


def _bare(code: str) -> str:
    # A blank is a character of base45, and of no other format.
    return code if base45.is_base45(code) or code.startswith(hc1.PREFIX) else code.strip()


def _open(text: str, settings: PassSettings) -> OpenedPass:
    if text.startswith(hc1.PREFIX):
        return hc1.open_hc1(text, settings)
    if text.startswith("{"):
        return _open_json(text, settings)
    for pattern, what in _OTHERS:
        if pattern.match(text):
            raise PassRefused(Status.NOT_SUPPORTED, f"The code is {what}.")
    if is_compact(text):
        return open_shc(text, settings)
    if looks_like_token(text):
        return open_claim169(text, settings)
    raise PassRefused(Status.NOT_SUPPORTED, "The code is no pass of a kind that is known here.")


def _open_json(text: str, settings: PassSettings) -> OpenedPass:
    value = strict_json.loads(text)
    if is_vds_nc(value):
        return open_vds_nc(value)
    card = card_of_file(value)
    if card is not None:
        return open_shc(card, settings)
    raise PassRefused(Status.NOT_SUPPORTED, "The code is JSON, but no pass of a kind known here.")
