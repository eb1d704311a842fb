"""A record and its template make the very octets that the live encoder makes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from ca.revocation.reasons import RevocationReason
from hsm.keys import KeyAlgorithm
from ocsp.identities import key_hash_of
from ocsp.response import Signer, SingleAnswer, encode_answers, encode_standing
from ocsp.stored.answers import StoredAnswers, keep_template, read_templates, withdraw_template
from ocsp.stored.certid import (
    answer_key,
    cert_id,
    index_prefixes,
    issuer_tag,
    prefixes_of,
    recognize,
)
from ocsp.stored.lmdb_store import LmdbAnswerStore
from ocsp.stored.record import AnswerRecord, RecordMalformed, withdrawn
from ocsp.stored.template import Template, TemplateMalformed, Times
from tests.ca.revocation.world import World
from tests.ocsp.questions import ask, ask_many, read

THIS_UPDATE = datetime(2026, 11, 23, 8, 0, 1, tzinfo=UTC)
NEXT_UPDATE = THIS_UPDATE + timedelta(hours=48)
REVOKED_AT = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
MAP_OCTETS = 1 << 24
HASHES: list[HashAlgorithm] = [SHA1(), SHA256()]


class FixedSigner:
    """A key that signs always the same, so that two encoders can be compared."""

    algorithm = KeyAlgorithm.EC_P256
    key_id = bytes(32)

    def __init__(self, signature: bytes) -> None:
        self.signature = signature
        self.signed: list[bytes] = []

    def sign(self, message: bytes) -> bytes:
        self.signed.append(message)
        return self.signature


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LmdbAnswerStore]:
    store = LmdbAnswerStore(tmp_path / "answers", map_octets=MAP_OCTETS)
    yield store
    store.close()


@pytest.fixture
def subscriber(world: World) -> x509.Certificate:
    return world.issue("people-1")


@pytest.fixture
def template(world: World) -> Template:
    return make_template(world)


def make_template(world: World, *, archive_cutoff: datetime | None = None) -> Template:
    authority = world.authorities.authority("people-1")
    return Template(
        authority="people-1",
        prefixes=prefixes_of(authority),
        certificate_der=authority.certificate.public_bytes(Encoding.DER),
        serial_number=authority.certificate.serial_number,
        key_hash=key_hash_of(authority.certificate),
        algorithm=KeyAlgorithm.EC_P256,
        archive_cutoff=archive_cutoff,
    )


def record_of(template: Template, *signatures: bytes, version: int = 7) -> AnswerRecord:
    first, second = signatures
    return AnswerRecord(
        version=version,
        template=template.id,
        this_update=THIS_UPDATE,
        next_update=NEXT_UPDATE,
        revoked_at=None,
        reason=None,
        signatures=(first, second),
    )


@pytest.mark.parametrize("archive_cutoff", [None, datetime(2026, 1, 1, tzinfo=UTC)])
@pytest.mark.parametrize("reason", [None, *RevocationReason])
@pytest.mark.parametrize("kind", [0, 1])
def test_an_answer_put_together_is_the_one_that_the_live_encoder_makes(
    world: World, reason: RevocationReason | None, kind: int, archive_cutoff: datetime | None
) -> None:
    template = make_template(world, archive_cutoff=archive_cutoff)
    times = Times.of(THIS_UPDATE, NEXT_UPDATE)
    revoked_at = None if reason is None else REVOKED_AT
    standing = encode_standing(revoked_at, reason)
    for serial_number in (1, 127, 128, (1 << 64) - 1, 1 << 158):
        asked = cert_id(template.prefixes[kind], serial_number)
        for octets in (8, 70, 72, 104, 384):
            key = FixedSigner(bytes(octets))
            signer = Signer(key, template.certificate_der, template.key_hash)  # type: ignore[arg-type]
            whole = encode_answers(
                [SingleAnswer(asked, revoked_at, reason, archive_cutoff)],
                signer=signer,
                produced_at=THIS_UPDATE,
                next_update=NEXT_UPDATE,
                nonce=None,
            )
            assert template.assemble(asked, standing, times, key.signature) == whole
            assert [template.to_be_signed(asked, standing, times)] == key.signed


@pytest.mark.parametrize("kind", [0, 1])
def test_a_request_of_another_library_finds_its_answer(
    world: World,
    store: LmdbAnswerStore,
    template: Template,
    subscriber: x509.Certificate,
    kind: int,
) -> None:
    issuer = certificate_of(world, "people-1")
    keep_template(store, template)
    key = answer_key(issuer_tag(template.prefixes), subscriber.serial_number)
    store.write([(key, record_of(template, b"1" * 70, b"2" * 71).encode())])
    found = StoredAnswers(store=store, now=THIS_UPDATE.timestamp).find(
        ask(subscriber, issuer, HASHES[kind])
    )
    assert found is not None
    answer = read(found.der)
    assert answer.serial_number == subscriber.serial_number
    assert isinstance(answer.hash_algorithm, type(HASHES[kind]))
    assert answer.signature == (b"1" * 70, b"2" * 71)[kind]
    assert (answer.this_update_utc, answer.next_update_utc) == (THIS_UPDATE, NEXT_UPDATE)
    assert found.this_update == THIS_UPDATE.timestamp()
    assert found.next_update == NEXT_UPDATE.timestamp()


def test_no_answer_is_found_that_has_run_out_or_was_withdrawn(
    world: World, store: LmdbAnswerStore, template: Template, subscriber: x509.Certificate
) -> None:
    request = ask(subscriber, certificate_of(world, "people-1"))
    keep_template(store, template)
    key = answer_key(issuer_tag(template.prefixes), subscriber.serial_number)
    store.write([(key, record_of(template, b"1" * 70, b"2" * 71).encode())])
    assert StoredAnswers(store=store, now=THIS_UPDATE.timestamp).find(request) is not None
    assert StoredAnswers(store=store, now=NEXT_UPDATE.timestamp).find(request) is None
    store.write([(key, withdrawn(8))])
    assert StoredAnswers(store=store, now=THIS_UPDATE.timestamp).find(request) is None


def test_the_answers_of_a_responder_that_is_trusted_no_longer_go_within_seconds(
    world: World, store: LmdbAnswerStore, template: Template, subscriber: x509.Certificate
) -> None:
    request = ask(subscriber, certificate_of(world, "people-1"))
    keep_template(store, template)
    key = answer_key(issuer_tag(template.prefixes), subscriber.serial_number)
    store.write([(key, record_of(template, b"1" * 70, b"2" * 71).encode())])
    seconds = 0.0
    answers = StoredAnswers(store=store, now=THIS_UPDATE.timestamp, monotonic=lambda: seconds)
    assert answers.find(request) is not None
    withdraw_template(store, template)
    seconds = 6.0
    assert answers.find(request) is None


def test_what_is_not_the_plainest_request_is_not_recognized(
    world: World, template: Template, subscriber: x509.Certificate
) -> None:
    issuer = certificate_of(world, "people-1")
    plain = ask(subscriber, issuer)
    prefixes = index_prefixes([template.prefixes])
    assert recognize(plain, prefixes) is not None
    for position in range(len(plain)):
        # Of one octet that differs, only those of the serial number make another plain request.
        changed = bytearray(plain)
        changed[position] ^= 0x01
        is_serial = position >= len(plain) - len(_serial(plain))
        assert (recognize(bytes(changed), prefixes) is not None) == is_serial
        assert recognize(plain[:position], prefixes) is None
    assert recognize(plain + b"\x00", prefixes) is None
    assert recognize(ask_many([(subscriber, issuer)], nonce=b"1234"), prefixes) is None
    assert recognize(ask_many([(subscriber, issuer)] * 2), prefixes) is None
    assert recognize(ask(subscriber, certificate_of(world, "camdx-1")), prefixes) is None


def certificate_of(world: World, authority: str) -> x509.Certificate:
    return world.authorities.authority(authority).certificate


def _serial(plain: bytes) -> bytes:
    """The content octets of a plain request's serial number: its last element."""
    number = x509.ocsp.load_der_ocsp_request(plain).serial_number
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


