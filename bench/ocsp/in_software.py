"""Ten million stored answers, without a token and a database: signed by keys in software.

Records, template and store are the service's own, and each signature is a true one. That they are
an authority's in software is nothing to the front, which knows issuers by their templates.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key

from bench.ocsp.questions import plain_questions
from bench.ocsp.software import SoftwareAuthority
from hsm.keys import KeyAlgorithm
from ocsp.identities import key_hash_of
from ocsp.response import encode_standing
from ocsp.stored.answers import keep_template
from ocsp.stored.certid import answer_key, cert_id, issuer_tag, serial_octets
from ocsp.stored.record import AnswerRecord
from ocsp.stored.store import AnswerStore
from ocsp.stored.template import Template, Times

CHUNK = 5_000
VALID = timedelta(hours=48)
# Ours have 159 bits at random; these ascend, as a compaction leaves them.
_TOP, _RANDOM_BITS = 1 << 158, 100
# OCSPRequest to CertID, and the CertID's head.
_PREFIX_AT = 10


def fill_in_software(store: AnswerStore, authority: SoftwareAuthority, count: int) -> list[int]:
    """Sign and store answers about ``count`` certificates; return one serial number of each 100.

    All processor cores work at it.
    """
    template = _template(authority)
    keep_template(store, template)
    sign = partial(_records, authority.responder_key_der(), template.encode())
    sampled = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for records, some in pool.map(sign, _chunks(count)):
            store.write(records)
            sampled += some
    return sampled


def _chunks(count: int) -> Iterator[range]:
    for start in range(0, count, CHUNK):
        yield range(start, min(start + CHUNK, count))


def _records(
    key_der: bytes, template_octets: bytes, positions: range
) -> tuple[list[tuple[bytes, bytes]], list[int]]:
    key, template = load_der_private_key(key_der, None), Template.decode(template_octets)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("The responder's key is no P-256 key.")
    tag = issuer_tag(template.prefixes)
    numbers = [
        _TOP + (position << _RANDOM_BITS) + secrets.randbits(_RANDOM_BITS) for position in positions
    ]
    now = datetime.now(UTC).replace(microsecond=0)
    records = [(answer_key(tag, one), _record(key, template, one, now).encode()) for one in numbers]
    return records, numbers[::100]


def _record(
    key: ec.EllipticCurvePrivateKey, template: Template, serial_number: int, now: datetime
) -> AnswerRecord:
    times, standing = Times.of(now, now + VALID), encode_standing(None, None)
    first, second = (
        key.sign(
            template.to_be_signed(cert_id(prefix, serial_number), standing, times),
            ec.ECDSA(SHA256()),
        )
        for prefix in template.prefixes
    )
    return AnswerRecord(
        version=1,
        template=template.id,
        this_update=now,
        next_update=now + VALID,
        revoked_at=None,
        reason=None,
        signatures=(first, second),
    )


def _template(authority: SoftwareAuthority) -> Template:
    number = 1
    by_sha1, by_sha256 = (
        one.der[_PREFIX_AT : -2 - len(serial_octets(number))]
        for one in plain_questions(authority.issuer, [number, number])
    )
    return Template(
        authority="benchmark",
        prefixes=(by_sha1, by_sha256),
        certificate_der=authority.responder.public_bytes(Encoding.DER),
        serial_number=authority.responder.serial_number,
        key_hash=key_hash_of(authority.responder),
        algorithm=KeyAlgorithm.EC_P256,
        archive_cutoff=None,
    )
