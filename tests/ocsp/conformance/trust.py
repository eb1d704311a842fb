"""Checks of who answers: signatures, and the certificates of those who sign."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from ocsp.settings import OcspSettings
from tests.ca.software_hierarchy import default_hierarchy
from tests.ocsp.conformance.scene import Reply, Scene
from tests.ocsp.questions import ask

NO_CHECK = x509.ObjectIdentifier("1.3.6.1.5.5.7.48.1.5")


def signer_of(reply: Reply) -> x509.Certificate:
    """The certificate in certs whose key signed. Raises InvalidSignature."""
    response = reply.ocsp
    [certificate] = response.certificates
    key, hashed = certificate.public_key(), response.signature_hash_algorithm
    assert hashed is not None
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(hashed))
    else:
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), hashed)
    return certificate


def questions(scene: Scene) -> dict[str, bytes]:
    """A plain question for each authority."""
    return {
        "people-1": scene.question("people-1"),
        "camdx-1": scene.question("camdx-1"),
        "root-1": ask(scene.issuer("people-1"), scene.issuer("root-1")),
    }


def answers_are_signed(scene: Scene) -> None:
    for question in questions(scene).values():
        for reply in scene.both(question):
            assert signer_of(reply)


def signatures_are_strong(scene: Scene) -> None:
    for question in questions(scene).values():
        for reply in scene.both(question):
            key = signer_of(reply).public_key()
            assert isinstance(reply.ocsp.signature_hash_algorithm, SHA256 | SHA384)
            assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
            assert key.key_size >= (3072 if isinstance(key, rsa.RSAPublicKey) else 256)


def the_signer_stands_in_certs(scene: Scene) -> None:
    for question in questions(scene).values():
        for reply in scene.both(question):
            assert len(reply.ocsp.certificates) == 1
            signer = signer_of(reply)
            assert signer.not_valid_before_utc <= scene.clock.now() < signer.not_valid_after_utc


def the_signer_is_designated_by_the_issuer(scene: Scene) -> None:
    for authority, question in questions(scene).items():
        for reply in scene.both(question):
            signer = signer_of(reply)
            signer.verify_directly_issued_by(scene.issuer(authority))
            usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            assert ExtendedKeyUsageOID.OCSP_SIGNING in usage


def each_issuer_has_its_own_signer(scene: Scene) -> None:
    signers = set()
    for authority, question in questions(scene).items():
        signer = signer_of(scene.post(question))
        # With the key that the request names, which signed the certificate asked about.
        signer.verify_directly_issued_by(scene.issuer(authority))
        signers.add(signer.public_bytes(Encoding.DER))
    assert len(signers) == 3


def the_responder_is_named_by_its_key(scene: Scene) -> None:
    for question in questions(scene).values():
        for reply in scene.both(question):
            named = x509.SubjectKeyIdentifier.from_public_key(signer_of(reply).public_key())
            assert reply.ocsp.responder_key_hash == named.digest
            assert reply.ocsp.responder_name is None


# Certificates as the profiles have them.


def responder_certificates() -> list[x509.Certificate]:
    hierarchy = default_hierarchy()
    return [
        hierarchy.sign(hierarchy.plan(profile, role=role))
        for profile in ("ocsp-responder", "ocsp-responder-root")
        for role in hierarchy.profiles[profile].issuer_roles
    ]


def responder_certificates_say_nocheck(_scene: Scene) -> None:
    for certificate in responder_certificates():
        found = certificate.extensions.get_extension_for_oid(NO_CHECK)
        assert not found.critical
        assert found.value.public_bytes() == b"\x05\x00"


def responder_certificates_have_no_pointers(_scene: Scene) -> None:
    for certificate in responder_certificates():
        oids = {one.oid for one in certificate.extensions}
        assert x509.AuthorityInformationAccess.oid not in oids
        assert x509.CRLDistributionPoints.oid not in oids


def responder_certificates_are_short_lived(_scene: Scene) -> None:
    *issuing, root = responder_certificates()
    for certificate in issuing:
        life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        assert OcspSettings().renew_before < life <= timedelta(days=15)
    # The root's key comes to light in ceremonies, once a year.
    assert root.not_valid_after_utc - root.not_valid_before_utc < timedelta(days=400)


def certificates_say_where_to_ask(_scene: Scene) -> None:
    hierarchy = default_hierarchy()
    for profile in ("person-signing", "xroad-signing", "issuing-ca"):
        certificate = hierarchy.sign(hierarchy.plan(profile))
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
        [responder] = [
            one.access_location.value
            for one in access.value
            if one.access_method == AuthorityInformationAccessOID.OCSP
        ]
        assert responder.endswith("/ocsp")