@given(
    version=st.integers(0, (1 << 48) - 1),
    seconds=st.tuples(*[st.integers(0, (1 << 32) - 1)] * 3),
    reason=st.none() | st.sampled_from(RevocationReason),
    signatures=st.none() | st.tuples(st.binary(min_size=1), st.binary(min_size=1)),
)
def test_a_record_is_read_as_it_was_written(
    version: int,
    seconds: tuple[int, int, int],
    reason: RevocationReason | None,
    signatures: tuple[bytes, bytes] | None,
) -> None:
    this_update, next_update, revoked_at = (datetime.fromtimestamp(one, UTC) for one in seconds)
    if signatures is None:
        reason = None
    record = AnswerRecord(
        version=version,
        template=b"abcdef",
        this_update=this_update,
        next_update=next_update,
        revoked_at=None if reason is None else revoked_at,
        reason=reason,
        signatures=signatures,
    )
    assert AnswerRecord.decode(record.encode()) == record


@given(st.binary(max_size=300))
def test_octets_that_are_no_record_or_template_are_malformed(octets: bytes) -> None:
    for read_it, error in (
        (AnswerRecord.decode, RecordMalformed),
        (Template.decode, TemplateMalformed),
    ):
        with contextlib.suppress(error):
            read_it(octets)


def test_a_template_is_read_as_it_was_written(store: LmdbAnswerStore, world: World) -> None:
    for cutoff in (None, THIS_UPDATE):
        template = make_template(world, archive_cutoff=cutoff)
        keep_template(store, template)
        assert read_templates(store)[template.id] == template
