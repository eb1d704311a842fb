"""Build a CRL's to-be-signed bytes, complete but for the signature.

Assembled from encoded parts, since a million entries fit neither as objects nor as one string;
the extensions' values come from ``cryptography``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from ca.crl.entries import Entry, EntryShape, encode_time
from ca.crl.numbers import Claim
from ca.crl.octets import Octets, Spool
from ca.der import (
    BOOLEAN,
    GENERALIZED_TIME,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    encode_element,
    encode_header,
)
from ca.plan import Issuer
from hsm.keys import KeyAlgorithm
from hsm.signature_identifiers import SIGNATURE_ALGORITHM_DER

# ITU-T X.509, 9.5.2.8: expiredCertsOnCRL.
EXPIRED_CERTS_ON_CRL = x509.ObjectIdentifier("2.5.29.60")

# Section 5.1.2.1: v2, which is encoded as 1.
_VERSION_2 = bytes.fromhex("020101")
_TRUE = encode_element(BOOLEAN, b"\xff")
_EXPLICIT_0 = 0xA0
# id-ce (2.5.29), under which all of these extensions stand.
_ID_CE = bytes.fromhex("551d")
# Enough to see every shape, few enough to lint in milliseconds.
_SAMPLE_OF_EACH_SHAPE = 2
_WRITTEN_AT_ONCE = 1_000


@dataclass(frozen=True)
class Scope:
    """What is the same in every CRL of a shard.

    ``url`` names the part of the issuer's certificates that the CRL is about; None says that
    it is about all of them. ``kept_since`` is set where revocations stay after expiry,
    ``delta_url`` where there are delta CRLs.
    """

    issuer: Issuer
    shard: int
    url: str | None
    delta_url: str | None
    kept_since: datetime | None


@dataclass(frozen=True)
class BuiltCrl:
    """A CRL before its signature.

    ``head`` and ``tail`` are what stands before and after the list; ``listed`` has the entries,
    ``sample`` a few of them: some of each shape.
    """

    scope: Scope
    claim: Claim
    algorithm: KeyAlgorithm
    base_number: int | None
    next_update: datetime
    head: bytes
    listed: Spool
    tail: bytes
    sample: bytes
    entries: int

    @property
    def opening(self) -> bytes:
        """The first of the bytes to be signed: all that stands before the first entry."""
        # RFC 5280, Section 5.1: TBSCertList ::= SEQUENCE { version, signature, issuer,
        # thisUpdate, nextUpdate, revokedCertificates SEQUENCE OF ... OPTIONAL, crlExtensions [0] }.
        # Section 5.1.2.6: without entries the list is absent, not empty.
        before = self.head
        if len(self.listed):
            before += encode_header(SEQUENCE, len(self.listed))
        size = len(before) + len(self.listed) + len(self.tail)
        return encode_header(SEQUENCE, size) + before

    @property
    def tbs(self) -> Octets:
        """The bytes to be signed."""
        return Octets(self.opening, self.listed, self.tail)

    def tbs_with(self, entries: bytes) -> bytes:
        """Return to-be-signed bytes that differ in the entries alone."""
        listed = encode_element(SEQUENCE, entries) if entries else b""
        return encode_element(SEQUENCE, self.head + listed + self.tail)


def build_crl(
    *,
    scope: Scope,
    claim: Claim,
    algorithm: KeyAlgorithm,
    entries: Iterable[Entry],
    next_update: datetime,
    base_number: int | None = None,
    work_folder: Path | None = None,
) -> BuiltCrl:
    """Return the CRL of ``claim``; with ``base_number`` a delta upon that complete CRL.

    ``work_folder``: where a long list waits. Raises CrlWorkspaceUnavailable.
    """
    listed, sample, count = _spool(entries, Spool(work_folder))
    head = (
        _VERSION_2
        + SIGNATURE_ALGORITHM_DER[algorithm]
        + scope.issuer.certificate.subject.public_bytes()
        + encode_time(claim.this_update)
        + encode_time(next_update)
    )
    return BuiltCrl(
        scope=scope,
        claim=claim,
        algorithm=algorithm,
        base_number=base_number,
        next_update=next_update,
        head=head,
        listed=listed,
        tail=_encode_extensions(_extensions(scope, claim, base_number)),
        sample=sample,
        entries=count,
    )


def _spool(entries: Iterable[Entry], listed: Spool) -> tuple[Spool, bytes, int]:
    sample: list[bytes] = []
    seen: Counter[EntryShape] = Counter()
    waiting: list[bytes] = []
    for entry in entries:
        waiting.append(entry.der)
        seen[entry.shape] += 1
        if seen[entry.shape] <= _SAMPLE_OF_EACH_SHAPE:
            sample.append(entry.der)
        if len(waiting) == _WRITTEN_AT_ONCE:
            listed.append(b"".join(waiting))
            waiting.clear()
    listed.append(b"".join(waiting))
    return listed, b"".join(sample), seen.total()


def _extensions(
    scope: Scope, claim: Claim, base_number: int | None
) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = [
        (_authority_key_identifier(scope.issuer.certificate), False),
        # RFC 5280, Section 5.2.3.
        (x509.CRLNumber(claim.number), False),
    ]
    if scope.url is not None:
        # Section 5.2.5: critical, and the name that the certificates' distribution point has.
        found.append((_issuing_distribution_point(scope.url), True))
    if base_number is not None:
        # Section 5.2.4: critical; the delta has the scope of its base.
        found.append((x509.DeltaCRLIndicator(base_number), True))
    elif scope.delta_url is not None:
        # Section 5.2.6: only in complete CRLs.
        delta = [x509.UniformResourceIdentifier(scope.delta_url)]
        point = x509.DistributionPoint(delta, None, None, None)
        found.append((x509.FreshestCRL([point]), False))
    if scope.kept_since is not None:
        since = scope.kept_since.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode()
        value = encode_element(GENERALIZED_TIME, since)
        found.append((x509.UnrecognizedExtension(EXPIRED_CERTS_ON_CRL, value), False))
    return found


def _issuing_distribution_point(url: str) -> x509.IssuingDistributionPoint:
    return x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier(url)],
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=False,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )


def _authority_key_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    # Section 5.2.1: the key identifier method, with the issuer's own subject key identifier.
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _encode_extensions(extensions: list[tuple[x509.ExtensionType, bool]]) -> bytes:
    encoded = b"".join(_encode_extension(value, critical) for value, critical in extensions)
    return encode_element(_EXPLICIT_0, encode_element(SEQUENCE, encoded))


def _encode_extension(value: x509.ExtensionType, critical: bool) -> bytes:
    arc = int(value.oid.dotted_string.removeprefix("2.5.29."))
    oid = encode_element(OBJECT_IDENTIFIER, _ID_CE + bytes([arc]))
    octets = encode_element(OCTET_STRING, value.public_bytes())
    return encode_element(SEQUENCE, oid + (_TRUE if critical else b"") + octets)
