"""The visible stamp of somebody who takes part: their name and title, and on whose behalf."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, BinaryIO

from signing.approval.directory import Colleague, Directory
from signing.documents.options import Placement, SigningOptions
from signing.documents.reading import open_pdf, reading
from signing.documents.stamps.content import StampContent, Words
from signing.documents.stamps.order import StampOrder
from signing.documents.stamps.stamping import PreparedStamp, Stamping
from signing.documents.stamps.template import StampTemplate, checked


class ParticipantStamps:
    """Draws stamps into what is about to be signed."""

    def __init__(
        self, *, stamping: Callable[[], Stamping], directory: Directory, reading_seconds: float
    ) -> None:
        self._stamping = stamping
        self._directory = directory
        self._seconds = reading_seconds

    def options(
        self,
        pdf: BinaryIO,
        options: SigningOptions,
        *,
        template: Mapping[str, Any] | None,
        signer: str,
        on_behalf_of: str | None,
        institution: str,
        at: datetime,
    ) -> SigningOptions:
        """Return ``options`` with the stamp of a signer, where a template asks for one.

        Raises TemplateMalformed and what ``Stamping.prepare`` raises.
        """
        behalf = None if on_behalf_of is None else self._colleague(on_behalf_of, institution)
        reason = None if behalf is None else f"Signed on behalf of {said(behalf.name)}"
        if template is None:
            return _changed(options, reason, None)
        return _changed(
            options, reason, self._prepared(pdf, template, signer, behalf, institution, at)
        )

    def check(
        self, pdf: BinaryIO, order: StampOrder, *, signer: str, institution: str, at: datetime
    ) -> None:
        """Raise what an ordered stamp refuses, but for its code, which is drawn at the end."""
        ministry = self._directory.institution_name(institution)
        content = order.content(signer=signer, ministry=ministry, moment=at)
        seal = order.seal()
        pdf.seek(0)
        with reading(self._seconds):
            self._stamping().prepare(order.place, content, pdf=open_pdf(pdf, None), seal=seal)

    def _prepared(
        self,
        pdf: BinaryIO,
        template: Mapping[str, Any],
        signer: str,
        behalf: Colleague | None,
        institution: str,
        at: datetime,
    ) -> PreparedStamp:
        who = self._colleague(signer, institution)
        content = StampContent(
            signer=who.name,
            moment=at,
            title=who.title,
            ministry=self._directory.institution_name(institution),
            on_behalf_of=Words() if behalf is None else behalf.name,
        )
        with reading(self._seconds):
            prepared = self._stamping().prepare(
                checked(StampTemplate, template), content, pdf=open_pdf(pdf, None)
            )
        pdf.seek(0)
        return prepared

    def _colleague(self, person: str, institution: str) -> Colleague:
        found = self._directory.colleague(person, institution)
        return found or Colleague(person, Words(), Words(), None, is_serving=False)


def said(words: Words) -> str:
    """Return a name in the script that every reader of PDF dictionaries shows, if there is one."""
    return words.english or words.khmer


def _changed(
    options: SigningOptions, reason: str | None, stamp: PreparedStamp | None
) -> SigningOptions:
    return SigningOptions(
        level=options.level,
        reason=reason,
        placement=None if stamp is None else Placement(stamp.place.page, stamp.place.box),
        appearance=None if stamp is None else stamp.style,
    )
