"""Whom a home trusts, as JSON for a browser: keys and what they may sign, without certificates.

What a browser would have to find out for itself is found out here: thumbprints, kids, which
serial numbers an authority took back, and who made the lists of revoked passes.
``page/scripts/trust/lists.js`` reads it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signing.passes.codecs import base64url
from signing.passes.page.statuses import OwnStatuses, hash_lists_of, instant, status_lists_of
from signing.passes.settings import PassSettings
from signing.passes.trust.certificates import PassCertificate
from signing.passes.trust.revoked import RevocationList
from signing.passes.trust.signers import Signer, TrustStore

VERSION = 1


def bundle_of(
    trust: TrustStore,
    settings: PassSettings,
    *,
    signed_at: datetime,
    lifetime: timedelta,
    own: Sequence[OwnStatuses] = (),
) -> dict[str, Any]:
    """Return the lists that a browser verifies with until ``signed_at`` and ``lifetime``.

    Instants are RFC 3339 in UTC, octets base64url; keys are SubjectPublicKeyInfo in DER. ``own``
    statuses count as long as the whole does, and in place of others of their addresses.
    """
    expires_at = signed_at + lifetime
    kept = [one.told(issued_at=signed_at, expires_at=expires_at) for one in own]
    known = {one.uri for one in own}
    sources = sorted({one.source for one in trust.signers})
    return {
        "version": VERSION,
        "signed_at": instant(signed_at),
        "expires_at": instant(expires_at),
        "bounds": {
            "clock_tolerance": settings.clock_tolerance.total_seconds(),
            "longest_code": settings.longest_code,
            "largest_content": settings.largest_content,
            "most_chunks": settings.most_chunks,
        },
        # A list has thousands of signers and one name.
        "sources": sources,
        "signers": [_signer(one, sources, trust) for one in trust.signers],
        "authorities": [_authority(one) for one in trust.authorities],
        "revocation_lists": [_revocation_list(one) for one in trust.proven_lists],
        "status_lists": kept + [one for one in status_lists_of(trust) if one["uri"] not in known],
        "hash_lists": hash_lists_of(trust),
    }


def _signer(signer: Signer, sources: Sequence[str], trust: TrustStore) -> dict[str, Any]:
    thumbprint, certificate = signer.thumbprint, signer.certificate
    # Both forms of the thumbprint follow from it.
    implied = {thumbprint.encode(), base64url.decode(thumbprint)}
    return _without_none(
        {
            "key": _spki(signer.key),
            "kids": sorted(map(base64url.encode, signer.key_ids - implied)),
            "thumbprint": thumbprint,
            "source": sources.index(signer.source),
            "issuer": signer.issuer,
            "domain": signer.domain,
            "formats": None if signer.formats is None else sorted(signer.formats),
            "certificate": None if certificate is None else _certificate(certificate, trust),
        }
    )


def _certificate(certificate: PassCertificate, trust: TrustStore) -> dict[str, Any]:
    return {
        "name": certificate.subject,
        "issuer_country": certificate.issuer_country,
        "sha256": base64url.encode(hashlib.sha256(certificate.der).digest()),
        "from": instant(certificate.not_before),
        "until": instant(certificate.not_after),
        "usages": sorted(certificate.extended_key_usage),
        "is_revoked": trust.is_revoked(certificate),
    }


def _authority(authority: PassCertificate) -> dict[str, Any]:
    return {
        "key": _spki(authority.key),
        "subject": base64url.encode(authority.parsed.subject.dump()),
        "name": authority.subject,
        "from": instant(authority.not_before),
        "until": instant(authority.not_after),
    }


def _revocation_list(crl: RevocationList) -> dict[str, Any]:
    return {
        "issuer": base64url.encode(crl.parsed.issuer.dump()),
        "serial_numbers": sorted(map(_serial, crl.serial_numbers)),
    }


def _serial(number: int) -> str:
    # As it stands in a certificate (X.690, Section 8.3), without the octet for the sign.
    octets = number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)
    return (octets.lstrip(b"\0") or b"\0").hex()


def _spki(key: PublicKeyTypes) -> str:
    return base64url.encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _without_none(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}
