"""Try a document before anybody is asked: it can be signed, sealed, and stamped."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, BinaryIO, cast

from signing.approval.sealing import SEALED_AS
from signing.approval.stamps import ParticipantStamps
from signing.documents.options import SigningOptions
from signing.documents.ports import Seals
from signing.documents.signing import DocumentSigning, name_of
from signing.documents.stamps.order import StampOrder

_IN_MEMORY = 4 << 20


class Trial:
    """Prepares a signature of the seal and throws it away: no key is used."""

    def __init__(
        self, *, engine: Callable[[], DocumentSigning], seals: Seals, stamps: ParticipantStamps
    ) -> None:
        self._engine = engine
        self._seals = seals
        self._stamps = stamps

    def run(
        self,
        pdf: BinaryIO,
        *,
        institution: str,
        seal: str,
        stamps: Iterable[tuple[str, Mapping[str, Any] | None]],
        order: StampOrder | None,
        at: datetime,
    ) -> None:
        """Raise what signing refuses the document for, SignerUnknown, and what stamps refuse.

        ``stamps``: for each person the template of their stamp; ``order``: that of the seal.
        """
        signer = self._seals.seal_for(institution, seal)
        pdf.seek(0)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spooled:
            self._engine().prepare(pdf, cast(BinaryIO, spooled), signer, SEALED_AS)
        if order is not None:
            self._stamps.check(pdf, order, signer=name_of(signer), institution=institution, at=at)
        for person, template in stamps:
            if template is not None:
                pdf.seek(0)
                self._stamps.options(
                    pdf,
                    SigningOptions(),
                    template=template,
                    signer=person,
                    # A deputy's stamp says more, and there may be one by then.
                    on_behalf_of=person,
                    institution=institution,
                    at=at,
                )
