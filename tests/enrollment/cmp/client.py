"""A CMP client of pyasn1-alt-modules, which openssl's is too well behaved for.

It also judges every answer: whole under RFC 9810's ASN.1, the same octets when encoded again,
and under a protection that verifies.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient
from pyasn1.codec.der.decoder import decode
from pyasn1.codec.der.encoder import encode
from pyasn1.type import univ
from pyasn1_alt_modules import rfc4211, rfc5280, rfc8018, rfc9810

from ca.der import read_element
from enrollment.grants.grant import Grant
from enrollment.grants.secrets import as_text
from tests.enrollment.world import World

CMP = "/.well-known/cmp"
PKIXCMP = "application/pkixcmp"
SHA256_OID = "2.16.840.1.101.3.4.2.1"
SHA512_OID = "2.16.840.1.101.3.4.2.3"
HMAC_SHA256 = "1.2.840.113549.2.9"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"
ED25519 = "1.3.101.112"
HASHES = {
    SHA256_OID: "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    SHA512_OID: "sha512",
    HMAC_SHA256: "sha256",
    "1.2.840.113549.2.10": "sha384",
    "1.2.840.113549.2.11": "sha512",
}
KDF_HASHES = {"sha256": SHA256(), "sha384": SHA384(), "sha512": SHA512()}
Protect = Callable[[Any], Callable[[bytes], bytes]]
PrivateKey = ec.EllipticCurvePrivateKey | Ed25519PrivateKey


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def identifier(algorithm: Any, oid: str, parameters: Any = None) -> None:
    algorithm["algorithm"] = oid
    if parameters is not None:
        algorithm["parameters"] = encode(parameters)


def set_name(place: Any, name: x509.Name) -> None:
    found, _ = decode(name.public_bytes(), asn1Spec=rfc5280.Name())
    place["rdnSequence"] = found["rdnSequence"]


# Protections: each sets what it needs in the header and returns what computes the protection.


def by_pbm(
    reference: bytes,
    secret: bytes,
    *,
    owf: str = SHA256_OID,
    mac: str = HMAC_SHA256,
    iterations: int = 500,
    salt: bytes = b"saltsaltsaltsalt",
) -> Protect:
    def protect(header: Any) -> Callable[[bytes], bytes]:
        parameters = rfc4211.PBMParameter()
        parameters["salt"] = salt
        parameters["iterationCount"] = iterations
        identifier(parameters["owf"], owf)
        identifier(parameters["mac"], mac)
        identifier(header["protectionAlg"], "1.2.840.113533.7.66.13", parameters)
        header["senderKID"] = reference

        def compute(message: bytes) -> bytes:
            key = secret + salt
            for _ in range(min(iterations, 10_000)):
                key = hashlib.sha256(key).digest()
            return hmac.digest(key, message, "sha256")

        return compute

    return protect


def by_pbmac1(reference: bytes, secret: bytes, *, iterations: int = 1000) -> Protect:
    salt = secrets.token_bytes(16)

    def protect(header: Any) -> Callable[[bytes], bytes]:
        derivation = rfc8018.PBKDF2_params()
        derivation["salt"]["specified"] = salt
        derivation["iterationCount"] = iterations
        derivation["keyLength"] = 32
        identifier(derivation["prf"], HMAC_SHA256)
        parameters = rfc8018.PBMAC1_params()
        identifier(parameters["keyDerivationFunc"], "1.2.840.113549.1.5.12", derivation)
        identifier(parameters["messageAuthScheme"], HMAC_SHA256)
        identifier(header["protectionAlg"], "1.2.840.113549.1.5.14", parameters)
        header["senderKID"] = reference

        def compute(message: bytes) -> bytes:
            key = PBKDF2HMAC(SHA256(), 32, salt, iterations).derive(secret)
            return hmac.digest(key, message, "sha256")

        return compute

    return protect


def by_signature(
    certificate: x509.Certificate, key: PrivateKey, *, subject: x509.Name | None = None
) -> Protect:
    def protect(header: Any) -> Callable[[bytes], bytes]:
        set_name(header["sender"]["directoryName"], subject or certificate.subject)
        signed_by_ed25519 = isinstance(key, Ed25519PrivateKey)
        identifier(header["protectionAlg"], ED25519 if signed_by_ed25519 else ECDSA_SHA256)
        return lambda message: signature(key, message)

    return protect


def signature(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    return key.sign(message, ec.ECDSA(SHA256()))


@dataclass
class Answer:
    """An answer that was judged."""

    message: Any
    der: bytes

    @property
    def kind(self) -> str:
        return str(self.message["body"].getName())

    @property
    def content(self) -> Any:
        return self.message["body"][self.kind]

    @property
    def nonce(self) -> bytes:
        return bytes(self.message["header"]["senderNonce"])

    @property
    def status_info(self) -> Any:
        if self.kind == "error":
            return self.content["pKIStatusInfo"]
        if self.kind == "rp":
            return self.content["status"][0]
        return self.content["response"][0]["status"]

    @property
    def status(self) -> int:
        return int(self.status_info["status"])

    @property
    def text(self) -> str:
        return " ".join(map(str, self.status_info["statusString"]))

    @property
    def failure(self) -> str:
        """The name of the one bit in failInfo."""
        bits = self.status_info["failInfo"]
        [number] = [number for number, bit in enumerate(bits) if bit]
        names = {value: name for name, value in rfc9810.PKIFailureInfo().namedValues.items()}
        return str(names[number])

    @property
    def certificate(self) -> x509.Certificate:
        pair = self.content["response"][0]["certifiedKeyPair"]
        # Under its explicit tag: what stands in it is the certificate.
        tagged = read_element(encode(pair["certOrEncCert"]["certificate"]))
        return x509.load_der_x509_certificate(tagged.value)

    @property
    def extra_certs(self) -> list[x509.Certificate]:
        return [x509.load_der_x509_certificate(encode(one)) for one in self.message["extraCerts"]]

    @property
    def is_protected(self) -> bool:
        return bool(self.message["protection"].isValue)

    @property
    def protected_part(self) -> bytes:
        part = rfc9810.ProtectedPart()
        part["header"] = self.message["header"]
        part["body"] = self.message["body"]
        return encode(part)

    def general_info(self) -> dict[str, bytes]:
        infos = self.message["header"]["generalInfo"]
        return {str(one["infoType"]): bytes(one["infoValue"]) for one in infos}


@dataclass
class Client:
    """Sends messages under one protection; ``options`` of a message change it."""

    world: World
    http: FlaskClient
    protect: Protect
    secret: bytes = b""
    certificates: list[x509.Certificate] = field(default_factory=list)
    transaction: bytes = b""

    def begin(self) -> None:
        self.transaction = secrets.token_bytes(16)

    def message(self, fill: Callable[[Any], None], **options: Any) -> bytes:
        """The DER of a message; ``fill`` gets the body."""
        message = rfc9810.PKIMessage()
        header = message["header"]
        header["pvno"] = options.get("pvno", 2)
        for role in ("sender", "recipient"):
            name = options.get(role, x509.Name([]))
            set_name(header[role]["directoryName"], name)
        moment: datetime | None = options.get("time", self.world.clock.now())
        if moment is not None:
            header["messageTime"] = f"{moment:%Y%m%d%H%M%S}Z"
        compute = options.get("protect", self.protect)(header)
        if options.get("transaction", self.transaction):
            header["transactionID"] = options.get("transaction", self.transaction)
        if options.get("nonce", True):
            header["senderNonce"] = options.get("nonce") or secrets.token_bytes(16)
        if options.get("recip_nonce"):
            header["recipNonce"] = options["recip_nonce"]
        for oid, value in options.get("info", {}).items():
            one = header["generalInfo"][len(header["generalInfo"])]
            one["infoType"], one["infoValue"] = oid, univ.Any(value)
        fill(message["body"])
        self._finish(message, compute, **options)
        return encode(message)

    def _finish(self, message: Any, compute: Callable[[bytes], bytes], **options: Any) -> None:
        part = rfc9810.ProtectedPart()
        part["header"], part["body"] = message["header"], message["body"]
        if options.get("protected", True):
            value = compute(encode(part))
            message["protection"] = f"'{value.hex()}'H"
        for number, one in enumerate(options.get("certificates", self.certificates)):
            der = one.public_bytes(Encoding.DER)
            message["extraCerts"][number] = decode(der, asn1Spec=rfc9810.CMPCertificate())[0]

    def send(self, der: bytes, path: str = CMP) -> Answer:
        """Send a message and judge the answer."""
        reply = self.http.post(path, data=der, content_type=PKIXCMP)
        assert reply.status_code == 200, reply.get_data(as_text=True)
        assert reply.content_type == PKIXCMP
        return judged(reply.data, self.secret)

    def ask(self, fill: Callable[[Any], None], **options: Any) -> Answer:
        """Begin a transaction with a message."""
        self.begin()
        return self.send(self.message(fill, **options))

    def go_on(self, after: Answer, fill: Callable[[Any], None], **options: Any) -> Answer:
        """Send a later message of the transaction."""
        return self.send(self.message(fill, **({"recip_nonce": after.nonce} | options)))


def judged(der: bytes, secret: bytes) -> Answer:
    """Read an answer with pyasn1, and verify its protection."""
    message, rest = decode(der, asn1Spec=rfc9810.PKIMessage())
    assert rest == b""
    assert encode(message) == der
    answer = Answer(message, der)
    if answer.is_protected:
        _verify(answer, secret)
    return answer


def _verify(answer: Answer, secret: bytes) -> None:
    algorithm = answer.message["header"]["protectionAlg"]
    parameters = bytes(algorithm["parameters"]) if algorithm["parameters"].isValue else b""
    protection = answer.message["protection"].asOctets()
    if str(algorithm["algorithm"]) == "1.2.840.113533.7.66.13":
        found, _ = decode(parameters, asn1Spec=rfc4211.PBMParameter())
        key = secret + bytes(found["salt"])
        for _ in range(int(found["iterationCount"])):
            key = hashlib.new(named(found["owf"]), key).digest()
        assert hmac.digest(key, answer.protected_part, named(found["mac"])) == protection
    elif str(algorithm["algorithm"]) == "1.2.840.113549.1.5.14":
        both, _ = decode(parameters, asn1Spec=rfc8018.PBMAC1_params())
        inner = bytes(both["keyDerivationFunc"]["parameters"])
        found, _ = decode(inner, asn1Spec=rfc8018.PBKDF2_params())
        salt, count = bytes(found["salt"]["specified"]), int(found["iterationCount"])
        prf = KDF_HASHES[named(found["prf"])]
        key = PBKDF2HMAC(prf, int(found["keyLength"]), salt, count).derive(secret)
        mac = named(both["messageAuthScheme"])
        assert hmac.digest(key, answer.protected_part, mac) == protection
    else:
        public = answer.extra_certs[0].public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(protection, answer.protected_part, ec.ECDSA(SHA256()))


def named(algorithm: Any) -> str:
    """The hash of an AlgorithmIdentifier, of HMAC too."""
    return HASHES[str(algorithm["algorithm"])]


# Bodies.


def cert_request(
    key: PrivateKey,
    *,
    kind: str = "ir",
    subject: str | None = "CN=asked",
    signer: PrivateKey | None = None,
    number: int = 0,
    popo: str = "signature",
    change: Callable[[Any], None] = lambda request: None,
    copies: int = 1,
) -> Callable[[Any], None]:
    """A body with a CertReqMsg; ``change`` gets its CertRequest before it is signed."""

    def fill(body: Any) -> None:
        for place in range(copies):
            message = body[kind][place]
            _fill_request(message["certReq"], key, subject, number)
            change(message["certReq"])
            signed = encode(message["certReq"])
            if popo == "signature":
                proof = message["popo"]["signature"]
                by = signer or key
                is_eddsa = isinstance(by, Ed25519PrivateKey)
                proof["algorithmIdentifier"]["algorithm"] = ED25519 if is_eddsa else ECDSA_SHA256
                proof["signature"] = univ.BitString.fromOctetString(signature(by, signed))
            elif popo == "raVerified":
                message["popo"]["raVerified"] = ""

    return fill


def _fill_request(request: Any, key: PrivateKey, subject: str | None, number: int) -> None:
    request["certReqId"] = number
    template = request["certTemplate"]
    if subject is not None:
        set_name(template["subject"], x509.Name.from_rfc4514_string(subject))
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    info, _ = decode(der, asn1Spec=rfc5280.SubjectPublicKeyInfo())
    for part in ("algorithm", "subjectPublicKey"):
        template["publicKey"][part] = info[part]


def add_control(request: Any, oid: str, value: bytes) -> None:
    control = request["controls"][0]
    control["type"], control["value"] = oid, univ.Any(value)


def old_cert_id(certificate: x509.Certificate) -> bytes:
    found = rfc4211.OldCertId()
    set_name(found["issuer"]["directoryName"], certificate.issuer)
    found["serialNumber"] = certificate.serial_number
    return encode(found)


def update(
    key: PrivateKey, old: x509.Certificate, *, subject: str | None = None, named: bool = True
) -> Callable[[Any], None]:
    def change(request: Any) -> None:
        if named:
            add_control(request, "1.3.6.1.5.5.7.5.1.5", old_cert_id(old))

    return cert_request(key, kind="kur", subject=subject, change=change)


def p10cr(csr_der: bytes) -> Callable[[Any], None]:
    def fill(body: Any) -> None:
        found, _ = decode(csr_der, asn1Spec=rfc9810.CertificationRequest())
        for name in ("certificationRequestInfo", "signatureAlgorithm", "signature"):
            body["p10cr"][name] = found[name]

    return fill


def cert_conf(
    certificate: x509.Certificate,
    *,
    cert_hash: bytes | None = None,
    number: int = 0,
    status: int | None = None,
    algorithm: str | None = None,
) -> Callable[[Any], None]:
    def fill(body: Any) -> None:
        one = body["certConf"][0]
        hashed = SHA512() if algorithm == SHA512_OID else SHA256()
        one["certHash"] = cert_hash or certificate.fingerprint(hashed)
        one["certReqId"] = number
        if status is not None:
            one["statusInfo"]["status"] = status
        if algorithm is not None:
            one["hashAlg"]["algorithm"] = algorithm

    return fill


def reject_all(body: Any) -> None:
    body["certConf"].clear()


def poll_req(number: int = 0) -> Callable[[Any], None]:
    def fill(body: Any) -> None:
        body["pollReq"][0]["certReqId"] = number

    return fill


def revocation(
    certificate: x509.Certificate,
    *,
    reason: int | None = None,
    serial_number: int | None = None,
    copies: int = 1,
) -> Callable[[Any], None]:
    def fill(body: Any) -> None:
        for place in range(copies):
            details = body["rr"][place]
            set_name(details["certDetails"]["issuer"], certificate.issuer)
            number = certificate.serial_number if serial_number is None else serial_number
            details["certDetails"]["serialNumber"] = number
            if reason is not None:
                extension = details["crlEntryDetails"][0]
                extension["extnID"] = "2.5.29.21"
                extension["extnValue"] = encode(univ.Enumerated(reason))

    return fill


def general(*questions: tuple[str, bytes | None]) -> Callable[[Any], None]:
    def fill(body: Any) -> None:
        if not questions:
            body["genm"].clear()
        for place, (oid, value) in enumerate(questions):
            body["genm"][place]["infoType"] = oid
            if value is not None:
                body["genm"][place]["infoValue"] = univ.Any(value)

    return fill


def error_message(body: Any) -> None:
    body["error"]["pKIStatusInfo"]["status"] = 2


def nothing_known(body: Any) -> None:
    body["pkiconf"] = ""


def mac_client(world: World, http: FlaskClient, grant: Grant, *, pbmac1: bool = False) -> Client:
    """A client that has a grant's secret."""
    secret = as_text(world.grant_secrets.secret_of(grant.id, "cmp-mac")).encode()
    way = by_pbmac1 if pbmac1 else by_pbm
    return Client(world, http, way(grant.id.encode(), secret), secret)


def signing_client(
    world: World, http: FlaskClient, certificate: x509.Certificate, key: PrivateKey
) -> Client:
    """A client that has a certificate."""
    return Client(world, http, by_signature(certificate, key), certificates=[certificate])


def later(world: World, **by: float) -> datetime:
    """The world's time, moved."""
    now: datetime = world.clock.now()
    return now + timedelta(**by)
