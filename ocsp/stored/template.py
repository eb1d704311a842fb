"""What all answers of one responder share, and how a record becomes an answer again.

RFC 6960, Section 4.2.1, in DER. The order of an answer's octets is fixed, and only few of its
parts have a length of their own, so that whatever stands between CertID, standing, times and
signature is encoded once for each combination of lengths.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256

from ca.der import BIT_STRING, OCTET_STRING, SEQUENCE, encode_element
from core.errors import Malformed
from hsm.keys import KeyAlgorithm
from hsm.signature_identifiers import SIGNATURE_ALGORITHM_DER
from ocsp import oids
from ocsp.response import encode_archive_cutoff, encode_time

ID_OCTETS = 6

_EXPLICIT_0, _EXPLICIT_1, _EXPLICIT_2 = 0xA0, 0xA1, 0xA2
_SUCCESSFUL = bytes.fromhex("0a0100")
_TIME_OCTETS = 17


class TemplateMalformed(Malformed):
    """The octets are no template."""

    problem = "answer-template-malformed"
    title = "This is no template of stored answers"


@dataclass(frozen=True)
class Times:
    """The instants of an answer, encoded: producedAt, and thisUpdate with nextUpdate."""

    produced: bytes
    updates: bytes

    @classmethod
    def of(cls, this_update: datetime, next_update: datetime) -> Times:
        """Encode the instants of an answer that is produced when its standing is read."""
        produced = encode_time(this_update)
        return cls(produced, produced + encode_element(_EXPLICIT_0, encode_time(next_update)))


@dataclass(frozen=True)
class Template:
    """A responder, as its answers show it.

    ``prefixes`` are how CertIDs of the issuer's certificates begin (:mod:`ocsp.stored.certid`).
    ``key_hash`` is the SHA-1 of the responder's public key, ``serial_number`` that of its own
    certificate. ``archive_cutoff`` is set where standings are kept beyond expiry.
    """

    authority: str
    prefixes: tuple[bytes, bytes]
    certificate_der: bytes
    serial_number: int
    key_hash: bytes
    algorithm: KeyAlgorithm
    archive_cutoff: datetime | None

    @cached_property
    def id(self) -> bytes:
        """The octets by which records name this template: 6 of its SHA-256."""
        return sha256(self.encode()).digest()[:ID_OCTETS]

    def encode(self) -> bytes:
        """Return the template as JSON."""
        cutoff = self.archive_cutoff
        return json.dumps(
            {
                "algorithm": self.algorithm,
                "archive_cutoff": None if cutoff is None else cutoff.astimezone(UTC).isoformat(),
                "authority": self.authority,
                "certificate": base64.b64encode(self.certificate_der).decode(),
                "key_hash": self.key_hash.hex(),
                "prefixes": [one.hex() for one in self.prefixes],
                "serial_number": f"{self.serial_number:x}",
            },
            sort_keys=True,
        ).encode()

    @classmethod
    def decode(cls, octets: bytes) -> Template:
        """Read what :meth:`encode` wrote. Raises TemplateMalformed."""
        try:
            found = json.loads(octets)
            cutoff = found["archive_cutoff"]
            by_sha1, by_sha256 = map(bytes.fromhex, found["prefixes"])
            return cls(
                authority=found["authority"],
                prefixes=(by_sha1, by_sha256),
                certificate_der=base64.b64decode(found["certificate"], validate=True),
                serial_number=int(found["serial_number"], 16),
                key_hash=bytes.fromhex(found["key_hash"]),
                algorithm=KeyAlgorithm(found["algorithm"]),
                archive_cutoff=None if cutoff is None else datetime.fromisoformat(cutoff),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise TemplateMalformed("The template cannot be read.") from error

    def to_be_signed(self, cert_id: bytes, standing: bytes, times: Times) -> bytes:
        """Return the ResponseData of an answer; ``standing`` is its CertStatus in DER."""
        data, single = self._data_parts(len(cert_id), len(standing))
        parts = (data, times.produced, single, cert_id, standing, times.updates, self._cutoff)
        return b"".join(parts)

    def assemble(self, cert_id: bytes, standing: bytes, times: Times, signature: bytes) -> bytes:
        """Return the whole OCSPResponse."""
        sizes = (len(cert_id), len(standing), len(signature))
        parts = self._parts.get(sizes)
        if parts is None:
            parts = self._parts[sizes] = self._make_parts(*sizes)
        before, single, after = parts
        return b"".join(
            (
                before,
                times.produced,
                single,
                cert_id,
                standing,
                times.updates,
                after,
                signature,
                self._certificates,
            )
        )

    @cached_property
    def _parts(self) -> dict[tuple[int, int, int], tuple[bytes, bytes, bytes]]:
        return {}

    @cached_property
    def _data_memory(self) -> dict[tuple[int, int], tuple[bytes, bytes]]:
        return {}

    @cached_property
    def _responder_id(self) -> bytes:
        # ResponderID ::= CHOICE { byName [1], byKey [2] KeyHash }
        return encode_element(_EXPLICIT_2, encode_element(OCTET_STRING, self.key_hash))

    @cached_property
    def _cutoff(self) -> bytes:
        # singleExtensions [1] EXPLICIT Extensions OPTIONAL
        return b"" if self.archive_cutoff is None else encode_archive_cutoff(self.archive_cutoff)

    @cached_property
    def _certificates(self) -> bytes:
        # certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL
        return encode_element(_EXPLICIT_0, encode_element(SEQUENCE, self.certificate_der))

    def _data_parts(self, cert_id: int, standing: int) -> tuple[bytes, bytes]:
        """Return ResponseData's octets before producedAt, and those between it and the CertID."""
        known = self._data_memory.get((cert_id, standing))
        if known is not None:
            return known
        # SingleResponse: thisUpdate, and nextUpdate within its explicit tag.
        size = cert_id + standing + _TIME_OCTETS + 2 + _TIME_OCTETS + len(self._cutoff)
        single = _head(SEQUENCE, size)
        responses = _head(SEQUENCE, len(single) + size)
        between = responses + single
        whole = len(self._responder_id) + _TIME_OCTETS + len(between) + size
        parts = (_head(SEQUENCE, whole) + self._responder_id, between)
        self._data_memory[cert_id, standing] = parts
        return parts

    def _make_parts(
        self, cert_id: int, standing: int, signature: int
    ) -> tuple[bytes, bytes, bytes]:
        # BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature, certs }
        data, between = self._data_parts(cert_id, standing)
        after = (
            self._cutoff
            + SIGNATURE_ALGORITHM_DER[self.algorithm]
            + _head(BIT_STRING, signature + 1)
            + b"\x00"
        )
        variable = 3 * _TIME_OCTETS + 2 + cert_id + standing + signature
        size = len(data) + len(between) + variable + len(after) + len(self._certificates)
        before = _head(SEQUENCE, size) + data
        size += len(before) - len(data)
        # Around it, from the inside out: OCTET STRING, ResponseBytes, [0], OCSPResponse.
        for tag, first in (
            (OCTET_STRING, b""),
            (SEQUENCE, oids.BASIC),
            (_EXPLICIT_0, b""),
            (SEQUENCE, _SUCCESSFUL),
        ):
            size += len(first)
            head = _head(tag, size)
            before = head + first + before
            size += len(head)
        return before, between, after


def _head(tag: int, size: int) -> bytes:
    """Return tag and length of an element whose content has ``size`` octets."""
    return encode_element(tag, bytes(size))[:-size]
