"""Authorities' certificates and CRLs, as they are served below ``/ca/`` and ``/crl/``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from cryptography.hazmat.primitives.serialization import Encoding

from ca.authorities import Authorities, Authority
from ca.crl.crls import Crls
from ca.crl.errors import CrlUnknown
from ca.crl.octets import Spool
from ca.crl.record import IssuedCrl
from ca.routes import CERTIFICATE_KEPT, CRL_KEPT
from camtrust.publishing.kinds import CERTIFICATE, CRL, certificate_order, kept_by_caches
from core.clock import Clock
from core.publishing.target import Outcome, Publication, PublicationTarget

# A CRL may be replaced in the table while it is read; the next one is as good.
_TRIES = 3


class ListPublishing:
    """Publishes certificates and CRLs, of ``only`` these authorities if there are any.

    ``work_folder``: where a large CRL waits between the database and its place.
    """

    def __init__(
        self,
        *,
        authorities: Authorities,
        crls: Crls,
        clock: Clock,
        work_folder: Path | None,
        only: frozenset[str] = frozenset(),
    ) -> None:
        self._authorities = authorities
        self._crls = crls
        self._clock = clock
        self._work_folder = work_folder
        self._only = only

    def publish(self, target: PublicationTarget) -> Iterator[tuple[str, Outcome]]:
        """Publish what is not in place; yield the kind of each and what became of it.

        Certificates come first, then complete CRLs, then the deltas that stand upon them. Raises
        what the target raises.
        """
        wanted = [one for one in self._authorities.all() if self._is_wanted(one.name)]
        for outcome in target.put([self._certificate(one) for one in wanted]):
            yield CERTIFICATE.name, outcome
        issued = [one for one in self._crls.all() if self._is_wanted(one.authority)]
        for one in sorted(issued, key=lambda one: one.is_delta):
            yield CRL.name, self._put_crl(target, one)

    def _is_wanted(self, authority: str) -> bool:
        return not self._only or authority in self._only

    def _put_crl(self, target: PublicationTarget, issued: IssuedCrl) -> Outcome:
        for _ in range(_TRIES - 1):
            try:
                return target.put([self._crl(issued)])[0]
            except CrlUnknown:
                issued = self._crls.newest(issued.authority, issued.shard, delta=issued.is_delta)
        return target.put([self._crl(issued)])[0]

    def _certificate(self, authority: Authority) -> Publication:
        certificate = authority.certificate
        der = certificate.public_bytes(Encoding.DER)
        return Publication(
            kind=CERTIFICATE,
            name=f"ca/{authority.name}.cer",
            order=certificate_order(certificate),
            sha256=sha256(der).digest(),
            modified_at=certificate.not_valid_before_utc,
            expires_at=None,
            cache_control=_cache_control(CERTIFICATE_KEPT // timedelta(seconds=1)),
            open=lambda: BytesIO(der),
        )

    def _crl(self, issued: IssuedCrl) -> Publication:
        kept = kept_by_caches(CRL_KEPT, issued.next_update, self._clock.now())
        return Publication(
            kind=CRL,
            name=f"crl/{issued.authority}/{issued.file_name}",
            order=issued.number,
            sha256=issued.sha256,
            modified_at=issued.this_update,
            expires_at=issued.next_update,
            cache_control=_cache_control(kept),
            open=lambda: self._content(issued),
        )

    def _content(self, issued: IssuedCrl) -> BinaryIO:
        copy = Spool(self._work_folder)
        for part in issued.content:
            copy.append(part)
        return cast("BinaryIO", copy.rewound())


def _cache_control(seconds: int) -> str:
    return f"public, no-transform, max-age={seconds}"
