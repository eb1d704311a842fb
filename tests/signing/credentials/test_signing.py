"""Remote keys sign what was authorized, once, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from sqlalchemy import select, update

from ca.revocation.reasons import RevocationReason
from core.errors import CamtrustError
from hsm.digests import DigestAlgorithm, SignatureScheme
from hsm.errors import AlgorithmNotOffered, TokenUnavailable
from hsm.keys import KeyAlgorithm
from hsm.portable_keys import PortableKeys
from signing.credentials.credential import Credential
from signing.credentials.errors import (
    AuthorizationMalformed,
    CertificateMissing,
    CertificateNotValid,
    CredentialStateRefused,
    CredentialUnknown,
    HashNotAuthorized,
    NotAuthorized,
    SecondFactorRefused,
    TooManySignatures,
)
from signing.credentials.models import (
    activation_hashes,
    signature_activations,
    signing_credentials,
)
from signing.credentials.second_factor import Caller
from tests.enrollment.passkeys.authenticator import Authenticator
from tests.signing.world import (
    MINISTRY,
    PERSON,
    PIN,
    SEAL_PIN,
    SigningWorld,
    bound_caller,
    digest,
)

HASHES = {
    DigestAlgorithm.SHA256: SHA256(),
    DigestAlgorithm.SHA384: SHA384(),
    DigestAlgorithm.SHA512: SHA512(),
}


def check(world: SigningWorld, key: Credential, signature: bytes, text: str) -> None:
    public = world.signing.signatures.certificate(key.id).certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, digest(text), ec.ECDSA(utils.Prehashed(SHA256())))


def test_authorized_hashes_are_signed_in_their_order(either_world: SigningWorld) -> None:
    given = either_world.authorize("first", "second", "third")
    signed = either_world.sign(given.sad, "third", "first")
    for signature, text in zip(signed, ("third", "first"), strict=True):
        check(either_world, either_world.person, signature, text)
    [second] = either_world.sign(given.sad, "second")
    check(either_world, either_world.person, second, "second")


def test_a_hash_is_signed_once_under_an_authorization(either_world: SigningWorld) -> None:
    given = either_world.authorize("contract", "annex")
    either_world.sign(given.sad, "contract")
    with pytest.raises(HashNotAuthorized):
        either_world.sign(given.sad, "contract")
    assert either_world.sign(given.sad, "annex")
    with pytest.raises(NotAuthorized, match="used up"):
        either_world.sign(given.sad, "annex")


def test_one_hash_more_than_authorized_and_nothing_is_signed(either_world: SigningWorld) -> None:
    given = either_world.authorize("contract")
    with pytest.raises(HashNotAuthorized):
        either_world.sign(given.sad, "contract", "another")
    # Nothing was used up by that.
    assert either_world.sign(given.sad, "contract")


def test_a_hash_that_stands_twice_in_a_request_is_not_signed(world: SigningWorld) -> None:
    given = world.authorize("contract", "annex")
    with pytest.raises(HashNotAuthorized):
        world.sign(given.sad, "contract", "contract")


def test_an_authorization_ends_after_minutes(world: SigningWorld) -> None:
    given = world.authorize("contract")
    world.clock.advance(timedelta(minutes=5, seconds=1))
    with pytest.raises(NotAuthorized, match="over"):
        world.sign(given.sad, "contract")


def test_an_authorization_is_for_one_key_and_one_program(world: SigningWorld) -> None:
    other = world.make(PERSON, PIN)
    world.certify(other, "person-signing", PIN)
    given = world.authorize("contract", caller=Caller("hr", None))
    with pytest.raises(NotAuthorized, match="another key"):
        world.sign(given.sad, "contract", key=other, caller=Caller("hr", None))
    for caller in (None, Caller("finance", None)):
        with pytest.raises(NotAuthorized, match="another program"):
            world.sign(given.sad, "contract", caller=caller)
    assert world.sign(given.sad, "contract", caller=Caller("hr", None))


@pytest.mark.parametrize("spoil", [str.upper, lambda sad: sad[:-4] + "AAAA", lambda sad: "", repr])
def test_a_made_up_sad_opens_nothing(world: SigningWorld, spoil: Callable[[str], str]) -> None:
    given = world.authorize("contract")
    with pytest.raises(NotAuthorized, match="unknown"):
        world.sign(spoil(given.sad), "contract")


def test_the_hash_algorithm_is_part_of_what_is_authorized(world: SigningWorld) -> None:
    key = world.make(PERSON, PIN, KeyAlgorithm.RSA_3072)
    world.certify(key, "person-signing", PIN)
    given = world.authorize("contract", key=key)
    with world.services.database.begin() as connection:
        connection.execute(update(activation_hashes).values(hash=b"h" * 64))
    with pytest.raises(NotAuthorized):
        world.sign(given.sad, "contract", key=key, digest_algorithm=DigestAlgorithm.SHA512)


def test_what_is_authorized_is_bound_by_more_than_the_tables(either_world: SigningWorld) -> None:
    # Who writes the database and holds a SAD still gets nothing else signed.
    given = either_world.authorize("contract")
    with either_world.services.database.begin() as connection:
        connection.execute(update(activation_hashes).values(hash=digest("a worse contract")))
    with pytest.raises(NotAuthorized, match="not what was authorized"):
        either_world.sign(given.sad, "a worse contract")


def test_neither_is_more_time_given_by_the_tables(world: SigningWorld) -> None:
    given = world.authorize("contract")
    later = given.expires_at + timedelta(days=1)
    with world.services.database.begin() as connection:
        connection.execute(update(signature_activations).values(expires_at=later))
    world.clock.advance(timedelta(hours=1))
    with pytest.raises(NotAuthorized, match="not what was authorized"):
        world.sign(given.sad, "contract")


@pytest.mark.parametrize(
    ("algorithm", "schemes"),
    [
        (KeyAlgorithm.EC_P256, [SignatureScheme.ECDSA]),
        (KeyAlgorithm.EC_P384, [SignatureScheme.ECDSA]),
        (KeyAlgorithm.RSA_3072, [SignatureScheme.RSA_PKCS1, SignatureScheme.RSA_PSS]),
    ],
)
def test_each_type_of_key_signs_digests_as_cryptography_verifies(
    world: SigningWorld, algorithm: KeyAlgorithm, schemes: list[SignatureScheme]
) -> None:
    key = world.make(PERSON, PIN, algorithm)
    world.certify(key, "person-signing", PIN)
    public = key.public_key
    for scheme in schemes:
        for name, function in HASHES.items():
            if algorithm is KeyAlgorithm.EC_P384 and name is DigestAlgorithm.SHA256:
                continue
            given = world.authorize("contract", key=key, digest_algorithm=name)
            [signature] = world.sign(
                given.sad, "contract", key=key, scheme=scheme, digest_algorithm=name
            )
            hashed = utils.Prehashed(function)
            if isinstance(public, rsa.RSAPublicKey):
                pss = padding.PSS(padding.MGF1(function), function.digest_size)
                pad = pss if scheme is SignatureScheme.RSA_PSS else padding.PKCS1v15()
                public.verify(signature, digest("contract", name), pad, hashed)
            else:
                assert isinstance(public, ec.EllipticCurvePublicKey)
                public.verify(signature, digest("contract", name), ec.ECDSA(hashed))


def test_a_short_hash_is_not_authorized_for_a_strong_key(world: SigningWorld) -> None:
    key = world.make(PERSON, PIN, KeyAlgorithm.EC_P384)
    world.certify(key, "person-signing", PIN)
    with pytest.raises(AlgorithmNotOffered):
        world.act("contract", key=key)


def test_a_key_does_not_sign_by_another_s_scheme(world: SigningWorld) -> None:
    given = world.authorize("contract")
    with pytest.raises(AlgorithmNotOffered):
        world.sign(given.sad, "contract", scheme=SignatureScheme.RSA_PSS)
    assert world.sign(given.sad, "contract")


def test_a_list_that_nobody_can_mean_is_not_authorized(world: SigningWorld) -> None:
    with pytest.raises(AuthorizationMalformed, match="No hash"):
        world.act()
    with pytest.raises(AuthorizationMalformed, match="twice"):
        world.act("contract", "contract")
    with pytest.raises(AuthorizationMalformed, match="octets"):
        world.signing.activations.act(
            world.person.id, digest_algorithm=DigestAlgorithm.SHA512, hashes=[digest("contract")]
        )
    with pytest.raises(TooManySignatures):
        world.act(*map(str, range(world.signing.activations.most_signatures + 1)))


def test_a_thousand_hashes_are_signed_with_one_authorization(world: SigningWorld) -> None:
    texts = [str(number) for number in range(1_000)]
    given = world.authorize(*texts)
    assert given.signatures == 1_000
    assert len(set(world.sign(given.sad, *texts))) == 1_000


def test_without_the_passkey_nothing_is_authorized(either_world: SigningWorld) -> None:
    act, other = either_world.act("contract"), either_world.act("another")
    proofs = [None, "", "{}", either_world.proof(other)]
    for proof in proofs:
        with pytest.raises(SecondFactorRefused):
            either_world.signing.activations.authorize(act, pin=PIN, proof=proof)


def test_a_passkey_s_answer_is_taken_once(world: SigningWorld) -> None:
    act = world.act("contract")
    proof = world.proof(act)
    world.signing.activations.authorize(act, pin=PIN, proof=proof)
    with pytest.raises(SecondFactorRefused):
        world.signing.activations.authorize(act, pin=PIN, proof=proof)


def test_another_person_s_passkey_confirms_nothing(world: SigningWorld) -> None:
    world.add_principal("person-thida")
    stranger = Authenticator(world.device.origin)
    world.add_passkey("person-thida", stranger)
    act = world.act("contract")
    with pytest.raises(SecondFactorRefused):
        world.signing.activations.authorize(act, pin=PIN, proof=world.proof(act, stranger))


def test_somebody_without_a_passkey_is_told_to_register_one(world: SigningWorld) -> None:
    world.add_principal("person-thida")
    key = world.make(type(PERSON)(PERSON.kind, "person-thida"), PIN)
    world.certify(key, "person-signing", PIN)
    with pytest.raises(SecondFactorRefused, match="Register a passkey"):
        world.signing.activations.question(world.act("contract", key=key))


def test_a_seal_is_authorized_by_its_organization_s_program_alone(world: SigningWorld) -> None:
    activations = world.signing.activations
    for caller in (
        None,
        Caller("documents-program", MINISTRY.id),
        Caller("documents-program", "another-ministry", b"c" * 32),
        Caller("documents-program", None, b"c" * 32),
    ):
        act = world.act("letter", key=world.seal, caller=caller)
        with pytest.raises(SecondFactorRefused):
            activations.authorize(act, pin=SEAL_PIN)
    act = world.act("letter", key=world.seal, caller=bound_caller())
    given = activations.authorize(act, pin=SEAL_PIN)
    assert world.sign(given.sad, "letter", key=world.seal, caller=bound_caller())


def test_a_revoked_or_suspended_certificate_signs_nothing(world: SigningWorld) -> None:
    given = world.authorize("contract")
    held = world.signing.signatures.certificate(world.person.id).registered
    named: dict[str, Any] = {"authority": held.authority, "serial_number": held.serial_number}
    world.services.revocation.hold(**named)
    with pytest.raises(CertificateNotValid, match="suspended"):
        world.sign(given.sad, "contract")
    world.services.revocation.release(**named)
    assert world.sign(given.sad, "contract")
    again = world.authorize("annex")
    world.services.revocation.revoke(reason=RevocationReason.KEY_COMPROMISE, **named)
    with pytest.raises(CertificateNotValid, match="revoked"):
        world.sign(again.sad, "annex")
    with pytest.raises(CertificateNotValid, match="revoked"):
        world.act("contract")


def test_an_expired_certificate_signs_nothing(world: SigningWorld) -> None:
    world.clock.advance(timedelta(days=1_200))
    with pytest.raises(CertificateNotValid, match="expired"):
        world.act("contract")


def test_a_key_without_a_certificate_signs_nothing(world: SigningWorld) -> None:
    key = world.make(PERSON, PIN)
    with pytest.raises(CertificateMissing):
        world.act("contract", key=key)
    world.certify(key, "person-signing", PIN)
    assert world.act("contract", key=key)
    with world.services.database.read() as connection:
        row = connection.execute(
            select(signing_credentials).where(signing_credentials.c.id == key.id)
        ).one()
    assert row.authority == "people-1"
    assert "signing-key-certified" in world.kinds()


def test_suspending_ends_what_was_authorized(either_world: SigningWorld) -> None:
    given = either_world.authorize("contract")
    credentials = either_world.signing.credentials
    credentials.suspend(either_world.person.id, by="officer-1")
    with pytest.raises(CredentialStateRefused, match="suspended"):
        either_world.sign(given.sad, "contract")
    with pytest.raises(CredentialStateRefused):
        either_world.act("contract")
    credentials.resume(either_world.person.id, by="officer-1")
    with pytest.raises(NotAuthorized, match="ended"):
        either_world.sign(given.sad, "contract")
    assert either_world.authorize("contract")


def test_a_destroyed_key_is_gone_for_ever(either_world: SigningWorld) -> None:
    given = either_world.authorize("contract")
    credentials = either_world.signing.credentials
    credentials.destroy(either_world.person.id, by=PERSON.id, holder=PERSON)
    with pytest.raises(CredentialStateRefused, match="destroyed"):
        either_world.sign(given.sad, "contract")
    for act in (credentials.resume, credentials.unlock, credentials.suspend):
        with pytest.raises(CredentialStateRefused):
            act(either_world.person.id, by="officer-1")
    with either_world.services.database.read() as connection:
        sealed = connection.scalar(
            select(signing_credentials.c.sealed_key).where(
                signing_credentials.c.id == either_world.person.id
            )
        )
        kept = connection.scalars(
            select(signature_activations.c.sealed_key).where(
                signature_activations.c.credential == either_world.person.id
            )
        ).all()
    assert sealed is None
    assert set(kept) == {None}
    assert credentials.of_holder(PERSON) == []


def test_another_holder_s_key_is_not_to_be_found(world: SigningWorld) -> None:
    stranger = type(PERSON)(PERSON.kind, "person-thida")
    with pytest.raises(CredentialUnknown):
        world.signing.credentials.find(world.person.id, holder=stranger)
    with pytest.raises(CredentialUnknown):
        world.act("contract", holder=stranger)
    with pytest.raises(CredentialUnknown):
        world.signing.credentials.destroy(world.person.id, by="x", holder=stranger)


def test_what_died_between_taken_and_signed_is_never_signed(
    either_world: SigningWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = either_world.authorize("contract", "annex")

    class Died(BaseException):
        """As a process that is killed: nothing after it runs."""

    def die(*_args: object, **_options: object) -> list[bytes]:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(PortableKeys, "sign_digests", die)
        with pytest.raises(Died):
            either_world.sign(given.sad, "contract")
    with pytest.raises(HashNotAuthorized):
        either_world.sign(given.sad, "contract")
    assert either_world.sign(given.sad, "annex")
    assert either_world.kinds().count("signing-key-used") == 2
    with either_world.services.database.read() as connection:
        rows = connection.execute(select(activation_hashes).order_by("place")).all()
    assert [(row.taken_at is None, row.signed_at is None) for row in rows] == [
        (False, True),
        (False, False),
    ]


def test_while_the_token_is_away_nothing_is_used_up(world: SigningWorld) -> None:
    given = world.authorize("contract")
    tokens = world.services.home / "tokens"
    away = tokens.rename(world.services.home / "tokens-away")
    with pytest.raises(TokenUnavailable):
        world.sign(given.sad, "contract")
    away.rename(tokens)
    assert world.sign(given.sad, "contract")


def test_an_extension_gives_time_and_no_other_hash(either_world: SigningWorld) -> None:
    extend = either_world.signing.extensions.extend
    given = either_world.authorize("contract", "annex", "letter")
    either_world.sign(given.sad, "contract")
    with pytest.raises(HashNotAuthorized):
        extend(either_world.person.id, given.sad, hashes=[digest("another")])
    with pytest.raises(HashNotAuthorized):
        extend(either_world.person.id, given.sad, hashes=[digest("contract")])
    either_world.clock.advance(timedelta(minutes=4))
    more = extend(either_world.person.id, given.sad, hashes=[digest("annex")])
    with pytest.raises(NotAuthorized):
        either_world.sign(given.sad, "letter")
    either_world.clock.advance(timedelta(minutes=4))
    with pytest.raises(HashNotAuthorized):
        either_world.sign(more.sad, "letter")
    assert either_world.sign(more.sad, "annex")


def test_extensions_end_within_the_hour(world: SigningWorld) -> None:
    given = world.authorize("contract")
    with pytest.raises(NotAuthorized, match=r"over|as often"):
        for _ in range(20):
            world.clock.advance(timedelta(minutes=4))
            given = world.signing.extensions.extend(world.person.id, given.sad)
    assert world.kinds().count("signatures-extended") == 14


def test_what_is_over_leaves_no_key_behind(world: SigningWorld) -> None:
    world.authorize("contract")
    assert world.signing.credentials.forget_expired() == 0
    world.clock.advance(timedelta(minutes=6))
    assert world.signing.credentials.forget_expired() == 1


def test_the_log_names_nobody_and_misses_nothing(world: SigningWorld) -> None:
    given = world.authorize("contract")
    world.sign(given.sad, "contract")
    about = [one for one in world.entries() if one.kind.startswith(("signing", "signatures"))]
    assert {"signing-key-made", "signatures-authorized", "signing-key-used"} <= {
        one.kind for one in about
    }
    for entry in about:
        text = entry.encode().decode()
        assert PERSON.id not in text
        assert world.person.id not in text
        assert digest("contract").hex() not in text


def test_every_refusal_says_what_was_kept(world: SigningWorld) -> None:
    with pytest.raises(CamtrustError) as refused:
        world.sign("", "contract")
    assert refused.value.kept == "Nothing was signed."
