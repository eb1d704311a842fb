"""genm: what clients may ask (RFC 9483, Section 4.3).

CA certificates, a newer root, and what a request has to look like. Whatever else is asked for is
named as unsupported (RFC 9810, Section 5.3.19.7), the supported languages too: we speak one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ca.authorities import Authorities, Authority
from ca.der import encode_oid
from ca.profiles import Profile
from core import oids
from enrollment.cmp.encoding import explicit, integer, sequence
from enrollment.cmp.info_types import (
    CA_CERTS,
    CERT_REQ_TEMPLATE,
    ROOT_CA_CERT,
    ROOT_CA_KEY_UPDATE,
    UNSUPPORTED_OIDS,
)
from enrollment.cmp.message import Body, Info
from enrollment.cmp.replies import Reply, infos_content
from enrollment.grants.grant import Grant

# RFC 9810, Section 5.3.19.16: controls that say which keys are taken.
_ALG_ID = "1.3.6.1.5.5.7.5.1.11"
_RSA_KEY_LEN = "1.3.6.1.5.5.7.5.1.12"
_CURVES = {"ec-p256": oids.SECP256R1, "ec-p384": oids.SECP384R1}
_RSA_BITS = 3072
_ROOT_ROLE = "root"


class Informing:
    """Answers general messages."""

    def __init__(self, *, authorities: Authorities, profiles: Mapping[str, Profile]) -> None:
        self._authorities = authorities
        self._profiles = profiles

    def inform(self, grant: Grant, questions: Sequence[Info]) -> Reply:
        """Answer each question, and name those that have no answer here."""
        answers = []
        unsupported = []
        for question in questions:
            answer = self._answer(grant, question)
            if answer is None:
                unsupported.append(encode_oid(question.oid))
            else:
                answers.append(answer)
        if unsupported:
            answers.append(Info(UNSUPPORTED_OIDS, sequence(*unsupported)))
        return Reply(Body.GENP, infos_content(answers))

    def _answer(self, grant: Grant, question: Info) -> Info | None:
        if question.oid == CA_CERTS:
            return Info(CA_CERTS, sequence(*map(_der, self._certificates())))
        if question.oid == ROOT_CA_CERT:
            return Info(ROOT_CA_KEY_UPDATE, self._newer_root(question.value))
        if question.oid == CERT_REQ_TEMPLATE:
            return Info(CERT_REQ_TEMPLATE, self._template(grant))
        return None

    def _certificates(self) -> list[x509.Certificate]:
        known = [one for one in self._authorities.all() if one.state != "terminated"]
        own = sorted(known, key=lambda one: one.parent is not None)
        return [one.certificate for one in own] + [c for one in own for c in one.crossed]

    def _newer_root(self, old_der: bytes | None) -> bytes | None:
        """Return RootCaKeyUpdateContent, None where the client's root is the newest."""
        roots = [
            one
            for one in self._authorities.all()
            if one.role == _ROOT_ROLE and one.parent is None and one.is_active
        ]
        old = next((one for one in roots if old_der in _all_der(one)), None)
        if not roots or _der(roots[-1].certificate) == old_der:
            return None
        newest = roots[-1]
        with_old = _crossed(newest, old)
        with_new = _crossed(old, newest)
        return sequence(
            _der(newest.certificate),
            *(() if with_old is None else (explicit(0, with_old),)),
            *(() if with_new is None else (explicit(1, with_new),)),
        )

    def _template(self, grant: Grant) -> bytes:
        """Return CertReqTemplateContent: an empty template, and the keys that are taken."""
        profile = self._profiles[grant.profile]
        keys = profile.key_types(profile.default_issuer_role)
        return sequence(sequence(), sequence(*map(_key_control, keys)))


def _key_control(key_type: str) -> bytes:
    if key_type == "rsa":
        return sequence(encode_oid(_RSA_KEY_LEN), integer(_RSA_BITS))
    if key_type in _CURVES:
        curve = encode_oid(_CURVES[key_type])
        algorithm = sequence(encode_oid(oids.EC_PUBLIC_KEY), curve)
    else:
        algorithm = sequence(encode_oid(oids.ED25519))
    return sequence(encode_oid(_ALG_ID), algorithm)


def _crossed(subject: Authority | None, issuer: Authority | None) -> bytes | None:
    """Return the certificate of one root's key by another's, None where there is none."""
    if subject is None or issuer is None:
        return None
    name = issuer.certificate.subject
    return next((_der(one) for one in subject.crossed if one.issuer == name), None)


def _all_der(authority: Authority) -> set[bytes]:
    return {_der(one) for one in (authority.certificate, *authority.earlier)}


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
