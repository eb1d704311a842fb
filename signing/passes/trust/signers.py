"""Signers and authorities that are trusted, and how a code finds its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signing.passes.codecs import base64url, strict_json
from signing.passes.codecs.signatures import SignatureWrong, check_signature
from signing.passes.pass_format import PassFormat
from signing.passes.trust.certificates import PassCertificate
from signing.passes.trust.revoked import RevocationList
from signing.passes.trust.signed_list import HashList, SignedList, StatusList


@dataclass(frozen=True)
class Signer:
    """One key that may sign passes.

    ``issuer`` is whom its list names: a country code, or the URL of a SMART Health Card's issuer.
    ``domain`` is the trust domain of GDHCN that it was published for; ``formats`` are those that
    its list is about. None means any.
    """

    key: PublicKeyTypes = field(compare=False)
    source: str
    certificate: PassCertificate | None = None
    issuer: str | None = None
    domain: str | None = None
    formats: frozenset[PassFormat] | None = None
    named_key_ids: frozenset[bytes] = frozenset()

    @property
    def key_ids(self) -> frozenset[bytes]:
        """Every kid under which a code may name this key."""
        found = set(self.named_key_ids)
        if self.certificate is not None:
            found.add(self.certificate.key_id)
        return frozenset(found | {self.thumbprint.encode(), base64url.decode(self.thumbprint)})

    @cached_property
    def thumbprint(self) -> str:
        """The JWK thumbprint (RFC 7638), base64url without padding."""
        return base64url.encode(hashlib.sha256(_thumbprint_input(self.key)).digest())


@dataclass(frozen=True)
class TrustStore:
    """Everybody who is trusted, and what authorities took back."""

    signers: tuple[Signer, ...] = ()
    authorities: tuple[PassCertificate, ...] = ()
    revocation_lists: tuple[RevocationList, ...] = ()
    status_lists: tuple[StatusList, ...] = ()
    hash_lists: tuple[HashList, ...] = ()
    unread: tuple[str, ...] = ()
    """Entries of lists that could not be understood, a sentence each: nobody is trusted by them."""

    def __add__(self, other: TrustStore) -> TrustStore:
        return TrustStore(
            self.signers + other.signers,
            self.authorities + other.authorities,
            self.revocation_lists + other.revocation_lists,
            self.status_lists + other.status_lists,
            self.hash_lists + other.hash_lists,
            self.unread + other.unread,
        )

    def named(self, key_id: bytes) -> tuple[Signer, ...]:
        """Return every signer of that kid: eight octets may belong to two countries."""
        return self._by_key_id.get(key_id, ())

    def with_thumbprint(self, thumbprint: str) -> tuple[Signer, ...]:
        """Return the signers with that key."""
        return tuple(one for one in self.named(thumbprint.encode()) if one.thumbprint == thumbprint)

    def with_certificate(self, certificate: PassCertificate) -> tuple[Signer, ...]:
        """Return the signers whose certificate is this very one."""
        return tuple(
            one
            for one in self.named(certificate.key_id)
            if one.certificate is not None and one.certificate.der == certificate.der
        )

    def authority_of(
        self, certificate: PassCertificate, moment: datetime
    ) -> PassCertificate | None:
        """Return the trusted authority that issued ``certificate``, or None.

        An authority may have several certificates of one key: rather one that is valid at
        ``moment``.
        """
        issuers = (one for one in self.authorities if certificate.is_issued_by(one))
        return max(issuers, key=lambda one: one.is_valid_at(moment), default=None)

    def is_revoked(self, certificate: PassCertificate) -> bool:
        """Tell whether a CRL of a trusted authority names ``certificate``."""
        return any(one.names(certificate) for one in self.proven_lists)

    @property
    def left_aside(self) -> tuple[str, ...]:
        """What of the lists counts for nothing, a sentence each."""
        unproven = (one for one in self.revocation_lists if not self._is_proven(one))
        crls = tuple(
            f"{one.source}: no authority is known here that signed the CRL of {one.issuer}."
            for one in unproven
        )
        lists = tuple(
            f"{one.source}: no signer is known here that signed this list."
            for one, makers in self._makers.items()
            if not makers
        )
        return self.unread + crls + lists

    def makers_of(self, one: SignedList) -> tuple[Signer, ...]:
        """Return the trusted signers that signed a list, with certificates valid at that time."""
        return self._makers[one]

    @cached_property
    def _makers(self) -> dict[SignedList, tuple[Signer, ...]]:
        return {one: self._who_made(one) for one in (*self.status_lists, *self.hash_lists)}

    def _who_made(self, one: SignedList) -> tuple[Signer, ...]:
        named = dict.fromkeys(each for name in one.key_ids for each in self.named(name))
        return tuple(each for each in named if self._has_made(each, one))

    def _has_made(self, signer: Signer, one: SignedList) -> bool:
        certificate = signer.certificate
        if certificate is not None and (
            not certificate.is_valid_at(one.issued_at) or self.is_revoked(certificate)
        ):
            return False
        try:
            check_signature(signer.key, one.signed)
        except SignatureWrong:
            return False
        return True

    @cached_property
    def proven_lists(self) -> tuple[RevocationList, ...]:
        """The CRLs that a trusted authority signed."""
        return tuple(filter(self._is_proven, self.revocation_lists))

    def _is_proven(self, crl: RevocationList) -> bool:
        return any(map(crl.is_signed_by, self.authorities))

    @cached_property
    def _by_key_id(self) -> dict[bytes, tuple[Signer, ...]]:
        found: dict[bytes, tuple[Signer, ...]] = {}
        for signer in self.signers:
            for key_id in signer.key_ids:
                found[key_id] = (*found.get(key_id, ()), signer)
        return found


def joined(stores: Iterable[TrustStore]) -> TrustStore:
    """Return one store of all."""
    return sum(stores, TrustStore())


def _thumbprint_input(key: PublicKeyTypes) -> bytes:
    # RFC 7638, Section 3.2: the required members in the order of their names.
    if isinstance(key, ec.EllipticCurvePublicKey):
        octets = (key.curve.key_size + 7) // 8
        numbers = key.public_numbers()
        members = {
            "crv": _CURVES.get(key.curve.name, key.curve.name),
            "kty": "EC",
            "x": base64url.encode(numbers.x.to_bytes(octets, "big")),
            "y": base64url.encode(numbers.y.to_bytes(octets, "big")),
        }
    elif isinstance(key, rsa.RSAPublicKey):
        members = {"e": _number(key.public_numbers().e), "kty": "RSA"}
        members["n"] = _number(key.public_numbers().n)
    elif isinstance(key, ed25519.Ed25519PublicKey):
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        members = {"crv": "Ed25519", "kty": "OKP", "x": base64url.encode(raw)}
    else:
        # A key that no algorithm of passes can use: its octets tell it from others.
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return strict_json.compact(members)


def _number(value: int) -> str:
    return base64url.encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
