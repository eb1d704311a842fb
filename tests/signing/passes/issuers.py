"""Issuers of other countries, made up: they sign passes in every format."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from signing.passes.codecs import base45, base64url, cbor, compression, numeric, strict_json
from signing.passes.codecs.cose import build_sign1
from signing.passes.trust.certificates import PassCertificate, read_certificate
from signing.passes.trust.signers import Signer, TrustStore
from signing.passes.verdict import Verdict
from signing.passes.verification import PassVerifier

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TEST, VACCINATION, RECOVERY = (f"1.3.6.1.4.1.1847.2021.1.{n}" for n in (1, 2, 3))
BARCODE_SIGNER = "2.23.136.1.1.14.2"
ES256, PS256 = -7, -37

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class StandingClock:
    def now(self) -> datetime:
        return NOW


def named(country: str | None, name: str) -> x509.Name:
    parts = {NameOID.COUNTRY_NAME: country, NameOID.COMMON_NAME: name}
    return x509.Name([x509.NameAttribute(oid, one) for oid, one in parts.items() if one])


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


@dataclass
class Authority:
    """A country's signing authority (CSCA)."""

    name: str = "Utopia CSCA"
    key: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    country: str | None = "UT"

    @property
    def subject(self) -> x509.Name:
        return named(self.country, self.name)

    def certificate(self) -> x509.Certificate:
        return self.issue(self.key, subject=self.subject, authority=True)

    def issue(
        self,
        key: Key,
        *,
        subject: x509.Name | None = None,
        usages: tuple[str, ...] = (),
        authority: bool = False,
        begins: datetime = NOW - timedelta(days=365),
        ends: datetime = NOW + timedelta(days=365),
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .issuer_name(self.subject)
            .subject_name(subject or named("UT", "Utopia signer"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if usages:
            oids = [x509.ObjectIdentifier(one) for one in usages]
            builder = builder.add_extension(x509.ExtendedKeyUsage(oids), critical=False)
        return builder.sign(self.key, SHA256())

    def revoke(self, certificate: x509.Certificate) -> bytes:
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(certificate.serial_number)
            .revocation_date(NOW)
            .build()
        )
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.subject)
        builder = builder.last_update(NOW).next_update(NOW + timedelta(days=1))
        crl = builder.add_revoked_certificate(entry).sign(self.key, SHA256())
        return crl.public_bytes(Encoding.DER)


@dataclass
class Issuer:
    """Who signs passes: a key and its certificate."""

    key: Key
    certificate: x509.Certificate

    @property
    def parsed(self) -> PassCertificate:
        return read_certificate(self.der)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def kid(self) -> bytes:
        return self.parsed.key_id

    def signer(self, **changes: Any) -> Signer:
        facts = {"key": self.parsed.key, "source": "test", "certificate": self.parsed}
        return Signer(**(facts | changes))

    def sign(self, octets: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            scheme = padding.PSS(padding.MGF1(SHA256()), 32)
            return self.key.sign(octets, scheme, SHA256())
        half = (self.key.curve.key_size + 7) // 8
        r, s = decode_dss_signature(self.key.sign(octets, ec.ECDSA(SHA256())))
        return r.to_bytes(half, "big") + s.to_bytes(half, "big")

    def message(
        self, claims: Any, *, protected: Any = None, unprotected: Any = None, sign: Any = None
    ) -> bytes:
        algorithm = PS256 if isinstance(self.key, rsa.RSAPrivateKey) else ES256
        header = {1: algorithm, 4: self.kid} if protected is None else protected
        return build_sign1(cbor.encode(claims), header, sign or self.sign, unprotected)

    def hc1(self, claims: Any, **more: Any) -> str:
        return hc1_of(self.message(claims, **more))

    def claim169(self, claims: Any, **more: Any) -> str:
        return base45.encode(compression.deflate(self.message(claims, **more)))

    def jws(self, claims: Any, **header: Any) -> str:
        head = {"zip": "DEF", "alg": "ES256", "kid": self.signer().thumbprint} | header
        payload = compression.deflate(strict_json.compact(claims), raw=True)
        parts = [base64url.encode(strict_json.compact(head)), base64url.encode(payload)]
        signature = self.sign(".".join(parts).encode())
        return ".".join([*parts, base64url.encode(signature)])

    def shc(self, claims: Any, **header: Any) -> str:
        return numeric.encode(self.jws(claims, **header))

    def seal(self, data: Mapping[str, Any], **changes: Any) -> str:
        signature = base64.urlsafe_b64encode(self.sign(strict_json.canonical(data))).decode()
        certificate = base64.urlsafe_b64encode(self.der).decode()
        sig = {"alg": "ES256", "cer": certificate, "sigvl": signature} | changes
        return json.dumps({"data": data, "sig": sig})


def hc1_of(message: bytes) -> str:
    return "HC1:" + base45.encode(compression.deflate(message))


def issuer(
    *, key: Key | None = None, authority: Authority | None = None, **certificate: Any
) -> Issuer:
    own = key or ec.generate_private_key(ec.SECP256R1())
    return Issuer(own, (authority or Authority()).issue(own, **certificate))


def jwk(one: Issuer, *, pad: bytes = b"", **more: Any) -> dict[str, Any]:
    assert isinstance(one.key, ec.EllipticCurvePrivateKey)
    numbers = one.key.public_key().public_numbers()
    x, y = (base64url.encode(pad + n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y} | more


def verify(*codes: str, trust: TrustStore | Issuer, at: datetime = NOW) -> Verdict:
    store = TrustStore((trust.signer(),)) if isinstance(trust, Issuer) else trust
    return PassVerifier(trust=store, clock=StandingClock()).verify(*codes, at=at)


def dcc(**changes: Any) -> dict[str, Any]:
    """A vaccination certificate of a person who does not exist."""
    return {
        "ver": "1.3.0",
        "nam": {"fn": "Sok", "fnt": "SOK", "gn": "Dara", "gnt": "DARA"},
        "dob": "1990-04-12",
        "v": [
            {
                "tg": "840539006",
                "vp": "1119349007",
                "mp": "EU/1/20/1528",
                "ma": "ORG-100030215",
                "dn": 2,
                "sd": 2,
                "dt": "2026-02-18",
                "co": "UT",
                "is": "Ministry of Health of Utopia",
                "ci": "URN:UVCI:01:UT:187/37512422923",
            }
        ],
    } | changes


def recovery(**dates: str) -> dict[str, Any]:
    """A certificate of recovery of the same person."""
    entry = {"tg": "840539006", "fr": "2026-05-01", "df": "2026-05-12", "du": "2026-10-28"}
    entry |= {"co": "UT", "is": "Ministry", "ci": "URN:UVCI:01:UT:187"} | dates
    return {key: value for key, value in dcc(r=[entry]).items() if key != "v"}


def ddcc(**changes: Any) -> dict[str, Any]:
    """WHO's core data set of a vaccination."""
    return {"name": "Dara", "vaccine": "1", "date": "2026-02-18"} | changes


def ddcc_test() -> dict[str, Any]:
    """WHO's core data set of a test."""
    test = dict.fromkeys(("pathogen", "type", "result"), "1")
    return {"name": "Dara", "test": test | {"date": "2026-11-22"}}


def claims(content: Any = None, *, sub_claim: int = 1, **changes: Any) -> dict[Any, Any]:
    """Claims of HCERT that are in force now."""
    times = {4: seconds(NOW + timedelta(days=180)), 6: seconds(NOW - timedelta(days=1))}
    numbered = {int(name.removeprefix("claim_")): value for name, value in changes.items()}
    held = {sub_claim: dcc() if content is None else content}
    found = {1: "UT", **times, -260: held} | numbered
    return {key: value for key, value in found.items() if value is not None}


def icvp(**changes: Any) -> dict[str, Any]:
    """A yellow-fever dose on WHO's digital yellow card (ICVPMin)."""
    dose = {"vp": "YellowFeverProductd2c75a15ed309658b3968519ddb31690", "bo": "B-17"}
    dose |= {"dv": "2026-05-02", "is": "UTO"}
    person = {"n": "DARA SOK", "dob": "1990-04-12", "s": "male", "nt": "UTO", "id": "A1234567"}
    return person | {"dt": "PPN", "v": "1.0.0", "d": "2026-05-02", "vx": dose} | changes


def draft_icvp(**dose: Any) -> dict[str, Any]:
    """The same by the first published drafts (DVCPayload)."""
    given = {name: value for name, value in icvp()["vx"].items() if name != "dv"}
    given |= {"dt": "2026-05-02", "vls": "2026-05-12"}
    person = {"n": "DARA SOK", "dob": "1990-04-12", "s": "male", "ntl": "UTO", "nid": "A1234567"}
    return person | {"v": given | dose}


def card(**changes: Any) -> dict[str, Any]:
    """The claims of a SMART Health Card."""
    patient = {"name": [{"family": "Sok", "given": ["Dara"]}], "birthDate": "1990-04-12"}
    dose = {"status": "completed", "occurrenceDateTime": "2026-02-18"}
    entries = [
        {"fullUrl": "resource:0", "resource": {"resourceType": "Patient", **patient}},
        {"fullUrl": "resource:1", "resource": {"resourceType": "Immunization", **dose}},
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    credential = {
        "type": ["https://smarthealth.cards#health-card", "https://smarthealth.cards#immunization"],
        "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": bundle},
    }
    return {"iss": "https://health.example", "nbf": seconds(NOW) - 60, "vc": credential} | changes


def seal_data(**message: Any) -> dict[str, Any]:
    """The data of ICAO's proof of vaccination."""
    given = {"dvc": "2026-02-18", "seq": 1, "ctr": "UTO", "adm": "Clinic", "lot": "B-17"}
    event = {"des": "XM68M6", "nam": "Comirnaty", "dis": "RA01.0", "vd": [given]}
    person = {"n": "SOK DARA", "dob": "1990-04-12", "sex": "M", "i": "A1234567"}
    return {
        "hdr": {"t": "icao.vacc", "v": 1, "is": "UTO"},
        "msg": {"uvci": "U32870", "pid": person, "ve": [event]} | message,
    }


def proof_of_testing(result: str = "negative") -> dict[str, Any]:
    """The data of ICAO's proof of testing."""
    clinic = {"spn": "Clinic", "ctr": "UTO", "cd": {"p": "+85512000000", "e": "c@utopia.example"}}
    dates = {"sc": "2026-11-22T14:00:00+08:00", "ri": "2026-11-22T20:00:00+08:00"}
    person = {"n": "SOK DARA", "dob": "1990-04-12", "dt": "P", "dn": "A1234567"}
    test = {"tc": "molecular(PCR)", "r": result, "m": "nasopharyngeal"}
    message = {"utci": "U32870", "pid": person, "sp": clinic, "dat": dates, "tr": test}
    return {"hdr": {"t": "icao.test", "v": 1, "is": "UTO"}, "msg": message}


def identity(**changes: Any) -> dict[Any, Any]:
    """Claims of a token with claim 169; the name is in Khmer."""
    person = {1: "8215", 2: "1.0", 4: "សុខ ដារ៉ា", 8: "19900412", 9: 1, 13: "KH"}
    times = {4: seconds(NOW + timedelta(days=180)), 6: seconds(NOW - timedelta(days=1))}
    numbered = {int(name.removeprefix("claim_")): value for name, value in changes.items()}
    return {1: "https://id.example", **times, 169: person} | numbered
