"""Each status, for each format: passes of a country that does not exist, and their faults."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from signing.passes.codecs import cbor
from signing.passes.pass_format import PassFormat
from signing.passes.statuses import Status
from signing.passes.trust.signers import Signer, TrustStore
from tests.signing.passes.issuers import (
    BARCODE_SIGNER,
    ES256,
    NOW,
    RECOVERY,
    TEST,
    VACCINATION,
    Authority,
    Issuer,
    card,
    claims,
    dcc,
    ddcc,
    ddcc_test,
    hc1_of,
    icvp,
    identity,
    issuer,
    named,
    seal_data,
    seconds,
    verify,
)

HEALTH = issuer()
CSCA = Authority()
SEALER = issuer(authority=CSCA, usages=(BARCODE_SIGNER,))
DAY = timedelta(days=1)


def authorities(*more: Any) -> TrustStore:
    csca = Issuer(CSCA.key, CSCA.certificate()).parsed
    return TrustStore(authorities=(csca,), revocation_lists=tuple(more))


def test_each_format_is_verified_with_its_holder_and_signer() -> None:
    codes = {
        "HC1": HEALTH.hc1(claims()),
        "SHC": HEALTH.shc(card()),
        "CLAIM-169": HEALTH.claim169(identity()),
    }
    for name, code in codes.items():
        verdict = verify(code, trust=HEALTH)
        assert (verdict.status, verdict.format) == (Status.VERIFIED, name), verdict.reasons
        assert verdict.subject is not None
        assert verdict.subject.date_of_birth == "1990-04-12"
        assert verdict.signer is not None
    sealed = verify(SEALER.seal(seal_data()), trust=authorities())
    assert (sealed.status, sealed.format) == (Status.VERIFIED, "VDS-NC"), sealed.reasons
    assert sealed.subject is not None
    assert sealed.subject.document_number == "A1234567"


def test_an_rsa_signer_signs_by_pss() -> None:
    signer = issuer(key=rsa.generate_private_key(public_exponent=65537, key_size=2048))
    assert verify(signer.hc1(claims()), trust=signer).status is Status.VERIFIED


def test_identity_codes_may_be_signed_with_ed25519_and_health_certificates_may_not() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    signer = Signer(key.public_key(), "test", named_key_ids=frozenset({b"k"}))
    trust = TrustStore((signer,))
    protected = {1: -8, 4: b"k"}
    token = HEALTH.claim169(identity(), protected=protected, sign=key.sign)
    assert verify(token, trust=trust).status is Status.VERIFIED
    health = HEALTH.hc1(claims(), protected=protected, sign=key.sign)
    assert verify(health, trust=trust).status is Status.INVALID_SIGNATURE


def test_an_unknown_signer_is_not_trusted_and_what_it_says_of_a_person_is_not_repeated() -> None:
    for code in (HEALTH.hc1(claims()), HEALTH.shc(card()), SEALER.seal(seal_data())):
        verdict = verify(code, trust=issuer())
        assert verdict.status is Status.ISSUER_NOT_TRUSTED
        assert (verdict.subject, verdict.identifier, verdict.signer) == (None, None, None)
        assert verdict.notes == ()
        assert "1990-04-12" not in str(verdict.facts())


def test_a_changed_content_is_altered_and_is_not_repeated() -> None:
    message = cbor.decode(HEALTH.message(claims()))
    protected, unprotected, payload, signature = message.value
    other = payload.replace(b"Dara", b"Sara")
    forged = cbor.encode(cbor2.CBORTag(18, [protected, unprotected, other, signature]))
    verdict = verify(hc1_of(forged), trust=HEALTH)
    assert verdict.status is Status.INVALID_SIGNATURE
    assert verdict.subject is None


def test_two_countries_may_share_a_kid_and_each_is_tried() -> None:
    other = issuer()
    shared = b"8 octets"
    signers = tuple(one.signer(named_key_ids=frozenset({shared})) for one in (other, HEALTH))
    code = HEALTH.hc1(claims(), protected={1: ES256, 4: shared})
    verdict = verify(code, trust=TrustStore(signers))
    assert verdict.status is Status.VERIFIED
    assert verdict.signer is not None
    assert verdict.signer.certificate == HEALTH.parsed


def test_a_kid_may_be_unprotected_and_the_protected_one_wins() -> None:
    only = HEALTH.hc1(claims(), protected={1: ES256}, unprotected={4: HEALTH.kid})
    assert verify(only, trust=HEALTH).status is Status.VERIFIED
    wrong = HEALTH.hc1(claims(), protected={1: ES256, 4: b"somebody"}, unprotected={4: HEALTH.kid})
    assert verify(wrong, trust=HEALTH).status is Status.ISSUER_NOT_TRUSTED


@pytest.mark.parametrize("kid", [None, b"", "text", 7])
def test_a_code_without_a_kid_says_so(kid: Any) -> None:
    protected = {1: ES256} if kid is None else {1: ES256, 4: kid}
    verdict = verify(HEALTH.hc1(claims(), protected=protected), trust=HEALTH)
    assert verdict.status is Status.KID_NOT_INCLUDED


@pytest.mark.parametrize("algorithm", [None, 0, 5, -35, -257, "ES256", True, -7.0, [-7]])
def test_an_algorithm_that_is_not_allowed_is_never_tried(algorithm: Any) -> None:
    protected = {1: algorithm, 4: HEALTH.kid}
    verdict = verify(HEALTH.hc1(claims(), protected=protected), trust=HEALTH)
    assert verdict.status is Status.INVALID_SIGNATURE


def test_an_algorithm_in_the_unprotected_header_does_not_count() -> None:
    code = HEALTH.hc1(claims(), protected={4: HEALTH.kid}, unprotected={1: ES256})
    assert verify(code, trust=HEALTH).status is Status.INVALID_SIGNATURE


@pytest.mark.parametrize("name", ["none", "HS256", "RS256", "es256", "", None, 7])
def test_a_jws_with_another_algorithm_is_refused(name: Any) -> None:
    assert verify(HEALTH.shc(card(), alg=name), trust=HEALTH).status is Status.INVALID_SIGNATURE


def test_a_key_of_another_kind_than_the_algorithm_is_a_wrong_signature() -> None:
    rsa_signer = issuer(key=rsa.generate_private_key(public_exponent=65537, key_size=2048))
    confused = rsa_signer.hc1(claims(), protected={1: ES256, 4: rsa_signer.kid})
    assert verify(confused, trust=rsa_signer).status is Status.INVALID_SIGNATURE
    p384 = issuer(key=ec.generate_private_key(ec.SECP384R1()))
    assert verify(p384.hc1(claims()), trust=p384).status is Status.INVALID_SIGNATURE


def test_a_short_rsa_key_is_not_trusted_with_a_signature() -> None:
    weak = issuer(key=rsa.generate_private_key(public_exponent=65537, key_size=1024))
    verdict = verify(weak.hc1(claims()), trust=weak)
    assert verdict.status is Status.INVALID_SIGNATURE
    assert "1024 bits" in verdict.reasons[0]


def test_a_signature_in_der_is_refused_with_that_reason() -> None:
    def sign(octets: bytes) -> bytes:
        raw = HEALTH.sign(octets)
        return encode_dss_signature(
            int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        )

    verdict = verify(HEALTH.hc1(claims(), sign=sign), trust=HEALTH)
    assert verdict.status is Status.INVALID_SIGNATURE
    assert "DER" in verdict.reasons[0]


@pytest.mark.parametrize(
    ("usages", "fine"),
    [
        ((VACCINATION,), True),
        ((TEST, VACCINATION), True),
        (("1.3.6.1.4.1.0.1847.2021.1.2",), True),
        (("1.3.6.1.5.5.7.3.36",), True),
        ((), True),
        ((TEST,), False),
        ((RECOVERY,), False),
    ],
)
def test_the_usages_of_the_eus_signers_are_kept(usages: tuple[str, ...], fine: bool) -> None:
    signer = issuer(usages=usages)
    status = verify(signer.hc1(claims()), trust=signer).status
    assert status is (Status.VERIFIED if fine else Status.WRONG_KEY_USAGE)


@pytest.mark.parametrize(
    ("content", "sub_claim", "own"),
    [(icvp(), -6, VACCINATION), (ddcc(), 3, VACCINATION), (ddcc_test(), 4, TEST)],
)
def test_whos_certificates_need_their_usage_where_their_signer_has_any(
    content: Any, sub_claim: int, own: str
) -> None:
    early = own.replace("1847", "0.1847")
    fine = ((), (own,), (early,), (own, RECOVERY))
    others = {TEST, VACCINATION, RECOVERY} - {own}
    for usages in (*fine, *((one,) for one in others), ("1.3.6.1.5.5.7.3.36",)):
        signer = issuer(usages=usages)
        code = signer.hc1(claims(content, sub_claim=sub_claim))
        status = Status.VERIFIED if usages in fine else Status.WRONG_KEY_USAGE
        assert verify(code, trust=signer).status is status, usages


@pytest.mark.parametrize(
    "usage", [TEST, VACCINATION, RECOVERY, VACCINATION.replace("1847", "0.1847")]
)
def test_a_signer_of_the_eus_certificates_may_not_sign_cards_or_identities(usage: str) -> None:
    signer = issuer(usages=(usage, "1.3.6.1.5.5.7.3.36"))
    for code in (signer.shc(card()), signer.claim169(identity())):
        assert verify(code, trust=signer).status is Status.WRONG_KEY_USAGE
    other = issuer(usages=("1.3.6.1.5.5.7.3.36",))
    for code in (other.shc(card()), other.claim169(identity())):
        assert verify(code, trust=other).status is Status.VERIFIED


@pytest.mark.parametrize("usages", [(), (VACCINATION,), ("2.23.136.1.1.6.1",)])
def test_a_passport_signer_of_the_same_authority_may_not_sign_seals(usages: Any) -> None:
    other = issuer(authority=CSCA, usages=usages)
    verdict = verify(other.seal(seal_data()), trust=authorities())
    assert verdict.status is Status.WRONG_KEY_USAGE


def test_a_signer_of_another_trust_domain_may_not_sign_this() -> None:
    trust = TrustStore((HEALTH.signer(domain="ICVP"),))
    assert verify(HEALTH.hc1(claims()), trust=trust).status is Status.WRONG_KEY_USAGE
    yellow = HEALTH.hc1(claims(icvp(), sub_claim=-6))
    assert verify(yellow, trust=trust).status is Status.VERIFIED


def test_of_several_listings_of_one_key_the_one_counts_that_is_about_the_pass() -> None:
    yellow = HEALTH.signer(domain="ICVP", source="ICVP")
    corona = HEALTH.signer(domain="DCC", source="DCC")
    for signers in ((yellow, corona), (corona, yellow)):
        for code, source in (
            (HEALTH.hc1(claims()), "DCC"),
            (HEALTH.hc1(claims(icvp(), sub_claim=-6)), "ICVP"),
        ):
            verdict = verify(code, trust=TrustStore(signers))
            assert verdict.status is Status.VERIFIED, verdict.reasons
            assert verdict.signer is not None
            assert verdict.signer.source == source
    verdict = verify(HEALTH.shc(card()), trust=TrustStore((yellow, corona)))
    assert verdict.signer == yellow


def test_a_seals_signer_that_a_list_names_for_something_else_counts_by_its_authority() -> None:
    listed = TrustStore((SEALER.signer(formats=frozenset({PassFormat.HC1})),))
    assert verify(SEALER.seal(seal_data()), trust=listed).status is Status.WRONG_KEY_USAGE
    assert verify(SEALER.seal(seal_data()), trust=listed + authorities()).is_verified


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"claim_4": seconds(NOW) - 1}, Status.EXPIRED),
        ({"claim_4": seconds(NOW) - 0.5}, Status.EXPIRED),
        ({"claim_4": seconds(NOW) + 0.5}, Status.VERIFIED),
        ({"claim_6": seconds(NOW) + 50}, Status.VERIFIED),
        ({"claim_6": seconds(NOW) + 100}, Status.NOT_YET_VALID),
        ({"claim_5": seconds(NOW) + 100}, Status.NOT_YET_VALID),
        ({"claim_6": seconds(NOW) * 1000}, Status.NOT_YET_VALID),
        ({"claim_6": 2**63}, Status.NOT_YET_VALID),
        ({"claim_4": None}, Status.INVALID_SCHEMA),
        ({"claim_4": "2027-01-01"}, Status.INVALID_SCHEMA),
        ({"claim_4": True}, Status.INVALID_SCHEMA),
        ({"claim_4": -1}, Status.INVALID_SCHEMA),
        ({"claim_6": seconds(NOW) + 0.25, "claim_4": seconds(NOW) + 9.75}, Status.VERIFIED),
    ],
)
def test_times_may_have_fractions_and_have_to_be_times(
    changes: dict[str, Any], status: Status
) -> None:
    assert verify(HEALTH.hc1(claims(**changes)), trust=HEALTH).status is status


def test_a_time_that_is_null_is_no_time() -> None:
    for claim in (4, 5, 6):
        for code in (
            HEALTH.hc1(claims() | {claim: None}),
            HEALTH.claim169(identity() | {claim: None}),
        ):
            assert verify(code, trust=HEALTH).status is Status.INVALID_SCHEMA
    for claim in ("exp", "nbf"):
        code = HEALTH.shc(card(**{claim: None}))
        assert verify(code, trust=HEALTH).status is Status.INVALID_SCHEMA


@pytest.mark.parametrize(
    ("begins", "ends", "status"),
    [
        ("9999-12-31T23:00:00-05:00", None, Status.NOT_YET_VALID),
        (None, "0001-01-01T01:00:00+05:00", Status.EXPIRED),
        ("0001-01-01T01:00:00+05:00", "9999-12-31T23:00:00-05:00", Status.VERIFIED),
        (None, "2026-11-22t08:00:00z", Status.EXPIRED),
    ],
)
def test_an_instant_in_any_zone_and_writing_counts(
    begins: str | None, ends: str | None, status: Status
) -> None:
    times = {"valid_from": begins, "valid_until": ends}
    content = ddcc() | {name: text for name, text in times.items() if text is not None}
    assert verify(HEALTH.hc1(claims(content, sub_claim=3)), trust=HEALTH).status is status


def test_a_signers_certificate_has_to_be_valid_at_issuing_and_now() -> None:
    old = issuer(begins=NOW - 30 * DAY, ends=NOW - 2 * DAY)
    code = old.hc1(claims(claim_6=seconds(NOW - 10 * DAY)))
    assert verify(code, trust=old, at=NOW - 3 * DAY).status is Status.VERIFIED
    later = verify(code, trust=old)
    assert later.status is Status.KEY_EXPIRED
    assert len(later.reasons) == 1
    back_dated = issuer(begins=NOW - 2 * DAY)
    early = verify(back_dated.hc1(claims(claim_6=seconds(NOW - 10 * DAY))), trust=back_dated)
    assert early.status is Status.KEY_EXPIRED
    assert "when its signer's certificate was not valid" in early.reasons[0]


def test_the_gravest_status_is_the_one_and_every_reason_is_said() -> None:
    old = issuer(usages=(TEST,), ends=NOW - DAY)
    verdict = verify(old.hc1(claims(dcc(dob="x"), claim_4=seconds(NOW) - 60)), trust=old)
    assert verdict.status is Status.WRONG_KEY_USAGE
    assert len(verdict.reasons) == 4


def test_a_link_and_an_unknown_sub_claim_are_not_supported() -> None:
    for sub_claim in (5, 99):
        code = HEALTH.hc1(claims("vhlink:/eyJ1cmwi", sub_claim=sub_claim))
        assert verify(code, trust=HEALTH).status is Status.NOT_SUPPORTED


def test_two_certificates_in_one_code_are_none() -> None:
    code = HEALTH.hc1(claims() | {-260: {1: dcc(), -6: icvp()}})
    assert verify(code, trust=HEALTH).status is Status.INVALID_SCHEMA


def test_a_key_counts_for_the_issuer_alone_whose_list_names_it() -> None:
    trust = TrustStore((HEALTH.signer(issuer="https://other.example"),))
    assert verify(HEALTH.shc(card()), trust=trust).status is Status.ISSUER_NOT_TRUSTED
    named = TrustStore((HEALTH.signer(issuer="https://health.example"),))
    assert verify(HEALTH.shc(card()), trust=named).status is Status.VERIFIED


def test_a_card_names_its_key_by_thumbprint_alone() -> None:
    trust = TrustStore((HEALTH.signer(named_key_ids=frozenset({b"key-1"})),))
    assert verify(HEALTH.shc(card(), kid="key-1"), trust=trust).status is Status.ISSUER_NOT_TRUSTED
    assert verify(HEALTH.shc(card(), kid=""), trust=trust).status is Status.KID_NOT_INCLUDED


def test_a_card_may_expire_and_is_not_yet_valid_in_milliseconds() -> None:
    assert verify(HEALTH.shc(card(exp=seconds(NOW) - 1)), trust=HEALTH).status is Status.EXPIRED
    early = HEALTH.shc(card(nbf=seconds(NOW) * 1000))
    assert verify(early, trust=HEALTH).status is Status.NOT_YET_VALID


def test_a_seal_is_altered_when_any_part_of_its_data_is() -> None:
    for old, new in (("SOK DARA", "SOK SARA"), ("A1234567", "A1234568"), ('"seq": 1', '"seq": 2')):
        forged = SEALER.seal(seal_data()).replace(old, new)
        assert verify(forged, trust=authorities()).status is Status.INVALID_SIGNATURE


def test_a_seals_signer_needs_an_authority_that_is_trusted_and_really_signed_it() -> None:
    assert verify(SEALER.seal(seal_data()), trust=TrustStore()).status is Status.ISSUER_NOT_TRUSTED
    # Of the same name, with another key.
    impostor = issuer(authority=Authority(), usages=(BARCODE_SIGNER,))
    verdict = verify(impostor.seal(seal_data()), trust=authorities())
    assert verdict.status is Status.ISSUER_NOT_TRUSTED


def test_a_signer_may_be_trusted_by_itself() -> None:
    verdict = verify(SEALER.seal(seal_data()), trust=SEALER)
    assert verdict.status is Status.VERIFIED


def test_a_signer_may_not_issue_signers() -> None:
    below = issuer(authority=Authority(key=SEALER.key), usages=(BARCODE_SIGNER,))
    assert verify(below.seal(seal_data()), trust=SEALER).status is Status.ISSUER_NOT_TRUSTED
    assert verify(below.seal(seal_data()), trust=authorities()).status is Status.ISSUER_NOT_TRUSTED


def test_a_seals_expired_signer_ends_it() -> None:
    old = issuer(authority=CSCA, usages=(BARCODE_SIGNER,), ends=NOW - DAY)
    assert verify(old.seal(seal_data()), trust=authorities()).status is Status.KEY_EXPIRED


def seal_for(country: str, signer: Issuer) -> str:
    data = seal_data()
    return signer.seal(data | {"hdr": data["hdr"] | {"is": country}})


@pytest.mark.parametrize(
    ("authority", "country", "status"),
    [
        ("AU", "AUS", Status.VERIFIED),
        ("AU", "DEU", Status.WRONG_KEY_USAGE),
        ("au", "AUS", Status.VERIFIED),
        ("au", "DEU", Status.WRONG_KEY_USAGE),
        ("UT", "UTO", Status.VERIFIED),
        ("UT", "AUS", Status.WRONG_KEY_USAGE),
        ("UT", "XOM", Status.WRONG_KEY_USAGE),
        (None, "AUS", Status.WRONG_KEY_USAGE),
        (None, "XOM", Status.WRONG_KEY_USAGE),
    ],
)
def test_a_seals_signer_may_issue_for_the_country_of_its_authority_alone(
    authority: str | None, country: str, status: Status
) -> None:
    csca = Authority(country=authority)
    trust = TrustStore(authorities=(Issuer(csca.key, csca.certificate()).parsed,))
    # What the certificate says of its holder is nothing to go by.
    for subject in (named("DE", "Signer"), named(None, "Signer")):
        signer = issuer(authority=csca, usages=(BARCODE_SIGNER,), subject=subject)
        verdict = verify(seal_for(country, signer), trust=trust)
        assert verdict.status is status, verdict.reasons
        assert verify(seal_for(country, signer), trust=signer).status is status


def test_a_health_certificate_of_another_country_than_its_signers_is_noted() -> None:
    trust = TrustStore((HEALTH.signer(issuer="ESP"),))
    assert verify(HEALTH.hc1(claims(claim_1="ES")), trust=trust).notes == ()
    (note,) = verify(HEALTH.hc1(claims(claim_1="US")), trust=trust).notes
    assert note == "The code says that US issued it; its signer is of ESP."


def test_a_card_counts_after_its_signers_certificate_and_not_before_it() -> None:
    old = issuer(begins=NOW - 30 * DAY, ends=NOW - 2 * DAY)
    card_of_then = old.shc(card(nbf=seconds(NOW - 10 * DAY)))
    assert verify(card_of_then, trust=old).status is Status.VERIFIED
    assert verify(old.shc(card()), trust=old).status is Status.KEY_EXPIRED


def test_an_authority_that_has_expired_vouches_for_nobody() -> None:
    old = CSCA.issue(CSCA.key, subject=CSCA.subject, authority=True, ends=NOW - DAY)
    trust = TrustStore(authorities=(Issuer(CSCA.key, old).parsed,))
    verdict = verify(SEALER.seal(seal_data()), trust=trust)
    assert verdict.status is Status.ISSUER_NOT_TRUSTED
    assert verify(SEALER.seal(seal_data()), trust=trust, at=NOW - 2 * DAY).is_verified


def test_an_authoritys_certificate_that_is_valid_counts_before_an_expired_one_of_the_key() -> None:
    old = CSCA.issue(CSCA.key, subject=CSCA.subject, authority=True, ends=NOW - DAY)
    new = CSCA.issue(CSCA.key, subject=CSCA.subject, authority=True, begins=NOW - DAY)
    both = [Issuer(CSCA.key, one).parsed for one in (old, new)]
    for order in (both, both[::-1]):
        trust = TrustStore(authorities=tuple(order))
        for moment in (NOW, NOW - 2 * DAY):
            assert verify(SEALER.seal(seal_data()), trust=trust, at=moment).is_verified


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_the_first_and_the_last_instant_may_be_asked_about(moment: datetime) -> None:
    for code in (HEALTH.hc1(claims()), HEALTH.claim169(identity())):
        assert not verify(code, trust=HEALTH, at=moment).is_verified
    verify(HEALTH.shc(card()), trust=HEALTH, at=moment)
    content = {"name": "Dara", "vaccine": "1", "date": "2026-02-18"}
    content |= {"valid_from": "0001-01-01", "valid_until": "9999-12-31"}
    verify(HEALTH.hc1(claims(content, sub_claim=3)), trust=HEALTH, at=moment)


def test_a_stranger_cannot_fill_the_screen() -> None:
    types = [
        "https://smarthealth.cards#health-card",
        *(f"https://smarthealth.cards#{n}" for n in range(999)),
    ]
    long = HEALTH.shc(card(iss="https://" + "a" * 9_000, vc=card()["vc"] | {"type": types}))
    verdict = verify(long, trust=TrustStore())
    assert verdict.kind == "SMART Health Card"
    assert len(verdict.issuer or "") == 200
    entries = HEALTH.shc(card(vc=card()["vc"] | {"type": [7] * 5_000}))
    assert len(verify(entries, trust=HEALTH).reasons) <= 20


def test_a_token_without_identity_is_not_supported() -> None:
    code = HEALTH.claim169(claims())
    verdict = verify(code, trust=HEALTH)
    assert verdict.status is Status.NOT_SUPPORTED
    assert "HC1:" in verdict.reasons[0]
